"""A year of a population generated and settled block by block, without storing a claim.

What is kept are sums (`tally`), apart by batches of persons so that the Monte-Carlo error is known. A run can be
stopped at any time and resumed: the state file holds the sums of the blocks that are done, and what they were made of.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openyibao.lab.bridge import Bridge
from openyibao.lab.generate import Generator
from openyibao.lab.layout import Columns, empty_columns
from openyibao.lab.measure import BATCHES
from openyibao.lab.population import PERSONS_OF_A_CLUSTER
from openyibao.lab.tally import Shape, Whole, add_claims, shape_of
from openyibao.policy.model import Policy
from openyibao.settlement.columns import RowRule
from openyibao.tables.pipeline import map_ahead

BLOCK_PERSONS = 200 * PERSONS_OF_A_CLUSTER
ROOM = 1.3
"""Rows of a block's columns, of the claims that its persons have on average; a block with more is done in steps."""
SAVED_EVERY = 512
"""Blocks between two states on disk."""
Progress = Callable[[int, int, int], None]
"""Told how many of how many persons are done, and how many claims."""


class YearStateError(ValueError):
    """A state file that is not of this run."""


@dataclass(frozen=True)
class Part:
    """A population under a policy: one scheme of the year."""

    generator: Generator
    policy: Policy
    digest: str

    @property
    def name(self) -> str:
        return self.generator.population.name


class Settling:
    """Generates and settles blocks of persons of a part. Safe to use from several threads."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.rule = RowRule(part.policy)
        self.bridge = Bridge(part.generator.population, part.policy)
        self.shape: Shape = shape_of(part.generator.population, self.rule.outputs)

    def settle(self, block: tuple[int, int], columns: Columns) -> Whole:
        """The sums of the persons first..last-1, worked in columns that are used again and again."""
        sums = self.shape.empty()
        for claims in self.part.generator.blocks(*block, columns):
            ready = self.bridge.columns(claims, self.rule.needs)
            fault = np.zeros(len(claims.person), np.int32)
            outputs = [np.zeros(len(fault), np.int64) for _ in self.rule.outputs]
            self.rule.run(claims.person, self.rule.inputs(ready, claims.person), None, fault, outputs)
            add_claims(sums, claims, fault, outputs)
        return sums


@dataclass
class YearSums:
    """Sums of one part by batch: axes batch, then those of `tally`; persons done, by batch."""

    shape: Shape
    sums: Whole
    persons: Whole

    def check(self) -> None:
        """Every fen of a settled claim is paid or left to the person."""
        at = {name: self.sums[..., place].sum() for place, name in enumerate(self.shape.measures)}
        if at["total of settled"] != at["paid"] + at["personal"]:
            raise AssertionError(f"fen are not conserved: {at}")


class Year:
    """The parts of a year, and how far it is."""

    def __init__(self, parts: list[Part], batches: int = BATCHES) -> None:
        self.parts, self.batches = parts, batches
        self.settling = [Settling(part) for part in parts]
        self.done = 0
        self.sums = [
            YearSums(one.shape, np.zeros((batches, *one.shape.empty().shape), np.int64), np.zeros(batches, np.int64))
            for one in self.settling
        ]
        self.blocks = [block for number in range(len(parts)) for block in _blocks(number, parts[number], batches)]

    @property
    def persons(self) -> int:
        return sum(part.generator.persons for part in self.parts)

    @property
    def persons_done(self) -> int:
        return int(sum(one.persons.sum() for one in self.sums))

    @property
    def claims_done(self) -> int:
        return int(sum(one.sums[..., 0].sum() for one in self.sums))

    @property
    def settled_done(self) -> int:
        return int(sum(one.sums[..., one.shape.measures.index("settled")].sum() for one in self.sums))

    def run(self, pool: Executor | None, progress: Progress | None = None, state: Path | None = None) -> None:
        """Settle what is left. With a state file, it is written every now and then, when stopped, and at the end."""
        rows = max(int(one.part.generator.claims_per_person * BLOCK_PERSONS * ROOM) for one in self.settling) + 4096
        spare: list[Columns] = []

        def work(block: tuple[int, int, int, int]) -> Whole:
            try:
                columns = spare.pop()
            except IndexError:
                columns = empty_columns(rows)
            try:
                return self.settling[block[0]].settle(block[2:], columns)
            finally:
                spare.append(columns)

        saved, persons, claims = self.done, self.persons_done, self.claims_done
        try:
            for sums in map_ahead(pool, work, self.blocks[self.done :]):
                number, batch, first, last = self.blocks[self.done]
                self.sums[number].sums[batch] += sums
                self.sums[number].persons[batch] += last - first
                self.done += 1
                if state is not None and self.done - saved >= SAVED_EVERY:
                    self.save(state)
                    saved = self.done
                persons, claims = persons + last - first, claims + int(sums[..., 0].sum())
                if progress is not None:
                    progress(persons, self.persons, claims)
        finally:
            if state is not None:
                self.save(state)
        for one in self.sums:
            one.check()

    def made_of(self) -> dict[str, Any]:
        """What the sums depend on: populations, their tables, policies and their loops, seeds, persons, blocks."""
        return {
            "parts": [
                {
                    "population": one.part.name,
                    "policy": one.part.policy.id,
                    "digest": digest_of(one.part.digest, one.rule.text, *one.shape.measures),
                    "tables": one.part.generator.tables.digest,
                    "seed": one.part.generator.seed,
                    "persons": one.part.generator.persons,
                }
                for one in self.settling
            ],
            "batches": self.batches,
            "block": BLOCK_PERSONS,
        }

    def save(self, path: Path) -> None:
        """Write the state beside and put it in place at once."""
        if not path.parent.is_dir():
            raise YearStateError(f"{path}: there is no folder {path.parent}")
        data = self.made_of() | {
            "done": self.done,
            "sums": [one.sums.ravel().tolist() for one in self.sums],
            "persons": [one.persons.tolist() for one in self.sums],
        }
        data["check"] = _check_of(data)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            scratch.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)

    def resume(self, path: Path) -> None:
        """Go on from a state file. Raises YearStateError where it is of another run."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            kept = {key: data[key] for key in ("parts", "batches", "block")}
            if data["check"] != _check_of(data):
                raise ValueError("it was changed by hand, or cut")
            done = int(data["done"])
            sums = [np.array(one, np.int64) for one in data["sums"]]
            persons = [np.array(one, np.int64) for one in data["persons"]]
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise YearStateError(
                f"{path}: no state of a year can be read ({error}). Begin anew in another file."
            ) from None
        if kept != self.made_of() or [len(one) for one in sums] != [one.sums.size for one in self.sums]:
            raise YearStateError(
                f"{path}: this state is of another run: {kept['parts']}; now {self.made_of()['parts']}. "
                "Begin anew in another file."
            )
        due = [0] * len(self.parts)
        for number, _, first, last in self.blocks[: max(done, 0)]:
            due[number] += last - first
        if [int(who.sum()) for who in persons] != due:
            raise YearStateError(f"{path}: persons and blocks do not agree. Begin anew in another file.")
        self.done = done
        for one, found, who in zip(self.sums, sums, persons, strict=True):
            one.sums[...] = found.reshape(one.sums.shape)
            one.persons[...] = who


def _blocks(number: int, part: Part, batches: int) -> Iterator[tuple[int, int, int, int]]:
    """Blocks of whole households: part, batch, first person, one after the last."""
    for batch, (low, high) in enumerate(part.generator.parts(batches)):
        for first in range(low, high, BLOCK_PERSONS):
            yield number, batch, first, min(first + BLOCK_PERSONS, high)


def _check_of(data: dict[str, Any]) -> str:
    """A digest of all that a state holds."""
    return digest_of(json.dumps({key: data[key] for key in sorted(data) if key != "check"}, ensure_ascii=False))


def digest_of(*texts: str) -> str:
    """A name for what a part is made of.

    >>> digest_of("a", "b") == digest_of("ab")
    False
    """
    whole = hashlib.sha256()
    for text in texts:
        whole.update(hashlib.sha256(text.encode()).digest())
    return whole.hexdigest()[:16]
