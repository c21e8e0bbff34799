"""`yibao fund-statement`: a fund's income and expenditure, and what of it was really paid, on a terminal.

Willow County (fictional) owes a person 450 yuan of a stay, of which the bank pays 300 (test_payment_persons.py).
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from openyibao.cli import app
from openyibao.service.ledger.statement import period
from openyibao.service.run import RunError
from service.offices import NOW
from service.paying import open_accounts
from service.test_payment_persons import CODE, ordered, settled, told
from service.test_reimbursements import Counter


@pytest.fixture
def region(database: str, settings_of_platform: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    from openyibao.service.institutions.models import Institution

    settings_of_platform.CLOCK = NOW
    counter = Counter()
    open_accounts(counter.region, [Institution.objects.get(code=CODE)])
    told(counter, ordered(counter, settled(counter)), "partly", 30_000)
    monkeypatch.setenv("DATABASE_URL", database)
    return str(counter.district.code)


def said(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["fund-statement", *words])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def cells(text: str) -> dict[str, str]:
    """The last word of each line that has two columns, by what stands before it."""
    rows = [line.rpartition(" ") for line in text.splitlines() if "  " in line]
    return {before.strip(): last for before, _, last in rows}


def test_it_shows_what_accrued_and_what_was_really_paid(region: str) -> None:
    text = said(region, "--from", "2026-06-01", "--to", "2026-06-30", "--fund", "pooled fund")
    shown = cells(text)
    assert (shown["total expenditure"], shown["balance at the end"]) == ("450", "-450")
    assert (shown["accrued"], shown["paid to persons"], shown["owed at the end"]) == ("450", "300", "150")
    (kept,) = json.loads(text.splitlines()[-1])["fund_statement"]
    assert kept["owed"]["paid"] == {"payable to person": 30_000} and kept["owed"]["closing_fen"] == 15_000
    assert kept["expenditure"] == {"care": 45_000} and kept["start"] == "2026-06-01"
    assert kept["owed"]["made_of"] == {"fund cash": -30_000, "payable to person": -15_000}
    assert sum(kept["owed"]["made_of"].values()) == kept["closing"]


def test_it_is_said_in_chinese_and_in_a_unit(region: str) -> None:
    words = (region, "--year", "2026", "--fund", "统筹基金", "--unit", "wan yuan", "--lang", "zh")
    shown = cells(said(*words))
    assert (shown["支出合计"], shown["已支付：参保人员"], shown["期末应付"]) == ("0.045", "0.03", "0.015")
    assert shown["收支项目"] == "万元"


def test_a_time_without_entries_is_nothing(region: str) -> None:
    shown = cells(said(region, "--year", "2025", "--scheme", "resident"))
    assert {shown[name] for name in ("total expenditure", "accrued", "owed at the end")} == {"0"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["999990", "--year", "2026"], "no fund of region 999990 has books; regions with books: "),
        (["REGION", "--year", "2026", "--fund", "gold"], "there are: resident pooled fund (统筹基金)"),
        (["REGION", "--year", "2026", "--scheme", "employee"], "no such fund in region"),
    ],
)
def test_what_is_not_there_is_named(region: str, words: list[str], expected: str) -> None:
    assert expected in said(*(region if word == "REGION" else word for word in words), code=2)


def test_without_a_database_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert "DATABASE_URL" in said("999999", "--year", "2026", code=2)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0, "", ""), "name the time"),
        ((2026, "2026-01-01", ""), "--year excludes"),
        ((0, "2026-01-01", ""), "name the time"),
        ((0, "2026-02-30", "2026-03-01"), "--from 2026-02-30: expected a day"),
        ((0, "2026-02-03", "2026-02-02"), "lies before"),
        ((0, "0001-01-01", "2026-02-02"), "the first of all days"),
        ((1, "", ""), "the first of all days"),
    ],
)
def test_a_time_that_is_none_is_refused(given: tuple[int, str, str], expected: str) -> None:
    with pytest.raises(RunError, match=expected):
        period(*given)


def test_both_days_are_in_it() -> None:
    assert period(0, "2026-02-03", "2026-02-03") == (date(2026, 2, 3), date(2026, 2, 3))
    assert period(2024, "", "") == (date(2024, 1, 1), date(2024, 12, 31))
