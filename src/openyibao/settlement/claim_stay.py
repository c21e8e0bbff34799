"""A claim with lines in two benefit years: two claims of one stay, where the policy counts by the day of charge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from openyibao.catalogue import Catalogue, SplitLine
from openyibao.catalogue.tables import FactNeededError, as_atom, values_of
from openyibao.policy.answers import answer
from openyibao.policy.messages import Message, say
from openyibao.policy.model import Fixed, MonthDay, Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.claim import Claim
from openyibao.settlement.claim_facts import facts_on
from openyibao.settlement.claim_parts import StayError, sub_parts

CHARGE = "charge"
BenefitYear = Callable[[Policy, Claim, date], int]
"""The benefit year of a day under a policy, for a claim. Raises StayError."""


@dataclass(frozen=True)
class LinedClaim:
    """A claim, and the fee lines that its money was added up from, if it has any, with their catalogue."""

    claim: Claim
    lines: tuple[SplitLine, ...] = ()
    catalogue: Catalogue | None = None


def benefit_year(policy: Policy, claim: Claim, day: date) -> int:
    """The benefit year in which a day lies, named by the calendar year in which it starts.

    It starts on the day that the policy says, perhaps by facts of the claim, else on 1 January. Raises StayError.
    """
    table = policy.year_start
    if table is None:
        return day.year
    declared = {fact.name: fact for fact in policy.facts}
    try:
        values = values_of(table, declared, facts_on(policy, claim)(day))
    except FactNeededError as error:
        words = Vocabulary(policy.words)
        found = say("the fact {fact}: {found}", fact=words.named(error.name), found=error.found)
        expected = say("one of {words} (the start of the benefit year asks)", words=error.expected(words))
        raise StayError(found, expected) from None
    start = table.cells[answer(table, tuple(as_atom(value) for value in values))].value
    if not isinstance(start, MonthDay):
        raise StayError(say("a start of the benefit year that is not known"), say("a start that the policy states"))
    return day.year if (day.month, day.day) >= (start.month, start.day) else day.year - 1


def claims_of_stay(
    claim: Claim, lines: tuple[SplitLine, ...], policy: Policy, year_of: BenefitYear
) -> list[LinedClaim]:
    """The claims that a claim with lines is settled as: one, or one for each benefit year, the earlier first.

    Their money is what their lines add up to; their `charge` is the day of their last line. Raises StayError.
    """
    years: dict[int, list[SplitLine]] = {}
    for line in lines:
        year = year_of(policy, claim, line.day) if policy.year_date == CHARGE else 0
        years.setdefault(year, []).append(line)
    if len(years) == 1:
        return [_of_lines(claim, lines, policy)]
    _check_units(claim, policy, years)
    order = sorted(years)
    return [
        _of_lines(
            replace(
                claim,
                id=f"{claim.id} ({year})",
                first_of_stay=claim.first_of_stay and year == order[0],
                last_of_stay=claim.last_of_stay and year == order[-1],
            ),
            years[year],
            policy,
        )
        for year in order
    ]


def _check_units(claim: Claim, policy: Policy, years: Iterable[int]) -> None:
    """Days and sessions that a layer pays for are those of the claim: nobody said how many lie in which year."""
    words = Vocabulary(policy.words)
    for layer in policy.layers:
        unit = layer.pays.unit if isinstance(layer.pays, Fixed) else ""
        if unit in claim.facts:
            found = say("lines of the benefit years {years}", years=_and(sorted(years)))
            expected = say(
                "a claim of its own for each year, with its own {unit}: {layer} pays for each of them",
                unit=words.named(unit),
                layer=words.word(layer.name),
            )
            raise StayError(found, expected, say("Give them the same `stay`, and `first of stay` and `last of stay`."))


def _and(years: list[int]) -> Message:
    return Message("、".join(map(str, years)), " and ".join(map(str, years)))


def _of_lines(claim: Claim, lines: Iterable[SplitLine], policy: Policy) -> LinedClaim:
    """The claim with the money of the lines, and its sub-parts. `replace` keeps its stay and its episode."""
    lines = tuple(lines)
    found = replace(
        claim,
        charge=max(line.day for line in lines),
        in_scope_fen=sum(line.in_scope_fen for line in lines),
        pre_self_paid_fen=sum(line.pre_self_paid_fen for line in lines),
        over_limit_fen=sum(line.over_limit_fen for line in lines),
        fully_self_paid_fen=sum(line.fully_self_paid_fen for line in lines),
        facts={**claim.facts, **sub_parts(policy, claim, lines)},
    )
    return LinedClaim(found, lines)
