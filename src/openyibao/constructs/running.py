"""Settling the claims of a case, in the order in which they stand, each person with a history of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openyibao.catalogue import Catalogue, catalogue_of
from openyibao.constructs.case import OWN, Case, Part, Said
from openyibao.constructs.trees import CaseError, items, mapping, text, word
from openyibao.history import History, Series, resettle, settle
from openyibao.policy.nodes import Mapping, Node, Text, parse_bytes
from openyibao.settlement import Bill, Claim, ClaimError
from openyibao.settlement.claim_file import PARTS, lined_claims_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""When the entries of the histories were made: no bill depends on it."""
CATALOGUE = """
catalogue: constructs/list
title: {zh: 目录, en: list}
region: 999999
words: [{en: the source, zh: 原始出处}]
documents:
  the source: {title: {zh: 目录, en: list}, number: not identified, date: not identified, source: as stated}
"""
CATALOGUE_BASIS = "{document: the source, article: not identified, source: as stated, sure: medium}"


@dataclass(frozen=True)
class Told:
    """A claim of a case with what came of it: a bill, or why it is refused."""

    said: Said
    bill: Bill | None
    refusal: ClaimError | None = None


def run(case: Case, part: Part) -> Iterator[Told]:
    """Settle the claims of a part, in the order in which they stand."""
    policy, split = case.policy(part), catalogue(part.catalogue, case.name)
    series = Series([policy])
    histories: dict[str, History] = {}
    for number, said in enumerate(part.claims, 1):
        if again := said.node.get("again"):
            (found,) = (e for h in histories.values() for e in h.counted() if e.claim.id == text(again))
            yield Told(said, found.bill if isinstance(found.bill, Bill) else None)
            continue
        (lined,) = lined_claims_of(_claim_node(said.node, number), case.name, policy, split)
        claim = lined.claim
        try:
            history = _settled(histories.get(claim.person, History(claim.person)), series, claim, said)
        except ClaimError as error:
            yield Told(said, None, error)
            continue
        histories[claim.person] = history
        bill = history.find(claim.id).bill
        if not isinstance(bill, Bill):
            raise CaseError(f"{case.name}: claim {claim.id} is reversed")
        yield Told(said, bill)


def _settled(history: History, series: Series, claim: Claim, said: Said) -> History:
    if said.node.get("corrects"):
        return resettle(history, series, {claim.id: claim}, NOW, "corrected").history
    return settle(history, series, claim, NOW)


def _claim_node(said: Mapping, number: int) -> Mapping:
    """What a case says of a claim, as it would stand in a claim file."""
    own = {name.value: value for name, value in said if name.value not in OWN}
    day = own["settlement"]
    old = said.get("corrects")
    own = {"claim id": old or word(str(number)), "person": word("A"), "admission": day, "discharge": day} | own
    own.setdefault("facts", Mapping((), said.place))
    if cost := said.get("cost"):
        own["money"] = Mapping(((word("total cost"), cost), (word("in-scope cost"), cost)), said.place)
    return Mapping(tuple((word(name), value) for name, value in own.items()), said.place)


def catalogue(node: Node | None, name: str) -> Catalogue | None:
    """The catalogue of a part: its items under a header, each version with a basis."""
    if node is None:
        return None
    header = mapping(parse_bytes(CATALOGUE.encode(), name))
    basis = parse_bytes(CATALOGUE_BASIS.encode(), name)
    return catalogue_of(Mapping((*header.items, *mapping(_based(node, basis)).items), header.place), name)


def _based(node: Node, basis: Node) -> Node:
    """The node with a basis in everything that names a class of the catalogue."""
    if isinstance(node, Mapping):
        inside = tuple((name, _based(value, basis)) for name, value in node)
        more = ((word("basis"), basis),) if node.get("catalogue class") else ()
        return Mapping((*inside, *more), node.place)
    return (
        node if isinstance(node, Text) else type(node)(tuple(_based(item, basis) for item in items(node)), node.place)
    )


def amount(bill: Bill, name: str) -> int:
    """An amount of a bill by its words, in fen: a part of the claim too.

    A layer (what it paid), a part of it (`basic insurance's deductible`), `paid`, `personal`, ...
    """
    if name in PARTS:
        found: int = getattr(bill.claim, PARTS[name])
        return found
    if name == "year":
        (year,) = {use["period_key"] for use in bill.data()["uses"] if use["period"] == "year"}
        return int(year)
    if name.endswith(" before caps"):
        return int(layer_of(bill, name.removesuffix(" before caps"))["reimbursement"]["fen"])
    if "'s " in name:
        owner, part = name.rsplit("'s ", 1)
        return int(layer_of(bill, owner)["parts"][part.replace(" ", "_").replace("-", "_")])
    totals = {"paid": bill.paid_fen, "personal": bill.personal_fen}
    return totals[name] if name in totals else bill.paid_by_layer_fen()[name]


def layer_of(bill: Bill, name: str) -> dict[str, Any]:
    """What a bill says of a layer."""
    return next(one for one in bill.data()["layers"] if one["layer"] == name)
