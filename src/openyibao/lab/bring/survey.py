"""A survey file through its mapping: one row a person (or a household), money in fen of a year, and a report.

Nothing is imputed. A cell that is missing, has a code without a meaning, or is no number becomes null, and is counted.
A row is dropped where it is of another wave, has no id, repeats one, or has no weight though the survey has weights.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa

from openyibao.lab.bring.mapping import COUNTS, IDS, MONEY, PERIODS, UNITS, VALUES, WEIGHT, WORDS, Field, SurveyMapping
from openyibao.lab.bring.microdata import Cell, Microdata, open_microdata
from openyibao.tables import TableError

YEARLY = ("hospital stays", "outpatient visits")
INT8_MOST, INT32_MOST = 2**7 - 1, 2**31 - 1
FEN_MOST = 10**15
MISSING_MARKS = (".", *(f".{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))


@dataclass
class Told:
    """What became of one concept: its field and label, and how many cells were missing, recoded, rounded, unusable."""

    mapped: Field
    name: str = ""
    label: str = ""
    missing: Counter[str] = field(default_factory=Counter)
    recoded: Counter[tuple[str, str]] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)
    rounded: int = 0
    filled: int = 0


@dataclass
class Report:
    """What became of a survey file: rows read, dropped and why, and each concept."""

    mapping: SurveyMapping
    wave: str
    path: Path
    encoding: str = ""
    rows: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    concepts: dict[str, Told] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


def column_of(concept: str) -> str:
    """The column of a concept.

    >>> column_of("hospital cost"), column_of("out-of-pocket"), column_of("person"), column_of("age")
    ('hospital_cost_fen', 'out_of_pocket_fen', 'person_id', 'age')
    """
    name = concept.replace(" ", "_").replace("-", "_")
    return f"{name}_fen" if concept in MONEY else f"{name}_id" if concept in IDS else name


def read_people(path: Path, mapping: SurveyMapping, wave: str = "", weight: str = "") -> tuple[Any, Report]:
    """The people of a survey file as an Arrow table, and the report.

    wave: one of the mapping's; without it, the mapping's own. weight: a field to take instead of the mapping's.
    Columns: `person` (numbered from 0), `household` (numbered, if there is one), ids as text, and those concepts that
    the file has. Each column's metadata says field, unit, period, of whom, and how sure the mapping is.
    Raises TableError where the file cannot be read or lacks a field that is needed, ValueError for an unknown wave.
    """
    wave = wave or mapping.wave
    if wave not in mapping.waves:
        raise ValueError(f"mapping {mapping.id} has no wave {wave!r}; it has {', '.join(mapping.waves)}")
    report = Report(mapping, wave, path)
    opened = open_microdata(path)
    names = _names(opened.names, report, weight)
    keep = _row_filter(opened.names, mapping, wave, path)
    wanted = list(dict.fromkeys([*names.values(), *([keep[0]] if keep else [])]))
    found = opened.read(wanted)
    report.encoding, report.rows = found.encoding, found.rows + found.torn
    if found.torn:
        report.dropped["torn row"] = found.torn
    for concept, name in names.items():
        told = report.concepts[concept]
        told.name, told.label = name, found.labels.get(name, "")
    rows = _kept_rows(found, names, keep, report)
    table = _table(found, names, rows, report)
    report.kept = table.num_rows
    return table, report


def _names(file: tuple[str, ...], report: Report, weight: str) -> dict[str, str]:
    """The field of each concept that the file has; capitals make no difference."""
    mapping, lower = report.mapping, {name.casefold(): name for name in file}
    names: dict[str, str] = {}
    lacking = []
    for concept, one in mapping.fields.items():
        choices = [mapping.named(name, report.wave) for name in one.names]
        if concept == WEIGHT and weight:
            choices = [weight]
        here = next((lower[name.casefold()] for name in choices if name.casefold() in lower), "")
        if here:
            names[concept] = here
            report.concepts[concept] = Told(one)
        elif one.needed or (concept == WEIGHT and weight):
            lacking.append(f"{concept} ({' or '.join(choices)})")
        else:
            report.absent[concept] = " or ".join(choices)
    if not {"person", "household"} & set(names):
        lacking.append("person or household")
    if lacking:
        raise TableError(
            f"{report.path}: no field for {'; '.join(lacking)}. Is it wave {report.wave} of {mapping.id}? "
            "Name the wave, or correct a copy of the mapping."
        )
    return names


def _row_filter(
    file: tuple[str, ...], mapping: SurveyMapping, wave: str, path: Path
) -> tuple[str, tuple[str, ...]] | None:
    if mapping.rows is None:
        return None
    name, codes = mapping.named(mapping.rows[0], wave), tuple(mapping.named(code, wave) for code in mapping.rows[1])
    here = next((one for one in file if one.casefold() == name.casefold()), None)
    if here is None:
        raise TableError(f"{path}: no field {name}, by which the mapping {mapping.id} chooses the rows of wave {wave}.")
    return here, codes


def _kept_rows(
    found: Microdata, names: dict[str, str], keep: tuple[str, tuple[str, ...]] | None, report: Report
) -> list[int]:
    """The rows of the wave that have an id, each id once, and a weight above 0 if there are weights."""
    unit = "person" if "person" in names else "household"
    ids, seen, rows = found.columns[names[unit]], set(), []
    weights = [_decimal(cell) for cell in found.columns[names[WEIGHT]]] if WEIGHT in names else None
    for row in range(found.rows):
        one = ids[row]
        if keep and found.columns[keep[0]][row] not in keep[1]:
            report.dropped["not in the wave"] += 1
        elif one is None or one in MISSING_MARKS or one in report.mapping.missing:
            report.dropped["no id"] += 1
        elif one in seen:
            report.dropped["repeats an id"] += 1
        elif weights and not ((heavy := weights[row]) and heavy > 0):
            report.dropped["no weight"] += 1
            seen.add(one)
        else:
            seen.add(one)
            rows.append(row)
    return rows


def _table(found: Microdata, names: dict[str, str], rows: list[int], report: Report) -> Any:
    fields, columns = [pa.field("person", pa.int64())], [pa.array(range(len(rows)), pa.int64())]
    if "household" in names:
        cells = pa.array([found.columns[names["household"]][row] for row in rows], pa.string())
        fields.append(pa.field("household", pa.int64()))
        columns.append(cells.dictionary_encode().indices.cast(pa.int64()))
    for concept, told in report.concepts.items():
        labels = found.value_labels.get(told.name, {})
        cells = [found.columns[told.name][row] for row in rows]
        column = _column(concept, told, [_present(cell, told, report.mapping, labels) for cell in cells])
        told.filled = len(column) - column.null_count
        fields.append(pa.field(column_of(concept), column.type, metadata=_metadata(concept, told)))
        columns.append(column)
    about = {"mapping": report.mapping.id, "wave": report.wave, "year": str(report.mapping.waves[report.wave])}
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=about))


def _metadata(concept: str, told: Told) -> dict[str, str]:
    one = told.mapped
    about = {"field": told.name, "label": told.label, "of": one.of, "sure": one.sure}
    if concept in MONEY:
        about |= {"unit": one.unit}
    if concept in (*MONEY, *YEARLY):
        about |= {"period": one.period, "times": str(PERIODS[one.period])}
    return {"survey": json.dumps(about, ensure_ascii=False)}


def _present(cell: Cell, told: Told, mapping: SurveyMapping, labels: Any) -> Cell:
    """The cell, or None where it is missing, which is counted by its code and what the file or the mapping calls it."""
    if cell is None:
        told.missing["empty"] += 1
        return None
    meaning = told.mapped.missing.get(cell) or mapping.missing.get(cell)
    if meaning or cell in MISSING_MARKS:
        said = labels.get(cell) or meaning
        told.missing[f"{cell} ({said})" if said else cell] += 1
        return None
    return cell


def _column(concept: str, told: Told, cells: list[Cell]) -> Any:
    """The column of a concept; what cannot be used is counted and null."""
    if concept in IDS:
        return pa.array(cells, pa.string())
    if told.mapped.values:
        cells = [_recode(cell, told) for cell in cells]
    if concept in WORDS:
        words = [_word(concept, cell, told) for cell in cells]
        if VALUES.get(concept) == ("yes", "no"):
            return pa.array([None if word is None else word == "yes" for word in words], pa.bool_())
        column = pa.array(words, pa.string()).dictionary_encode()
        few = len(column.dictionary) <= INT8_MOST
        return column.cast(pa.dictionary(pa.int8(), pa.string())) if few else column
    if concept == WEIGHT:
        return pa.array([_weight(cell, told) for cell in cells], pa.float64())
    if concept in MONEY:
        return pa.array([_fen(cell, told) for cell in cells], pa.int64())
    assert concept in COUNTS
    times = PERIODS[told.mapped.period] if concept in YEARLY else 1
    return pa.array([_count(cell, told, times) for cell in cells], pa.int32())


def _recode(cell: Cell, told: Told) -> Cell:
    if cell is None:
        return None
    if cell not in told.mapped.values:
        told.unusable[cell] += 1
        return None
    told.recoded[cell, told.mapped.values[cell]] += 1
    return told.mapped.values[cell]


def _word(concept: str, cell: Cell, told: Told) -> Cell:
    if cell is not None and concept in VALUES and cell not in VALUES[concept]:
        told.unusable[cell] += 1
        return None
    return cell


def _decimal(cell: Cell) -> Decimal | None:
    """
    >>> _decimal("12.50"), _decimal("n/a"), _decimal("nan"), _decimal(None)
    (Decimal('12.50'), None, None, None)
    """
    try:
        number = Decimal(cell) if cell is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _weight(cell: Cell, told: Told) -> float | None:
    number = _decimal(cell)
    if cell is not None and number is None:
        told.unusable[cell] += 1
    return None if number is None else float(number)


def _fen(cell: Cell, told: Told) -> int | None:
    """Whole fen of a year; half a fen goes up."""
    number = _decimal(cell)
    if cell is None:
        return None
    signed = told.mapped.concept == "income"  # a household can lose money
    if number is None or (number < 0 and not signed) or abs(number) >= FEN_MOST:
        told.unusable[cell] += 1
        return None
    exact = number * UNITS[told.mapped.unit] * PERIODS[told.mapped.period]
    whole = exact.quantize(Decimal(1), ROUND_HALF_UP)
    told.rounded += whole != exact
    return int(whole)


def _count(cell: Cell, told: Told, times: int) -> int | None:
    """A whole number; an age of 67.5 is one of 67."""
    number = _decimal(cell)
    if cell is None:
        return None
    if number is None or not 0 <= number * times <= INT32_MOST:
        told.unusable[cell] += 1
        return None
    whole = int(number)
    told.rounded += whole != number
    return whole * times
