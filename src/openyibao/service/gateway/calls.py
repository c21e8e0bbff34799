"""A call: one request of an institution, read and checked; and the handlers that answer each transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openyibao.service.direct import Ask, Transaction, run
from openyibao.service.institutions.models import Institution

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets. `input` holds the nodes as `reader.read_input` gives them: a dict, or a list of dicts.

    Values are str, Decimal, date, datetime or None; every field of the transaction's specification is there.
    `insured` and `visited` are divisions (insuplc_admdvs, mdtrtarea_admvs) as stated, or "". `now` is the platform's
    time.
    """

    infno: str
    msgid: str
    institution: Institution
    operator: str
    sign_no: str
    insured: str
    visited: str
    input: Mapping[str, Any]
    now: datetime
    links: dict[str, Any] = field(default_factory=dict)
    """What the kept message refers to: a handler puts its `settlement` or `visit` here."""
    first: Any = None
    """The result of what was read along with the beginning of the transaction, of an Answer that says so."""
    work: Transaction | None = None
    """The transaction of one that writes: statements that nobody waits for go along with its end."""

    def write(self, *asks: Ask) -> None:
        """Write what nobody waits for: along with the end of the transaction, where it is the call's own."""
        if self.work is not None:
            self.work.later(*asks)
        else:
            run(asks)

    def node(self, name: str = "data") -> Node:
        """A node with one row."""
        found: Node = self.input[name]
        return found

    def rows(self, name: str) -> list[Node]:
        """A node with many rows."""
        found: list[Node] = self.input[name]
        return found


ROOT = "(root)"
"""The name of what stands in the output itself, beside or without nodes, as the specification calls it."""


@dataclass(frozen=True, slots=True)
class FileReply:
    """A reply that is a file itself, not an envelope."""

    name: str
    content: bytes


First = Callable[[Mapping[str, Any], str, date], Ask]
"""What is asked of the database before the handler, of the input, the institution's code and the day."""
Output = Mapping[str, Any] | FileReply | None
"""Output nodes by name: a dict, or a list of dicts, of the specification's fields; a file; None: no output."""
Handler = Callable[[Call], Output]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a transaction is answered. `writes`: in one transaction with its message, and once for each message id.

    `first` is asked together with what every call asks, and given to the handler as `call.first`. A handler that has
    one and does not write runs without a transaction.
    """

    handler: Handler
    writes: bool
    first: First | None = None


HANDLERS: dict[str, Answer] = {}


def first_of(infno: str, given: Mapping[str, Any], institution: str, day: date) -> Any:
    """What the handler of a transaction is given as `call.first`, for who calls it without the gateway."""
    asked = HANDLERS[infno].first
    return run([asked(given, institution, day)])[0] if asked else None


def answers(*infnos: str, writes: bool = False, first: First | None = None) -> Callable[[Handler], Handler]:
    """Register a handler for transactions. It runs inside a database transaction, which a refusal rolls back."""

    def register(handler: Handler) -> Handler:
        for infno in infnos:
            if infno in HANDLERS:
                raise ValueError(f"two handlers for {infno}")
            HANDLERS[infno] = Answer(handler, writes, first)
        return handler

    return register
