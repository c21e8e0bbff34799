"""What somebody asks: the question read from an address, with every problem of it, and the fields to ask it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from openyibao.compare.patients import Patient, standard_patients
from openyibao.compare.settle import CannotAnswerError, claims_of, open_facts
from openyibao.lint.measure import USUAL
from openyibao.policy.model import Fact, Policy
from openyibao.policy.values import FULL_WIDTH, parse_fen, parse_whole
from openyibao.service.web import shelf
from openyibao.service.web.months import monthly
from openyibao.service.web.need import needed
from openyibao.service.web.question import Asked, Field, Option, slug
from openyibao.service.web.words import Words
from openyibao.settlement import Claim
from openyibao.settlement.claim import FactValue
from openyibao.site.say import Say
from openyibao.site.words import first

MOST_FEN = 10**10
"""A hundred million yuan: more than any bill of one person."""
MOST_EARLIER = 12
"""So many bills of the year so far can be stated."""
MONTHS, MOST_BILLS = 12, 60
"""A line may stand for a bill a month; all lines together for so many bills."""
BLANK = 2
"""So many empty lines for bills follow those that are filled in."""
PARTS = ("outside", "over", "pre")
"""What of the total is not in scope, by the names of the fields: paid in full, above price limits, paid first."""
OF_PERSON = ("class", "tier", "status", "age", "district", "cap addition", "account balance")
"""Facts of the person, which all bills of a year share; the others are of one visit."""
USUAL_FIRST = ("service", "class", "locality", "status", "age", "items", "cap addition", "account balance")
"""Facts for which the form begins with the usual value."""
PERSON = "person"
ANY_COST = (1_000_000, 0, 0, 0)
"""The cost of a bill, where none can be read, by which missing facts are looked for."""


def read(query: Mapping[str, str], t: Words, today: date, *, forming: bool = False) -> Asked:
    """The question of an address; `forming`: somebody is still at the form, and no day is held against it."""
    return _Reader(query, t, today, forming=forming).read()


class _Reader:
    def __init__(self, query: Mapping[str, str], t: Words, today: date, *, forming: bool) -> None:
        self.query, self.t, self.today, self.forming = query, t, today, forming
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self.query.get(name, "").translate(FULL_WIDTH).replace("\u3000", " ").strip()

    def read(self) -> Asked:
        at, t = self.text("at"), self.t
        policies = shelf.shelf_of(at)
        if at and not policies:
            self.errors["at"] = t("wrong.at")
        usual = shelf.usual_day(policies, self.today) if policies else self.today
        patient = self._patient()
        complete = patient is not None or bool(self.text("total"))
        stated = self._day("day")
        if stated and policies and (self.forming or not complete) and not shelf.on_day(policies, stated):
            stated = None  # it was chosen for another place
        day = stated or usual
        policy, others = self._policy(policies, day)
        basics = (self._at(at), self._day_field(stated, usual if policies else None))
        if policy is None:
            return Asked(at, day, None, others, (), {}, patient, complete, basics, (), (), (), self.errors)
        say = Say(policy, t)
        facts = self._facts(policy, "f-")
        claims = self._claims(policy, facts, day) if patient is None else ()
        if complete:
            self._ask_missing(policy, patient, facts, claims, day)
        fields = self._fact_fields(policy, say, "f-")
        earlier = self._earlier_fields(policy, say)
        return Asked(
            at,
            day,
            policy,
            others,
            claims,
            facts,
            patient,
            complete,
            basics,
            fields,
            self._costs(policy),
            earlier,
            self.errors,
        )

    # ------------------------------------------------------------ where and when

    def _policy(self, policies: tuple[Policy, ...], day: date) -> tuple[Policy | None, tuple[Policy, ...]]:
        """The policy that holds, and others of the same place, scheme and day."""
        found = shelf.on_day(policies, day)
        if not found:
            if policies and "day" not in self.errors:
                spans = self.t.semicolon.join(
                    self.t("policy.time_short", start=self.t.day(one.start), end=self.t.day(_last(one)))
                    for one in policies
                )
                self.errors["day"] = self.t("wrong.uncovered", day=self.t.day(day), spans=spans)
            return None, policies
        wanted = self.text("policy")
        chosen = next((one for one in found if one.id == wanted), found[0])
        if wanted and chosen.id != wanted and shelf.policy(wanted) is None:
            self.errors["policy"] = self.t("wrong.policy")
        return chosen, tuple(one for one in found if one is not chosen)

    def _at(self, at: str) -> Field:
        options = tuple(
            Option(value, label, value == at) for _, group in shelf.offers(self.t) for value, label in group
        )
        return Field("at", self.t("ask.at"), "choice", at, options, self.t("ask.at_hint"), self._error("at"))

    def _day(self, name: str) -> date | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.errors[name] = self.t("wrong.date", text=text)
            return None

    def _shown_day(self, name: str) -> str:
        """As a date field takes it: a browser drops any other text, which the error repeats."""
        try:
            return date.fromisoformat(self.text(name)).isoformat()
        except ValueError:
            return ""

    def _day_field(self, stated: date | None, usual: date | None) -> Field:
        """The day is left open where nobody states it: it would not fit the next place."""
        value = self._shown_day("day") if "day" in self.errors else stated.isoformat() if stated else ""
        hint = self.t("ask.day_hint")
        if usual:
            hint += ("" if self.t.lang == "zh" else " ") + self.t("ask.day_open", day=self.t.day(usual))
        return Field("day", self.t("ask.day"), "date", value, hint=hint, error=self._error("day"))

    def _error(self, name: str) -> str:
        return self.errors.get(name, "")

    def _patient(self) -> Patient | None:
        name = self.text("case")
        if not name:
            return None
        found = next((one for one in standard_patients() if one.name == name), None)
        if found is None:
            self.errors["case"] = self.t("wrong.case")
        return found

    # ------------------------------------------------------------ facts

    def _facts(self, policy: Policy, prefix: str) -> dict[str, FactValue]:
        """What the address states of the facts a policy asks; the usual value where it states nothing."""
        found = ((fact.name, self._fact(policy, fact, f"{prefix}{slug(fact.name)}")) for fact in asked_facts(policy))
        return {name: value for name, value in found if value is not None}

    def _ask_missing(
        self,
        policy: Policy,
        patient: Patient | None,
        facts: dict[str, FactValue],
        claims: Sequence[Claim],
        day: date,
    ) -> None:
        """A problem for each fact that is not stated and without which there is no answer."""
        names = [fact.name for fact in asked_facts(policy)]
        try:
            names = names if patient is None else list(open_facts(patient, policy))
        except CannotAnswerError:
            return  # said with the answer that there is none
        missing = [one for one in asked_facts(policy) if one.name in names and one.name not in facts]
        missing = [one for one in missing if f"f-{slug(one.name)}" not in self.errors]
        stated = claims or (_claim("this", day, ANY_COST, facts),)

        def with_more(more: dict[str, FactValue]) -> Sequence[Claim]:
            if patient is not None:
                return claims_of(patient, policy, {**facts, **more})
            return [replace(claim, facts={**more, **claim.facts}) for claim in stated]

        for name in needed(policy, missing, with_more):
            self.errors[f"f-{slug(name)}"] = self.t("wrong.choose", what=Say(policy, self.t).word(name))

    def _fact(self, policy: Policy, fact: Fact, name: str) -> FactValue | None:
        text = self.text(name)
        if not text:
            return self._usual(fact) if name.startswith("f-") else None
        what = first(Say(policy, self.t).word(fact.name))
        if fact.kind in ("money", "signed money"):
            minus = text.startswith("-") and fact.kind == "signed money"
            fen = self._money(name, what, text.removeprefix("-") if minus else text)
            return None if fen is None else -fen if minus else fen
        if fact.range is not None:
            return self._number(name, what, fact, text)
        if fact.kind == "any":
            return text[:40]
        value = next((one for one in fact.values if slug(one) == text), None)
        if value is None:  # mostly it was chosen for another place or year
            self.errors[name] = self.t("wrong.not_offered", what=what)
        return value

    def _number(self, name: str, what: str, fact: Fact, text: str) -> int | None:
        assert fact.range is not None
        low, high = fact.range.low or 0, fact.range.high
        number = parse_whole(text)
        if number is None or number < low or (high is not None and number > high):
            self.errors[name] = self.t("wrong.number", what=what, text=text, low=low, high=high)
            return None
        return number

    def _usual(self, fact: Fact) -> FactValue | None:
        """The value with which the form begins: the usual one, the only one, or none."""
        if len(fact.values) == 1:
            return fact.values[0]
        usual = USUAL.get(fact.name)
        if fact.name not in USUAL_FIRST or usual is None:
            return None
        if fact.range is not None:
            low, high = fact.range.low or 0, fact.range.high
            return usual if isinstance(usual, int) and usual >= low and (high is None or usual <= high) else None
        if fact.kind in ("money", "signed money"):
            return usual
        return usual if usual in fact.values else None

    def _fact_fields(self, policy: Policy, say: Say, prefix: str) -> tuple[Field, ...]:
        return tuple(self._fact_field(fact, say, f"{prefix}{slug(fact.name)}") for fact in asked_facts(policy))

    def _fact_field(self, fact: Fact, say: Say, name: str) -> Field:
        label, text = first(say.word(fact.name)), self.text(name)
        usual = self._usual(fact) if name.startswith("f-") else None
        error, hint = self._error(name), self.t.hint(fact.name if usual_grades(fact) else f"{fact.name} of the place")
        if fact.kind in ("money", "signed money"):
            return Field(name, label, "money", text or ("0" if usual == 0 else ""), (), hint, error)
        if fact.range is not None:
            value = text or ("" if usual is None else str(usual))
            return Field(name, label, "number", value, (), hint, error, fact.range.low or 0, fact.range.high)
        if fact.kind == "any":
            return Field(name, label, "text", text, (), hint, error)
        chosen = text or (slug(usual) if isinstance(usual, str) else "")
        options = tuple(Option(slug(one), first(say.word(one)), slug(one) == chosen) for one in fact.values)
        return Field(name, label, "choice", chosen, options, hint, error)

    # ------------------------------------------------------------ costs

    def _money(self, name: str, what: str, text: str) -> int | None:
        fen = parse_fen(text.removeprefix("¥").removeprefix("￥").strip())
        if fen is None:
            self.errors[name] = self.t("wrong.money", what=what, text=text)
        elif fen > MOST_FEN:
            self.errors[name] = self.t("wrong.much", what=what)
        else:
            return fen
        return None

    def _parts(self, prefix: str) -> tuple[int, int, int, int] | None:
        """In scope, paid first, above price limits, paid in full; None where one of the amounts is none."""
        total = self._money(f"{prefix}total", self.t("ask.total"), self.text(f"{prefix}total"))
        less = []
        for name in PARTS:
            text = self.text(f"{prefix}{name}")
            less.append(self._money(f"{prefix}{name}", self.t(f"ask.{name}"), text) if text else 0)
        known = [fen for fen in less if fen is not None]
        if total is None or len(known) < len(less):
            return None
        if sum(known) > total:
            self.errors[f"{prefix}outside"] = self.t("wrong.parts", parts=self.t.money(sum(known)))
            return None
        outside, over, pre = known
        return total - outside - over - pre, pre, over, outside

    def _claims(self, policy: Policy, facts: dict[str, FactValue], day: date) -> tuple[Claim, ...]:
        """The bills of the year so far, by their days, and the one asked about."""
        earlier = [one for n in range(1, MOST_EARLIER + 1) for one in self._earlier(policy, facts, n, day)]
        if len(earlier) > MOST_BILLS:
            self.errors["e1-times"] = self.t("wrong.bills", most=MOST_BILLS)
        if not self.text("total"):
            return ()
        parts = self._parts("")
        if parts is None or self.errors:
            return ()
        claims = [*sorted(earlier, key=lambda one: one.settlement), _claim("this", day, parts, facts)]
        return tuple(claims)

    def _earlier(self, policy: Policy, facts: dict[str, FactValue], number: int, last: date) -> list[Claim]:
        """The bills of a line: one, or one a month from its day on."""
        prefix = f"e{number}-"
        if not self.text(f"{prefix}total"):
            return []
        parts, day = self._parts(prefix), self._day(f"{prefix}day")
        own, times = self._facts(policy, f"{prefix}f-"), self._times(f"{prefix}times")
        if day is None:
            self.errors.setdefault(f"{prefix}day", self.t("wrong.earlier_day"))
        elif day > last:
            self.errors[f"{prefix}day"] = self.t("wrong.later", day=self.t.day(last))
        elif not policy.start <= day < policy.end:
            self.errors[f"{prefix}day"] = self.t("wrong.other_policy", start=self.t.day(policy.start))
        elif parts is not None and times:
            days = monthly(day, times)
            if days[-1] > last:
                self.errors[f"{prefix}times"] = self.t("wrong.months", day=self.t.day(days[-1]), last=self.t.day(last))
                return []
            names = [str(number) if times == 1 else f"{number}-{month}" for month in range(1, times + 1)]
            return [_claim(name, one, parts, {**facts, **own}) for name, one in zip(names, days, strict=True)]
        return []

    def _times(self, name: str) -> int | None:
        """So many months; None where it is no number of them."""
        text = self.text(name)
        times = parse_whole(text) if text else 1
        if times is None or not 1 <= times <= MONTHS:
            what = self.t("ask.times")
            self.errors[name] = self.t("wrong.number", what=what, text=text, low=1, high=MONTHS)
            return None
        return times

    def _costs(self, policy: Policy) -> tuple[Field, ...]:
        total = "ask.total_left" if shelf.only_assists(policy) else "ask.total"
        names = (("total", total), *((name, f"ask.{name}") for name in PARTS))
        return tuple(self._cost(name, key) for name, key in names)

    def _cost(self, name: str, key: str) -> Field:
        plain = name.rpartition("-")[2]
        hint = self.t(f"{key}_hint") if name == plain else ""
        return Field(name, self.t(key), "money", self.text(name), (), hint, self._error(name))

    def _earlier_fields(self, policy: Policy, say: Say) -> tuple[tuple[Field, ...], ...]:
        """A line for each bill that is stated, and empty ones behind."""
        stated = [n for n in range(1, MOST_EARLIER + 1) if self.text(f"e{n}-total") or self.text(f"e{n}-day")]
        lines = []
        for number in range(1, min(max(stated, default=0) + BLANK, MOST_EARLIER) + 1):
            prefix = f"e{number}-"
            day = Field(f"{prefix}day", self.t("ask.earlier_day"), "date", self._shown_day(f"{prefix}day"))
            money = (self._cost(f"{prefix}total", "ask.total"), self._cost(f"{prefix}outside", "ask.outside"))
            told = Field(day.name, day.label, day.kind, day.value, error=self._error(day.name))
            own = tuple(
                self._fact_field(fact, say, f"{prefix}f-{slug(fact.name)}")
                for fact in asked_facts(policy)
                if fact.name not in OF_PERSON and len(fact.values) > 1
            )
            lines.append((told, *money, self._times_field(f"{prefix}times"), *own))
        return tuple(lines)

    def _times_field(self, name: str) -> Field:
        hint, error = self.t("ask.times_hint"), self._error(name)
        return Field(name, self.t("ask.times"), "number", self.text(name), (), hint, error, 1, MONTHS)


def asked_facts(policy: Policy) -> list[Fact]:
    """The facts that a person must state; what the settlement works out is not asked."""
    worked_out = {one.name for one in policy.derived}
    return [
        one for one in policy.facts if one.kind not in ("admission number", "derived") and one.name not in worked_out
    ]


def usual_grades(fact: Fact) -> bool:
    """Whether the grades of hospitals, if it is they that are asked, are the national ones."""
    return fact.name != "grade" or bool({"primary", "secondary", "tertiary"} & set(fact.values))


def _claim(name: str, day: date, parts: tuple[int, int, int, int], facts: Mapping[str, FactValue]) -> Claim:
    return Claim(name, PERSON, day, day, day, *parts, facts=facts)


def _last(policy: Policy) -> date:
    return date.fromordinal(policy.end.toordinal() - 1)
