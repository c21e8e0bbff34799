"""Claims of the log settled again: in columns, policy after policy; one by one where columns can't follow the uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from openyibao.history.state_check import Wrong
from openyibao.history.state_read import claim_of
from openyibao.service.replay.chains import Chain
from openyibao.service.replay.laws import Key, Law, Laws, SlotPlace, left_fen
from openyibao.service.replay.log import Claimed, UseKey
from openyibao.settlement import ClaimError, Uses
from openyibao.settlement.columns import Array
from openyibao.settlement.facts import TwoValuesError, encoder
from openyibao.settlement.ir import NO_LIMIT
from openyibao.settlement.traced import Given, Traced

COLUMNS, SINGLE = "columns", "one by one"
NONE = -1


@dataclass(slots=True)
class Derived:
    """What a claim gives when it is settled again: by layer what it paid and what its caps had left; what it added to
    which use. `how` says by which form; `error`, if not "", why it can't be settled or derived.

    `unknown`: the law itself is missing, so that nothing is said about the claim.
    """

    how: str
    law: Law | None
    layers: Sequence[tuple[int, int | None]] = ()
    added: dict[UseKey, int] = field(default_factory=dict)
    error: str = ""
    unknown: bool = False


Found = dict[tuple[int, int], Derived]
"""By the id of a settlement and the place of the claim in it."""


@dataclass(slots=True)
class _Going:
    """A chain on its way: how many of its steps are derived, and what its person has used by then."""

    chain: Chain
    done: int = 0
    state: dict[UseKey, int] = field(default_factory=dict)


def derive(chains: Iterable[Chain], laws: Laws) -> Found:
    """Settle all steps of chains again. Those that only lead to others (`Chain.first`) are not among what is found."""
    found: Found = {}
    going: list[_Going] = []
    for chain in chains:
        known = _known(chain, laws, found)
        if any(laws.of(law).traced is None for law in {step.law for step in known.steps}):
            _one_by_one(known, laws, found)
        elif known.steps:
            going.append(_Going(known))
    while going:
        pieces: dict[Key, list[_Going]] = defaultdict(list)
        for one in going:
            pieces[one.chain.steps[one.done].law].append(one)
        going = []
        for key, ones in pieces.items():
            going += _in_columns(laws.of(key), ones, laws, found)
    return found


def _known(chain: Chain, laws: Laws, found: Found) -> Chain:
    """The chain up to the first step whose law is not known: that one, and all that may rest on it, stay open."""
    unknown = {law: error for law in {step.law for step in chain.steps} if (error := laws.unknown(law))}
    if not unknown:
        return chain
    for place, step in enumerate(chain.steps):
        if step.law in unknown:
            for later in chain.steps[max(place, chain.first) :]:
                found[later.place] = Derived(COLUMNS, None, error=unknown[step.law], unknown=True)
            return Chain(chain.steps[:place], min(chain.first, place))
    return chain


# ---------------------------------------------------------------- in columns


def _in_columns(law: Law, ones: list[_Going], laws: Laws, found: Found) -> list[_Going]:
    """The next steps of chains that fall under one law; those chains that go on under another."""
    rows: list[list[int]] = []
    owners: list[int] = []
    given: list[Given] = []
    ready: list[tuple[_Going, int]] = []
    for one in ones:
        steps, end = one.chain.steps, one.done
        while end < len(steps) and steps[end].law == steps[one.done].law:
            end += 1
        try:
            mine = [law.row(step.claim) for step in steps[one.done : end]]
        except (TwoValuesError, KeyError, TypeError, ValueError):  # what it is that can't be read is said there
            _one_by_one(one.chain, laws, found)
            continue
        given += _given(law, one.state, len(rows))
        owners += [len(ready)] * len(mine)
        rows += mine
        ready.append((one, end))
    if not rows:
        return []
    table = np.array(rows, np.int64)
    columns = {name: table[:, place] for place, name in enumerate(law.needs)}
    assert law.traced is not None
    traced = law.traced.trace({"person": np.array(owners, np.int64), **columns}, given)
    return _taken(law, ready, traced, found)


def _taken(law: Law, ready: list[tuple[_Going, int]], traced: Traced, found: Found) -> list[_Going]:
    """What the columns gave, put to its steps."""
    steps = [step for one, end in ready for step in one.chain.steps[one.done : end]]
    layers, faults = _layers(law, traced), traced.settled.faults().tolist()
    added, after = _uses(law, [step.claim for step in steps], traced)
    row, going = 0, []
    for one, end in ready:
        if end < len(one.chain.steps):
            going.append(one)
            for place in range(row, row + end - one.done):
                one.state |= after[place]
        first = row + max(0, one.chain.first - one.done)
        row += end - one.done
        one.done = end
        for place in range(first, row):
            if faults[place]:
                found[steps[place].place] = Derived(COLUMNS, law, error=_fault(law, faults[place]))
            else:
                found[steps[place].place] = Derived(COLUMNS, law, layers[place], added[place])
    return going


def _layers(law: Law, traced: Traced) -> list[tuple[tuple[int, int | None], ...]]:
    """By row: what each layer paid, and what its caps had left."""
    out = traced.settled.outputs
    columns = []
    for layer in law.layers:
        left = np.full(len(traced.settled.fault), NO_LIMIT, np.int64)
        for name in layer.lefts:
            left = np.minimum(left, out[name])
        left = np.where((out[layer.applies] != 0) & (left <= NO_LIMIT // 2), left, NONE)
        lefts = [None if fen == NONE else fen for fen in left.tolist()]
        columns.append(list(zip(out[layer.paid].tolist(), lefts, strict=True)))
    return list(zip(*columns, strict=True))


def _uses(
    law: Law, claims: Sequence[Claimed], traced: Traced
) -> tuple[list[dict[UseKey, int]], list[dict[UseKey, int]]]:
    """By row: by how much each use changed, and what it then was."""
    added: list[dict[UseKey, int]] = [{} for _ in claims]
    after: list[dict[UseKey, int]] = [{} for _ in claims]
    for slot, written in zip(law.slots, traced.written, strict=True):
        rows = np.flatnonzero(written.now >= 0)
        if not len(rows):
            continue
        places = rows.tolist()
        keys = _keys(law, slot, claims, places, [None if key is None else key[rows] for key in written.keys])
        for row, key, was, now in zip(
            places, keys, written.was[rows].tolist(), written.now[rows].tolist(), strict=True
        ):
            after[row][key] = now
            if now != was:
                added[row][key] = now - was
    return added, after


def _keys(
    law: Law, slot: SlotPlace, claims: Sequence[Claimed], rows: list[int], keys: Sequence[Array | None]
) -> list[UseKey]:
    """The keys of a slot's uses in some rows, as histories name them."""
    parts: list[list[Any]] = []
    for place, (name, column) in enumerate(zip((slot.key, *slot.per), keys, strict=True)):
        if place and slot.words[place - 1] is not None:
            word = law.worded[name]
            parts.append([word(claims[row]) for row in rows])
        elif column is None:
            parts.append([claims[row][name] for row in rows])
        else:
            parts.append(column.tolist())
    group = slot.group
    return [(group, *key) for key in zip(*parts, strict=True)]


def _given(law: Law, state: dict[UseKey, int], row: int) -> list[Given]:
    """What a person has used before, as the columns take it; uses that the law does not know stay out."""
    found = []
    assert law.traced is not None
    for key, fen in state.items():
        number = law.by_group.get(str(key[0]))
        if number is None or not fen or len(key) != 2 + len(law.slots[number].per):
            continue
        slot = law.slots[number]
        texts = law.traced.plan.program.texts
        at = law.names.get(str(key[1]), NONE) if slot.key in texts else key[1]
        per = []
        for name, fact, value in zip(slot.per, slot.words, key[2:], strict=True):
            if fact is not None:
                per.append(encoder(fact)(value))
            else:
                per.append(law.names.get(str(value), NONE) if name in texts else int(value))
        if isinstance(at, int):
            found.append(Given(row, number, at, tuple(per), fen))
    return found


def _fault(law: Law, number: int) -> str:
    fault = law.rule.plan.program.faults[number]
    return " ".join(part for part in (fault.kind, fault.layer, fault.what, fault.fact) if part)


# ---------------------------------------------------------------- one by one


def _one_by_one(chain: Chain, laws: Laws, found: Found) -> None:
    """The steps of a chain by the form for one claim, from the beginning."""
    uses = Uses()
    for place, step in enumerate(chain.steps):
        law = laws.of(step.law)
        try:
            bill, after = law.rule.settle(uses, claim_of(step.claim, "claim"))
        except (ClaimError, Wrong, ValueError) as error:
            derived = Derived(SINGLE, law, error=str(error))
        else:
            named = bill.named
            layers = [
                (named[one.paid], left_fen(named[left] for left in one.lefts) if named[one.applies] else None)
                for one in law.layers
            ]
            old, new = uses.values, after.values
            keys = old.keys() | new.keys()
            added = {key: new.get(key, 0) - old.get(key, 0) for key in keys if new.get(key, 0) != old.get(key, 0)}
            derived = Derived(SINGLE, law, layers, added)
            uses = after
        if place >= chain.first:
            found[step.place] = derived
