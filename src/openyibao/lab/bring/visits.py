"""Survey people to claims: stays and visits with their cost split evenly, so that a policy can be run on them.

What a survey does not tell is assumed, by the mapping (`claims:`) or by the caller, and nothing else:

* the cost of a person's stays is split evenly, to the fen, over their number (the first ones take what is left over);
  so is what the person paid, and both for outpatient visits;
* a month's visits and cost are taken for each of the twelve months: such claims are `annualised`;
* of each cost the share `in_scope` is in scope, and the rest fully self-paid; the other two parts are 0;
* the claims of a kind lie evenly over the year; a stay is `days_of_a_stay` long, but begins in the year;
* facts such as the grade of the hospital are the same for all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.lab.bring.mapping import Claims
from openyibao.policy.facts import INPATIENT
from openyibao.tables.cells import Numbers

OUTPATIENT = "outpatient"
KINDS = (
    (INPATIENT, "hospital_stays", "hospital_cost_fen", "hospital_out_of_pocket_fen"),
    (OUTPATIENT, "outpatient_visits", "outpatient_cost_fen", "outpatient_out_of_pocket_fen"),
)


@dataclass(frozen=True)
class Left:
    """People of whom no claims of a kind can be made: a number without its cost, a cost without its number."""

    service: str
    no_cost: int
    no_number: int


@dataclass(frozen=True)
class Part:
    """Claims of one kind, as arrays of one length."""

    place: Numbers
    service: str
    order: Numbers
    discharge: Numbers
    days: int
    total: Numbers
    paid: Numbers
    paid_stated: Numbers
    annualised: bool


def survey_claims(people: Any, year: int, assumed: Claims) -> tuple[Any, tuple[Left, ...]]:
    """Claims of survey people in a year, as an Arrow table of the lab, and who was left out.

    people: a table of `read_people`. Columns: those of `columns` with `service`, the facts assumed, `age` and `sex` if
    they are known; and `reported_out_of_pocket_fen` (null where not known), `annualised`, `weight` (1 without weights).
    Raises ValueError where the people have neither stays nor visits.
    """
    parts, left = [], []
    for service, number, cost, paid in KINDS:
        if number in people.column_names and cost in people.column_names:
            part, out = _part(people, year, service, (number, cost, paid), assumed.days_of_a_stay)
            parts.append(part)
            left.append(out)
    if not parts:
        raise ValueError("these people have neither hospital stays nor outpatient visits with their cost")
    place, total = (np.concatenate([getattr(part, name) for part in parts]) for name in ("place", "total"))
    discharge = np.concatenate([part.discharge for part in parts])
    order = np.lexsort((np.concatenate([part.order for part in parts]), discharge, place))
    made = _columns(people, parts, assumed)
    share = assumed.in_scope
    in_scope = total * share.numerator // share.denominator
    made |= {
        "total_fen": total,
        "fully_self_paid_fen": total - in_scope,
        "over_limit_fen": np.zeros_like(total),
        "pre_self_paid_fen": np.zeros_like(total),
        "in_scope_fen": in_scope,
    }
    arrays = {name: _array(column).take(pa.array(order)) for name, column in made.items()}
    table = {"claim": pa.array(np.arange(len(order), dtype=np.int64)), **arrays}
    told = {"year": year, "in scope": str(share), "days of a stay": assumed.days_of_a_stay, "facts": assumed.facts}
    return pa.table(table).replace_schema_metadata({"assumed": json.dumps(told, ensure_ascii=False)}), tuple(left)


def _part(people: Any, year: int, service: str, names: tuple[str, ...], stay: int) -> tuple[Part, Left]:
    count, cost = (_whole(people[name]) for name in names[:2])
    known = [people[name].is_valid().to_numpy() for name in names[:2]]
    good = known[0] & known[1] & (count > 0)
    left = Left(
        service, int((known[0] & (count > 0) & ~known[1]).sum()), int((known[1] & (cost > 0) & ~(count > 0)).sum())
    )
    who = np.flatnonzero(good)
    times = count[who]
    place = np.repeat(who, times)
    number = np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
    paid, stated = np.zeros(len(place), np.int64), np.zeros(len(place), bool)
    if names[2] in people.column_names:
        stated = people[names[2]].is_valid().to_numpy()[place]
        paid = evenly(_whole(people[names[2]])[place], np.repeat(times, times), number)
    total = evenly(cost[place], np.repeat(times, times), number)
    period = json.loads((people.schema.field(names[0]).metadata or {}).get(b"survey", b"{}")).get("times", "1")
    discharge = _spread(year, number, np.repeat(times, times))
    days = stay if service == INPATIENT else 0
    return Part(place, service, number, discharge, days, total, paid, stated, period != "1"), left


def _whole(column: Any) -> Numbers:
    numbers: Numbers = column.combine_chunks().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def evenly(total: Numbers, times: Numbers, number: Numbers) -> Numbers:
    """The share of claim `number` (from 0) of a total split over `times` claims, to the fen.

    >>> evenly(np.array([1000] * 3), np.array([3] * 3), np.arange(3)).tolist()
    [334, 333, 333]
    """
    shares: Numbers = total // times + (number < total % times)
    return shares


def _spread(year: int, number: Numbers, times: Numbers) -> Numbers:
    """Days since 1970: the middle of each of so many equal parts of the year."""
    first, after = (np.datetime64(f"{one}-01-01", "D").astype(np.int64) for one in (year, year + 1))
    days: Numbers = first + (2 * number + 1) * (after - first) // (2 * times)
    return days


def _columns(people: Any, parts: list[Part], assumed: Claims) -> dict[str, Any]:
    place = np.concatenate([part.place for part in parts])
    rows = pa.array(place)
    names = people["person_id"] if "person_id" in people.column_names else people["household_id"]
    ids = names.combine_chunks().take(rows).to_pylist()
    marks = [f"{part.service}-{number + 1}" for part in parts for number in part.order.tolist()]
    discharge = np.concatenate([part.discharge for part in parts])
    first = np.concatenate([_first(part) for part in parts])
    service = np.repeat(np.arange(len(parts), dtype=np.int8), [len(part.place) for part in parts])
    made: dict[str, Any] = {
        "claim_id": pa.array([f"{one}-{mark}" for one, mark in zip(ids, marks, strict=True)], pa.string()),
        "person": people["person"].combine_chunks().take(rows),
        "admission": pa.array(first.astype(np.int32)).cast(pa.date32()),
        "discharge": pa.array(discharge.astype(np.int32)).cast(pa.date32()),
        "settlement": pa.array(discharge.astype(np.int32)).cast(pa.date32()),
        "service": pa.DictionaryArray.from_arrays(pa.array(service), pa.array([part.service for part in parts])),
    }
    made |= {name: people[name].combine_chunks().take(rows) for name in ("age", "sex") if name in people.column_names}
    for name, value in assumed.facts.items():
        made[name] = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(place), np.int8)), [value])
    stated = np.concatenate([part.paid_stated for part in parts])
    made["reported_out_of_pocket_fen"] = pa.array(np.concatenate([part.paid for part in parts]), mask=~stated)
    made["annualised"] = np.repeat([part.annualised for part in parts], [len(part.place) for part in parts])
    made["weight"] = (
        people["weight"].combine_chunks().take(rows) if "weight" in people.column_names else np.ones(len(place))
    )
    return made


def _first(part: Part) -> Numbers:
    """The day of admission: so many days before, but in the same year."""
    start = part.discharge.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    first: Numbers = np.maximum(part.discharge - part.days, start)
    return first


def _array(column: Any) -> Any:
    return pa.array(column) if isinstance(column, np.ndarray) else column
