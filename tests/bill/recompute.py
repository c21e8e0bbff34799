"""Redo a bill from its own print, by the text of docs/bill.schema.json and nothing else.

Taken as given: the claim, the answers (amounts, ratios), used_before_fen, what conditions accept, figures.
Everything else is computed again. What the answers of an earlier claim
left behind is checked by recompute_history. Use: python recompute.py [--history] BILL.json ...
(--history: the bills are those of one person, in order).
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from datetime import date
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


PARTS = beside("recompute_parts")
half_up, ratio, words, within, period_key = PARTS.half_up, PARTS.ratio, PARTS.words, PARTS.within, PARTS.period_key
recompute_history = PARTS.recompute_history

Obj = dict[str, Any]
Part = tuple[str | None, str]
Slices = list[tuple[int | None, Fraction]]

CLAIM_PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
OPEN_PARTS = ("beyond_limit", "prepaid", "deductible", "over_cap", "copay")
DETAILS = ("base", "reductions", "reimbursable_fen", "reimbursement", "caps")
REDUCTIONS = {
    "limit": ("beyond_limit", ("amount", "no limit")),
    "pre-pay": ("prepaid", ("ratio",)),
    "deductible": ("deductible", ("amount",)),
}


class Audit:
    """One bill, its parts and uses as they stand while the layers run, and the differences found."""

    def __init__(self, bill: Obj, found: list[str]) -> None:
        self.bill = bill
        self.claim: Obj = bill["claim"]
        self.found = found
        self.facts = {words(item["fact"]): item["value"] for item in self.claim["facts"]}
        self.day = date.fromisoformat(self.claim[bill["policy"]["year_date"]])
        self.parts: dict[Part, int] = {(None, part): self.claim[f"{part}_fen"] for part in CLAIM_PARTS}
        self.paid: dict[str, int] = {}
        self.uses: dict[str, Obj] = {}
        self.moved: set[str] = set()  # the groups that the layer now running has moved
        self.quantities: dict[Part, int] = {(None, "total"): sum(self.parts.values()), **self.parts}

    def same(self, where: str, quantity: str, printed: object, recomputed: object) -> None:
        if printed != recomputed or isinstance(printed, bool) != isinstance(recomputed, bool):
            self.found.append(f"{where}: {quantity}: printed {printed}, recomputed {recomputed}")

    def run(self) -> None:
        self.same("bill", "bill_version", self.bill["bill_version"], 1)
        self.same("claim", "total_fen", self.claim["total_fen"], sum(self.parts.values()))
        self.same("claim", "facts named once", len(self.claim["facts"]), len(self.facts))
        policy = self.bill["policy"]
        day, first, end = self.claim[policy["rule_date"]], policy["from"], policy["before"]
        self.same("policy", f"{day} in [{first}, {end})", True, first <= day and (not end or day < end))
        for layer in self.bill["layers"]:
            self.same(layer["layer"], "name is taken", layer["layer"] in self.paid, False)
            self.layer(layer)
        self.end()
        self.totals()

    # What chose an amount

    def fact(self, where: str, fact: Obj, value: Obj | None) -> None:
        self.same(where, f"value of {fact['en']}", value, self.facts.get(words(fact)))

    def conditions(self, where: str, layer: Obj) -> None:
        truths = []
        for condition in layer["conditions"]:
            value, limits, accepts = condition["value"], condition["range"], condition["accepts"]
            self.fact(where, condition["fact"], value)
            truths.append(value is not None and (within(value, limits) if limits else value in accepts))
            self.same(where, f"condition {condition['fact']['en']} holds", condition["holds"], truths[-1])
        self.same(where, "applies", layer["applies"], all(truths))

    def answer(self, where: str, answer: Obj, kinds: tuple[str, ...]) -> None:
        kind = answer["kind"]
        if kind not in kinds:
            self.same(where, "kind of answer", kind, " or ".join(kinds))
        self.same(where, "fen of the answer is there", answer["fen"] is not None, kind == "amount")
        self.same(where, "ratio of the answer is there", answer["ratio"] is not None, kind == "ratio")
        for fact in answer["facts"]:
            self.fact(where, fact["fact"], fact["value"])
            if fact["range"]:
                text = f"{fact['fact']['en']} {fact['value']['en']} lies in {fact['range']}"
                self.same(where, text, True, within(fact["value"], fact["range"]))
        if answer["derived_from"]:
            self.derivation(where, answer["derived_from"], answer["fen"])
        if share_of := answer["share_of"]:
            place = share_of["layer"], share_of["quantity"]
            self.same(where, f"fen of {place[0] or 'claim'} {place[1]}", share_of["fen"], self.quantities.get(place))
            self.same(where, "share of a quantity", answer["fen"], PARTS.share_of_fen(share_of))

    def rate(self, where: str, answer: Obj) -> Fraction:
        """The exact ratio of an answer, which is at most 1."""
        self.answer(where, answer, ("ratio",))
        exact = ratio(answer["ratio"])
        self.same(where, "rate is above 1", exact > 1, False)
        return exact

    def derivation(self, where: str, origin: Obj, fen: int | None) -> None:
        amount, statistic, table = origin["amount_fen"], origin["statistic"], origin["table"]
        self.same(where, "derived amount", fen, half_up(amount * ratio(origin["share"])))
        self.same(where, "origins of the named amount", (statistic is not None) + (table is not None), 1)
        if statistic:
            units = statistic["fen"] * ratio(statistic["share"]) / statistic["unit_fen"]
            rounded = PARTS.ROUNDINGS[statistic["rounding"]](units)
            self.same(where, "amount_fen from the statistic", amount, rounded * statistic["unit_fen"])
        if table:
            self.answer(f"{where}, named amount", table, ("amount",))
            self.same(where, "amount_fen from its table", amount, table["fen"])

    # One layer

    def layer(self, layer: Obj) -> None:
        name, self.moved = layer["layer"], set()
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
            self.parts[name, part] = self.quantities[name, part] = fen
        self.paid[name] = self.quantities[name, "paid"] = paid
        self.quantities[name, "base"] = self.quantities.pop((None, "base"), 0)

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
        fen = self.floor(f"{name}, floor", layer["floor"], fen, rest + took)
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

    def floor(self, where: str, floor: Obj | None, reimbursed: int, reach: int) -> int:
        """What the layer pays before its caps; reach: reimbursable cost and deductible together."""
        if floor is None:
            return reimbursed
        self.answer(where, floor["amount"], ("amount",))
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

    def left(self, where: str, item: Obj) -> int | None:
        fen = item["amount"]["fen"]
        left = None if fen is None else max(0, fen - item["used_before_fen"])
        self.same(where, "left_fen", item["left_fen"], left)
        return left

    def reduction(self, where: str, item: Obj, rest: int) -> int:
        kind, amount = item["kind"], item["amount"]
        self.answer(where, amount, REDUCTIONS[kind][1])
        self.same(where, "period is null", item["period"] is None, kind == "pre-pay")
        left = self.left(where, item)
        if kind == "pre-pay":
            taken = half_up(rest * self.rate(where, amount))
        elif kind == "limit":
            taken = 0 if left is None else max(0, rest - left)
        else:
            taken = min(rest, left or 0)
        self.same(where, "taken_fen", item["taken_fen"], taken)
        self.same(where, "bound", item["bound"], taken > 0 and (kind != "deductible" or taken == left))
        self.use(where, item, rest - taken if kind == "limit" else taken)
        return taken

    def fixed(self, where: str, item: Obj, rest: int, _: int) -> tuple[int, None]:
        self.answer(where, item["amount"], ("amount",))
        count = self.facts.get(words(item["unit"]))  # a unit that is no fact is the claim itself
        units = 1 if count is None else int(count["en"])
        self.same(where, "units", item["units"], units)
        return min(rest, item["amount"]["fen"] * units), None

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
        lefts = [self.left(f"{name}, cap {number}", cap) for number, cap in enumerate(caps, 1)]
        paid = min([fen, *(left for left in lefts if left is not None)])
        for number, (cap, left) in enumerate(zip(caps, lefts, strict=True), 1):
            where = f"{name}, cap {number}"
            self.answer(where, cap["amount"], ("amount", "no limit"))
            self.same(where, "bound", cap["bound"], left is not None and left < fen and left == paid)
            self.use(where, cap, paid)
        return paid

    def use(self, where: str, item: Obj, growth: int) -> None:
        """Check period_key, group and used_before_fen, and what the use of the group grows to."""
        key, before, group = period_key(item["period"], self.day), item["used_before_fen"], item["group"]
        self.same(where, "period_key", item["period_key"], key)
        self.same(where, "group is there", group is not None, key is not None)
        if key is None:
            self.same(where, "used_before_fen", before, 0)
        elif group is not None:
            self.same(where, f"group {group} stands at another step too", group in self.moved, False)
            self.moved.add(group)
            fresh = {"group": group, "period": item["period"], "before_fen": before, "after_fen": before}
            use = self.uses.setdefault(group, {**fresh, "period_key": key})
            self.same(where, "period of the group", item["period"], use["period"])
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
        uses = self.bill["uses"]
        printed = {use["group"]: use for use in uses}
        self.same("uses", "groups listed once", len(uses), len(printed))
        for group in {**self.uses, **printed}:
            self.same("uses", group, printed.get(group), self.uses.get(group))

    def totals(self) -> None:
        totals = self.bill["totals"]
        total = sum(self.claim[f"{part}_fen"] for part in CLAIM_PARTS)
        self.same("totals", "total_fen", totals["total_fen"], total)
        self.same("totals", "paid_fen", totals["paid_fen"], sum(self.paid.values()))
        self.same("totals", "personal_fen", totals["personal_fen"], sum(self.parts.values()))
        self.same("totals", "conservation: paid + personal", totals["paid_fen"] + totals["personal_fen"], total)
        payers: Counter[tuple[str, str]] = Counter()
        for layer in self.bill["layers"]:
            payers[words(layer["payer"])] += self.paid[layer["layer"]]
        lines = [(words(item["payer"]), item["fen"]) for item in totals["by_payer"]]
        self.same("totals", "by_payer", sorted(lines), sorted(payers.items()))


def recompute(bill: Obj) -> list[str]:
    """The differences between the bill and what its own text gives; empty if the bill is right."""
    money = list(PARTS.amounts(bill))
    odd = [f"{path}: amount: printed {fen!r}, recomputed: not whole fen" for path, fen in money if type(fen) is not int]
    found = odd or [f"{path}: amount: printed {fen}, recomputed: negative" for path, fen in money if fen < 0]
    try:
        if not odd:
            Audit(bill, found).run()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as problem:
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
