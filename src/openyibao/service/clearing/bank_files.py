"""Bank files as tables of text: written and read as `formats.toml` says.

A file says how many transfers it has and what they add up to; one that does not agree with itself is refused whole.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from openyibao.policy.model import Bilingual
from openyibao.service.clock import CHINA
from openyibao.service.organisation.problems import Problem

CURRENCY = "CNY"
AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,5}))?")
MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class Payable:
    """One transfer as a bank file has it."""

    number: str
    order: str
    payer: str
    payer_bank: str
    payer_account: str
    payee: str
    payee_bank: str
    payee_account: str
    fen: int
    scheme: str
    fund: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a bank says about one transfer: paid (all), partly, rejected (never paid), returned (came back)."""

    line: int
    number: str
    what: str
    fen: int
    day: date
    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Format:
    """A format of formats.toml."""

    name: str
    said: Bilingual
    extension: str
    encoding: str
    delimiter: str
    line_end: str
    amount: str
    day: str
    head: Sequence[str]
    total: Sequence[str]
    columns: Sequence[Sequence[str]]
    confirmation: Sequence[Sequence[str]]
    words: Mapping[str, str]

    def money(self, fen: int) -> str:
        return str(fen) if self.amount == "fen" else f"{Decimal(fen).scaleb(-2):.2f}"

    def row(self, cells: Sequence[str], batch: str, count: int, fen: int) -> list[str]:
        """A head or a total, filled."""
        return [one.format(batch=batch, count=count, sum=self.money(fen)) for one in cells]


@cache
def formats() -> dict[str, Format]:
    data = tomllib.loads(files(__package__).joinpath("formats.toml").read_text(encoding="utf-8"))
    found = {}
    for name, one in data.items():
        said = Bilingual(one.pop("zh"), one.pop("en"))
        found[name] = Format(name=name, said=said, head=one.pop("head", ()), total=one.pop("total", ()), **one)
    return found


def bad(where: str, zh: str, en: str) -> Problem:
    """The problem of a file that is refused whole."""
    return Problem("bank file", where=where, why=Bilingual(zh, en))


def write(form: Format, batch: str, transfers: Iterable[Payable]) -> bytes:
    """The bank file of some transfers. Raises Problem for a character that the encoding does not have."""
    rows = list(transfers)
    count, fen = len(rows), sum(one.fen for one in rows)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator=form.line_end)
    if form.head:
        writer.writerow(form.row(form.head, batch, count, fen))
    writer.writerow([name for name, _ in form.columns])
    for one in rows:
        writer.writerow([_cell(form, one, field) for _, field in form.columns])
    if form.total:
        writer.writerow(form.row(form.total, batch, count, fen))
    try:
        return text.getvalue().encode(form.encoding)
    except UnicodeEncodeError:
        raise bad(batch, f"有字符不在 {form.encoding} 中", f"a character is not in {form.encoding}") from None


def _cell(form: Format, one: Payable, field: str) -> str:
    if field == "amount":
        return form.money(one.fen)
    return CURRENCY if field == "currency" else str(getattr(one, field))


def read(form: Format, content: bytes) -> list[Told]:
    """What a confirmation says. Raises Problem("bank file") with the line for anything that is not as it should be."""
    try:
        text = content.decode(form.encoding).removeprefix("\ufeff")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise bad(
            "1", f"不是 {form.encoding} 编码的表格", f"no table in {form.encoding}: {type(error).__name__}"
        ) from None
    first = 1 if form.head else 0
    last = len(rows) - (1 if form.total else 0)
    names = [name for name, _ in form.confirmation]
    if len(rows) <= first or [cell.strip() for cell in rows[first]] != names:
        raise bad(str(first + 1), f"应为列名 {'、'.join(names)}", f"expected the columns {', '.join(names)}")
    if last - first - 1 > MOST_LINES:
        raise bad(str(last), f"最多 {MOST_LINES} 行", f"at most {MOST_LINES} lines")
    found = [_told(form, number, rows[number]) for number in range(first + 1, last)]
    count, fen = len(found), sum(one.fen for one in found)
    for cells, place in ((form.head, 0), (form.total, len(rows) - 1)):
        wanted = form.row(cells, "", count, fen)
        checked = [at for at, cell in enumerate(cells) if "{batch}" not in cell]
        if cells and (len(rows[place]) != len(cells) or any(rows[place][at].strip() != wanted[at] for at in checked)):
            said = "、".join(wanted[at] for at in checked)
            raise bad(str(place + 1), f"控制数不符，应为 {said}", f"control figures differ, expected {said}")
    if not found:
        raise bad("1", "没有明细", "no line")
    return found


def _told(form: Format, number: int, row: Sequence[str]) -> Told:
    where = str(number + 1)
    if len(row) != len(form.confirmation):
        raise bad(where, f"应有 {len(form.confirmation)} 列", f"expected {len(form.confirmation)} columns")
    cells = {field: cell.strip() for (_, field), cell in zip(form.confirmation, row, strict=True)}
    what = form.words.get(cells["what"])
    if what is None:
        words = form.words
        raise bad(where, f"结果应为 {'、'.join(words)} 之一", f"expected one of the results {', '.join(words)}")
    fen = amount_fen(cells["amount"], form.amount, where)
    return told(
        where, number, cells["number"], what, fen, _day(form, cells["day"], where), cells["reference"], cells["reason"]
    )


def told(where: str, line: int, number: str, what: str, fen: int, day: date, reference: str, reason: str) -> Told:
    """A line, checked for lengths. Raises Problem("bank file")."""
    if not 1 <= len(number) <= 50 or len(reference) > 60 or "\x00" in number + reference + reason:
        raise bad(
            where,
            "编号应为 1 至 50 个字符，银行流水最多 60 个",
            "a number has 1-50, a bank reference at most 60 characters",
        )
    return Told(line, number, what, fen, day, reference, reason[:300])


def amount_fen(text: str, unit: str, where: str) -> int:
    """An amount above 0 in fen, of a text in yuan or fen. Raises Problem("bank file")."""
    decimals = 2 if unit == "yuan" else 0
    found = AMOUNT.fullmatch(text)
    after = found[2] or "" if found else ""
    fen = int(found[1] + after.ljust(decimals, "0")) if found and len(after) <= decimals else 0
    if not fen:
        raise bad(where, "金额应大于 0，最多两位小数", "expected an amount above 0 with at most two decimals")
    return fen


def _day(form: Format, text: str, where: str) -> date:
    try:
        return datetime.strptime(text, form.day).replace(tzinfo=CHINA).date()
    except ValueError:
        raise bad(where, f"日期格式应为 {form.day}", f"expected a day as {form.day}") from None
