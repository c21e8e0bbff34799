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

from openyibao.compare.assistance import Standard
from openyibao.compare.words import Words, both, pick
from openyibao.evidence.figures import Figure
from openyibao.evidence.law import policy_named, policy_value
from openyibao.evidence.model import Library, ReplicationError, Row, Rule
from openyibao.evidence.numbers import power_towards, shown
from openyibao.evidence.tables_read import word
from openyibao.policy.model import Bilingual

LISTED = 4
"""Terms of a long sum that are shown before the last one."""


@dataclass(frozen=True)
class Answer:
    """What a rule gives, in plain units: the value, the standard error of a simulation, and how it came about.

    `value` is None where the encoded policies have no number; `stated` then says whether they state "no cap".
    """

    value: Fraction | None
    text: Bilingual
    error: float = 0.0
    role: str = ""
    stated: bool = True


@dataclass(frozen=True)
class Part:
    """A term: its value, how it is shown, and the unit in which it is shown ("" for a plain number or a rule)."""

    value: Fraction
    text: Bilingual
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
    """Computes rows. `simulated` are figures by name, `standards` what the encoded policies have."""

    library: Library
    simulated: Mapping[str, Figure]
    standards: Callable[[tuple[str, ...]], Standard]
    rows: Mapping[str, Row] = field(init=False)
    inputs: set[str] = field(default_factory=set)
    """The rows whose printed numbers were used, since this was last cleared."""
    _busy: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = self.library.rows()

    def answer(self, rule: Rule, table: str) -> Answer:
        """What a rule gives. Raises ReplicationError where a row, a figure or a term is missing."""
        ((name, terms),) = rule.items()
        special: Mapping[str, Callable[[Any], Answer]] = {
            "policy value": self._law,
            "simulated": self._simulated,
            "library": self._library,
            "count": lambda names: Answer(Fraction(len(names)), alike(", ".join(names))),
        }
        if name in special:
            return special[name](terms)
        parts = [part for term in terms for part in self._parts(term, table)]
        if name in ("shifted", "nearest share"):
            return self._shifted(*parts) if name == "shifted" else _nearest(*parts)
        if not parts or len(parts) != TERMS.get(name, len(parts)):
            raise ReplicationError(f"{table}: {name} of {len(parts)} terms; it takes {TERMS.get(name, 'some')}")
        operation, sign = OPERATIONS[name]
        value = operation([part.value for part in parts])
        error, role = _error(name, parts)
        return Answer(value, both(lambda lang: self._joined(name, sign, parts, lang)), error, role)

    def best(self, row: Row) -> Fraction:
        """The number to compute with: the corrected one where the print is an error or nothing is printed."""
        spec = self.library.specs.get(row.id)
        if row.read is not None and not (spec and spec.kind == "slip" and spec.status == "error" and not spec.against):
            self.inputs.add(row.id)
            return row.read
        return self.reading(row)

    def print_of(self, row: Row) -> Fraction:
        """What the document prints, right or wrong."""
        if row.read is None:
            raise ReplicationError(f"{row.id}: nothing is printed")
        self.inputs.add(row.id)
        return row.read

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
            return [Part(Fraction(term), alike(f"{term:,}"))]
        if isinstance(term, str):
            return [self._part(row, self.best(row)) for row in self.fitting(term, table)]
        ((name, inner),) = term.items()
        if name == "reading":
            return [self._part(row, self.reading(row)) for row in self.fitting(inner, table)]
        if name == "printed":
            return [self._part(row, self.print_of(row)) for row in self.fitting(inner, table)]
        found = self.answer(term, table)
        if found.value is None:
            raise ReplicationError(f"{table}: {name} gives no number to compute with")
        bare = found.text if name in ("policy value", "simulated") else both(lambda lang: f"({pick(found.text, lang)})")
        return [Part(found.value, bare, "", found.error, found.role)]

    def _part(self, row: Row, value: Fraction) -> Part:
        return Part(value, alike(shown(value / self.library.units[row.unit].times)), row.unit)

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

    def unit(self, name: str, lang: str) -> str:
        """A unit in words; one that begins with a number stands in brackets, so that it is not read as part of one."""
        text = self.library.units[name].zh if lang == "zh" else name
        return f"({text})" if text[0].isdigit() else text

    def _law(self, asked: Mapping[str, Any]) -> Answer:
        value = policy_value(asked)
        words = Words(policy_named(asked["policy"]))
        told = shown(value) if value >= 1 else f"{shown(100 * value)}%"

        def said(lang: str) -> str:
            comma, colon = word("text", "comma", lang), word("text", "colon", lang)
            facts = comma.join(pick(words.say(str(fact)), lang) for fact in asked.get("where", {}).values())
            what = word("text", asked["value"], lang) + (colon + facts if facts else "")
            place = comma.join((asked["policy"], pick(words.say(asked["layer"]), lang), what))
            return told + word("text", "open", lang) + place + word("text", "close", lang)

        return Answer(value, both(said))

    def _simulated(self, name: str) -> Answer:
        if name not in self.simulated:
            raise ReplicationError(f"no simulated figure {name!r}; there are {sorted(self.simulated)}")
        figure = self.simulated[name]
        return Answer(figure.value, both(lambda lang: word("figures", name, lang)), figure.error, figure.role)

    def _library(self, asked: Sequence[str]) -> Answer:
        standard = self.standards(tuple(asked))
        extreme = standard.ever
        if extreme is None:
            return Answer(None, standard.because, stated=False)
        if extreme.value is None:
            return Answer(None, both(lambda lang: f"{word('text', 'no cap', lang)}. {pick(standard.because, lang)}"))
        times = 1 if asked[1] == "ratio" else self.library.units["10,000 yuan"].times
        return Answer(extreme.value * times, standard.because)

    def _joined(self, name: str, sign: str, parts: list[Part], lang: str) -> str:
        """The terms with their sign; with units where these differ."""
        mixed = len({part.unit for part in parts if part.unit}) > 1
        texts = [pick(part.text, lang) for part in parts]
        for number, part in enumerate(parts):
            if part.unit == "%":
                texts[number] += "%"
            elif mixed and part.unit:
                texts[number] += f" {self.unit(part.unit, lang)}"
        if name == "growth":
            return f"{texts[0]} / {texts[1]} - 1"
        if name == "before growth":
            return f"{texts[0]} / (1 + {texts[1]})"
        if len(texts) > LISTED + 1:
            texts = [*texts[:LISTED], "...", texts[-1]]
        return sign.join(texts)

    def _shifted(self, printed: Part, target: Part) -> Answer:
        """A print times the power of ten that brings it nearest to a number."""
        power = power_towards(printed.value, target.value)

        def said(lang: str) -> str:
            goal = pick(target.text, lang) + (f" {self.unit(target.unit, lang)}" if target.unit else "")
            moved = f"{pick(printed.text, lang)} {self.unit(printed.unit, lang)} × 10^{power}"
            return f"{moved}{word('text', 'towards', lang)} {goal}"

        return Answer(printed.value * Fraction(10) ** power, both(said))


def alike(text: str) -> Bilingual:
    """A text that is the same in both languages."""
    return Bilingual(text, text)


def _error(name: str, parts: list[Part]) -> tuple[float, str]:
    """The standard error of a product with a simulated factor, and the role of that factor."""
    uncertain = [part for part in parts if part.role]
    if not uncertain:
        return 0.0, ""
    if name not in ("product", "same") or len(uncertain) > 1:
        raise ReplicationError(f"{name}: only a product with one simulated figure has a known error")
    others = prod((part.value for part in parts if part is not uncertain[0]), start=Fraction(1))
    return uncertain[0].error * float(abs(others)), uncertain[0].role


def _nearest(share: Part, whole: Part) -> Answer:
    """The share of the whole number of people that comes nearest to a printed share."""
    count = round(share.value * whole.value)
    return Answer(Fraction(count) / whole.value, alike(f"{count} / {whole.text.en}"))
