"""How a bill says its amounts and rates: where they come from, what was used of them before."""

from __future__ import annotations

from typing import Any

from openyibao.policy.values import money
from openyibao.settlement.bill_words import SAY

Data = dict[str, Any]


class Amounts:
    """Says amounts and rates in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.column = 0 if lang == "zh" else 1
        self.comma, self.list = ("，", "；") if lang == "zh" else (", ", "; ")

    def say(self, sentence: str, /, **values: Any) -> str:
        return SAY[sentence][self.column].format(**values)

    def facts(self, facts: list[Data]) -> str:
        mark = "为" if self.lang == "zh" else ": "
        return self.comma.join(f"{fact['fact'][self.lang]}{mark}{fact['value'][self.lang]}" for fact in facts)

    def amount(self, answer: Data) -> str:
        facts = self.say("chosen", facts=self.facts(answer["facts"])) if answer["facts"] else ""
        derived = answer["derived_from"]
        if answer["kind"] == "ratio":
            return self.rate(answer, facts)
        if answer["share_of"]:
            return self.share_of(answer) + facts
        if answer["for_each"]:
            return self.for_each(answer) + facts
        if not derived:
            written = (
                money(answer["fen"]) + (" 元" if self.lang == "zh" else " yuan")
                if answer["kind"] == "amount"
                else answer["written"][self.lang]
            )
            return self.say("amount", written=written, facts=facts)
        statistic = ""
        if figure := derived["statistic"]:
            statistic = self.say(
                "statistic",
                year=figure["year"],
                name=figure["name"][self.lang],
                figure=money(figure["fen"]),
                share=figure["share"]["text"]
                + (self.say("statistic_share", facts=self.facts(figure["facts"])) if figure["facts"] else ""),
                rounded=figure["rounded"][self.lang],
            )
        same = derived["share"]["numerator"] == derived["share"]["denominator"]
        table = derived["table"]
        if derived["sum"]:
            statistic = self.amount_sum(derived["sum"])
        elif table and (table["derived_from"] or table["for_each"]):
            statistic = self.say("behind", amount=self.amount({**table, "facts": []}))
        origin = self.say("chosen", facts=self.facts(table["facts"])) if table and table["facts"] else ""
        return self.say(
            "derived_whole" if same else "derived",
            origin=origin,
            written=answer["written"][self.lang],
            fen=money(answer["fen"]),
            facts=facts,
            amount=derived["amount"][self.lang],
            amount_fen=money(derived["amount_fen"]),
            statistic=statistic,
        )

    def share_of(self, answer: Data) -> str:
        share = answer["share_of"]
        bounds = "".join(
            self.say(name, fen=money(share[f"{name}_fen"]))
            for name in ("least", "most")
            if share[f"{name}_fen"] is not None
        )
        return self.say(
            "share_of",
            written=answer["written"][self.lang],
            fen=money(answer["fen"]),
            name=share["name"][self.lang],
            whole=money(share["fen"]),
            bounds=bounds,
        )

    def for_each(self, answer: Data) -> str:
        """So much for each one of a number."""
        each = answer["for_each"]
        return self.say(
            "for_each",
            written=answer["written"][self.lang],
            fen=money(answer["fen"]),
            fact=each["fact"][self.lang],
            value=each["value"],
        )

    def amount_sum(self, one: Data) -> str:
        """An amount that is a sum: its terms, its bounds, and where terms come from that are worked out."""
        signed = [("+", term) for term in one["plus"]] + [("-", term) for term in one["minus"]]
        terms = "".join(f" {sign} {money(term['fen'])}" for sign, term in signed).removeprefix(" + ")
        bounds = "".join(
            self.say(f"{name}_amount", amount=self.amount(one[name])) for name in ("least", "most") if one[name]
        )
        plain = ("derived_from", "for_each", "facts")
        told = [self.amount(term) for _, term in signed if any(term[name] for name in plain)]
        return self.say("amount_sum", terms=self.list.join([terms + bounds, *told]))

    def derived_fact(self, fact: Data) -> str:
        """How a derived fact came about: what was measured, and the edges it was held against."""
        is_money = fact["quantity"] is not None
        limits = [self.period(fact["period"], fact["period_key"])] if fact["period_key"] else []
        accepts = "、" if self.lang == "zh" else " / "
        limits += [
            self.say("where", fact=one["fact"][self.lang], accepts=accepts.join(w[self.lang] for w in one["accepts"]))
            for one in fact["where"]
        ]
        limits += [self.say("same", fact=one["fact"][self.lang], value=one["value"][self.lang]) for one in fact["per"]]
        limits += [self.say("paid_by", layer=fact["paid_by"][self.lang])] if fact["paid_by"] else []
        number = self.say("never") if fact["number"] is None else self.measured(fact["number"], is_money=is_money)
        return self.say(
            "worked_out_fact",
            name=fact["name"][self.lang],
            limits=self.say("limits", limits=self.comma.join(limits)) if limits else self.say("no_limits"),
            number=number,
            reaches=self.list.join(self.reach(reach) for reach in fact["reaches"]),
            fact=fact["fact"][self.lang],
            value=fact["value"][self.lang],
        )

    def measured(self, number: int, *, is_money: bool) -> str:
        return money(number) + (" 元" if self.lang == "zh" else " yuan") if is_money else str(number)

    def reach(self, reach: Data) -> str:
        value = reach["value"][self.lang]
        if reach["edge"] is None and reach["number"] is None:
            return self.say("reach_otherwise", value=value)
        if reach["edge"]:
            edge = self.amount(reach["edge"])
        else:
            facts = self.say("chosen", facts=self.facts(reach["facts"])) if reach["facts"] else ""
            edge = self.measured(reach["number"], is_money=False) + facts
        return self.say("reach_up_to" if reach["included"] else "reach_below", edge=edge, value=value)

    def sum(self, one: Data) -> str:
        """A sum of quantities, term by term."""
        terms = "".join(
            f" {sign} {term['name'][self.lang]} {money(term['fen'])}"
            for sign, terms in (("+", one["plus"]), ("-", one["minus"]))
            for term in terms
        )
        return self.say("sum", name=one["name"][self.lang], terms=terms.removeprefix(" + "), fen=money(one["fen"]))

    def rate(self, answer: Data, facts: str) -> str:
        """A rate: as it stands, on a line, or as a multiple of another's own share; with its points."""
        text = self.say("amount", written=answer["written"][self.lang], facts=facts)
        if line := answer["line"]:
            bounds = "".join(
                self.say(f"{name}_rate", ratio=line[name]["text"]) for name in ("least", "most") if line[name]
            )
            text = self.say(
                "line",
                written=text,
                ratio=answer["ratio"]["text"],
                fact=line["fact"][self.lang],
                value=line["value"],
                bounds=bounds,
            )
        elif own := answer["own_share"]:
            text = self.say(
                "own_share",
                written=text,
                multiple=own["multiple"]["text"],
                ratio=own["ratio"]["text"],
                found=answer["ratio"]["text"],
            )
        for points in answer["points"]:
            chosen = self.say("chosen", facts=self.facts(points["facts"])) if points["facts"] else ""
            if points["ratio"]["numerator"]:
                fewer = points["ratio"]["numerator"] < 0
                number = points["ratio"]["text"].removesuffix("%").removeprefix("-")
                text += self.say("fewer_points" if fewer else "points", points=number) + chosen
        moved = any(points["ratio"]["numerator"] for points in answer["points"])
        text += self.say("final", ratio=answer["final"]["text"]) if moved else ""
        return self.say("worked_out", text=text) if line or answer["own_share"] or moved else text

    def around(self, step: Data) -> str:
        """What changes an amount: an addition, the part of a stay, what other periods leave."""
        text = ""
        if plus := step.get("plus"):
            text += self.say("plus", fact=plus["fact"][self.lang], fen=money(plus["fen"]))
        if not step["belongs_here"]:
            text += self.say("not_here")
        if carried := step.get("carry_over"):
            periods = [
                self.say(
                    "carried" if first == last else "carried_each",
                    period=self.label(step["period"], first),
                    last=self.label(step["period"], last),
                    earned=money(earned),
                    used=money(used),
                )
                for first, last, earned, used in runs(carried["periods"])
                if earned or used
            ]
            text += self.say(
                f"carry_{carried['how']}",
                start=self.label(step["period"], carried["from"]),
                periods=self.list.join(periods),
            )
        return text

    def annual(self, step: Data) -> str:
        """The maximum of the deductibles of the year."""
        most = step.get("annual_maximum")
        if not most:
            return ""
        return self.say("annual_maximum", amount=self.amount(most["amount"]), left=money(most["left_fen"]))

    def used(self, step: Data) -> str:
        said = [fact["fact"] for fact in step["amount"]["facts"]]
        kept_for = [fact for fact in step["per"] if fact["fact"] not in said]
        per = self.say("per", facts=self.facts(kept_for)) if kept_for else ""
        if step["period_key"] is None:
            if step["group"] is None or not step["used_before_fen"]:
                return per
            return per + self.say("used_here", used=money(step["used_before_fen"]), left=money(step["left_fen"] or 0))
        key = self.period(step["period"], step["period_key"])
        if step["left_fen"] is None:
            return per + self.say("used_no_limit", key=key, used=money(step["used_before_fen"]))
        return per + self.say("used", key=key, used=money(step["used_before_fen"]), left=money(step["left_fen"]))

    def label(self, period: str, key: str) -> str:
        """A period as a name: 2013, 2013年度."""
        return key + {"year": "年度", "calendar year": "年"}.get(period, "") if self.lang == "zh" else key

    def period(self, period: str, key: str) -> str:
        """The period of a use in words: `in 2023`, `2023年`, `in the episode 17`."""
        kind, _, name = key.partition(" ")
        if kind in ("episode", "stay"):
            return self.say(kind, name=name)
        if period == "lifetime":
            return "终身" if self.lang == "zh" else "in the person's life"
        if self.lang == "en":
            return f"in the year {key}" if period == "year" else f"in {key}"
        if period == "day":
            return f"{key}当日"
        return key + {"year": "年度", "calendar year": "年"}.get(period, "期间")


def runs(periods: list[Data]) -> list[tuple[str, str, int, int]]:
    """Periods one after the other that earned and used the same: the first, the last, earned, used (fen)."""
    out: list[tuple[str, str, int, int]] = []
    for period in periods:
        key, earned, used = period["period_key"], period["earned_fen"], period["used_fen"]
        if out and out[-1][2:] == (earned, used):
            out[-1] = (out[-1][0], key, earned, used)
        else:
            out.append((key, key, earned, used))
    return out
