"""How far the lines and caps of the year are after some bills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openyibao.service.web.picture import WIDE
from openyibao.service.web.words import Words
from openyibao.settlement.bill_words import PERIODS
from openyibao.site.words import first

Data = dict[str, Any]
SINGLE = ("claim", "episode", "day")
"""Periods that are over with the bill."""


@dataclass(frozen=True)
class Meter:
    """One line or cap: what it is, how much of it is used, how much is left. None where there is no bound."""

    layer: str
    name: str
    kind: str
    amount_fen: int | None
    used_fen: int
    left_fen: int | None
    says: str
    width: int
    full: bool


def meters(bills: Sequence[Data], t: Words) -> list[Meter]:
    """The lines and caps that the bills met, each as it stands after the last of them."""
    found: dict[tuple[object, ...], Meter] = {}
    for bill in bills:
        after = {_key(use): use["after_fen"] for use in bill["uses"]}
        for layer in bill["layers"]:
            for kind, step in _kept(layer):
                key = _key(step)
                if key in after:
                    found[key] = _meter(kind, layer, step, after[key], t)
    return list(found.values())


def _key(use: Data) -> tuple[object, ...]:
    return (use["group"], use["period_key"], *(str(one["value"]) for one in use["per"]))


def _kept(layer: Data) -> Iterator[tuple[str, Data]]:
    if not layer["applies"]:
        return
    steps = [(step["kind"], step) for step in layer["reductions"]] + [("cap", cap) for cap in layer["caps"]]
    for kind, step in steps:
        if step["group"] and step["period"] and step["period"] not in SINGLE:
            yield kind, step
        if step.get("annual_maximum") and step.get("counted"):
            most = step["annual_maximum"]
            yield "deductible", {**step, **step["counted"], **most, "carry_over": None, "plus": None}


def _meter(kind: str, layer: Data, step: Data, after: int, t: Words) -> Meter:
    """`left` is what was left before the bill, less what the bill itself took."""
    left = step["left_fen"]
    unlimited = step["amount"]["kind"] == "no limit" or left is None
    left = None if unlimited else max(left - (after - step["used_before_fen"]), 0)
    amount = None if left is None else left + after
    period = PERIODS[step["period"]][0 if t.lang == "zh" else 1]
    name = t(f"year.{kind}", period=period)
    full = left == 0 and amount != 0
    if left is None:
        says = t("year.unlimited", used=t.money(after))
    else:
        key = f"year.{kind}_full" if full else f"year.{kind}_left"
        says = t(key, used=t.money(after), left=t.money(left))
    width = 0 if not amount else after * WIDE // amount
    return Meter(first(layer["name"][t.lang]), first(name), kind, amount, after, left, says, width, full)
