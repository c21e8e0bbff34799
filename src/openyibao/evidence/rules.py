"""The named rules by which the system computes a printed number from other rows, the law, or a simulation.

A rule is a mapping with one key, its name; its terms are a list. A term is the name of a row (`TABLE/ROW`, or `ROW` of
the same table; with stars all rows that fit), another rule, a whole number, `{printed: ROW}` for what the document
prints, or `{reading: ROW}` for what the rule of that row gives. The name of a row stands for its best reading: the
corrected one where the print is an error, else the print. All arithmetic is in fractions, in plain units.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

from openyibao.compare.assistance import Extreme
from openyibao.evidence.figures import Figure
from openyibao.evidence.law import policy_value
from openyibao.evidence.model import Library, ReplicationError, Row, Rule
from openyibao.evidence.numbers import power_towards, shown

LISTED = 4
"""Terms of a long sum that are shown before the last one."""


@dataclass(frozen=True)
class Answer:
    """What a rule gives, in plain units: the value, the standard error of a simulation, and how it came about.

    `value` is None where the encoded policies state nothing.
    """

    value: Fraction | None
    text: str
    error: float = 0.0
    role: str = ""


@dataclass(frozen=True)
class Part:
    """A term: its value, how it is shown, and the unit in which it is shown ("" for a plain number or a sum)."""

    value: Fraction
    text: str
    unit: str = ""
    error: float = 0.0
    role: str = ""


Operation = Callable[[list[Fraction]], Fraction]

OPERATIONS: Mapping[str, tuple[Operation, str]] = {
    "sum": (lambda v: sum(v, Fraction(0)), " + "),
    "difference": (lambda v: v[0] - sum(v[1:]), " - "),
    "remainder": (lambda v: v[0] - sum(v[1:]), " - "),
    "product": (lambda v: prod(v, start=Fraction(1)), " × "),
    "ratio": (lambda v: v[0] / v[1], " / "),
    "share": (lambda v: v[0] / v[1], " / "),
    "per head": (lambda v: v[0] / v[1], " / "),
    "whole of share": (lambda v: v[0] / v[1], " / "),
    "growth": (lambda v: v[0] / v[1] - 1, " / "),
    "before growth": (lambda v: v[0] / (1 + v[1]), " / "),
    "mean": (lambda v: sum(v, Fraction(0)) / len(v), ", "),
    "same": (lambda v: v[0], ""),
}
TERMS = {**dict.fromkeys(("ratio", "share", "per head", "whole of share", "growth", "before growth"), 2), "same": 1}


@dataclass
class Evaluator:
    """Computes rows. `simulated` are figures by name, `extremes` what the encoded policies have by standard."""

    library: Library
    simulated: Mapping[str, Figure]
    extremes: Callable[[tuple[str, ...]], Extreme | None]
    rows: Mapping[str, Row] = field(init=False)
    inputs: set[str] = field(default_factory=set)
    """The rows whose printed numbers were used, since this was last cleared."""
    _busy: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = self.library.rows()

    def answer(self, rule: Rule, table: str) -> Answer:
        """What a rule gives. Raises ReplicationError where a row, a figure or a term is missing."""
        ((name, terms),) = rule.items()
        special = {"policy value": self._law, "simulated": self._simulated, "library": self._library}.get(name)
        if special is not None:
            return special(terms)
        if name == "count":
            return Answer(Fraction(len(terms)), ", ".join(terms))
        parts = [part for term in terms for part in self._parts(term, table)]
        if name in ("shifted", "nearest share"):
            return _shifted(parts) if name == "shifted" else _nearest(parts)
        if not parts or len(parts) != TERMS.get(name, len(parts)):
            raise ReplicationError(f"{table}: {name} of {len(parts)} terms; it takes {TERMS.get(name, 'some')}")
        operation, sign = OPERATIONS[name]
        value = operation([part.value for part in parts])
        error, role = _error(name, parts)
        return Answer(value, _joined(name, sign, parts), error, role)

    def best(self, row: Row) -> Fraction:
        """The number to compute with: the corrected one where the print is an error or nothing is printed."""
        spec = self.library.specs.get(row.id)
        if row.read is not None and not (spec and spec.kind == "slip" and spec.status == "error" and not spec.against):
            self.inputs.add(row.id)
            return row.read
        return self.reading(row)

    def reading(self, row: Row) -> Fraction:
        """What the rule of a row gives."""
        spec = self.library.specs.get(row.id)
        if spec is None or spec.rule is None:
            if row.read is None:
                raise ReplicationError(f"{row.id}: nothing is printed and no rule computes it; give it a rule")
            self.inputs.add(row.id)
            return row.read
        if row.id in self._busy:
            raise ReplicationError(f"{row.id}: computed from itself, through {' > '.join(self._busy)}")
        self._busy.append(row.id)
        try:
            value = self.answer(spec.rule, row.table).value
        finally:
            self._busy.pop()
        if value is None:
            raise ReplicationError(f"{row.id}: no number to compute with")
        return value

    def _parts(self, term: Any, table: str) -> list[Part]:
        if isinstance(term, int):
            return [Part(Fraction(term), f"{term:,}")]
        if isinstance(term, str):
            return [self._part(row, self.best(row)) for row in self.fitting(term, table)]
        ((name, inner),) = term.items()
        if name in ("printed", "reading"):
            (row,) = self.fitting(inner, table)
            if name == "reading":
                return [self._part(row, self.reading(row))]
            if row.read is None:
                raise ReplicationError(f"{row.id}: nothing is printed")
            self.inputs.add(row.id)
            return [self._part(row, row.read)]
        found = self.answer(term, table)
        if found.value is None:
            raise ReplicationError(f"{table}: {name} gives no number to compute with")
        text = found.text if name in ("policy value", "simulated") else f"({found.text})"
        return [Part(found.value, text, "", found.error, found.role)]

    def _part(self, row: Row, value: Fraction) -> Part:
        return Part(value, shown(value / self.library.units[row.unit].times), row.unit)

    def fitting(self, name: str, table: str) -> list[Row]:
        """The rows of a name, in the order of their table. Raises ReplicationError where there is none."""
        if "/" not in name:
            name = f"{table}/{name}"
        if "*" not in name:
            if name not in self.rows:
                raise ReplicationError(f"{table}: no row {name}; mend the name")
            return [self.rows[name]]
        pattern = re.compile("[^.]+".join(re.escape(part) for part in name.split("*")))
        found = [row for id_, row in self.rows.items() if pattern.fullmatch(id_)]
        if not found:
            raise ReplicationError(f"{table}: no row fits {name}; mend the pattern")
        return found

    def _law(self, asked: Mapping[str, Any]) -> Answer:
        value = policy_value(asked)
        facts = ", ".join(asked.get("where", {}).values())
        told = shown(value) if value >= 1 else f"{shown(100 * value)}%"
        return Answer(value, f"{told} ({asked['policy']}, {asked['layer']}, {asked['value']}: {facts or 'all'})")

    def _simulated(self, name: str) -> Answer:
        if name not in self.simulated:
            raise ReplicationError(f"no simulated figure {name!r}; there are {sorted(self.simulated)}")
        figure = self.simulated[name]
        return Answer(figure.value, f"{name}", figure.error, figure.role)

    def _library(self, asked: Sequence[str]) -> Answer:
        extreme = self.extremes(tuple(asked))
        if extreme is None:
            return Answer(None, "")
        if extreme.value is None:
            return Answer(None, f"{extreme.policy.id}: -")
        times = 1 if asked[1] == "ratio" else self.library.units["10,000 yuan"].times
        return Answer(extreme.value * times, extreme.policy.id)


def _joined(name: str, sign: str, parts: list[Part]) -> str:
    """The terms with their sign; with units where these differ."""
    mixed = len({part.unit for part in parts if part.unit}) > 1
    texts = [f"{part.text} {part.unit}" if mixed and part.unit not in ("", "%") else part.text for part in parts]
    texts = [f"{text}%" if part.unit == "%" else text for text, part in zip(texts, parts, strict=True)]
    if name == "growth":
        return f"{texts[0]} / {texts[1]} - 1"
    if name == "before growth":
        return f"{texts[0]} / (1 + {texts[1]})"
    if len(texts) > LISTED + 1:
        texts = [*texts[:LISTED], "...", texts[-1]]
    return sign.join(texts)


def _error(name: str, parts: list[Part]) -> tuple[float, str]:
    """The standard error of a product with a simulated factor, and the role of that factor."""
    uncertain = [part for part in parts if part.role]
    if not uncertain:
        return 0.0, ""
    if name not in ("product", "same") or len(uncertain) > 1:
        raise ReplicationError(f"{name}: only a product with one simulated figure has a known error")
    others = prod((part.value for part in parts if part is not uncertain[0]), start=Fraction(1))
    return uncertain[0].error * float(abs(others)), uncertain[0].role


def _shifted(parts: list[Part]) -> Answer:
    """A print times the power of ten that brings it nearest to a number."""
    printed, target = parts
    power = power_towards(printed.value, target.value)
    unit = f" {printed.unit}" if printed.unit else ""
    return Answer(printed.value * Fraction(10) ** power, f"{printed.text}{unit} × 10^{power}, towards {target.text}")


def _nearest(parts: list[Part]) -> Answer:
    """The share of the whole number of people that comes nearest to a printed share."""
    share, whole = parts
    count = round(share.value * whole.value)
    return Answer(Fraction(count) / whole.value, f"{count} / {whole.text}")
