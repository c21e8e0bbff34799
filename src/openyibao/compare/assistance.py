"""Lowest and highest standards of medical assistance in the files of the library, beside a published table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from openyibao.compare.patients import is_place
from openyibao.lint.measure import LARGE_FEN, CannotTellError, Meter
from openyibao.policy.model import Bilingual, Layer, Policy, Words
from openyibao.policy.values import parse_ratio
from openyibao.settlement.bill import Bill
from openyibao.settlement.bill_answers import Answers
from openyibao.settlement.ir import NO_LIMIT
from openyibao.settlement.layer_plan import LayerPlan

FEN_OF_WAN = 1_000_000
METHODS = ("enrolment", "outpatient", "inpatient", "major disease")
MEASURES = ("threshold", "cap", "ratio")
BOUNDS = ("lowest", "highest")
GROUPS = ("priority", "low-income", "other")

Found = tuple[str, str, str]
"""A method, a measure and a group."""


@dataclass(frozen=True)
class Extreme:
    """A value and the file that has it: 10,000 yuan, or a ratio; None is no cap."""

    value: Fraction | None
    policy: Policy

    @property
    def size(self) -> Fraction | float:
        return math.inf if self.value is None else self.value


@dataclass(frozen=True)
class Standard:
    """One cell of the table: as published, and as the files have it, on the day of the table and over all times."""

    method: str
    measure: str
    bound: str
    group: str
    published: str
    then: Extreme | None
    ever: Extreme | None
    because: Bilingual

    def shown(self, extreme: Extreme | None) -> str:
        """An extreme as the table would print it; `-` for no cap, and an empty text where there is none."""
        if extreme is None:
            return ""
        if extreme.value is None:
            return "-"
        return f"{float(extreme.value):.0%}" if self.measure == "ratio" else f"{float(extreme.value):g}"


@cache
def published() -> dict[str, Any]:
    """The published tables, as the file has them."""
    text = files("openyibao.compare").joinpath("published.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def assistance_table(policies: Iterable[Policy]) -> list[Standard]:
    """Every cell of the published table, with what the files of real places have."""
    found: dict[Found, list[Extreme]] = {}
    places = set()
    for policy in policies:
        if is_place(policy.region):
            for key, extreme in standards(policy):
                found.setdefault(key, []).append(extreme)
                places.add(policy.region)
    cells = itertools.product(METHODS, BOUNDS, MEASURES, enumerate(GROUPS))
    return [
        _standard(method, bound, measure, group, number, found.get((method, measure, group), []), len(places))
        for method, bound, measure, (number, group) in cells
    ]


def standards(policy: Policy) -> Iterator[tuple[Found, Extreme]]:
    """Every threshold, cap and ratio of the assistance layers of a policy, for each class and service."""
    meter = Meter(policy, policy.start)
    group_of = {name: group for group, names in published()["groups"].items() for name in names}
    for layer in policy.layers:
        if layer.payer != published()["payer"]:
            continue
        asked = {one.fact: one.key.values for one in layer.conditions if isinstance(one.key, Words)}
        services, classes = asked.get("service", ("inpatient",)), asked.get("class", ())
        for service, group in itertools.product(services, classes):
            if group in group_of:
                wanted = {"class": (group,)} | ({"service": (service,)} if "service" in meter.known else {})
                for facts, bill in _bills(meter, layer, wanted):
                    method = _method(layer, service, facts)
                    for measure, value in _values(bill, layer):
                        yield (method, measure, group_of[group]), Extreme(value, policy)


def _bills(
    meter: Meter, layer: Layer, wanted: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[dict[str, str | int], Bill]]:
    """Large claims of a class, in every way that may make a difference; those that cannot be settled are left out."""
    try:
        ways = list(meter.ways(wanted))
    except CannotTellError:
        return
    for facts in ways:
        try:
            yield facts, meter.bill(facts, LARGE_FEN, (layer.name,))
        except CannotTellError:
            continue


def _method(layer: Layer, service: str, facts: dict[str, str | int]) -> str:
    known = published()
    if layer.name in known["major layers"] or facts.get("disease") in known["major diseases"]:
        return "major disease"
    return "inpatient" if service == "inpatient" else "outpatient"


def _values(bill: Bill, layer: Layer) -> Iterator[tuple[str, Fraction | None]]:
    """The threshold (0 where there is none), the cap and the rates of a layer on one bill."""
    plan = next(plan for plan in bill.plan.layers if plan.layer.name == layer.name)
    if not bill.named[plan.applies]:
        return
    say = Answers(bill)
    lines = [say.named[step.table.value_name] for step in plan.steps if step.kind == "deductible"]
    yield "threshold", Fraction(sum(lines), FEN_OF_WAN)
    caps = [say.named[cap.table.value_name] for cap in plan.caps]
    least = min(caps, default=NO_LIMIT)
    yield "cap", None if least >= NO_LIMIT else Fraction(least, FEN_OF_WAN)
    for rate in _rates(say, plan):
        yield "ratio", rate


def _rates(say: Answers, plan: LayerPlan) -> list[Fraction]:
    if plan.rate is not None:
        return [Fraction(say.named[plan.rate.result], plan.rate.denominator)]
    return [Fraction(say.named[band.rate.result], plan.denominator) for band in plan.bands]


def _standard(
    method: str, bound: str, measure: str, group: str, number: int, values: list[Extreme], places: int
) -> Standard:
    printed = published()["table 2"][method]
    valid = published()["valid"]
    then = [one for one in values if one.policy.start <= valid < one.policy.end]
    ever = _best(bound, measure, values)
    because = _because(measure, bound, number, printed, ever, method, places)
    return Standard(
        method, measure, bound, group, printed[bound][measure][number], _best(bound, measure, then), ever, because
    )


def _best(bound: str, measure: str, values: list[Extreme]) -> Extreme | None:
    """The lowest or highest of what is stated; only where nothing is, a threshold of 0 or that there is no cap."""
    stated = [one for one in values if one.value is not None and (one.value or measure != "threshold")]
    best = min if bound == "lowest" else max
    return best(stated or values, key=lambda one: (one.size, one.policy.id)) if values else None


def _because(
    measure: str, bound: str, number: int, printed: Any, ever: Extreme | None, method: str, places: int
) -> Bilingual:
    """Why the files and the table differ."""
    low, high = (_number(printed[one][measure][number]) for one in BOUNDS)
    mine = low if bound == "lowest" else high
    kind = _kind(measure, bound, low, high, mine, ever) if method != "enrolment" else "enrolment"
    file, start = ("", date.min) if ever is None else (ever.policy.id, ever.policy.start)
    texts = published()["because"][kind]
    details = {"file": file, "start": start, "places": places}
    return Bilingual(texts["zh"].format(**details), texts["en"].format(**details))


def _kind(
    measure: str,
    bound: str,
    low: Fraction | None,
    high: Fraction | None,
    mine: Fraction | None,
    ever: Extreme | None,
) -> str:
    if ever is None:
        return "nothing" if mine is None else "no file"
    if ever.value is None:
        return "no cap"
    if ever.value == mine:
        return "same"
    if measure == "threshold" and ever.value == 0:
        return "zero"
    if mine is None:
        return "not published"
    if (bound == "lowest" and ever.value > mine) or (bound == "highest" and ever.value < mine):
        return "inside"
    valid: date = published()["valid"]
    return "at the time" if ever.policy.start <= valid < ever.policy.end else "later"


def _number(text: str) -> Fraction | None:
    """A printed cell as a number: 10,000 yuan or a ratio; the signs of `1≤` and `15≥` are left off."""
    plain = text.strip("≤≥")
    if not plain:
        return None
    return parse_ratio(plain) if plain.endswith("%") else Fraction(plain)


@dataclass(frozen=True)
class Total:
    """A printed total and what its parts come to."""

    of: Bilingual
    printed: int
    counted: int


def audit() -> list[Total]:
    """Whether the totals of the first table, and the counts of the text, are the sums of their parts."""
    table = published()["table 1"]
    rows = table["rows"]
    found = [Total(Bilingual(**row["name"]), row["numbers"][-1], sum(row["numbers"][:-1])) for row in rows]
    for number, column in enumerate(table["columns"]):
        parts = sum(row["numbers"][number] for row in rows[:-1])
        found.append(Total(Bilingual(**column), rows[-1]["numbers"][number], parts))
    counts = published()["counts"]
    for key, zh in (("by level", "按效力层级的文本数"), ("by subject", "按立法主体的文本数")):
        found.append(Total(Bilingual(zh, f"texts {key}"), counts["texts"], sum(counts[key])))
    return found
