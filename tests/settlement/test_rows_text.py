"""The text of the loop: what Numba must be able to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openyibao import find_policy, policy_ids, read_policy
from openyibao.settlement.columns import RowRule

POLICIES = (*policy_ids(), *map(str, sorted((Path(__file__).parent.parent / "policies").glob("*.yaml"))))
WITHIN_THE_LOOP = " " * 8


@pytest.mark.parametrize(
    "name", POLICIES, ids=[Path(name).stem if name.endswith("yaml") else name for name in POLICIES]
)
def test_where_uses_stand_is_known_in_every_row(name: str) -> None:
    """Also in rows that do not come to what opens them: otherwise Numba could not always tell their type."""
    text = RowRule(read_policy(find_policy(name))).text
    places = set(re.findall(r"^ *(AT_\w+) = ", text, re.M))
    first = {place: re.search(rf"^( *){place} = ", text, re.M) for place in places}
    assert {place for place, found in first.items() if found is None or found[1] != WITHIN_THE_LOOP} == set()


def test_some_places_are_opened_on_a_condition() -> None:
    texts = [RowRule(read_policy(find_policy(name))).text for name in POLICIES[-7:]]
    assert any(re.search(r"^        AT_\w+ = 0$", text, re.M) for text in texts)
