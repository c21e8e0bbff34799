"""Stays with many lines: what is known of most lines already is not worked out again, and comes out the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from openyibao.service.gateway.fees import split_by
from openyibao.service.settlements import door, lines
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.models import FeeLine, Visit
from openyibao.service.settlements.open_lines import Found, claims_of_lines
from openyibao.service.settlements.store import settled_lines
from service.county import Window, add_person, build
from service.racing import seeded

pytestmark = pytest.mark.usefixtures("database")
PRICES = {"D-001": ("1", "0.333333"), "D-002": ("0.05", "7.77"), "S-001": ("30", "19.99")}


class Stay:
    """A stay of one person; what is left of each line that was uploaded."""

    def __init__(self) -> None:
        self.window, self.person = Window(), add_person(build())
        self.visit = self.window.admit(self.person)
        self.left: dict[str, Decimal] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []

    def line(self, item: str = "D-001", count: str = "1", price: str = "1", day: int = 2) -> dict[str, Any]:
        at = f"2026-03-{day:02d} 09:00:00"
        row = self.window.line(self.person, self.visit, item, "", "B1", count=count, price=price, fee_ocur_time=at)
        self.left[row["feedetl_sn"]], self.rows[row["feedetl_sn"]] = Decimal(count), row
        return row

    def refund(self, of: str, count: int) -> dict[str, Any]:
        """On the day before the discharge."""
        row, number = {**self.rows[of], "fee_ocur_time": "2026-03-08 09:00:00"}, f"{of}-{self.left[of]}"
        self.left[of] -= count
        amount = (row["pric"] * count).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return {**row, "feedetl_sn": number, "cnt": -count, "det_item_fee_sumamt": -amount, "init_feedetl_sn": of}

    def uploaded(self, rows: list[dict[str, Any]]) -> None:
        self.told += self.window.done("2301", {"feedetail": rows})["result"]

    def refused(self, row: dict[str, Any], code: str) -> str:
        before, beside = FeeLine.objects.count(), self.window.line(self.person, self.visit, "D-001", "")
        said = self.window.refused("2301", {"feedetail": [beside, row]}, code)
        assert FeeLine.objects.count() == before
        return said

    def settled(self) -> dict[str, Any]:
        self.window.discharge(self.person, self.visit)
        given = {"data": self.window.settle_data(self.person, self.visit, self.told)}
        found: dict[str, Any] = self.window.done("2304", given)["setlinfo"]
        return found


@pytest.fixture
def stay() -> Stay:
    return Stay()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines that the catalogue is asked for, by number."""
    found: list[str] = []
    charged = lines.charged

    def noted(line: FeeLine) -> Any:
        found.append(line.number)
        return charged(line)

    monkeypatch.setattr(lines, "charged", noted)
    return found


def random_lines(stay: Stay, dice: Any, count: int) -> None:
    """Random lines and refunds, in random uploads; at least one refund."""
    rows: list[dict[str, Any]] = [one := stay.line(count="5"), stay.refund(one["feedetl_sn"], 1)]
    for _ in range(count):
        item = dice.choice(sorted(PRICES))
        rows.append(stay.line(item, str(dice.randint(1, 9)), dice.choice(PRICES[item]), dice.randint(2, 6)))
        for of in [name for name, left in stay.left.items() if left >= 1 and dice.random() < 0.02]:
            rows.append(stay.refund(of, dice.randint(1, int(stay.left[of]))))
    while rows:
        size = dice.randint(1, 12)
        stay.uploaded(rows[:size])
        rows = rows[size:]


def test_bit_by_bit_is_as_at_once(stay: Stay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random lines: their parts add up to those of all lines split together, and so do the claims that they make."""
    seed, dice = seeded()
    random_lines(stay, dice, 60)
    visit, stored = Visit.objects.get(mdtrt_id=stay.visit), list(FeeLine.objects.order_by("id"))
    together = lines.split(*split_by(visit, day_of(visit.begun)), [lines.charged(line) for line in stored])
    assert lines.sums(stored) == lines.sums(together), seed
    for one in together:
        held = [line for line in stored if one.charge.line.name in (line.number, line.data.get("refund_of"))]
        assert lines.sums(held) == lines.parts_of(one), (seed, one.charge.line.name)
    compared: list[int] = []

    def both_ways(law: Any, policy: Any, claim: Any, found: Found) -> Any:
        quick = claims_of_lines(law, policy, claim, found)
        assert quick == claims_of_lines(law, policy, claim, replace(found, by_day=())), seed
        compared.append(len(found.ids))
        return quick

    monkeypatch.setattr(door, "claims_of_lines", both_ways)
    assert stay.settled()["medfee_sumamt"] == lines.yuan(lines.sums(stored).amount_fen)
    assert compared == [len(stored)]


def test_settling_asks_for_the_lines_with_refunds_only(stay: Stay, asked: list[str]) -> None:
    first = [stay.line(count="5") for _ in range(20)]
    stay.uploaded(first)
    number = first[3]["feedetl_sn"]
    refunds = [stay.refund(number, 1), stay.refund(number, 2)]
    stay.uploaded(refunds)
    asked.clear()
    stay.settled()
    assert asked == [number, *(row["feedetl_sn"] for row in refunds)]


def test_an_upload_reads_no_lines_that_it_has_nothing_to_do_with(stay: Stay, asked: list[str]) -> None:
    first = [stay.line(count="5") for _ in range(30)]
    stay.uploaded(first)
    stay.uploaded([stay.refund(first[3]["feedetl_sn"], 1)])
    asked.clear()
    new = [stay.line() for _ in range(3)]
    stay.uploaded(new)
    assert sorted(asked) == sorted(row["feedetl_sn"] for row in new)
    asked.clear()
    again = stay.refund(first[3]["feedetl_sn"], 2)
    stay.uploaded([again])
    assert asked == [first[3]["feedetl_sn"], f"{first[3]['feedetl_sn']}-5", again["feedetl_sn"]]


def test_what_has_to_do_with_earlier_lines_is_still_refused(stay: Stay) -> None:
    line, other = stay.line(count="3"), stay.line(count="2")
    refund = stay.refund(line["feedetl_sn"], 2)
    stay.uploaded([line, other])
    stay.uploaded([refund])
    assert line["feedetl_sn"] in stay.refused(line, "Y4102"), "the number is taken"
    assert refund["feedetl_sn"] in stay.refused(refund, "Y4102")
    more = {**stay.refund(line["feedetl_sn"], 1), "cnt": -2, "det_item_fee_sumamt": Decimal("-2.00")}
    stay.refused(more, "Y4101")
    nothing = {**stay.refund(other["feedetl_sn"], 1), "init_feedetl_sn": "NONE"}
    stay.refused(nothing, "Y4101")
    of_refund = {**nothing, "init_feedetl_sn": refund["feedetl_sn"]}
    stay.refused(of_refund, "Y4101")


def test_a_refund_may_stand_before_its_line(stay: Stay) -> None:
    """In the same upload; it is answered there, and settled, refunded on and read again like any other."""
    line = stay.line(count="3")
    refund = stay.refund(line["feedetl_sn"], 1)
    stay.uploaded([refund, line])
    assert [row["feedetl_sn"] for row in stay.told] == [refund["feedetl_sn"], line["feedetl_sn"]]
    stay.uploaded([stay.line()])
    stay.uploaded([stay.refund(line["feedetl_sn"], 1)])
    assert stay.settled()["medfee_sumamt"] == 2


def test_a_settled_line_is_not_refunded(stay: Stay) -> None:
    line = stay.line(count="3")
    stay.uploaded([line])
    given = stay.window.settle_data(stay.person, stay.visit, stay.told) | {"mid_setl_flag": "1"}
    stay.window.done("2304", {"data": given})
    assert len(settled_lines(Visit.objects.get(mdtrt_id=stay.visit))) == 1
    stay.refused(stay.refund(line["feedetl_sn"], 1), "Y4101")
    assert line["feedetl_sn"] in stay.refused(line, "Y4102"), "nor is its number free"
    stay.uploaded([stay.line()])


def test_all_the_lines_of_an_upload_are_judged_together(stay: Stay) -> None:
    """A refund of a line of the same upload, and one of an earlier line with a refund in between."""
    stay.uploaded([line := stay.line(count="9", price="0.05", item="D-002")])
    of = line["feedetl_sn"]
    new = stay.line(count="4", price="0.05", item="D-002")
    stay.uploaded([stay.refund(of, 1), new, stay.refund(new["feedetl_sn"], 4), stay.refund(of, 2), stay.refund(of, 6)])
    assert lines.sums(FeeLine.objects.all()) == lines.Parts()
    assert FeeLine.objects.count() == 6


def test_a_stay_does_not_end_before_the_day_of_a_line(stay: Stay) -> None:
    """The day counts, in China: a line of nine on the day of a discharge at one is no obstacle."""
    stay.uploaded([stay.line(day=6), last := stay.line(day=9)])
    about = {"mdtrt_id": stay.visit, "psn_no": stay.person.psn_no, "insutype": "390", "dscg_dept_codg": "01"}
    about |= {"dscg_dept_name": "内科", "dscg_way": "1"}
    for end in ("2026-03-08 23:59:59", "2026-03-05 10:00:00"):
        stay.window.refused("2402", {"dscginfo": {**about, "endtime": end}, "diseinfo": []}, "Y4005")
    assert last["fee_ocur_time"] == "2026-03-09 09:00:00"
    stay.window.done("2402", {"dscginfo": {**about, "endtime": "2026-03-09 01:00:00"}, "diseinfo": []})


@pytest.mark.parametrize(("begun", "code"), [("2026-03-03 00:00:00", "Y4005"), ("2026-03-02 23:59:59", "")])
def test_a_stay_does_not_begin_after_the_day_of_a_line(stay: Stay, begun: str, code: str) -> None:
    stay.uploaded([stay.line(day=2)])
    given = {"mdtrt_id": stay.visit, "psn_no": stay.person.psn_no, "begntime": begun, "med_type": "21"}
    if code:
        stay.window.refused("2403", {"adminfo": given}, code)
    else:
        stay.window.done("2403", {"adminfo": given})


def test_the_benchmark_prints_its_figures() -> None:
    words = ["bench", "stays", "--lines", "12", "--upload", "2", "--refunds", "2", "--stays", "2"]
    without = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "YIBAO_SANDBOX")}
    command = [sys.executable, "-m", "openyibao", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=without)
    assert done.returncode == 0, done.stdout + done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["bench"], last["lines"], last["stays"]) == ("stays", 12, 2)
    measured = ("upload_first_ms", "upload_last_ms", "try_ms", "settle_ms", "back_ms")
    assert all(last[name] > 0 for name in ("lines_per_second", *measured))
    assert "2 stays of 12 fee lines and 2 refunds" in " ".join(done.stdout.split())
