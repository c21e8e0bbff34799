"""Every row of the printed tables beside what the system makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from openyibao.compare.assistance import Standard, assistance_table
from openyibao.evidence.figures import Figure, simulated
from openyibao.evidence.model import Document, Library, ReplicationError, Row, Spec, Table
from openyibao.evidence.rules import Answer, Evaluator
from openyibao.evidence.tables_read import library
from openyibao.policy import find_policy, policy_ids, read_policy

ERRORS = 2
"""How many standard errors a simulated figure may lie away from the print, beyond the rounding of the print."""
WHOLE = Fraction(1)


@dataclass(frozen=True)
class Result:
    """One row: what was computed, in plain units, and how it compares with the print (or the row beside it).

    `difference` is computed less compared. `other`, `against` and `origin` are the further answers of its spec.
    """

    row: Row
    spec: Spec
    rule: str
    computed: Answer | None
    compared: Fraction | None
    difference: Fraction | None
    verdict: str
    other: Answer | None = None
    against: Answer | None = None
    origin: Answer | None = None
    inputs: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        return self.spec.kind


@dataclass(frozen=True)
class Told:
    """A table with its results, and its document."""

    document: Document
    table: Table
    results: tuple[Result, ...]


def replicate(
    wanted: str | None = None,
    data: Library | None = None,
    figures: Mapping[str, Figure] | None = None,
) -> list[Told]:
    """All tables, or those of one table or document. Raises ReplicationError where there is none of that name."""
    data = data or library()
    documents = [document.name for document in data.documents]
    names = list(dict.fromkeys([*documents, *(table.name for table in data.tables())]))
    if wanted is not None and wanted not in names:
        raise ReplicationError(f"no table or document {wanted!r}; there are {', '.join(names)}")
    evaluator = Evaluator(data, simulated() if figures is None else figures, encoded_standard)
    return [
        Told(document, table, tuple(result(evaluator, row) for row in table.rows))
        for document in data.documents
        for table in document.tables
        if wanted in (None, document.name, table.name)
    ]


@cache
def _standards() -> Mapping[tuple[str, ...], Standard]:
    """The standards of assistance, as published and as the policies of the library have had them at any time."""
    policies = [read_policy(find_policy(name)) for name in policy_ids()]
    return {(one.method, one.measure, one.bound, one.group): one for one in assistance_table(policies)}


def encoded_standard(asked: tuple[str, ...]) -> Standard:
    found = _standards()
    if asked not in found:
        raise ReplicationError(f"library {list(asked)}: no such standard; state method, measure, bound and group")
    return found[asked]


def result(evaluator: Evaluator, row: Row) -> Result:
    """One row compared. Raises ReplicationError where its rule cannot be computed."""
    spec = evaluator.library.specs.get(row.id, Spec())
    evaluator.inputs.clear()
    answers = {
        name: evaluator.answer(rule, row.table) if rule else None
        for name, rule in (
            ("rule", spec.rule),
            ("other", spec.other),
            ("against", spec.against),
            ("origin", spec.origin),
        )
    }
    computed = answers["rule"]
    inputs = frozenset(evaluator.inputs - {row.id})
    if computed is None and row.read is None:
        raise ReplicationError(f"{row.id}: nothing is printed and no rule computes it; give it a rule")
    beside = evaluator.fitting(spec.beside, row.table)[0] if spec.beside else None
    compared = evaluator.best(beside) if beside else row.read
    step = beside.step if beside else row.step
    difference = None
    if computed is not None and computed.value is not None and compared is not None:
        difference = computed.value - compared
    verdict = _verdict(evaluator, row, spec, computed, answers["against"], difference, step)
    name = next(iter(spec.rule)) if spec.rule else ""
    rest = (answers["other"], answers["against"], answers["origin"])
    return Result(row, spec, name, computed, compared, difference, verdict, *rest, inputs)


def _verdict(
    evaluator: Evaluator,
    row: Row,
    spec: Spec,
    computed: Answer | None,
    against: Answer | None,
    difference: Fraction | None,
    step: Fraction,
) -> str:
    if spec.kind == "slip":
        return _of_slip(row, computed, against, difference, step)
    if computed is None:
        return "carried"
    if spec.rule and "library" in spec.rule:
        return _of_range(row, computed, spec.rule["library"])
    if difference is None:
        return "computed"
    if computed.role:
        return "within error" if abs(difference) <= step / 2 + Fraction(ERRORS * computed.error) else "misses"
    if difference == 0:
        return "exact"
    if abs(difference) <= step / 2:
        return "rounding"
    if spec.column and abs(difference) <= step and _closes(evaluator, row, spec.column):
        return "closing"
    return "apart"


def _of_slip(
    row: Row, computed: Answer | None, against: Answer | None, difference: Fraction | None, step: Fraction
) -> str:
    """A slip is refuted where another number, or the one that speaks against it, is not what is printed."""
    if against is not None and against.value is not None and row.read is not None:
        return "refuted" if abs(against.value - row.read) > step / 2 else "not refuted"
    if computed is None or difference is None:
        return "renamed"
    return "refuted" if abs(difference) > step / 2 else "not refuted"


def _of_range(row: Row, computed: Answer, asked: list[str]) -> str:
    """Whether the extreme of few places lies inside the published extremes of many."""
    lowest = asked[2] == "lowest"
    if computed.value is None or row.read is None:
        no_cap = "inside" if lowest else "outside"
        return no_cap if computed.stated else "none encoded"
    return "inside" if (computed.value >= row.read if lowest else computed.value <= row.read) else "outside"


def _closes(evaluator: Evaluator, row: Row, column: str) -> bool:
    """Whether the shares of a column, as printed, come to 100 %, so that a last digit was moved to make them."""
    shares = [round(evaluator.best(one) / row.step) * row.step for one in evaluator.fitting(column, row.table)]
    return sum(shares, Fraction(0)) == WHOLE


def counts(told: list[Told], of: Callable[[Result], str]) -> dict[str, int]:
    """How many results there are of each kind or verdict, in order of first sight."""
    found: dict[str, int] = {}
    for one in told:
        for each in one.results:
            found[of(each)] = found.get(of(each), 0) + 1
    return found
