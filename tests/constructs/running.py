"""The cases of the constructs: NN-name.yaml, one for each row of the survey of constructs, and how one is run.

A case that runs has a policy with only what the construct needs, and claims with the bill that each should get. Its
`contrast` is a list of other policies, or of the same with other claims, that give another bill. The policy gets its
header and its bases as those of the published examples do (tests/examples). A case that waits names what the language
lacks (`waits for`, `missing`); one that runs may do so for a part of its construct (`not shown`).

A claim has the keys of a claim file, and here also: `cost` (all of it in scope) in place of `money`; `bill` (amounts by
name) and `why` (the arithmetic by hand). Without `claim id` it has its number, without `person` it is A's, without
`admission` and `discharge` they are the day of settlement. `refused` in place of `bill` holds words of the message with
which the claim is refused. `corrects` settles a claim again with other facts; `again` looks at a bill once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples.test_examples import fen, items, key, mapping, plain, policy_of, quantity, text
from openyibao import Policy
from openyibao.catalogue import Catalogue, catalogue_of
from openyibao.history import History, Series, resettle, settle
from openyibao.policy.nodes import Mapping, Node, Place, Text, parse_bytes, parse_file
from openyibao.settlement import Bill, Claim, ClaimError
from openyibao.settlement.claim_file import lined_claims_of

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
HEAD = {"construct", "title", "rule", "source", "date", "sure"}
RUNS = HEAD | {"policy", "claims"}
WAITS = HEAD | {"waits for", "missing"}
MORE = {"made up", "note", "not shown", "catalogue", "contrast"}
OWN = {"cost", "bill", "why", "refused", "corrects", "again"}
PARTS = {
    "in-scope cost": "in_scope_fen",
    "pre-self-paid cost": "pre_self_paid_fen",
    "over-limit cost": "over_limit_fen",
    "fully self-paid cost": "fully_self_paid_fen",
}
LACKS = {
    "E1": ("parts of a part", "a part of the cost told apart by facts of its fee lines"),
    "E2": (
        "gathering claims",
        "a claim that gathers what is still open of settled ones, such as those of an ended year",
    ),
    "E3": ("conditions over money", "a layer or a table that looks at an amount by ranges"),
    "E4": ("facts from history", "a fact worked out from the person's claims before: their number, the days since one"),
    "E5": ("sums and differences", "a share of the sum or the difference of two quantities"),
    "E8": ("payments outside a bill", "what a fund pays to a provider or a person whatever the cost"),
    "rates": ("shares of a rate", "a rate that is a share of another rate, or follows the length of membership"),
    "enrolment": (
        "enrolment",
        "enrolments of a family, its choices, contributions from an account, days since a birth",
    ),
}
"""What the language lacks, by the name that cases use: a name for readers, and what it is."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
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
    """A claim of a case with what came of it: a bill, or the words of a refusal."""

    claim: Mapping
    bill: Bill | None
    refusal: str = ""


@dataclass(frozen=True)
class Part:
    """A policy and its claims: the case itself, or one of its contrasts."""

    says: str
    root: Mapping
    policy: Mapping
    catalogue: Node | None
    claims: tuple[Mapping, ...]


def read(path: Path) -> Mapping:
    """A case, with its keys checked."""
    root = mapping(parse_file(path))
    found = {name.value for name, _ in root}
    needed = WAITS if "waits for" in found else RUNS
    assert needed <= found <= needed | MORE, f"{path.name}: {found ^ needed}"
    assert int(text(root.get("construct"))) == number(path), path.name
    assert set(plain(root.get("title"))) == {"zh", "en"}, path.name
    assert text(root.get("sure")) in ("high", "medium", "low"), path.name
    assert set(waits_for(root)) | set(partly_for(root)) <= set(LACKS), path.name
    return root


def number(path: Path) -> int:
    """The number of the construct that a file is about."""
    found = re.fullmatch(r"(\d\d)(-[a-z0-9]+)+", path.stem)
    assert found, path.name
    return int(found[1])


def waits_for(root: Mapping) -> tuple[str, ...]:
    """What the language must have before the case can run, the chief thing first; nothing if it runs."""
    node = root.get("waits for")
    return tuple(text(item) for item in items(node)) if node else ()


def partly_for(root: Mapping) -> tuple[str, ...]:
    """What the language must have before all of the construct runs."""
    node = root.get("not shown")
    return (text(mapping(node).get("needs")),) if node else ()


def parts(root: Mapping) -> Iterator[Part]:
    """The case and its contrasts; what a contrast does not state (policy, catalogue) is that of the case."""
    more = root.get("contrast")
    for one in (root, *(mapping(item) for item in (items(more) if more else ()))):
        said = one.get("says")
        policy, catalogue = (one.get(name) or root.get(name) for name in ("policy", "catalogue"))
        claims = tuple(mapping(item) for item in items(one.get("claims") or Text("", Place(1, 1))))
        yield Part(text(said) if said else "", root, mapping(policy), catalogue, claims)


def policy(part: Part, path: Path) -> Policy:
    """The policy of a part, under the header that every policy needs."""
    head = tuple((name, value) for name, value in part.root if name.value != "policy")
    return policy_of(Mapping(((key("policy"), part.policy), *head), part.root.place), path)


def catalogue(part: Part, path: Path) -> Catalogue | None:
    """The catalogue of a part: its items under a header, each version with a basis."""
    if part.catalogue is None:
        return None
    header = mapping(parse_bytes(CATALOGUE.encode(), path.name))
    basis = parse_bytes(CATALOGUE_BASIS.encode(), path.name)
    return catalogue_of(Mapping((*header.items, *mapping(based(part.catalogue, basis)).items), header.place), path.name)


def based(node: Node, basis: Node) -> Node:
    """The node with a basis in everything that says from when it holds."""
    if isinstance(node, Mapping):
        inside = tuple((name, based(value, basis)) for name, value in node)
        more = ((key("basis"), basis),) if node.get("catalogue class") else ()
        return Mapping((*inside, *more), node.place)
    return node if isinstance(node, Text) else type(node)(tuple(based(item, basis) for item in items(node)), node.place)


def claim_node(said: Mapping, number: int) -> Mapping:
    """What a case says of a claim, as it would stand in a claim file."""
    own = {name.value: value for name, value in said if name.value not in OWN}
    day = own["settlement"]
    old = said.get("corrects")
    own = {
        "claim id": old or text_node(str(number)),
        "person": text_node("A"),
        "admission": day,
        "discharge": day,
    } | own
    own.setdefault("facts", Mapping((), said.place))
    if cost := said.get("cost"):
        own["money"] = Mapping(((key("total cost"), cost), (key("in-scope cost"), cost)), said.place)
    return Mapping(tuple((key(name), value) for name, value in own.items()), said.place)


def text_node(value: str) -> Text:
    return Text(value, Place(1, 1))


def run(part: Part, path: Path) -> Iterator[Told]:
    """Settle the claims of a part, in the order in which they stand."""
    rule, split = policy(part, path), catalogue(part, path)
    series = Series([rule])
    histories: dict[str, History] = {}
    for number, said in enumerate(part.claims, 1):
        if again := said.get("again"):
            (found,) = (e for h in histories.values() for e in h.counted() if e.claim.id == text(again))
            yield Told(said, found.bill if isinstance(found.bill, Bill) else None)
            continue
        (lined,) = lined_claims_of(claim_node(said, number), path.name, rule, split)
        claim = lined.claim
        try:
            history = settled(histories.get(claim.person, History(claim.person)), series, claim, said)
        except ClaimError as error:
            yield Told(said, None, str(error))
            continue
        histories[claim.person] = history
        bill = history.find(claim.id).bill
        assert isinstance(bill, Bill)
        yield Told(said, bill)


def settled(history: History, series: Series, claim: Claim, said: Mapping) -> History:
    if said.get("corrects"):
        return resettle(history, series, {claim.id: claim}, NOW, "corrected").history
    return settle(history, series, claim, NOW)


def amount(bill: Bill, name: str) -> int:
    """An amount of a bill by its words, in fen; a part of the claim too."""
    if name in PARTS:
        found: int = getattr(bill.claim, PARTS[name])
        return found
    return quantity(bill, name)


def wanted(said: Mapping) -> dict[str, int]:
    """The amounts that a claim's bill should have, in fen."""
    return {name.value: fen(value) for name, value in mapping(said.get("bill"))}


def facts_of(said: Mapping) -> Any:
    return plain(said.get("facts") or Mapping((), said.place))
