"""The proof that no product passes 2^63 can fail."""

import pytest

from openyibao import Rule, find_policy, policy_ids, read_policy
from openyibao.bench.claims import random_columns
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.bounds import BITS_63, largest_number
from openyibao.settlement.columns import RowRule
from openyibao.settlement.ir import Known, Parameter, Program, Set
from openyibao.settlement.program import plan_policy


def program(expression: str) -> Program:
    inputs = ("rule_date", "year_date", "total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
    parameters = (Parameter("rate", 70, "top"), Parameter("rate", 100, "bottom"))
    checked = [Known(name, (0, MAX_AMOUNT_FEN)) for name in inputs[2:]]
    return Program(inputs, (*checked, Set("x", expression)), ("x",), (), (), parameters)


@pytest.mark.parametrize("name", policy_ids())
def test_policies_stay_below(name: str) -> None:
    assert 0 < largest_number(plan_policy(read_policy(find_policy(name))).program) < BITS_63


def test_share_of_a_claim_is_safe() -> None:
    assert largest_number(program("(2 * total * p[0] + p[1]) // (2 * p[1])")) < BITS_63


@pytest.mark.parametrize("expression", ["total * total", "total * p[0] * p[1]", "-total * in_scope * 2"])
def test_overflow_is_refused(expression: str) -> None:
    with pytest.raises(OverflowError, match="beyond 2\\^63"):
        largest_number(program(expression), literals=False)


def test_what_is_no_part_of_the_form_is_refused() -> None:
    with pytest.raises(TypeError, match="not part of the intermediate form"):
        largest_number(program("[total]"))


def test_nothing_is_added_before_it_is_checked() -> None:
    """Without the checks of the claim, the sum of its parts could pass 2^63."""
    inputs = ("rule_date", "year_date", "total", "fully_self_paid")
    unchecked = Program(inputs, (Set("x", "total + fully_self_paid"),), ("x",), (), (), ())
    with pytest.raises(OverflowError):
        largest_number(unchecked)


@pytest.mark.parametrize("parts", [(2**62,) * 4, (10**11 + 1, 0, 0, 0), (0, 0, 0, 2**62)])
def test_money_beyond_the_bounds_is_refused_by_both_forms(parts: tuple[int, ...]) -> None:
    policy = read_policy(find_policy("xx-district/resident-2013"))
    columns = {name: column[:1].copy() for name, column in random_columns(policy, 1, 1).items()}
    for name, fen in zip(("fully_self_paid", "over_limit", "pre_self_paid", "in_scope"), parts, strict=True):
        columns[name][:] = fen
    columns["total"][:] = sum(parts) % 2**63 - (2**63 if sum(parts) % 2**64 >= 2**63 else 0)
    rows = RowRule(policy)
    kind = rows.plan.program.faults[int(rows.settle(columns).faults()[0])].kind
    assert kind == "large"
    values = [rows.column(columns, name, 1).tolist()[0] for name in rows.plan.program.inputs]
    assert rows.plan.program.faults[Rule(policy).function(*values, {})[0]].kind == "large"
