"""What a history keeps, what it refuses, and what the log and the differences say."""

from __future__ import annotations

import dataclasses
import importlib.util
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import openyibao
from openyibao import Claim, ClaimError, Uses, read_claims
from openyibao.history import (
    History,
    HistoryError,
    ReversalRefusedError,
    differences,
    history_hash,
    load_series,
    opened,
    resettle,
    reverse,
    settle,
    settle_all,
    sums,
    uses_hash,
)
from openyibao.history.series import Series
from openyibao.policy.write import write_policy

SPEC = importlib.util.spec_from_file_location("texts", Path(__file__).with_name("version_policies.py"))
assert SPEC and SPEC.loader
texts = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(texts)
AT = datetime(2026, 12, 1, 10, tzinfo=UTC)
EXAMPLE = Path(openyibao.__file__).parent / "examples" / "willow-year.yaml"
WILLOW = load_series(["teaching/willow-county-2026"])
CLAIMS = read_claims(EXAMPLE, WILLOW.reader())
YEAR = settle_all(History("example-4"), WILLOW, CLAIMS, AT)
BASIC, CRITICAL, AID = "basic insurance", "critical illness insurance", "medical assistance"


def test_an_entry_keeps_what_a_claim_read_and_added() -> None:
    first = YEAR.entries[0]
    assert (first.number, first.claim, first.policy) == (1, CLAIMS[0], "teaching/willow-county-2026")
    assert first.digest == WILLOW.policies[0].digest
    assert first.added == {
        (f"{BASIC} / at most per year", 2026): 2_940_000,
        (f"{CRITICAL} / deductible per year", 2026): 1_000_000,
        (f"{CRITICAL} / pays in bands", 2026): 1_060_000,
        (f"{CRITICAL} / at most per year", 2026): 636_000,
        (f"{AID} / limit per year", 2026): 1_724_000,
        (f"{AID} / at most per year", 2026): 1_206_800,
    }
    assert first.read == first.added.keys()
    assert (f"{BASIC} / at most per year", 2026) in YEAR.entries[2].read  # found exhausted: read, not changed
    assert (f"{BASIC} / at most per year", 2026) not in YEAR.entries[2].added
    total = {key: sum(entry.added.get(key, 0) for entry in YEAR.entries) for key in YEAR.uses.values}
    assert total == YEAR.uses.values


def test_claims_that_arrive_together_are_settled_by_date() -> None:
    assert history_hash(settle_all(History("example-4"), WILLOW, CLAIMS[::-1], AT)) == history_hash(YEAR)


def test_a_late_claim_is_settled_when_it_arrives() -> None:
    """The first stay arrives last: it meets what the others used, and they stay as they are."""
    late = settle(settle_all(History("example-4"), WILLOW, CLAIMS[1:], AT), WILLOW, CLAIMS[0], AT)
    assert [entry.claim.id for entry in late.counted()] == ["W-2", "W-3", "W-1"]
    assert late.entries[-1].bill.paid_by_layer_fen()[BASIC] < YEAR.entries[0].bill.paid_by_layer_fen()[BASIC]


def test_what_is_not_this_persons_or_settled_already_is_refused() -> None:
    for claim, kind in (
        (dataclasses.replace(CLAIMS[0], person="B"), "person"),
        (CLAIMS[0], "again"),
        (dataclasses.replace(CLAIMS[1], in_scope_fen=1), "again"),
    ):
        with pytest.raises(HistoryError) as found:
            settle(YEAR, WILLOW, claim, AT)
        assert found.value.kind == kind
    with pytest.raises(HistoryError, match="no zone"):
        settle(History("example-4"), WILLOW, CLAIMS[0], AT.replace(tzinfo=None))


def test_a_claim_that_fails_leaves_no_trace() -> None:
    with pytest.raises(ClaimError):
        settle(YEAR, WILLOW, dataclasses.replace(CLAIMS[0], id="W-4", facts={}), AT)


def test_a_reversal_is_refused_with_the_claims_in_the_way() -> None:
    with pytest.raises(ReversalRefusedError) as found:
        reverse(YEAR, "W-1", AT, "x")
    assert [item.entry.claim.id for item in found.value.claims] == ["W-2", "W-3"]
    assert all((f"{BASIC} / at most per year", 2026) in item.keys for item in found.value.claims)
    for text in (found.value.text.zh, found.value.text.en):
        assert "W-2" in text and "W-3" in text and "resettle" in text
    assert "(W-3, W-2)" in found.value.text.en and "基本医疗保险 / 年度最高支付（2026）" in found.value.text.zh


def test_a_reversed_claim_may_come_again() -> None:
    done = reverse(YEAR, "W-3", AT, "wrong amounts").history
    assert [entry.claim.id for entry in done.counted()] == ["W-1", "W-2"]
    with pytest.raises(HistoryError, match="W-1, W-2"):
        reverse(done, "W-3", AT, "again")
    again = settle(done, WILLOW, CLAIMS[2], AT)
    assert history_hash(again) == history_hash(YEAR)
    assert [event.kind for event in again.events] == ["settled", "settled", "settled", "reversed", "settled"]
    assert [entry.number for entry in again.entries] == [1, 2, 3, 4]


def test_the_log_of_a_resettlement() -> None:
    done = resettle(YEAR, WILLOW, {"W-1": None}, AT, "another person's")
    log = [(e.number, e.kind, e.claim, e.before, e.after, e.cause) for e in done.history.events[3:]]
    assert log == [
        (4, "reversed", "W-1", 1, None, None),
        (5, "resettled", "W-2", 2, 4, 4),
        (6, "resettled", "W-3", 3, 5, 4),
    ]
    assert done.history.standing == (4, 5)
    assert [change.before.claim.id for change in done.changes] == ["W-1", "W-2", "W-3"]


def test_differences_add_up() -> None:
    """What is taken back is worth its total; what is settled again only changes hands."""
    changes = resettle(YEAR, WILLOW, {"W-2": None}, AT, "x").changes
    rows = differences(changes)
    for claim, total in (("W-2", -18_000_000), ("W-3", 0)):
        assert sum(row.fen for row in rows if row.claim == claim) == total
    assert sum(row.fen for row in sums(rows)) == -18_000_000
    assert [row.payer.zh for row in sums(rows)] == ["统筹基金", "大病保险资金", "医疗救助基金", "个人"]
    assert [row.layer.en for row in rows if row.claim == "W-3"] == [BASIC, CRITICAL, AID, ""]


def test_a_status_recognised_later_changes_who_pays() -> None:
    ordinary = [dataclasses.replace(c, facts={**c.facts, "class": "ordinary"}) for c in CLAIMS]
    history = settle_all(History("example-4"), WILLOW, ordinary, AT)
    done = resettle(history, WILLOW, {claim.id: claim for claim in CLAIMS}, AT, "recognised")
    assert history_hash(done.history) == history_hash(YEAR)
    rows = sums(differences(done.changes))
    assert [(row.payer.en, row.fen) for row in rows] == [
        ("medical assistance fund", 3_000_000),
        ("the person", -3_000_000),
    ]
    assert [event.kind for event in done.history.events[3:]] == ["corrected"] * 3


def test_nothing_changes_when_a_later_claim_fails() -> None:
    """W-3 has no longer a class that the amended policy knows."""
    text = write_policy(WILLOW.policies[0], "en").replace("secondary: 75%", "secondary: not known")
    assert "not known" in text
    from openyibao.policy import read_policy_text

    amended = Series([read_policy_text(text, "amended.yaml")])
    before = history_hash(YEAR)
    with pytest.raises(HistoryError) as found:
        resettle(YEAR, amended, {"W-1": None}, AT, "x", amended=True)
    assert found.value.kind == "failed" and "W-3" in found.value.text.zh and "Nothing was changed" in str(found.value)
    assert history_hash(YEAR) == before and len(YEAR.events) == 3


def test_an_amended_policy_is_not_applied_to_others_in_silence() -> None:
    from openyibao.policy import read_policy_text

    text = write_policy(WILLOW.policies[0], "en").replace("secondary: 75%", "secondary: 76%")
    amended = Series([read_policy_text(text, "amended.yaml")])
    with pytest.raises(HistoryError) as found:
        resettle(YEAR, amended, {"W-1": None}, AT, "x")
    assert found.value.kind == "amended" and YEAR.entries[0].digest in str(found.value)
    done = resettle(YEAR, amended, {"W-1": None}, AT, "x", amended=True).history
    assert {entry.digest for entry in done.counted()} == {amended.policies[0].digest}
    last = resettle(YEAR, amended, {"W-3": CLAIMS[2]}, AT, "x").history  # asked for: no other claim changes
    assert [entry.digest for entry in last.counted()[:2]] == [YEAR.entries[0].digest] * 2


def test_what_cannot_be_resettled() -> None:
    other = dataclasses.replace(CLAIMS[0], id="W-9")
    for wanted, kind in (
        ({}, "nothing"),
        ({"W-9": None}, "unknown"),
        ({"W-1": other}, "other id"),
        ({"W-1": dataclasses.replace(CLAIMS[0], person="B")}, "person"),
    ):
        with pytest.raises(HistoryError) as found:
            resettle(YEAR, WILLOW, wanted, AT, "x")
        assert found.value.kind == kind


def test_opening_uses_come_from_elsewhere_and_stay() -> None:
    """60,000 yuan of the cap were used before the person came here; a reversal gives them back untouched."""
    cap = (f"{BASIC} / at most per year", 2026)
    start = opened("example-4", Uses({cap: 9_000_000}))
    history = settle(start, WILLOW, CLAIMS[0], AT)
    assert history.entries[0].bill.paid_by_layer_fen()[BASIC] == 1_000_000
    assert uses_hash(reverse(history, "W-1", AT, "x").history.uses) == uses_hash(start.uses)
    again = resettle(history, WILLOW, {"W-1": CLAIMS[0]}, AT, "x").history
    assert history_hash(again) == history_hash(history)


def test_only_what_depends_on_a_claim_is_settled_again() -> None:
    """Stays of two years share no use; nor does a claim of which nothing is paid with any."""
    series = texts.series()
    facts = {"service": "inpatient", "class": "ordinary"}
    days = [date(2023, 9, 1), date(2024, 2, 1), date(2024, 3, 1)]
    claims = [Claim(f"{day.year}-{day.month}", "A", day, day, day, 500_000, facts=facts) for day in days]
    outside = Claim("outside", "A", days[1], days[1], days[1], 0, fully_self_paid_fen=700, facts=facts)
    history = settle_all(History("A"), series, [*claims, outside], AT)
    assert not history.find("outside").added and history.find("outside").read
    for name, changed in (("outside", 1), ("2023-9", 1), ("2024-3", 1), ("2024-2", 3)):
        assert len(resettle(history, series, {name: None}, AT, "x").changes) == changed, name
    assert [entry.claim.id for entry in reverse(history, "2023-9", AT, "x").history.counted()] == [
        "2024-2",
        "outside",
        "2024-3",
    ]
    with pytest.raises(ReversalRefusedError):
        reverse(history, "2024-2", AT, "x")
