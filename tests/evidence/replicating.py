"""Helpers of the tests of the replication: one row computed, data with one row changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from openyibao.evidence.figures import Figure, simulated
from openyibao.evidence.model import Library, Row
from openyibao.evidence.replicate import Result, encoded_standard, replicate, result
from openyibao.evidence.rules import Evaluator
from openyibao.evidence.tables_read import library


def results() -> dict[str, Result]:
    """All rows by their id."""
    return {one.row.id: one for told in replicate() for one in told.results}


def compute(name: str, data: Library | None = None, figures: Mapping[str, Figure] | None = None) -> Result:
    data = data or library()
    evaluator = Evaluator(data, simulated() if figures is None else figures, encoded_standard)
    return result(evaluator, evaluator.rows[name])


def changed(changes: Mapping[str, Fraction]) -> Library:
    """The data with other numbers read for some rows, in plain units."""

    def row(one: Row) -> Row:
        return replace(one, read=changes[one.id]) if one.id in changes else one

    data = library()
    documents = tuple(
        replace(
            document,
            tables=tuple(replace(table, rows=tuple(map(row, table.rows))) for table in document.tables),
        )
        for document in data.documents
    )
    return replace(data, documents=documents)
