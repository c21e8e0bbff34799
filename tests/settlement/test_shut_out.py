"""A table of a layer needs answers only for what the conditions of the layer let through.

The same law written twice: with answers for those alone, and with answers for all values, senseless ones for those whom
the conditions shut out. Every claim comes to the same under both, one by one and in rows.
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from openyibao import FileError, Policy, Rule, read_policy
from openyibao.bench.claims import random_columns
from openyibao.compare.commands import comparison
from openyibao.policy import read_policy_text, write_policy
from openyibao.policy.coverage import coverage
from openyibao.settlement.columns import RowRule
from openyibao.site.grid import grid_of, lookup
from settlement.test_two_forms import SEED, differing_rows

BASIS = "basis: {document: not identified, article: not identified, source: tests, sure: low}"
SHORT = f"""\
policy: tests/shut-out
title: {{zh: 试, en: test}}
region: 999999
scheme: resident
in force: {{from: 2013-01-01, before: 2014-01-01}}
rule of the date of: settlement
documents: {{}}
facts:
  service: [outpatient, chronic outpatient, inpatient]
  grade: [primary, secondary, tertiary]
  status: [active, retired]
  age: 0 to 130
layers:
  - basic insurance:
      payer: pooled fund
      for: {{service: [inpatient, chronic outpatient], age: 18 to 59, grade: [primary, secondary]}}
      of: in-scope cost
      limit per claim: {{by: service, inpatient: no limit, chronic outpatient: 20000}}
      pre-pay: {{by: age, 18 to 39: 0%, 40 to 59: 5%}}
      deductible per claim:
        by: [grade, age]
        primary: {{18 to 29: 100, 30 to 64: 150}}
        secondary: 300
      pays:
        by: [service, status]
        inpatient: {{active: 60%, retired: 80% of the own share of active}}
        chronic outpatient: {{active: 50%, retired: not known}}
        points: {{by: grade, primary: +5%, secondary: -2%}}
      at most per year: {{by: grade, primary: no limit, secondary: 30000}}
      {BASIS}
  - critical illness insurance:
      payer: critical illness fund
      for: {{age: 18 and over}}
      of: left of basic insurance
      pays in bands:
        counted: from zero
        over: claim
        bands:
          - {{up to: {{by: age, 18 and over: 5000}}, pays: 50%}}
          - {{above: {{by: age, 18 to 59: 60%, 60 and over: 70%}}}}
      at least: {{by: age, 18 and over: 10}}
      {BASIS}
"""
FILL = {
    "chronic outpatient: 20000}": "chronic outpatient: 20000, outpatient: 7}",
    "40 to 59: 5%}": "40 to 59: 5%, under 18: 99%, 60 and over: 98%}",
    "30 to 64: 150}": "30 to 64: 150, under 18: 1, 65 and over: 2}",
    "        secondary: 300\n": "        secondary: 300\n        tertiary: 9\n",
    "retired: not known}\n": "retired: not known}\n        outpatient: 1%\n",
    "secondary: -2%}": "secondary: -2%, tertiary: +1%}",
    "secondary: 30000}": "secondary: 30000, tertiary: 3}",
    "18 and over: 5000}": "18 and over: 5000, under 18: 4}",
    "60 and over: 70%}": "60 and over: 70%, under 18: 1%}",
    "18 and over: 10}": "18 and over: 10, under 18: 90000}",
}


def filled() -> str:
    text = SHORT
    for short, full in FILL.items():
        assert text.count(short) == 1, short
        text = text.replace(short, full)
    return text


def said(policy: Policy, columns: dict[str, Any]) -> tuple[list[Any], list[str]]:
    rows = RowRule(policy, RowRule.ALL)
    settled = rows.settle(columns)
    names = [name for name in rows.plan.program.outputs if not name.endswith("_cell")]
    kinds = [rows.plan.program.faults[number].kind for number in settled.faults().tolist()]
    return [settled.outputs[name].tolist() for name in names], kinds


def test_each_of_the_answers_left_out_is_needed_without_the_condition() -> None:
    """So the short text is short by the conditions alone."""
    text = SHORT.replace(
        "for: {service: [inpatient, chronic outpatient], age: 18 to 59, grade: [primary, secondary]}", ""
    )
    with pytest.raises(FileError) as told:
        read_policy_text(text.replace("for: {age: 18 and over}", ""))
    assert sum("no answer for" in problem.found.en for problem in told.value.problems) == len(FILL)


def test_claims_come_to_the_same_in_both_forms() -> None:
    short, full = read_policy_text(SHORT), read_policy_text(filled())
    columns = random_columns(full, 4000, SEED, bad_share=0.02)
    (mine, kinds), (theirs, others) = said(short, columns), said(full, columns)
    assert mine == theirs and kinds == others
    assert kinds.count("ok") > 1000 and {"fact", "gap"} <= set(kinds)
    rows, differing, _ = differing_rows(Rule(short), columns)
    assert differing == 0 and rows > 1000


def test_the_policy_is_written_as_it_was_and_counts_no_value_more(tmp_path: Any) -> None:
    policy = read_policy_text(SHORT)
    for form in ("en", "zh", "json"):
        path = tmp_path / ("p.json" if form == "json" else "p.yaml")
        path.write_text(write_policy(policy, form), encoding="utf-8")
        assert read_policy(path).digest == policy.digest
    assert coverage(policy).endswith("1 not known.")


def test_a_comparison_says_nothing_where_there_is_no_answer() -> None:
    page = comparison([read_policy_text(SHORT), read_policy_text(filled())], "text", "en")
    Console(file=io.StringIO()).print(page)
    assert "99%" not in page and "95%" not in page


@pytest.mark.parametrize(
    ("written", "instead", "found"),
    [
        ("inpatient: no limit, chronic outpatient: 20000", "inpatient: no limit", "service chronic outpatient"),
        ("18 to 39: 0%", "20 to 39: 0%", "age 18 to 19"),
        ("for: {age: 18 and over}", "for: {age: 17 and over}", "age 17"),
        ("primary: +5%, secondary: -2%", "primary: +5%", "grade secondary"),
    ],
)
def test_what_the_conditions_let_through_needs_an_answer(written: str, instead: str, found: str) -> None:
    assert written in SHORT
    with pytest.raises(FileError) as told:
        read_policy_text(SHORT.replace(written, instead))
    assert all(problem.found.en == f"no answer for {found}" for problem in told.value.problems)


def test_an_own_share_of_somebody_without_an_answer_is_told() -> None:
    text = SHORT.replace("for: {age: 18 and over}", "for: {age: 18 and over, status: retired}").replace(
        "bands:\n          - {up to: {by: age, 18 and over: 5000}, pays: 50%}",
        "bands:\n          - {up to: 5000, pays: {by: status, retired: 80% of the own share of active}}",
    )
    with pytest.raises(FileError) as told:
        read_policy_text(text)
    assert [problem.found.en for problem in told.value.problems] == ["the own share of 'active', which has no answer"]


def test_pages_leave_out_what_the_conditions_shut_out() -> None:
    """Also where only some rows have no answer: under 18, secondary hospitals alone have one."""
    policy = read_policy_text(SHORT)
    (layer, _) = policy.layers
    facts = {fact.name: fact for fact in policy.facts}
    within = {condition.fact: condition.key for condition in layer.conditions}
    for step in layer.steps:
        grid = grid_of(step.table, facts, within)
        shown = {value for heads, _ in grid.lines for head in heads if head.group for value in head.group.values}
        shown |= {value for group in grid.across for value in group.values}
        assert shown and not shown & {"outpatient", "tertiary", (0, 17), (65, 130)}, step.kind
        with pytest.raises(LookupError):
            lookup(step.table.cells, tuple("outpatient" if name == "service" else (0, 17) for name in step.table.by))
