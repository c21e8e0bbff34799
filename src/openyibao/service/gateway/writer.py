"""A reply written by the interface's own specification, strictly: what does not fit it is a mistake of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any

from django.conf import settings

from openyibao.service.clock import CHINA
from openyibao.service.gateway.exact import dumps as _envelope
from openyibao.service.gateway.exact import plain
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import ROOT, Field, Node, Transaction
from openyibao.service.gateway.values import bounds

PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class ReplyError(Exception):
    """A handler gave what the interface does not know: a mistake in our program, never of who asked."""


def write_reply(
    spec: Transaction | None,
    output: Mapping[str, Any] | None,
    *,
    received: datetime,
    now: datetime,
    division: str,
    serial: int,
    refusal: Refused | None = None,
) -> bytes:
    """The reply in UTF-8. `division` (6 digits) and `serial` (below 10^10) make its message id; times have a zone.

    `output`: nodes by name, as a handler gives them; of a node that is many, a list. `spec` may be None where a refusal
    comes before the transaction is known. Raises ReplyError.
    """
    if spec is None and refusal is None:
        raise ReplyError("a reply without a transaction must be a refusal")
    if not (len(division) == 6 and division.isascii() and division.isdigit()):
        raise ReplyError(f"division {division!r} has not 6 digits")
    if not 0 <= serial < 10**10:
        raise ReplyError(f"serial {serial} has more than 10 digits")
    refused = refusal is not None
    reply = {
        "infcode": -1 if refused else 0,
        "inf_refmsgid": f"{division}{stamp(now)[:14]}{serial:010d}",
        "refmsg_time": stamp(received),
        "respond_time": stamp(now),
        "err_msg": refusal.text(settings.REPLY_LANGUAGE) if refusal else None,
        "warn_msg": None,
        "cainfo": "",
        "signtype": "",
        "enctype": "",
    }
    written = "null" if spec is None or refused else _output(spec, output or {})
    try:
        return f'{_envelope(reply)[:-1]},"output":{written}}}'.encode()
    except UnicodeEncodeError as error:
        raise ReplyError("a text holds half of a surrogate pair") from error


def stamp(moment: datetime) -> str:
    """A moment in 17 digits, yyyyMMddHHmmssSSS, of China's time."""
    china = _china(moment, "time")
    text = china.isoformat(timespec="milliseconds")
    return f"{text[:4]}{text[5:7]}{text[8:10]}{text[11:13]}{text[14:16]}{text[17:19]}{text[20:23]}"


class Exact(str):
    """A number as it is to be written, digit by digit."""

    __slots__ = ()


def _output(spec: Transaction, output: Mapping[str, Any]) -> str:
    """The output as JSON text: nodes by name, or the root's own fields beside them, or the root's rows."""
    unknown = [name for name in output if name not in spec.outputs]
    if unknown:
        raise ReplyError(f"{spec.infno} has no output node {', '.join(unknown)}")
    written: list[str] = []
    for name, node in spec.outputs.items():
        if node.regional and output.get(name) is None:
            continue
        value = _node(node, output.get(name), f"{spec.infno} {name}")
        if name != ROOT:
            written.append(f"{quoted(name)}:{value}")
        elif node.many:
            return value
        elif len(value) > len("{}"):
            written.append(value[1:-1])
    return f"{{{','.join(written)}}}"


def _node(node: Node, value: Any, where: str) -> str:
    if not node.many:
        return _row(node, {} if value is None else value, where)
    if value is None:
        return "[]"
    if not isinstance(value, (list, tuple)):
        raise ReplyError(f"{where} is a {type(value).__name__}, expected a list of rows")
    return f"[{','.join([_row(node, each, f'{where}[{number}]') for number, each in enumerate(value, 1)])}]"


def _row(node: Node, row: Any, where: str) -> str:
    """A row with every national field, null where nothing was given; a regional one only where it was."""
    if not isinstance(row, Mapping):
        raise ReplyError(f"{where} is a {type(row).__name__}, expected one row")
    written: list[str] = []
    told = 0
    get = row.get
    for name, field, key, key_null, write in _fields(node):
        value = get(name)
        if value is None:
            told += name in row
            if field.required:
                raise ReplyError(f"{where}.{name} is required and was not given")
            if not field.regional:
                written.append(key_null)
        else:
            told += 1
            written.append(key + write(value, where))
    for name, inner in node.nodes.items():
        told += name in row
        written.append(f"{quoted(name)}:{_node(inner, get(name), f'{where}.{name}')}")
    if told != len(row):
        name = next(name for name in row if name not in node.fields and name not in node.nodes)
        raise ReplyError(f"{where} has no field {name}")
    return f"{{{','.join(written)}}}"


Write = Callable[[Any, str], str]
"""A value and where its row stands, as the interface writes it. A message of ReplyError never shows a value: it may be
a person's."""
_plans: dict[int, tuple[Node, tuple[tuple[str, Field, str, str, Write], ...]]] = {}
KEPT_NUMBERS = 100
"""Of each field: most amounts are 0.00."""


def _fields(node: Node) -> tuple[tuple[str, Field, str, str, Write], ...]:
    """The fields of a node: what is written before their values, instead of a missing one, and how values are."""
    found = _plans.get(id(node))
    if found is None or found[0] is not node:
        rows = tuple(
            (name, field, f"{quoted(name)}:", f"{quoted(name)}:null", _writer(field))
            for name, field in node.fields.items()
        )
        found = _plans[id(node)] = (node, rows)
    return found[1]


def _writer(field: Field) -> Write:
    """How the values of a field are written."""
    return _numbers(field) if field.type == "number" else _others(field)


def _others(field: Field) -> Write:
    wanted, number = field.type, _numbers(field)

    def write(value: Any, where: str) -> str:
        kind = type(value)
        if kind is str:
            if wanted in ("string", "any"):
                if field.length and len(value) > field.length:
                    raise ReplyError(
                        f"{where}.{field.name} has {len(value)} characters, at most {field.length} are allowed"
                    )
                return quoted(value)
        elif kind is Exact or kind is Decimal or kind is int:
            if wanted == "any":
                return number(value, where)
        elif kind is date:
            if wanted == "date":
                return f'"{value.isoformat()}"'
        elif kind is datetime:
            if wanted == "datetime":
                moment = _china(value, f"{where}.{field.name}").replace(tzinfo=None)
                return f'"{moment.isoformat(" ", "seconds")}"'
        elif kind is bool and wanted == "any":
            return "true" if value else "false"
        raise _other(field, value, where)

    return write


def _other(field: Field, value: Any, where: str) -> ReplyError:
    return ReplyError(f"{where}.{field.name} is a {type(value).__name__}, expected a {field.type}")


def _numbers(field: Field) -> Write:
    """How numbers of a field are written; some of what was written before is known."""
    known: dict[str, str] = {}

    def write(value: Any, where: str) -> str:
        kind = type(value)
        if kind is Exact:
            text = value
        elif kind is Decimal or kind is int:
            text = str(value)
        else:
            raise _other(field, value, where)
        found = known.get(text)
        if found is None:
            found = _number(field, text, where)
            if len(known) < KEPT_NUMBERS:
                known[str(text)] = found
        return found

    return write


def _number(field: Field, text: str, where: str) -> str:
    if not PLAIN_NUMBER.fullmatch(text):
        number = Decimal(text)
        if not number.is_finite():
            raise ReplyError(f"{where}.{field.name} is no number")
        text = plain(number)
    elif text[0] == "-" and not text.strip("-0."):
        text = text[1:]  # never -0
    whole, _, part = text.lstrip("-").partition(".")
    most_whole, most_part = bounds(field)
    if len(whole) > most_whole or len(part) > most_part:
        whole, part = whole.lstrip("0"), part.rstrip("0")
        if len(whole) > most_whole or len(part) > most_part:
            raise ReplyError(f"{where}.{field.name} has more digits than {field.length},{field.decimals}")
    return str(text)


def _china(moment: datetime, where: str) -> datetime:
    if moment.tzinfo is None:
        raise ReplyError(f"{where} has no time zone")
    return moment.astimezone(CHINA)
