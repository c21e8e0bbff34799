"""The pages of the constructs: an index by section; of each construct its rule, its policy, and bills made anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from openyibao.constructs import Case, Part, Told, amount, cases, catalogue_text, lacks, policy_text, run, sections
from openyibao.constructs.case import OWN
from openyibao.constructs.header import DAY
from openyibao.constructs.trees import fen, items, mapping, plain, text, word
from openyibao.policy import Policy
from openyibao.policy.model import NOT_IDENTIFIED, Fact
from openyibao.policy.nodes import Mapping, Node, Sequence
from openyibao.policy.vocabulary import PART_OF
from openyibao.settlement.bill import Bill
from openyibao.settlement.claim_file import PARTS
from openyibao.site.say import Say
from openyibao.site.words import Words, first
from openyibao.site.words import amount as yuan

TOLD_ELSEWHERE = {"settlement", "person", "claim id", "facts", "money", "lines", *OWN}
"""Keys of a claim that are told in a way of their own, or not at all."""


@dataclass(frozen=True)
class Settled:
    """A part of a case, and what came of its claims."""

    part: Part
    policy: Policy
    told: tuple[Told, ...]


@dataclass(frozen=True)
class ClaimView:
    """A claim in words: which it is, when, what it states, its bill or why there is none, and the arithmetic."""

    title: str
    day: str
    stated: tuple[tuple[str, str], ...]
    bill: tuple[tuple[str, str, str], ...]
    refusal: str
    why: str


def construct_page(number: int) -> str:
    return f"constructs/{number:02}.html"


def all_cases() -> tuple[Case, ...]:
    """Every case, in its order."""
    return tuple(cases())


@cache
def settled_case(case: Case) -> tuple[Settled, ...]:
    """The parts of a case with their bills: made anew, and once for both languages."""
    return tuple(settled(case, part) for part in case.parts)


def settled(case: Case, part: Part) -> Settled:
    return Settled(part, case.policy(part), tuple(run(case, part)))


def index(texts: Words) -> dict[str, Any]:
    """All constructs by section, and what those wait for that run in part."""
    starts = [section.first for section in sections()]
    ends = [*starts[1:], len(cases()) + 1]
    counts = Counter(case.runs for case in cases())
    missing = []
    for lack in lacks().values():
        waiting = [case for case in cases() if lack == case.not_shown_needs]
        if waiting:
            missing.append((texts.pick(lack.name), texts.pick(lack.what), [line(case, texts) for case in waiting]))
    return {
        "sections": [
            {"title": texts.pick(section.title), "lines": [line(case, texts) for case in cases()[start - 1 : end - 1]]}
            for section, start, end in zip(sections(), starts, ends, strict=True)
        ],
        "count": len(cases()),
        "runs": counts["yes"],
        "partly": counts["in part"],
        "missing": missing,
    }


def line(case: Case, texts: Words) -> dict[str, Any]:
    """A construct on one line: number, title, whether it runs; it is found by its title in either language."""
    return {
        "number": case.number,
        "title": texts.pick(case.title),
        "page": construct_page(case.number),
        "runs": case.runs,
        "search": f"{case.number} {case.title.zh} {case.title.en}".lower(),
    }


def construct(case: Case, parts: tuple[Settled, ...], texts: Words) -> dict[str, Any]:
    """The page of one construct."""
    beside = {one.number: one for one in cases()}
    before, after = beside.get(case.number - 1), beside.get(case.number + 1)
    section = [one for one in sections() if one.first <= case.number][-1]
    return {
        "title": texts("constructs.numbered", number=case.number, title=texts.pick(case.title)),
        "case": line(case, texts),
        "section": texts.pick(section.title),
        "rule": texts.pick(case.rule),
        "not_shown": texts.pick(case.not_shown) if case.not_shown else "",
        "parts": [PartPage(one, texts).context() for one in parts],
        "made_up": texts.pick(case.made_up) if case.made_up else "",
        "note": texts.pick(case.note) if case.note else "",
        "source": texts.pick(case.source),
        "date": said_date(texts.pick(case.date), texts),
        "sure": case.sure,
        "before": line(before, texts) if before else None,
        "after": line(after, texts) if after else None,
    }


def said_date(told: str, texts: Words) -> str:
    """When a rule held: a day, a month or a year in words; what is in words stays.

    >>> said_date("2024-05", Words("zh")), said_date("2024", Words("en")), said_date("from 2013", Words("en"))
    ('2024年5月', '2024', 'from 2013')
    """
    if told == NOT_IDENTIFIED:
        return texts("layer.not_known")
    if not told.replace("-", "").isdecimal():
        return told
    if DAY.fullmatch(told):
        return texts.day(date.fromisoformat(told))
    year, _, month = told.partition("-")
    return texts.month(int(year), int(month)) if month else texts("constructs.year", year=year)


def printed(sums: str) -> str:
    """Sums with the signs of print.

    >>> printed("(4000 - 800) x 80% = 2560")
    '(4000 − 800) × 80% = 2560'
    """
    return sums.replace(" x ", " × ").replace(" - ", " − ")


class PartPage:
    """What a page shows of a policy and its claims, in one language."""

    def __init__(self, settled: Settled, texts: Words) -> None:
        self.settled, self.texts = settled, texts
        self.part, self.policy = settled.part, settled.policy
        self.say = Say(self.policy, texts)
        self.facts: dict[str, Fact] = {fact.name: fact for fact in self.policy.facts}
        self.several = any(told.said.node.get("person") for told in settled.told)
        self.numbers = {
            text(name): number
            for number, told in enumerate(settled.told, 1)
            if (name := told.said.node.get("claim id")) is not None
        }

    def context(self) -> dict[str, Any]:
        lang, own = self.texts.lang, self.part.own
        return {
            "says": self.texts.pick(self.part.says) if self.part.says else "",
            "policy": policy_text(self.policy, self.part, lang) if "policy" in own else "",
            "catalogue": catalogue_text(self.policy, self.part, lang) if "catalogue" in own else "",
            "claims": [self.claim(number, told) for number, told in enumerate(self.settled.told, 1)],
        }

    def claim(self, number: int, told: Told) -> ClaimView:
        node = told.said.node
        texts = self.texts
        title = texts("constructs.claim", number=number)
        if self.several and not node.get("again"):
            title += texts("constructs.of_person", person=text(node.get("person")) if node.get("person") else "A")
        for key in ("corrects", "again"):
            if node.get(key):
                title += texts(f"constructs.{key}", number=self.numbers[text(node.get(key))])
        day = node.get("settlement")
        return ClaimView(
            title,
            texts.day(date.fromisoformat(text(day))) if day else "",
            tuple(self.stated(node)),
            tuple(self.amounts(told, told.bill)) if told.bill else (),
            texts.pick(told.refusal.text) if told.refusal else "",
            printed(texts.pick(told.said.why)),
        )

    def stated(self, node: Mapping) -> list[tuple[str, str]]:
        """All that a claim states: its days, its facts, what it cost."""
        out = [(self.say.word(key.value), self.other(value)) for key, value in node if key.value not in TOLD_ELSEWHERE]
        for key, value in mapping(facts) if (facts := node.get("facts")) else ():
            out.append((self.say.word(key.value), self.fact(key.value, value)))
        if lines := node.get("lines"):
            out += [(self.texts("constructs.line"), self.fee_line(mapping(one))) for one in items(lines)]
        elif money := node.get("money"):
            out += [(self.say.word(key.value), self.texts.yuan(fen(value))) for key, value in mapping(money)]
        elif cost := node.get("cost"):
            out.append((self.texts("examples.cost"), self.texts.yuan(fen(cost))))
        return out

    def other(self, node: Node) -> str:
        """What a claim states beside facts and money: days, names of stays, yes or no, and what holds several."""
        if isinstance(node, Mapping):
            return self.texts.comma.join(f"{self.say.word(name.value)} {self.other(one)}" for name, one in node)
        if isinstance(node, Sequence):
            return self.texts.list.join(self.other(one) for one in node)
        if DAY.fullmatch(node.value):
            return self.texts.day(date.fromisoformat(node.value))
        return self.texts(f"site.{node.value}") if node.value in ("yes", "no") else self.say.word(node.value)

    def fact(self, name: str, node: Node) -> str:
        """A value of a fact in words; of several all, with the time for which each holds."""
        value = plain(node)
        several = value if isinstance(value, list) else [value]
        return self.texts.list.join(self.fact_value(name, one) for one in several)

    def fact_value(self, name: str, value: Any) -> str:
        if isinstance(value, dict):
            told, start = self.fact_value(name, value["is"]), self.texts.day(date.fromisoformat(value["from"]))
            if "before" not in value:
                return self.texts("constructs.since", value=told, start=start)
            last = date.fromisoformat(value["before"]) - timedelta(days=1)
            return self.texts("constructs.between", value=told, start=start, end=self.texts.day(last))
        fact = self.facts.get(name)
        if fact is not None and fact.kind in ("money", "signed money"):
            return self.texts.yuan(fen(word(str(value))))
        if fact is not None and fact.range is not None:
            return self.say.range(name, int(value), int(value))
        return self.say.word(value)

    def fee_line(self, node: Mapping) -> str:
        """A fee line: how many of what, at which price."""
        item = mapping(mapping(mapping(self.part.catalogue).get("catalogue items")).get(text(node.get("item"))))
        title, unit = (text(mapping(item.get(key)).get(self.texts.lang)) for key in ("title", "unit"))
        return self.texts(
            "constructs.fee_line",
            count=text(node.get("count")),
            item=title,
            unit=unit,
            price=self.texts.yuan(fen(node.get("price"))),
        )

    def amounts(self, told: Told, bill: Bill) -> list[tuple[str, str, str]]:
        """The bill: what the case names of it, what each layer pays, what the person bears; each name once."""
        named = list(told.said.amounts)
        layers = [layer.name for layer in self.policy.layers]
        order = [name for name in named if name in PARTS]
        for layer in layers:
            order += [name for name in named if name.startswith(f"{layer}'s ")]
            order.append(layer)
        order += [name for name in named if name not in (*order, "personal")]
        rows = [
            (self.amount_name(name, layers), yuan(amount(bill, name)), "pays" if name in layers else "part")
            for name in order
        ]
        return [*rows, (self.amount_name("personal", layers), yuan(bill.personal_fen), "person")]

    def amount_name(self, name: str, layers: list[str]) -> str:
        """What an amount of a bill is, in words."""
        if name in layers:
            return first(self.texts("constructs.pays", layer=self.say.word(name)))
        if name in ("personal", "paid"):
            return self.texts(f"constructs.{name}")
        owner, _, part = name.rpartition("'s ")
        told = PART_OF.say(self.texts.lang, self.say.word(owner), self.say.word(part)) if owner else self.say.word(name)
        return first(told)
