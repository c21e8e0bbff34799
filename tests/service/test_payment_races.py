"""Payment under races, and random months: exactly one of two succeeds, and what is owed is what was settled less paid.

Threads have their own connections to the real database. The reckoning of the random months is the test's own.
"""

from __future__ import annotations

import base64
import json
import random
import threading
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from openyibao.service import clock
from openyibao.service.clearing.models import Batch, Confirmation, Dispute, Order, Statement, Transfer
from openyibao.service.ledger.books import NewEntry, post, settlement_lines
from openyibao.service.ledger.reports import trial_balance
from service.county import HOSPITAL
from service.desks import Desk
from service.figures import figure
from service.offices import staff
from service.paying import County, confirmation, in_march
from service.racing import Hands, ask, beside, codes, seeded, together

MARCH = "2026-03-31"


@pytest.fixture
def county(database: str, monkeypatch: Any, tmp_path: Path) -> County:
    made = in_march(monkeypatch, tmp_path)
    made.third = Desk(staff("third", "manager", made.body))
    return made


def told(answer: Any) -> str:
    """`ok`, or the code of the problem."""
    return "ok" if answer.status_code == 200 else str(json.loads(answer.content)["error"]["code"])


def at_once(*calls: tuple[Desk, str, dict[str, Any]]) -> list[str]:
    """What became of requests (desk, path, fields) made at the same moment."""

    def call(number: int) -> str:
        desk, path, given = calls[number]
        return told(desk.client.post(f"/api/{path}", json.dumps(given), content_type="application/json"))

    return together(len(calls), len(calls), call)


def accept(proposal: int) -> dict[str, Any]:
    return {"proposal": proposal, "accept": True}


ROUNDS = pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.long)], ids=["short", "long"])


@ROUNDS
def test_two_orders_of_one_statement_are_approved_at_once(county: County, rounds: int) -> None:
    """Two proposals, and one proposal twice: money is ordered once."""
    found: Counter[str] = Counter()
    for number in range(rounds):
        county.hands.set("2026-03-05 10:00:00")
        day = date(2026, 4, 1) + timedelta(days=number)
        post_settlement(day - timedelta(days=1), 1_000 + number)
        county.hands.set(f"{day} 09:00:00")
        statement = county.issue((day - timedelta(days=1)).isoformat())
        given = {"region": "999999", "statements": [{"number": statement["number"], "fen": 1_000 + number}]}
        made = [county.first.post("proposals/order.institutions", given)["proposal"] for _ in "ab"]
        same = number % 2
        path = "proposals/order.institutions/decide"
        outcome = at_once((county.second, path, accept(made[0])), (county.third, path, accept(made[1 - same])))
        assert sorted(outcome) == ["S5001" if same else "S8005", "ok"], outcome
        found[max(outcome)] += 1
        assert Order.objects.filter(statement__number=statement["number"]).count() == 1
        (transfer,) = Transfer.objects.filter(order__statement__number=statement["number"])
        county.send()
        county.answered((transfer, "paid", 1_000 + number))
        assert county.owed() == 0
    print(found)
    assert county_differences() == []


@ROUNDS
def test_one_file_comes_twice_and_is_booked_twice_at_once(county: County, rounds: int) -> None:
    """The same bytes from four desks at once are one confirmation; two proposals to book it book it once."""
    for number in range(rounds):
        day = date(2026, 4, 1) + timedelta(days=number)
        post_settlement(day - timedelta(days=1), 700)
        county.hands.set(f"{day} 09:00:00")
        (transfer,) = county.order(county.issue((day - timedelta(days=1)).isoformat()))
        county.send()
        content = base64.b64encode(confirmation([(transfer.number, "paid", 700)])).decode()
        given = {"region": "999999", "name": "x", "format": "plain", "content": content}
        desks = (county.first, county.second, county.third, county.first)
        assert at_once(*((desk, "clearing/confirmations", given) for desk in desks)) == ["ok"] * 4
        assert Confirmation.objects.count() == number + 1
        given = {"confirmation": Confirmation.objects.latest("id").number}
        made = [county.first.post("proposals/confirmation.book", given)["proposal"] for _ in "ab"]
        path = "proposals/confirmation.book/decide"
        outcome = at_once((county.second, path, accept(made[0])), (county.third, path, accept(made[1])))
        assert sorted(outcome) == ["S8011", "ok"], outcome
        assert county.owed() == 0 and county.fen("fund cash") == -700 * (number + 1)
    assert county_differences() == []


@ROUNDS
def test_a_dispute_and_an_order_at_once(county: County, rounds: int) -> None:
    """Either the line is held and the order of the whole is refused, or it is ordered and the dispute holds nothing."""
    found: Counter[tuple[str, bool]] = Counter()
    for number in range(rounds):
        day = date(2026, 4, 1) + timedelta(days=number)
        reference = post_settlement(day - timedelta(days=1), 800)
        county.hands.set(f"{day} 09:00:00")
        statement = county.issue((day - timedelta(days=1)).isoformat())
        given = {"region": "999999", "statements": [{"number": statement["number"], "fen": 800}]}
        made = county.first.post("proposals/order.institutions", given)["proposal"]
        said = {"reference": reference, "reason": "金额不符"}
        order, dispute = at_once(
            (county.second, "proposals/order.institutions/decide", accept(made)),
            (county.clerk, f"clearing/statements/{statement['number']}/disputes", said),
        )
        raised = Dispute.objects.get(reference=reference)
        assert dispute == "ok" and (order, raised.holds) in (("ok", False), ("S8005", True))
        found[order, raised.holds] += 1
        rejected = {"dispute": raised.pk, "outcome": "rejected", "note": "核实"}
        county.decided("dispute.settle", rejected, county.clerk, county.reviewer)
        if order != "ok":
            county.order(statement)
        assert county.available(statement) == 0
    print(found)
    assert county_differences() == []


@ROUNDS
def test_an_order_is_cancelled_and_sent_at_once(county: County, rounds: int) -> None:
    for number in range(rounds):
        day = date(2026, 4, 1) + timedelta(days=number)
        post_settlement(day - timedelta(days=1), 900)
        county.hands.set(f"{day} 09:00:00")
        (transfer,) = county.order(county.issue((day - timedelta(days=1)).isoformat()))
        outcome = at_once(
            (county.first, f"clearing/orders/{transfer.order.number}/cancel", {}),
            (county.second, "clearing/batches", {"region": "999999", "format": "plain"}),
        )
        assert outcome in (["ok", "S8009"], ["S8008", "ok"]), outcome
        transfer.refresh_from_db()
        assert (transfer.batch is None) == (transfer.rejected_fen == transfer.fen) == (outcome[0] == "ok")
        if transfer.batch is not None:
            county.answered((transfer, "rejected", transfer.fen))
    assert Batch.objects.count() == Transfer.objects.filter(batch__isnull=False).count()
    assert county_differences() == []


def test_an_entry_that_commits_late_is_in_the_next_statement(county: County) -> None:
    """It was posted before the statement, on a day of it, but its transaction ended afterwards."""
    county.visit(100)
    posted, stated = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            post_settlement(date(2026, 3, 31), 333)
            posted.set()
            assert stated.wait(30)

    with beside(late):
        assert posted.wait(30)
        county.hands.set("2026-04-01 09:00:00")
        march = county.issue(MARCH)
        stated.set()
    assert [one["fen"] for one in march["items"]] == [5_000]
    county.hands.set("2026-05-01 09:00:00")
    april = county.issue("2026-04-30")
    assert [(one["fen"], one["day"]) for one in april["items"]] == [(333, "2026-03-31")]
    assert county_differences() == []


def post_settlement(day: date, fen: int) -> str:
    """What a settlement of the hospital posts; its reference."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('clearing_number')")
        reference = f"X{cursor.fetchone()[0]}"
    lines = settlement_lines("999999", "resident", HOSPITAL, {"pooled fund": fen})
    post(NewEntry("settlement", clock.now(), day, reference, lines))
    return reference


def county_differences() -> list[Any]:
    from openyibao.service.clearing.checks import check_clearing

    assert sum(row.fen for row in trial_balance()) == 0
    return [one.text("en") for one in check_clearing()]


class Months:
    """Random months of settling, taking back, disputing, ordering, and whatever the bank answers."""

    def __init__(self, county: County, seed: int) -> None:
        self.county, self.random = county, random.Random(seed)
        self.standing: list[Any] = []
        self.waiting: list[Transfer] = []
        self.paid = self.withheld = 0
        self.deductions: dict[str, int] = {}
        self.parts: dict[int, list[int]] = {}
        self.did: Counter[str] = Counter()

    def live(self, month: int) -> None:
        day = f"2026-{month:02d}"
        self.county.hands.set(f"{day}-05 10:00:00")
        for _ in range(self.random.randrange(1, 4)):
            person = self.random.randrange(4)
            pills, account = self.random.randrange(20, 3_000), self.random.random() < 0.3
            self.standing.append(self.county.visit(pills, person, day=f"{day}-02", account=account))
            self.did["settled"] += 1
        for one in self.random.sample(self.standing, self.random.randrange(0, min(3, len(self.standing) + 1))):
            self._take_back(one)
        end = date(2026, month, 27)
        self.county.hands.set(f"{day}-28 09:00:00")
        statement = self.county.issue(end.isoformat())
        self.withheld += sum(one["withheld_fen"] for one in statement["funds"])
        self._dispute(statement)
        if self.county.available(statement):
            self.waiting += self.county.order(statement)
            self.county.send(self.random.choice(["plain", "pain.001"]))
            self.did["ordered"] += 1
        self._bank()
        self.check()

    def _take_back(self, visit: Any) -> None:
        given, settled = visit
        from service.racing import back

        if codes([self.county.window.ask("2208", back(given, settled))]) == ["ok"]:
            self.standing.remove(visit)
            self.deductions.pop(settled["setlinfo"]["setl_id"], None)  # undone by the next statement
            self.did["taken back"] += 1

    def _dispute(self, statement: dict[str, Any]) -> None:
        """Each fifth line is disputed; of the disputes that are open, some are decided."""
        references = sorted({one["reference"] for one in statement["items"] if one["kind"] == "settlement"})
        for reference in references:
            if self.random.random() < 0.4:
                said = {"reference": reference, "reason": "随机"}
                self.county.clerk.post(f"clearing/statements/{statement['number']}/disputes", said)
                self.did["disputed"] += 1
        for one in list(Dispute.objects.filter(entry=None).exclude(state="rejected")):
            outcome = self.random.choice(["wait", "rejected", "deduct", "correct"])
            if outcome != "wait":
                self._decide(one, outcome)

    def _decide(self, one: Dispute, outcome: str) -> None:
        given: dict[str, Any] = {"dispute": one.pk, "outcome": "accepted", "note": "随机"}
        items = one.statement.items.filter(entry=one.item_entry).exclude(fund="personal account")
        item = items.order_by("fen").last()
        if outcome == "rejected":
            given["outcome"] = "rejected"
        taken_back = ask("SELECT 1 FROM ledger_entry WHERE reverses_id = %s", one.item_entry)
        if outcome == "deduct" and item is not None and not taken_back:
            fen = self.random.randrange(1, item.fen + 1)
            given["deductions"] = [{"scheme": item.scheme, "fund": item.fund, "fen": fen}]
            self.deductions[one.reference] = fen
        self.county.decided("dispute.settle", given, self.county.clerk, self.county.reviewer)
        self.did[outcome] += 1

    def _bank(self) -> None:
        """What the bank says of each transfer that is under way, or was paid in one or more parts."""
        rows = []
        for one in self.waiting:
            one.refresh_from_db()
            left, parts = one.under_way_fen, self.parts.setdefault(one.pk, [])
            kinds = ["paid", "paid", "rejected", "silent"] + ["partly"] * (left > 1) if left else ["kept", "kept"]
            what = self.random.choice(kinds + ["returned"] * bool(parts))
            self.did[what] += 1
            if what in ("paid", "partly"):
                fen = left if what == "paid" else self.random.randrange(1, left)
                parts.append(fen)
                self.paid += fen
            elif what == "returned":
                fen = parts.pop(self.random.randrange(len(parts)))
                self.paid -= fen
            else:
                fen = left
            if what not in ("silent", "kept"):
                rows.append((one, what, fen))
        if rows:
            assert "refused" not in self.county.answered(*rows), rows

    def check(self) -> None:
        """Conservation, to the fen: owed = settled - deducted - withheld - paid; the cash is what was paid."""
        settled = ask("SELECT coalesce(sum(funds_fen + account_fen), 0)::bigint FROM settlements_settlement")[0][0]
        owed = -ask(
            "SELECT coalesce(sum(p.fen), 0)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.kind = 'payable to institution'"
        )[0][0]
        cash = ask(
            "SELECT coalesce(sum(p.fen), 0)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.kind = 'fund cash'"
        )[0][0]
        assert owed == settled - sum(self.deductions.values()) - self.withheld - self.paid
        assert cash == -self.paid
        assert sum(row.fen for row in trial_balance()) == 0
        self.county.right()


@pytest.mark.reliability("T14", "books after random months of payment, disputes and returns")
@pytest.mark.parametrize(
    ("runs", "months"), [(1, 5), pytest.param(20, 10, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_random_months_conserve_every_fen(
    server: Any, monkeypatch: Any, tmp_path: Path, runs: int, months: int
) -> None:
    """Issue 7, payment: payables = settled - deducted - withheld - paid. The long form takes about 10 minutes."""
    from service.conftest import using

    seed, random_ = seeded()
    did: Counter[str] = Counter()
    for number in range(runs):
        for _ in using(server):
            hands = Hands(monkeypatch)
            hands.set("2026-01-05 10:00:00")
            (tmp_path / str(number)).mkdir()
            county = County(tmp_path / str(number), people=4, account_fen=50_000)
            county.hands = hands
            share = {"number": f"A-{HOSPITAL}", "share_bp": random_.choice([0, 333, 1_000]), "source": "测试"}
            county.decided("deposit.share", share, county.clerk, county.reviewer)
            lives = Months(county, random_.randrange(10**9))
            for month in range(1, months + 1):
                lives.live(month)
            _closed_chain()
            did += lives.did
    print(f"{runs} runs of {months} months, seed {seed}: {dict(did)}")
    figure(months=runs * months, settlements=did["settled"], books_differ_fen=0, seed=seed)
    assert did["settled"] and did["ordered"]


def _closed_chain() -> None:
    """Each statement begins where the one before it ended, less what was paid in between."""
    for statement in Statement.objects.all():
        for part in statement.parts.all():
            later = Statement.objects.filter(institution=statement.institution, through__gt=statement.through)
            after = later.order_by("through").first()
            if after is None:
                continue
            found = after.parts.filter(scheme=part.scheme, fund=part.fund).first()
            paid = ask(
                "SELECT coalesce(sum(p.fen), 0)::bigint FROM ledger_posting p JOIN ledger_account a"
                " ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id JOIN clearing_report r"
                " ON r.entry = e.id WHERE a.kind = 'payable to institution' AND (a.scheme, a.fund) = (%s, %s)"
                " AND e.moment >= %s AND e.moment < %s",
                part.scheme,
                part.fund,
                statement.made_at,
                after.made_at,
            )[0][0]
            assert (found.brought_fen if found else 0) == part.closing_fen - paid
