"""A bill in words, Chinese or English, written from its data alone; every sentence exists once in each language.

Both texts are filled from the same values, so that they carry the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openyibao.policy.values import money
from openyibao.settlement.bill_amounts import Amounts
from openyibao.settlement.bill_words import COUNTED, PARTS, PERIODS, PLACES, SURE, WHAT, WHOLE

Data = dict[str, Any]


def bill_text(bill: Data, lang: str) -> str:
    """The whole bill in words; `bill` is `Bill.data()` or its JSON, `lang` is `zh` or `en`."""
    return "\n".join(_Speaker(lang).bill(bill)) + "\n"


def layer_text(bill: Mapping[str, Any], number: int, lang: str) -> str:
    """What the layer of a number (from 1) did, in words."""
    return "\n".join(_Speaker(lang).layer(number, bill["layers"][number - 1]))


def has_rule(bill: Data) -> bool:
    """Whether any layer has a rule for the claim: it applies, and looks at the claim itself or finds money left."""
    return any(
        layer["applies"] and (layer["base"]["fen"] or any(term["of"] is None for term in layer["base"]["terms"]))
        for layer in bill["layers"]
    )


class _Speaker(Amounts):
    def bill(self, bill: Data) -> list[str]:
        claim, policy = bill["claim"], bill["policy"]
        lines = [
            self.say("title", claim=claim["id"], person=claim["person"]),
            self.say(
                "policy", title=policy["title"][self.lang], id=policy["id"], start=policy["from"], end=policy["before"]
            ),
            self.dates(claim),
            *self.more(claim, policy),
            self.say("facts", facts=self.facts(claim["facts"])),
            self.say(
                "money",
                total=money(claim["total_fen"]),
                fully=money(claim["fully_self_paid_fen"]),
                over=money(claim["over_limit_fen"]),
                pre=money(claim["pre_self_paid_fen"]),
                scope=money(claim["in_scope_fen"]),
            ),
        ]
        if gathered := bill["gathered"]:
            lines[-1:] = self.gathered(gathered)
        lines += [self.divided(one) for one in claim["divided"] if not gathered]
        for number, layer in enumerate(bill["layers"], 1):
            lines += ["", *self.layer(number, layer)]
        if claim["total_fen"] and not has_rule(bill):
            lines += ["", self.say("no_rule")]
        totals = bill["totals"]
        payers = self.list.join(
            self.say("payer", payer=p["payer"][self.lang], fen=money(p["fen"])) for p in totals["by_payer"]
        )
        lines += [
            "",
            *(self.sum(one) for one in bill["sums"]),
            self.total(totals, payers, gathered),
        ]
        return lines + [self.say("gap", text=gap[self.lang]) for gap in bill["gaps"]]

    def total(self, totals: Data, payers: str, gathered: Data | None) -> str:
        paid = money(totals["paid_fen"])
        if gathered is None:
            return self.say("total", paid=paid, payers=payers, personal=money(totals["personal_fen"]))
        left = money(gathered["fen"] - totals["paid_fen"])
        return self.say("total_gathered", gathered=money(gathered["fen"]), paid=paid, payers=payers, left=left)

    def divided(self, one: Data) -> str:
        into = self.list.join(f"{sub['name'][self.lang]} {money(sub['fen'])}" for sub in one["into"])
        return self.say("divided", part=WHOLE[one["part"]][self.column], into=into)

    def gathered(self, found: Data) -> list[str]:
        """What a claim gathered, and the sums over the claims it gathered."""
        window = "window_year" if found["months"] is None else "window_days"
        accepts = "、" if self.lang == "zh" else " / "
        where = "".join(
            self.comma
            + self.say("where", fact=one["fact"][self.lang], accepts=accepts.join(w[self.lang] for w in one["accepts"]))
            for one in found["where"]
        )
        about = {"window": self.say(window, first=found["from"], last=found["to"]), "where": where}
        if not any(part["fen"] for part in found["parts"]):
            return [self.say("gathered_nothing", **about)]
        parts = self.list.join(f"{self.part_name(part)} {money(part['fen'])}" for part in found["parts"] if part["fen"])
        lines = [self.say("gathered", fen=money(found["fen"]), parts=parts, **about)]
        sums = self.list.join(f"{one['name'][self.lang]} {money(one['fen'])}" for one in found["quantities"])
        return [*lines, self.say("gathered_quantities", quantities=sums)] if sums else lines

    def part_name(self, part: Data) -> str:
        name: str = part["name"][self.lang]
        return self.say("of", layer=part["of"][self.lang], part=name) if part["of"] else name

    def dates(self, claim: Data) -> str:
        """One date where all are the same: a claim without a stay has no others."""
        days = {day: claim[day] for day in ("admission", "discharge", "settlement")}
        return self.say("dates" if len(set(days.values())) > 1 else "date", **days)

    def more(self, claim: Data, policy: Data) -> list[str]:
        """Days, parts and values that a claim may state, and the start of a benefit year of its own."""
        lines = [self.say("charged", charge=claim["charge"])] if claim["charge"] else []
        lines += [self.say("enrolled", enrolment=claim["enrolment"])] if claim["enrolment"] else []
        if claim["stay"] != claim["id"]:
            place = PLACES[claim["first_of_stay"], claim["last_of_stay"]][self.column]
            lines.append(self.say("part_of_stay", stay=claim["stay"], place=place))
        if start := policy["benefit_year_from"]:
            facts = self.say("chosen", facts=self.facts(start["facts"])) if start["facts"] else ""
            lines.append(self.say("year_from", day=start["day"], facts=facts))
        for fact in [fact for fact in claim["facts"] if fact["stated"]]:
            values = self.list.join(value["value"][self.lang] + self.times(value) for value in fact["stated"])
            lines.append(self.say("stated", fact=fact["fact"][self.lang], values=values))
        return lines

    def times(self, value: Data) -> str:
        """From when, and before when, a stated value holds."""
        if self.lang == "en":
            return f" [{value['from'] or '...'}, {value['before'] or '...'})"
        days = [f"自{value['from']}起"] if value["from"] else []
        days += [f"{value['before']}之前"] if value["before"] else []
        return f"（{'，'.join(days)}）" if days else ""

    def layer(self, number: int, layer: Data) -> list[str]:
        lines = [self.say("layer", number=number, layer=layer["name"][self.lang], payer=layer["payer"][self.lang])]
        lines += ["  " + self.derived_fact(fact) for fact in layer["derived"]]
        if not layer["applies"]:
            # a derived fact without a value was not worked out, as what the claim states decided already
            why = self.list.join(self.condition(c) for c in layer["conditions"] if not c["holds"] and c["value"])
            return [*lines, "  " + self.say("not_applied", why=why, paid=money(layer["paid_fen"]))]
        body = [self.base(layer["base"])]
        rest = layer["base"]["fen"]
        for step in layer["reductions"]:
            rest -= step["taken_fen"]
            body.append(self.reduction(step, rest))
        body.append(self.reimbursement(layer))
        body += [self.floor(layer["floor"])] if layer["floor"] else []
        body += [self.cap(cap, layer["parts"]["over_cap"]) for cap in layer["caps"]]
        if layer["over_cap_counted_in"] == "fees" and layer["parts"]["over_cap"]:
            body.append(self.say("in_fees"))
        paid = "paid" if layer["paid_fen"] else "pays_nothing" if layer["base"]["fen"] else "no_base"
        body.append(self.say(paid, paid=money(layer["paid_fen"])))
        parts = self.list.join(
            self.say("part", name=PARTS[name][self.column], fen=money(fen)) for name, fen in layer["parts"].items()
        )
        body.append(self.say("parts", parts=parts))
        body += self.sources(layer)
        body += [self.say("assumption", text=text[self.lang]) for text in layer["assumptions"]]
        body += [self.say("gap", text=text[self.lang]) for text in layer["gaps"]]
        return lines + [f"  {line}" for line in body]

    def condition(self, condition: Data) -> str:
        nothing = "空" if self.lang == "zh" else "missing"
        value = condition["value"][self.lang] if condition["value"] else nothing
        accepts = ("、" if self.lang == "zh" else " / ").join(word[self.lang] for word in condition["accepts"])
        return self.say("why", fact=condition["fact"][self.lang], value=value, accepts=accepts)

    def base(self, base: Data) -> str:
        terms = []
        for term in [term for term in base["terms"] if term["found_fen"]] or base["terms"][:1]:
            part = term["name"][self.lang]
            if term["of"]:
                part = self.say("of", layer=term["of"][self.lang], part=part)
            whole = term["share"]["numerator"] == term["share"]["denominator"]
            terms.append(
                self.say(
                    "take" if whole else "take_share",
                    part=part,
                    taken=money(term["taken_fen"]),
                    found=money(term["found_fen"]),
                    share=term["share"]["text"],
                )
            )
        return self.say("base", terms=self.list.join(terms), base=money(base["fen"]))

    def floor(self, floor: Data) -> str:
        bound = (
            self.say("floor_bound", returned=money(floor["returned_fen"])) if floor["bound"] else self.say("floor_free")
        )
        said = self.say("floor", amount=self.amount(floor["amount"]), fen=money(floor["fen"]), bound=bound)
        joint = "" if self.lang == "zh" else " "
        return joint.join([said, *(self.sum(one) for one in floor["sums"])])

    def reduction(self, step: Data, rest: int) -> str:
        period = PERIODS[step["period"]][self.column] if step["period"] else ""
        return self.say(
            step["kind"],
            period=period,
            amount=self.amount(step["amount"]),
            around=self.around(step),
            used=self.used(step),
            annual=self.annual(step),
            taken=money(step["taken_fen"]),
            rest=money(rest),
        )

    def reimbursement(self, layer: Data) -> str:
        found = layer["reimbursement"]
        if found["kind"] == "flat":
            return self.say(
                "flat", cost=money(layer["reimbursable_fen"]), rate=self.amount(found["rate"]), fen=money(found["fen"])
            )
        if found["kind"] == "fixed":
            return self.say(
                "fixed",
                amount=self.amount(found["amount"]),
                units=found["units"],
                unit=found["unit"][self.lang],
                around=self.around(found),
                used=self.say("used_fixed", used=money(found["used_before_fen"])) if found["used_before_fen"] else "",
                cost=money(layer["reimbursable_fen"]),
                fen=money(found["fen"]),
            )
        slices = []
        for band in found["bands"]:
            key = "slice_open" if band["to_fen"] is None else "slice"
            high = "" if band["to_fen"] is None else money(band["to_fen"])
            slices.append(
                self.say(
                    key,
                    low=money(band["from_fen"]),
                    high=high,
                    cost=money(band["cost_fen"]),
                    rate=self.amount(band["rate"]),
                )
            )
        return self.say(
            "bands",
            counted=COUNTED[found["counted"]][self.column],
            start=money(found["starts_at_fen"]),
            slices=self.list.join(slices),
            fen=money(found["fen"]),
        )

    def cap(self, cap: Data, over: int) -> str:
        if cap["amount"]["kind"] == "no limit":
            return self.say(
                "no_cap",
                period=PERIODS[cap["period"]][self.column],
                amount=self.amount(cap["amount"]),
                around=self.around(cap),
                used=self.used(cap),
            )
        bound = self.say("bound", over=money(over)) if cap["bound"] else self.say("free")
        return self.say(
            "cap",
            period=PERIODS[cap["period"]][self.column],
            amount=self.amount(cap["amount"]),
            around=self.around(cap),
            used=self.used(cap),
            bound=bound,
        )

    def sources(self, layer: Data) -> list[str]:
        """Where the layer's rule and each of its answers stand; what stands in the same place shares a line."""
        answers = [(step["kind"], step["amount"]) for step in layer["reductions"]]
        answers += [
            ("deductible", step["annual_maximum"]["amount"]) for step in layer["reductions"] if step["annual_maximum"]
        ]
        paid = layer["reimbursement"]
        if paid["kind"] == "bands":
            answers += [("rate", band["rate"]) for band in paid["bands"]]
        else:
            answers.append(("rate", paid["rate"]) if paid["kind"] == "flat" else ("fixed", paid["amount"]))
        answers += [("floor", layer["floor"]["amount"])] if layer["floor"] else []
        answers += [("cap", cap["amount"]) for cap in layer["caps"]]
        worked_out = [("derived", fact["basis"]) for fact in layer["derived"]]
        lines: dict[str, list[str]] = {}
        terms = [("base", term["basis"]) for term in layer["base"]["terms"] if term["basis"]]
        for what, basis in [("layer", layer["basis"]), *worked_out, *terms, *self.bases(answers)]:
            words = lines.setdefault(self.source(basis), [])
            if WHAT[what][self.column] not in words:
                words.append(WHAT[what][self.column])
        comma = "、" if self.lang == "zh" else ", "
        return [line.replace("{what}", comma.join(words)) for line, words in lines.items()]

    def bases(self, answers: list[tuple[str, Data]]) -> list[tuple[str, Data]]:
        found: list[tuple[str, Data | None]] = []
        for what, answer in answers:
            found.append((what, answer["basis"]))
            found += [(what, points["basis"]) for points in answer["points"]]
            found += self.origins(answer["derived_from"] or {})
        return [(what, basis) for what, basis in found if basis]

    def origins(self, derived: Data) -> list[tuple[str, Data | None]]:
        """Where a named amount stands: its published figure, its table, its sum and all that this is made of."""
        figure, table, one = (derived.get(name) or {} for name in ("statistic", "table", "sum"))
        found: list[tuple[str, Data | None]] = [("amount", figure.get("basis")), ("figure", figure.get("figure_basis"))]
        found += [("amount", table.get("basis")), ("amount", one.get("basis"))]
        behind = [table] if table else []
        behind += [*one["plus"], *one["minus"], one["least"], one["most"]] if one else []
        for answer in [answer for answer in behind if answer]:
            found += [("amount", answer["basis"]), *self.origins(answer["derived_from"] or {})]
        return found

    def source(self, basis: Data) -> str:
        title = basis["title"][self.lang] if basis["title"] else self.say("no_document", source=basis["source"])
        number = "" if basis["number"] == "not identified" else f" {basis['number']}"
        article = basis["article"] if basis["article"] != "not identified" else self.say("no_article")
        return self.say(
            "source", what="{what}", title=title, number=number, article=article, sure=SURE[basis["sure"]][self.column]
        )
