"""Claims that gather, parts that are divided: what is refused, how claims depend on one another, the form over rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from openyibao import Policy, Rule, Uses
from openyibao.history import History, ReversalRefusedError, Series, resettle, reverse, settle
from openyibao.policy import read_policy_text
from openyibao.settlement import Claim, ClaimError
from openyibao.settlement.claim_columns import claim_columns
from openyibao.settlement.columns import RowRule

BASIS = "{document: not identified, article: not identified, source: made up, sure: low}"
POLICY = f"""
policy: test/gathering
title: {{zh: 汇总, en: gathering}}
region: 999999
scheme: resident
in force: {{from: 2000-01-01, before: 2100-01-01}}
rule of the date of: settlement
documents: {{}}
words:
  - {{en: class A cost, zh: 甲类费用}}
  - {{en: class B cost, zh: 乙类费用}}
  - {{en: top-up, zh: 年终补助}}
  - {{en: application, zh: 救助申请}}
facts:
  service: [inpatient, top-up, application]
  grade: [primary, tertiary]
  class A cost: money
  class B cost: money
divided parts:
  in-scope cost: [class A cost, class B cost]
gathering claims:
  top-up: {{of: the year before, basis: {BASIS}}}
  application: {{of: the 12 months before, where: {{grade: tertiary}}, basis: {BASIS}}}
layers:
  - basic insurance:
      payer: pooled fund
      for: {{service: inpatient}}
      of: [in-scope cost]
      deductible per claim: 100
      pays: {{by: grade, primary: 80%, tertiary: {{not allowed: {{zh: 未转诊, en: no referral}}}}}}
      basis: {BASIS}
  - medical assistance:
      payer: medical assistance fund
      for: {{service: top-up}}
      of: left of basic insurance
      deductible per claim: 10% of class A cost
      pays: 50%
      basis: {BASIS}
  - tilt assistance:
      payer: medical assistance fund
      for: {{service: application}}
      of: fully self-paid cost
      pays: 50%
      basis: {BASIS}
"""
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy_text(POLICY.replace("{not allowed: {zh: 未转诊, en: no referral}}", "60%"))


def stay(name: str, day: date, a: int = 0, b: int = 0, self_paid: int = 0, grade: str = "primary") -> Claim:
    facts: dict[str, str | int] = {"service": "inpatient", "grade": grade, "class A cost": a, "class B cost": b}
    return Claim(name, "A", day, day, day, a + b, fully_self_paid_fen=self_paid, facts=facts)


def gathers(name: str, day: date, service: str, **more: int) -> Claim:
    return Claim(name, "A", day, day, day, more.get("cost", 0), facts={"service": service})


def claims() -> list[Claim]:
    return [
        stay("1", date(2023, 2, 1), 500_000, 100_000),
        stay("2", date(2023, 3, 1), 200_000, 100_000, 70_000, "tertiary"),
        stay("3", date(2023, 5, 1), 0, 300_000, 50_000, "tertiary"),
        gathers("4", date(2024, 3, 1), "application"),
        gathers("5", date(2024, 4, 1), "top-up"),
        gathers("6", date(2024, 5, 1), "top-up"),
    ]


def test_what_is_gathered(policy: Policy) -> None:
    """20 % of 590,000, 40 % of 290,000 twice and 10,000 thrice are left: 380,000, less 10 % of 700,000."""
    rule, uses, paid = Rule(policy), Uses(), []
    for claim in claims():
        bill, uses = rule.settle(uses, claim)
        paid.append(bill.paid_fen)
        assert bill.personal_fen == claim.total_fen - bill.paid_fen
    assert paid == [472_000, 174_000, 174_000, 60_000, 155_000, 0]
    assert set(uses.values.values()) == {1}, "only which periods were emptied"


def test_rows_are_settled_alike(policy: Policy) -> None:
    """Another person between them, and days before the first: nothing of others is found."""
    rule, rows = Rule(policy), RowRule(policy, RowRule.ALL)
    other = [Claim(f"b{c.id}", "B", c.admission, c.discharge, c.settlement, 0, facts=c.facts) for c in claims()[3:]]
    everyone = [*claims(), *other]
    found = rows.settle(claim_columns(policy, everyone))
    uses: dict[str, Uses] = {}
    for number, claim in enumerate(everyone):
        bill, uses[claim.person] = rule.settle(uses.get(claim.person, Uses()), claim)
        assert {name: int(column[number]) for name, column in found.outputs.items()} == bill.named
    assert not found.fault.any()


@pytest.mark.parametrize(
    ("claim", "kind", "words"),
    [
        (gathers("x", date(2024, 1, 1), "top-up", cost=5), "gathering money", "have no money of their own"),
        (
            stay("x", date(2024, 1, 1), 500, 0, grade="tertiary"),
            "refused",
            "allow grade tertiary: no referral",
        ),
        (
            Claim("x", "A", *[date(2024, 1, 1)] * 3, 5, facts={"service": "inpatient", "grade": "primary"}),
            "sub-part",
            "needs the amount of 'class A cost'",
        ),
        (
            Claim("x", "A", *[date(2024, 1, 1)] * 3, 5, facts={**stay("", date(2024, 1, 1), 3, 1).facts}),
            "division",
            "(class A cost 0.03, class B cost 0.01) do not add up to it",
        ),
    ],
)
def test_what_is_refused(claim: Claim, kind: str, words: str) -> None:
    with pytest.raises(ClaimError) as told:
        Rule(read_policy_text(POLICY)).settle(Uses(), claim)
    assert told.value.kind == kind
    assert words in told.value.text.en
    assert told.value.text.zh


def test_what_was_gathered_is_reversed_first(policy: Policy) -> None:
    """Stays hang together by nothing but the claim that gathers them."""
    rule, history = Rule(policy), History("A")
    for claim in claims()[:3]:
        history = settle(history, rule, claim, AT)
    assert reverse(history, "1", AT, "wrong person").history.standing == (2, 3)
    history = settle(history, rule, claims()[4], AT)
    with pytest.raises(ReversalRefusedError) as refused:
        reverse(history, "1", AT, "wrong person")
    assert [item.entry.claim.id for item in refused.value.claims] == ["5"]
    after = reverse(reverse(history, "5", AT, "first").history, "1", AT, "then").history
    assert after.uses == settle(settle(History("A"), rule, claims()[1], AT), rule, claims()[2], AT).uses


def test_who_finds_nothing_depends_on_who_emptied_it(policy: Policy) -> None:
    rule, history = Rule(policy), History("A")
    for claim in (*claims()[1:3], claims()[3], gathers("7", date(2024, 4, 1), "application")):
        history = settle(history, rule, claim, AT)
    with pytest.raises(ReversalRefusedError) as refused:
        reverse(history, "4", AT, "wrong person")
    assert [item.entry.claim.id for item in refused.value.claims] == ["7"]
    far = settle(history, rule, gathers("8", date(2025, 6, 1), "application"), AT)
    assert reverse(reverse(far, "7", AT, "first").history, "4", AT, "then").history.find("8")


def test_a_claim_to_which_no_layer_applies_gathers_nothing(policy: Policy) -> None:
    text = POLICY.replace("for: {service: top-up}", "for: {service: top-up, grade: primary}")
    rule, uses = Rule(read_policy_text(text.replace("{not allowed: {zh: 未转诊, en: no referral}}", "60%"))), Uses()
    for claim in claims()[:3]:
        _, uses = rule.settle(uses, claim)
    for grade, paid in (("tertiary", 0), ("primary", 155_000), ("primary", 0)):
        claim = replace(claims()[4], id=f"{grade} {paid}", facts={"service": "top-up", "grade": grade})
        bill, uses = rule.settle(uses, claim)
        assert (bill.paid_fen, bill.personal_fen) == (paid, -paid)


def test_a_corrected_stay_is_gathered_again(policy: Policy) -> None:
    rule, history = Rule(policy), History("A")
    for claim in (*claims()[:3], claims()[4]):
        history = settle(history, rule, claim, AT)
    corrected = stay("1", date(2023, 2, 1), 400_000, 200_000)
    after = resettle(history, rule, {"1": corrected}, AT, "classes mixed up").history
    assert after.find("5").bill.paid_fen == (380_000 - 60_000) // 2
    assert after.find("2").number == 2, "another stay does not depend on it"


@pytest.mark.parametrize("earlier", ["deductible per claim: 5% of over-limit cost", "pays: 50%"])
def test_a_series_that_leaves_other_amounts(policy: Policy, earlier: str) -> None:
    """2023 leaves no class A cost to the top-up of 2024, or leaves the same; then the two are gathered as one."""
    text = POLICY.replace("{not allowed: {zh: 未转诊, en: no referral}}", "60%")
    now = read_policy_text(text.replace("from: 2000-01-01", "from: 2024-01-01"))
    old = text.replace("test/gathering", "test/before").replace("before: 2100-01-01", "before: 2024-01-01")
    if "over-limit" in earlier:
        old = old.replace("deductible per claim: 10% of class A cost", earlier)
    series, history = Series([read_policy_text(old), now]), History("A")
    for claim in claims()[:3]:
        history = settle(history, series, claim, AT)
    if "over-limit" not in earlier:
        assert settle(history, series, claims()[4], AT).find("5").bill.paid_fen == (380_000 - 70_000) // 2
        return
    with pytest.raises(ClaimError, match="some would be missed"):
        settle(history, series, claims()[4], AT)
