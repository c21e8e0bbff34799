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
