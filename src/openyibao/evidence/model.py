"""The printed tables and what is said of their rows, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from openyibao.policy.model import Bilingual

KINDS = ("fitted", "derived", "held out", "transcribed", "slip")
STATUSES = ("error", "ambiguous", "definition")

Rule = Mapping[str, Any]
"""One key, the name of the rule, and its terms: see `openyibao.evidence.rules`."""


class ReplicationError(ValueError):
    """Data of the replication that cannot be used: what, where, what was expected."""


@dataclass(frozen=True)
class Row:
    """One printed number, or one that only the system computes (`printed` empty, `read` None).

    `read` and `step` (what one of the last printed digit is worth) are in plain units: persons, yuan, shares of one.
    `line` is the line and column of the transcribed table; empty for a number of the running text.
    """

    table: str
    name: str
    item: Bilingual
    year: int | None
    unit: str
    printed: str
    read: Fraction | None
    step: Fraction
    line: str
    where: str
    sure: str
    note: Bilingual

    @property
    def id(self) -> str:
        return f"{self.table}/{self.name}"


@dataclass(frozen=True)
class Finding:
    """Something wrong or doubtful in a document, with its number and why we say so."""

    name: str
    status: str
    why: Bilingual


@dataclass(frozen=True)
class Spec:
    """What the system does with a row.

    `rule` computes the number (for a slip: the corrected reading, or the number on the other definition); `other` is a
    second reading; `against` is the number that refutes the print where the rule itself agrees with it; `origin`
    shows how the print came about; `column` names the shares that close at 100 %; `beside` is the row with which a
    number that is not printed is compared.
    """

    kind: str = "transcribed"
    findings: tuple[Finding, ...] = ()
    rule: Rule | None = None
    other: Rule | None = None
    against: Rule | None = None
    origin: Rule | None = None
    column: str = ""
    beside: str = ""
    why: Bilingual | None = None

    def rules(self) -> dict[str, Rule | None]:
        """All its rules, by what they are for."""
        return {"rule": self.rule, "other": self.other, "against": self.against, "origin": self.origin}

    @property
    def status(self) -> str:
        return self.findings[0].status if self.findings else ""


@dataclass(frozen=True)
class Table:
    """A printed table: `lines` is how many lines the transcription has."""

    name: str
    title: Bilingual
    lines: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Document:
    """A published document with its tables and what was found in it."""

    name: str
    title: Bilingual
    citation: str
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Unit:
    """A unit: its Chinese name, and how many plain units it is."""

    zh: str
    times: Fraction


@dataclass(frozen=True)
class Library:
    """All documents, what is to be done with each row, and the units."""

    documents: tuple[Document, ...]
    specs: Mapping[str, Spec]
    units: Mapping[str, Unit]

    def tables(self) -> tuple[Table, ...]:
        return tuple(table for document in self.documents for table in document.tables)

    def rows(self) -> dict[str, Row]:
        return {row.id: row for table in self.tables() for row in table.rows}
