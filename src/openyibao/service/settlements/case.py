"""All that settling a visit needs of the database, locked and read in one round trip (`settlements_case`).

    ask(...)           the statement, to send along with others
    case_of(answer)    its answer as rows: a Case, or None where there is no such visit

Regions change rarely: a connection keeps those that it has read, each under the version of its row, which every answer
states. So whatever changes a region counts from the next request on, in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import orjson
from django.db import models
from django.db.models.base import ModelState

from openyibao.service.direct import Ask, Statement, default, given, run, text
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Account, Coverage, Person
from openyibao.service.settlements.models import History, Visit
from openyibao.settlement import Uses
from openyibao.settlement.claim import UseKey

Row = TypeVar("Row", bound=models.Model)
MOST_KEPT = 4096
CASE = Statement("case", "SELECT settlements_case($1, $2, $3, $4, $5, $6, $7)")


@dataclass(frozen=True, slots=True)
class Lines:
    """Fee lines of one day that are not settled, their parts added up. Fen.

    `split_by` as FeeLine has it; `refunds`: whether one of them takes back another.
    """

    day: date
    split_by: str
    refunds: bool
    ids: tuple[int, ...]
    amount_fen: int
    fully_self_paid_fen: int
    over_limit_fen: int
    pre_self_paid_fen: int
    in_scope_fen: int


@dataclass(frozen=True, slots=True)
class Case:
    """What a visit is settled on. `earlier`: whether a settlement of the visit stands already. `share_bp`: of the
    agreement in force, or None. `number`: of the settlement to be written, and the digits of its setl_id; None: a try.
    """

    visit: Visit
    history: History
    uses: Uses
    accounts: list[Account]
    identities: tuple[tuple[str, date | None, date | None], ...]
    earlier: bool
    share_bp: int | None
    lines: tuple[Lines, ...]
    number: tuple[int, int] | None


def ask(visit: Visit, batch: str | None, today: date, *, keep: bool) -> Ask:
    """The case of a visit; locked if it is to be kept."""
    return CASE(text(visit.pk), None, None, None, given(batch), text(today), text(keep))


def ask_named(mdtrt_id: str, psn_no: str, institution: str, batch: str | None, today: date, *, keep: bool) -> Ask:
    """The same of an institution's visit, as a request names it, with the code of the institution."""
    return CASE(None, mdtrt_id.encode(), psn_no.encode(), institution.encode(), given(batch), text(today), text(keep))


def read(visit: Visit, batch: str | None, today: date, *, keep: bool) -> Case:
    """The case of a visit that is there."""
    found = case_of(run([ask(visit, batch, today, keep=keep)])[0].get_value(0, 0), visit=visit)
    assert found is not None
    return found


def case_of(answer: bytes | None, *, visit: Visit | None = None, institution: Institution | None = None) -> Case | None:
    """An answer as rows. `visit`: the row to go on with; else one is made, of this institution."""
    if answer is None:
        return None
    data = orjson.loads(answer)
    if visit is None:
        assert institution is not None
        visit = visit_of(data, institution)
    person = visit.person
    region = visit.coverage.region
    number, last = data["history"] or (None, 0)
    scheme = data["coverage"]["scheme"]
    about = {"id": number, "scheme": scheme, "last_number": last, "person_id": person.pk, "region_id": region.pk}
    return Case(
        visit=visit,
        history=made(History, about, person=person, region=region),
        uses=Uses({_key(key): fen for key, fen in data["uses"] or ()}),
        accounts=[
            made(Account, {"id": pk, "number": number, "family": family, "balance_fen": fen, "region_id": region.pk})
            for pk, number, family, fen in data["accounts"] or ()
        ],
        identities=tuple((code, day_or_none(start), day_or_none(end)) for code, start, end in data["identities"] or ()),
        earlier=data["earlier"],
        share_bp=data["share"],
        lines=tuple(
            Lines(date.fromisoformat(day), split_by, refunds, tuple(ids), *sums)
            for day, split_by, refunds, ids, *sums in data["lines"] or ()
        ),
        number=tuple(data["next"]) if data["next"] else None,
    )


def _key(text: str) -> UseKey:
    return tuple(orjson.loads(text))


def day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def visit_of(data: Mapping[str, Any], institution: Institution) -> Visit:
    """The visit with what it refers to."""
    row, person, coverage = data["visit"], data["person"], data["coverage"]
    person["born"] = date.fromisoformat(person["born"])
    coverage["joined"] = date.fromisoformat(coverage["joined"])
    row["begun"] = datetime.fromisoformat(row["begun"])
    row["ended"] = datetime.fromisoformat(row["ended"]) if row["ended"] else None
    who = made(Person, person)
    covered = made(Coverage, coverage, person=who, region=region_of(*data["region"]))
    return made(Visit, row, person=who, coverage=covered, institution=institution)


def made(model: type[Row], values: dict[str, Any], **related: models.Model | None) -> Row:
    """A row that was read by other means, as Django's own would be: what was not read is read when it is asked for."""
    row: Row = object.__new__(model)
    row.__dict__.update(values)
    state = ModelState()
    state.db, state.adding = "default", False
    row._state = state
    state.fields_cache.update(related)
    return row


def region_of(number: int, version: str) -> Region:
    """A region with its place, read once by each connection for each version of it."""
    return kept("regions", (number, version), lambda: Region.objects.select_related("body").get(pk=number))


def kept(room: str, key: Any, read_it: Any) -> Any:
    """A row that this connection has read before under the same version, else read now."""
    here = default()
    if here.connection is None:
        here.ensure_connection()
    raw: Any = here.connection
    rooms: dict[str, dict[Any, Any]] | None = getattr(raw, "yibao_kept", None)
    if rooms is None:
        rooms = raw.yibao_kept = {}
    rows = rooms.setdefault(room, {})
    found = rows.get(key)
    if found is None:
        if len(rows) >= MOST_KEPT:
            rows.clear()
        found = rows[key] = read_it()
    return found
