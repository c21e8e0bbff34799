"""Bills as they are kept: by the policy's digest and the uses before them, from which the claim gives them again.

    kept(entries, uses) -> list     what `Settlement.bill` holds
    bills_of(settlement)            the bills as plain data (docs/bill.schema.json), each as it was when it was settled

A policy's canonical text is kept by its digest with the first settlement by it (`keep_law`), so a bill can be told
whatever becomes of the policy's file. What layers paid then is in rows of their own; a bill that comes out otherwise
is an error, never an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from django.db import connection

from openyibao.history.data import uses_data
from openyibao.history.person import Entry
from openyibao.history.state_read import claim_of
from openyibao.policy import Policy, read_policy_text
from openyibao.policy.write import write_policy
from openyibao.service.settlements.models import Law, Settlement
from openyibao.settlement import Bill, Rule, Uses
from openyibao.settlement.carry import EARNED
from openyibao.settlement.claim import UseKey
from openyibao.settlement.program import Plan

Data = dict[str, Any]


class BillError(RuntimeError):
    """A bill that cannot be made again as it was."""


def kept(entries: Iterable[Entry], uses: Uses) -> list[Data]:
    """What is kept of the bills of entries that were settled one after the other on uses."""
    found: list[Data] = []
    values = dict(uses.values)
    for entry in entries:
        before = {key: fen for key, fen in values.items() if fen and _matters(key, entry)} if values else {}
        found.append({"policy": entry.policy, "digest": entry.digest, "before": uses_data(before)})
        for key, fen in entry.added.items():
            values[key] = values.get(key, 0) + fen
    return found


def _matters(key: UseKey, entry: Entry) -> bool:
    """Whether a claim could meet a use: it read or changed it, or it is of a period of one of the policy's groups.

    Of days and episodes there may be any number; only those that the claim touched are its own.
    """
    if key in entry.read or key in entry.added:
        return True
    return isinstance(key[1], int) and str(key[0]) in _groups(cast("Bill", entry.bill).plan)


def _groups(plan: Plan) -> frozenset[str]:
    """The groups of a policy's uses that are kept for periods longer than a day."""
    digest = plan.policy.digest
    found = _groups_of.get(digest)
    if found is None:
        groups = {slot.group for slot in plan.program.slots if slot.period != "day"}
        found = _groups_of[digest] = frozenset((*groups, *(group + EARNED for group in groups)))
    return found


_groups_of: dict[str, frozenset[str]] = {}


def bills_of(settlement: Settlement) -> list[Data]:
    """The bills of a settlement; a reversal has none. Raises BillError."""
    bills = [bill_of(settlement, place) for place in range(len(settlement.bill))]
    fens = (layer["paid_fen"] for bill in bills for layer in bill["layers"])
    paid = {place: fen for place, fen in enumerate(fens, 1) if fen}
    rows = dict(settlement.layers.exclude(paid_fen=0).order_by("position").values_list("position", "paid_fen"))
    if bills and paid != rows:
        raise BillError(f"{settlement.setl_id}: its layers paid {rows} fen (by their places), its bills come to {paid}")
    return bills


def bill_of(settlement: Settlement, place: int) -> Data:
    """The bill of one of the claims of a settlement, counted from 0. Raises BillError."""
    about = settlement.bill[place]
    if "layers" in about:  # from before bills were kept this way
        whole: Data = about
        return whole
    claim = claim_of(settlement.claim[place], settlement.setl_id)
    before = Uses({tuple(one["use"]): one["fen"] for one in about["before"]})
    bill, _ = rule_of(about["policy"], about["digest"]).settle(before, claim)
    data: Data = json.loads(json.dumps(bill.data(), ensure_ascii=False))
    return data


class DerivedBill:
    """A kept bill, made again when somebody looks at it."""

    def __init__(self, settlement: Settlement, place: int) -> None:
        self.settlement, self.place = settlement, place

    @property
    def paid_fen(self) -> int:
        return int(self.data()["totals"]["paid_fen"])

    @property
    def personal_fen(self) -> int:
        return int(self.data()["totals"]["personal_fen"])

    @property
    def plan(self) -> Plan:
        """The compiled policy, as a bill that is settled just now has it: a refusal names the uses in its words."""
        about = self.settlement.bill[self.place]
        return rule_of(about.get("policy", self.settlement.policy), about.get("digest", self.settlement.digest)).plan

    def data(self) -> Data:
        return bill_of(self.settlement, self.place)


# ---------------------------------------------------------------- the law by digest


def keep_law(policy: Policy) -> None:
    """Keep the text of a policy by which something is being settled, in the present transaction.

    Whether it is there already is asked once for each connection, and believed only once it was committed.
    """
    known = _known(connection.connection)
    if policy.digest in known:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(age(xmin) > age(pg_current_xact_id_if_assigned()::xid), true) FROM settlements_law"
            " WHERE digest = %s",
            [policy.digest],
        )
        found = cursor.fetchone()
        if found is not None:
            if found[0]:  # older than this transaction, which may be undone
                known.add(policy.digest)
            return
        cursor.execute(
            "INSERT INTO settlements_law (digest, policy, text) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [policy.digest, policy.id, write_policy(policy, "json")],
        )


def _known(raw: Any) -> set[str]:
    """The digests that a connection has seen in its database; a new connection knows none."""
    found: set[str] | None = getattr(raw, "yibao_laws", None)
    if found is None:
        found = raw.yibao_laws = set()
    return found


def rule_of(policy: str, digest: str) -> Rule:
    """The compiled policy with a digest: that of the library where it is still this one, else its kept text.

    Raises BillError where neither has it.
    """
    found = _of_library(policy, digest)
    if found is None:
        row = Law.objects.filter(digest=digest).first()
        if row is None:
            raise BillError(f"the policy {policy} with the digest {digest} is neither in the library nor kept")
        found = _of_text(row.text)
    if found.policy.digest != digest:
        raise BillError(f"the kept text of the policy {policy} has not the digest {digest}")
    return found


@lru_cache(maxsize=64)
def _of_text(text: str) -> Rule:
    return Rule(read_policy_text(text))


@lru_cache(maxsize=64)
def _of_library(policy: str, digest: str) -> Rule | None:
    from openyibao.policy import FileError, PolicyNotFoundError, find_policy, read_policy

    try:
        found = read_policy(find_policy(policy))
    except (FileError, PolicyNotFoundError, OSError):
        return None
    return Rule(found) if found.digest == digest else None
