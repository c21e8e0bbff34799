"""The heart of tables: batches of claims in, batches of bills out, whatever the size of the batches.

A person's claims share what was used, so they are settled together: the rows of a person whom a batch may not have
shown to the end are carried over to the next. The rows of a person must stand together, in one stream. Where they do
not, nothing is silently wrong: `check_persons` refuses a person who comes a second time. Nothing else is kept between
batches, so a stream can be as long as it likes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from openyibao.tables.bills import Settler, Tally
from openyibao.tables.block import Block, join
from openyibao.tables.cells import Numbers
from openyibao.tables.ids import SeenIds, seen_ids
from openyibao.tables.pipeline import map_ahead
from openyibao.tables.problems import TableError
from openyibao.tables.reader import NONE, Reader


def settle_stream(
    batches: Iterable[Any],
    reader: Reader,
    reject: Callable[[Any], None],
    tally: Tally,
    *,
    seen: SeenIds | None = None,
    repeated: Numbers = NONE,
    pool: Executor | None = None,
) -> Iterator[Any]:
    """Bills (see `Settler.schema`) of batches of claims whose persons stand together, in the order of the rows.

    batches: record batches with the fields of the reader under their own names, and `row`, the number of each row.
    reject is given the rows that were not settled (`rejects.REJECTS`); tally is added to. repeated: rows that repeat
    the id of an earlier one. With a pool, its threads work ahead; what comes out is the same.
    seen: is told all ids; for several streams that together are one table, the same for all of them. Then the caller
    ends with `check_persons`. Without it, the stream does so itself.
    Raises TableError where the rows of a person do not stand together; bills given before that must not be used.
    """
    if seen is None:
        with tempfile.TemporaryDirectory(prefix="yibao-") as folder:
            own = seen_ids(Path(folder))
            yield from settle_stream(batches, reader, reject, tally, seen=own, repeated=repeated, pool=pool)
            check_persons(own, reader.file)
        return
    settler = Settler(reader)
    blocks = map_ahead(pool, partial(reader.read, repeated=repeated), batches)
    for settled in map_ahead(pool, settler.settle, whole_persons(blocks, seen)):
        tally.add(settled.tally)
        if settled.rejects is not None:
            reject(settled.rejects)
        yield settled.bills
    tally.check()


def check_persons(seen: SeenIds, file: str) -> None:
    """Raises TableError where a person came a second time, in one stream or in two."""
    if len(seen.persons.twice()):
        raise TableError(f"{file}: the rows of a person do not stand together. Sort the table by person.")


def whole_persons(blocks: Iterable[Block], seen: SeenIds) -> Iterator[Block]:
    """The same rows in blocks that never part a person: the last person of each block waits for the next block.

    Rows without a person stay with the one above them. `seen` is told the ids that come out.
    """
    waiting: list[Block] = []
    last: str | None = None
    for block in blocks:
        ends = block.person.ends()
        if ends is not None:
            first, final = ends
            new = block.person.new.copy()
            new[first] = block.person.text(first) != last
            last = block.person.text(final)
            block = replace(block, person=replace(block.person, new=new))  # noqa: PLW2901
        cuts = np.flatnonzero(block.person.new)
        if not len(cuts):
            waiting.append(block)
            continue
        start, end = int(cuts[0]), int(cuts[-1])
        if waiting or start:
            yield _told(join([*waiting, block.slice(0, start)]), seen)
        if end > start:
            yield _told(block.slice(start, end), seen)
        waiting = [block.slice(end, len(block))]
    if waiting:
        yield _told(join(waiting), seen)


def _told(block: Block, seen: SeenIds) -> Block:
    seen.add(block.claim, block.person)
    return block
