"""Survey files as columns of cells: Stata, SPSS and SAS (by pyreadstat), and CSV, Excel and Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from openyibao.tables import TableError
from openyibao.tables.reader import TORN
from openyibao.tables.sources import open_source

Cell = str | None
ENCODINGS: dict[str, tuple[str | None, ...]] = {
    ".dta": ("UTF-8", "GB18030"),  # files before Stata 14 do not say, and the reader would take them for Western
    ".sav": (None, "GB18030"),
    ".sas7bdat": (None, "GB18030"),
}
TABLES = (".csv", ".xlsx", ".parquet")
EXTENDED = tuple("abcdefghijklmnopqrstuvwxyz")
HOW = "Install the extra `survey`: pip install 'openyibao[survey]', or requirements/survey.txt of a checkout."


@dataclass(frozen=True)
class Microdata:
    """Columns of cells as text: whole numbers without a point, `.` to `.z` for missing values of Stata, None for empty.

    `labels` say what a column is, `value_labels` what a code stands for. Only the columns asked for are held.
    """

    path: Path
    rows: int
    columns: Mapping[str, Sequence[Cell]]
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encoding: str = "UTF-8"
    torn: int = 0


@dataclass(frozen=True)
class Opened:
    """A file that was looked at: the names of its columns, and how to read some of them."""

    path: Path
    names: tuple[str, ...]
    encoding: str | None

    def read(self, wanted: Sequence[str]) -> Microdata:
        """The columns of these names. Raises TableError where the file is damaged."""
        if self.path.suffix.lower() in TABLES:
            return _read_table(self.path, wanted)
        for encoding in _encodings(self.path, self.encoding):
            found = _pyreadstat(self.path, encoding, usecols=list(wanted))
            if found is not None:
                columns, meta = found
                return Microdata(
                    self.path,
                    len(next(iter(columns.values()), ())),
                    {name: _cells(columns[name], meta.missing_user_values.get(name, ())) for name in wanted},
                    {name: label for name, label in meta.column_names_to_labels.items() if label},
                    {name: _labels(labels) for name, labels in meta.variable_value_labels.items()},
                    encoding or meta.file_encoding or "UTF-8",
                )
        raise _unreadable(self.path)


def open_microdata(path: Path) -> Opened:
    """A survey file by the ending of its name.

    Raises TableError where there is none, where it cannot be read, or where pyreadstat is wanted and not installed.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise TableError(f"{path}: there is no such file.")
    if suffix in TABLES:
        return Opened(path, tuple(open_source(path).headers), None)
    if suffix not in ENCODINGS:
        raise TableError(
            f"{path}: a survey file is one of {', '.join((*ENCODINGS, *TABLES))}. Save it as one of these."
        )
    for encoding in ENCODINGS[suffix]:
        found = _pyreadstat(path, encoding, metadataonly=True)
        if found is not None:
            return Opened(path, tuple(found[1].column_names), encoding)
    raise _unreadable(path)


def _encodings(path: Path, first: str | None) -> Iterator[str | None]:
    """The one that read the labels, then those behind it: the cells may be in another."""
    order = ENCODINGS[path.suffix.lower()]
    yield from order[order.index(first) :]


def _pyreadstat(path: Path, encoding: str | None, **options: Any) -> tuple[Any, Any] | None:
    """Columns and metadata, or None where the texts are not in this encoding."""
    try:
        import pyreadstat
    except ImportError:
        raise TableError(f"{path}: files of Stata, SPSS and SAS need the package pyreadstat. {HOW}") from None
    suffix = path.suffix.lower()
    read = getattr(pyreadstat, f"read_{suffix[1:]}")
    if suffix == ".dta":
        options["user_missing"] = True
    try:
        columns, meta = read(path, encoding=encoding, output_format="dict", disable_datetime_conversion=True, **options)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        if "convert string" in str(error) or isinstance(error, UnicodeDecodeError):
            return None
        raise TableError(f"{path}: is damaged, or not of the kind that its name says: {error}") from None
    return columns, meta


def _unreadable(path: Path) -> TableError:
    return TableError(f"{path}: its texts are neither UTF-8 nor GB18030. Save it as UTF-8.")


def _cells(values: Sequence[Any], letters: Sequence[str]) -> list[Cell]:
    """Cells as text; in a column of numbers, the letters of missing ones get their point.

    >>> _cells([1.0, "d", None], ["d"]), _cells(["d", ""], [])
    (['1', '.d', '.'], ['d', None])
    """
    return [f".{value}" if isinstance(value, str) and value in letters else _cell(value) for value in values]


def _cell(value: Any) -> Cell:
    """A cell as text.

    >>> [_cell(value) for value in (3.0, 2.5, "x ", "", None, float("nan"), "d")]
    ['3', '2.5', 'x', None, '.', '.', 'd']
    """
    if isinstance(value, str):
        return value.strip() or None
    if value is None or value != value:
        return "."
    return _number(float(value))


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _labels(labels: Mapping[Any, str]) -> dict[str, str]:
    """Codes as cells are written; those of missing values with their point."""
    return {
        (f".{code}" if code in EXTENDED else str(code)) if isinstance(code, str) else _number(float(code)): label
        for code, label in labels.items()
    }


def _read_table(path: Path, wanted: Sequence[str]) -> Microdata:
    """Columns of a table; each is asked for by a number, since a column may be called anything."""
    source = open_source(path)
    columns: list[list[Cell]] = [[] for _ in wanted]
    torn = 0
    for batch in source.batches({f"column {place}": name for place, name in enumerate(wanted)}):
        keep = batch
        if TORN in batch.schema.names:
            keep = batch.filter(batch[TORN].is_null())
            torn += batch.num_rows - keep.num_rows
        for place, cells in enumerate(columns):
            cells.extend(_texts(keep[f"column {place}"]))
    rows = len(columns[0]) if columns else 0
    return Microdata(path, rows, dict(zip(wanted, columns, strict=True)), torn=torn)


def _texts(column: Any) -> list[Cell]:
    if pa.types.is_floating(column.type):
        return [None if value is None or value != value else _number(value) for value in column.to_pylist()]
    return [None if text is None or not text.strip() else text.strip() for text in column.cast(pa.string()).to_pylist()]
