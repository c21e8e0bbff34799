"""The policies by which kept settlements were made, found by id and digest, and compiled to be derived again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter

import numpy as np

from openyibao.policy import FileError, PolicyNotFoundError, find_policy, read_policy, read_policy_text
from openyibao.policy.model import Fact, Policy
from openyibao.service.replay.log import Claimed
from openyibao.service.settlements.payers import OWN
from openyibao.settlement import Rule
from openyibao.settlement.claim import FactValue
from openyibao.settlement.columns import MONEY
from openyibao.settlement.facts import TwoValuesError, encoder
from openyibao.settlement.ir import NO_LIMIT
from openyibao.settlement.program import plan_policy
from openyibao.settlement.traced import TracedRule, traceable

Key = tuple[str, str]
"""The id of a policy and its digest."""
DATES = ("admission", "discharge", "settlement", "charge", "enrolment")
NAMES = ("episode", "stay")
PARTS = MONEY[1:]


class UnknownLawError(LookupError):
    """A policy that is not in the library as it was when the settlement was made."""


@dataclass(frozen=True, slots=True)
class LayerPlace:
    """A layer: its name, whether an account pays it, and what holds its amounts among the outputs."""

    name: str
    own: bool
    paid: str
    applies: str
    lefts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotPlace:
    """A slot: its group, the local of its period, the locals of its values, and the fact whose words name each."""

    group: str
    key: str
    per: tuple[str, ...]
    words: tuple[Fact | None, ...]


@dataclass
class Law:
    """A policy in both of its forms. `traced` is None where uses can't be followed in columns: see `traceable`.

    `names` numbers episodes, stays and other texts; `worded` reads, by its local, a fact whose words name uses.
    """

    policy: Policy
    rule: Rule
    layers: tuple[LayerPlace, ...]
    slots: tuple[SlotPlace, ...]
    traced: TracedRule | None
    readers: tuple[Callable[[Claimed], int], ...] = ()
    needs: tuple[str, ...] = ()
    names: dict[str, int] = field(default_factory=dict)
    worded: dict[str, Callable[[Claimed], FactValue]] = field(default_factory=dict)
    by_group: dict[str, int] = field(default_factory=dict)

    def row(self, claim: Claimed) -> list[int]:
        """A claim as a row of the columns `needs`.

        Raises TwoValuesError where it states two values of a fact at once and the policy has no order.
        """
        return [read(claim) for read in self.readers]


class Laws:
    """The laws that kept settlements name, each read once: from the library, or from the texts kept by digest."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts = texts or {}
        self._found: dict[Key, Law] = {}
        self._unknown: dict[Key, str] = {}

    def of(self, key: Key) -> Law:
        """The law of a policy's id and digest, which must be known."""
        return self._found[key]

    def prepare(self, key: Key) -> None:
        """Read and compile the law of an id and a digest, if there is one."""
        if not self.unknown(key):
            traced = self._found[key].traced
            if traced is not None:
                traced.trace({name: np.zeros(0, np.int64) for name in traced.needs})

    def unknown(self, key: Key) -> str:
        """Why the law of an id and a digest is not known, or ""; where it is, it has been read."""
        if key in self._found:
            return ""
        if key not in self._unknown:
            try:
                self._found[key] = law_of(_policy(key, self._texts))
                return ""
            except UnknownLawError as error:
                self._unknown[key] = str(error)
        return self._unknown[key]


def _policy(key: Key, texts: Mapping[str, str]) -> Policy:
    name, digest = key
    try:
        policy = _of_library(name)
        found = f"has the digest {policy.digest} in the library"
    except (PolicyNotFoundError, FileError, OSError):
        policy, found = None, "is not in the library"
    if policy is not None and policy.digest == digest:
        return policy
    if digest not in texts:
        raise UnknownLawError(f"policy {name} {found}; its text with the digest {digest} is not kept")
    kept = read_policy_text(texts[digest])
    if kept.digest != digest:
        raise UnknownLawError(f"policy {name} {found}; its kept text has the digest {kept.digest}, not {digest}")
    return kept


@lru_cache(maxsize=64)
def _of_library(name: str) -> Policy:
    return read_policy(find_policy(name))


_laws: dict[str, Law] = {}


def law_of(policy: Policy) -> Law:
    """The law that a policy makes; made once for each digest."""
    if policy.digest not in _laws:
        _laws[policy.digest] = _law_of(policy)
    return _laws[policy.digest]


def _law_of(policy: Policy) -> Law:
    plan = plan_policy(policy)
    program = plan.program
    layers = tuple(
        LayerPlace(one.layer.name, one.layer.payer in OWN, one.paid, one.applies, tuple(cap.left for cap in one.caps))
        for one in plan.layers
    )
    facts = {plan.low.fact_name(fact.name): fact for fact in policy.facts}
    words = {name: facts[name] for name in program.keyed}
    slots = tuple(
        SlotPlace(slot.group, slot.key, slot.per, tuple(words.get(name) for name in slot.per)) for slot in program.slots
    )
    if not traceable(program):
        return Law(policy, Rule(policy), layers, slots, None)
    outputs = tuple(dict.fromkeys(name for one in layers for name in (one.paid, one.applies, *one.lefts)))
    traced = TracedRule(policy, outputs)
    names: dict[str, int] = {}
    needs = tuple(name for name in traced.needs if name != "person")
    asked = {fact.name: fact for fact in facts.values()}
    readers = tuple(_reader(name, asked, names) for name in needs)
    worded = {local: word_of(fact) for local, fact in words.items()}
    by_group = {slot.group: number for number, slot in enumerate(slots)}
    return Law(policy, Rule(policy), layers, slots, traced, readers, needs, names, worded, by_group)


def _reader(name: str, facts: dict[str, Fact], names: dict[str, int]) -> Callable[[Claimed], int]:
    """How a column's number is read from a claim. Names of episodes and stays are numbered in `names`."""
    if name in facts:
        return _fact_reader(facts[name], names)
    if name in NAMES:
        return lambda claim: names.setdefault(claim[name], len(names))
    if name == "total":
        return total_fen
    if name in MONEY:
        return itemgetter(f"{name}_fen")
    if name in DATES:
        return lambda claim: number_of_day(claim[name])
    return lambda claim: int(claim[name])


def total_fen(claim: Claimed) -> int:
    """What a claim costs."""
    found: int = (
        claim["fully_self_paid_fen"] + claim["over_limit_fen"] + claim["pre_self_paid_fen"] + claim["in_scope_fen"]
    )
    return found


_days: dict[str | None, int] = {None: -1}


def number_of_day(day: str | None) -> int:
    """yyyymmdd of an ISO date; -1 for none."""
    found = _days.get(day)
    if found is None:
        assert day is not None
        found = _days[day] = int(day.replace("-", ""))
        if len(_days) > 100_000:
            _days.clear()
            _days[None] = -1
    return found


def _fact_reader(fact: Fact, names: dict[str, int]) -> Callable[[Claimed], int]:
    encode, word, name = encoder(fact), word_of(fact), fact.name

    def read(claim: Claimed) -> int:
        value = claim["facts"].get(name)
        return encode(word(claim) if value.__class__ is list else value)

    def read_any(claim: Claimed) -> int:
        value = word(claim)
        code = encode(value)
        return names.setdefault(str(value), len(names)) if code >= 0 else code

    return read_any if fact.kind == "any" else read


def word_of(fact: Fact) -> Callable[[Claimed], FactValue]:
    """The one value of a fact that counts for a claim, as `settlement.facts.held` finds it."""

    def word(claim: Claimed) -> FactValue:
        value = claim["facts"].get(fact.name)
        if value.__class__ is not list:
            return value
        return _held(fact, value, claim[fact.as_of])  # type: ignore[return-value]

    return word


def _held(fact: Fact, items: Iterable[dict[str, str | None]], day: str | None) -> str | None:
    """Dates in ISO form stand in the order of time."""
    now = [
        str(one["is"])
        for one in items
        if (one.get("from") is None and one.get("before") is None)
        or (
            day is not None
            and (one.get("from") is None or str(one["from"]) <= day)
            and (one.get("before") is None or day < str(one["before"]))
        )
    ]
    found = tuple(dict.fromkeys(now))
    if fact.order and len(found) > 1:
        known = sorted((name for name in found if name in fact.values), key=fact.values.index)
        return known[0] if known else found[0]
    if len(found) > 1:
        raise TwoValuesError(fact.name, found)
    return found[0] if found else None


def left_fen(lefts: Iterable[int]) -> int | None:
    """The least that caps had left; None where none limits."""
    limits = [fen for fen in lefts if fen <= NO_LIMIT // 2]
    return min(limits) if limits else None
