"""Why a table cannot be used, and why a row of it was not settled: each reason once, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TableError(Exception):
    """A table that cannot be read as one of claims, or not be written: names the file, what was found, what to do."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What a library says of a file it cannot read, as a TableError that names the file."""
    import pyarrow as pa  # whoever needs only the names of columns is spared it

    try:
        yield
    except pa.ArrowCancelled:
        raise KeyboardInterrupt from None
    except (UnicodeDecodeError, pa.ArrowException, OSError) as error:
        if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
            raise TableError(f"{path}: holds text that is not UTF-8. Save it as UTF-8.") from None
        if isinstance(error, FileNotFoundError | PermissionError):
            raise TableError(f"{path}: cannot be opened ({error.strerror}).") from None
        raise TableError(f"{path}: is damaged, or not of the kind that its name says: {error}") from None


REASONS: dict[str, tuple[str, str]] = {
    "torn": (
        "本行单元格数与列数不符，整行未读。请检查逗号和引号。",
        "the row has not as many cells as there are columns; nothing of it was read. "
        "Check its commas and quotation marks.",
    ),
    "empty": ("此格为空，请填写。", "the cell is empty; fill it in."),
    "shortened": (
        "编号被存成了数字，15位以后的数字已丢失。请在源文件中把该列设为文本后重新导出。",
        "the number was stored as a floating-point number and has lost its digits after the 15th. "
        "Make the column text where it comes from, and export it again.",
    ),
    "repeated": (
        "前面已有同一单据号的行，本行未结算。每张单据只能出现一次。",
        "an earlier row has the same claim id; each claim may stand once.",
    ),
    "no day": (
        "不是1900年以后的日期。请写成2023-01-31，可在其后加时间。",
        "not a day from 1900 on. Write it as 2023-01-31; a time may follow.",
    ),
    "discharge": ("出院早于入院。", "discharge lies before admission."),
    "settlement": ("结算早于出院。", "settlement lies before discharge."),
    "no stay": (
        "住院单据须填写入院和出院。",
        "an inpatient claim needs admission and discharge.",
    ),
    "amount": (
        "不是以元为单位的金额。请写成52000或8450.50。",
        "not an amount in yuan. Write it as 52000 or 8450.50.",
    ),
    "decimals": (
        "金额多于两位小数，不能精确到分。请按分取整后再导入。",
        "an amount with more than two decimals, which is not whole fen. Round it where it comes from.",
    ),
    "negative": (
        "金额为负数。冲正记录不能在此结算，请连同被冲正的单据一并去除。",
        "a negative amount. A reversal is not settled here: take it out together with the claim that it reverses.",
    ),
    "large": ("金额超过系统上限（十亿元）。", "the amount is larger than the system accepts (a billion yuan)."),
    "sum": (
        "四项费用之和不等于医疗费总额。请核对全自费、超限价、先行自付和符合政策范围四项金额。",
        "the four cost parts (fully self-paid, over limit, pre-self-paid, in scope) do not add up to the total.",
    ),
    "yes or no": ("应为是或否（yes、no、1、0）。", "expected yes or no (是, 否, 1, 0)."),
    "scheme": (
        "险种类型与所选政策不符，或不认识。请选用该险种的政策。",
        "the claim is of another insurance scheme than the policy, or of one that is not known here. "
        "Choose a policy of that scheme.",
    ),
    "several": (
        "一格中有几个取值，而政策没有规定它们的优先顺序。请只保留适用的一个。",
        "several values in one cell, and the policy does not say which of them counts. Keep the one that applies.",
    ),
}
"""Reasons that the table itself gives. What the policy says of a claim comes from `settlement.faults`."""
KEYS = tuple(REASONS)
