"""Whether the bills of one person hang together, each as those before it left things."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any


def beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bill_{name}", Path(__file__).resolve().with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARTS, GATHERED = beside("recompute_parts"), beside("recompute_gathered")

Obj = dict[str, Any]
Check = tuple[str, object, object]


class History:
    """What the bills so far have left."""

    def __init__(self, bills: list[Obj], starts: Any) -> None:
        self.bills = bills
        self.starts = starts
        self.person = bills[0]["claim"]["person"] if bills else None
        self.after: dict[Any, int] = {}
        self.of_policy: dict[Any, object] = {}  # what a policy says the same for every claim
        self.earned: dict[Any, list[tuple[str, int, str]]] = {}  # by group and per: periods, money, starts
        self.origins: dict[Any, set[str]] = {}
        items = [(bill["policy"]["digest"], item) for bill in bills for item in steps(bill) if item.get("carry_over")]
        self.carrying = {(digest, item["period"]) for digest, item in items}
        self.open = GATHERED.Open(starts)
        self.numbers: dict[str, list[str]] | None = {}  # by benefit year: the episodes with an inpatient claim

    def checks(self, bill: Obj) -> Iterator[Check]:
        """Everything printed that other bills decide: what it is, as printed, as it should be."""
        yield "person", bill["claim"]["person"], self.person
        for use in bill["uses"]:
            yield from self.use(bill, use)
        for item in belonging(bill):
            yield from self.constant(bill, "belongs_here", item["belongs_here"])
        stated = {}
        for item in steps(bill):
            if item.get("carry_over"):
                stated[item["group"], PARTS.per_of(item)] = item
        for place, item in stated.items():
            yield from self.carry_over(bill, place, item)
        yield from self.admission_number(bill)
        yield from self.open.checks(bill)

    def constant(self, bill: Obj, name: str, value: object) -> Iterator[Check]:
        yield name, value, self.of_policy.setdefault((bill["policy"]["digest"], name), value)

    def use(self, bill: Obj, use: Obj) -> Iterator[Check]:
        group, key, per = use["group"], use["period_key"], PARTS.per_of(use)
        yield from self.constant(bill, f"period of {group}", use["period"])
        yield from self.constant(bill, f"facts of {group}", [fact for fact, _ in per])
        stay = f"stay {bill['claim']['stay']}"
        keys = {stay} if use["period"] == "claim" else PARTS.period_keys(bill, use["period"], self.starts)
        yield f"period_key of {group}", key, key if key in keys else sorted(keys)
        yield f"before_fen of {group} in {key}{named(per)}", use["before_fen"], self.after.get((group, key, per), 0)

    # What other periods leave

    def carry_over(self, bill: Obj, place: Any, item: Obj) -> Iterator[Check]:
        """The periods that a bill lists, against what the bills before it earned and used.

        Listed are all from the start on to the claim's own, and later ones that are in use; the claim's own alone, if
        it lies before the start. A period other than the claim's own has earned what the last bill of it says; if there
        is none, what the first bill of a later period says, this bill being the last. A bill says it of no period
        before the start that it has itself.
        """
        carry, period = item["carry_over"], item["period"]
        group, per = place
        yield from self.constant(bill, f"how {group} carries over", carry["how"])
        yield from self.start(bill, group, period, carry["from"])
        before, here, start = self.earned.setdefault(place, []), carry["here"], carry["from"]
        own = {line["period_key"]: line["earned_fen"] for line in carry["periods"]}[here]
        known = [*before, (here, own, start)]
        used = {key for (of, key, values), fen in self.after.items() if (of, values) == place and fen}
        needed = {here} if here < start else {*PARTS.run_of(start, here), *(key for key in used if key > here)}
        listed = [line["period_key"] for line in carry["periods"]]
        yield f"periods of {group}", listed, sorted(needed)
        for line in carry["periods"]:
            key = line["period_key"]
            where = f"of {group} in {key}{named(per)}"
            yield f"used_fen {where}", line["used_fen"], self.after.get((group, key, per), 0)
            seen = [(other, fen) for other, fen, first in known if first <= key]
            earned = [fen for other, fen in seen if other == key][-1:] if key != here else [own]
            earned = earned or [fen for other, fen in seen if other > key]
            if key <= here:  # what later ones earn makes no difference
                yield f"earned_fen {where}", line["earned_fen"], earned[0] if earned else 0
        before.append((here, own, start))

    def start(self, bill: Obj, group: str, period: str, start: str) -> Iterator[Check]:
        """The period of the first bill under a policy that carries over periods of the kind, or of the enrolment."""
        first: set[str] = set()
        for other in self.bills:
            first |= PARTS.period_keys(other, period, self.starts)
            if (other["policy"]["digest"], period) in self.carrying:
                break
        enrolment, enrolled = bill["claim"]["enrolment"], set()
        if enrolment:
            begin = self.starts(bill["claim"]) if self.starts else None
            enrolled = PARTS.day_keys(period, date.fromisoformat(enrolment), begin)
        fitting = {name for name, keys in (("first claim", first), ("enrolment", enrolled)) if start in keys}
        origins = self.origins.setdefault((bill["policy"]["digest"], group), {"first claim", "enrolment"})
        name = " or ".join(sorted(origins))
        yield f"from of {group}, by {name}", start, start if origins & fitting else sorted(first | enrolled)
        if origins & fitting:
            origins &= fitting

    # Number of the admission

    def admission_number(self, bill: Obj) -> Iterator[Check]:
        """The number of the episode among those with an inpatient claim in the benefit year, in order of settling.

        On a claim that is not inpatient: the number of its episode, or how many there are.
        Where the benefit year of a claim is not known, the numbers are not checked from there on.
        """
        facts = {fact["fact"]["en"]: fact["value"]["en"] for fact in bill["claim"]["facts"]}
        printed = {use["period_key"] for use in bill["uses"] if use["period"] == "year"}
        years = PARTS.period_keys(bill, "year", self.starts)
        years = printed if len(years) > 1 and printed else years
        if len(years) > 1:
            self.numbers = None
        if self.numbers is None or "service" not in facts:
            return
        episodes, episode = self.numbers.setdefault(years.pop(), []), bill["claim"]["episode"]
        if facts["service"] == "inpatient" and episode not in episodes:
            episodes.append(episode)
        number = episodes.index(episode) + 1 if episode in episodes else len(episodes)
        if "admission number" in facts:
            yield "admission number", facts["admission number"], str(number)


def named(per: Any) -> str:
    return "".join(f", {fact[1]} {value[1]}" for fact, value in per)


def steps(bill: Obj) -> list[Obj]:
    layers = [layer for layer in bill.get("layers", ()) if layer["applies"]]
    return [item for layer in layers for item in [*layer["reductions"], *layer["caps"]]]


def belonging(bill: Obj) -> Iterator[Obj]:
    """The steps of a bill that may belong to a later part of the stay."""
    if bill["policy"]["year_date"] != "charge" or bill["claim"]["last_of_stay"]:
        return
    for item in steps(bill):
        if item.get("kind") == "deductible" and item["period"] == "claim":
            yield item
    for layer in bill.get("layers", ()):
        if layer["applies"] and layer["reimbursement"]["kind"] == "fixed" and layer["reimbursement"]["group"]:
            yield layer["reimbursement"]


def recompute_history(bills: Iterable[Obj], starts: Any = None) -> list[str]:
    """The differences between what the bills of one person print, in the order of their settling.

    A use begins with what the latest earlier bill left in its group and period, for its values of `per`, with 0 if none
    did; a policy keeps the period and facts of a group. A claim that failed has no bill and moves nothing.
    starts: see recompute.
    """
    found: list[str] = []
    bills = list(bills)
    history = History(bills, starts)
    for number, bill in enumerate(bills, 1):
        where = f"bill {number}, claim {bill['claim']['id']}"
        differences = [(what, a, b) for what, a, b in history.checks(bill) if a != b]
        found += [f"{where}: {what}: printed {a}, recomputed {b}" for what, a, b in differences]
        history.open.settled(bill)
        history.after |= {(u["group"], u["period_key"], PARTS.per_of(u)): u["after_fen"] for u in bill["uses"]}
    return found
