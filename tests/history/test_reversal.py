"""T11 and T12: what is taken back leaves no trace in what counts, and what depends on it is refused or derived again.

`YIBAO_HISTORY_SEED` takes the seed that a run printed.
"""

from __future__ import annotations

import dataclasses
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from history import random_people as people
from history import version_policies as versions
from openyibao.history import (
    Changed,
    History,
    HistoryError,
    ReversalRefusedError,
    Series,
    dependants,
    history_hash,
    in_the_way,
    resettle,
    reverse,
    settle,
)
from openyibao.policy import Policy
from openyibao.settlement import Claim, ClaimError
from service.figures import figure

AT = datetime(2026, 1, 1, tzinfo=UTC)
ONE = [Series([policy]) for policy in people.policies()]
SERIES = [*ONE, versions.series("settlement", "discharge"), versions.series("discharge")]


def whole(series: Series) -> Policy:
    """What a series asks and for how long, as one policy to draw claims for."""
    return dataclasses.replace(series.reader(), start=series.policies[0].start, end=series.policies[-1].end)


WHOLE = [whole(series) for series in SERIES]


def settled(series: Series, claims: Iterable[Claim], history: History) -> list[History]:
    """The histories after each claim that could be settled, from the empty one on."""
    found = [history]
    for claim in claims:
        try:
            found.append(settle(found[-1], series, claim, AT))
        except ClaimError:
            continue
    return found


def sequences(number: int, seed: str, least: int) -> Iterator[tuple[str, random.Random, Series, list[History]]]:
    """Random persons, policy after policy: where it was drawn, and the histories after each of their claims.

    Persons with fewer than `least` claims that can be settled are drawn again; `number` are given.
    """
    for n in range(number):
        series, policy = SERIES[n % len(SERIES)], WHOLE[n % len(SERIES)]
        histories, tries = list[History](), 0
        while len(histories) <= least:
            where = f"{seed}/{n}/{tries}"
            rng = random.Random(where)
            histories = settled(series, people.Person(rng, policy).claims(), History("P"))
            tries += 1
            assert tries < 1000, f"{policy.id}: no claim of random people can be settled"
        yield f"sequence {where}, policy {policy.id}", rng, series, histories


def restore(number: int, seed: str) -> None:
    """T11: settle, reverse: every use and all that counts as before, bit for bit."""
    start, settlings, by_policy = time.monotonic(), 0, Counter[str]()
    for where, _, series, histories in sequences(number, seed, 1):
        hashes = [history_hash(history) for history in histories]
        history = histories[-1]
        for before, wanted in zip(reversed(histories[:-1]), reversed(hashes[:-1]), strict=True):
            history = reverse(history, history.counted()[-1].claim.id, AT, "test").history
            assert history.uses == before.uses, where
            assert history_hash(history) == wanted, where
        settlings += len(hashes) - 1
        by_policy[series.policies[0].id] += len(hashes) - 1
        assert len(history.events) == 2 * (len(hashes) - 1), where
    print(f"\nT11: seed {seed}: {number} sequences, {settlings} settled and reversed, 0 differences, ", end="")
    print(f"{time.monotonic() - start:.1f} s; by policy: {dict(by_policy)}")
    assert all(by_policy[series.policies[0].id] >= number // len(SERIES) for series in SERIES), by_policy
    figure(sequences=number, settlements=settlings, differences=0, policies=len(by_policy), seed=seed)


@pytest.mark.reliability("T11", "by the engine, policies of the library and for tests")
def test_a_reversal_restores_everything() -> None:
    restore(3_000, f"{people.SEED}")


@pytest.mark.reliability("T11", "by the engine, policies of the library and for tests")
@pytest.mark.long
def test_a_reversal_restores_everything_100_000_times() -> None:
    restore(100_000, f"{people.SEED + 1}")


def from_scratch(series: Series, claims: Iterable[Claim], opening: History) -> History | None:
    """All claims settled in this order; None where one cannot be."""
    history = opening
    for claim in claims:
        try:
            history = settle(history, series, claim, AT)
        except ClaimError:
            return None
    return history


def middle(number: int, seed: str) -> None:
    """T12: a middle claim taken back, at once or by re-settling, and corrected; each time as from scratch."""
    start, count = time.monotonic(), Counter[str]()
    for where, rng, series, histories in sequences(number, seed, 2):
        history = histories[-1]
        claims = [entry.claim for entry in history.counted()]
        at = rng.randrange(len(claims) - 1)
        others = from_scratch(series, claims[:at] + claims[at + 1 :], History("P"))
        try:
            done = reverse(history, claims[at].id, AT, "test").history
            assert not in_the_way(history, claims[at].id), where
            count["reversed at once"] += 1
            assert others is not None and history_hash(done) == history_hash(others), where
        except ReversalRefusedError as refused:
            check_refusal(history, claims[at], refused, where)
            count["refused"] += 1
        count[check_resettled(history, series, {claims[at].id: None}, others, where)] += 1
        right = people.Person(rng, whole(series)).claim(at)
        right = replaced(right, claims[at].id)
        corrected = from_scratch(series, [*claims[:at], right, *claims[at + 1 :]], History("P"))
        count["corrected: " + check_resettled(history, series, {right.id: right}, corrected, where)] += 1
    print(f"\nT12: seed {seed}: {number} sequences, 0 differences, {time.monotonic() - start:.1f} s: {dict(count)}")
    for kind in ("reversed at once", "refused", "re-settled", "corrected: re-settled"):
        assert count[kind] > number // 50, count
    figure(sequences=number, reversed=count["reversed at once"], refused=count["refused"], differences=0, seed=seed)


def replaced(claim: Claim, name: str) -> Claim:
    return dataclasses.replace(claim, id=name, stay="", episode="")


def check_refusal(history: History, claim: Claim, refused: ReversalRefusedError, where: str) -> None:
    """Those in the way are later, share a use, and are named; reversed from the last on, the claim can go."""
    entries = history.counted()
    place = next(n for n, entry in enumerate(entries) if entry.claim == claim)
    added = set(entries[place].added)
    expected = [entry.claim.id for entry in entries[place + 1 :] if added & (set(entry.read) | set(entry.added))]
    assert [item.entry.claim.id for item in refused.claims] == expected, where
    for text in (refused.text.zh, refused.text.en):
        assert all(name in text for name in expected), where
    for entry in reversed(dependants(history, claim.id)):
        history = reverse(history, entry.claim.id, AT, "test").history
    assert len(reverse(history, claim.id, AT, "test").history.standing) < len(entries), where


def check_resettled(history: History, series: Series, wanted: dict, expected: History | None, where: str) -> str:
    """What is re-settled is as from scratch; where that fails, nothing has changed."""
    before = history_hash(history)
    try:
        done: Changed = resettle(history, series, wanted, AT, "test")
    except (HistoryError, ClaimError):
        assert expected is None, where
        assert history_hash(history) == before, where
        return "refused as from scratch"
    assert expected is not None, where
    assert history_hash(done.history) == history_hash(expected), where
    assert done.history.uses == expected.uses, where
    bills = [entry.bill.personal_fen for entry in done.history.counted()]
    assert bills == [entry.bill.personal_fen for entry in expected.counted()], where
    return "re-settled"


@pytest.mark.reliability("T12", "a middle claim taken back or corrected, beside settling from scratch")
def test_a_middle_claim_taken_back_or_corrected_is_as_from_scratch() -> None:
    middle(1_000, f"{people.SEED}/middle")


@pytest.mark.reliability("T12", "a middle claim taken back or corrected, beside settling from scratch")
@pytest.mark.long
def test_a_middle_claim_taken_back_or_corrected_10_000_times() -> None:
    middle(10_000, f"{people.SEED + 1}/middle")
