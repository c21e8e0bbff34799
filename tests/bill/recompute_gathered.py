"""What recompute.py does with divided parts and with claims that gather: what they find, and what others leave them."""

from __future__ import annotations

import importlib.util
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

Obj = dict[str, Any]
Part = tuple[str | None, str]
Check = tuple[str, object, object]
CLAIM_PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")


def beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bill_{name}", Path(__file__).resolve().with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ANSWERS, PARTS = beside("recompute_answers"), beside("recompute_parts")
words = PARTS.words


def place(item: Obj) -> Part:
    return item["layer"], item["part"]


def named(item: Obj) -> tuple[str | None, str]:
    """Layer and quantity; of a sum its name, which no quantity has."""
    return (item["layer"], item["quantity"]) if item["kind"] != "sum" else (None, f"sum {item['name']['en']}")


def months_before(day: str, months: int) -> str:
    """The day of the same number so many months earlier; where that month has none, the first of the next."""
    year, month = divmod(int(day[:4]) * 12 + int(day[5:7]) - 1 - months, 12)
    if int(day[8:]) > monthrange(year, month + 1)[1]:  # never in December, which has 31 days
        return f"{year:04}-{month + 2:02}-01"
    return f"{year:04}-{month + 1:02}{day[7:]}"


def gathers(bill: Obj) -> bool:
    """Whether for some layer of the claim's gathering service all holds that is asked of the claim's own facts."""
    own = {words(item["fact"]) for item in bill["claim"]["facts"]}
    return any(
        all(item["holds"] for item in layer["conditions"] if words(item["fact"]) in own)
        for layer in bill["layers"]
        if runs_for(layer, bill["gathered"]["service"])
    )


def runs_for(layer: Obj, service: Obj) -> bool:
    return [service] in [item["accepts"] for item in layer["conditions"] if item["fact"]["en"] == "service"]


class Gathered(ANSWERS.Answers):  # type: ignore[misc, name-defined]
    """The parts and quantities with which a bill begins, and those that it leaves."""

    def __init__(self, bill: Obj, found: list[str], starts: Any) -> None:
        super().__init__(bill, found)
        self.starts = starts
        self.gathered: Obj | None = bill["gathered"]
        self.over = {place(item): item["fen"] for item in self.gathered["parts"]} if self.gathered else {}
        self.parts: dict[Part, int] = {}
        for part, fen in self.came_in().items():
            self.parts[None, part] = fen + self.over.get((None, part), 0)

    def came_in(self) -> dict[str, int]:
        """The parts of the claim, the sub-parts in the place of a divided one."""
        into = {item["part"]: {one["part"]: one["fen"] for one in item["into"]} for item in self.claim["divided"]}
        found: dict[str, int] = {}
        for part in CLAIM_PARTS:
            found |= into.get(part, {part: self.claim[f"{part}_fen"]})
        return found

    def begin(self) -> None:
        """Check sub-parts and what was gathered; put down the quantities of the claim."""
        self.division()
        if self.gathered:
            self.quantities |= {named(item): item["fen"] for item in self.gathered["quantities"]}
            self.take_over(self.gathered)
            return
        whole = {(None, part): self.claim[f"{part}_fen"] for part in CLAIM_PARTS}
        self.quantities |= {(None, "total"): sum(whole.values()), **whole, **self.parts}

    def division(self) -> None:
        parts = [item["part"] for item in self.claim["divided"]]
        self.same("claim", "divided parts named once", len(parts), len(set(parts)))
        for item in self.claim["divided"]:
            where = f"claim, {item['part']}"
            fen = [one["fen"] for one in item["into"]]
            self.same(where, "two sub-parts at least", len(fen) > 1, True)
            self.same(where, "sub-parts add up to the part", sum(fen), self.claim[f"{item['part']}_fen"])
            for one in item["into"]:
                self.same(where, "name of a sub-part", one["part"], f"{item['part']}.{one['name']['en']}")
                if self.gathered and words(one["name"]) not in self.facts:
                    self.same(where, "fen of a sub-part that is not stated", one["fen"], 0)
                else:
                    self.money_fact(where, one["name"], one["fen"])

    # A claim that gathers

    def take_over(self, gathered: Obj) -> None:
        service = next((item["value"] for item in self.claim["facts"] if item["fact"]["en"] == "service"), None)
        self.same("gathered", "service", gathered["service"], service)
        self.same("gathered", "total_fen of the claim", self.claim["total_fen"], 0)
        self.same("gathered", "parts named once", len(gathered["parts"]), len(self.over))
        names = {named(item) for item in gathered["quantities"]}
        self.same("gathered", "quantities named once", len(gathered["quantities"]), len(names))
        self.same("gathered", "fen", gathered["fen"], sum(self.over.values()))
        self.same("gathered", "what is left for others", self.bill["leaves"], [])
        found = [item["fen"] for item in (*gathered["parts"], *gathered["quantities"]) if item["fen"]]
        self.same("gathered", "anything, though no layer may run", bool(found and not gathers(self.bill)), False)
        at_hand = {*self.parts, *((layer["layer"], None) for layer in self.bill["layers"] if not layer["applies"])}
        for layer, part in self.over:
            found = (layer, None if layer else part) in at_hand
            self.same("gathered", f"{layer or 'claim'} {part} is no part, or one of a layer that applies", found, True)
        self.window(gathered)

    def window(self, gathered: Obj) -> None:
        first, last = gathered["from"], gathered["to"]
        if gathered["of"] == "the year before":
            years = {f"{int(key) - 1:04}" for key in PARTS.period_keys(self.bill, "year", self.starts)}
            self.same("gathered", "months of a year", gathered["months"], None)
            self.same("gathered", "from, a benefit year", first, first if first in years else sorted(years))
            self.same("gathered", "to, the same year", last, first)
            return
        self.same("gathered", "of", gathered["of"], "months before")
        self.same("gathered", "to", last, self.claim["discharge"])
        self.same("gathered", "from", first, months_before(last, gathered["months"]))

    def runs_here(self, layer: Obj) -> bool:
        """Whether a layer is one for the claims of this service."""
        return self.gathered is None or runs_for(layer, self.gathered["service"])

    def sum_named(self, name: Obj) -> int | None:
        """Of a sum that was gathered, the sum of its values."""
        found: int | None = self.quantities.get((None, f"sum {name['en']}")) if self.gathered else None
        return super().sum_named(name) if found is None else found

    # A claim that others may gather

    def leave(self) -> None:
        """What stands in the parts when all layers have run, and the quantities as they were."""
        services = [words(item["service"]) for item in self.bill["leaves"]]
        self.same("leaves", "each service once", len(services), len(set(services)))
        days = {*PARTS.period_keys(self.bill, "year", self.starts), self.claim["discharge"]}
        for item in self.bill["leaves"]:
            where = f"leaves, {item['service']['en']}"
            self.same(
                where, "period_key", item["period_key"], item["period_key"] if item["period_key"] in days else days
            )
            for part in item["parts"]:
                self.same(where, f"{part['layer'] or 'claim'} {part['part']}", part["fen"], self.parts.get(place(part)))
            for one in item["quantities"]:
                found = self.sum_named(one["name"]) if one["kind"] == "sum" else self.quantities.get(named(one))
                self.same(where, f"{one['layer'] or 'claim'} {one['name']['en']}", one["fen"], found)

    def years(self) -> set[str]:
        """The benefit years that the bill names besides its uses."""
        found = {item["period_key"] for item in self.bill["leaves"] if len(item["period_key"]) == 4}
        if self.gathered and self.gathered["of"] == "the year before":
            found.add(f"{int(self.gathered['from']) + 1:04}")
        return found


class Open:
    """What the bills of a person have left for claims that gather, and what of it was gathered."""

    def __init__(self, starts: Any) -> None:
        self.starts = starts
        self.bills: list[Obj] = []
        self.left: dict[tuple[str, str], list[Obj]] = {}
        self.forms: dict[Any, object] = {}

    def checks(self, bill: Obj) -> Iterator[Check]:
        """Everything gathered, against what bills before left and no bill has gathered yet."""
        digest, gathered = bill["policy"]["digest"], bill.get("gathered")
        for item in [*bill.get("leaves", ()), *([gathered] if gathered else [])]:
            form = sorted(map(place, item["parts"]), key=str), sorted(map(named, item["quantities"]), key=str)
            yield from self.constant((digest, words(item["service"])), f"parts for {item['service']['en']}", form)
        if gathered:
            service = words(gathered["service"])
            yield from self.constant(
                (digest, service), "rule of gathering", [gathered[name] for name in ("of", "months", "where")]
            )
            yield from self.sums(gathered, self.left.get(service, []) if gathers(bill) else [])
            yield from self.conditions(bill, gathered)

    def constant(self, key: Any, what: str, value: object) -> Iterator[Check]:
        yield what, value, self.forms.setdefault((*key, what), value)

    def sums(self, gathered: Obj, left: list[Obj]) -> Iterator[Check]:
        here = [item for item in left if gathered["from"] <= item["period_key"] <= gathered["to"]]
        parts: Counter[Part] = Counter()
        quantities: Counter[Any] = Counter()
        for item in here:
            parts.update({place(part): part["fen"] for part in item["parts"]})
            quantities.update({named(one): one["fen"] for one in item["quantities"]})
        for part in gathered["parts"]:
            yield f"gathered, {part['layer'] or 'claim'} {part['part']}", part["fen"], parts[place(part)]
        for one in gathered["quantities"]:
            yield f"gathered, {one['layer'] or 'claim'} {one['name']['en']}", one["fen"], quantities[named(one)]

    def conditions(self, bill: Obj, gathered: Obj) -> Iterator[Check]:
        """Bills of the window under the same policy have left something if, and only if, they meet the conditions."""
        for other in self.bills:
            keys = PARTS.period_keys(other, "year", self.starts)
            key = other["claim"]["discharge"] if gathered["of"] == "months before" else keys.pop()
            known = not keys or gathered["of"] == "months before"
            if other["policy"]["digest"] != bill["policy"]["digest"] or other["gathered"] or not known:
                continue
            if gathered["from"] <= key <= gathered["to"]:
                left = any(item["service"] == gathered["service"] for item in other["leaves"])
                yield f"claim {other['claim']['id']} is left to be gathered", left, meets(other["claim"], gathered)

    def settled(self, bill: Obj) -> None:
        """What a bill gathered is gone, what it left is there."""
        self.bills.append(bill)
        if (gathered := bill.get("gathered")) and gathers(bill):
            service = words(gathered["service"])
            kept = [x for x in self.left.get(service, []) if not gathered["from"] <= x["period_key"] <= gathered["to"]]
            self.left[service] = kept
        for item in bill.get("leaves", ()):
            self.left.setdefault(words(item["service"]), []).append(item)


def meets(claim: Obj, gathered: Obj) -> bool:
    """Whether a claim meets the conditions; it does not where it lacks a fact."""
    facts = {words(item["fact"]): item["value"] for item in claim["facts"]}
    return all(accepted(facts.get(words(line["fact"])), line) for line in gathered["where"])


def accepted(value: Obj | None, line: Obj) -> bool:
    if value is None:
        return False
    within: bool = PARTS.within(value, line["range"]) if line["range"] else value in line["accepts"]
    return within
