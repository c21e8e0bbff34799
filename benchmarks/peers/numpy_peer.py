"""The rules of the policy as a competent user of numpy would write them; needs numpy only.

All claims that are a person's k-th in a benefit year are settled at once, for k = 1, 2, ...; what a person has used
stands in arrays with one entry a benefit year. Variants: `float64` holds yuan, rounded by `np.round`; `half-up` holds
yuan, rounded by `floor(x * 100 + 0.5) / 100`; `int64` holds whole fen; `annual` settles each person's year at once, as
if it were one claim once the deductibles and rates of basic insurance are done.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import clock
import model
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Columns = Mapping[str, Array]
KINDS = {"float64": model.YUAN, "half-up": model.YUAN_HALF_UP, "int64": model.FEN, "annual": model.YUAN}


def values_of(table: Mapping[str, Any], columns: Columns, money: model.Money) -> Array:
    """The answer of a table for each claim; amounts above all claims become whole numbers where money is whole."""
    values = model.array_of(table, money)
    if money.whole and "/" not in "".join(map(str, model.leaves(table["values"]))):
        values = np.minimum(values, 2.0**53).astype(np.int64)
    return np.asarray(values[tuple(model.codes(axis, columns) for axis in table["axes"])])


class Layer:
    """One layer, its numbers for each claim looked up."""

    def __init__(self, numbers: Mapping[str, Any], columns: Columns, facts: Any, money: model.Money) -> None:
        self.money = money
        self.rate = values_of(numbers["rate"], columns, money)
        self.cap = values_of(numbers["cap"], columns, money)
        rows = len(columns["person"])
        self.applies = np.ones(rows, bool)
        for fact, names in numbers["for"].items():
            self.applies &= np.isin(columns[fact], [facts[fact].index(name) for name in names])
        due = numbers["deductible"]
        self.yearly = due is not None and due["period"] == "year"
        self.deductible = np.zeros(rows, self.cap.dtype) if due is None else values_of(due, columns, money)

    def pay(self, at: Array, base: Array, met: Array, used: Array) -> tuple[Array, Array]:
        """What the layer pays on the claims `at`, and the deductible they bear, on what their year has met and used."""
        due = np.maximum(self.deductible[at] - met, 0) if self.yearly else self.deductible[at]
        deductible = np.where(self.applies[at], np.minimum(base, due), 0)
        share = self.money.share(base - deductible, self.rate[at])
        paid = np.minimum(share, np.maximum(self.cap[at] - used, 0))
        return np.where(self.applies[at], paid, 0), deductible


def settle(
    numbers: Mapping[str, Any], columns: Columns, money: model.Money, order: model.Sequence, by_place: list[Array]
) -> Array:
    """Bills, one row a claim. by_place: the rows that are a first claim, a second one, ..."""
    layers = [Layer(one, columns, numbers["facts"], money) for one in numbers["layers"]]
    cost, total = money.of_fen(columns["in_scope"]), money.of_fen(columns["total"])
    bills = np.zeros((len(cost), len(layers) + 1), cost.dtype)
    used = np.zeros((len(layers), order.count), cost.dtype)
    met = np.zeros_like(used)
    for at in by_place:
        year = order.year[at]
        left = cost[at]
        for number, layer in enumerate(layers):
            paid, deductible = layer.pay(at, left, met[number, year], used[number, year])
            used[number, year] += paid
            met[number, year] += deductible
            bills[at, number] = paid
            left = left - paid
    bills[:, -1] = total - bills[:, :-1].sum(axis=1)
    return bills


def settle_years(numbers: Mapping[str, Any], columns: Columns, money: model.Money, order: model.Sequence) -> Array:
    """Totals of each person, without an order of claims: rates by claim, all that is yearly on the year's sum."""
    first = np.flatnonzero(order.place == 0)
    year_columns = {name: column[first] for name, column in columns.items()}
    cost = money.of_fen(columns["in_scope"])
    basic, *others = numbers["layers"]
    layer = Layer(basic, columns, numbers["facts"], money)
    share = (cost - np.minimum(cost, layer.deductible)) * layer.rate
    left, total = (np.bincount(order.year, one) for one in (cost, money.of_fen(columns["total"])))
    paid = np.minimum(np.round(np.bincount(order.year, share), 2), layer.cap[first])
    bills, nothing, everyone = [paid], np.zeros(order.count), np.arange(order.count)
    for one in others:
        left = left - paid
        paid, _ = Layer(one, year_columns, numbers["facts"], money).pay(everyone, left, nothing, nothing)
        bills.append(paid)
    bills.append(total - sum(bills))
    person = np.unique(order.person_of, return_inverse=True)[1]
    return np.stack([np.bincount(person, bill) for bill in bills], axis=1)


def prepare(numbers: Mapping[str, Any], columns: clock.Columns, variant: str) -> clock.Work:
    money = KINDS[variant]
    order = model.sequence(columns)
    if variant == "annual":
        return lambda: settle_years(numbers, columns, money, order), money.in_fen
    by_place = np.split(np.argsort(order.place, kind="stable"), np.cumsum(np.bincount(order.place))[:-1])
    return lambda: settle(numbers, columns, money, order, by_place), money.in_fen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    clock.add_arguments(parser, tuple(KINDS))
    given = parser.parse_args()

    def make() -> clock.Prepare:
        numbers = model.read_numbers(given.folder)
        return lambda columns: prepare(numbers, columns, given.variant)

    clock.race(given, make)


if __name__ == "__main__":
    main()
