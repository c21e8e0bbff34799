"""Two persons wherever money, identity or access changes: one proposes, another decides, the database sees to it.

A room says what can be proposed:

    @action("coverage.end", may="coverage.change", decide="coverage.decide", takes={...}, place=place)
    def end(given: Given, decision: Decision) -> Done: ...

`propose` tries the change and takes the try back, so that what can't be done is not proposed. `decide` applies it in
the same database transaction as the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from openyibao.service import clock
from openyibao.service.organisation.fields import Given, Kind, plain, take
from openyibao.service.organisation.models import Body, Proposal
from openyibao.service.organisation.problems import Problem


@dataclass(frozen=True, slots=True)
class Decision:
    """By whom and when a change is applied. `proposal` is None while it is only tried."""

    user: Any
    at: datetime
    proposal: Proposal | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a change did: `result` is kept, `once` is told to the decider and kept nowhere (a secret)."""

    result: Mapping[str, Any] = field(default_factory=dict)
    once: Mapping[str, Any] = field(default_factory=dict)


Place = Callable[[Given], Body]
Apply = Callable[[Given, Decision], Done]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be proposed. `may` and `decide` are service items; `place` finds the body that both are
    asked for; `subject` is the field that names the object in the audit."""

    name: str
    may: str
    decide: str
    takes: Mapping[str, Kind]
    place: Place
    subject: str
    apply: Apply


ACTIONS: dict[str, Action] = {}


def action(
    name: str, *, may: str, decide: str, takes: Mapping[str, Kind], place: Place, subject: str
) -> Callable[[Apply], Apply]:
    """Register what applies an action."""

    def register(apply: Apply) -> Apply:
        if name in ACTIONS:
            raise ValueError(f"two actions {name}")
        ACTIONS[name] = Action(name, may, decide, takes, place, subject, apply)
        return apply

    return register


def propose(user: Any, name: str, values: Mapping[str, Any]) -> Proposal:
    """A new proposal. Raises Problem where the values are wrong or the change could not be made now.

    Whether the user may is asked by the caller (`may`), for the body that `Action.place` names.
    """
    what = ACTIONS[name]
    with transaction.atomic():
        given = take(values, what.takes)
        body, now = what.place(given), clock.now()
        _try(what, given, Decision(user, now, None))
        made: Proposal = Proposal.objects.create(
            action=name,
            body=body,
            subject=str(given[what.subject]),
            data=plain(given),
            proposed_by=user,
            proposed_at=now,
        )
        return made


class _TakenBack(Exception):
    pass


def _try(what: Action, given: Given, decision: Decision) -> None:
    """Apply and take back. A block of its own, so that what waits for the commit is forgotten too."""
    try:
        with transaction.atomic():
            what.apply(given, decision)
            raise _TakenBack
    except _TakenBack:
        return


def decide(user: Any, number: int, *, accept: bool, reason: str = "") -> tuple[Proposal, Mapping[str, Any]]:
    """Accept or reject a proposal, and apply it; also what is told once. Raises Problem and changes nothing where it
    was decided, where the user proposed it, or where it can't be applied any more."""
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update().filter(pk=number).first()
        if proposal is None:
            raise Problem("not known", what=f"proposal {number}")
        if proposal.decided_at is not None:
            raise Problem("already decided", number=number)
        if proposal.proposed_by_id == user.pk:
            raise Problem("own proposal", number=number)
        what, now = ACTIONS[proposal.action], clock.now()
        done = Done()
        if accept:
            done = what.apply(take(proposal.data, what.takes), Decision(user, now, proposal))
        proposal.decided_by, proposal.decided_at, proposal.accepted = user, now, accept
        proposal.reason, proposal.result = reason, plain(done.result)
        proposal.save(update_fields=["decided_by", "decided_at", "accepted", "reason", "result"])
        return proposal, done.once
