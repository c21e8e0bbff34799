"""CSV tables: claims in, bills out, by the loop form. A row that cannot be settled says why and stops no other."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from openyibao.policy.model import Fact, Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.columns import MONEY, RowRule
from openyibao.settlement.emit import CELLS
from openyibao.settlement.lowering import FIRST_DAY, MISSING, UNKNOWN

Numbers = npt.NDArray[np.int64]
DATES = ("admission", "discharge", "settlement")
REQUIRED = ("claim_id", "person", *DATES, *(f"{name}_yuan" for name in MONEY))
NO_AMOUNT, NO_DATE = -1, 0
IN_SHORT = {
    "date": "the policy is not in force on the date of the claim",
    "day": "the date that uses belong to is before 1900",
    "negative": "a cost part is negative",
    "sum": "the four cost parts do not add up to the total",
    "large": "the total is larger than the system accepts",
    "gap": "the policy has no value for this claim",
    "use": "a use grows beyond what the system accepts",
    "edges": "a band ends below the one before",
    "parts": "internal check failed",
    "beyond": "internal check failed",
    "conservation": "internal check failed",
}


class TableError(Exception):
    """A table that cannot be read as one of claims."""


@dataclass(frozen=True)
class Summary:
    """What became of a table: rows in all, settled and not, and what was paid and left (fen)."""

    rows: int
    settled: int
    rejected: int
    paid_fen: int
    personal_fen: int


def settle_csv(policy: Policy, source: Path, target: Path) -> Summary:
    """Settle a CSV of claims and write one of bills, row by row in the order of the source.

    Columns in: claim_id, person, admission, discharge, settlement (2023-01-31), total_yuan, fully_self_paid_yuan,
    over_limit_yuan, pre_self_paid_yuan, in_scope_yuan, and one a fact of the policy, by its English name.
    Columns out: claim_id, person, one `..._paid_yuan` a layer, paid_yuan, personal_yuan, and `problem`: empty, or why
    the row was not settled. A person's claims are settled by settlement date, then in the order of the file; a row
    that was not settled leaves no trace.
    Raises TableError when the table cannot be used. The target appears only when it is complete.
    """
    if source.resolve() == target.resolve():
        raise TableError(f"{target}: the bills would replace the claims. Name another file.")
    table = _read(source, policy)
    columns = _columns(table, policy)
    unreadable = _unreadable(table, columns)
    for name in DATES:  # a day outside every policy: the row fails before it touches a use
        columns[name] = np.where(unreadable == "", columns[name], FIRST_DAY - 1)
    order = np.lexsort((np.arange(table.num_rows), columns["settlement"], columns["person"]))
    rule = RowRule(policy)
    settled = rule.settle({name: column[order] for name, column in columns.items()})
    back = np.empty(table.num_rows, np.int64)
    back[order] = np.arange(table.num_rows)
    fault = settled.fault[back]
    outputs = {name: column[back] for name, column in settled.outputs.items()}
    good = fault == 0
    _write(target, table, outputs, good, _problems(rule, fault, unreadable))
    paid, personal = (int(outputs[name].sum()) for name in ("paid", "personal"))
    return Summary(table.num_rows, int(good.sum()), int((~good).sum()), paid, personal)


def _read(source: Path, policy: Policy) -> pa.Table:
    """Every column as text, just as it stands; nothing but an empty cell is taken for a missing value."""
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            names = next(csv.reader(stream), [])
        if not names:
            raise TableError(f"{source}: the first line holds no column names.")
        if len(set(names)) != len(names):
            twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
            raise TableError(f"{source}: the column {twice} stands twice.")
        options = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        )
        table = pa_csv.read_csv(source, convert_options=options)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        hint = "Save the table as UTF-8 (in Excel: CSV UTF-8)." if "utf" in str(error).lower() else str(error)
        raise TableError(f"{source}: cannot be read as CSV in UTF-8. {hint}") from None
    needed = [*REQUIRED, *(fact.name for fact in policy.facts)]
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        found = ", ".join(table.column_names)
        raise TableError(f"{source}: no column {', '.join(missing)}; found {found}; expected {', '.join(needed)}.")
    return table.combine_chunks()


def _unreadable(table: pa.Table, columns: dict[str, Numbers]) -> npt.NDArray[np.str_]:
    """What of each row cannot be read, in words; empty for the others."""
    ids = pc.fill_null(table["claim_id"], "").combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.unique(ids, return_index=True)[1]
    again = np.ones(table.num_rows, bool)
    again[first] = False
    person = pc.is_null(table["person"]).to_numpy()
    checks: list[tuple[npt.NDArray[np.bool_], str]] = [
        (pc.is_null(table["claim_id"]).to_numpy(), "claim_id is empty"),
        (again, "claim_id stands on an earlier row"),
        (person, "person is empty"),
        *((columns[name] == NO_DATE, f"{name} is not a date such as 2023-01-31") for name in DATES),
        *((columns[name] == NO_AMOUNT, f"{name}_yuan is not an amount with at most two decimals") for name in MONEY),
        (columns["discharge"] < columns["admission"], "discharge before admission"),
        (columns["settlement"] < columns["discharge"], "settlement before discharge"),
    ]
    texts = np.full(table.num_rows, "", dtype=object)
    for wrong, text in reversed(checks):
        texts[wrong] = text
    return texts


def _columns(table: pa.Table, policy: Policy) -> dict[str, Numbers]:
    columns = {name: _days(table[name]) for name in DATES}
    columns |= {name: _fen(table[f"{name}_yuan"]) for name in MONEY}
    person = pc.fill_null(table["person"], "").combine_chunks()
    columns["person"] = person.dictionary_encode().indices.to_numpy().astype(np.int64)
    vocabulary = Vocabulary(policy.words)
    return columns | {fact.name: _fact(table[fact.name], fact, vocabulary) for fact in policy.facts}


def _fen(column: pa.ChunkedArray) -> Numbers:
    """Whole fen, exactly; NO_AMOUNT where the text is not an amount with at most two decimals."""
    good = pc.fill_null(pc.match_substring_regex(column, r"^[0-9]{1,12}(\.[0-9]{1,2})?$"), False)
    exact = pc.cast(pc.if_else(good, column, "0"), pa.decimal128(18, 2))
    fen = pc.cast(pc.multiply(exact, pa.scalar(100, pa.int64())), pa.int64())
    numbers: Numbers = pc.if_else(good, fen, NO_AMOUNT).combine_chunks().to_numpy(zero_copy_only=False)
    return numbers


def _days(column: pa.ChunkedArray) -> Numbers:
    """Dates as yyyymmdd; NO_DATE where the text is not a date (the parser alone would take 30 February for March)."""
    shaped = pc.fill_null(pc.match_substring_regex(column, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), False)
    digits = pc.cast(pc.replace_substring(pc.if_else(shaped, column, "0"), "-", ""), pa.int64())
    days = pc.strptime(column, format="%Y-%m-%d", unit="s", error_is_null=True)
    number = pc.add(pc.add(pc.multiply(pc.year(days), 10000), pc.multiply(pc.month(days), 100)), pc.day(days))
    real = pc.fill_null(pc.equal(number, digits), False)
    numbers: Numbers = pc.if_else(real, digits, NO_DATE).combine_chunks().to_numpy(zero_copy_only=False)
    return numbers


def _fact(column: pa.ChunkedArray, fact: Fact, vocabulary: Vocabulary) -> Numbers:
    """The number of each value, as `rule.encoder` gives it; each distinct text is looked at once."""
    encoded = column.combine_chunks().dictionary_encode()
    codes = []
    for text in encoded.dictionary.to_pylist():
        if fact.range is not None:
            low, high = fact.range.low or 0, fact.range.high or 0
            number = int(text) if text.isdecimal() and len(text) < 10 else UNKNOWN
            codes.append(number if low <= number <= high else UNKNOWN)
        else:
            word = vocabulary.english(text)
            codes.append(fact.values.index(word) if word in fact.values else UNKNOWN)
    indices = pc.fill_null(encoded.indices, len(codes)).to_numpy(zero_copy_only=False)
    numbers: Numbers = np.array([*codes, MISSING], dtype=np.int64)[indices]
    return numbers


def _problems(rule: RowRule, fault: Numbers, unreadable: npt.NDArray[np.str_]) -> pa.Array:
    """Why each row was not settled, in short; empty for the others."""
    faults = rule.plan.program.faults
    texts = unreadable.copy()
    for row in np.flatnonzero(fault):
        if not texts[row]:
            found = faults[int(fault[row]) // CELLS]
            where = " / ".join(word for word in (found.layer, found.what) if word)
            fact = f"{found.fact} is missing, or the policy has no rule for it" if found.fact else ""
            texts[row] = ": ".join(text for text in (where, fact or IN_SHORT[found.kind]) if text)
    return pa.array(texts.tolist(), pa.string())


def _write(
    target: Path, table: pa.Table, outputs: dict[str, Numbers], good: npt.NDArray[np.bool_], problems: pa.Array
) -> None:
    columns = {"claim_id": table["claim_id"], "person": table["person"]}
    for name, fen in outputs.items():
        columns[f"{name}_yuan"] = _yuan(fen, good)
    columns["problem"] = problems
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as stream:
        scratch = Path(stream.name)
    try:
        pa_csv.write_csv(pa.table(columns), scratch)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


def _yuan(fen: Numbers, good: npt.NDArray[np.bool_]) -> pa.Array:
    """Yuan with two decimals, exactly; empty for rows that were not settled."""
    exact = pc.cast(pa.array(fen, mask=~good), pa.decimal128(19, 0))
    return pc.cast(
        pc.divide(pc.cast(exact, pa.decimal128(21, 2)), pa.scalar(100, pa.decimal128(3, 0))), pa.decimal128(21, 2)
    )
