"""What recompute.py does with facts, conditions and answers: everything that chose an amount or a rate."""

from __future__ import annotations

import importlib.util
import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

SPEC = importlib.util.spec_from_file_location("bill_parts", Path(__file__).resolve().with_name("recompute_parts.py"))
assert SPEC is not None and SPEC.loader is not None
PARTS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PARTS)
half_up, ratio, words, within = PARTS.half_up, PARTS.ratio, PARTS.words, PARTS.within

Obj = dict[str, Any]
DATES = ("admission", "discharge", "settlement", "charge", "enrolment")
LARGEST = 10**11
"""No amount is larger, in fen."""
NUMBER = re.compile(r"-?\d+(?:\.\d\d)?(?: yuan|元)?")


class Answers:
    """The facts of a claim, the quantities that answers may refer to, and the differences found."""

    def __init__(self, bill: Obj, found: list[str]) -> None:
        self.bill = bill
        self.claim: Obj = bill["claim"]
        self.found = found
        self.facts = {words(item["fact"]): item["value"] for item in self.claim["facts"]}
        self.own_sums: list[Obj] = []
        self.quantities: dict[tuple[str | None, str], int] = {}

    def same(self, where: str, quantity: str, printed: object, recomputed: object) -> None:
        if printed != recomputed or isinstance(printed, bool) != isinstance(recomputed, bool):
            self.found.append(f"{where}: {quantity}: printed {printed}, recomputed {recomputed}")

    # Facts

    def stated(self) -> None:
        """Each fact once; a number is the same in both languages; the value that counts is one that was stated.

        Which day decides, and which of several values is the highest, the bill does not say: any date of the claim.
        """
        self.same("claim", "facts named once", len(self.claim["facts"]), len(self.facts))
        days = [date.fromisoformat(self.claim[name]).isoformat() for name in DATES if self.claim[name]]
        for fact in self.claim["facts"]:
            where, value = f"claim, fact {fact['fact']['en']}", fact["value"]
            zh, en = (re.sub(" yuan|元", "", text) for text in words(value))
            if any(NUMBER.fullmatch(text) for text in words(value)):
                self.same(where, "the same number in both languages", zh, en)
            for item in fact["stated"] or ():
                first, end = item["from"] or "", item["before"] or "9999-99-99"
                self.same(where, f"stated from {first} before {end}, ends later", True, first < end)
                if item["value"] == value and any(first <= day < end for day in days):
                    break
            else:
                self.same(where, "value is one of those stated, in its time", fact["stated"] is None, True)

    def fact(self, where: str, fact: Obj, value: Obj | None) -> None:
        self.same(where, f"value of {fact['en']}", value, self.facts.get(words(fact)))

    def chosen_by(self, where: str, facts: list[Obj]) -> None:
        for fact in facts:
            self.fact(where, fact["fact"], fact["value"])
            if fact["range"]:
                text = f"{fact['fact']['en']} {fact['value']['en']} lies in {fact['range']}"
                self.same(where, text, True, within(fact["value"], fact["range"]))

    def money_fact(self, where: str, fact: Obj, fen: int) -> None:
        """An amount that is a fact of the claim."""
        value = self.facts.get(words(fact))
        self.same(where, f"fen of {fact['en']}", fen, None if value is None else PARTS.money(value))

    def conditions(self, where: str, layer: Obj) -> None:
        truths = []
        for condition in layer["conditions"]:
            value, limits, accepts = condition["value"], condition["range"], condition["accepts"]
            self.fact(where, condition["fact"], value)
            truths.append(value is not None and (within(value, limits) if limits else value in accepts))
            self.same(where, f"condition {condition['fact']['en']} holds", condition["holds"], truths[-1])
        self.same(where, "applies", layer["applies"], all(truths))

    # What is worked out

    def sum_of(self, item: Obj) -> int | None:
        """A sum of quantities as they stand by now; None where one of them is not known yet."""
        plus, minus = ([self.quantity(one) for one in item[name]] for name in ("plus", "minus"))
        if None in (*plus, *minus):
            return None
        return max(0, sum(plus) - sum(minus))

    def sum_named(self, name: Obj) -> int | None:
        found = [self.sum_of(item) for item in (*self.own_sums, *self.bill["sums"]) if item["name"] == name]
        return found[0] if len(found) == 1 else None

    def quantity(self, item: Obj) -> int | None:
        if item["kind"] == "sum":
            return self.sum_named(item["name"])
        return self.quantities.get((item["layer"], item["quantity"]))

    def derived_facts(self, where: str, layer: Obj) -> None:
        """Each derived fact has the value of the first edge that its number does not pass; then it is a fact."""
        for item in layer["derived"]:
            here, number = f"{where}, {item['fact']['en']}", item["number"]
            if item["of"] == "quantity":
                self.same(here, "number", number, self.quantity(item["quantity"]))
            self.same(here, "quantity is there", item["quantity"] is not None, item["of"] == "quantity")
            self.same(here, "number is null", number is None and item["of"] != "days since discharge", False)
            self.same(here, "number is negative", number is not None and number < 0, False)
            self.chosen_by(here, [{**fact, "range": None} for fact in item["per"]])
            last = -1
            for reach in item["reaches"][:-1]:
                if reach["edge"]:
                    self.answer(f"{here}, edge", reach["edge"], ("amount",))
                self.chosen_by(f"{here}, edge", reach["facts"])
                edge = reach["edge"]["fen"] if reach["edge"] else reach["number"]
                self.same(here, "edges fall", edge < last, False)
                last = edge
                if number is not None and (number < edge or (reach["included"] and number == edge)):
                    break
            else:
                reach = item["reaches"][-1]
                self.same(here, "the last value has an edge", (reach["edge"], reach["number"]), (None, None))
            self.same(here, "value", item["value"], reach["value"])
            known = self.facts.setdefault(words(item["fact"]), item["value"])
            self.same(here, "value, as in the layers above", item["value"], known)

    # Answers

    def answer(self, where: str, answer: Obj, kinds: tuple[str, ...]) -> None:
        kind = answer["kind"]
        if kind not in kinds:
            self.same(where, "kind of answer", kind, " or ".join(kinds))
        self.same(where, "fen of the answer is there", answer["fen"] is not None, kind == "amount")
        for name in ("ratio", "final"):
            self.same(where, f"{name} of the answer is there", answer[name] is not None, kind == "ratio")
        for name in ("line", "own_share", "points"):
            self.same(where, f"{name} of no rate", bool(answer[name]) and kind != "ratio", False)
        origins = [bool(answer[name]) for name in ("derived_from", "share_of", "for_each")]
        self.same(where, "an origin of no amount", any(origins) and kind != "amount", False)
        self.same(where, "two origins of an amount", sum(origins) > 1, False)
        self.chosen_by(where, answer["facts"])
        if answer["derived_from"]:
            self.derivation(where, answer["derived_from"], answer["fen"])
        if each := answer["for_each"]:
            self.fact(f"{where}, for each", each["fact"], {"zh": str(each["value"]), "en": str(each["value"])})
            fen = min(LARGEST, each["fen"] * max(0, each["value"] - each["beyond"]))
            self.same(where, "amount for each", answer["fen"], fen)
        if share_of := answer["share_of"]:
            place = share_of["layer"], share_of["quantity"]
            found = self.sum_named(share_of["name"]) if place == (None, "sum") else self.quantities.get(place)
            self.same(where, f"fen of {place[0] or 'claim'} {place[1]}", share_of["fen"], found)
            self.same(where, "share of a quantity", answer["fen"], PARTS.share_of_fen(share_of))

    def rate(self, where: str, answer: Obj) -> Fraction:
        """The exact ratio that the bill uses: between 0 and 1, all points added."""
        exact = self.ratio(where, answer)
        for number, item in enumerate(answer["points"], 1):
            here = f"{where}, points {number}"
            exact += self.ratio(here, item)
            self.same(here, "final ratio", ratio(item["final"]), ratio(item["ratio"]))
            self.same(here, "points of points", item["points"], [])
        self.same(where, "final ratio", ratio(answer["final"]), exact)
        self.same(where, f"rate {exact} is from 0 to 1", 0 <= exact <= 1, True)
        return exact

    def ratio(self, where: str, answer: Obj) -> Fraction:
        """The ratio of an answer, without points."""
        self.answer(where, answer, ("ratio",))
        exact: Fraction = ratio(answer["ratio"])
        if line := answer["line"]:
            self.same(where, "ratio of the line", exact, PARTS.line_ratio(line))
            self.fact(f"{where}, line", line["fact"], {"zh": str(line["value"]), "en": str(line["value"])})
        if own := answer["own_share"]:
            self.same(where, "ratio of the own share", exact, 1 - ratio(own["multiple"]) * (1 - ratio(own["ratio"])))
            self.same(where, "ratio of the other group is from 0 to 1", 0 <= ratio(own["ratio"]) <= 1, True)
        self.same(where, "a line and an own share at once", bool(answer["line"] and answer["own_share"]), False)
        return exact

    def derivation(self, where: str, origin: Obj, fen: int | None) -> None:
        amount, statistic, table = origin["amount_fen"], origin["statistic"], origin["table"]
        self.same(where, "derived amount", fen, half_up(amount * ratio(origin["share"])))
        origins = [statistic is not None, table is not None, origin["sum"] is not None, origin["is_fact"]]
        self.same(where, "origins of the named amount", sum(origins), 1)
        if origin["is_fact"]:
            self.money_fact(where, origin["amount"], amount)
        if statistic:
            units = statistic["fen"] * ratio(statistic["share"]) / statistic["unit_fen"]
            rounded = PARTS.ROUNDINGS[statistic["rounding"]](units)
            self.same(where, "amount_fen from the statistic", amount, rounded * statistic["unit_fen"])
            self.chosen_by(f"{where}, statistic", statistic["facts"])
        if table:
            self.answer(f"{where}, named amount", table, ("amount",))
            self.same(where, "amount_fen from its table", amount, table["fen"])
        if origin["sum"]:
            self.same(
                where, "amount_fen from its sum", amount, self.amount_sum(f"{where}, named amount", origin["sum"])
            )

    def amount_sum(self, where: str, item: Obj) -> int:
        """The terms together, not below 0, raised to the least and then cut to the most."""
        parts = [("plus", item["plus"]), ("minus", item["minus"])]
        parts += [(name, [item[name]] if item[name] else []) for name in ("least", "most")]
        for name, answers in parts:
            for number, answer in enumerate(answers, 1):
                self.answer(f"{where}, {name} {number}", answer, ("amount",))
        fen = max(0, sum(one["fen"] for one in item["plus"]) - sum(one["fen"] for one in item["minus"]))
        fen = max(fen, item["least"]["fen"]) if item["least"] else fen
        return min(fen, item["most"]["fen"] if item["most"] else LARGEST, LARGEST)
