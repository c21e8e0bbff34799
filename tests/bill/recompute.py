"""Redo a bill from its own print, by the text of docs/bill.schema.json and nothing else.

Taken as given: the four parts of the claim, the answers (amounts, ratios), used_before_fen, band edges, facts.
Everything else is computed again. Use: python recompute.py BILL.json ...
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any, NamedTuple

Obj = dict[str, Any]
Parts = dict[tuple[str | None, str], int]

CLAIM_PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
OPEN_PARTS = ("beyond_limit", "prepaid", "deductible", "over_cap", "copay")
DETAILS = ("base", "reductions", "reimbursable_fen", "reimbursement", "caps")
REDUCTIONS = {
    "limit": ("beyond_limit", ("amount", "no limit")),
    "pre-pay": ("prepaid", ("ratio",)),
    "deductible": ("deductible", ("amount",)),
}
UNITS = re.compile(r"\b(?:years?|old|months?|days?|times?|yuan|cny|rmb|fen)\b|[%¥]")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

# English forms of a range; # stands for a number. "a to b" holds both its ends.
RANGES: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(("under #", "below #", "less than #"), lambda x, a: x < a),
    **dict.fromkeys(("# and under", "# or less", "up to #", "at most #"), lambda x, a: x <= a),
    **dict.fromkeys(("# and over", "# or over", "# or more", "at least #", "from #"), lambda x, a: x >= a),
    **dict.fromkeys(("over #", "above #", "more than #"), lambda x, a: x > a),
    **dict.fromkeys(("# to under #", "from # to under #"), lambda x, a, b: a <= x < b),
    **dict.fromkeys(("# to #", "from # to #", "#-#", "# - #"), lambda x, a, b: a <= x <= b),
    "#": lambda x, a: x == a,
}


class Step(NamedTuple):
    """A place in the bill that draws on a use of a period longer than the claim."""

    layer: str
    kind: str
    period: str
    key: str
    before: int
    growth: int


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def ratio(value: Obj) -> Fraction:
    return Fraction(value["numerator"], value["denominator"])


def shape(text: str) -> tuple[str, list[Fraction]]:
    """'6 to 17 years' -> ('# to #', [6, 17])."""
    plain = " ".join(UNITS.sub(" ", text.lower()).split())
    numbers = [Fraction(found.replace(",", "")) for found in NUMBER.findall(plain)]
    return NUMBER.sub("#", plain), numbers


def within(value: Obj, accepted: Obj) -> bool | None:
    """Whether a value is the accepted word or lies in the accepted range; None: the text cannot be read."""
    (form, numbers), (wanted, bounds) = shape(value["en"]), shape(accepted["en"])
    if value == accepted or form != "#":
        return value == accepted
    return RANGES[wanted](numbers[0], *bounds) if wanted in RANGES else None


def joined(steps: list[Step], uses: list[Obj]) -> bool:
    """Whether steps of the same kind in different layers can share uses so that every use comes out as printed."""
    held: list[list[Step]] = [[] for _ in uses]
    lines = [use_line(use) for use in uses]

    def grown(place: int) -> int:
        return uses[place]["before_fen"] + sum(mate.growth for mate in held[place])

    def fits(step: Step, place: int) -> bool:
        use, so_far = uses[place], grown(place)
        return (
            (step.period, step.key) == (use["period"], use_key(use))
            and all(mate.kind == step.kind and mate.layer != step.layer for mate in held[place])
            and step.before in (use["before_fen"], so_far)
            and so_far + step.growth <= use["after_fen"]
        )

    def place_from(number: int, joins: int) -> bool:
        if number == len(steps):
            return all(held[place] and grown(place) == use["after_fen"] for place, use in enumerate(uses))
        first = {lines[place]: place for place in reversed(range(len(uses))) if not held[place]}
        for place, mates in enumerate(held):
            if (joins > 0 if mates else first[lines[place]] == place) and fits(steps[number], place):
                mates.append(steps[number])
                if place_from(number + 1, joins - (len(mates) > 1)):
                    return True
                mates.pop()
        return False

    grows = sum(step.growth for step in steps) == sum(use["after_fen"] - use["before_fen"] for use in uses)
    return grows and place_from(0, len(steps) - len(uses))


def use_key(item: Obj) -> str:
    """A lifetime has one period only, however its key is written."""
    return "" if item["period"] == "lifetime" else str(item["period_key"])


def use_line(use: Obj) -> tuple[str, str, int, int]:
    return use["period"], use_key(use), use["before_fen"], use["after_fen"]


class Audit:
    """One bill, its parts as they stand while the layers run, and the differences found."""

    def __init__(self, bill: Obj, found: list[str]) -> None:
        self.bill = bill
        self.claim: Obj = bill["claim"]
        self.found = found
        self.parts: Parts = {(None, part): self.claim[f"{part}_fen"] for part in CLAIM_PARTS}
        self.paid: dict[str, int] = {}
        self.steps: list[Step] = []

    def same(self, where: str, quantity: str, printed: object, recomputed: object) -> None:
        if printed != recomputed or isinstance(printed, bool) != isinstance(recomputed, bool):
            self.found.append(f"{where}: {quantity}: printed {printed}, recomputed {recomputed}")

    def run(self) -> None:
        self.same("claim", "total_fen", self.claim["total_fen"], sum(self.parts.values()))
        policy = self.bill["policy"]
        day, first, end = self.claim[policy["rule_date"]], policy["from"], policy["before"]
        self.same("policy", f"{day} in [{first}, {end})", True, first <= day and (not end or day < end))
        for layer in self.bill["layers"]:
            self.same(layer["layer"], "name is taken", layer["layer"] in self.paid, False)
            self.layer(layer)
        self.end()
        self.uses()

    def fact(self, where: str, fact: Obj, value: Obj | None) -> None:
        known = [item["value"] for item in self.claim["facts"] if item["fact"] == fact]
        if known and value not in known:
            self.same(where, f"value of {fact['en']}", value and value["en"], known[0]["en"])

    def conditions(self, where: str, layer: Obj) -> None:
        truths = []
        for condition in layer["conditions"]:
            value, name = condition["value"], condition["fact"]["en"]
            self.fact(where, condition["fact"], value)
            answers = [bool(value) and within(value, accepted) for accepted in condition["accepts"]]
            if True not in answers and None in answers:
                self.found.append(f"{where}: condition {name}: printed accepts cannot be read")
            truths.append(True in answers)
            self.same(where, f"condition {name} holds", condition["holds"], truths[-1])
        self.same(where, "applies", layer["applies"], all(truths))

    def key(self, where: str, item: Obj) -> bool:
        """Check period, key and used_before; whether the period is longer than the claim."""
        period, key = item["period"], item["period_key"]
        if period in (None, "claim"):
            self.same(where, "period_key", key, None)
            self.same(where, "used_before_fen", item["used_before_fen"], 0)
            return False
        if period != "lifetime":
            day = date.fromisoformat(self.claim[self.bill["policy"]["year_date"]])
            number = {"year": "", "quarter": (day.month + 2) // 3, "month": day.month}[period]
            if re.sub(r"\D+0?", "", key or "") != f"{day.year}{number}":
                self.same(where, "period_key", key, f"{period} of {day}")
        return True

    def answer(self, where: str, answer: Obj, kinds: tuple[str, ...]) -> None:
        kind = answer["kind"]
        if kind not in kinds:
            self.same(where, "kind of answer", kind, " or ".join(kinds))
        self.same(where, "fen of the answer is there", answer["fen"] is not None, kind == "amount")
        self.same(where, "ratio of the answer is there", answer["ratio"] is not None, kind == "ratio")
        for fact in answer["facts"]:
            self.fact(where, fact["fact"], fact["value"])
            if fact["range"] and not within(fact["value"], fact["range"]):
                text = f"{fact['fact']['en']} {fact['value']['en']} in {fact['range']['en']}"
                self.same(where, text, True, False)
        if answer["derived_from"]:
            self.derivation(where, answer["derived_from"], answer["fen"])

    def derivation(self, where: str, origin: Obj, fen: int | None) -> None:
        amount = origin["amount_fen"]
        self.same(where, "derived amount", fen, half_up(amount * ratio(origin["share"])))
        if statistic := origin["statistic"]:
            units = statistic["fen"] * ratio(statistic["share"]) / statistic["unit_fen"]
            rounded = {"down": floor, "up": ceil, "half-up": half_up}[statistic["rounding"]](units)
            self.same(where, "amount_fen from the statistic", amount, rounded * statistic["unit_fen"])
        if origin["table"]:
            self.answer(f"{where}, named amount", origin["table"], ("amount",))
            self.same(where, "amount_fen from its table", amount, origin["table"]["fen"])

    def left(self, where: str, item: Obj) -> int | None:
        fen = item["amount"]["fen"]
        left = None if fen is None else max(0, fen - item["used_before_fen"])
        self.same(where, "left_fen", item["left_fen"], left)
        return left

    def layer(self, layer: Obj) -> None:
        name = layer["layer"]
        self.conditions(name, layer)
        wrong = [detail for detail in DETAILS if (layer[detail] is None) == layer["applies"]]
        self.same(name, "details null though it applies, or not null though it does not", wrong, [])
        parts, paid = dict.fromkeys(OPEN_PARTS, 0), 0
        if layer["applies"] and not wrong:
            parts, paid = self.work(name, layer)
        self.same(name, "paid_fen", layer["paid_fen"], paid)
        for part, fen in parts.items():
            self.same(name, f"part {part}", layer["parts"][part], fen)
            self.parts[name, part] = fen
            self.same(name, f"part {part} is negative", fen < 0, False)
        if layer["base"]:
            self.same(name, "base", layer["base"]["fen"], sum(layer["parts"].values()) + layer["paid_fen"])
        self.paid[name] = paid

    def work(self, name: str, layer: Obj) -> tuple[dict[str, int], int]:
        parts = dict.fromkeys(OPEN_PARTS, 0)
        rest = self.base(name, layer["base"])
        for number, item in enumerate(layer["reductions"], 1):
            taken = self.reduction(name, f"{name}, reduction {number} ({item['kind']})", item, rest)
            parts[REDUCTIONS[item["kind"]][0]] += taken
            rest -= taken
        self.same(name, "reimbursable_fen", layer["reimbursable_fen"], rest)
        reimbursement = layer["reimbursement"]
        where = f"{name}, reimbursement"
        if reimbursement["kind"] == "flat":
            self.answer(where, reimbursement["rate"], ("ratio",))
            fen = half_up(rest * ratio(reimbursement["rate"]["ratio"]))
        else:
            fen = self.bands(name, where, reimbursement, rest, parts["deductible"])
        self.same(where, "fen", reimbursement["fen"], fen)
        paid = self.caps(name, layer["caps"], fen)
        parts["over_cap"] = fen - paid
        parts["copay"] = rest - paid - parts["over_cap"]
        return parts, paid

    def base(self, name: str, base: Obj) -> int:
        total = 0
        for number, term in enumerate(base["terms"], 1):
            where, place = f"{name}, base term {number}", (term["layer"], term["part"])
            if place not in self.parts:
                self.found.append(f"{where}: part: printed {place}, recomputed: no such part at this point")
                continue
            stood = self.parts[place]
            taken = half_up(stood * ratio(term["share"]))
            self.same(where, "found_fen", term["found_fen"], stood)
            self.same(where, "taken_fen", term["taken_fen"], taken)
            self.parts[place] = stood - taken  # a share above 1 shows as a negative part at the end
            total += taken
        self.same(name, "base fen", base["fen"], total)
        return total

    def reduction(self, name: str, where: str, item: Obj, rest: int) -> int:
        kind, amount = item["kind"], item["amount"]
        self.answer(where, amount, REDUCTIONS[kind][1])
        left = self.left(where, item)
        if kind == "pre-pay":
            taken = half_up(rest * ratio(amount["ratio"]))
        elif kind == "limit":
            taken = 0 if left is None else max(0, rest - left)
        else:
            taken = min(rest, left or 0)
        self.same(where, "taken_fen", item["taken_fen"], taken)
        self.same(where, "bound", item["bound"], taken > 0 and (kind != "deductible" or taken == left))
        long = self.key(where, item)
        if kind == "pre-pay":
            self.same(where, "period longer than the claim", long, False)
        elif long:
            self.step(name, kind, item, rest - taken if kind == "limit" else taken)
        return taken

    def bands(self, name: str, where: str, item: Obj, rest: int, deductible: int) -> int:
        zero = deductible if item["counted"] == "from zero" else 0
        start = item["used_before_fen"] + zero
        self.same(where, "starts_at_fen", item["starts_at_fen"], start)
        exact, expected_from = Fraction(0), 0
        for number, band in enumerate(item["bands"], 1):
            here, end = f"{where}, band {number}", band["to_fen"]
            self.answer(here, band["rate"], ("ratio",))
            if band["edge"]:
                self.answer(f"{here} edge", band["edge"], ("amount", "no limit"))
            self.same(here, "from_fen", band["from_fen"], expected_from)
            self.same(here, "ends before it starts", end is not None and end < band["from_fen"], False)
            top = start + rest if end is None else min(end, start + rest)
            cost = max(0, top - max(start, band["from_fen"]))
            self.same(here, "cost_fen", band["cost_fen"], cost)
            exact += cost * ratio(band["rate"]["ratio"])
            expected_from = end
        self.same(where, "end of the last band", expected_from, None)
        self.edges(where, item["bands"])
        if self.key(where, item):
            self.step(name, "bands", item, rest + zero)
        return half_up(exact)

    def edges(self, where: str, bands: list[Obj]) -> None:
        """All edges are the upper ends of their bands, or all are the lower ends (none: 0)."""
        edges = [band["edge"]["fen"] or None if band["edge"] else None for band in bands]
        upper = [band["to_fen"] for band in bands]
        if edges not in (upper, [band["from_fen"] or None for band in bands]):
            self.same(where, "edges of the bands", upper, edges)

    def caps(self, name: str, caps: list[Obj], fen: int) -> int:
        lefts = [self.left(f"{name}, cap {number}", cap) for number, cap in enumerate(caps, 1)]
        paid = min([fen, *(left for left in lefts if left is not None)])
        for number, (cap, left) in enumerate(zip(caps, lefts, strict=True), 1):
            where = f"{name}, cap {number}"
            self.answer(where, cap["amount"], ("amount", "no limit"))
            self.same(where, "bound", cap["bound"], left == paid and paid < fen)
            if self.key(where, cap):
                self.step(name, "cap", cap, paid)
        return paid

    def step(self, name: str, kind: str, item: Obj, growth: int) -> None:
        self.steps.append(Step(name, kind, item["period"], use_key(item), item["used_before_fen"], growth))

    def end(self) -> None:
        totals = self.bill["totals"]
        end = {(item["layer"], item["part"]): item["fen"] for item in self.bill["parts_at_end"]}
        self.same("parts_at_end", "number of parts", len(self.bill["parts_at_end"]), len(self.parts))
        for place in {**self.parts, **end}:
            self.same(f"parts_at_end, {place[0] or 'claim'}", place[1], end.get(place), self.parts.get(place))
        total = sum(self.claim[f"{part}_fen"] for part in CLAIM_PARTS)
        self.same("totals", "total_fen", totals["total_fen"], total)
        self.same("totals", "paid_fen", totals["paid_fen"], sum(self.paid.values()))
        self.same("totals", "personal_fen", totals["personal_fen"], sum(self.parts.values()))
        self.same("totals", "conservation: paid + personal", totals["paid_fen"] + totals["personal_fen"], total)
        self.payers(totals["by_payer"])

    def payers(self, printed: list[Obj]) -> None:
        """Payers of nothing may be left out."""
        right: Counter[tuple[str, str]] = Counter()
        for layer in self.bill["layers"]:
            right[layer["payer"]["zh"], layer["payer"]["en"]] += self.paid[layer["layer"]]
        lines = [((item["payer"]["zh"], item["payer"]["en"]), item["fen"]) for item in printed]
        wanted = [(payer, fen) for payer, fen in right.items() if fen or (payer, fen) in lines]
        self.same("totals", "by_payer", sorted(lines), sorted(wanted))

    def uses(self) -> None:
        uses = self.bill["uses"]
        for name, times in Counter((use["group"], use["period"], use_key(use)) for use in uses).items():
            self.same("uses", f"times {name} is listed", times, 1)
        printed = Counter(use_line(use) for use in uses)
        right = Counter((step.period, step.key, step.before, step.before + step.growth) for step in self.steps)
        if printed == right or (len(self.steps) > len(uses) and joined(self.steps, uses)):
            return
        for line in sorted((printed | right).keys()):
            if printed[line] != right[line]:
                of = [f"{step.layer} ({step.kind})" for step in self.steps if (step.period, step.key) == line[:2]]
                text = f"times {line[0]} {line[1]} before {line[2]} after {line[3]} is listed"
                self.same(f"uses of {', '.join(of) or 'no layer'}", text, printed[line], right[line])


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
