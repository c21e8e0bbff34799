"""The package data of the replication read into `model`: CSV files of numbers, YAML files of rules."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from openyibao.evidence.model import (
    KINDS,
    STATUSES,
    Document,
    Finding,
    Library,
    ReplicationError,
    Row,
    Spec,
    Table,
    Unit,
)
from openyibao.evidence.numbers import last_digit
from openyibao.policy.model import Bilingual

DOCUMENTS = ("assistance", "district", "texts", "history", "integration", "statistics")
COLUMNS = (
    *("row", "item", "item_zh", "year", "unit", "printed", "read", "step", "line", "where", "sure", "note", "note_zh"),
)
RULES = ("rule", "other", "against", "origin")
SPEC_KEYS = {"kind", "findings", "column", "beside", "why", *RULES}
SURE = ("high", "medium", "low")


def _text(name: str) -> str:
    return files("openyibao.evidence").joinpath("tables", name).read_text(encoding="utf-8")


def _yaml(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(_text(name))
    return found


@cache
def words() -> dict[str, Any]:
    """Names of units, kinds, statuses, verdicts and rules, in both languages."""
    return _yaml("words.yaml")


def word(group: str, name: str, lang: str) -> str:
    return str(words()[group][name][lang])


@cache
def library() -> Library:
    """All tables of the package. Raises ReplicationError where the data are wrong."""
    units = {name: Unit(one["zh"], Fraction(one["times"])) for name, one in words()["units"].items()}
    documents, specs = [], {}
    for name in DOCUMENTS:
        data = _yaml(f"{name}.yaml")
        document = read_document(name, data, {table: _text(f"{table}.csv") for table in data["tables"]}, units)
        documents.append(document)
        specs.update(read_specs(document, data.get("rules", {})))
    return Library(tuple(documents), specs, units)


def read_document(name: str, data: Mapping[str, Any], texts: Mapping[str, str], units: Mapping[str, Unit]) -> Document:
    """A document from its YAML data and the texts of its CSV files, by table."""
    tables = tuple(
        Table(table, Bilingual(one["zh"], one["en"]), one["lines"], read_rows(table, texts[table], units))
        for table, one in data["tables"].items()
    )
    findings = tuple(_finding(name, number, one) for number, one in data.get("findings", {}).items())
    return Document(name, Bilingual(data["title"]["zh"], data["title"]["en"]), data["citation"], tables, findings)


def _finding(document: str, number: str, one: Mapping[str, str]) -> Finding:
    if one["status"] not in STATUSES:
        raise ReplicationError(f"{document}.yaml, finding {number}: status {one['status']!r}; use one of {STATUSES}")
    return Finding(number, one["status"], Bilingual(one["zh"], one["en"]))


def read_rows(table: str, text: str, units: Mapping[str, Unit]) -> tuple[Row, ...]:
    """The rows of a CSV file. Raises ReplicationError with file and line."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ReplicationError(f"{table}.csv: the columns are {reader.fieldnames}; expected {list(COLUMNS)}")
    rows = [_row(table, line, one, units) for line, one in enumerate(reader, 2)]
    names = [row.name for row in rows]
    if double := [name for name in names if names.count(name) > 1]:
        raise ReplicationError(f"{table}.csv: row {double[0]} stands twice; give each row its own name")
    return tuple(rows)


def _row(table: str, line: int, one: Mapping[str, str], units: Mapping[str, Unit]) -> Row:
    place = f"{table}.csv, line {line} ({one['row']})"
    if one["unit"] not in units:
        raise ReplicationError(f"{place}: unit {one['unit']!r} is not in words.yaml; add it or use one of its units")
    if bool(one["printed"]) != bool(one["read"]):
        raise ReplicationError(f"{place}: `printed` and `read` go together; fill in both, or neither")
    if one["sure"] not in SURE:
        raise ReplicationError(f"{place}: sure is {one['sure']!r}; use one of {SURE}")
    times = units[one["unit"]].times
    try:
        read = Fraction(one["read"]) if one["read"] else None
        step = Fraction(one["step"] or 0) or (Fraction(0) if read is None else last_digit(one["printed"], read))
        year = int(one["year"]) if one["year"] else None
    except ValueError:
        raise ReplicationError(f"{place}: read, step and year are plain numbers, such as 1860 or 8.1") from None
    return Row(
        table,
        one["row"],
        Bilingual(one["item_zh"], one["item"]),
        year,
        one["unit"],
        one["printed"],
        None if read is None else read * times,
        step * times,
        one["line"],
        one["where"],
        one["sure"],
        Bilingual(one["note_zh"], one["note"]),
    )


def read_specs(document: Document, data: Mapping[str, Any]) -> dict[str, Spec]:
    """What is to be done with each row: the entry of its own name, else of the longest pattern that fits."""
    findings = {finding.name: finding for finding in document.findings}
    tables = {table.name: table for table in document.tables}
    found: dict[str, Spec] = {}
    for table, entries in data.items():
        if table not in tables:
            raise ReplicationError(f"{document.name}.yaml: rules of {table}, which is no table of the document")
        used = set()
        for row in tables[table].rows:
            if fitting := [(key, caught) for key in entries if (caught := _fits(key, row.name)) is not None]:
                key, caught = max(fitting, key=lambda pair: ("*" not in pair[0], len(pair[0])))
                used.add(key)
                place = f"{document.name}.yaml, {table}, {key}"
                found[row.id] = _spec(place, _filled(entries[key], caught), findings)
        if idle := set(entries) - used:
            raise ReplicationError(f"{document.name}.yaml, {table}: no row for {sorted(idle)}; mend the name")
    return found


def _fits(pattern: str, name: str) -> tuple[str, ...] | None:
    """What the stars of a pattern stand for (no star crosses a dot), or None."""
    found = re.fullmatch("([^.]+)".join(re.escape(part) for part in pattern.split("*")), name)
    return found.groups() if found else None


def _filled(data: Any, caught: tuple[str, ...]) -> Any:
    """The entry of a pattern for one row: {0} is what its first star stands for."""
    if isinstance(data, str):
        return re.sub(r"\{(\d)\}", lambda match: caught[int(match[1])], data)
    if isinstance(data, list):
        return [_filled(one, caught) for one in data]
    if isinstance(data, dict):
        return {key: _filled(one, caught) for key, one in data.items()}
    return data


def _spec(place: str, data: Mapping[str, Any], findings: Mapping[str, Finding]) -> Spec:
    if strange := set(data) - SPEC_KEYS:
        raise ReplicationError(f"{place}: {sorted(strange)} is no key; use {sorted(SPEC_KEYS)}")
    kind = data.get("kind", "derived")
    if kind not in KINDS:
        raise ReplicationError(f"{place}: kind {kind!r}; use one of {KINDS}")
    numbers = data.get("findings", [])
    if lost := [number for number in numbers if number not in findings]:
        raise ReplicationError(f"{place}: finding {lost[0]} is not described under `findings`")
    why = data.get("why")
    rule, other, against, origin = (_rule(place, data.get(name)) for name in RULES)
    return Spec(
        kind,
        tuple(findings[number] for number in numbers),
        rule,
        other,
        against,
        origin,
        data.get("column", ""),
        data.get("beside", ""),
        Bilingual(why["zh"], why["en"]) if why else None,
    )


def _rule(place: str, data: Any) -> Mapping[str, Any] | None:
    if data is None:
        return None
    if not isinstance(data, dict) or len(data) != 1 or next(iter(data)) not in words()["rules"]:
        raise ReplicationError(f"{place}: {data!r} is no rule; write one of {sorted(words()['rules'])} and its terms")
    return data
