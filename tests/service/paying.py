"""A small county that pays: managers, bank accounts, one hospital's bills, and what the bank answers."""

from __future__ import annotations

import base64
import csv
import io
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from openyibao.service import clock
from openyibao.service.clearing.checks import check_clearing
from openyibao.service.clearing.models import BankAccount, Transfer
from openyibao.service.institutions.models import Institution
from openyibao.service.ledger.books import AccountKey, balance
from openyibao.service.ledger.checks import check_books
from openyibao.service.organisation.models import Region
from service.county import HOSPITAL, add_person, build
from service.desks import Desk
from service.offices import staff
from service.racing import Desk as Window
from service.racing import Hands, back, credit, law, ready

FUND = ("999999", "resident", "pooled fund")
MINIMUM_LIVING = "2303"
_references = count(1)


class County:
    """The county with two managers, a clerk and a reviewer; every fund and the hospital have bank accounts.

    Its law (made up for tests) pays half of outpatient care, and 70 % of what is left to persons with a minimum living
    allowance: the first of its people is none of them, every second one is.
    """

    def __init__(self, folder: Path, people: int = 1, account_fen: int | None = None) -> None:
        self.region = build()
        self.region.policies = {"resident": law(folder, deductible=0, most=1_000_000)}
        self.region.save()
        self.body = self.region.body
        self.first, self.second, self.clerk, self.reviewer, self.auditor = (
            Desk(staff(name, role, self.body))
            for name, role in (
                ("first", "manager"),
                ("second", "manager"),
                ("clerk", "clerk"),
                ("reviewer", "reviewer"),
                ("auditor", "auditor"),
            )
        )
        self.window = Window()
        self.people = [
            add_person(self.region, number, account_fen=account_fen, identity="" if number % 2 else MINIMUM_LIVING)
            for number in range(1, people + 1)
        ]
        for person in self.people if account_fen else ():
            credit(person)
        self.hospital = Institution.objects.get(code=HOSPITAL)
        open_accounts(self.region, [self.hospital])

    # -- the counter and the calendar

    def ready(self, pills: int, person: int = 0, day: str = "2026-03-02", **more: Any) -> Any:
        return ready(self.window, self.people[person], pills, day=day, **more)

    def visit(self, pills: int, person: int = 0, day: str = "2026-03-02", **more: Any) -> tuple[Any, Any]:
        """An outpatient visit of so many pills of 1 yuan, settled: what was asked, and the reply."""
        given = self.ready(pills, person, day, **more)
        return given, self.window.done("2207", given)

    def take_back(self, visit: tuple[Any, Any]) -> str:
        """2208; the number of the reversal."""
        return self.window.done("2208", back(*visit))["setlinfo"]["setl_id"]

    # -- two persons

    def decided(self, action: str, given: dict[str, Any], first: Desk | None = None, second: Desk | None = None) -> Any:
        made = (first or self.first).post(f"proposals/{action}", given)
        decision = {"proposal": made["proposal"], "accept": True}
        return (second or self.second).post(f"proposals/{action}/decide", decision)["result"]

    def issue(self, through: str, institution: str = HOSPITAL) -> dict[str, Any]:
        """The statement up to a day."""
        given = {"region": "999999", "through": through, "institution": institution}
        number = self.decided("statement.issue", given, second=self.reviewer)["first"]
        return self.statement(number)

    def statement(self, number: str) -> dict[str, Any]:
        return self.first.get(f"clearing/statements/{number}")

    def available(self, statement: dict[str, Any]) -> int:
        return sum(max(one["available_fen"], 0) for one in self.statement(statement["number"])["funds"])

    def order(self, statement: dict[str, Any], fen: int | None = None) -> Any:
        """An order of all that the statement leaves open; its transfers."""
        fen = self.available(statement) if fen is None else fen
        given = {"region": "999999", "statements": [{"number": statement["number"], "fen": fen}]}
        (number,) = self.decided("order.institutions", given)["orders"]
        return list(Transfer.objects.filter(order__number=number).order_by("id"))

    def send(self, form: str = "plain") -> bytes:
        """All that waits, in a bank file."""
        batch = self.first.post("clearing/batches", {"region": "999999", "format": form})
        return self.fetch(f"clearing/batches/{batch['number']}/file")

    def fetch(self, path: str, desk: Desk | None = None) -> bytes:
        answer = (desk or self.first).client.get(f"/api/{path}")
        assert answer.status_code == 200, answer.content.decode()
        return answer.content

    def receive(self, content: bytes, form: str = "plain", status: int = 200) -> Any:
        given = {"region": "999999", "name": "bank", "format": form, "content": base64.b64encode(content).decode()}
        return self.first.post("clearing/confirmations", given, status)

    def book(self, content: bytes, form: str = "plain") -> Any:
        """A bank's file, taken in by one and booked by another."""
        number = self.receive(content, form)["number"]
        return self.decided("confirmation.book", {"confirmation": number})

    def answered(self, *rows: tuple[Any, str, int], day: str = "") -> Any:
        """What becomes of transfers (transfer, result, fen), told by the bank and booked."""
        return self.book(confirmation([(one.number, what, fen) for one, what, fen in rows], day))

    # -- the books

    def fen(self, kind: str, owner: str = "", fund: tuple[str, str, str] = FUND) -> int:
        return balance(AccountKey(kind, *fund, owner))

    def owed(self) -> int:
        return -self.fen("payable to institution", HOSPITAL)

    def right(self) -> None:
        """The books, and what this room makes of them, differ by 0.00."""
        assert check_books() == [] and check_clearing() == []


def in_march(monkeypatch: Any, folder: Path, people: int = 4, account_fen: int | None = None) -> County:
    """A county on 5 March 2026, with the platform's clock in its `hands`."""
    hands = Hands(monkeypatch)
    hands.set("2026-03-05 10:00:00")
    made = County(folder, people, account_fen)
    made.hands = hands
    return made


def open_accounts(region: Region, institutions: list[Institution], funds: tuple[str, ...] = ()) -> None:
    """Bank accounts of institutions and funds, as if two persons had recorded them."""
    at = clock.now()
    for number, one in enumerate(institutions):
        account = f"622200000000{number:04d}"
        BankAccount.objects.create(institution=one, holder=one.name, bank="999000000001", number=account, since=at)
    every = funds or ("pooled fund", "medical assistance fund", "personal account", "family account")
    for number, fund in enumerate(every):
        about = {"holder": f"测试基金{number}", "bank": "999000000002", "number": f"955500000000{number:04d}"}
        BankAccount.objects.create(region=region, scheme="resident", fund=fund, since=at, **about)


def confirmation(rows: list[tuple[str, str, int]], day: str = "", references: list[str] | None = None) -> bytes:
    """The platform's own CSV of what became of transfers (number, result, fen)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["transfer", "result", "amount", "day", "bank reference", "reason"])
    day = day or clock.today().isoformat()
    for place, (number, what, fen) in enumerate(rows):
        reference = references[place] if references else f"BK{next(_references):08d}"
        reason = "账号户名不符" if what in ("rejected", "returned") else ""
        writer.writerow([number, what, yuan(fen), day, reference, reason])
    writer.writerow(["total", len(rows), yuan(sum(fen for _, _, fen in rows))])
    return text.getvalue().encode()


def yuan(fen: int) -> str:
    return f"{Decimal(fen).scaleb(-2):.2f}"


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"
