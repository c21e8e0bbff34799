"""A month paid in the sandbox: fictional bank accounts, and a bank that pays all that it is sent.

pay(region_code, user, other) -> Paid       statement, order, bank file, confirmation, books: by two users
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from openyibao.service import clock
from openyibao.service.clearing import batches, confirmations, statements
from openyibao.service.clearing.bank_files import formats
from openyibao.service.clearing.models import BankAccount, Statement
from openyibao.service.clearing.outstanding import outstanding
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Region
from openyibao.service.organisation.proposals import decide, propose
from openyibao.service.people.coverage import region_of

NO_BANK = "999999999999"
"""The number of a bank that does not exist."""


def open_bank_accounts(institutions: list[Institution], funds: dict[Region, set[tuple[str, str]]]) -> None:
    """A fictional account for each institution and each fund (scheme, fund)."""
    now, made = clock.now(), []
    for number, one in enumerate(institutions, 1):
        about = {"holder": one.name[:140], "number": f"9999{number:012d}"}
        made.append(BankAccount(institution=one, bank=NO_BANK, since=now, **about))
    for region, every in funds.items():
        for number, (scheme, fund) in enumerate(sorted(every), 1):
            about = {
                "holder": f"{region.body.name_zh}医疗保障基金（虚构）",
                "number": f"8888{region.pk:04d}{number:08d}",
            }
            made.append(BankAccount(region=region, scheme=scheme, fund=fund, bank=NO_BANK, since=now, **about))
    BankAccount.objects.bulk_create(made)


@dataclass(frozen=True)
class Paid:
    """What was paid: statements, the bank's file, its answer, and what became of it."""

    statements: list[Statement]
    file: str
    told: str
    result: dict[str, dict[str, int]]


def pay(code: str, user: object, other: object) -> Paid:
    """State what a region owes up to yesterday, order all of it, send it, let the bank pay, and book that.

    Raises Problem where nothing is owed.
    """
    region = region_of(code)
    given = {"region": code, "through": (clock.today() - timedelta(days=1)).isoformat()}
    _both("statement.issue", given, user, other)
    made = list(Statement.objects.filter(region=region, ordered_at=None).select_related("institution"))
    payees = [{"number": one.number, "fen": fen} for one in made if (fen := _available(one))]
    _both("order.institutions", {"region": code, "statements": payees}, user, other)
    with transaction.atomic():
        batch = batches.send(user, region, "plain")
    _, content = batches.content(batch)
    told = answer(content.decode())
    with transaction.atomic():
        taken = confirmations.receive(user, region, "sandbox bank", "plain", told.encode())
    result = _both("confirmation.book", {"confirmation": taken.number}, user, other)
    return Paid([statements.known_statement(one.number) for one in made], content.decode(), told, result)


def _both(action: str, given: Mapping[str, object], user: object, other: object) -> dict[str, dict[str, int]]:
    """Proposed by one, decided by the other."""
    done, _ = decide(other, propose(user, action, given).pk, accept=True)
    result: dict[str, dict[str, int]] = done.result
    return result


def _available(one: Statement) -> int:
    return sum(max(part.available_fen, 0) for part in outstanding(one.institution, one.region).values())


def answer(orders: str) -> str:
    """What a bank says that pays every transfer of a file today."""
    form = formats()["plain"]
    rows = list(csv.DictReader(io.StringIO(orders)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=form.line_end)
    writer.writerow([name for name, _ in form.confirmation])
    for number, row in enumerate(rows[:-1], 1):
        writer.writerow([row["transfer"], "paid", row["amount"], clock.today().isoformat(), f"BANK{number:06d}", ""])
    writer.writerow(list(rows[-1].values())[:3])
    return text.getvalue()
