"""The interface's own description of its transactions: nodes, fields, types, lengths, what is required.

`interface.json` holds it, with its sources and how sure they are; `transaction` gives one transaction, `by_path` finds
the one that an address stands for. Reader and writer know no transaction but through this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from openyibao.service.gateway.refusals import Refused

ROOT = "(root)"
"""The name of the node whose fields stand directly in `output`."""
GENERIC = ("/fsi/api/rsfcomifsservice/callservice", "/csb", "/hgs")
"""Addresses for all transactions, in small letters: the message itself says which one it is."""
MISSPELLED = {"insuplcadmvs": "insuplc_admdvs", "mdtrtareaadmdvs": "mdtrtarea_admvs"}
"""The interface itself spells the two divisions of the envelope differently; clients mix them up."""
TYPES = ("string", "number", "date", "datetime", "bytes", "texts", "any")
NEEDS = ("required", "optional", "regional")


@dataclass(frozen=True)
class Field:
    """A field. `length`: characters of a text or digits of a number, 0 if not stated; `decimals`: None if not stated.

    `required` where all sources that state it say so. `coded`: its values come from a code dictionary. `regional`: seen
    in provincial or newer clients only; it is read where given and written where a handler gives it.
    """

    name: str
    zh: str
    type: str
    length: int
    decimals: int | None
    required: bool
    coded: bool
    regional: bool


@dataclass(frozen=True)
class Node:
    """A node: one row or `many`, of `fields` and of inner nodes. `also`: names under which it may come as well."""

    name: str
    many: bool
    fields: Mapping[str, Field]
    nodes: Mapping[str, Node]
    also: tuple[str, ...]
    regional: bool

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """The name of a field or an inner node by its `folded` spelling."""
        own = {folded(name): name for name in (*self.fields, *self.nodes)}
        return {wrong: right for wrong, right in MISSPELLED.items() if right in self.fields} | own

    @cached_property
    def required(self) -> tuple[Field, ...]:
        """The fields that must be there."""
        return tuple(field for field in self.fields.values() if field.required)

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of each field."""
        return {name: place for place, name in enumerate(self.fields)}

    @cached_property
    def demanding(self) -> bool:
        """Whether a row of it can't be empty."""
        return any(field.required for field in self.fields.values())


@dataclass(frozen=True)
class Transaction:
    """A transaction of the interface, with its nodes by name. `path`: its own address where one was seen, or ""."""

    infno: str
    zh: str
    en: str
    path: str
    inputs: Mapping[str, Node]
    outputs: Mapping[str, Node]

    @cached_property
    def input_names(self) -> Mapping[str, str]:
        """The name of an input node by each `folded` spelling under which it may come."""
        return {folded(name): node.name for node in self.inputs.values() for name in (*node.also, node.name)}


def folded(name: str) -> str:
    """A name as compared: `psnCash_pay`, `psn_cash_pay` and `PSN_CASH_PAY` are one.

    >>> folded("psnCash_pay")
    'psncashpay'
    """
    return name.replace("_", "").lower()


def transaction(infno: str) -> Transaction:
    """A transaction by its number, in any letter case. Raises Refused where the interface here has none."""
    try:
        return transactions()[infno.upper()]
    except KeyError:
        shown = infno if re.fullmatch(r"[0-9A-Za-z]{1,8}", infno) else "?"
        raise Refused("unknown transaction", infno=shown) from None


@cache
def transactions() -> Mapping[str, Transaction]:
    """All transactions, by number."""
    data = _data()["transactions"]
    return {infno: _transaction(infno, each) for infno, each in data.items()}


def by_path(path: str) -> str | None:
    """The transaction that an address stands for; None where the address is for all of them.

    A gateway may put its own folders before `/fsi/api/...`. Raises Refused for an address that is none of ours.

    >>> by_path("/fsi/api/outpatientSettleService/saveSettletmentV2")
    '2207'
    >>> by_path("/ebus/mypt/csb/2207"), by_path("/fsi/api/rsfComIfsService/callService")
    ('2207', None)
    """
    asked = path.rstrip("/").lower()
    if asked.endswith(GENERIC):
        return None
    short = re.search(r"/(?:csb|hgs)/([0-9a-z]{4,6})$", asked)
    if short and short[1].upper() in transactions():
        return short[1].upper()
    own = asked.rfind("/fsi/api/")
    if own >= 0 and asked[own:] in _paths():
        return _paths()[asked[own:]]
    raise Refused("unknown address")


@cache
def envelope() -> Node:
    """The fields around `input`, as a node of one row."""
    return _node("", {"many": False, "fields": _data()["envelope"]})


@cache
def _paths() -> Mapping[str, str]:
    return {each.path.lower(): infno for infno, each in transactions().items() if each.path}


@cache
def _data() -> Any:
    return json.loads(files(__package__).joinpath("interface.json").read_text(encoding="utf-8"))


def _transaction(infno: str, data: Mapping[str, Any]) -> Transaction:
    inputs, outputs = _nodes(data["input"]), _nodes(data["output"])
    return Transaction(infno, data["zh"], data["en"], data.get("path", ""), inputs, outputs)


def _nodes(data: Mapping[str, Any]) -> Mapping[str, Node]:
    return {name: _node(name, each) for name, each in data.items()}


def _node(name: str, data: Mapping[str, Any]) -> Node:
    fields = {row[0]: _field(*row) for row in data["fields"]}
    inner = _nodes(data.get("nodes", {}))
    return Node(name, data["many"], fields, inner, tuple(data.get("also", ())), data.get("regional", False))


def _field(name: str, zh: str, kind: str, need: str, coded: str = "") -> Field:
    """A field from its line in interface.json. Raises ValueError for a line that breaks the file's own rules."""
    found = re.fullmatch(r"([a-z]+)(?:\((\d+)(?:,(\d+))?\))?", kind)
    if found is None or found[1] not in TYPES or need not in NEEDS or coded not in ("", "coded"):
        raise ValueError(f"interface.json, field {name}: {kind!r}, {need!r}, {coded!r}")
    length = int(found[2] or 0)
    decimals = int(found[3] or 0) if found[1] == "number" and length else None
    return Field(name, zh, found[1], length, decimals, need == "required", bool(coded), need == "regional")
