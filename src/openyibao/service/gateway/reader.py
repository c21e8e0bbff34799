"""A message read by the interface's own specification: its envelope, and the nodes of its input.

The reader is tolerant where clients are known to differ (docs/national-interface.md lists how) and strict where a
guess could change what is settled. It reports all problems of a message at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.message import read_message
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import Node, Transaction, envelope, folded
from openyibao.service.gateway.values import NOTHING, Wrong, expected, read_value, shown

__all__ = ["Envelope", "read_envelope", "read_input", "read_message"]

MOST_PROBLEMS = 10
DIVISION = Bilingual("6 位数字的医保区划", "a division of 6 digits")
ONE_ROW = Bilingual("一个对象", "one object")
ROWS = Bilingual("对象的列表", "a list of objects")
ONE_VALUE = Bilingual("同一字段只有一个值", "one value for a field")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around the input. An optional text that was not sent is ""."""

    infno: str
    msgid: str
    mdtrtarea_admvs: str
    insuplc_admdvs: str
    recer_sys_code: str
    dev_no: str
    dev_safe_info: str
    cainfo: str
    signtype: str
    infver: str
    opter_type: str
    opter: str
    opter_name: str
    inf_time: datetime
    fixmedins_code: str
    fixmedins_name: str
    sign_no: str
    input: Mapping[str, Any]


class _Problems:
    """What is wrong with a message: the first ten in words, the others counted."""

    def __init__(self) -> None:
        self.texts: list[Bilingual] = []
        self.more = 0
        self._row: list[tuple[int, str, Bilingual, Bilingual]] = []

    def add_at(self, place: int, where: str, found: Bilingual, wanted: Bilingual) -> None:
        """One of a row, in any order: `settle` puts them in the order of the specification."""
        self._row.append((place, where, found, wanted))

    def settle(self) -> None:
        if self._row:
            rows, self._row = sorted(self._row, key=lambda one: one[0]), []
            for _, where, found, wanted in rows:
                self.add(where, found, wanted)

    def add(self, where: str, found: Bilingual, wanted: Bilingual) -> None:
        if len(self.texts) == MOST_PROBLEMS:
            self.more += 1
            return
        zh = f"{where}：实为{found.zh}，应为{wanted.zh}"
        self.texts.append(Bilingual(zh, f"{where}: found {found.en}, expected {wanted.en}"))

    def refuse(self) -> None:
        """Raises Refused if there is any."""
        if self.texts:
            zh, en = "；".join(each.zh for each in self.texts), "; ".join(each.en for each in self.texts)
            if self.more:
                zh, en = f"{zh}；另有 {self.more} 处", f"{en}; and {self.more} more"
            raise Refused("bad fields", problems=Bilingual(zh + "。", en + "."))


def read_envelope(message: Mapping[str, Any], infno_of_path: str | None) -> Envelope:
    """The envelope of a message. `infno_of_path`: the transaction that the address stands for, None for any.

    Raises Refused("bad fields"). It does not ask whether the transaction exists, nor who the institution is.
    """
    problems = _Problems()
    row = _row(envelope(), message, "", problems)
    for name in ("mdtrtarea_admvs", "insuplc_admdvs"):
        if row[name] and not re.fullmatch(r"[0-9]{6}", row[name]):
            problems.add(name, shown(row[name]), DIVISION)
    content = next((value for key, value in message.items() if folded(key) == "input"), None)
    if not isinstance(content, dict):
        problems.add("input", shown(content), ONE_ROW)
    infno = (row["infno"] or "").upper()
    if infno_of_path and infno and infno != infno_of_path:
        problems.add("infno", shown(row["infno"]), Bilingual(infno_of_path, infno_of_path))
    problems.refuse()
    texts = {name: value or "" for name, value in row.items() if name != "inf_time"}
    return Envelope(**{**texts, "infno": infno}, inf_time=row["inf_time"], input=content or {})


def read_input(spec: Transaction, given: Mapping[str, Any]) -> dict[str, Any]:
    """The input's nodes by name: a dict, or a list of dicts; every field of the specification is there.

    Values are as `values.read_value` gives them. A regional node that was not sent is None, or [] if it has many rows.
    Raises Refused("bad fields") with all problems, each as `node[row].field` with rows counted from 1.
    """
    problems = _Problems()
    found = _nodes_given(spec, given, problems)
    nodes = {name: _node(node, found.get(name), name, problems) for name, node in spec.inputs.items()}
    problems.refuse()
    return nodes


def _nodes_given(spec: Transaction, given: Mapping[str, Any], problems: _Problems) -> dict[str, Any]:
    """What was sent for each node, whatever it was called."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        name = spec.input_names.get(folded(key))
        if name is not None and value is not None and value != "":
            if name in found and found[name] != value:
                problems.add(name, Bilingual("两次给出且不同", "it twice, differently"), ONE_ROW)
            found.setdefault(name, value)
    national = [node for node in spec.inputs.values() if not node.regional]
    if (
        len(national) == 1
        and national[0].name not in found
        and any(folded(key) in national[0].spellings for key in given)
    ):
        found[national[0].name] = given
    return found


def _node(node: Node, raw: Any, where: str, problems: _Problems) -> Any:
    if node.many:
        rows = [] if raw is None else raw if isinstance(raw, list) else [raw]
        return [_row(node, each, f"{where}[{number}]", problems) for number, each in enumerate(rows, 1)]
    if isinstance(raw, list) and len(raw) <= 1:
        raw = raw[0] if raw else None
    if raw is None and node.regional:
        return None
    if raw is None and node.demanding:
        problems.add(where, NOTHING, ONE_ROW)
        return None
    return _row(node, {} if raw is None else raw, where, problems)


def _row(node: Node, raw: Any, where: str, problems: _Problems) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(node.fields)
    if not isinstance(raw, dict):
        problems.add(where, shown(raw), ROWS if node.many else ONE_ROW)
        return row
    dot = f"{where}." if where else ""
    given = _fields_given(node, raw, dot, problems)
    wrong: set[str] = set()
    for name, value in given.items():
        field = node.fields.get(name)
        if field is None:
            continue
        try:
            row[name] = read_value(field, value)
        except Wrong as found:
            problems.add_at(node.order[name], dot + name, found.found, expected(field))
            wrong.add(name)
    for field in node.required:
        if row[field.name] is None and field.name not in wrong:
            problems.add_at(node.order[field.name], dot + field.name, NOTHING, expected(field))
    problems.settle()
    for name, inner in node.nodes.items():
        row[name] = _node(inner, given.get(name), dot + name, problems)
    return row


def _fields_given(node: Node, raw: Mapping[str, Any], dot: str, problems: _Problems) -> dict[str, Any]:
    """What was sent for each field, under whatever spelling; unknown fields are kept nowhere."""
    given: dict[str, Any] = {}
    for key, value in raw.items():
        name = key if key in node.fields else node.spellings.get(folded(key))
        if name is None or value is None or value == "":
            continue
        if name in given and given[name] != value:
            problems.add(dot + name, Bilingual("两个不同的值", "two values that differ"), ONE_VALUE)
        given.setdefault(name, value)
    return given
