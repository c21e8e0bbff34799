"""Lists with known faults, for tests and benchmarks: what is injected must be found, in its kind, and nothing else.

world = made(1_000_000, seed)          settlements as the platform might hold them (rows.HELD)
wrong = inject(world, 500, seed)       a list of them with 500 faults of each sort
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.policy.model import Bilingual
from openyibao.service.reconciliation.rows import HELD, MONEY, STATED, Difference, Malformed

Fields = dict[str, Any]
Sign = tuple[str, str, tuple[str, ...], str, str]
"""What a difference is known by: kind, number, fields, other number, balance."""
FIRST = date(2026, 3, 1)
DAYS = 31
SPECIAL = 50
"""One settlement in so many is outside the days, elsewhere, taken back, or has a twin: of each."""


def sign(one: Difference) -> Sign:
    return one.kind, one.text("setl_id"), one.fields, one.other, one.balanced


def made(count: int, seed: int) -> pa.Table:
    """Settlements of a month. Some lie outside it or belong to another office or category, some were taken back (their
    reversals come beyond `count`) and the visit was settled again, some are the second of their visit and day, of the
    same total."""
    chance = np.random.default_rng(seed)
    number = np.arange(count)
    special = number % SPECIAL
    total = chance.integers(1_000, 3_000_000, count)
    funds = total * chance.integers(0, 9_000, count) // 10_000
    account = np.minimum((total - funds) // 3, chance.integers(0, 50_000, count))
    day = np.datetime64(FIRST) + chance.integers(0, DAYS, count)
    day[special == 1] = np.datetime64(FIRST) - 1
    twin = ((special == 4) | (special == 6)) & (number > 0)
    visit = np.where(twin, number - 1, number)
    total[twin], day[twin] = total[number[twin] - 1], day[number[twin] - 1]
    funds[twin], account[twin] = total[twin] // 7, 0
    columns = [
        _names("S", number),
        _names("V", visit),
        _names("P", visit // 3),
        *(pa.array(one) for one in (total, funds, account, total - funds - account)),
        pa.array(day.astype("datetime64[D]")),
        pa.array(special != 1),
        pa.array(special != 2),
        pa.array(special != 3),
        pa.repeat(pa.scalar(False), count),
        pc.if_else(pa.array(special == 3), _names("R", number), pa.scalar(None, pa.string())),
    ]
    table = pa.table(columns, schema=HELD)
    return pa.concat_tables([table, _reversals(table.filter(pa.array(special == 3)))])


def _names(letter: str, numbers: Any) -> pa.Array:
    return pc.binary_join_element_wise(letter, pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 19, "0"), "")


def _reversals(taken: pa.Table) -> pa.Table:
    """Of the same day; neither they nor what they take back has to be stated."""
    values = {name: taken[name] for name in HELD.names}
    values.update({name: pc.negate(taken[name]) for name in MONEY}, setl_id=taken["back_id"])
    rows = taken.num_rows
    values.update(reversal=pa.repeat(pa.scalar(True), rows), back_id=pa.nulls(rows, pa.string()))
    return pa.table(values, schema=HELD)


def agreeing(held: pa.Table) -> pa.Table:
    """A list (rows.STATED) with all that has to be stated, cash and day too."""
    due = pc.and_(pc.and_(held["inside"], held["here"]), held["due"])
    rows = held.filter(due)
    values = {name: rows[name] for name in STATED.names if name in rows.column_names}
    values["line"] = pa.array(np.arange(1, rows.num_rows + 1))
    values["reversed"] = pa.repeat(pa.scalar(False), rows.num_rows)
    return pa.table({name: values[name] for name in STATED.names}, schema=STATED)


@dataclass
class Wrong:
    """A list with faults, the rows of it that can't be read, and what has to be found."""

    stated: pa.Table
    malformed: list[Malformed]
    expected: list[Sign]


def inject(held: pa.Table, each: int, seed: int) -> Wrong:
    """The list of `agreeing` with `each` faults of each sort, in an order by chance."""
    return _Injection(held, each, random.Random(seed)).wrong()


@dataclass
class _Injection:
    held: pa.Table
    each: int
    chance: random.Random
    dropped: set[str] = field(default_factory=set)
    added: list[Fields] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    expected: list[Sign] = field(default_factory=list)
    delta: int = 0

    def wrong(self) -> Wrong:
        sorts: list[Callable[[], None]] = [
            *(self._missing_there, self._missing_here, self._amount, self._within, self._across, self._swapped),
            *(self._person, self._visit, self._twice, self._day, self._number, self._reversed, self._marked),
            *(self._double_there, self._unreadable),
        ]
        every = self._plain()
        self.plain = iter(self.chance.sample(every, min(len(every), self.each * (len(sorts) + 2))))
        for _ in range(self.each):
            for sort in sorts:
                sort()
        self._pools()
        return self._list()

    def _plain(self) -> list[int]:
        """Places of settlements that have to be stated and are alone in their visit."""
        visits = self.held["mdtrt_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        alone = np.bincount(visits)[visits] == 1
        due = pc.and_(pc.and_(self.held["inside"], self.held["here"]), self.held["due"]).to_numpy()
        found: list[int] = np.flatnonzero(alone & due).tolist()
        return found

    def _next(self) -> Fields:
        """A settlement that has no fault yet."""
        return self._at(next(self.plain))

    def _at(self, place: int) -> Fields:
        row: Fields = self.held.slice(place, 1).to_pylist()[0]
        return {name: row[name] for name in STATED.names if name in row} | {"reversed": False}

    def _more(self) -> int:
        """An amount in fen that no other fault has."""
        self.delta += 1
        return self.delta * self.chance.choice((-1, 1))

    def _new(self, letter: str) -> str:
        self.delta += 1
        return f"{letter}{self.delta:019d}"

    def _expect(self, kind: str, row: Fields, *fields: str, other: str = "", balanced: str = "") -> None:
        self.expected.append((kind, row["setl_id"], fields, other, balanced))

    def _replace(self, row: Fields, **values: Any) -> Fields:
        changed = {**row, **values}
        self.dropped.add(row["setl_id"])
        self.added.append(changed)
        return changed

    # -- sorts of faults

    def _missing_there(self) -> None:
        row = self._next()
        self.dropped.add(row["setl_id"])
        self._expect("missing_there", row)

    def _missing_here(self) -> None:
        row = {**self._next(), "setl_id": self._new("X"), "mdtrt_id": self._new("W")}
        self.added.append(row)
        self._expect("missing_here", row)

    def _amount(self) -> None:
        row, name = self._next(), self.chance.choice(MONEY)
        self._expect("amount", self._replace(row, **{name: row[name] + self._more()}), name)

    def _within(self) -> None:
        row, more = self._next(), self._more()
        one, two = self.chance.sample(MONEY[1:], 2)
        changed = self._replace(row, **{one: row[one] + more, two: row[two] - more})
        self._expect("amount", changed, *sorted((one, two), key=MONEY.index), balanced="row")

    def _across(self) -> None:
        one, two, name, more = self._next(), self._next(), self.chance.choice(MONEY), self._more()
        self._expect(
            "amount", self._replace(one, **{name: one[name] + more}), name, other=two["setl_id"], balanced="other row"
        )
        self._expect(
            "amount", self._replace(two, **{name: two[name] - more}), name, other=one["setl_id"], balanced="other row"
        )

    def _swapped(self) -> None:
        one, two = self._next(), self._next()
        fields = tuple(name for name in MONEY if one[name] != two[name])
        if not fields:
            return
        for mine, other in ((one, two), (two, one)):
            self._expect(
                "swapped", self._replace(mine, **{name: other[name] for name in MONEY}), *fields, other=other["setl_id"]
            )

    def _person(self) -> None:
        self._expect("person", self._replace(self._next(), psn_no=self._new("Q")), "psn_no")

    def _visit(self) -> None:
        self._expect("visit", self._replace(self._next(), mdtrt_id=self._new("W")), "mdtrt_id")

    def _twice(self) -> None:
        row = self._next()
        self.added.append(dict(row))
        self._expect("twice", row)

    def _day(self) -> None:
        row = self._next()
        self._expect("day", self._replace(row, day=row["day"] + timedelta(days=self.chance.choice((-1, 1)))), "day")

    def _number(self) -> None:
        row = self._next()
        self._expect("number", self._replace(row, setl_id=self._new("X")), other=row["setl_id"])

    def _reversed(self) -> None:
        row = self._next()
        back = {**row, "setl_id": self._new("X"), **{name: -row[name] for name in MONEY}}
        self.added.append(back)
        self._expect("reversed_there", back, other=row["setl_id"])

    def _marked(self) -> None:
        self._expect("reversed_there", self._replace(self._next(), reversed=True))

    def _double_there(self) -> None:
        row = self._next()
        again = {**row, "setl_id": self._new("X"), "funds_fen": 0, "account_fen": 0, "cash_fen": row["total_fen"]}
        if again["cash_fen"] == row["cash_fen"]:
            return  # the very same amounts under another number would be a double of their own
        self.added.append(again)
        self._expect("double", again, other=row["setl_id"])

    def _unreadable(self) -> None:
        row = self._next()
        self.dropped.add(row["setl_id"])
        self.bad.append(row["setl_id"])
        self._expect("malformed", row)

    def _pools(self) -> None:
        """Faults of what lies elsewhere, was taken back, or is the second settlement of a visit."""
        held = self.held
        inside, here = held["inside"], held["here"]
        for place in self._some(pc.invert(inside)):
            self.added.append(self._at(place))
            self._expect("day", self.added[-1])
        for place in self._some(pc.and_(inside, pc.invert(here))):
            self.added.append(self._at(place))
            self._expect("group", self.added[-1])
        for place in self._some(pc.and_(pc.and_(inside, here), held["back_id"].is_valid())):
            self.added.append(self._at(place))
            self._expect("taken_back", self.added[-1])
        for row, first in self._twins():
            self.dropped.add(row["setl_id"])
            self._expect("double", row, other=first)

    def _some(self, test: pa.ChunkedArray) -> list[int]:
        places: list[int] = np.flatnonzero(test.to_numpy()).tolist()
        return self.chance.sample(places, min(self.each, len(places)))

    def _twins(self) -> Iterator[tuple[Fields, str]]:
        """Second settlements of a visit on the same day and of the same total, with the number of the first."""
        due = pc.and_(pc.and_(self.held["inside"], self.held["here"]), self.held["due"])
        places = np.flatnonzero(due.to_numpy())
        visits = self.held["mdtrt_id"].combine_chunks().dictionary_encode().indices.to_numpy()[places]
        order = places[np.argsort(visits, kind="stable")]
        visits = np.sort(visits, kind="stable")
        seconds = np.flatnonzero(visits[1:] == visits[:-1]) + 1
        for place in self.chance.sample(seconds.tolist(), min(self.each, len(seconds))):
            first, second = self._at(int(order[place - 1])), self._at(int(order[place]))
            if (first["total_fen"], first["day"]) == (second["total_fen"], second["day"]):
                yield second, first["setl_id"]

    def _list(self) -> Wrong:
        """The list in an order by chance, with the rows that can't be read at its end."""
        rows = agreeing(self.held)
        kept = rows.filter(pc.invert(pc.is_in(rows["setl_id"], pa.array(sorted(self.dropped), pa.string()))))
        new = [{**{name: row.get(name) for name in STATED.names}, "line": 0} for row in self.added]
        whole = pa.concat_tables([kept, pa.Table.from_pylist(new, schema=STATED)])
        order = np.random.default_rng(self.chance.randrange(2**32)).permutation(whole.num_rows)
        whole = whole.take(pa.array(order))
        lines = pa.array(np.arange(1, whole.num_rows + 1))
        stated = whole.set_column(0, STATED.field("line"), lines)
        why = Bilingual("金额有误", "an amount is wrong")
        malformed = [Malformed(whole.num_rows + place, why, setl_id) for place, setl_id in enumerate(self.bad, 1)]
        return Wrong(stated, malformed, sorted(self.expected))
