"""OpenYibao's part in the comparison with its peers; runs in the checkout's own `.venv`.

    ours.py claims FOLDER --claims N   random claims, the numbers of the policy, and the exact bills, as files
    ours.py race VARIANT ...           settle the claims against the clock (see `clock.py`)

Variants of the race: `checked` is `RowRule.settle` (columns are checked first), `loop` the compiled loop alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import clock
import numpy as np
import numpy.typing as npt

from openyibao.bench.claims import MEAN_CLAIMS, Columns, random_columns
from openyibao.bench.settle import POLICY, SEED, WITHOUT_GAPS
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import AmountOf, Layer, Money, NoLimit, Policy, Ratio, Value
from openyibao.settlement.columns import DATES, MONEY, RowRule
from openyibao.settlement.lowering import TablePlan
from openyibao.settlement.program import Plan

PERSONAL_FACTS = ("age", "tier", "class", "district")


def make_claims(policy: Policy, claims: int, seed: int) -> Columns:
    """Random claims of which every one is settled; about `claims` of them, person after person.

    The facts of the person are those of the person's first claim: the peers model persons, who have one age and one
    class a year. The grade of the hospital stays the claim's own.
    """
    columns = random_columns(policy, max(1, claims // MEAN_CLAIMS), seed, WITHOUT_GAPS)
    first = np.searchsorted(columns["person"], columns["person"])
    columns |= {name: columns[name][first] for name in PERSONAL_FACTS}
    rule = RowRule(policy)
    return {name: columns[name] for name in rule.needs}


def numbers(policy: Policy) -> dict[str, object]:
    """The numbers of the policy as the peers take them: for each layer its conditions, deductible, rate and cap.

    Raises ValueError where the policy has another form than the peers' models.
    """
    plan = RowRule(policy).plan
    layers = []
    for number, found in enumerate(plan.layers):
        layer = found.layer
        kinds = [step.kind for step in layer.steps]
        if kinds not in ([], ["deductible"]) or [cap.period for cap in layer.caps] != ["year"] or found.rate is None:
            raise ValueError(f"layer {layer.name}: the peers know one deductible, flat rates and one cap a year")
        _check_base(layer, plan.layers[number - 1].layer if number else None)
        conditions = {
            one.fact: list(one.key.values)
            for one in layer.conditions
            if one.fact != "service" and hasattr(one.key, "values")
        }
        step = found.steps[0] if found.steps else None
        layers.append(
            {
                "name": layer.name,
                "for": conditions,
                "deductible": None if step is None else {"period": step.period, **_dense(plan, step.table)},
                "rate": _dense(plan, found.rate),
                "cap": _dense(plan, found.caps[0].table),
            }
        )
    facts = {fact.name: list(fact.values) for fact in policy.facts}
    return {
        "policy": policy.id,
        "digest": policy.digest,
        "from": policy.start.isoformat(),
        "facts": facts,
        "layers": layers,
    }


def _check_base(layer: Layer, above: Layer | None) -> None:
    """Each layer looks at all that the one above left: so the peers carry one number from layer to layer."""
    if any(term.share != 1 for term in layer.base):
        raise ValueError(f"layer {layer.name}: the peers know no shares of parts")
    wanted: list[set[str | None]] = (
        [{"in-scope cost"}] if above is None else [{None}, {"deductible", "copay", "over-cap"}]
    )
    found = {term.part for term in layer.base if term.layer == (above and above.name)}
    if found not in wanted:
        raise ValueError(f"layer {layer.name}: the peers' models take all that the layer above left; it takes {found}")


def _dense(plan: Plan, table: TablePlan) -> dict[str, object]:
    """A table as nested lists, one level for each fact; the facts' values, and for ranges where each begins."""
    axes: list[dict[str, object]] = []
    shape = []
    for fact, pieces in zip(table.dense.facts, table.dense.pieces, strict=True):
        shape.append(len(pieces))
        if fact.range is None:
            axes.append({"fact": fact.name, "names": list(pieces)})
        else:
            ranges = [piece for piece in pieces if isinstance(piece, tuple)]
            names = [f"{low} to {high}" for low, high in ranges]
            axes.append({"fact": fact.name, "names": names, "from": [low for low, _ in ranges]})
    values = np.array([_plain(plan, table.table.cells[cell].value) for cell in table.dense.answers], dtype=object)
    return {"axes": axes, "values": values.reshape(shape).tolist()}


def _plain(plan: Plan, value: Value) -> object:
    """Fen as a whole number, a rate as a fraction in text, or `no limit`, `not known`."""
    if isinstance(value, Money):
        return value.fen
    if isinstance(value, Ratio):
        return str(value.ratio)
    if isinstance(value, AmountOf):
        (whole,) = (one.value for one in plan.program.parameters if one.label == value.name and one.kind == "amount")
        top, bottom = value.share.numerator, value.share.denominator
        return (2 * whole * top + bottom) // (2 * bottom)
    return "no limit" if isinstance(value, NoLimit) else "not known"


def exact_bills(policy: Policy, columns: Columns) -> npt.NDArray[np.int64]:
    """What each layer pays and the person bears, in fen: one row a claim. Raises ValueError where one isn't settled."""
    rule = RowRule(policy)
    found = rule.settle(columns)
    if found.fault.any():
        raise ValueError(f"{int((found.fault != 0).sum())} claims can't be settled; the comparison wants all of them")
    return np.stack([found.outputs[name] for name in rule.outputs if name != "paid"], axis=1)


def write(folder: Path, claims: int, seed: int) -> None:
    policy = read_policy(find_policy(POLICY))
    columns = make_claims(policy, claims, seed)
    first = columns["person"] == columns["person"][0]
    clock.save(folder / "claims.npz", columns)
    clock.save(folder / "first.npz", {name: column[first] for name, column in columns.items()})
    np.savez(folder / "exact.npz", bills=exact_bills(policy, columns))
    (folder / "numbers.json").write_text(json.dumps(numbers(policy), indent=1, ensure_ascii=False), encoding="utf-8")


class Ours:
    """One rule, made once as it would be, and the two ways to run it."""

    def __init__(self, variant: str) -> None:
        self.rule = RowRule(read_policy(find_policy(POLICY)))
        self.variant = variant

    def prepare(self, columns: clock.Columns) -> clock.Work:
        if self.variant == "checked":
            return lambda: self.rule.settle(columns), lambda settled: self._bills(list(settled.outputs.values()))
        narrow = {name: _narrow(name, column) for name, column in columns.items()}
        inputs = self.rule.inputs(narrow, narrow["person"])
        fault = np.zeros(len(narrow["person"]), np.int32)
        out = [np.zeros(len(fault), np.int64) for _ in self.rule.outputs]
        return lambda: self.rule.run(narrow["person"], inputs, None, fault, out), lambda _: self._bills(out)

    def _bills(self, outputs: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        named = zip(self.rule.outputs, outputs, strict=True)
        return np.stack([column for name, column in named if name != "paid"], axis=1)


def _narrow(name: str, column: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Whole fen stay wide; a day needs 32 bits, a fact 16."""
    return column if name in ("person", *MONEY) else column.astype(np.int32 if name in DATES else np.int16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("claims")
    one.add_argument("folder", type=Path)
    one.add_argument("--claims", type=int, required=True)
    one.add_argument("--seed", type=int, default=SEED)
    race = verbs.add_parser("race")
    clock.add_arguments(race, ("checked", "loop"))
    given = parser.parse_args()
    if given.verb == "claims":
        write(given.folder, given.claims, given.seed)
    else:
        clock.race(given, lambda: Ours(given.variant).prepare)


if __name__ == "__main__":
    main()
