"""Redo a bill from its own print, by the text of docs/bill.schema.json and nothing else.

Taken as given: the claim, the answers (amounts, ratios), used_before_fen, what conditions accept, figures.
Everything else is computed again. Use: python recompute.py BILL.json ...
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

Obj = dict[str, Any]
Part = tuple[str | None, str]

CLAIM_PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
OPEN_PARTS = ("beyond_limit", "prepaid", "deductible", "over_cap", "copay")
DETAILS = ("base", "reductions", "reimbursable_fen", "reimbursement", "caps")
REDUCTIONS = {
    "limit": ("beyond_limit", ("amount", "no limit")),
    "pre-pay": ("prepaid", ("ratio",)),
    "deductible": ("deductible", ("amount",)),
}


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


ROUNDINGS: dict[str, Callable[[Fraction], int]] = {"down": floor, "up": ceil, "half-up": half_up}


def ratio(value: Obj) -> Fraction:
    return Fraction(value["numerator"], value["denominator"])


def words(text: Obj) -> tuple[str, str]:
    return text["zh"], text["en"]


def within(value: Obj, limits: Obj) -> bool:
    """Whether a value, a whole number, lies from low to high; null: no bound."""
    number, low, high = int(value["en"]), limits["low"], limits["high"]
    return (low is None or low <= number) and (high is None or number <= high)


def period_key(period: str | None, day: date) -> str | None:
    """The key of a period of the policy around a day; none where the period is the claim."""
    keys = {
        "lifetime": "lifetime",
        "year": f"{day.year:04}",
        "quarter": f"{day.year:04}-Q{(day.month + 2) // 3}",
        "month": f"{day.year:04}-{day.month:02}",
    }
    return None if period in (None, "claim") else keys[str(period)]


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

    def derivation(self, where: str, origin: Obj, fen: int | None) -> None:
        amount, statistic, table = origin["amount_fen"], origin["statistic"], origin["table"]
        self.same(where, "derived amount", fen, half_up(amount * ratio(origin["share"])))
        self.same(where, "origins of the named amount", (statistic is not None) + (table is not None), 1)
        if statistic:
            units = statistic["fen"] * ratio(statistic["share"]) / statistic["unit_fen"]
            rounded = ROUNDINGS[statistic["rounding"]](units)
            self.same(where, "amount_fen from the statistic", amount, rounded * statistic["unit_fen"])
        if table:
            self.answer(f"{where}, named amount", table, ("amount",))
            self.same(where, "amount_fen from its table", amount, table["fen"])

    # One layer

    def layer(self, layer: Obj) -> None:
        name = layer["layer"]
        self.conditions(name, layer)
        wrong = [detail for detail in DETAILS if (layer[detail] is None) == layer["applies"]]
        self.same(name, "details null though it applies, or not null though it does not", wrong, [])
        parts, paid = dict.fromkeys(OPEN_PARTS, 0), 0
        if layer["applies"] and not wrong:
            parts, paid = self.work(name, layer)
            self.same(name, "base", layer["base"]["fen"], sum(layer["parts"].values()) + layer["paid_fen"])
        self.same(name, "paid_fen", layer["paid_fen"], paid)
        for part, fen in parts.items():
            self.same(name, f"part {part}", layer["parts"][part], fen)
            self.same(name, f"part {part} is negative", fen < 0, False)
            self.parts[name, part] = fen
        self.paid[name] = paid

    def work(self, name: str, layer: Obj) -> tuple[dict[str, int], int]:
        parts = dict.fromkeys(OPEN_PARTS, 0)
        rest = self.base(name, layer["base"])
        for number, item in enumerate(layer["reductions"], 1):
            taken = self.reduction(f"{name}, reduction {number} ({item['kind']})", item, rest)
            parts[REDUCTIONS[item["kind"]][0]] += taken
            rest -= taken
        self.same(name, "reimbursable_fen", layer["reimbursable_fen"], rest)
        reimbursement, where = layer["reimbursement"], f"{name}, reimbursement"
        way = {"flat": self.flat, "bands": self.bands}[reimbursement["kind"]]
        fen = way(where, reimbursement, rest, parts["deductible"])
        self.same(where, "fen", reimbursement["fen"], fen)
        paid = self.caps(name, layer["caps"], fen)
        parts["over_cap"] = fen - paid
        parts["copay"] = rest - paid - parts["over_cap"]
        return parts, paid

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
            self.same(where, "found_fen", term["found_fen"], stood)
            self.same(where, "taken_fen", term["taken_fen"], taken)
            self.same(where, "more is taken than stood", taken > stood, False)
            self.parts[place] = stood - taken
            total += taken
        self.same(name, "base fen", base["fen"], total)
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
            taken = half_up(rest * ratio(amount["ratio"]))
        elif kind == "limit":
            taken = 0 if left is None else max(0, rest - left)
        else:
            taken = min(rest, left or 0)
        self.same(where, "taken_fen", item["taken_fen"], taken)
        self.same(where, "bound", item["bound"], taken > 0 and (kind != "deductible" or taken == left))
        self.use(where, item, rest - taken if kind == "limit" else taken)
        return taken

    def flat(self, where: str, item: Obj, rest: int, _: int) -> int:
        self.answer(where, item["rate"], ("ratio",))
        return half_up(rest * ratio(item["rate"]["ratio"]))

    def bands(self, where: str, item: Obj, rest: int, deductible: int) -> int:
        zero = {"from zero": deductible, "from the threshold": 0}[item["counted"]]
        start = item["used_before_fen"] + zero
        self.same(where, "starts_at_fen", item["starts_at_fen"], start)
        exact, expected = Fraction(0), 0
        for number, band in enumerate(item["bands"], 1):
            here, first, end, edge = f"{where}, band {number}", band["from_fen"], band["to_fen"], band["edge"]
            self.answer(here, band["rate"], ("ratio",))
            self.same(here, "rate is above 1", ratio(band["rate"]["ratio"]) > 1, False)
            if edge:
                self.answer(f"{here} edge", edge, ("amount",))
            self.same(here, "to_fen", end, edge["fen"] if edge else None)
            self.same(here, "from_fen", first, expected)
            self.same(here, "ends before it starts", end is not None and end < first, False)
            top = start + rest if end is None else min(end, start + rest)
            cost = max(0, top - max(start, first))
            self.same(here, "cost_fen", band["cost_fen"], cost)
            exact += cost * ratio(band["rate"]["ratio"])
            expected = end
        self.same(where, "end of the last band", expected, None)
        self.use(where, item, rest + zero)
        return half_up(exact)

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
            self.same(where, f"group {group} stands at another step too", group in self.uses, False)
            grown = {"before_fen": before, "after_fen": before + growth}
            self.uses[group] = {"group": group, "period": item["period"], "period_key": key, **grown}

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


def amounts(node: Any, path: str = "bill") -> Iterator[tuple[str, Any]]:
    """Every amount of money of the bill that is not null, with its place."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, child in children:
        if str(name).endswith("fen") and child is not None:
            yield f"{path}.{name}", child
        else:
            yield from amounts(child, f"{path}.{name}")


def recompute(bill: Obj) -> list[str]:
    """The differences between the bill and what its own text gives; empty if the bill is right."""
    money = list(amounts(bill))
    odd = [f"{path}: amount: printed {fen!r}, recomputed: not whole fen" for path, fen in money if type(fen) is not int]
    found = odd or [f"{path}: amount: printed {fen}, recomputed: negative" for path, fen in money if fen < 0]
    try:
        if not odd:
            Audit(bill, found).run()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as problem:
        found.append(f"bill: form: printed otherwise than the schema says, {type(problem).__name__}: {problem}")
    return found


def main(paths: list[str]) -> int:
    wrong = 0
    for path in paths:
        for difference in (found := recompute(json.loads(Path(path).read_text(encoding="utf-8")))):
            print(f"{path}: {difference}")
        wrong += bool(found)
    if not wrong:
        print(f"{len(paths)} bills right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
