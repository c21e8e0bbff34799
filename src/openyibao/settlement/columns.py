"""Columns of claims: the loop form of a policy, compiled by Numba, over rows that stand person after person."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from openyibao.policy.model import Fact, Policy
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR
from openyibao.settlement.bounds import largest_number
from openyibao.settlement.compiled import cache_folder, compiled
from openyibao.settlement.emit import CELLS, rows_arguments, rows_text
from openyibao.settlement.lower_periods import period_number
from openyibao.settlement.lowering import (
    DISCHARGE_DAY,
    FIRST_DAY,
    LAST_DAY,
    MISSING,
    MISSING_MONEY,
    PERIOD_KEYS,
    UNKNOWN,
    UNKNOWN_MONEY,
)
from openyibao.settlement.program import Plan, plan_policy

Array = npt.NDArray[Any]
DATES = ("admission", "discharge", "settlement")
MAX_USES = 50_000_000
NOBODY = np.int64(-1)
"""Whose uses nobody has touched yet: persons are numbers from 0."""
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
        self.text = self._text(f"{policy.id}: {policy.title.en}")
        self.loop = _compiled(self.text, policy.id)
        self.parameters = np.array([p.value for p in program.parameters], dtype=np.int64)

        self._dates = {
            "rule_date": policy.rule_date,
            "year_date": policy.year_date,
            "period_date": policy.period_date,
        }
        self._facts = {self.plan.low.fact_name(fact.name): fact for fact in policy.facts}
        asked = [self._dates.get(name, name) for name in (*program.inputs, *program.texts)]
        asked = [self._facts[name].name if name in self._facts else name for name in asked]
        asked += ["discharge"] if "charge" in asked else []
        self.needs = tuple(dict.fromkeys(("person", *asked)))

    def _text(self, title: str) -> str:
        return rows_text(self.plan.program, title, self.outputs, self.literals)

    def settle(
        self,
        columns: Mapping[str, Array],
        parameters: Array | None = None,
        pool: Executor | None = None,
        parts: int = 8,
    ) -> Settled:
        """Settle columns of equal length; with a pool, its threads settle so many parts of whole persons.

        columns: those that `needs` names. `person` (whole numbers >= 0; the rows of a person stand together, in
        settlement order), dates (yyyymmdd; `charge` and `enrolment` may be -1), money (fen), `last_of_stay` (0, 1),
        `episode` and `stay` (whole numbers, the same for rows of a person that name the same), and one column a fact:
        the number of the value in the policy's list, or the number itself; -1 missing, -2 not in the list; of `any`
        text a number for each; of money fen, MISSING_MONEY and UNKNOWN_MONEY.
        Raises ValueError where a person's rows are torn apart, out of order, or a column has another length.
        """
        person = np.ascontiguousarray(columns["person"], dtype=np.int64)
        rows = len(person)
        check_order(person, columns, rows)
        inputs = self.inputs(columns, person)
        self._check_facts(columns)
        if parameters is not None:
            self._check_parameters(parameters)
        fault = np.zeros(rows, np.int32)
        out = [np.zeros(rows, np.int64) for _ in self.outputs]
        if pool is None:
            self.run(person, inputs, parameters, fault, out)
        else:
            self.run_parts(pool, parts, person, inputs, parameters, fault, out)
        return Settled(dict(zip(self.outputs, out, strict=True)), fault)

    def inputs(self, columns: Mapping[str, Array], person: Array) -> list[Array]:
        """The columns in the order in which the loop takes them; names are numbered from 0 for each person."""
        program, rows = self.plan.program, len(person)
        found = [self.column(columns, name, rows) for name in (*program.inputs, *program.texts)]
        by_person = {*program.texts, *(name for name, size in program.sizes.items() if size is None)}
        return [
            numbered(person, column) if name in by_person else column
            for name, column in zip((*program.inputs, *program.texts), found, strict=True)
        ]

    def _check_facts(self, columns: Mapping[str, Array]) -> None:
        """Facts are numbers that the policy has: the compiled loop looks answers up by them without asking."""
        for fact in self._facts.values():
            if fact.kind == "admission number":
                continue
            low, high = _limits(fact)
            missing, unknown = (MISSING_MONEY, UNKNOWN_MONEY) if "money" in fact.kind else (MISSING, UNKNOWN)
            column = columns[fact.name]
            if not len(column) or (column.min() >= max(low, 0) and column.max() <= high):
                continue
            wrong = np.flatnonzero((column != missing) & (column != unknown) & ((column < low) | (column > high)))
            if len(wrong):
                raise ValueError(
                    f"row {int(wrong[0])}: {fact.name} is {int(column[wrong[0]])}; expected {low} to {high}, "
                    f"{missing} for missing, {unknown} for a value the policy does not have"
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
        """The bare loop, on columns as `inputs` gives them: who calls it answers for the checks of `settle`."""
        numbers = () if self.literals else (self.parameters if parameters is None else parameters,)
        self.loop(len(person), person, *inputs, *self._uses(inputs), *numbers, fault, *out)

    def run_parts(
        self,
        pool: Executor,
        parts: int,
        person: Array,
        inputs: list[Array],
        parameters: Array | None,
        fault: Array,
        out: list[Array],
    ) -> None:
        """The same by the threads of a pool, each on persons of its own."""

        def part(rows: slice) -> None:
            pieces = [column[rows] for column in inputs], [column[rows] for column in out]
            self.run(person[rows], pieces[0], parameters, fault[rows], pieces[1])

        for _ in pool.map(part, person_parts(person, parts)):
            pass

    def _uses(self, inputs: list[Array]) -> list[Any]:
        """Numbers of periods and values, and the arrays that hold the uses of one person at a time."""
        program = self.plan.program
        columns = dict(zip((*program.inputs, *program.texts), inputs, strict=True))
        made: dict[str, Any] = {}
        for key in {slot.key for slot in program.slots}:
            made[f"FIRST_{key}"], last = (0, _last(columns[key])) if key in program.texts else self._span(key, columns)
            made[f"COUNT_{key}"] = last - made[f"FIRST_{key}"] + 1
        sizes = {name: _last(columns[name]) + 1 if size is None else size for name, size in program.sizes.items()}
        made |= {f"SIZE_{name}": size for name, size in sizes.items()}
        for number, slot in enumerate(program.slots):
            cells = made[f"COUNT_{slot.key}"] * math.prod(sizes[name] for name in slot.per)
            if cells > MAX_USES:
                raise ValueError(
                    f"policy {self.policy.id}: {slot.group} would keep {cells} uses at once; settle by year"
                )
            made["_".join(("OWN", *slot.place))] = np.full(cells, NOBODY)
            made |= {f"{name}_{number}": np.zeros(cells, np.int64) for name in ("USE", "EARN")}
            made[f"EOWN_{number}"] = np.full(cells, NOBODY)
        return [made[name] for name in rows_arguments(program)]

    def _span(self, key: str, columns: Mapping[str, Array]) -> tuple[int, int]:
        """The first and last period that the rows touch: how long the arrays of uses must be.

        Days that no program settles (see `lowering.FIRST_DAY`) touch none.
        """
        period = next(period for period, name in PERIOD_KEYS.items() if name == key)
        by = {"year": "year_date", DISCHARGE_DAY: "discharge"}
        dates = [by.get(period, "period_date")] if period != "lifetime" else []
        dates += ["enrolment"] if "enrolment" in columns and dates and period != DISCHARGE_DAY else []
        first, last = LAST_DAY, 0
        for name in dates:
            real = columns[name]
            if len(real) and not FIRST_DAY <= real.min() <= real.max() <= LAST_DAY:
                real = real[(real >= FIRST_DAY) & (real <= LAST_DAY)]
            if len(real):
                first, last = min(first, int(real.min())), max(last, int(real.max()))
        if first > last:
            return 0, 0
        expression = period_number(self.plan.low, period, "day")
        low, high = (
            eval(expression, {"day": day, "benefit_year_starts": starts})
            for day, starts in ((first, LAST_DAY), (last, 0))
        )
        return int(low), int(high)

    def column(self, columns: Mapping[str, Array], name: str, rows: int) -> Array:
        """The column of a program input, checked: its length, and that it holds whole numbers."""
        source = self._dates.get(name, name)
        source = self._facts[source].name if source in self._facts else source
        if source not in columns:
            raise KeyError(f"policy {self.policy.id} needs the column {source!r}")
        column = np.ascontiguousarray(columns[source])
        if len(column) != rows or column.dtype.kind not in "iu":
            raise ValueError(f"the column {source!r} must hold {rows} whole numbers")
        if source == "charge":
            return np.where(column == MISSING, columns["discharge"], column)
        return column


def _limits(fact: Fact) -> tuple[int, int]:
    """The lowest and the highest number that stands for a value of a fact."""
    if "money" in fact.kind:
        return 0 if fact.kind == "money" else -MAX_AMOUNT_FEN, MAX_AMOUNT_FEN
    if fact.kind == "any":
        return 0, MAX_AMOUNT_FEN
    return (0, len(fact.values) - 1) if fact.range is None else (fact.range.low or 0, fact.range.high or 0)


def _last(column: Array) -> int:
    return max(0, int(column.max())) if len(column) else 0


def numbered(person: Array, names: Array) -> Array:
    """Whole numbers that name something, counted from 0 for each person; negative ones stay.

    >>> numbered(np.array([7, 7, 7, 8, 8]), np.array([50, 9, 50, 3, -1])).tolist()
    [1, 0, 1, 0, -1]
    """
    order = np.lexsort((names, person))
    who, what = person[order], names[order]
    named = what >= 0
    new_person = np.r_[True, who[1:] != who[:-1]] if len(who) else np.zeros(0, bool)
    new_name = named & (new_person | np.r_[True, what[1:] != what[:-1]]) if len(who) else np.zeros(0, bool)
    count = np.cumsum(new_name)
    before = np.maximum.accumulate(np.where(new_person, count - new_name, 0))
    out = np.empty(len(names), np.int64)
    out[order] = np.where(named, count - before - 1, what)
    return out


def person_parts(person: Array, parts: int) -> list[slice]:
    """About so many stretches of rows, about equal, that part no person.

    >>> person_parts(np.array([5, 5, 5, 6, 7, 7]), 3)
    [slice(0, 3, None), slice(3, 4, None), slice(4, 6, None)]
    """
    rows, cuts = len(person), [0]
    for number in range(1, parts):
        at = max(rows * number // parts, cuts[-1])
        while 0 < at < rows and person[at] == person[at - 1]:
            at += 1
        cuts.append(at)
    return [slice(low, high) for low, high in zip(cuts, [*cuts[1:], rows], strict=True) if high > low]


def check_order(person: Array, columns: Mapping[str, Array], rows: int) -> None:
    """The rows of a person stand together, in settlement order; no person number is negative."""
    if not rows:
        return
    if person.min() < 0:
        raise ValueError("the column 'person' holds a negative number")
    settlement = np.ascontiguousarray(columns.get("settlement", person))
    falls, back = _disorder(person, settlement)
    if falls:
        starts = person[np.r_[0, np.flatnonzero(np.diff(person)) + 1]]
        found, times = np.unique(starts, return_counts=True)
        if len(found) != len(starts):
            torn = int(found[np.argmax(times)])
            raise ValueError(
                f"the rows of a person do not stand together (for instance near person {torn}); "
                "sort by person and settlement date"
            )
    if back:
        raise ValueError(
            f"row {back}: settled before the row above it, of the same person; sort by person and settlement date"
        )


@compiled
def _disorder(person: Array, settlement: Array) -> tuple[bool, int]:
    """Whether a number of a person is below the one above it; the first row settled before its person's row above."""
    falls, back = False, 0
    for row in range(1, len(person)):
        if person[row] != person[row - 1]:
            falls |= person[row] < person[row - 1]
        elif back == 0 and settlement[row] < settlement[row - 1]:
            back = row
    return falls, back


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
