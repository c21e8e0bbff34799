"""What registering a visit and uploading to it need of the database, read in one round trip.

    ask_person(...), who_of(answer)          a person with the coverage of a day
    ask_opened(...), opened_of(answer)       a visit, locked, with what an upload to it asks

and what they write, as statements that go along with the end of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from openyibao.service.direct import Ask, Statement, as_json, given, numbers, text, texts
from openyibao.service.institutions.models import Institution
from openyibao.service.people.models import Coverage, Person
from openyibao.service.settlements.case import day_or_none, made, region_of, visit_of
from openyibao.service.settlements.claims import Times
from openyibao.service.settlements.models import FeeLine, Visit

PERSON = Statement(
    "person",
    "SELECT settlements_person($1, $2, $3), nextval('settlements_mdtrt_id'), nextval('settlements_visit_id_seq')",
)
OPENED = Statement("opened", "SELECT settlements_opened($1, $2, $3, $4, $5)")
COLUMNS = (
    *("mdtrt_id", "kind", "state", "person_id", "coverage_id", "institution_id", "med_type", "number", "disease"),
    *("begun", "ended", "id"),
)
REGISTER = Statement(
    "register",
    f"INSERT INTO settlements_visit ({', '.join(COLUMNS)}, data) VALUES"
    f" ({', '.join(f'${place}' for place in range(1, len(COLUMNS) + 2))})",
)
DESCRIBE = Statement(
    "describe",
    "UPDATE settlements_visit SET med_type = $2, coverage_id = $3, disease = $4, begun = $5, data = $6 WHERE id = $1",
)
LINE = {"number": "text", "batch": "text", "charged": "timestamptz", "item_code": "text", "own_code": "text"}
LINE |= {"count": "numeric", "price": "numeric", "amount_fen": "bigint", "fully_self_paid_fen": "bigint"}
LINE |= {"over_limit_fen": "bigint", "pre_self_paid_fen": "bigint", "in_scope_fen": "bigint", "reply": "jsonb"}
LINE |= {"data": "jsonb", "split_by": "text"}
LINES = Statement(
    "lines",
    f"INSERT INTO settlements_feeline (visit_id, {', '.join(LINE)})"
    f" SELECT $1, * FROM unnest({', '.join(f'${place}::{kind}[]' for place, kind in enumerate(LINE.values(), 2))})",
)


@dataclass(frozen=True, slots=True)
class Who:
    """A person, the coverage that was asked for, since when it is suspended; digits of a new mdtrt_id, and an id."""

    person: Person
    coverage: Coverage | None
    suspended: date | None
    number: int
    visit: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A visit, locked. `then`: the coverage of the same kind on the day that was asked, and since when it is suspended;
    `lines`: how many lines it has, and the first day of one; `mapped`: items by own code, with their first day and the
    day before which they end.
    """

    visit: Visit
    then: tuple[int, date | None] | None
    lines: int
    first_line: date | None
    identities: tuple[Times, ...]
    mapped: Mapping[tuple[str, str], tuple[date, date | None]]


def ask_person(psn_no: str, insurance: str, day: date) -> Ask:
    return PERSON(psn_no.encode(), insurance.encode(), text(day))


def who_of(answer: Any) -> Who | None:
    """The answer to `ask_person`; None where nobody has the number."""
    found = answer.get_value(0, 0)
    if found is None:
        return None
    data = orjson.loads(found)
    person, coverage = data["person"], data["coverage"]
    person["born"] = date.fromisoformat(person["born"])
    who = made(Person, person)
    new = (int(answer.get_value(0, 1)), int(answer.get_value(0, 2)))
    if coverage is None:
        return Who(who, None, None, *new)
    suspended = coverage["suspended"] = day_or_none(coverage["suspended"])
    coverage["joined"] = date.fromisoformat(coverage["joined"])
    return Who(who, made(Coverage, coverage, person=who, region=region_of(*data["region"])), suspended, *new)


def ask_opened(mdtrt_id: str, psn_no: str, institution: str, day: date, own_codes: Sequence[str] = ()) -> Ask:
    names = (mdtrt_id.encode(), psn_no.encode(), institution.encode())
    return OPENED(*names, text(day), texts(own_codes))


def opened_of(answer: Any, institution: Institution) -> Opened | None:
    """The answer to `ask_opened`; None where there is no such visit."""
    found = answer.get_value(0, 0)
    if found is None:
        return None
    data = orjson.loads(found)
    then = data["then"]
    count, first = data["lines"]
    return Opened(
        visit=visit_of(data, institution),
        then=(then[0], day_or_none(then[1])) if then else None,
        lines=count,
        first_line=day_or_none(first),
        identities=tuple((code, day_or_none(low), day_or_none(high)) for code, low, high in data["identities"] or ()),
        mapped={
            (own, item): (date.fromisoformat(low), day_or_none(high)) for own, item, low, high in data["mapped"] or ()
        },
    )


def registration(visit: Visit) -> Ask:
    """The statement that registers a new visit."""
    return REGISTER(*(given(getattr(visit, name)) for name in COLUMNS), as_json(visit.data))


def description(visit: Visit) -> Ask:
    """The statement that writes what 2203 changes."""
    values = (visit.pk, visit.med_type, visit.coverage_id, visit.disease, visit.begun)
    return DESCRIBE(*map(text, values), as_json(visit.data))


def line_rows(visit: Visit, rows: Iterable[FeeLine]) -> Ask:
    """The statement that stores new lines, in their order."""
    rows = list(rows)
    columns = []
    for name, kind in LINE.items():
        values = [getattr(row, name) for row in rows]
        if kind == "bigint":
            columns.append(numbers(values))
        elif kind == "jsonb":
            columns.append(texts([as_json(value).decode() for value in values]))
        else:
            columns.append(texts([str(value) for value in values]))
    return LINES(text(visit.pk), *columns)
