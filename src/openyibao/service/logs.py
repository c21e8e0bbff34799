"""Logs as lines of JSON: what happened, to which request, how long it took; nothing about any person.

    note(infno="2207", institution="H99...", infcode="0")     what the line of the present request shall say

No body, no parameter of a query and no message of an exception is ever written: a database's message may quote a row.
Of an exception the line says its type and where it came from. Long numbers are masked wherever they stand.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

FIELDS = (
    "request_id",
    "method",
    "route",
    "status",
    "infno",
    "institution",
    "infcode",
    "refusal",
    "reference",
    "milliseconds",
    "why",
    "error",
    "at",
)
"""What a line may say besides its time, level and event. A field that is not here is not written."""
KNOWN = frozenset(FIELDS)
OWN = "yibao"
MASKED = re.compile(r"\d{11,}[Xx]?")
AS_IT_IS = ("request_id", "reference", "institution", "infno")
"""Fields that this program fills itself, with nothing of a person: they may hold many digits."""
MOST_FRAMES = 12

_noted: ContextVar[dict[str, Any] | None] = ContextVar("noted", default=None)


def begin() -> dict[str, Any]:
    """A new request: what is noted from now on belongs to it."""
    fields: dict[str, Any] = {}
    _noted.set(fields)
    return fields


def note(**fields: Any) -> None:
    """Something for the log line (and the counters) of the present request; outside of one it is dropped."""
    unknown = fields.keys() - KNOWN
    if unknown:
        raise ValueError(f"a log line has no field {', '.join(sorted(unknown))}")
    noted = _noted.get()
    if noted is not None:
        noted.update(fields)


def write(event: str, level: int = logging.INFO, cause: BaseException | None = None, **fields: Any) -> None:
    """One line. Of `cause` the type and the places are written, never the message."""
    if cause is not None:
        fields |= described(cause)
    logging.getLogger(OWN).log(level, event, extra=fields)


def described(error: BaseException) -> dict[str, Any]:
    """An exception without what it says: its type, what it came from, and the places of the code."""
    kinds: list[str] = []
    one = error
    while len(kinds) < MOST_FRAMES:
        kinds.append(f"{type(one).__module__}.{type(one).__qualname__}")
        below = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if below is None:
            break
        one = below
    return {"error": " < ".join(kinds), "at": places(error.__traceback__)}


def places(trace: TracebackType | None) -> list[str]:
    """The innermost places of a traceback, as `file:line function`, without the text of the lines."""
    frames = traceback.extract_tb(trace, limit=-MOST_FRAMES)
    return [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment, "level": record.levelname.lower()}
        if record.name == OWN or record.name.startswith("openyibao."):
            line["event"] = str(record.msg)
            fields = vars(record)
            line |= {name: _masked(name, fields[name]) for name in FIELDS if fields.get(name) not in (None, "")}
        else:
            # what others log may quote anything: only the pattern of their message is kept, not what fills it
            line |= {"event": "log", "logger": record.name, "message": _masked("message", str(record.msg))}
        if record.exc_info and record.exc_info[1]:
            line |= described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _masked(name: str, value: Any) -> Any:
    """A text without long numbers, which may be a person's."""
    return MASKED.sub("***", value) if isinstance(value, str) and name not in AS_IT_IS else value


def configure(stream: TextIO | None = None, level: str = "INFO") -> None:
    """All logs of this process go to a stream (standard error) as lines of JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in (OWN, "openyibao"):
        logging.getLogger(name).setLevel(level)
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # each request has its line already
    logging.getLogger("django.security").setLevel(logging.ERROR)
