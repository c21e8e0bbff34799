"""Amounts for each one of a number, and amounts that are sums: how they are read, said, compared and changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openyibao import FileError, Rule, Uses, read_policy
from openyibao.compare.align import compare
from openyibao.policy import read_policy_text
from openyibao.policy.model import ForEach
from openyibao.policy.worked_out import AmountSum
from openyibao.settlement import Claim
from openyibao.site.layers import Layers
from openyibao.site.say import Say
from openyibao.site.view import Notes
from openyibao.site.words import Words

EARNED = Path(__file__).parents[1] / "policies" / "earned.yaml"
POLICY = read_policy(EARNED)
BASIS = "{document: not identified, article: not identified, source: a what-if, sure: low}"
SMALL = """\
policy: small
title: {{zh: 小政策, en: small}}
region: 999999
scheme: resident
in force: {{from: 2026-01-01, before: 2027-01-01}}
rule of the date of: settlement
words: [{{en: line, zh: 起付标准}}]
documents: {{}}
facts: {{age: 0 to 130, days: 0 to 90}}
amounts:
  line: {{{line}, basis: {basis}}}
layers:
  - basic insurance:
      payer: pooled fund
      of: in-scope cost
      pays: 100%
      at most per claim: line
      basis: {basis}
"""


def changed(at: str, to: str) -> Any:
    head = f"policy: what-if\nvariation of: {EARNED}\ntitle: {{zh: 测算, en: what if}}\n"
    return read_policy_text(f"{head}changes:\n  - at: {at}\n    to: {to}\n")


def cap(line: str, age: int = 40, days: int = 10) -> int:
    """The cap of a claim that is as large as a claim may be."""
    rule = Rule(read_policy_text(SMALL.format(line=line, basis=BASIS)))
    day = date(2026, 5, 1)
    claim = Claim("1", "A", day, day, day, 10**11, facts={"age": age, "days": days})
    return rule.settle(Uses(), claim)[0].paid_fen


def test_both_languages_say_the_same() -> None:
    text = SMALL.format(line="of: [0.50 yuan x age beyond 20, 8万元×年龄, 3000元×住院天数超过7的部分]", basis=BASIS)
    (amount,) = read_policy_text(text).amounts
    assert isinstance(amount.value, AmountSum)
    found = [table.cells[0].value for table in amount.value.plus]
    assert found == [ForEach(50, "age", 20), ForEach(8_000_000, "age"), ForEach(300_000, "days", 7)]


@pytest.mark.parametrize(
    ("line", "fen"),
    [
        ("is: 100 x age beyond 38", 20_000),
        ("is: 100 x age beyond 40", 0),
        ("is: 100 x age beyond 41", 0),
        ("of: 100 x age, less: 30 x age", 280_000),
        ("of: 100 x age, less: 101 x age", 0),
        ("of: 100 x age, less: 101 x age, least: 7", 700),
        ("of: 100 x age, most: 300 x days", 300_000),
        ("of: 5, least: 20, most: 10", 1_000),
        ("of: [100, {by: age, under 40: 1, 40 and over: 2 x age}]", 18_000),
        ("is: 100000000 x age", 10**11),
        ("of: [900000000, 900000000]", 10**11),
        ("of: [900000000, 900000000], less: 900000000", 9 * 10**10),
        ("of: [100000000 x age, 500], less: 400", 10**11),
    ],
)
def test_what_it_comes_to(line: str, fen: int) -> None:
    assert cap(line) == fen


def test_a_name_cannot_be_an_amount_for_each() -> None:
    with pytest.raises(FileError, match="3000 x age"):
        read_policy_text(SMALL.format(line="is: 5", basis=BASIS).replace("en: line", "en: 3000 x age"))


def test_a_change_of_a_term_brings_its_basis() -> None:
    for at in ("amounts / reward / of", "amounts / reward / most", "amounts / quota / of"):
        with pytest.raises(FileError, match="a value without a basis of its own"):
            changed(at, "[4000 x zero-claim years]" if at.endswith("reward / of") else "40 x age")
    small = f"{{of: 4000 x zero-claim years, basis: {BASIS}}}"
    one = next(amount for amount in changed("amounts / reward", small).amounts if amount.name == "reward")
    assert isinstance(one.value, AmountSum)
    assert one.value.most is None


def test_they_are_compared_term_by_term() -> None:
    other = changed("amounts / reward / most", f"{{is: 30% of original cap, basis: {BASIS}}}")
    rows = {row.path: row for row in compare([POLICY, other])}
    most = rows["amounts", "reward", "most", "1"]
    assert [one.text.en for one in most.said if one] == ["20% of original cap", "30% of original cap"]
    assert not most.same
    first = rows["amounts", "reward", "of", "1"]
    assert first.same
    assert next(one.text.zh for one in first.said if one) == "700.01元×连续参保年数超过4的部分"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_site_says_them(lang: str) -> None:
    say = Say(POLICY, Words(lang))
    items = Layers(POLICY, say, Notes(say)).amounts()
    texts = {item.label: item.text for item in items}
    if lang == "en":
        assert texts["reward"] == (
            "700.01 yuan x continuous enrolment years beyond 4 + 500 yuan x zero-claim years, "
            "at most 20% of original cap"
        )
        assert texts["earned cap"].startswith("original cap + reward − lapse − the amount by age, at least ")
    else:
        assert texts["奖励额"] == "700.01元×连续参保年数超过4的部分 + 500元×零报销年数，不高于原封顶线的20%"
    assert any(item.table for item in items if "age" in item.label or "年龄" in item.label)
