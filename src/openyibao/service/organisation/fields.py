"""Fields of a request: which there are, of which kind, and all that is wrong with them in one problem.

    take(values, {"psn_no": Text(30), "start": Day(), "end": Day(optional=True)})

Unknown fields are errors. What `take` gives can be written as JSON with `plain` and read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.problems import Problem

Given = dict[str, Any]
"""Field values: str, int, bool, Decimal, date, datetime, lists and records of these; None for what was left out."""
LARGEST_FEN = 10**13


class Wrong(Exception):
    """Why a value is wrong, in Chinese and English. The value itself is not repeated: it may be personal."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.said = Bilingual(zh, en)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of value. An optional one that is missing, null or empty becomes None."""

    optional: bool = False

    def read(self, value: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Kind):
    longest: int = 100

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > self.longest or "\x00" in value:
            raise Wrong(f"应为 1 至 {self.longest} 个字符的文本", f"expected a text of 1 to {self.longest} characters")
        return value.strip()


@dataclass(frozen=True)
class OneOf(Kind):
    values: tuple[str, ...] = ()

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.values:
            raise Wrong(f"应为 {'、'.join(self.values)} 之一", f"expected one of {', '.join(self.values)}")
        return value


@dataclass(frozen=True)
class Day(Kind):
    def read(self, value: Any) -> date:
        try:
            if isinstance(value, str) and len(value) == 10:
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise Wrong("应为日期 YYYY-MM-DD", "expected a day YYYY-MM-DD")


@dataclass(frozen=True)
class Moment(Kind):
    def read(self, value: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise Wrong("应为带时区的时刻 YYYY-MM-DDThh:mm:ss+08:00", "expected a moment with its zone")
        return found


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number. Money is whole fen."""

    least: int = 0
    most: int = LARGEST_FEN

    def read(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise Wrong(
                f"应为 {self.least} 至 {self.most} 的整数", f"expected a whole number {self.least}..{self.most}"
            )
        return value


@dataclass(frozen=True)
class Number(Kind):
    """A decimal number as text ("2.5"), above zero, with at most `decimals` decimals and ten digits before them."""

    decimals: int = 4

    def read(self, value: Any) -> Decimal:
        try:
            found = Decimal(value) if isinstance(value, str) and len(value) <= 20 else None
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite() or not 0 < found < 10**10:
            raise Wrong("应为大于 0 的数（写成文本）", "expected a number above zero, as text")
        if -int(found.as_tuple().exponent) > self.decimals:
            raise Wrong(f"最多 {self.decimals} 位小数", f"expected at most {self.decimals} decimals")
        return found


@dataclass(frozen=True)
class Flag(Kind):
    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Wrong("应为 true 或 false", "expected true or false")
        return value


@dataclass(frozen=True)
class Facts(Kind):
    """An object of simple values, in the words of a policy."""

    def read(self, value: Any) -> dict[str, Any]:
        simple = isinstance(value, dict) and all(isinstance(one, str | int | bool) for one in value.values())
        if not simple or len(value) > 50:
            raise Wrong("应为简单值的对象", "expected an object of texts, whole numbers and flags")
        return dict(value)


@dataclass(frozen=True)
class Listed(Kind):
    """A list of records: at least one."""

    fields: Mapping[str, Kind] | None = None
    most: int = 2000

    def read(self, value: Any) -> list[Given]:
        if not isinstance(value, list) or not 1 <= len(value) <= self.most:
            raise Wrong(f"应为 1 至 {self.most} 条的列表", f"expected a list of 1 to {self.most} records")
        return [take(one, self.fields or {}, f"[{index}].") for index, one in enumerate(value)]


def take(values: Any, fields: Mapping[str, Kind], where: str = "") -> Given:
    """The values of the fields. Raises Problem("bad request") that names every wrong field."""
    if not isinstance(values, Mapping):
        raise Problem(
            "bad request", problems=Bilingual(f"{where or '请求'}应为对象", f"{where or 'request'}: no object")
        )
    wrong: list[tuple[str, Bilingual]] = []
    found: Given = {}
    for name in values:
        if name not in fields:
            said = Bilingual(f"没有此字段，应为 {'、'.join(fields)}", f"no such field; expected {', '.join(fields)}")
            wrong.append((str(name)[:40], said))
    for name, kind in fields.items():
        value = values.get(name)
        if kind.optional and (value is None or value == ""):
            found[name] = None
            continue
        try:
            found[name] = kind.read(value)
        except Wrong as error:
            wrong.append((name, error.said))
    if wrong:
        zh = "；".join(f"{where}{name}：{said.zh}" for name, said in wrong)
        en = "; ".join(f"{where}{name}: {said.en}" for name, said in wrong)
        raise Problem("bad request", problems=Bilingual(zh, en))
    return found


def plain(value: Any) -> Any:
    """The same as JSON takes it: days and moments in ISO 8601, decimals as text."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
