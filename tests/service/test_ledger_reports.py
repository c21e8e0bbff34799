"""Reports, closed months, sharing, personal accounts and the checks of the books against the settlements."""

from __future__ import annotations

import csv
import random
import secrets
import threading
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.test_ledger_books import DAY, NOW, ask, lines, post
from service.test_ledger_seals import seal_all

SEED = secrets.randbelow(10**9)
FUND = ("500199", "resident", "pooled fund")
SOURCES = {
    "own": "individual contributions",
    "central": "central subsidy",
    "city": "city subsidy",
    "district": "county subsidy",
    "family": "family planning subsidy",
    "civil": "civil affairs subsidy",
    "interest": "interest",
}
PURPOSES = {"outpatient": "outpatient", "special": "chronic disease", "inpatient": "inpatient"}


def printed() -> dict[str, tuple[str, Decimal]]:
    """The fund of XX District in 2013 as the study prints it: unit and number by row."""
    text = (files("openyibao.evidence") / "tables" / "district-fund.csv").read_text(encoding="utf-8")
    return {row["row"]: (row["unit"], Decimal(row["read"])) for row in csv.DictReader(text.splitlines()) if row["read"]}


def book_district(factors: dict[str, int]) -> None:
    from openyibao.service.ledger.books import AccountKey
    from openyibao.service.ledger.reports import UNITS
    from openyibao.service.ledger.treasury import Fund, received_lines

    def fen(row: str) -> int:
        unit, number = printed()[row]
        return int(number.scaleb(UNITS[unit][0])) * factors.get(row, 1)

    income = {source: fen(f"income.of.{name}") for name, source in SOURCES.items()}
    for month in range(1, 13):  # a twelfth each month, the rest in the last
        part = {s: amount // 12 if month < 12 else amount - amount // 12 * 11 for s, amount in income.items()}
        post(received_lines(Fund(*FUND), part), f"I{month}", date(2013, month, 15), "income")
    for name, purpose in PURPOSES.items():
        spent = fen(f"spending.{name}")
        owed = AccountKey("payable to institution", *FUND, "H1")
        post(((AccountKey("fund expenditure", *FUND, purpose), spent), (owed, -spent)), name, date(2013, 7, 1))
        post(((owed, spent), (AccountKey("fund cash", *FUND), -spent)), name, date(2013, 8, 1), "payment")


@pytest.mark.usefixtures("database")
def test_the_printed_fund_of_a_district_comes_out_of_postings_in_its_units() -> None:
    from openyibao.service.ledger.reports import fund_statement, in_unit, statement_text

    book_district({})
    shown = fund_statement(*FUND, date(2013, 1, 1), date(2013, 12, 31))
    for row, (unit, number) in printed().items():
        table, name = row.split(".")[0], row.split(".")[-1]
        if row == "income.total":
            continue  # the study prints a tenth of it; the sum of its parts is another number, below
        found = shown.income[SOURCES[name]] if table == "income" else shown.expenditure[PURPOSES[name]]
        assert in_unit(found, unit) == f"{number:f}", row
    assert shown.opening == 0 and shown.closing == shown.income_total - shown.expenditure_total
    assert fund_statement(*FUND, date(2013, 7, 1), date(2013, 7, 31)).expenditure_total == shown.expenditure_total
    for lang, words in (
        ("zh", ["个人缴费  ", "56.8393", "百万元", "期末结余"]),
        ("en", ["balance at the end", "65.81"]),
    ):
        text = statement_text(shown, lang, "million yuan")
        assert all(word in text for word in words), text


@pytest.mark.usefixtures("database")
def test_the_same_fund_with_its_slips_put_right_sums_as_the_audit_says() -> None:
    """The study's central subsidy is a tenth, its civil affairs subsidy a hundredth, its inpatient spending a tenth."""
    from openyibao.service.ledger.reports import fund_statement, in_unit

    book_district({"income.of.central": 10, "income.of.civil": 100, "spending.inpatient": 10})
    shown = fund_statement(*FUND, date(2013, 1, 1), date(2013, 12, 31))
    assert in_unit(shown.income_total, "million yuan") == "328.979684"
    assert in_unit(shown.expenditure_total, "million yuan") == "240.857"
    assert in_unit(shown.closing, "million yuan") == "88.122684"


@pytest.mark.usefixtures("database")
def test_the_trial_balance_sums_to_nothing_however_it_is_taken() -> None:
    from openyibao.service.ledger.fold import fold
    from openyibao.service.ledger.months import close_month
    from openyibao.service.ledger.reports import trial_balance, trial_text

    chance = random.Random(SEED)
    print("seed", SEED)
    days = [date(2026, 1, 1) + timedelta(days=chance.randrange(150)) for _ in range(60)]
    for number, day in enumerate(days):
        fund = chance.choice(["pooled fund", "critical illness fund"])
        post(lines(f"H{number % 4}", chance.randint(1, 10**8), fund, chance.choice(["999999", "500199"])), "S", day)
    plain = trial_balance()
    by_day = {day: trial_balance(day) for day in (date(2026, 1, 31), date(2026, 3, 17), date(2026, 12, 31))}
    assert by_day[date(2026, 12, 31)] == plain
    seal_all(most=25)
    assert fold(most=30) > 0
    post(lines(fen=7), "S", date(2026, 5, 30))
    later = trial_balance()
    assert later != plain and sum(row.fen for row in later) == 0
    assert sum(row.accounts for row in later) == ask("SELECT count(DISTINCT account_id) FROM ledger_posting")[0][0]
    while fold(most=30):
        pass
    assert trial_balance() == later
    for month in (1, 2, 3):
        assert close_month(date(2026, month, 9)) > 0
    assert [trial_balance(day) for day in by_day] == [*list(by_day.values())[:2], later]
    for rows in (*by_day.values(), later):
        assert sum(row.fen for row in rows) == 0
        assert len({row.region for row in rows}) == 2
        for region in {row.region for row in rows}:
            assert sum(row.fen for row in rows if row.region == region) == 0
    text = trial_text(later, "zh")
    assert "统筹基金" in text and text.splitlines()[-1].split()[1] == text.splitlines()[-1].split()[2]
    assert "pooled fund" in trial_text(trial_balance(region="999999"), "en")


@pytest.mark.usefixtures("database")
def test_nothing_is_posted_in_a_closed_month(settings_of_platform: Any) -> None:
    from django.db import IntegrityError

    from openyibao.service import clock
    from openyibao.service.ledger.books import LedgerError
    from openyibao.service.ledger.months import close_month, month_end

    settings_of_platform.CLOCK = "2026-11-20T09:00"
    entry = post(lines(), "S", date(2026, 6, 30))
    assert close_month(date(2026, 6, 12)) == 2
    for day in (date(2026, 6, 30), date(2026, 6, 1), date(2026, 5, 31), date(1999, 1, 1)):
        with pytest.raises(IntegrityError, match="is closed"):
            post(lines(), "S", day)
    with pytest.raises(IntegrityError, match="is closed"):
        ask("INSERT INTO ledger_entry (kind, moment, day, reference, memo) VALUES ('x', now(), '2026-06-30', '', '')")
    assert post(lines(), "S", date(2026, 7, 1)) > entry
    assert ask("SELECT month, last_entry FROM ledger_closedmonth") == [(date(2026, 6, 1), entry)]
    for month, said in ((date(2026, 6, 1), "is closed"), (date(2026, 8, 1), "next month to close is 2026-07")):
        with pytest.raises(LedgerError, match=said):
            close_month(month)
    with pytest.raises(LedgerError, match="is not over"):
        close_month(clock.today())
    assert [month_end(date(y, m, 1)).day for y, m in ((2024, 2), (2026, 2), (2026, 12))] == [29, 28, 31]
    with pytest.raises(IntegrityError, match="appended only"):
        ask("DELETE FROM ledger_closedmonth")


@pytest.mark.parametrize("first", [True, False])
def test_closing_waits_for_who_posts_in_the_month_and_for_nobody_else(database: str, first: bool) -> None:
    """Whoever posts before the month is closed is in what it carries; nobody gets in afterwards."""
    from django.db import connections

    from openyibao.service.ledger.months import close_month

    post(lines(), "S", date(2026, 5, 30))
    if not first:
        close_month(date(2026, 5, 1))
    done = threading.Event()

    def close() -> None:
        try:
            close_month(date(2026, 6, 1))
        finally:
            done.set()
            connections.close_all()

    insert = (
        "INSERT INTO ledger_entry (kind, moment, day, reference, memo) VALUES ('x', now(), %s, '', '') RETURNING id"
    )
    postings = "INSERT INTO ledger_posting (entry_id, line, account_id, fen) VALUES (%s, 1, 1, 11), (%s, 2, 2, -11)"
    closer = threading.Thread(target=close)
    with psycopg.connect(database) as slow:
        entry = slow.execute(insert, ["2026-06-30"]).fetchone()[0]
        closer.start()
        assert not done.wait(0.3)
        if not first:
            post(lines(), "S", date(2026, 7, 1))  # another month: nobody waits
        slow.execute(postings, [entry, entry])
    closer.join(10)
    assert done.is_set()
    carried = "SELECT fen FROM ledger_carried WHERE month_id = '2026-06-01' ORDER BY account_id"
    assert ask(carried) == [(511,), (-511,)]


@pytest.mark.usefixtures("database")
def test_credits_to_accounts_and_their_balances_are_one() -> None:
    from django.db import IntegrityError

    from openyibao.service.ledger.accounts import Difference, check_accounts, credit
    from openyibao.service.ledger.books import LedgerError, NewEntry, settlement_lines
    from openyibao.service.ledger.books import post as post_entry
    from openyibao.service.ledger.checks import check_books
    from openyibao.service.people.models import Account

    account, family = make_accounts()
    credit({"A1": 30_000, "F1": 500}, NOW, DAY, "2026-07")
    credit({"A1": 1}, NOW, DAY, "2026-07 again")
    assert [one.balance_fen for one in Account.objects.order_by("number")] == [30_001, 500]
    assert check_accounts() == [] and check_books() == []
    for amounts, said in (({"A1": 5, "X": 1}, "no account has the number X"), ({"A1": 0}, "above 0")):
        with pytest.raises(LedgerError, match=said):
            credit(amounts, NOW, DAY, "wrong")
    # a settlement that draws on the account changes both, in one transaction
    drawn = settlement_lines("999999", "employee", "H1", {}, [("A1", False, 1_000)])
    post_entry(NewEntry("settlement", NOW, DAY, "S1", drawn))
    assert check_accounts() == [Difference("A1", 30_001, 29_001)]
    Account.objects.filter(pk=account.pk).update(balance_fen=29_001)
    assert check_accounts() == []
    with pytest.raises(IntegrityError, match="account_balance"):
        Account.objects.filter(pk=family.pk).update(balance_fen=-1)
    assert [one.text("en") for one in check_books()] == [
        "an entry names a settlement that is not there: S1, expected 0.00, booked 10.00"
    ]


def make_accounts() -> tuple[Any, Any]:
    from openyibao.service.organisation.models import Body, Region
    from openyibao.service.people.models import Account, Person

    body = Body.objects.create(
        code="999999", name_zh="柳县", name_en="Willow County", level="district", path="/999999/"
    )
    region = Region.objects.create(body=body, catalogue="")
    person = Person.objects.create(
        psn_no="1", certificate="999999198001010011", name="测试", sex="1", born=date(1980, 1, 1)
    )
    account = Account.objects.create(number="A1", region=region, owner=person)
    return account, Account.objects.create(number="F1", region=region, owner=person, family=True)


@pytest.mark.usefixtures("database")
def test_a_settlement_and_its_entry_are_held_against_each_other() -> None:
    from openyibao.service.ledger.books import reverse, settlement_lines
    from openyibao.service.ledger.checks import check_books

    make_accounts()
    first = make_settlement("S1", 1, {"pooled fund": 700, "medical assistance fund": 50}, cash=250)
    entry = post(
        settlement_lines("999999", "resident", "H1", {"pooled fund": 700, "medical assistance fund": 50}), "S1"
    )
    make_settlement("S2", 2, {}, cash=400)  # nobody but the person pays: no entry
    make_settlement("S3", 3, {"pooled fund": -700, "medical assistance fund": -50}, cash=-250, reverses=first)
    reverse(entry, NOW, DAY, "S3")
    make_settlement("S4", 4, {"pooled fund": 30}, cash=0)
    assert [one.text("en") for one in check_books()] == [
        "a settlement and its entry differ: S4, expected 0.30, booked 0.00",
        "what a fund paid in a region and its books differ: 999999 pooled fund, expected 0.30, booked 0.00",
        "what a fund paid in all regions and its books differ: pooled fund, expected 0.30, booked 0.00",
    ]
    post(settlement_lines("999999", "resident", "H1", {"pooled fund": 29}), "S4")
    one = next(iter(check_books()))
    assert (one.what, one.expected, one.booked) == ("settlement", 30, 29)
    post(settlement_lines("999999", "resident", "H1", {"pooled fund": 1}), "S4")
    assert [one.text("zh") for one in check_books()] == ["结算的凭证数不对：S4，应为 1，账面 2"]
    ask("SET session_replication_role = replica")
    ask("UPDATE ledger_posting SET fen = fen + 1 WHERE entry_id = %s AND line = 1", entry)
    assert [one.what for one in check_books()] == [
        "entry", "trial balance", "fund's books", "settlement entries", "fund of region", "fund",
    ]  # fmt: skip


def make_settlement(setl_id: str, number: int, paid: dict[str, int], cash: int, reverses: Any = None) -> Any:
    from openyibao.service.institutions.models import Institution
    from openyibao.service.organisation.models import Body, Region
    from openyibao.service.people.models import Coverage, Person
    from openyibao.service.settlements.models import History, LayerPaid, Settlement, Visit

    region, person = Region.objects.get(), Person.objects.get()
    institution, _ = Institution.objects.get_or_create(
        code="H1", defaults={"name": "医院", "credit_code": "", "kind": "1", "body": Body.objects.get()}
    )
    history, _ = History.objects.get_or_create(person=person, region=region, scheme="resident")
    from django.db.backends.postgresql.psycopg_any import DateRange

    coverage, _ = Coverage.objects.get_or_create(
        person=person,
        region=region,
        defaults={"scheme": "resident", "insurance": "390", "kind": "1501", "joined": DAY,
                  "period": DateRange(date(2026, 1, 1), None)},
    )  # fmt: skip
    visit = Visit.objects.create(
        mdtrt_id=setl_id, kind="outpatient", person=person, coverage=coverage, institution=institution,
        med_type="11", number=setl_id, begun=NOW,
    )  # fmt: skip
    funds = sum(paid.values())
    settlement = Settlement.objects.create(
        setl_id=setl_id, history=history, number=number, visit=visit, reverses=reverses, institution=institution,
        msgid=setl_id, settled=NOW, day=DAY, policy="p", digest="d", claim={}, bill={}, read={}, added={},
        total_fen=funds + cash, fully_self_paid_fen=0, over_limit_fen=0, pre_self_paid_fen=0,
        in_scope_fen=funds + cash, funds_fen=funds, hospital_fen=0, account_fen=0, family_fen=0, cash_fen=cash,
    )  # fmt: skip
    for place, (payer, fen) in enumerate(paid.items()):
        LayerPaid.objects.create(
            settlement=settlement, position=place, layer=payer, payer=payer, field="hifp_pay", paid_fen=fen
        )
    return settlement


@given(st.integers(0, 10**12), st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), min_size=1, max_size=8))
@settings(max_examples=150, print_blob=True)
def test_a_split_is_exact_and_fair(fen: int, parts: dict[str, int]) -> None:
    from openyibao.service.ledger.sharing import SharingError, split

    total = sum(parts.values())
    if not total:
        with pytest.raises(SharingError, match="one above 0"):
            split(fen, parts)
        return
    found = split(fen, parts)
    assert sum(found.values()) == fen and list(found) == list(parts)
    for name, share in found.items():
        assert abs(share * total - parts[name] * fen) < total, "within one fen of the exact share"
    order = sorted(parts, key=lambda name: parts[name])
    assert all(found[a] <= found[b] + 1 for a, b in pairwise(order))


@pytest.mark.usefixtures("database")
def test_the_four_ways_of_sharing() -> None:
    from openyibao.service.ledger.reports import fund_statement
    from openyibao.service.ledger.sharing import (
        SharingError,
        allocate,
        shares,
        ways,
    )
    from openyibao.service.ledger.treasury import Fund, received_lines, share_lines

    way = ways()
    assert {one.kind for one in way.values()} == {"in principle", "proportion", "amount per head", "factors"}
    assert all(one.source.startswith("section 3.2.2") and one.sure for one in way.values())
    assert shares(way["taiyuan-2016"], 101) == {"city": 51, "county": 50}
    assert shares(way["taiyuan-2016"], 100_001, case="poor county") == {"city": 60_001, "county": 40_000}
    assert shares(way["gansu-2009"], 30_000, population=100) == {"province": 10_000, "city": 10_000, "county": 10_000}
    more = {"province": 10_000, "city": 10_000, "county": 10_001}
    assert shares(way["gansu-2009"], 30_001, population=100, agreed=more) == more
    assert shares(way["in principle"], 7, agreed={"county": 7}) == {"county": 7}
    for name, given_, said in (
        ("in principle", {}, "nothing definite"),
        ("in principle", {"agreed": {"county": 6}}, "expected 7 fen together"),
        ("gansu-2009", {}, "give the population"),
        ("gansu-2009", {"population": 1, "agreed": {"county": 7}}, "no less than"),
        ("anhui-2015", {}, "allocate"),
        ("taiyuan-2016", {"case": "rich"}, "no case 'rich'"),
    ):
        with pytest.raises(SharingError, match=said):
            shares(way[name], 7, **given_)
    with pytest.raises(SharingError, match="no figure for"):
        allocate(5, {"A": {"poor": 1}, "B": {}}, {"poor": 1})

    fund = ("999999", "resident", "medical assistance fund")
    post(share_lines(Fund(*fund), shares(way["taiyuan-2016"], 101)), "2026", DAY, "subsidy share")
    post(received_lines(Fund(*fund), {"donations": 40, "welfare lottery": 9}, {"city": 51}), "2026", DAY, "income")
    shown = fund_statement(*fund, DAY, DAY)
    assert shown.income == {"city subsidy": 51, "county subsidy": 50, "donations": 40, "welfare lottery": 9}
    assert ask("SELECT sum(fen) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
               " WHERE kind = 'owed by government'") == [(50,)]  # fmt: skip
