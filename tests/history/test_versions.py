"""T19: for each case of versions.csv the right version of the policy and the right class are taken."""

from __future__ import annotations

import csv
import dataclasses
from collections import Counter
from datetime import UTC, date, datetime

import pytest

from history import make_versions as make
from history import version_policies as texts
from openyibao.history import History, resettle, settle
from openyibao.settlement import Claim, ClaimError
from openyibao.settlement.claim import FactValue, Held
from service.figures import figure

AT = datetime(2026, 1, 1, tzinfo=UTC)
STAY_FEN = 100_000
REASONS = {"uncovered": "no policy", "not insured": "not insured", "fact": "no class"}
TABLE = list(csv.DictReader(make.FILE.read_text(encoding="utf-8").splitlines()))


def held(text: str) -> Held:
    """A value from the table: `destitute 2024-01-01..2024-03-31`, both days included."""
    if ".." not in text:
        return Held(text)
    name, _, span = text.rpartition(" ")
    first, last = span.split("..")
    end = date.fromordinal(date.fromisoformat(last).toordinal() + 1) if last else None
    return Held(name, date.fromisoformat(first) if first else None, end)


def claim(row: dict[str, str], status: FactValue | None = None) -> Claim:
    days = {name: date.fromisoformat(row[name]) for name in ("admission", "discharge", "settlement")}
    words = status or tuple(held(text) for text in row["class"].split(" + "))
    return Claim(
        "1",
        "A",
        **days,
        in_scope_fen=STAY_FEN,
        facts={"service": "inpatient", "class": words},
        enrolment=date.fromisoformat(row["enrolment"]) if row["enrolment"] else None,
    )


def outcome(row: dict[str, str], stay: Claim) -> tuple[str, History | None]:
    """Which version and class the bill shows by its amounts, or why there is none."""
    try:
        history = settle(History("A"), texts.series(row["rule date"], row["as of"]), stay, AT)
    except ClaimError as found:
        return REASONS[found.kind], None
    return shown(history), history


def shown(history: History) -> str:
    """The version and class that the last bill's amounts can only come from."""
    basic, aid = history.counted()[-1].bill.paid_by_layer_fen().values()
    found = [
        f"{version} {name}"
        for version, (_, _, rate) in texts.VERSIONS.items()
        for name, share in texts.AID.items()
        if basic == STAY_FEN * rate // 100 and aid == (STAY_FEN - basic) * share // 100
    ]
    assert len(found) == 1
    assert history.counted()[-1].policy == f"versions/{found[0][0]}"
    return found[0]


def test_the_table_is_what_its_rule_says() -> None:
    assert make.rows() == TABLE
    count = Counter(row["kind"] for row in TABLE)
    print(f"\nT19: {len(TABLE)} cases: {dict(count)}")
    assert len(TABLE) >= 500 and len(count) == 4
    assert len({row["expected"] for row in TABLE}) == 13


@pytest.mark.reliability("T19", "by the engine, each case of the table", full=True)
@pytest.mark.parametrize("kind", ["midnight", "mid-stay", "late enrolment", "status"])
def test_the_right_version_in_every_case(kind: str) -> None:
    rows = [row for row in TABLE if row["kind"] == kind]
    wrong = [(row, found) for row in rows if (found := outcome(row, claim(row))[0]) != row["expected"]]
    assert not wrong, f"{len(wrong)} of {len(rows)}: {wrong[:3]}"
    figure(cases=len(rows), differences=0)


def test_a_status_recognised_later_is_applied_by_settling_again() -> None:
    """First settled as an ordinary person's, then with what was recognised later: the same as if known at once."""
    cases = [row for row in TABLE if row["kind"] == "status"]
    for row in cases:
        first, history = outcome(row, claim(row, "ordinary"))
        if history is None:
            assert first == row["expected"], row
            continue
        series = texts.series(row["rule date"], row["as of"])
        if row["expected"] == "no class":
            with pytest.raises(ValueError, match="Nothing was changed"):
                resettle(history, series, {"1": claim(row)}, AT, "recognised later")
            continue
        done = resettle(history, series, {"1": claim(row)}, AT, "recognised later")
        assert shown(done.history) == row["expected"], row


def test_cover_that_reaches_back() -> None:
    """A claim from before the enrolment is settled once the enrolment is said to reach back to it."""
    refused = [row for row in TABLE if row["expected"] == "not insured"]
    assert len(refused) > 20
    for row in refused:
        decides = date.fromisoformat(row[row["rule date"]])
        found, _ = outcome(row, dataclasses.replace(claim(row), enrolment=decides))
        assert found == f"{make.CALENDAR[decides.isoformat()]} ordinary", row
