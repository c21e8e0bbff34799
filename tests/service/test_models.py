"""What the database itself refuses, whoever writes: two coverages at once, a changed settlement, an unbalanced bill."""

from __future__ import annotations

import re
import subprocess
from datetime import date

import pytest

from openyibao.service.postgres import Server


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


def schema(server: Server, url: str) -> str:
    """All tables, constraints, indices, functions and triggers of a database, as `pg_dump` writes them."""
    command = [server.binaries / "pg_dump", "--schema-only", "--dbname", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)  # newer ones write a random word there


def test_migrations_are_what_the_models_say_and_go_back(server: Server, database: str) -> None:
    """No change of a model is without its migration; all of them can be taken back, and made again.

    Made again they are what they were: what every other test begins with is what `migrate` makes.
    """
    from io import StringIO

    from django.apps import apps
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    before = schema(server, database)
    assert before.count("CREATE TABLE") > 60 and before.count("CREATE TRIGGER") > 10
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    ours = [one for one in apps.app_configs if apps.get_app_config(one).name.startswith("openyibao.service")]
    MigrationExecutor(connection).migrate([(label, None) for label in ours if label != "sandbox"])
    assert schema(server, database).count("CREATE TABLE") < 20
    call_command("migrate", verbosity=0)
    assert schema(server, database) == before
    shown = StringIO()
    call_command("showmigrations", "--plan", stdout=shown)
    assert "[ ]" not in shown.getvalue()
