"""Each of the 86 constructs of the survey has a case; what it states of a bill comes out to the fen."""

from __future__ import annotations

import doctest
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from constructs import arithmetic
from constructs.arithmetic import numbers, sums
from constructs.page import PAGE, heading_anchor, page
from constructs.running import FILES, LACKS, amount, number, partly_for, parts, policy, read, run, waits_for, wanted
from examples.test_examples import text
from openyibao.policy import read_policy_text, write_policy

RUNNING = [path for path in FILES if not waits_for(read(path))]
LAST = 86


@pytest.mark.parametrize("path", RUNNING, ids=[path.stem for path in RUNNING])
def test_construct(path: Path) -> None:
    """Every amount stated comes out, and every claim that should be refused is, with the words stated."""
    told = [one for part in parts(read(path)) for one in run(part, path)]
    assert len(told) >= 2, "one claim alone shows no construct"
    for count, one in enumerate(told, 1):
        assert one.claim.get("why"), f"claim {count}: no arithmetic"
        if refused := one.claim.get("refused"):
            assert text(refused) in one.refusal, f"claim {count}: {one.refusal or 'settled'}"
            continue
        assert one.bill is not None, f"claim {count}: {one.refusal}"
        assert one.bill.paid_fen + one.bill.personal_fen == one.bill.claim.total_fen
        amounts = wanted(one.claim)
        assert amounts, f"claim {count}: no amount"
        assert {name: amount(one.bill, name) for name in amounts} == amounts, f"claim {count}"


def test_every_construct_has_one_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert [number(path) for path in FILES] == list(range(1, LAST + 1))
    waiting = Counter(waits_for(read(path))[0] for path in FILES if path not in RUNNING)
    partly = Counter(name for path in RUNNING for name in partly_for(read(path)))
    with capsys.disabled():
        told = f"{len(RUNNING)} run ({partly.total()} of them in part), {waiting.total()} wait"
        print(f"\n{LAST} constructs, {told}")
        for code, (name, _) in LACKS.items():
            print(f"  {waiting[code]:3} wait for, {partly[code]} in part: {name}")


def test_the_arithmetic_holds() -> None:
    """Every sum beside a bill is right, and every amount of the bill stands in it."""
    assert doctest.testmod(arithmetic).failed == 0
    checked = 0
    for path in RUNNING:
        for claim in (claim for part in parts(read(path)) for claim in part.claims):
            why = text(claim.get("why"))
            assert [found for found, holds in sums(why) if not holds] == [], path.stem
            amounts = wanted(claim) if claim.get("bill") else {}
            shown = {name: fen for name, fen in amounts.items() if fen and Fraction(fen, 100) not in numbers(why)}
            assert not shown, f"{path.stem}: {shown} not in: {why}"
            checked += len(amounts)
    assert checked > LAST


def test_every_heading_has_its_own_anchor() -> None:
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page(), flags=re.M | re.S), re.M)
    anchors = [heading_anchor(heading) for heading in headings]
    assert len(set(anchors)) == len(anchors)
    assert set(re.findall(r"\]\(#([^)]*)\)", page())) <= set(anchors)


@pytest.mark.parametrize("form", ["en", "zh"])
def test_policies_read_back(form: str) -> None:
    for path in RUNNING:
        for part in parts(read(path)):
            found = policy(part, path)
            assert read_policy_text(write_policy(found, form), f"{path.stem}.yaml") == found, path.stem


def test_the_page_is_fresh() -> None:
    """`python tests/constructs/page.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
