"""Columns of claims: the loop form of a policy, compiled by Numba, over rows that stand person after person."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import platformdirs

from openyibao.policy.model import Policy
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR
from openyibao.settlement.bounds import largest_number
from openyibao.settlement.emit import CELLS, rows_text
from openyibao.settlement.lower import FIRST_DAY, LAST_DAY, PERIOD_KEYS
from openyibao.settlement.program import Plan, plan_policy
from openyibao.settlement.rule import MISSING, UNKNOWN

Array = npt.NDArray[Any]
DATES = ("admission", "discharge", "settlement")
MONEY = ("total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")


@dataclass(frozen=True)
class Settled:
    """Columns of bills: the outputs asked for (fen), and for each row 0 or its fault."""

    outputs: dict[str, Array]
    fault: Array

    def faults(self) -> Array:
        """The number of each row's fault in the program's list; 0 where the row was settled."""
        return self.fault // CELLS


class RowRule:
    """The loop form of a policy.

    `outputs` names the quantities to keep (see `yibao policy code`): by default what each layer paid, and what the
    person bears; `ALL` keeps every one, for tests. With `literals=False` the numbers of the policy are arguments,
    and another `parameters` vector of the same policy needs no new compilation.
    """

    ALL = ("*",)

    def __init__(self, policy: Policy, outputs: tuple[str, ...] = (), *, literals: bool = True) -> None:
        self.policy = policy
        self.plan: Plan = plan_policy(policy)
        largest_number(self.plan.program, literals=literals)
        program = self.plan.program
        paid = (*(layer.paid for layer in self.plan.layers), "paid", "personal")
        self.outputs = program.outputs if outputs == self.ALL else outputs or paid
        unknown = [name for name in self.outputs if name not in program.outputs]
        if unknown:
            raise KeyError(f"policy {policy.id} has no quantity {', '.join(unknown)}")
        self.literals = literals
        self.text = rows_text(program, f"{policy.id}: {policy.title.en}", self.outputs, literals)
        self.loop = _compiled(self.text, policy.id)
        self.parameters = np.array([p.value for p in program.parameters], dtype=np.int64)

    def settle(self, columns: Mapping[str, Array], parameters: Array | None = None) -> Settled:
        """Settle columns of equal length.

        columns: `person` (whole numbers >= 0; the rows of a person stand together, in settlement order), the dates
        `admission`, `discharge`, `settlement` as far as the policy names them (yyyymmdd), the money columns
        `total`, `fully_self_paid`, `over_limit`, `pre_self_paid`, `in_scope` (fen), and one column a fact of the
        policy (number of the value in the policy's list, or the number itself; -1 missing, -2 not in the list).
        Raises ValueError where a person's rows are torn apart, out of order, or a column has another length.
        """
        person = np.ascontiguousarray(columns["person"], dtype=np.int64)
        rows = len(person)
        inputs = [self.column(columns, name, rows) for name in self.plan.program.inputs]
        self._check_facts(columns)
        check_order(person, columns, rows)
        if parameters is not None:
            self._check_parameters(parameters)
        fault = np.zeros(rows, np.int32)
        out = [np.zeros(rows, np.int64) for _ in self.outputs]
        self.run(person, inputs, parameters, fault, out)
        return Settled(dict(zip(self.outputs, out, strict=True)), fault)

    def _check_facts(self, columns: Mapping[str, Array]) -> None:
        """Facts are numbers that the policy has: the compiled loop looks answers up by them without asking."""
        for fact in self.policy.facts:
            low, high = (0, len(fact.values) - 1) if fact.range is None else (fact.range.low or 0, fact.range.high or 0)
            column = columns[fact.name]
            wrong = np.flatnonzero((column != MISSING) & (column != UNKNOWN) & ((column < low) | (column > high)))
            if len(wrong):
                raise ValueError(
                    f"row {int(wrong[0])}: {fact.name} is {int(column[wrong[0]])}; expected {low} to {high}, "
                    f"{MISSING} for missing, {UNKNOWN} for a value the policy does not have"
                )

    def _check_parameters(self, parameters: Array) -> None:
        """Numbers that replace those of the policy keep within the bounds that the proof of `bounds` rests on."""
        wanted = self.plan.program.parameters
        if self.literals:
            raise ValueError("the numbers of this loop are literals; make it with literals=False")
        if len(parameters) != len(wanted) or parameters.dtype != np.int64:
            raise ValueError(f"policy {self.policy.id} has {len(wanted)} parameters, as 64-bit whole numbers")
        for value, parameter in zip(parameters.tolist(), wanted, strict=True):
            low = 1 if parameter.kind == "bottom" else 0
            high = MAX_AMOUNT_FEN if parameter.kind == "amount" else MAX_DENOMINATOR
            if not low <= value <= high:
                raise ValueError(f"{parameter.label}: {value} does not lie in {low}..{high} ({parameter.kind})")

    def run(self, person: Array, inputs: list[Array], parameters: Array | None, fault: Array, out: list[Array]) -> None:
        """The bare loop, on checked columns and given outputs; for benchmarks."""
        keys = sorted({slot.key for slot in self.plan.program.slots})
        spans = [_span(key, inputs[1]) for key in keys]
        sizes = {key: last - first + 1 for key, (first, last) in zip(keys, spans, strict=True)}
        periods = [
            item
            for key, (first, _) in zip(keys, spans, strict=True)
            for item in (first, np.zeros(sizes[key], np.int64))
        ]
        slots = [np.zeros(sizes[slot.key], np.int64) for slot in self.plan.program.slots]
        numbers = () if self.literals else (self.parameters if parameters is None else parameters,)
        self.loop(len(person), np.array([-1, 0]), person, *inputs, *periods, *slots, *numbers, fault, *out)

    def column(self, columns: Mapping[str, Array], name: str, rows: int) -> Array:
        """The column of a program input, checked: its length, and that it holds whole numbers."""
        policy = self.policy
        source = {"rule_date": policy.rule_date, "year_date": policy.year_date}.get(name, name)
        names = {self.plan.low.fact_name(fact.name): fact.name for fact in policy.facts}
        source = names.get(source, source)
        if source not in columns:
            raise KeyError(f"policy {policy.id} needs the column {source!r}")
        column = np.ascontiguousarray(columns[source])
        if len(column) != rows or column.dtype.kind not in "iu":
            raise ValueError(f"the column {source!r} must hold {rows} whole numbers")
        return column


def check_order(person: Array, columns: Mapping[str, Array], rows: int) -> None:
    """The rows of a person stand together, in settlement order; no person number is negative."""
    if not rows:
        return
    if person.min() < 0:
        raise ValueError("the column 'person' holds a negative number")
    new = np.flatnonzero(np.diff(person)) + 1
    if not bool((np.diff(person[np.r_[0, new]]) > 0).all()):
        starts = person[np.r_[0, new]]
        if len(np.unique(starts)) != len(starts):
            torn = int(starts[np.argmax(np.unique(starts, return_counts=True)[1])])
            raise ValueError(
                f"the rows of a person do not stand together (for instance near person {torn}); "
                "sort by person and settlement date"
            )
    settlement = columns.get("settlement")
    if settlement is not None:
        back = np.flatnonzero(np.diff(np.asarray(settlement, dtype=np.int64)) < 0) + 1
        wrong = np.setdiff1d(back, new, assume_unique=True)
        if len(wrong):
            raise ValueError(
                f"row {int(wrong[0])}: settled before the row above it, of the same person; "
                "sort by person and settlement date"
            )


def _span(key: str, year_date: Array) -> tuple[int, int]:
    """The first and last period that the rows touch: how long the arrays of uses must be.

    Days that no program settles (see `lower.FIRST_DAY`) touch none.
    """
    days = np.clip(year_date, FIRST_DAY, LAST_DAY)
    real = days[days == year_date]
    if not len(real):
        return 0, 0
    expression = next(expression for name, expression in PERIOD_KEYS.values() if name == key)
    first, last = (int(eval(expression, {"year_date": int(day)})) for day in (real.min(), real.max()))
    return first, last


def cache_folder() -> Path:
    """Where generated loops and their machine code are kept between runs (`YIBAO_CACHE` overrides it)."""
    return Path(os.environ.get("YIBAO_CACHE") or platformdirs.user_cache_dir("openyibao"))


def _compiled(text: str, policy_id: str) -> Any:
    """The loop, compiled when first called; its machine code is kept where the cache folder can be written."""
    try:
        return numba.njit(nogil=True, cache=True)(_from_file(text))
    except (OSError, RuntimeError):  # no room, no right, no locator: compile in memory
        space: dict[str, Any] = {}
        exec(compile(text, f"<policy {policy_id}, rows>", "exec"), space)
        return numba.njit(nogil=True)(space["settle_rows"])


def _from_file(text: str) -> FunctionType:
    """The loop from a file that is named by its content, so that Numba can keep its machine code beside it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = cache_folder() / f"rows_{digest}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False
        ) as scratch:
            scratch.write(text)
        Path(scratch.name).replace(path)
    name = f"openyibao_rows_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: FunctionType = module.settle_rows
    return function
