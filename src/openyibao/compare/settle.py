"""What a standard patient bears under each policy that can answer, and why the others cannot."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from openyibao.compare.patients import Patient, Wishes, local_words, never
from openyibao.policy.model import Bilingual, Fact, MonthDay, Policy
from openyibao.policy.vocabulary import Vocabulary, language
from openyibao.settlement import Claim, ClaimError, Rule, Uses
from openyibao.settlement.claim import FactValue

MOST_WAYS = 256
"""Of more combinations of facts that a patient leaves open, only so many are tried; the outcome says so."""
ASSISTANCE_FUND = "medical assistance fund"

Facts = dict[str, FactValue]


class CannotAnswerError(Exception):
    """A policy that has no answer for a patient; the text says why in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Bilingual(zh, en)
        super().__init__(en)


@dataclass(frozen=True)
class Way:
    """One way in which the open facts may stand: what the person then bears, in fen, and which layers applied.

    `bare` counts the claims to which none did: they are borne in full.
    """

    facts: tuple[tuple[str, FactValue], ...]
    borne_fen: int
    layers: tuple[str, ...]
    bare: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a patient bears under a policy, by the facts that are open; `untold` of the tried ways had no answer."""

    policy: Policy
    first: date
    total_fen: int
    claims: int
    ways: tuple[Way, ...]
    tried: int
    untold: int = 0
    why: Bilingual | None = None

    @property
    def low(self) -> Way:
        return min(self.ways, key=lambda way: way.borne_fen)

    @property
    def high(self) -> Way:
        return max(self.ways, key=lambda way: way.borne_fen)

    @property
    def mean_fen(self) -> Fraction:
        return Fraction(sum(way.borne_fen for way in self.ways), len(self.ways))

    @property
    def share(self) -> Fraction:
        """The mean of what is borne, as a share of the total cost."""
        return self.mean_fen / self.total_fen

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for way in self.ways for name in way.layers))

    @property
    def place(self) -> tuple[str, str]:
        return self.policy.region, self.policy.scheme


@dataclass(frozen=True)
class Answered:
    """What came of one patient: outcomes from the least borne to the most, and the policies without an answer."""

    patient: Patient
    outcomes: tuple[Outcome, ...]
    without: tuple[tuple[Policy, Bilingual], ...]


def settle_patient(patient: Patient, rules: Iterable[Rule]) -> Answered:
    """A patient under each compiled policy of the patient's scheme."""
    outcomes, without = [], []
    for rule in rules:
        if rule.policy.scheme not in patient.schemes:
            continue
        try:
            outcomes.append(outcome(patient, rule))
        except CannotAnswerError as error:
            without.append((rule.policy, error.text))
    outcomes.sort(key=lambda one: (one.mean_fen, one.policy.id))
    return Answered(patient, tuple(outcomes), tuple(without))


def outcome(patient: Patient, rule: Rule, vary: Mapping[str, tuple[str | int, ...]] | None = None) -> Outcome:
    """A patient under one policy; `vary` takes the place of what person and claims state of some facts.

    Raises CannotAnswerError.
    """
    policy = rule.policy
    if all(layer.payer == ASSISTANCE_FUND for layer in policy.layers):
        raise CannotAnswerError(
            "文件只有医疗救助，其基数是基本医疗保险、大病保险支付后的费用",
            "the file has medical assistance only, which looks at what basic and critical illness insurance left",
        )
    first = first_day(policy, patient.length)
    if vary:
        changed = tuple(replace(one, facts=one.facts | dict(vary)) for one in patient.treatments)
        patient = replace(patient, treatments=changed)
    stated = [_stated(patient, policy, one.facts) for one in patient.treatments]
    open_facts = _open(patient, policy, stated)
    count, ways, missing = 0, [], []
    for chosen in itertools.islice(_combinations(open_facts), MOST_WAYS):
        count += 1
        try:
            ways.append(_way(patient, rule, first, stated, chosen))
        except ClaimError as error:
            missing.append(error.why)
    if not ways:
        raise CannotAnswerError(missing[0].zh, missing[0].en)
    why = missing[0] if missing else None
    return Outcome(policy, first, patient.total_fen, len(stated), tuple(ways), count, len(missing), why)


def first_day(policy: Policy, length: int) -> date:
    """The day from which a patient's days are counted: the first benefit year of the policy in which all fit, else
    the policy's own first day."""
    start = MonthDay(1, 1)
    if policy.year_start is not None and not policy.year_start.by:
        value = policy.year_start.cells[0].value
        start = value if isinstance(value, MonthDay) else start
    days = [date(policy.start.year + more, start.month, start.day) for more in (0, 1)]
    for day in [one for one in days if one >= policy.start] + [policy.start]:
        if (policy.end - day).days >= length:
            return day
    found = (policy.end - policy.start).days
    raise CannotAnswerError(
        f"文件施行{found}天，该患者的就医需要{length}天",
        f"the file is in force for {found} days, and the claims of this patient need {length}",
    )


def _stated(patient: Patient, policy: Policy, of_claim: Wishes) -> Facts:
    """The facts that a claim of the patient states to this policy: of several values the first that it lists."""
    asked = {fact.name: fact for fact in policy.facts if fact.kind != "admission number"}
    say = Vocabulary(policy.words)
    for name in patient.needs:
        if name not in asked:
            zh, en = say.chinese(name), name
            raise CannotAnswerError(f"文件不区分“{zh}”", f"the file does not ask the {en}")
    facts: Facts = {}
    for name, wishes in (patient.facts | of_claim).items():
        fact = asked.get(name)
        if fact is None:
            continue
        value = next((wish for wish in wishes if _takes(fact, wish)), None)
        if value is not None:
            facts[name] = value
        elif name in patient.exact or name not in local_words() or _means_another(fact, wishes):
            listed = [say.chinese(str(wish)) for wish in wishes]
            raise CannotAnswerError(
                f"文件的“{say.chinese(name)}”没有“{'、'.join(listed)}”",
                f"the file knows no {name} {' or '.join(str(wish) for wish in wishes)}",
            )
    return facts


def _takes(fact: Fact, value: str | int) -> bool:
    if fact.range is not None:
        return isinstance(value, int) and (fact.range.low or 0) <= value <= (fact.range.high or 0)
    return fact.kind in ("any", "money", "signed money") or value in fact.values


def _means_another(fact: Fact, wishes: tuple[str | int, ...]) -> bool:
    """Whether patient and policy both use words of the language for the fact, and the policy lacks the patient's."""
    known = language().facts.get(fact.name)
    return known is not None and all(any(one in known.values for one in of) for of in (fact.values, wishes))


def _open(patient: Patient, policy: Policy, stated: list[Facts]) -> dict[str, tuple[FactValue, ...]]:
    """The facts that a claim of the patient leaves open, with the values to try."""
    age = patient.facts.get("age", (0,))[0]
    impossible = never(age if isinstance(age, int) else 0)
    found: dict[str, tuple[FactValue, ...]] = {}
    for fact in policy.facts:
        if fact.kind == "admission number" or all(fact.name in facts for facts in stated):
            continue
        values: tuple[FactValue, ...] = tuple(v for v in fact.values if v not in impossible.get(fact.name, ()))
        if fact.range is not None:
            values = (fact.range.low or 0, fact.range.high or 0)
        elif fact.kind == "any":
            values = ("any",)
        elif fact.kind in ("money", "signed money"):
            values = (0,)
        found[fact.name] = values or fact.values
    return found


def _combinations(choices: dict[str, tuple[FactValue, ...]]) -> Iterator[Facts]:
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _way(patient: Patient, rule: Rule, first: date, stated: list[Facts], chosen: Facts) -> Way:
    """All claims of the patient, one after the other. Raises ClaimError where one has no answer, and where no layer
    applies to any."""
    uses, borne, bare = Uses(), 0, 0
    layers: list[str] = []
    for claim in _claims(patient, first, stated, chosen):
        bill, uses = rule.settle(uses, claim)
        applied = [plan.layer.name for plan in bill.plan.layers if bill.named[plan.applies]]
        borne += bill.personal_fen
        bare += not applied
        layers += applied
    if not layers:
        text = Bilingual("文件中没有适用的保障层次", "no layer of the file applies")
        raise ClaimError("patient", "fact", text)
    return Way(tuple(chosen.items()), borne, tuple(dict.fromkeys(layers)), bare)


def claims_of(patient: Patient, policy: Policy, chosen: Mapping[str, FactValue]) -> list[Claim]:
    """The claims of a patient under a policy; `chosen` are the facts that the patient leaves open.

    Raises CannotAnswerError.
    """
    stated = [_stated(patient, policy, one.facts) for one in patient.treatments]
    return list(_claims(patient, first_day(policy, patient.length), stated, dict(chosen)))


def open_facts(patient: Patient, policy: Policy) -> tuple[str, ...]:
    """The names of the facts that a patient leaves open under a policy. Raises CannotAnswerError."""
    stated = [_stated(patient, policy, one.facts) for one in patient.treatments]
    return tuple(_open(patient, policy, stated))


def _claims(patient: Patient, first: date, stated: list[Facts], chosen: Facts) -> Iterator[Claim]:
    for number, (treatment, facts) in enumerate(zip(patient.treatments, stated, strict=True), 1):
        yield treatment.claim(number, first, patient.enrolled_days, chosen | facts)
