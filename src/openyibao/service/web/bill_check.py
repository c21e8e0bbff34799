"""Whether a bill that somebody brings is one of ours, adds up, and rests on a policy of the collection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from openyibao.service.web import shelf
from openyibao.service.web.words import Words
from openyibao.settlement.bill_data import BILL_VERSION
from openyibao.site.words import first

Data = dict[str, Any]
MOST_BILLS = 12
MOST_BYTES = 2_000_000
DEEPEST = 30
CLAIM = {"claims", "claim id", "单据列表", "单据号"}
CLAIM_FILE = re.compile(r"(?:\s*#[^\n]*\n)*\s*(?:claim|单据)")
"""How a file of claims begins: what `yibao settle` takes, and no bill."""


class NotABillError(ValueError):
    """What was brought is no bill; `key` names the text that says why and what to do."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def read_bills(text: str) -> list[Data]:
    """The bills of a JSON text: one, or a list of them. Raises NotABillError."""
    if len(text.encode()) > MOST_BYTES:
        raise NotABillError("why.too_large")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if CLAIM_FILE.match(text.lstrip("\ufeff")):
            raise NotABillError("why.a_claim") from None
        raise NotABillError("why.not_json") from None
    if isinstance(found, dict) and CLAIM & found.keys():
        raise NotABillError("why.a_claim")
    bills = found if isinstance(found, list) else [found]
    if not bills or not all(isinstance(one, dict) and "bill_version" in one for one in bills):
        raise NotABillError("why.not_a_bill")
    if any(one["bill_version"] != BILL_VERSION for one in bills):
        raise NotABillError("why.other_version")
    if len(bills) > MOST_BILLS:
        raise NotABillError("why.too_many")
    if not all(type(fen) is int for one in bills for fen in _money(one)):
        raise NotABillError("why.not_a_bill")
    return bills


def _money(value: Any, depth: int = 0) -> Iterator[Any]:
    """Every amount below a value that is not empty."""
    if depth > DEEPEST:
        raise NotABillError("why.not_a_bill")
    if isinstance(value, dict):
        for key, below in value.items():
            if (key == "fen" or key.endswith("_fen")) and below is not None:
                yield below
            yield from _money(below, depth + 1)
    elif isinstance(value, list):
        for below in value:
            yield from _money(below, depth + 1)


def findings(bill: Data, t: Words) -> list[tuple[bool, str]]:
    """What holds and what does not: (whether it does, a sentence)."""
    claim, totals = bill["claim"], bill["totals"]
    parts = ("fully_self_paid_fen", "over_limit_fen", "pre_self_paid_fen", "in_scope_fen")
    paid, by_payer = sum(layer["paid_fen"] for layer in bill["layers"]), sum(one["fen"] for one in totals["by_payer"])
    left = totals["total_fen"] - totals["paid_fen"]
    cost = sum(claim[part] for part in parts)
    told = [
        _equal("sum_cost", cost, claim["total_fen"] if claim["total_fen"] != cost else totals["total_fen"], t),
        _equal("sum_paid", paid, totals["paid_fen"] if totals["paid_fen"] != paid else by_payer, t),
        _equal("sum_own", left, totals["personal_fen"], t),
    ]
    wrong = [first(layer["name"][t.lang]) for layer in bill["layers"] if not _adds_up(layer)]
    told.append((not wrong, t("why.sum_rates_not", layers=t.list.join(wrong)) if wrong else t("why.sum_rates")))
    known = shelf.policy(bill["policy"]["id"])
    if known is None:
        return [*told, (False, t("why.policy_unknown"))]
    same = known.digest[: len(bill["policy"]["digest"])] == bill["policy"]["digest"]
    return [*told, (same, t("why.policy_same" if same else "why.policy_other"))]


def _equal(key: str, one: int, other: int, t: Words) -> tuple[bool, str]:
    """Whether two sums are equal; if not, both of them in a sentence."""
    if one == other:
        return True, t(f"why.{key}")
    return False, t(f"why.{key}_not", one=t.money(one), other=t.money(other))


def _adds_up(layer: Data) -> bool:
    """A layer's parts are its base, and a flat rate of what is left gives the sum."""
    if not layer["applies"]:
        return bool(layer["paid_fen"] == 0)
    found = layer["reimbursement"]
    if found["kind"] == "flat":
        rate = found["rate"]["final"]
        exact = layer["reimbursable_fen"] * rate["numerator"] * 2 + rate["denominator"]
        if exact // (2 * rate["denominator"]) != found["fen"]:
            return False
    return bool(layer["base"]["fen"] == layer["paid_fen"] + sum(layer["parts"].values()))
