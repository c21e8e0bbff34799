"""The comparison itself: a pure function of two tables. Every row that differs gets one kind, no other row any.

Rows are matched by the settlement's number. What has no partner is looked for again by visit and person: under another
number, as a second settlement of a visit, as a reversal. All work on whole columns is done in numpy; only rows that are
left over are looked at one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from openyibao.service.reconciliation.columns import AMOUNTS, DAY, PERSON, VISIT, Columns, Flags
from openyibao.service.reconciliation.found import Found, Ints
from openyibao.service.reconciliation.kinds import kinds
from openyibao.service.reconciliation.rows import Malformed

AGREES = -1


def compare(
    stated: pa.Table,
    held: pa.Table,
    malformed: Sequence[Malformed] = (),
    elsewhere: Collection[str] = (),
) -> Found:
    """The differences of two tables (rows.STATED, rows.HELD), each with one kind of kinds.toml.

    `held` has what lies in the compared days and whatever else of the institution is stated; its numbers are unique.
    `elsewhere`: numbers that the institution stated in the list of another period.
    """
    return _Comparison(Columns(stated, held, malformed), malformed, frozenset(elsewhere)).run()


class _Missing(NamedTuple):
    """One of ours that should be stated and is not."""

    place: int
    kind: int
    other: str = ""


class _Comparison:
    """What was found out about each row: the kind of each stated row, and which of ours are accounted for."""

    def __init__(self, columns: Columns, malformed: Sequence[Malformed], elsewhere: frozenset[str]) -> None:
        self.c, self.malformed, self.elsewhere = columns, malformed, elsewhere
        self.place = {name: kind.place for name, kind in kinds().items()}
        self.kind = np.full(len(columns.number), AGREES, np.int64)
        self.partner = columns.at.copy()
        self.other: dict[int, str] = {}
        self.balanced: dict[int, str] = {}

    def run(self) -> Found:
        c = self.c
        again = self._repeated()
        self._account()
        self._unknown(np.flatnonzero((c.at < 0) & ~again))
        for row in np.flatnonzero(again).tolist():
            self._again(row)
        self._matched(np.flatnonzero((c.at >= 0) & ~again))
        self._swapped()
        self._balanced()
        return self._found(self._missing())

    def _set(self, row: int, kind: str, other: str = "") -> None:
        self.kind[row] = self.place[kind]
        if other:
            self.other[row] = other

    # -- whose numbers are stated

    def _repeated(self) -> Flags:
        """Which rows repeat a number. The row that agrees with ours is the first, else the one that comes first."""
        c = self.c
        several = np.flatnonzero(np.bincount(c.number, minlength=c.codes)[c.number] > 1)
        keys = (c.line[several], c.bits[several] != 0, c.flagged[several], c.number[several])
        order = several[np.lexsort(keys)]
        again = np.zeros(len(c.number), bool)
        again[order[1:]] = c.number[order[1:]] == c.number[order[:-1]]
        self.first = np.full(c.codes, -1, np.int64)
        self.first[c.number[~again]] = np.flatnonzero(~again)
        return again

    def _account(self) -> None:
        """Which of ours are stated in some way, and which of ours were taken back and are stated as such."""
        c = self.c
        stated = self.first >= 0
        stated[c.bad_number[c.bad_number >= 0]] = True
        self.stated_here = stated[c.our_number]
        self.is_back = c.back >= 0
        self.back_stated = np.zeros(len(c.our_number), bool)
        self.back_stated[self.is_back] = stated[c.back[self.is_back]]

    def _back_is_stated(self, ours: int) -> None:
        """Take one of ours as stated to be taken back, and its reversal as stated."""
        self.back_stated[ours] = True
        reversal = int(self.c.where[self.c.back[ours]])
        if reversal >= 0:
            self.stated_here[reversal] = True

    # -- numbers that are not ours

    def _unknown(self, rows: Ints) -> None:
        visits = self._by_visit(self.c.visit[rows])
        for row in rows.tolist():
            self._one_unknown(row, visits.get((int(self.c.visit[row]), int(self.c.person[row])), ()))

    def _one_unknown(self, row: int, ours: Sequence[int]) -> None:
        """A number that is not ours, beside what we have of its visit and person."""
        c, mine = self.c, self.c.paid(row)
        if any(_opposite(mine, c.our_paid(one)) and self._takes_back(row, one) for one in ours):
            return
        same = [one for one in ours if self._due(one) and not self.stated_here[one] and mine == c.our_paid(one)]
        if same:
            self.stated_here[same[0]] = True
            self.partner[row] = same[0]
            self._set(row, "number", c.setl_id(same[0]))
            return
        twins = [one for one in ours if self.stated_here[one] and int(c.our_money[one, 0]) == mine[0]]
        if twins:
            self._set(row, "double", c.setl_id(twins[0]))
        else:
            self._set(row, "missing_here")

    def _takes_back(self, row: int, ours: int) -> bool:
        """Whether a row of the opposite amounts under a strange number is the reversal of one of ours."""
        c = self.c
        if c.reversal[ours] or (self.is_back[ours] and self.back_stated[ours]):
            return False
        if self.is_back[ours]:
            self._back_is_stated(ours)
            self._set(row, "number", c.back_id(ours))
        else:
            self.stated_here[ours] = True
            self._set(row, "reversed_there", c.setl_id(ours))
        return True

    def _due(self, ours: int) -> bool:
        return bool(self.c.inside[ours] and self.c.here[ours] and self.c.due[ours])

    def _by_visit(self, visits: Ints) -> dict[tuple[int, int], list[int]]:
        """Places of ours by visit and person, of these visits."""
        ours = self.c.our_visit
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        wanted = np.zeros(1 + int(max(ours.max(initial=0), visits.max(initial=0))), bool)
        wanted[visits] = True
        for place in np.flatnonzero(wanted[ours]).tolist():
            found[int(ours[place]), int(self.c.our_person[place])].append(place)
        return found

    # -- numbers that are ours

    def _again(self, row: int) -> None:
        """A number that comes again: it takes the first one back, or is one too many."""
        c, ours = self.c, int(self.c.at[row])
        first = int(self.first[c.number[row]])
        takes_back = c.flagged[row] or _opposite(c.paid(row)[:3], c.paid(first)[:3])
        if not takes_back or ours < 0 or c.reversal[ours] or (self.is_back[ours] and self.back_stated[ours]):
            self._set(row, "twice")
        elif not self.is_back[ours]:
            self._set(row, "reversed_there", c.setl_id(ours))
        else:
            self._back_is_stated(ours)
            if not c.flagged[row]:
                self._set(row, "number", c.back_id(ours))

    def _matched(self, rows: Ints) -> None:
        """Rows that have a partner, all at once: of several kinds that fit, the first."""
        c = self.c
        ours, bits = c.at[rows], c.bits[rows]
        flagged, taken = c.flagged[rows] & ~c.reversal[ours], self.is_back[ours]
        for one in ours[flagged & taken].tolist():
            self._back_is_stated(one)
        cases = (
            ("day", ~c.inside[ours]),
            ("group", ~c.here[ours]),
            ("taken_back", taken & ~self.back_stated[ours]),
            ("reversed_there", flagged & ~taken),
            ("person", bits & PERSON > 0),
            ("visit", bits & VISIT > 0),
            ("amount", (bits & AMOUNTS > 0) & ~flagged),
            ("day", (bits & DAY > 0) & ~flagged),
        )
        tests = [test for _, test in cases]
        self.kind[rows] = np.select(tests, [np.int64(self.place[name]) for name, _ in cases], np.int64(AGREES))

    def _swapped(self) -> None:
        """Rows that have each other's amounts."""
        c = self.c
        waiting: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = defaultdict(list)
        for row in np.flatnonzero(self.kind == self.place["amount"]).tolist():
            mine, ours = c.paid(row), c.our_paid(int(c.at[row]))
            if pairs := waiting.get((ours, mine)):
                pair = pairs.pop()
                self._set(row, "swapped", c.stated_id(pair))
                self._set(pair, "swapped", c.stated_id(row))
            else:
                waiting[mine, ours].append(row)

    def _balanced(self) -> None:
        """Amounts that differ and make up for each other: within a row, or with those of another row."""
        c = self.c
        waiting: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for row in np.flatnonzero(self.kind == self.place["amount"]).tolist():
            more = tuple((c.money[row] - c.our_money[c.at[row]]).tolist())
            if more[0] == 0 and sum(more[1:]) == 0:
                self.balanced[row] = "row"
            elif pairs := waiting.get(tuple(-one for one in more)):
                pair = pairs.pop()
                self.balanced[row] = self.balanced[pair] = "other row"
                self.other[row], self.other[pair] = c.stated_id(pair), c.stated_id(row)
            else:
                waiting[more].append(row)

    # -- ours that are not stated

    def _missing(self) -> list[_Missing]:
        c = self.c
        due = c.inside & c.here & (c.due | (self.is_back & self.back_stated))
        left = np.flatnonzero(due & ~self.stated_here)
        unread = set(c.bad_visit[(c.bad_number < 0) & (c.bad_visit >= 0)].tolist())
        visits = self._by_visit(c.our_visit[left])
        found = []
        for place in left.tolist():
            visit = int(c.our_visit[place])
            if visit in unread:  # the row that can't be read is its row
                unread.discard(visit)
                continue
            others = visits[visit, int(c.our_person[place])]
            twins = [one for one in others if self.stated_here[one] and self._twins(one, place)]
            if self.elsewhere and c.setl_id(place) in self.elsewhere:
                found.append(_Missing(place, self.place["day"]))
            elif twins:
                found.append(_Missing(place, self.place["double"], c.setl_id(twins[0])))
            else:
                found.append(_Missing(place, self.place["missing_there"]))
        return found

    def _twins(self, one: int, two: int) -> bool:
        """Whether two of ours are of the same total on the same day."""
        c = self.c
        return bool(c.our_money[one, 0] == c.our_money[two, 0] and c.our_day[one] == c.our_day[two])

    def _found(self, missing: list[_Missing]) -> Found:
        """All of it, in order: by kind, by line, by our place."""
        c, rows, none = self.c, np.flatnonzero(self.kind != AGREES), len(missing)
        kind = np.concatenate([self.kind[rows], np.array([one.kind for one in missing], np.int64)])
        at = np.concatenate([rows, np.full(none, -1)])
        beside = np.concatenate([self.partner[rows], np.array([one.place for one in missing], np.int64)])
        bits = np.concatenate([c.bits[rows], np.zeros(none, np.int64)])
        line = np.concatenate([c.line[rows], np.full(none, np.iinfo(np.int64).max)])
        order = np.lexsort((np.where(at < 0, beside, 0), line, kind))
        other, balanced = {}, {}
        if self.other or self.balanced or none:
            for new, old in enumerate(order.tolist()):
                row = int(at[old])
                number = self.other.get(row, "") if row >= 0 else missing[old - len(rows)].other
                if number:
                    other[new] = number
                if row in self.balanced:
                    balanced[new] = self.balanced[row]
        return Found(
            matched=len(c.number) - len(rows),
            stated=c.stated,
            held=c.held,
            malformed=self.malformed,
            kind=kind[order],
            at=at[order],
            beside=beside[order],
            fields=bits[order],
            other=other,
            balanced=balanced,
            sums_agree=self._sums_agree(),
        )

    def _sums_agree(self) -> bool:
        """Whether both sides have as many settlements, of the same amounts in all, that have to be stated."""
        c = self.c
        due = c.inside & c.here & c.due
        same = (c.money.sum(axis=0) == c.our_money[due].sum(axis=0)).all()
        return bool(same) and len(c.number) == int(due.sum()) and not self.malformed


def _opposite(mine: tuple[int, ...], ours: tuple[int, ...]) -> bool:
    """Whether amounts are the opposite of others, and not all zero."""
    return any(mine) and mine == tuple(-one for one in ours)
