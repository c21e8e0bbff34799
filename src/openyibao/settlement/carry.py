"""What a period finds of an amount that is carried over, and what periods earn: section 4 of the benefit layers.

The two functions on arrays are printed into the loop form; the form for one claim calls the same functions on lists.
`use` and `earned` hold one number a period at `base + period * stride`; an entry counts only where `own` (or
`earned_own`) says `who`. An earned amount is kept as one fen more, so that 0 is none.
"""

from __future__ import annotations

from openyibao.settlement.claim import UseKey

EARNED = " / earned"


def carry_left(use, own, earned, earned_own, who, base, stride, start, period, periods, amount, one):  # type: ignore[no-untyped-def]
    """What a claim of `period` whose own amount is `amount` finds; fen."""
    at = base + period * stride
    if period < start:
        return max(0, amount - (use[at] if own[at] == who else 0))
    older = 0
    mine = 0
    for t in range(start, period + 1):
        at = base + t * stride
        older = mine if one else older + mine
        mine = earned[at] - 1 if t < period and earned_own[at] == who and earned[at] > 0 else amount
        drawn = use[at] if own[at] == who else 0
        from_older = min(older, drawn)
        older -= from_older
        mine -= min(mine, drawn - from_older)
    if one:
        at = base + (period + 1) * stride
        if period + 1 < periods and own[at] == who:
            mine -= min(mine, use[at])
        return older + mine
    left = older + mine
    for t in range(period + 1, periods):
        at = base + t * stride
        if own[at] == who:
            left -= min(left, use[at])
    return left


def carry_earn(earned, earned_own, who, base, stride, start, period, amount):  # type: ignore[no-untyped-def]
    """The period earns the amount; so do those since the start that have earned nothing yet."""
    for t in range(start, period + 1):
        at = base + t * stride
        if t == period or earned_own[at] != who or earned[at] == 0:
            earned_own[at] = who
            earned[at] = amount + 1


def carried(
    uses: dict[UseKey, int], group: str, per: tuple[str | int, ...], start: int, period: int, amount: int, one: bool
) -> int:
    """`carry_left` on the uses of a person: all periods from the start to the last that has a use."""
    first = min(start, period)
    used = [key[1] for key in uses if key[0] == group and key[2:] == per]
    last = max([period, *(number for number in used if isinstance(number, int))])
    periods = range(first, last + 1)
    use = [uses.get((group, number, *per), 0) for number in periods]
    earned = [uses.get((group + EARNED, number, *per), 0) for number in periods]
    mine = [1] * len(use)
    at = (start - first, period - first)
    left: int = carry_left(use, mine, earned, mine, 1, 0, 1, *at, len(use), amount, one)  # type: ignore[no-untyped-call]
    return left


def earn(uses: dict[UseKey, int], group: str, per: tuple[str | int, ...], start: int, period: int, amount: int) -> None:
    """`carry_earn` on the uses of a person."""
    for number in range(start, period + 1):
        key = (group + EARNED, number, *per)
        if number == period or uses.get(key, 0) == 0:
            uses[key] = amount + 1
