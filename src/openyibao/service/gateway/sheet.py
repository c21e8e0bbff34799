"""The institution's list of settlements (3202) as it was uploaded: a zip with one tab separated text in UTF-8.

The first row may be a heading of field names in any order; without one the columns are those of COLUMNS, of which
the last may be left out. Amounts are yuan, with at most two decimals; reversals are negative. Fields that are not
listed here are read over.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.refusals import Refused

COLUMNS = ("psn_no", "mdtrt_id", "setl_id", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
ALSO = {"cash_payamt": "psn_cash_pay"}
TEXTS = COLUMNS[:3]
LARGEST = 512 * 1024 * 1024
MOST_ROWS = 2_000_000
MOST_PROBLEMS = 10
LONGEST = 40
MOST_YUAN = Decimal(10**12)


@dataclass(frozen=True, slots=True)
class Stated:
    """A row of the list. Fen; None where the list has no such column."""

    line: int
    psn_no: str
    mdtrt_id: str
    setl_id: str
    total_fen: int
    funds_fen: int
    account_fen: int
    cash_fen: int | None


def read_sheet(content: bytes) -> Iterator[Stated]:
    """The rows, one after the other. Raises Refused with what is wrong, as soon as ten rows are or at the end."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise _wrong(
                    [
                        _say(
                            f"压缩包内有 {len(members)} 个文件，应为 1 个",
                            f"{len(members)} files in the zip, expected 1",
                        )
                    ]
                )
            if members[0].file_size > LARGEST:
                raise _wrong([_say("解压后过大", "too large when unpacked")])
            with archive.open(members[0]) as raw:
                yield from _rows(io.TextIOWrapper(raw, "utf-8-sig", newline=""))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise _wrong([_say("不是可读的 zip 文件", "no zip that can be read")]) from None
    except UnicodeDecodeError:
        raise _wrong([_say("不是 UTF-8 文本", "no text in UTF-8")]) from None


def _rows(text: io.TextIOWrapper) -> Iterator[Stated]:
    columns: tuple[str, ...] | None = None
    problems: list[Bilingual] = []
    for number, raw in enumerate(text, 1):
        if number > MOST_ROWS:
            raise _wrong([_say(f"超过 {MOST_ROWS} 行", f"more than {MOST_ROWS} rows")])
        if len(raw) > LONGEST * 200:
            raise _wrong([_say(f"第 {number} 行过长", f"row {number} is too long")])
        cells = [cell.strip() for cell in raw.rstrip("\r\n").split("\t")]
        if not any(cells):
            continue
        if columns is None:
            columns = _heading(cells) or COLUMNS
            if columns is not COLUMNS:
                continue
        row = _row(number, dict(zip(columns, cells, strict=False)), len(cells), problems)
        if len(problems) >= MOST_PROBLEMS:
            break
        if row is not None:
            yield row
    if problems:
        raise _wrong(problems)


def _heading(cells: list[str]) -> tuple[str, ...] | None:
    """The columns by a heading, or None if the first row is none. Raises Refused for a heading that lacks a column."""
    names = tuple(ALSO.get(cell.lower(), cell.lower()) for cell in cells)
    if "setl_id" not in names:
        return None
    missing = [name for name in COLUMNS[:-1] if name not in names]
    if missing or len(set(names)) < len(names):
        found = ", ".join(missing) or "-"
        raise _wrong([_say(f"表头缺少 {found}，或有重复", f"the heading lacks {found}, or has a column twice")])
    return names


def _row(number: int, cells: dict[str, str], width: int, problems: list[Bilingual]) -> Stated | None:
    lacks = [name for name in COLUMNS[:-1] if not cells.get(name)]
    if lacks:
        zh = f"第 {number} 行有 {width} 列，缺少 {lacks[0]}"
        problems.append(_say(zh, f"row {number} of {width} columns lacks {lacks[0]}"))
        return None
    long = [name for name in TEXTS if len(cells[name]) > LONGEST or "\0" in cells[name]]
    amounts: dict[str, int | None] = {}
    for name in COLUMNS[3:]:
        amounts[name] = _fen(cells[name]) if cells.get(name) else None
        if cells.get(name) and amounts[name] is None:
            long.append(name)
    if long:
        problems.append(_say(f"第 {number} 行 {long[0]} 有误", f"row {number}: {long[0]} is wrong"))
        return None
    total, funds, account, cash = (amounts[name] for name in COLUMNS[3:])
    assert total is not None and funds is not None and account is not None
    return Stated(number, cells["psn_no"], cells["mdtrt_id"], cells["setl_id"], total, funds, account, cash)


def _fen(text: str) -> int | None:
    """Yuan as fen, or None for what is no amount."""
    try:
        fen = Decimal(text).scaleb(2) if len(text) <= LONGEST else Decimal("NaN")
    except ArithmeticError:
        return None
    if not fen.is_finite() or abs(fen) > MOST_YUAN * 100 or fen != fen.to_integral_value():
        return None
    return int(fen)


def _say(zh: str, en: str) -> Bilingual:
    return Bilingual(zh, en)


def _wrong(problems: list[Bilingual]) -> Refused:
    zh, en = "；".join(one.zh for one in problems), "; ".join(one.en for one in problems)
    return Refused("detail file", problems=Bilingual(zh, en))
