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
from openyibao.constructs import (
    Case,
    CaseError,
    amount,
    cases,
    catalogue_text,
    lacks,
    policy_text,
    read_case,
    run,
    sections,
)
from openyibao.constructs.header import Stated, small_policy
from openyibao.constructs.running import catalogue
from openyibao.constructs.trees import mapping, text
from openyibao.policy import read_policy_text, write_policy
from openyibao.policy.nodes import Mapping, Node, Sequence, Text, parse_bytes
from openyibao.policy.vocabulary import Vocabulary

PARTS = [(case, part) for case in cases() for part in case.parts]
LAST = 86


@pytest.mark.parametrize("case", cases(), ids=[case.name for case in cases()])
def test_construct(case: Case) -> None:
    """Every amount stated comes out, and every claim that should be refused is, with the words stated."""
    told = [one for part in case.parts for one in run(case, part)]
    assert len(told) >= 2, "one claim alone shows no construct"
    for count, one in enumerate(told, 1):
        if refused := one.said.node.get("refused"):
            assert one.refusal and text(refused) in one.refusal.text.en, f"claim {count}: {one.refusal or 'settled'}"
            continue
        assert one.bill is not None, f"claim {count}: {one.refusal}"
        assert one.bill.paid_fen + one.bill.personal_fen == one.bill.claim.total_fen
        amounts = one.said.amounts
        assert amounts, f"claim {count}: no amount"
        assert {name: amount(one.bill, name) for name in amounts} == amounts, f"claim {count}"


def test_every_construct_has_one_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert [case.number for case in cases()] == list(range(1, LAST + 1))
    assert {section.first for section in sections()} < {case.number for case in cases()}
    partly = Counter(case.not_shown_needs.code for case in cases() if case.not_shown_needs)
    with capsys.disabled():
        print(f"\n{LAST} constructs run, {partly.total()} of them in part")
        for code, lack in lacks().items():
            print(f"  {partly[code]:3} in part for want of: {lack.name.en}")


def test_the_arithmetic_holds() -> None:
    """Every sum beside a bill is right, in both languages the same, and every amount of the bill stands in it."""
    assert doctest.testmod(arithmetic).failed == 0
    checked = 0
    for case, part in PARTS:
        for said in part.claims:
            assert list(sums(said.why.zh)) == list(sums(said.why.en)), f"{case.name}: {said.why.zh}"
            for why in (said.why.zh, said.why.en):
                assert [found for found, holds in sums(why) if not holds] == [], case.name
                amounts = said.amounts
                shown = {
                    name: fen for name, fen in amounts.items() if fen and Fraction(abs(fen), 100) not in numbers(why)
                }
                assert not shown, f"{case.name}: {shown} not in: {why}"
                checked += len(amounts)
    assert checked > LAST


def test_every_heading_has_its_own_anchor() -> None:
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page(), flags=re.M | re.S), re.M)
    anchors = [heading_anchor(heading) for heading in headings]
    assert len(set(anchors)) == len(anchors)
    assert set(re.findall(r"\]\(#([^)]*)\)", page())) <= set(anchors)


@pytest.mark.parametrize("form", ["en", "zh"])
def test_policies_read_back(form: str) -> None:
    for case, part in PARTS:
        found = case.policy(part)
        assert read_policy_text(write_policy(found, form), f"{case.name}.yaml") == found, case.name


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_shown_is_the_policy(lang: str) -> None:
    """The snippet in either language, put under the header again, is the policy of the case; the catalogue too."""
    shown = 0
    for case, part in PARTS:
        policy = case.policy(part)
        root = in_english(policy_text(policy, part, lang))
        stated = Stated(case.title, case.source.en, case.date.en, case.sure)
        assert small_policy(root, f"constructs/{case.name}", stated) == policy, case.name
        if part.catalogue:
            read = in_english(catalogue_text(policy, part, lang))
            assert catalogue(read, case.name) == catalogue(part.catalogue, case.name), case.name
            shown += 1
    assert shown


def in_english(shown: str) -> Mapping:
    """A snippet with the keys of the language in English, as the header's are."""
    return mapping(keys_in_english(parse_bytes(shown.encode(), "shown.yaml")))


def keys_in_english(node: Node) -> Node:
    if isinstance(node, Mapping):
        named = ((Text(Vocabulary().english(k.value), k.place), keys_in_english(v)) for k, v in node)
        return Mapping(tuple(named), node.place)
    return Sequence(tuple(map(keys_in_english, node)), node.place) if isinstance(node, Sequence) else node


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("rule:", "rules:"), "not known {'rules'}"),
        (("construct: 1\n", "construct: 2\n"), "the number of the file's name"),
        (("  zh: 重庆居民每次住院", "  cn: 重庆居民每次住院"), "line 4: expected zh and en"),
        (("    why: (5000 - 100)", "    why: after that (5000 - 100)"), "expected words in both languages"),
        (("sure: high", "sure: certain"), "sure is one of"),
    ],
)
def test_a_wrong_case_says_what_is_wrong(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    right = (Path(read_case.__code__.co_filename).parent / "01-deductible-by-grade.yaml").read_text(encoding="utf-8")
    assert change[0] in right
    wrong = tmp_path / "01-deductible-by-grade.yaml"
    wrong.write_text(right.replace(*change, 1), encoding="utf-8")
    with pytest.raises(CaseError, match=re.escape(message)):
        read_case(wrong)


def test_the_page_is_fresh() -> None:
    """`python tests/constructs/page.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
