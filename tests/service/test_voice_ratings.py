"""Ratings: by who was there, once for each visit, added up exactly, and shown so many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.conf import settings

from openyibao.service.settlements.check_code import check_code
from openyibao.service.voice import ratings
from openyibao.service.voice.models import CELLS, QUESTIONS, Batch
from openyibao.service.voice.ratings import NotRatedError, Summary, rate
from service.county import HOSPITAL, PHARMACY, add_person
from service.racing import Desk, back, seeded, together, undoing
from service.racing import ask as sql
from service.voices import Agency, Bill, at_work, later, marks, settled


@pytest.fixture(scope="module")
def county(server: Any) -> Iterator[Agency]:
    yield from at_work(server)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def refused(bill: Bill, code: str = "") -> str:
    with pytest.raises(NotRatedError) as caught:
        rate(bill.number, code or bill.code, marks())
    return caught.value.why


def counted() -> int:
    """How many ratings of the hospital there are, shown or not."""
    return int(sql("SELECT coalesce(sum(size), 0) FROM voice_batch")[0][0])


def test_once_for_each_visit_and_nothing_leads_back(county: Agency, desk: Desk) -> None:
    bill = settled(county.region, desk)
    assert rate(bill.number, bill.code, marks(4)).code == HOSPITAL
    before = counted()
    assert refused(bill) == "already" and counted() == before
    visit = bill.given["data"]["mdtrt_id"]
    rows = "".join(str(sql(f"SELECT t::text FROM {table} t")) for table in ("voice_rated", "voice_batch"))
    assert bill.number not in rows and visit not in rows and len(sql("SELECT digest FROM voice_rated")[0][0]) == 64


def test_two_at_once_count_once(county: Agency, desk: Desk) -> None:
    bill, before = settled(county.region, desk), counted()

    def one(_: int) -> str:
        try:
            rate(bill.number, bill.code, marks(1))
        except NotRatedError as error:
            return error.why
        return "ok"

    assert sorted(together(6, 6, one)) == ["already"] * 5 + ["ok"] and counted() == before + 1


def test_who_was_not_there_is_refused_alike(county: Agency, desk: Desk) -> None:
    bill = settled(county.region, desk)
    nobody = Bill("S-NONE", check_code("S-NONE"), {}, {})
    assert refused(bill, "00000-00000") == refused(nobody) == "no_such"
    for wrong in ({**marks(), "overall": 6}, {**marks(), "overall": 0}, {"overall": 3}, {**marks(), "more": 3}):
        with pytest.raises(ValueError, match="1 to 5"):
            rate(bill.number, bill.code, wrong)
    rate(bill.number, bill.code, marks())


def test_a_bill_that_was_taken_back(county: Agency, desk: Desk) -> None:
    """Taken back before: not rated, unless that was undone. Taken back after: what was told stays told."""
    bill, after = settled(county.region, desk), settled(county.region, desk)
    message = desk.msgid()
    reversal = desk.done("2208", back(bill.given, bill.settled), message)["setlinfo"]["setl_id"]
    assert refused(bill) == "reversed"
    assert refused(Bill(reversal, check_code(reversal), {}, {})) == "no_such"
    desk.done("2601", undoing(bill.given, message, "2208"))
    rate(bill.number, bill.code, marks(3))
    rate(after.number, after.code, marks(3))
    before = counted()
    desk.done("2208", back(after.given, after.settled))
    assert counted() == before
    again = desk.done("2207", after.given)["setlinfo"]["setl_id"]
    assert refused(Bill(again, check_code(again), {}, {})) == "already"


def test_neither_during_a_stay_nor_a_year_later(county: Agency, desk: Desk, settings_of_platform: Any) -> None:
    from openyibao.service.settlements.models import Settlement, Visit

    bill = settled(county.region, desk)
    visit = Settlement.objects.get(setl_id=bill.number).visit
    Visit.objects.filter(pk=visit.pk).update(kind="inpatient", state="open")
    assert refused(bill) == "not_over"
    Visit.objects.filter(pk=visit.pk).update(kind="outpatient")
    settings_of_platform.CLOCK = later(ratings.WITHIN_DAYS + 1)
    assert refused(bill) == "too_old"
    settings_of_platform.CLOCK = later(ratings.WITHIN_DAYS)
    rate(bill.number, bill.code, marks(3))


def test_a_new_secret_key_lets_nobody_rate_twice(county: Agency, desk: Desk, settings_of_platform: Any) -> None:
    bill = settled(county.region, desk)
    rate(bill.number, bill.code, marks())
    settings_of_platform.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings_of_platform.SECRET_KEY = "another secret key"
    assert refused(bill, check_code(bill.number)) == "already"


def test_shown_so_many_at_a_time_and_added_up_whoever_writes(county: Agency, desk: Desk) -> None:
    """Twelve at once for the pharmacy: two whole batches are shown, two ratings wait."""
    _, random = seeded()
    shop = Desk(PHARMACY)
    bills = [settled(county.region, shop, add_person(county.region, 9_000 + number)) for number in range(12)]
    given = [{question: random.randint(1, 5) for question in QUESTIONS} for _ in bills]
    for bill, mark in zip(bills[:4], given[:4], strict=True):
        rate(bill.number, bill.code, mark)
    assert ratings.summaries(code=PHARMACY)[0].size == 0
    rate(bills[4].number, bills[4].code, given[4])
    (first,) = ratings.summaries(code=PHARMACY)
    assert first.size == 5
    for question in QUESTIONS:
        assert first.sum(question) == sum(one[question] for one in given[:5])
    together(7, 4, lambda number: rate(bills[5 + number].number, bills[5 + number].code, given[5 + number]))
    assert ratings.summaries(code=PHARMACY)[0].size == 10
    assert sql("SELECT size, closed FROM voice_batch b JOIN institutions_institution i ON i.id = b.institution_id"
               " WHERE i.code = %s ORDER BY b.id", PHARMACY) == [(5, True), (5, True), (2, False)]  # fmt: skip
    columns = sql(
        "SELECT sum(m) FROM voice_batch b JOIN institutions_institution i ON i.id = b.institution_id,"
        " unnest(marks) WITH ORDINALITY AS u(m, n) WHERE i.code = %s GROUP BY n ORDER BY n",
        PHARMACY,
    )
    counts = [sum(one[question] == mark for one in given) for question in QUESTIONS for mark in range(1, 6)]
    assert [int(row[0]) for row in columns] == counts


def test_means_are_rounded_half_up_exactly() -> None:
    _, random = seeded()
    for size in (*range(1, 60), 10**6):
        counts = [0] * 5
        for _ in range(min(size, 200)):
            counts[random.randrange(5)] += 1
        one = Summary(0, "", sum(counts), tuple(counts) * 5, None, None)
        exact = Decimal(sum(mark * count for mark, count in enumerate(counts, 1))) / Decimal(one.size)
        assert Decimal(one.tenths("overall")) / 10 == exact.quantize(Decimal("0.1"), ROUND_HALF_UP), counts
    assert Summary(0, "", 20, (*(0,) * 20, 0, 0, 0, 19, 1), None, None).tenths("overall") == 41  # 4.05


def test_the_order_and_what_is_too_old_to_show(county: Agency, settings_of_platform: Any) -> None:
    """By the mean as it is shown, then by how many; too few last; ratings of long ago go."""
    from openyibao.service import clock
    from openyibao.service.institutions.models import Institution

    month = clock.today().replace(day=1)
    for number, row in enumerate(((0, 0, 0, 9, 1), (0, 0, 0, 5, 1), (0, 0, 0, 0, 5), ())):
        one = Institution.objects.create(
            code=f"H9000000000{number}", name="院", credit_code="9", kind="1", grade="05", body=county.body
        )
        if row:
            Batch.objects.create(
                institution=one, size=sum(row), marks=list(row) * 5, first=month, last=month, closed=True
            )
    found = [one for one in ratings.summaries(county.body) if one.code.startswith("H9000")]
    assert [one.code[-1] for one in found] == ["2", "1", "0", "3"]  # 5.0; 4.2 of 6; 4.1 of 10; none
    assert [one.size for one in found] == [5, 6, 10, 0]
    settings_of_platform.CLOCK = later(800)
    assert not any(one.size for one in ratings.summaries(county.body))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE voice_batch SET size = size + 1 WHERE NOT closed",
        "UPDATE voice_batch SET marks[1] = marks[1] + 1 WHERE NOT closed",
        "UPDATE voice_batch SET closed = false WHERE closed",
        "DELETE FROM voice_batch WHERE closed",
        "DELETE FROM voice_rated",
    ],
)
def test_the_database_keeps_it(county: Agency, desk: Desk, statement: str) -> None:
    from django.db import IntegrityError, transaction

    from openyibao.service import clock
    from openyibao.service.institutions.models import Institution

    day = clock.today()
    about = {"marks": [1, 0, 0, 0, 0] * (CELLS // 5), "size": 1, "first": day, "last": day}
    hospital = Institution.objects.get(code=HOSPITAL)
    Batch.objects.get_or_create(institution=hospital, closed=False, defaults=about)
    Batch.objects.create(institution=hospital, closed=True, **about)
    bill = settled(county.region, desk)
    rate(bill.number, bill.code, marks())
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(statement)
