"""T24: the clock steps, a leap day comes, a year ends: ids are never used twice and every bill finds its year's law."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from service.county import add_person, build
from service.figures import figure
from service.racing import Desk, Hands, ask, back, beside, check_books, fen, law, one, ready, seeded, waiting
from service.test_try import old_catalogue

CHINA = timezone(timedelta(hours=8))

LAST, FIRST = "23:59:59.999", "00:00:00.000"
HOUR = 3_600


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


@pytest.fixture
def region(database: str, tmp_path: Path) -> Any:
    """The county with a catalogue without a beginning."""
    found = build()
    found.catalogue = old_catalogue(tmp_path)
    found.save()
    return found


def always(region: Any, number: int = 1, **more: Any) -> Any:
    """A person insured in all years."""
    person = add_person(region, number, **more)
    person.coverage_set.update(period=DateRange(date(2000, 1, 1), None), joined=date(2000, 1, 1))
    return person


def discharged(desk: Desk, person: Any, begun: str, pills: int) -> dict[str, Any]:
    """A stay that begins on a day and ends at the clock's moment, as the input of 2304."""
    from openyibao.service.clock import now

    visit = desk.admit(person, f"{begun} 08:00:00")
    row = desk.line(person, visit, "D-001", "", "B1", count=str(pills), fee_ocur_time=f"{begun} 09:00:00")
    lines = desk.done("2301", {"feedetail": [row]})["result"]
    desk.discharge(person, visit, f"{now():%Y-%m-%d %H:%M:%S}")
    return {"data": desk.settle_data(person, visit, lines)}


@pytest.mark.reliability("T24", "the last millisecond of a year", full=True)
def test_a_year_ends_between_two_bills(region: Any, hands: Hands, tmp_path: Path) -> None:
    """The last millisecond counts for the old year, the first moment for the new one, with its own deductible."""
    region.policies = {"resident": law(tmp_path, deductible=300, most=1_000)}
    region.save()
    desk, person = Desk(), always(region)
    hands.set(f"2026-12-31 {LAST}")
    bills = [ready(desk, person, 400, day="2026-12-31") for _ in range(4)]
    found = [desk.done("2207", bills[0])["setlinfo"], desk.done("2207", bills[1])["setlinfo"]]
    hands.set(f"2027-01-01 {FIRST}")
    found += [desk.done("2207", bills[2])["setlinfo"], desk.done("2207", bills[3])["setlinfo"]]
    assert [fen(info["act_pay_dedc"]) for info in found] == [30_000, 0, 30_000, 0]
    assert [fen(info["hifp_pay"]) for info in found] == [5_000, 20_000, 5_000, 20_000]
    assert [info["setl_time"] for info in found] == ["2026-12-31 23:59:59"] * 2 + ["2027-01-01 00:00:00"] * 2
    days = [row[0] for row in ask("SELECT day FROM settlements_settlement ORDER BY number")]
    assert days == [date(2026, 12, 31)] * 2 + [date(2027, 1, 1)] * 2
    assert [row[0] for row in ask("SELECT day FROM ledger_entry ORDER BY id")] == days
    desk.done("2208", back(bills[1], {"setlinfo": found[1]}))  # of the old year, taken back in the new one
    again = desk.done("2207", bills[1])["setlinfo"]
    assert (fen(again["act_pay_dedc"]), fen(again["hifp_pay"])) == (0, 20_000)
    check_books()
    figure(settlements=5, failures=0)


def test_the_law_of_a_new_year_holds_from_its_first_moment(region: Any, hands: Hands) -> None:
    """Chongqing 2024, 2025, 2026 in one process: each stay by the law in force when it ended, without a restart."""
    region.policies = {"resident": " ".join(f"chongqing/resident-{year}" for year in (2024, 2025, 2026))}
    region.save()
    desk, person = Desk(), always(region)
    person.coverage_set.update(facts={"tier": "cat 1", "district": "elsewhere", "class": "ordinary"})
    found = []
    for moment in (
        *(f"2024-12-31 {LAST}", f"2025-01-01 {FIRST}", f"2025-12-31 {LAST}", f"2026-01-01 {FIRST}"),
        *(f"2024-02-29 {LAST}", f"2024-03-01 {FIRST}"),  # and back again
    ):
        hands.set(moment)
        given = discharged(desk, person, f"{int(moment[:4]) - 1}-12-15", 150_000)
        tried, settled = desk.done("2303", given)["setlinfo"], desk.done("2304", given)["setlinfo"]
        assert tried["fund_pay_sumamt"] == settled["fund_pay_sumamt"] > 0
        law = one("SELECT policy FROM settlements_settlement ORDER BY id DESC LIMIT 1")
        found.append((law, fen(settled["hifp_pay"]), fen(settled["hifmi_pay"])))
        desk.done("2305", back(given, {"setlinfo": settled}))
    years = [2024, 2025, 2025, 2026, 2024, 2024]
    assert [row[0] for row in found] == [f"chongqing/resident-{year}" for year in years]
    assert found[1] == found[2] and found[0] == found[4] == found[5]
    assert len({found[place][2] for place in (0, 1, 3)}) == 3, "the critical line differs in each of the three years"
    check_books()


@pytest.mark.reliability("T24", "a leap day", full=True)
def test_29_february(region: Any, hands: Hands, tmp_path: Path) -> None:
    """Care on a leap day; and the birthday of one born on such a day, who is a year older on 1 March."""
    region.policies = {"resident": law(tmp_path, deductible=0, most=1_000)}
    region.save()
    desk, person = Desk(), always(region)
    person.born = date(2000, 2, 29)
    person.save()
    ages = []
    for day in ("2024-02-28", "2024-02-29", "2024-03-01", "2025-02-28", "2025-03-01"):
        hands.set(f"{day} 12:00:00")
        given = ready(desk, person, 100, day=day)
        info = desk.done("2207", given)["setlinfo"]
        assert info["setl_time"] == f"{day} 12:00:00" and info["brdy"] == "2000-02-29"
        ages.append(int(info["age"]))
    assert ages == [23, 24, 24, 24, 25]
    desk.refused("2201", {"data": _registration(person, "2025-02-29 08:00:00")}, "Y1003")
    desk.refused("2201", {"data": _registration(person, "2025-03-02 00:00:00")}, "Y4005")
    check_books()
    figure(visits=5, failures=0)


def _registration(person: Any, moment: str) -> dict[str, Any]:
    from service.test_replay import _registration as registration

    return registration(person, moment[-14:]) | {"begntime": moment}


class Stepping(Desk):
    """Before each call the clock steps an hour forth or back, or not; what is too early is asked again later."""

    def __init__(self, hands: Hands, random_: Any) -> None:
        super().__init__()
        self.hands, self.random = hands, random_
        self.numbers: list[str] = []
        self.refusals: Counter[str] = Counter()

    def done(self, infno: str, given: Any, msgid: str | None = None) -> dict[str, Any]:
        msgid = msgid or self.msgid()
        for _ in range(100):
            self.hands.step(self.random.choice((-HOUR, 0, HOUR)) + self.random.random())
            reply = self.ask(infno, given, msgid)
            self.numbers.append(reply["inf_refmsgid"])
            if reply["infcode"] == 0:
                return reply["output"]
            self.refusals[infno, reply["err_msg"].split()[0]] += 1
            assert not reply["err_msg"].startswith("Y9"), reply["err_msg"]
            self.hands.step(HOUR)
        raise AssertionError(reply["err_msg"])


@pytest.mark.reliability("T24", "steps of an hour before each call, over the end of the year")
@pytest.mark.parametrize("visits", [12, pytest.param(1_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_the_clock_steps_between_calls(region: Any, hands: Hands, tmp_path: Path, visits: int) -> None:
    """An hour forth or back before any call, over midnight of the year's end too: no id twice, every bill in its year.

    A visit that would begin tomorrow is refused with a reason, and settles once the clock is there again.
    """
    seed, random_ = seeded()
    region.policies = {"resident": law(tmp_path, deductible=300, most=10_000)}
    region.save()
    person, desk, found = always(region), Stepping(hands, random_), []
    for _ in range(visits):
        hands.set(random_.choice((f"2026-12-31 {LAST}", f"2027-01-01 {FIRST}", "2026-06-30 12:00:00")))
        given = ready(desk, person, 400, day=datetime.fromtimestamp(hands.seconds, CHINA).date().isoformat())
        info = desk.done("2207", given)["setlinfo"]
        found.append(info)
        if random_.random() < 0.3:
            desk.refused("2208", back(given, {"setlinfo": {"setl_id": "0"}}), "Y6001")
            reply = desk.ask("2208", back(given, {"setlinfo": info}))
            assert reply["infcode"] == 0 or reply["err_msg"].startswith("Y6003"), reply["err_msg"]
    print(dict(desk.refusals))
    assert len(set(desk.numbers)) == len(desk.numbers)
    for info in found:
        day = one("SELECT day FROM settlements_settlement WHERE setl_id = %s", info["setl_id"])
        assert day.isoformat() == info["setl_time"][:10]
    standing = ask(
        "SELECT extract(year FROM s.day), sum((s.reply->'setlinfo'->>'act_pay_dedc')::numeric)"
        " FROM settlements_settlement s LEFT JOIN settlements_settlement r ON r.reverses_id = s.id"
        " WHERE s.reverses_id IS NULL AND r.id IS NULL GROUP BY 1"
    )
    assert all(paid == 300 for _, paid in standing), standing
    check_books()
    figure(visits=visits, messages=len(desk.numbers), ids_twice=0, seed=seed)


def test_a_call_has_one_moment(region: Any, hands: Hands, tmp_path: Path, database: str) -> None:
    """A call received in the last millisecond of a year belongs to it, though it had to wait into the next one."""
    region.policies = {"resident": law(tmp_path, deductible=300, most=1_000)}
    region.save()
    desk, person = Desk(), always(region)
    hands.set(f"2026-12-31 {LAST}")
    given = [ready(desk, person, 400, day="2026-12-31") for _ in range(3)]
    desk.done("2207", given[0])
    with psycopg.connect(database) as holder:
        holder.execute("SELECT 1 FROM settlements_history FOR UPDATE")
        with beside(lambda: desk.ask("2207", given[1])) as old:
            waiting(database)
            hands.set(f"2027-01-01 {FIRST}")
            with beside(lambda: desk.ask("2207", given[2])) as new:
                waiting(database, 2)
                holder.rollback()
    first, second = (one_["result"]["output"]["setlinfo"] for one_ in (old, new))
    assert (first["setl_time"], fen(first["act_pay_dedc"])) == ("2026-12-31 23:59:59", 0)
    assert (second["setl_time"], fen(second["act_pay_dedc"])) == ("2027-01-01 00:00:00", 30_000)
    assert old["result"]["respond_time"][:8] == "20270101"
    check_books()
