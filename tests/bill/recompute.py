"""Redo a bill from its own print, by the text of docs/bill.schema.json and nothing else.

Taken as given: the claim, the answers (amounts, ratios), used_before_fen, what other periods have earned and used,
what conditions accept, figures, what was gathered. Everything else is computed again. What the answers of an earlier
claim left behind, and what is gathered of it, is checked by recompute_history. Use: python recompute.py [--history]
BILL.json ... (--history: the bills are those of one person, in order).
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any


def beside(name: str) -> ModuleType:
    """A file of this folder, loaded by its path: the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"bill_{name}", Path(__file__).resolve().with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARTS, GATHERED, HISTORY = beside("recompute_parts"), beside("recompute_gathered"), beside("recompute_history")
half_up, ratio, words, within = PARTS.half_up, PARTS.ratio, PARTS.words, PARTS.within
recompute_history = HISTORY.recompute_history

Obj = dict[str, Any]
Part = tuple[str | None, str]
Use = tuple[str, str | None, Any]
Slices = list[tuple[int | None, Fraction]]

CLAIM_PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
OPEN_PARTS = ("beyond_limit", "prepaid", "deductible", "over_cap", "copay")
QUANTITIES = ("left", "paid", "base", *OPEN_PARTS)
DETAILS = ("base", "reductions", "reimbursable_fen", "reimbursement", "caps")
REDUCTIONS = {
    "limit": ("beyond_limit", ("amount", "no limit")),
    "pre-pay": ("prepaid", ("ratio",)),
    "deductible": ("deductible", ("amount",)),
}
ONLY = {"carry_over": ("limit", "cap"), "plus": ("limit", "cap"), "annual_maximum": ("deductible",)}
ONLY["counted"] = ONLY["annual_maximum"]


class Audit(GATHERED.Gathered):  # type: ignore[misc, name-defined]
    """One bill, its parts and uses as they stand while the layers run, and the differences found."""

    def __init__(self, bill: Obj, found: list[str], starts: Any) -> None:
        super().__init__(bill, found, starts)
        self.paid: dict[str, int] = {}
        self.uses: dict[Use, Obj] = {}
        self.of_group: dict[str, dict[str, Obj]] = {}  # what all steps of a group have in common
        self.moved: set[str] = set()  # the groups that the layer now running has moved

    def run(self) -> None:
        self.same("bill", "bill_version", self.bill["bill_version"], 4)
        self.same("claim", "total_fen", self.claim["total_fen"], sum(self.claim[f"{x}_fen"] for x in CLAIM_PARTS))
        self.stated()
        self.begin()
        policy = self.bill["policy"]
        day, first, end = self.claim[policy["rule_date"]], policy["from"], policy["before"]
        self.same("policy", f"{day} in [{first}, {end})", True, first <= day and (not end or day < end))
        self.same("policy", "period_date", policy["period_date"] in PARTS.PERIOD_DATES, True)
        self.same("policy", "year_date", policy["year_date"] in (*PARTS.PERIOD_DATES, "charge"), True)
        for layer in self.bill["layers"]:  # also for conditions of layers above, of which another line does not hold
            self.facts = {words(item["fact"]): item["value"] for item in layer["derived"]} | self.facts
        for layer in self.bill["layers"]:
            self.same(layer["layer"], "name is taken", layer["layer"] in self.paid, False)
            self.layer(layer)
        for item in self.bill["sums"]:
            self.same("sums", item["name"]["en"], item["fen"], self.sum_of(item))
        self.leave()
        self.end()
        self.totals()

    # One layer

    def layer(self, layer: Obj) -> None:
        name, self.moved = layer["layer"], set()
        self.derived_facts(name, layer)
        self.conditions(name, layer)
        wrong = [detail for detail in DETAILS if (layer[detail] is None) == layer["applies"]]
        self.same(name, "details null though it applies, or not null though it does not", wrong, [])
        self.same(name, "floor is null", layer["applies"] or layer["floor"] is None, True)
        self.same(name, "counted", layer["over_cap_counted_in"] in ("payments", "fees"), True)
        parts, paid = dict.fromkeys(OPEN_PARTS, 0), 0
        if layer["applies"] and not wrong:
            parts, paid = self.work(name, layer)
            self.same(name, "base", layer["base"]["fen"], sum(layer["parts"].values()) + layer["paid_fen"])
        self.same(name, "paid_fen", layer["paid_fen"], paid)
        for part, fen in parts.items():
            self.same(name, f"part {part}", layer["parts"][part], fen)
            self.same(name, f"part {part} is negative", fen < 0, False)
            self.parts[name, part] = fen + self.over.get((name, part), 0)
        self.paid[name] = paid
        base = self.quantities.pop((None, "base"), 0)
        if self.runs_here(layer):  # else its quantities are those that were gathered, and 0 if none were
            found = {"left": sum(parts.values()), "paid": paid, "base": base, **parts}
            self.quantities |= {(name, quantity): fen for quantity, fen in found.items()}
        else:
            self.quantities = dict.fromkeys(((name, quantity) for quantity in QUANTITIES), 0) | self.quantities

    def work(self, name: str, layer: Obj) -> tuple[dict[str, int], int]:
        parts = dict.fromkeys(OPEN_PARTS, 0)
        rest = self.base(name, layer["base"])
        for number, item in enumerate(layer["reductions"], 1):
            taken = self.reduction(f"{name}, reduction {number} ({item['kind']})", item, rest)
            parts[REDUCTIONS[item["kind"]][0]] += taken
            rest -= taken
        self.same(name, "reimbursable_fen", layer["reimbursable_fen"], rest)
        way = {"flat": self.flat, "bands": self.bands, "fixed": self.fixed}[layer["reimbursement"]["kind"]]
        where, took = f"{name}, reimbursement", parts["deductible"]
        fen, slices = way(where, layer["reimbursement"], rest, took)
        self.same(where, "fen", layer["reimbursement"]["fen"], fen)
        fen = self.floor(f"{name}, floor", layer["floor"], fen, rest + took, took)
        paid = self.caps(name, layer["caps"], fen)
        returned = max(0, paid - rest)  # only a floor lifts a payment above the reimbursable cost
        printed = layer["floor"]["returned_fen"] if layer["floor"] else 0
        self.same(name, "returned_fen", printed, returned)
        parts["deductible"] -= returned
        if paid < fen:
            payments = max(0, min(fen, rest) - paid)
            in_fees = layer["over_cap_counted_in"] == "fees"
            parts["over_cap"] = self.over_cap_in_fees(name, paid, rest, slices) if in_fees else payments
        parts["copay"] = rest + returned - paid - parts["over_cap"]
        return parts, paid

    def floor(self, where: str, floor: Obj | None, reimbursed: int, reach: int, took: int) -> int:
        """What the layer pays before its caps; reach: reimbursable cost and deductible together."""
        if floor is None:
            return reimbursed
        self.quantities[None, "deductible"] = took
        self.own_sums = floor["sums"]
        for item in floor["sums"]:
            self.same(where, item["name"]["en"], item["fen"], self.sum_of(item))
        self.answer(where, floor["amount"], ("amount",))
        self.own_sums = []
        fen = min(floor["amount"]["fen"], reach)
        self.same(where, "fen", floor["fen"], fen)
        self.same(where, "bound", floor["bound"], fen > reimbursed)
        return max(reimbursed, fen)

    def over_cap_in_fees(self, name: str, paid: int, rest: int, slices: Slices | None) -> int:
        if slices is None:
            self.same(name, "a cut of a fixed payment is counted in", "fees", "payments")
            return 0
        cost = PARTS.least_cost(paid, slices)
        return 0 if cost is None else rest - min(rest, half_up(cost))

    def base(self, name: str, base: Obj) -> int:
        places: list[Part] = [(term["layer"], term["part"]) for term in base["terms"]]
        self.same(name, "parts named once in the base", len(places), len(set(places)))
        total = 0
        for term, place in zip(base["terms"], places, strict=True):
            where = f"{name}, base term {place[0] or 'claim'} {place[1]}"
            if place not in self.parts:
                self.same(where, "stands at this point", True, False)
                continue
            stood = self.parts[place]
            taken = half_up(stood * ratio(term["share"]))
            self.same(where, "share is above 1", ratio(term["share"]) > 1, False)
            self.same(where, "found_fen", term["found_fen"], stood)
            self.same(where, "taken_fen", term["taken_fen"], taken)
            self.same(where, "more is taken than stood", taken > stood, False)
            self.parts[place] = stood - taken
            total += taken
        self.same(name, "base fen", base["fen"], total)
        self.quantities[None, "base"] = total
        return total

    # Amounts and what is left of them

    def left(self, where: str, item: Obj, kind: str) -> int | None:
        """left_fen of a limit, a deductible or a cap (None: no limit), before an annual maximum."""
        for name, kinds in ONLY.items():
            self.same(where, f"{name} of a {kind}", item.get(name) is not None and kind not in kinds, False)
        fen = item["amount"]["fen"]
        if plus := item.get("plus"):
            self.money_fact(where, plus["fact"], plus["fen"])
            fen = None if fen is None else max(0, fen + plus["fen"])
        self.belongs(where, item, kind == "deductible" and item["period"] == "claim")
        if not item["belongs_here"]:
            fen = 0
        if item.get("carry_over"):
            return self.carried(where, item, fen)
        return None if fen is None else max(0, fen - item["used_before_fen"])

    def belongs(self, where: str, item: Obj, movable: bool) -> None:
        """Only what counts once for a claim belongs to a later part, only if there is one, and then all of it does."""
        apart = movable and self.bill["policy"]["year_date"] == "charge" and not self.claim["last_of_stay"]
        self.same(where, "belongs to a later part", not item["belongs_here"] and not apart, False)
        if apart:
            first = self.of_group.setdefault("", {}).setdefault("belongs", item)
            self.same(where, "belongs_here, as of the steps above", item["belongs_here"], first["belongs_here"])

    def carried(self, where: str, item: Obj, fen: int | None) -> int:
        carry, key = item["carry_over"], item["period_key"]
        start, here, periods = carry["from"], carry["here"], carry["periods"]
        self.same(where, "period that carries over", item["period"] in PARTS.CARRIED, True)
        self.same(where, "here", here, key)
        self.same(where, "how it carries over", carry["how"] in ("all", "one"), True)
        keys = [period["period_key"] for period in periods]
        self.same(where, "periods in order, each once", keys, sorted({*keys, here}))
        later = [period["period_key"] for period in periods if period["period_key"] > here and period["used_fen"]]
        needed = [here] if here < start else [*PARTS.run_of(start, here), *later]
        self.same(where, "periods from the first to its own, and later ones in use", keys, needed)
        own = {period["period_key"]: period for period in periods}[here]
        self.same(where, "earned_fen of its own period", own["earned_fen"], fen)
        before = self.uses.get(self.use_of(item), {"before_fen": item["used_before_fen"]})["before_fen"]
        self.same(where, "used_fen of its own period", own["used_fen"], before)
        first = self.of_group.setdefault(str(item["group"]), {}).setdefault("carry", carry)
        self.same(where, "carry_over, as of the layers above", carry, first)
        return int(PARTS.left_of_carried(carry, item["used_before_fen"]))

    def annual_maximum(self, where: str, item: Obj, left: int) -> int:
        maximum, counted = item["annual_maximum"], item["counted"]
        if not maximum:
            return left
        self.answer(f"{where}, annual maximum", maximum["amount"], ("amount",))
        rest = max(0, maximum["amount"]["fen"] - counted["used_before_fen"])
        self.same(where, "left_fen of the annual maximum", maximum["left_fen"], rest)
        return min(left, rest)

    def reduction(self, where: str, item: Obj, rest: int) -> int:
        kind, amount = item["kind"], item["amount"]
        self.answer(where, amount, REDUCTIONS[kind][1])
        self.same(where, "period is null", item["period"] is None, kind == "pre-pay")
        left = None if kind == "pre-pay" else self.left(where, item, kind)
        if kind == "pre-pay":
            taken = half_up(rest * self.rate(where, amount))
            plain = item["belongs_here"] and not any(item[name] for name in ONLY)
            self.same(where, "nothing but a rate", plain, True)
        elif kind == "limit":
            taken = 0 if left is None else max(0, rest - left)
        else:
            left = self.annual_maximum(where, item, left or 0)
            taken = min(rest, left)
        self.same(where, "left_fen", item["left_fen"], left)
        self.same(where, "taken_fen", item["taken_fen"], taken)
        self.same(where, "bound", item["bound"], taken > 0 and (kind != "deductible" or taken == left))
        self.use(where, item, rest - taken if kind == "limit" else taken)
        if counted := item["counted"]:
            self.same(where, "period of what counts towards the maximum", counted["period"], "year")
            self.use(f"{where}, counted", {**counted, "period": "year"}, taken)
        return taken

    def fixed(self, where: str, item: Obj, rest: int, _: int) -> tuple[int, None]:
        self.answer(where, item["amount"], ("amount",))
        once = item["unit"]["en"] == "claim"
        units = 1 if once else int(self.facts[words(item["unit"])]["en"])
        self.same(where, "units", item["units"], units)
        self.belongs(where, item, once)
        amount = item["amount"]["fen"] if item["belongs_here"] else 0
        fen = min(rest, max(0, amount - item["used_before_fen"]) * units)
        split = once and self.bill["policy"]["year_date"] == "charge"
        self.same(where, "group is there", item["group"] is not None, split)
        self.use(where, {**item, "period": "claim" if once else None}, fen)
        return fen, None

    def flat(self, where: str, item: Obj, rest: int, _: int) -> tuple[int, Slices]:
        rate = self.rate(where, item["rate"])
        return half_up(rest * rate), [(None, rate)]

    def bands(self, where: str, item: Obj, rest: int, deductible: int) -> tuple[int, Slices]:
        zero = {"from zero": deductible, "from the threshold": 0}[item["counted"]]
        start = item["used_before_fen"] + zero
        self.same(where, "starts_at_fen", item["starts_at_fen"], start)
        exact, expected, slices = Fraction(0), 0, []
        for number, band in enumerate(item["bands"], 1):
            here, first, end, edge = f"{where}, band {number}", band["from_fen"], band["to_fen"], band["edge"]
            rate = self.rate(here, band["rate"])
            if edge:
                self.answer(f"{here} edge", edge, ("amount",))
            self.same(here, "to_fen", end, edge["fen"] if edge else None)
            self.same(here, "from_fen", first, expected)
            self.same(here, "ends before it starts", end is not None and end < first, False)
            top = start + rest if end is None else min(end, start + rest)
            cost = max(0, top - max(start, first))
            self.same(here, "cost_fen", band["cost_fen"], cost)
            slices.append((None if end is None else max(0, end - max(start, first)), rate))
            exact += cost * rate
            expected = end
        self.same(where, "end of the last band", expected, None)
        self.use(where, item, rest + zero)
        return half_up(exact), slices

    def caps(self, name: str, caps: list[Obj], fen: int) -> int:
        lefts = [self.left(f"{name}, cap {number}", cap, "cap") for number, cap in enumerate(caps, 1)]
        paid = min([fen, *(left for left in lefts if left is not None)])
        for number, (cap, left) in enumerate(zip(caps, lefts, strict=True), 1):
            where = f"{name}, cap {number}"
            self.answer(where, cap["amount"], ("amount", "no limit"))
            self.same(where, "left_fen", cap["left_fen"], left)
            self.same(where, "bound", cap["bound"], left is not None and left < fen and left == paid)
            self.use(where, cap, paid)
        return paid

    # Uses

    def use_of(self, item: Obj) -> Use:
        return item["group"], item["period_key"], PARTS.per_of(item)

    def use(self, where: str, item: Obj, growth: int) -> None:
        """Check period_key, group, per and used_before_fen, and what the use of the group grows to."""
        period, group, before, key = item["period"], item["group"], item["used_before_fen"], item["period_key"]
        whole = period in (None, "claim")
        if not whole:
            keys = PARTS.period_keys(self.bill, period, self.starts)
            self.same(where, "period_key", key, key if key in keys else sorted(keys))
        else:
            split = period and self.bill["policy"]["year_date"] == "charge" and item.get("kind") != "bands"
            self.same(where, "period_key", key, f"stay {self.claim['stay']}" if split else None)
        for part in item["per"]:
            self.fact(f"{where}, per", part["fact"], part["value"])
        self.same(where, "group is missing", group is None and key is not None, False)
        if group is None:
            self.same(where, "nothing is kept: used_before_fen and per", [before, item["per"]], [0, []])
            return
        self.same(where, "group of a step without a use", period is None, False)
        self.same(where, f"group {group} stands at another step too", group in self.moved, False)
        self.moved.add(group)
        common = {"period": period, "per": sorted(words(part["fact"]) for part in item["per"])}
        first = self.of_group.setdefault(group, {}).setdefault("common", common)
        self.same(where, f"period and per of {group}, as at the steps above", common, first)
        found = before if key is not None else 0
        use = self.uses.setdefault(self.use_of(item), {"period": period, "before_fen": found, "after_fen": found})
        self.same(where, f"used_before_fen of {group}, as layers before left it", before, use["after_fen"])
        use["after_fen"] += growth

    # The whole bill

    def end(self) -> None:
        listed = self.bill["parts_at_end"]
        end = {(item["layer"], item["part"]): item["fen"] for item in listed}
        order = [(item["layer"], item["part"]) for item in listed]
        self.same("parts_at_end", "parts in order", order, list(self.parts))
        for place, fen in self.parts.items():
            self.same(f"parts_at_end, {place[0] or 'claim'}", place[1], end.get(place), fen)
        uses, kept = self.bill["uses"], {key: use for key, use in self.uses.items() if key[1] is not None}
        names = ("period", "before_fen", "after_fen")
        printed = {self.use_of(use): {name: use[name] for name in names} for use in uses}
        self.same("uses", "listed once", len(uses), len(printed))
        for use in {**kept, **printed}:
            self.same("uses", str(use), printed.get(use), kept.get(use))
        years = {use["period_key"] for use in uses if use["period"] == "year"} | self.years()
        self.same("uses", "more than one benefit year", sorted(years)[1:], [])

    def totals(self) -> None:
        totals = self.bill["totals"]
        total = sum(self.claim[f"{part}_fen"] for part in CLAIM_PARTS)
        self.same("totals", "total_fen", totals["total_fen"], total)
        self.same("totals", "paid_fen", totals["paid_fen"], sum(self.paid.values()))
        taken_over = self.gathered["fen"] if self.gathered else 0
        self.same("totals", "personal_fen", totals["personal_fen"], sum(self.parts.values()) - taken_over)
        self.same("totals", "conservation: paid + personal", totals["paid_fen"] + totals["personal_fen"], total)
        payers: Counter[tuple[str, str]] = Counter()
        for layer in self.bill["layers"]:
            payers[words(layer["payer"])] += self.paid[layer["layer"]]
        lines = [(words(item["payer"]), item["fen"]) for item in totals["by_payer"]]
        self.same("totals", "by_payer", sorted(lines), sorted(payers.items()))


def recompute(bill: Obj, starts: Any = None) -> list[str]:
    """The differences between the bill and what its own text gives; empty if the bill is right.

    starts: the first day (MM-DD) of the benefit year of a claim; where it is missing, a benefit year may have the name
    of the calendar year of its day or of the one before.
    """
    found = list(PARTS.odd_amounts(bill))
    try:
        if not found:
            Audit(bill, found, starts).run()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        found.append(f"bill: form: printed otherwise than the schema says, {type(problem).__name__}: {problem}")
    return found


def main(arguments: list[str]) -> int:
    paths = [path for path in arguments if path != "--history"]
    bills = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    found = [f"{path}: {line}" for path, bill in zip(paths, bills, strict=True) for line in recompute(bill)]
    if "--history" in arguments:
        found += recompute_history(bills)
    print("\n".join(found) or f"{len(paths)} bills right")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
