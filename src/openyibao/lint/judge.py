"""Judging a policy by the national rules that were in force when it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import prod

from openyibao.lint.measure import CannotTellError, Measured, Meter
from openyibao.lint.national import SHARE, NationalRule, national_rules
from openyibao.policy.model import Bilingual, Policy

ANSWERS = ("conforms", "within about", "departs", "cannot tell")


@dataclass(frozen=True)
class Finding:
    """What a national rule says of a policy.

    `local` is what the policy has where it does worst (None: no cap) and `wanted` what the rule wants there (None: no
    cap, or nothing to compare with), in fen, months or as a ratio; `by` is how much it departs. `missing` says why it
    cannot be told, `untold` of how many of the `tried` combinations of facts.
    """

    rule: NationalRule
    policy: Policy
    day: date
    answer: str
    measured: Measured | None = None
    wanted: Fraction | None = None
    by: Fraction | None = None
    missing: Bilingual | None = None
    tried: int = 0
    untold: int = 0

    @property
    def local(self) -> Fraction | None:
        return None if self.measured is None else self.measured.value

    @property
    def unit(self) -> str:
        """In what it is measured: `fen`, `months` or `ratio`."""
        if self.rule.measure == "waiting period":
            return "months"
        is_money = self.rule.measure in ("deductible", "cap", "caps together")
        return "fen" if is_money and not (self.rule.other and self.by is None) else "ratio"


def lint(policy: Policy, rules: tuple[NationalRule, ...] | None = None) -> list[Finding]:
    """What each national rule in force during the policy says of it. A policy of 2013 is judged by the law of 2013."""
    meters: dict[date, Meter] = {}
    findings = []
    for rule in national_rules() if rules is None else rules:
        day = max(policy.start, rule.start)
        end = min(policy.end, rule.end or date.max)
        if rule.scheme in ("all", policy.scheme) and day < end:
            if day not in meters:
                meters[day] = Meter(policy, day)
            findings.append(_judge(rule, meters[day]))
    return findings


def _judge(rule: NationalRule, meter: Meter) -> Finding:
    blank = Finding(rule, meter.policy, meter.day, "cannot tell")
    try:
        ways = list(meter.ways(rule.facts))
    except CannotTellError as error:
        return replace(blank, missing=Bilingual(error.zh, error.en))
    found, missing = [], []
    for facts in ways:
        try:
            found.append(_of(rule, meter, facts, blank))
        except CannotTellError as error:
            missing.append(Bilingual(error.zh, error.en))
    if not found:
        return replace(blank, missing=missing[0], tried=len(ways), untold=len(missing))
    worst = max(found, key=lambda one: (ANSWERS.index(one.answer), one.by or 0))
    return replace(worst, tried=len(ways), untold=len(missing), missing=missing[0] if missing else None)


def _of(rule: NationalRule, meter: Meter, facts: dict[str, str | int], blank: Finding) -> Finding:
    """The rule for one combination of facts."""
    mine = _measure(rule, meter, facts)
    if rule.bound == "no cap":
        answer = "conforms" if mine.value is None else "departs"
        return replace(blank, answer=answer, measured=mine, by=mine.value)
    if rule.bound == "yes":
        return replace(blank, answer="conforms" if mine.value else "departs", measured=mine, wanted=Fraction(1))
    if mine.value is None:
        if mine.silent:
            said = meter.words(mine.silent)
            raise CannotTellError(f"政策未写明“{said[0]}”的封顶线", f"the policy states no cap of {said[1]}")
        return replace(blank, answer="conforms", measured=mine)  # what is not capped is never too low
    wanted, softer = _wanted(rule, meter, facts)
    return _compare(rule, blank, mine, mine.value, wanted, softer)


def _measure(rule: NationalRule, meter: Meter, facts: dict[str, str | int]) -> Measured:
    if rule.measure == "share paid":
        return meter.share_paid(rule.layers, facts, rule.probes)
    if rule.measure == "counts deductibles":
        return meter.counts_deductibles(rule.layers[0], facts)
    if rule.measure == "waiting period":
        return meter.waiting_period(rule.layers, facts)
    if rule.payer:
        return meter.best_of(rule.measure, rule.payer, facts)
    return meter.measure(rule.measure, rule.layers, facts)


def _wanted(rule: NationalRule, meter: Meter, facts: dict[str, str | int]) -> tuple[Fraction, Fraction | None]:
    """Where the measure must lie, and what still holds in principle."""
    if rule.other:
        value = _measure(rule, meter, {**facts, **meter.said(rule.other)}).value
        if value is None:
            raise CannotTellError("比照对象没有上限", "those it is compared with have no cap")
        if rule.bound == "lower":
            return value, None
        if rule.unit == SHARE:
            return value * rule.value, None
        step = rule.value * prod(int(facts[name]) - beyond for name, beyond in rule.each.items())
        return (value - step if rule.bound == "at most" else value + step), None
    if not rule.of:
        return rule.value, rule.softer
    if rule.value == 0 and rule.softer is None:
        return Fraction(0), None
    figure = _figure(rule, meter)
    if figure is None:
        if rule.value == 0:
            return Fraction(0), None
        year = meter.day.year - 1
        said = meter.words((rule.of,))
        raise CannotTellError(f"缺少{year}年的“{said[0]}”", f"the {said[1]} of {year} is not in the file")
    return rule.value * figure, None if rule.softer is None else rule.softer * figure


def _figure(rule: NationalRule, meter: Meter) -> int | None:
    """The published figure of the year before, in fen, if the policy file has it."""
    year = meter.day.year - 1
    values = [dict(one.values) for one in meter.policy.statistics if one.name == rule.of]
    return getattr(values[0][year].value, "fen", None) if values and year in values[0] else None


def _compare(
    rule: NationalRule, blank: Finding, mine: Measured, value: Fraction, wanted: Fraction, softer: Fraction | None
) -> Finding:
    if rule.bound == "lower":
        answer, by = ("conforms", Fraction(0)) if value < wanted else ("departs", value - wanted)
        if rule.strength == "in principle" and value == wanted:
            answer = "within about"
        return replace(blank, answer=answer, measured=mine, wanted=wanted, by=by)
    over = value - wanted
    if (
        rule.measure == "rate after pre-pay" and rule.other
    ):  # the rule bounds a drop: the share must not lie further below
        over = wanted - value
    sides = {"at most": max(Fraction(0), over), "at least": max(Fraction(0), -over)}
    by = sides.get(rule.bound, abs(over))
    answer = "conforms" if by == 0 else "departs"
    if by and (by <= rule.tolerance * wanted or (softer is not None and value <= softer)):
        answer = "within about"
    return replace(blank, answer=answer, measured=mine, wanted=wanted, by=by)
