"""The proof that no product passes 2^63 can fail."""

import pytest

from openyibao import find_policy, policy_ids, read_policy
from openyibao.settlement.bounds import BITS_63, largest_number
from openyibao.settlement.ir import Parameter, Program, Set
from openyibao.settlement.program import plan_policy


def program(expression: str) -> Program:
    inputs = ("rule_date", "year_date", "total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
    parameters = (Parameter("rate", 70, "top"), Parameter("rate", 100, "bottom"))
    return Program(inputs, (Set("x", expression),), ("x",), (), (), parameters)


@pytest.mark.parametrize("name", policy_ids())
def test_policies_stay_below(name: str) -> None:
    assert 0 < largest_number(plan_policy(read_policy(find_policy(name))).program) < BITS_63


def test_share_of_a_claim_is_safe() -> None:
    assert largest_number(program("(2 * total * p[0] + p[1]) // (2 * p[1])")) < BITS_63


@pytest.mark.parametrize("expression", ["total * total", "total * p[0] * p[1]", "-total * in_scope * 2", "total ** 2"])
def test_overflow_is_refused(expression: str) -> None:
    with pytest.raises((OverflowError, TypeError, AssertionError)):
        largest_number(program(expression))
