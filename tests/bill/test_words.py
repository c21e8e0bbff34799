"""What a bill says of a layer that pays nothing, and the signs of Chinese text around it."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from rich.console import Console

from openyibao import Rule, Uses, find_policy, read_policy
from openyibao.bench.claims import as_claims, random_columns
from openyibao.settlement import Claim, ClaimError
from openyibao.settlement.bill_text import bill_text
from openyibao.settlement.bill_view import print_bill
from openyibao.settlement.claim import Held

DAY = date(2026, 5, 5)
WILLOW = Rule(read_policy(find_policy("teaching/willow-county-2026")))
FACTS = {"service": "inpatient", "grade": "primary", "class": "ordinary"}
NO_RULE = {"zh": "没有一个保障层次对此单据有规定", "en": "No layer has a rule for this claim"}


def bill(in_scope_fen: int, **facts: str):  # type: ignore[no-untyped-def]
    claim = Claim("C", "P", DAY, DAY, DAY, in_scope_fen, fully_self_paid_fen=100, facts=FACTS | facts)
    return WILLOW.settle(Uses(), claim)[0].data()


def page(data: dict[str, object], lang: str) -> str:
    out = io.StringIO()
    print_bill(data, lang, Console(file=out, width=118))
    return out.getvalue()


def test_a_layer_without_a_rule_is_told_from_one_whose_rule_pays_nothing() -> None:
    """Without a rule: outpatients. Nothing left to look at: the layers behind. By its rule: below the deductible."""
    poor = {"service": "outpatient", "class": "minimum living allowance"}
    zh, en = (bill_text(bill(10_000, **poor), lang) for lang in ("zh", "en"))
    assert "须为住院。本层对此没有规定，支付 0.00 元。" in zh
    assert "needed: inpatient. This layer has no rule for it and pays 0.00 yuan." in en
    assert zh.count("没有可计入本层的费用，因此支付 0.00 元。") == 2
    assert en.count("There is nothing here for this layer to look at, so it pays 0.00 yuan.") == 2
    poor["service"] = "inpatient"
    zh, en = (bill_text(bill(10_000, **poor), lang) for lang in ("zh", "en"))
    assert "按本层规定，支付 0.00 元。" in zh and "By the rule of this layer it pays 0.00 yuan." in en
    assert "本层对此没有规定" not in zh


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_claim_that_no_layer_has_a_rule_for_is_told(lang: str) -> None:
    assert NO_RULE[lang] in bill_text(bill(10_000, service="outpatient"), lang)
    assert NO_RULE[lang] in page(bill(10_000, service="outpatient"), lang)
    for in_scope_fen in (0, 10_000, 1_000_000):  # nothing in scope, below the deductible, paid
        assert NO_RULE[lang] not in bill_text(bill(in_scope_fen), lang)
        assert NO_RULE[lang] not in page(bill(in_scope_fen), lang)


HALF = re.compile(r"[\u4e00-\u9fff）、，。]\s?\(|\)\s?[\u4e00-\u9fff（、，。]")


def test_the_pattern_finds_half_width_brackets() -> None:
    assert HALF.search("支付 (封顶)") and HALF.search("(一)二") and not HALF.search("1 - 80% × (1 - 50%) = 60%（在职）")


@pytest.mark.parametrize("name", ["chongqing/resident-2023", "xx-district/resident-2013", "zhenjiang/employee-2023"])
def test_chinese_text_has_chinese_brackets(name: str) -> None:
    rule = Rule(read_policy(find_policy(name)))
    seen = 0
    for claim in as_claims(rule.policy, random_columns(rule.policy, 60, 20261122)):
        try:
            data = rule.settle(Uses(), claim)[0].data()
        except ClaimError:  # a gap of the policy
            continue
        seen += 1
        for text in (bill_text(data, "zh"), page(data, "zh")):
            assert not HALF.search(text), HALF.search(text)
    assert seen > 10


def test_the_times_of_a_value_are_said_in_words() -> None:
    values = (Held("minimum living allowance", date(2026, 1, 1), date(2026, 7, 1)), Held("ordinary", date(2026, 7, 1)))
    claim = Claim("C", "P", DAY, DAY, DAY, 1_000_000, facts=FACTS | {"class": values})
    zh, en = (bill_text(WILLOW.settle(Uses(), claim)[0].data(), lang) for lang in ("zh", "en"))
    assert "单据填写低保对象（自2026-01-01起，2026-07-01之前）；普通参保人员（自2026-07-01起）。" in zh
    assert "minimum living allowance [2026-01-01, 2026-07-01); ordinary [2026-07-01, ...)" in en
