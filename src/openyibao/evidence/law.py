"""Numbers of law as the policy files have them: a deductible, a rate or a ceiling of a layer, for given facts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from openyibao.evidence.model import ReplicationError
from openyibao.policy import Policy, find_policy, read_policy
from openyibao.policy.answers import NoAnswerError, rate
from openyibao.policy.model import Layer, Money, Ratio
from openyibao.policy.model import Table as PolicyTable

WHAT = ("deductible", "rate", "ceiling")


@cache
def policy_named(name: str) -> Policy:
    return read_policy(find_policy(name))


def policy_value(asked: Mapping[str, Any]) -> Fraction:
    """The value of a policy: yuan for an amount, a share of one for a rate.

    `asked` names the `policy`, its `layer`, what is wanted (`value`) and the facts (`where`). Raises ReplicationError
    where the policy has no such layer, table or answer, or does not know the value.
    """
    policy = policy_named(asked["policy"])
    place = f"policy value {dict(asked)}"
    layer = next((layer for layer in policy.layers if layer.name == asked["layer"]), None)
    if layer is None:
        raise ReplicationError(f"{place}: no such layer; {policy.id} has {[layer.name for layer in policy.layers]}")
    table = _table(layer, asked["value"], place)
    facts = asked.get("where", {})
    if lost := [name for name in table.by if name not in facts]:
        raise ReplicationError(f"{place}: the value depends on {lost[0]}; state it under `where`")
    known = tuple(policy.fact(name).values for name in table.by)
    try:
        value = rate(table, known, tuple(facts[name] for name in table.by))
    except NoAnswerError as error:
        raise ReplicationError(f"{place}: {error}") from None
    if isinstance(value, Money):
        return Fraction(value.fen, 100)
    if isinstance(value, Ratio):
        return value.ratio
    raise ReplicationError(f"{place}: the policy states no plain amount or rate there ({type(value).__name__})")


def _table(layer: Layer, what: str, place: str) -> PolicyTable:
    if what == "rate" and isinstance(layer.pays, PolicyTable):
        return layer.pays
    tables = {
        "deductible": [step.table for step in layer.steps if step.kind == "deductible"],
        "ceiling": [cap.table for cap in layer.caps],
    }.get(what, [])
    if len(tables) != 1:
        raise ReplicationError(f"{place}: the layer has {len(tables)} tables of it; ask for one of {WHAT} it has once")
    return tables[0]
