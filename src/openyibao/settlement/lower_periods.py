"""What a claim's dates say: the numbers of its periods, the first that earns, the number of the admission."""

from __future__ import annotations

from openyibao.policy.facts import INPATIENT
from openyibao.policy.model import MonthDay
from openyibao.settlement.ir import (
    Choice,
    Fail,
    Note,
    OpenUse,
    Pick,
    ReadUse,
    Set,
    Slot,
    Statement,
    When,
    WriteUse,
)
from openyibao.settlement.lookup import lay_out
from openyibao.settlement.lower_tables import basis_text
from openyibao.settlement.lowering import DISCHARGE_DAY, FIRST_DAY, LAST_DAY, PERIOD_KEYS, UNKNOWN, Lowering

PERIOD_BOUND = (0, 200_000)
MONTHS = 12
YEAR_STARTS = "benefit_year_starts"
EPISODE = "episode"


def period_number(low: Lowering, period: str, date: str) -> str:
    """The number of the period in which a date lies, as an expression over the date as yyyymmdd."""
    if period == "year":
        if low.policy.year_start is None:
            return f"{date} // 10000"
        return f"{date} // 10000 - (1 if {date} % 10000 < {YEAR_STARTS} else 0)"
    return {
        "day": f"({date} // 10000 * {MONTHS} + {date} // 100 % 100 - 1) * 100 + {date} % 100",
        "month": f"{date} // 10000 * {MONTHS} + {date} // 100 % 100 - 1",
        "quarter": f"{date} // 10000 * 4 + ({date} // 100 % 100 - 1) // 3",
        "calendar year": f"{date} // 10000",
        "lifetime": "0",
    }["day" if period == DISCHARGE_DAY else period]


def periods(low: Lowering) -> list[Statement]:
    """The numbers of the periods that slots of the program belong to."""
    used = {slot.key for slot in low.slots}
    out: list[Statement] = []
    for period, key in PERIOD_KEYS.items():
        if key not in used:
            continue
        if period not in ("claim", "episode"):
            if period == "year":
                out += _year_starts(low)
            dates = {"year": "year_date", DISCHARGE_DAY: "discharge"}
            date = dates[period] if period == "year" else low.need_input(dates.get(period, "period_date"))
            out += [] if period in ("year", "lifetime") else _check_day(low, date)
            bound = (0, LAST_DAY) if period in ("day", DISCHARGE_DAY) else PERIOD_BOUND
            out.append(Set(key, period_number(low, period, date), bound=bound))
            low.outputs.insert(0, key)
        simple = next((n for n, slot in enumerate(low.slots) if slot.place == (key,)), None)
        out += [] if simple is None else [OpenUse(simple)]
    return out


def _check_day(low: Lowering, date: str) -> list[Statement]:
    if any(fault.kind == "day" and fault.what == date for fault in low.faults):
        return []
    number = low.fault("day", what=date)
    return [When(f"{date} < {FIRST_DAY} or {date} > {LAST_DAY}", (Fail(number),))]


def _year_starts(low: Lowering) -> list[Statement]:
    """The first day of the benefit year as mmdd, by the facts of the claim."""
    table = low.policy.year_start
    if table is None:
        return []
    low.outputs.insert(0, YEAR_STARTS)
    dense = lay_out(table, low.facts)
    days = [cell.value for cell in table.cells]
    numbers = [
        low.parameter("benefit year from", day.month * 100 + day.day, "amount") if isinstance(day, MonthDay) else "0"
        for day in days
    ]
    notes: list[Statement] = [Note(basis_text(low.policy, table.basis))] if table.basis else []
    if not table.by:
        return [*notes, Set(YEAR_STARTS, numbers[0])]
    choices = tuple(Choice(numbers[answer], dense.label(n)) for n, answer in enumerate(dense.answers))
    known, low.known_facts = low.known_facts, set()  # asked here first, whatever the layers ask further down
    asked = low.need_facts(table.by, "", "benefit year from")
    low.known_facts |= known
    index = dense.index(tuple(low.fact_name(fact) for fact in table.by))
    cell = low.names("benefit year from / cell")
    return [*asked, *notes, Set(cell, index, bound=(0, dense.size - 1)), Pick(YEAR_STARTS, cell, choices)]


def first_period(low: Lowering, period: str, earned_from: str) -> tuple[str, list[Statement], list[Statement]]:
    """From which period on a person earns: its local, how it is found, and what is kept of it."""
    name = low.names(f"{earned_from} / {period}")
    key = PERIOD_KEYS[period]
    if earned_from == "enrolment":
        low.need_input("enrolment")
        found = f"({period_number(low, period, 'enrolment')}) if enrolment > 0 else -1"
        return name, [Set(name, found, bound=(-1, PERIOD_BOUND[1]))], []
    slot = low.slot(Slot(f"first claim / {period}", "lifetime", PERIOD_KEYS["lifetime"]))
    stored = low.names(f"{earned_from} / {period} / stored")
    out: list[Statement] = [
        ReadUse(slot, stored),
        Set(name, f"{stored} if {stored} > 0 else {key}", bound=PERIOD_BOUND),
    ]
    return name, out, [When(f"{stored} == 0", (WriteUse(slot, name),))]


def admission_number(low: Lowering) -> tuple[list[Statement], list[Statement]]:
    """The number of the admission, where the policy asks it, and what is kept for the next."""
    fact = next((fact for fact in low.policy.facts if fact.kind == "admission number"), None)
    if fact is None or fact.range is None:
        return [], []
    name, service = low.fact_name(fact.name), low.fact_name("service")
    inpatient = low.facts["service"].values.index(INPATIENT)
    count = low.slot(Slot("episodes admitted", "year", PERIOD_KEYS["year"]))
    given = low.slot(Slot("admission number", "year", PERIOD_KEYS["year"], (EPISODE,)))
    low.per_facts[EPISODE] = None
    counted, number = low.names("admission number / counted"), low.names("admission number / given")
    found = low.names("admission number / found")
    low.outputs.append(found)
    inside = f"{found} if {fact.range.low} <= {found} and {found} <= {fact.range.high} else {UNKNOWN}"
    new = f"{service} == {inpatient} and {number} == 0"
    return [
        Note("the number of the admission in the benefit year"),
        OpenUse(given),
        ReadUse(count, counted),
        ReadUse(given, number),
        Set(found, f"{number} if {number} > 0 else {counted} + (1 if {service} == {inpatient} else 0)"),
        Set(name, f"-1 if {service} == -1 else ({inside})", bound=(UNKNOWN, fact.range.high or 0)),
    ], [When(new, (WriteUse(count, f"{counted} + 1"), WriteUse(given, found)))]
