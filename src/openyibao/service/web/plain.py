"""What each layer did with a bill, one plain sentence a step, each with where the rule stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from openyibao.policy.values import money
from openyibao.service.web.words import Words
from openyibao.settlement.bill_amounts import Amounts
from openyibao.settlement.bill_words import COUNTED, PERIODS
from openyibao.site.view import identified
from openyibao.site.words import first

Data = dict[str, Any]
UNIT = re.compile(r"(\d) 元")


@dataclass(frozen=True)
class Source:
    """Where a rule stands. An empty title, number or article is not known; `read_at` is where it was read."""

    title: str
    number: str
    article: str
    sure: str
    read_at: str


@dataclass(frozen=True)
class Step:
    text: str
    source: Source | None = None


@dataclass(frozen=True)
class LayerSaid:
    """One layer: its name, who pays, what it pays, its steps, and what it rests on without a ground."""

    number: int
    name: str
    payer: str
    paid_fen: int
    applies: bool
    steps: tuple[Step, ...]
    assumptions: tuple[str, ...]
    gaps: tuple[str, ...]


def source_of(basis: Data | None, lang: str) -> Source | None:
    if basis is None:
        return None
    title = basis["title"][lang] if basis["title"] else ""
    return Source(title, identified(basis["number"]), identified(basis["article"]), basis["sure"], basis["source"])


def layers_said(bill: Data, t: Words) -> list[LayerSaid]:
    """All layers of a bill in words."""
    return [_Layer(number, layer, t).said() for number, layer in enumerate(bill["layers"], 1)]


class _Layer:
    def __init__(self, number: int, layer: Data, t: Words) -> None:
        self.number, self.layer, self.t, self.lang = number, layer, t, t.lang
        self.amounts = Amounts(t.lang)
        self.steps: list[Step] = []

    def add(self, key: str, basis: Data | None, /, **values: object) -> None:
        text = (
            " ".join(self.t(f"plain.{key}", **values).split())
            if self.lang == "en"
            else UNIT.sub(r"\1元", self.t(f"plain.{key}", **values))
        )
        self.steps.append(Step(first(text), source_of(basis, self.lang)))

    def said(self) -> LayerSaid:
        layer, lang = self.layer, self.lang
        if layer["applies"]:
            self.applied()
        else:
            why = self.amounts.list.join(
                self.t("plain.why", fact=one["fact"][lang], value=self.value(one), accepts=self.accepts(one))
                for one in layer["conditions"]
                if not one["holds"]
            )
            self.add("not_for", layer["basis"], why=why)
        return LayerSaid(
            self.number,
            first(layer["name"][lang]),
            first(layer["payer"][lang]),
            layer["paid_fen"],
            layer["applies"],
            tuple(self.steps),
            tuple(text[lang] for text in layer["assumptions"]),
            tuple(text[lang] for text in layer["gaps"]),
        )

    def value(self, condition: Data) -> str:
        return condition["value"][self.lang] if condition["value"] else self.t("plain.nothing_stated")

    def accepts(self, condition: Data) -> str:
        return ("、" if self.lang == "zh" else " / ").join(word[self.lang] for word in condition["accepts"])

    def applied(self) -> None:
        layer = self.layer
        for fact in layer["derived"]:
            self.steps.append(Step(self.amounts.derived_fact(fact), source_of(fact["basis"], self.lang)))
        base = layer["base"]
        if not base["fen"]:
            self.add("no_base", layer["basis"])
            return
        self.add("base", layer["basis"], terms=self.terms(base), base=money(base["fen"]))
        for step in layer["reductions"]:
            self.reduction(step)
        if not layer["reimbursable_fen"] and not layer["paid_fen"] and layer["reimbursement"]["kind"] != "fixed":
            self.add("none_left", None)
            return
        self.pays()
        if layer["floor"]:
            self.floor(layer["floor"])
        for cap in layer["caps"]:
            self.cap(cap)
        self.add("paid", None, payer=layer["payer"][self.lang], paid=money(layer["paid_fen"]))

    def terms(self, base: Data) -> str:
        told = []
        for term in [term for term in base["terms"] if term["found_fen"]]:
            name = term["name"][self.lang]
            if term["of"]:
                name = self.t("show.part_of", layer=term["of"][self.lang], part=name)
            whole = term["share"]["numerator"] == term["share"]["denominator"]
            key = "plain.term" if whole else "plain.term_share"
            told.append(
                self.t(
                    key,
                    name=name,
                    fen=money(term["taken_fen"]),
                    found=money(term["found_fen"]),
                    share=term["share"]["text"],
                )
            )
        return self.amounts.list.join(told)

    def period(self, period: str | None) -> str:
        return PERIODS[period][self.amounts.column] if period else ""

    def before(self, step: Data) -> str:
        """How much of a line or a cap earlier care had used."""
        used = step["used_before_fen"]
        return self.t("plain.before", used=money(used)) if used and step["period_key"] else ""

    def reduction(self, step: Data) -> None:
        values = {
            "period": self.period(step["period"]),
            "amount": self.amounts.amount(step["amount"]),
            "around": self.amounts.around(step),
            "before": self.before(step),
            "taken": money(step["taken_fen"]),
        }
        kind = step["kind"]
        if kind == "deductible" and step["period_key"]:
            kind = "line" if step["taken_fen"] else "line_free"
        elif kind in ("limit", "pre-pay") and not step["taken_fen"]:
            kind = f"{kind}_free"
        self.add(kind, step["amount"]["basis"], **values)
        if step["annual_maximum"]:
            most = step["annual_maximum"]
            self.add(
                "annual_maximum",
                most["amount"]["basis"],
                amount=self.amounts.amount(most["amount"]),
                left=money(most["left_fen"]),
            )

    def pays(self) -> None:
        layer = self.layer
        found, cost = layer["reimbursement"], money(layer["reimbursable_fen"])
        if found["kind"] == "flat":
            rate = found["rate"]
            self.add("flat", rate["basis"], cost=cost, rate=self.amounts.amount(rate), fen=money(found["fen"]))
        elif found["kind"] == "fixed":
            amount, unit = found["amount"], found["unit"][self.lang]
            said = self.amounts.amount(amount) + self.amounts.around(found)
            self.add("fixed", amount["basis"], amount=said, units=found["units"], unit=unit, fen=money(found["fen"]))
        else:
            slices = self.amounts.list.join(self.slice(band) for band in found["bands"] if band["cost_fen"])
            counted = COUNTED[found["counted"]][self.amounts.column]
            basis = found["basis"] or (found["bands"][0]["rate"]["basis"] if found["bands"] else None)
            self.add("bands", basis, cost=cost, slices=slices, counted=counted, fen=money(found["fen"]))

    def slice(self, band: Data) -> str:
        high = band["to_fen"]
        return self.t(
            "plain.slice" if high is not None else "plain.slice_open",
            low=money(band["from_fen"]),
            high="" if high is None else money(high),
            cost=money(band["cost_fen"]),
            rate=self.amounts.amount(band["rate"]),
        )

    def floor(self, floor: Data) -> None:
        key = "floor" if floor["bound"] else "floor_free"
        self.add(key, floor["amount"]["basis"], amount=self.amounts.amount(floor["amount"]), fen=money(floor["fen"]))

    def cap(self, cap: Data) -> None:
        basis, period = cap["amount"]["basis"], self.period(cap["period"])
        if cap["amount"]["kind"] == "no limit":
            self.add("no_cap", basis, period=period)
            return
        self.add(
            "cap" if cap["bound"] else "cap_free",
            basis,
            period=period,
            amount=self.amounts.amount(cap["amount"]),
            around=self.amounts.around(cap),
            before=self.before(cap),
            over=money(self.layer["parts"]["over_cap"]),
        )
