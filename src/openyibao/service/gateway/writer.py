"""A reply written by the interface's own specification, strictly: what does not fit it is a mistake of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from openyibao.service.clock import CHINA
from openyibao.service.gateway.exact import dumps
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import ROOT, Field, Node, Transaction
from openyibao.service.gateway.values import fits


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
        "inf_refmsgid": f"{division}{_china(now, 'now'):%Y%m%d%H%M%S}{serial:010d}",
        "refmsg_time": stamp(received),
        "respond_time": stamp(now),
        "err_msg": refusal.text(settings.REPLY_LANGUAGE) if refusal else None,
        "warn_msg": None,
        "cainfo": "",
        "signtype": "",
        "enctype": "",
        "output": None if spec is None or refused else _output(spec, output or {}),
    }
    try:
        return dumps(reply).encode()
    except UnicodeEncodeError as error:
        raise ReplyError("a text holds half of a surrogate pair") from error


def stamp(moment: datetime) -> str:
    """A moment in 17 digits, yyyyMMddHHmmssSSS, of China's time."""
    china = _china(moment, "time")
    return f"{china:%Y%m%d%H%M%S}{china.microsecond // 1000:03d}"


def _output(spec: Transaction, output: Mapping[str, Any]) -> Any:
    """The output's value: nodes by name, or the root's own fields beside them, or the root's rows."""
    unknown = [name for name in output if name not in spec.outputs]
    if unknown:
        raise ReplyError(f"{spec.infno} has no output node {', '.join(unknown)}")
    written: dict[str, Any] = {}
    for name, node in spec.outputs.items():
        if node.regional and output.get(name) is None:
            continue
        value = _node(node, output.get(name), f"{spec.infno} {name}")
        if name != ROOT:
            written[name] = value
        elif node.many:
            return value
        else:
            written.update(value)
    return written


def _node(node: Node, value: Any, where: str) -> Any:
    if not node.many:
        return _row(node, {} if value is None else value, where)
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise ReplyError(f"{where} is a {type(value).__name__}, expected a list of rows")
    return [_row(node, each, f"{where}[{number}]") for number, each in enumerate(value, 1)]


def _row(node: Node, row: Any, where: str) -> dict[str, Any]:
    """A row with every national field, null where nothing was given; a regional one only where it was."""
    if not isinstance(row, Mapping):
        raise ReplyError(f"{where} is a {type(row).__name__}, expected one row")
    for name in row:
        if name not in node.fields and name not in node.nodes:
            raise ReplyError(f"{where} has no field {name}")
    written: dict[str, Any] = {}
    for name, field in node.fields.items():
        value = row.get(name)
        if value is None and field.required:
            raise ReplyError(f"{where}.{name} is required and was not given")
        if value is not None or not field.regional:
            written[name] = None if value is None else _value(field, value, f"{where}.{name}")
    for name, inner in node.nodes.items():
        written[name] = _node(inner, row.get(name), f"{where}.{name}")
    return written


def _value(field: Field, value: Any, where: str) -> Any:
    """A value as the interface writes it. A message of ReplyError never shows it: it may be a person's."""
    kind = type(value)
    if field.type == "date" and kind is date:
        return value.isoformat()
    if field.type == "datetime" and kind is datetime:
        return _china(value, where).replace(tzinfo=None).isoformat(" ", "seconds")
    if field.type in ("number", "any") and kind in (int, Decimal):
        return _number(field, value, where)
    if field.type in ("string", "any") and kind is str:
        if field.length and len(value) > field.length:
            raise ReplyError(f"{where} has {len(value)} characters, at most {field.length} are allowed")
        return value
    if field.type == "any" and kind is bool:
        return value
    raise ReplyError(f"{where} is a {kind.__name__}, expected a {field.type}")


def _number(field: Field, value: int | Decimal, where: str) -> int | Decimal:
    number = Decimal(value)
    if not number.is_finite():
        raise ReplyError(f"{where} is no number")
    if not fits(field, number):
        raise ReplyError(f"{where} has more digits than {field.length},{field.decimals}")
    return value


def _china(moment: datetime, where: str) -> datetime:
    if moment.tzinfo is None:
        raise ReplyError(f"{where} has no time zone")
    return moment.astimezone(CHINA)
