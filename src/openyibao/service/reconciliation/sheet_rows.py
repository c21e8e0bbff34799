"""One row of an institution's list, as text: this says what a row is; `sheet_blocks` reads many of them at once."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from openyibao.policy.model import Bilingual
from openyibao.service.reconciliation.rows import Malformed

COLUMNS = ("psn_no", "mdtrt_id", "setl_id", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
ALSO = {"cash_payamt": "psn_cash_pay", "setl_time": "setl_date"}
"""Other names of a column."""
FURTHER = ("refd_setl_flag", "setl_date")
"""Columns that only a heading can name."""
TEXTS, AMOUNTS, NEEDED = COLUMNS[:3], COLUMNS[3:], COLUMNS[:-1]
LONGEST = 40
AMOUNT = r"[+-]?[0-9]{1,10}(\.[0-9]{1,2}0{0,8})?"
_AMOUNT = re.compile(AMOUNT)
TAKEN_BACK = "1"
FLAGS = ("", "0", TAKEN_BACK)
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAY = re.compile(DAY)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Row = tuple[int, str, str, str, int, int, int, int | None, bool, date | None]
"""The values of rows.STATED, in its order."""


class SheetError(ValueError):
    """The list can't be read; says why, in Chinese and English."""

    def __init__(self, text: Bilingual) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return self.text.en


def told(zh: str, en: str) -> SheetError:
    return SheetError(Bilingual(zh, en))


def heading(cells: list[str]) -> tuple[str, ...] | None:
    """The columns by a heading, or None if the first row is none. Raises SheetError for one that lacks a column."""
    names = tuple(ALSO.get(cell.lower(), cell.lower()) for cell in cells)
    if "setl_id" not in names:
        return None
    missing = [name for name in NEEDED if name not in names]
    known = [name for name in names if name in COLUMNS + FURTHER]
    if missing or len(set(known)) < len(known):
        found = ", ".join(missing) or "-"
        raise told(f"表头缺少 {found}，或有重复", f"the heading lacks {found}, or has a column twice")
    return names


def read_row(number: int, cells: list[str], columns: tuple[str, ...]) -> Row | Malformed:
    """The values of a row, or why it can't be read. Cells are stripped."""
    found = dict(zip(columns, cells, strict=False))
    lacks = [name for name in NEEDED if not found.get(name)]
    ids = {name: found.get(name, "") for name in ("setl_id", "mdtrt_id") if _is_name(found.get(name, ""))}
    if lacks:
        zh = f"第 {number} 行有 {len(cells)} 列，缺少 {lacks[0]}"
        return Malformed(number, Bilingual(zh, f"row {number} of {len(cells)} columns lacks {lacks[0]}"), **ids)
    wrong = [name for name in TEXTS if not _is_name(found[name])]
    wrong += [name for name in AMOUNTS if found.get(name) and not _AMOUNT.fullmatch(found[name])]
    flag, day = found.get("refd_setl_flag", ""), found.get("setl_date", "")
    wrong += ["refd_setl_flag"] if flag not in FLAGS else []
    read_day = _day(day)
    wrong += ["setl_date"] if day and read_day is None else []
    if wrong:
        zh = f"第 {number} 行 {wrong[0]} 有误"
        return Malformed(number, Bilingual(zh, f"row {number}: {wrong[0]} is wrong"), **ids)
    total, funds, account = (_fen(found[name]) for name in AMOUNTS[:3])
    cash = _fen(found[AMOUNTS[3]]) if found.get(AMOUNTS[3]) else None
    names = (found["setl_id"], found["mdtrt_id"], found["psn_no"])
    return (number, *names, total, funds, account, cash, flag == TAKEN_BACK, read_day)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST and not CONTROL.search(text)


def _fen(text: str) -> int:
    return int(Decimal(text).scaleb(2))


def _day(text: str) -> date | None:
    """The day of `2026-03-02` or of a time that begins so."""
    found = _DAY.match(text)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
