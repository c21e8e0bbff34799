"""Draws persons and claims of a population, any stretch of persons at a time, in the same numbers everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from openyibao.lab.build import tables_of
from openyibao.lab.kernel import make_claims, make_people
from openyibao.lab.layout import MAX_CLAIMS, Columns, People, Room, empty_columns, empty_people, empty_room
from openyibao.lab.population import PERSONS_OF_A_CLUSTER, Population

BLOCK_PERSONS = 30_000


class Generator:
    """The people of a population under a seed (that of its file if none is given).

    `persons` of them are drawn, numbered from 0; each stands for `weight` persons of the population.
    """

    def __init__(self, population: Population, seed: int | None = None, persons: int | None = None) -> None:
        self.population = population
        self.seed = population.seed if seed is None else seed
        self.persons = population.persons if persons is None else persons
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"the seed is {self.seed}; expected 0 to 2^63-1")
        if not 0 < self.persons < 2**46:
            raise ValueError(f"{self.persons} persons; expected 1 or more")
        self.tables = tables_of(population)
        self.key = (self.seed & 0xFFFFFFFF, self.seed >> 32)

    @property
    def weight(self) -> float:
        return self.population.persons / self.persons

    @property
    def claims_per_person(self) -> float:
        return sum(kind.rate for kind in self.population.kinds)

    def fill(self, first: int, last: int, out: Columns, room: Room | None = None) -> tuple[int, int]:
        """Claims of the persons first..last-1 into given columns: rows filled, and the person to go on with.

        The columns hold 4096 rows at least; a person's claims are never torn apart. room: from `empty_room`, to be
        used again; one a thread.
        """
        self._check(first, last)
        if len(out.person) < MAX_CLAIMS:
            raise ValueError(f"columns of {len(out.person)} rows; expected {MAX_CLAIMS} at least")
        return make_claims(self.tables.flat, *self.key, first, last, room or empty_room(), out)

    def claims(self, first: int, last: int) -> Columns:
        """All claims of the persons first..last-1, in order of person, day, kind and event."""
        room = MAX_CLAIMS + int((last - first) * self.claims_per_person * 1.1)
        while True:
            out = empty_columns(room)
            rows, reached = self.fill(first, last, out)
            if reached >= last:
                return Columns(*(column[:rows] for column in out))
            room *= 2

    def blocks(self, first: int, last: int, out: Columns) -> Iterator[Columns]:
        """The same, block after block in the given columns: a block is gone when the next one is asked for."""
        room = empty_room()
        while first < last:
            rows, first = self.fill(first, last, out, room)
            yield Columns(*(column[:rows] for column in out))

    def people(self, first: int, last: int) -> People:
        """The persons first..last-1."""
        self._check(first, last)
        out = empty_people(last - first)
        make_people(self.tables.flat, *self.key, first, last, empty_room(), out)
        return out

    def _check(self, first: int, last: int) -> None:
        if not 0 <= first <= last <= self.persons:
            raise ValueError(f"persons {first} to {last}; expected 0 to {self.persons}, the first before the last")

    def parts(self, count: int) -> list[tuple[int, int]]:
        """The persons in so many parts of whole clusters, about equal."""
        clusters = -(-self.persons // PERSONS_OF_A_CLUSTER)
        edges = [min(self.persons, clusters * n // count * PERSONS_OF_A_CLUSTER) for n in range(count + 1)]
        return [(low, high) for low, high in pairwise(edges) if high > low]
