"""Sums over a window of periods, for claims that gather: on the uses of a person, and on arrays.

The two functions on arrays are printed into the loop form. `own` says whose the entries are: those of others are 0.
"""

from __future__ import annotations

from openyibao.settlement.claim import UseKey


def gather_sum(use, own, who, first, last):  # type: ignore[no-untyped-def]
    """The sum of a person's uses from the period `first` to `last`, both included; fen."""
    found = 0
    for t in range(max(first, 0), min(last + 1, len(use))):
        if own[t] == who:
            found += use[t]
    return found


def gather_clear(use, own, who, first, last):  # type: ignore[no-untyped-def]
    """The person's uses of these periods become 0."""
    for t in range(max(first, 0), min(last + 1, len(use))):
        if own[t] == who:
            use[t] = 0


def gathered(uses: dict[UseKey, int], group: str, mark: str, first: int, last: int) -> int:
    """`gather_sum` on the uses of a person. What was emptied before counts as read, and the last period always."""
    uses.get((group, last), 0)
    for key in _inside(uses, mark, first, last):
        uses.get(key, 0)
    return sum(uses.get(key, 0) for key in _inside(uses, group, first, last))


def cleared(uses: dict[UseKey, int], group: str, mark: str, first: int, last: int) -> None:
    """`gather_clear` on the uses of a person; the periods that held something are marked."""
    for key in _inside(uses, group, first, last):
        if uses[key]:
            uses[mark, key[1]] = 1
        uses[key] = 0


def peek(uses: dict[UseKey, int], key: UseKey) -> int:
    """A use that is looked at only to be added to: it does not count as read."""
    return dict.get(uses, key, 0)


def _inside(uses: dict[UseKey, int], group: str, first: int, last: int) -> list[UseKey]:
    return [key for key in uses if key[0] == group and isinstance(key[1], int) and first <= key[1] <= last]
