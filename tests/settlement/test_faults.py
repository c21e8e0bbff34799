"""Why a claim is not settled names only what some layer has a rule for."""

from __future__ import annotations

from datetime import date

import pytest

from openyibao import ClaimError, Rule, Uses
from openyibao.policy import read_policy_text
from openyibao.settlement import Claim

BASIS = "basis: {document: not identified, article: not identified, source: tests, sure: low}"
DAY = date(2026, 5, 5)
POLICY = f"""\
policy: tests/whom
title: {{zh: 试, en: test}}
region: 999999
scheme: resident
in force: {{from: 2026-01-01, before: 2027-01-01}}
rule of the date of: settlement
documents: {{}}
facts:
  service: [outpatient, chronic outpatient, inpatient]
  grade: [primary, secondary, tertiary]
layers:
  - basic insurance:
      payer: pooled fund
      for: {{service: [inpatient, chronic outpatient], grade: [primary, secondary]}}
      of: in-scope cost
      pays: 50%
      {BASIS}
  - critical illness insurance:
      payer: critical illness fund
      of: left of basic insurance
      pays: 50%
      {BASIS}
"""


def why(policy: str, **facts: str) -> tuple[str, str]:
    claim = Claim("C", "P", DAY, DAY, DAY, in_scope_fen=100_000, facts=facts)
    with pytest.raises(ClaimError) as error:
        Rule(read_policy_text(policy)).settle(Uses(), claim)
    return error.value.text.zh, error.value.text.en


def test_values_for_which_no_layer_has_a_rule_are_not_offered() -> None:
    """The second layer is for everybody, but looks only at what the first has left."""
    zh, en = why(POLICY)
    assert "本政策有规定的情形：门诊慢特病、住院。" in zh
    assert "This policy has rules for: chronic outpatient, inpatient." in en
    zh, en = why(POLICY, service="inpatient", grade="ungraded")
    assert "“适用于”需要“医院等级”" in zh and "本政策有规定的情形：一级、二级。" in zh
    assert "This policy has rules for: primary, secondary." in en


def test_a_layer_for_everybody_has_a_rule_for_every_value() -> None:
    _, en = why(POLICY.replace("of: left of basic insurance", "of: [in-scope cost, pre-self-paid cost]"))
    assert "This policy has rules for: outpatient, chronic outpatient, inpatient." in en
