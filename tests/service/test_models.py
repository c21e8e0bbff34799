"""What the database itself refuses, whoever writes: two coverages at once, a changed settlement, an unbalanced bill."""

from __future__ import annotations

from datetime import date

import pytest


@pytest.mark.usefixtures("database")
def test_nobody_is_covered_twice_at_once() -> None:
    from django.db import IntegrityError
    from django.db.backends.postgresql.psycopg_any import DateRange

    from openyibao.service.organisation.models import Body, Region
    from openyibao.service.people.models import Coverage, Person

    body = Body.objects.create(
        code="999999", name_zh="柳县", name_en="Willow County", level="district", path="/999999/"
    )
    region = Region.objects.create(body=body, policies={"resident": "teaching/willow-county-2026"}, catalogue="")
    person = Person.objects.create(
        psn_no="1", certificate="999999198001010011", name="测试", sex="1", born=date(1980, 1, 1)
    )

    def cover(first: date, end: date | None) -> None:
        Coverage.objects.create(
            person=person,
            region=region,
            scheme="resident",
            insurance="390",
            kind="1501",
            joined=first,
            period=DateRange(first, end),
        )

    cover(date(2026, 1, 1), date(2027, 1, 1))
    cover(date(2027, 1, 1), None)
    with pytest.raises(IntegrityError, match="coverage_once"):
        cover(date(2026, 12, 31), date(2027, 1, 1))


@pytest.mark.usefixtures("database")
def test_migrations_are_what_the_models_say_and_go_back() -> None:
    """No change of a model is without its migration; all of them can be taken back, and made again."""
    from io import StringIO

    from django.apps import apps
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    ours = [one for one in apps.app_configs if apps.get_app_config(one).name.startswith("openyibao.service")]
    for label in (one for one in ours if one != "sandbox"):
        call_command("migrate", label, "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    shown = StringIO()
    call_command("showmigrations", "--plan", stdout=shown)
    assert "[ ]" not in shown.getvalue()
