"""`yibao bench generate`: how fast the lab draws claims, and draws and settles them. Figures, no verdicts."""

from __future__ import annotations

import dataclasses
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from openyibao.bench.settle import print_figures, timed
from openyibao.lab import Generator, read_population
from openyibao.lab.bridge import Bridge
from openyibao.lab.layout import MAX_CLAIMS, Columns, empty_columns
from openyibao.policy import find_policy, read_policy
from openyibao.settlement.columns import RowRule

RUNS = 9
BLOCK = 15_000
"""Persons drawn at a time: their claims stay in the cache until they are settled."""


def run(name: str, persons: int, busier: float) -> None:
    """Print a table of all figures; the last line is one JSON object with the medians.

    busier: all rates of the population are multiplied with it.
    """
    population = read_population(name)
    kinds = tuple(dataclasses.replace(kind, rate=kind.rate * busier) for kind in population.kinds)
    population = dataclasses.replace(population, kinds=kinds)
    start = time.perf_counter()
    generator = Generator(population, persons=persons)
    built = time.perf_counter() - start
    rows = sum(len(block.person) for block in generator.blocks(0, persons, room(generator)))
    drawn = [rows / second / 1e6 for second in timed(lambda: draw(generator, 0, persons), RUNS)]
    figures = {
        "tables of the population (s)": [built],
        "persons drawn, one thread (M persons/s)": [
            persons / second / 1e6 for second in timed(lambda: generator.people(0, persons), RUNS)
        ],
        "claims drawn, one thread (M claims/s)": drawn,
        "claims drawn, two threads (M claims/s)": [
            rows / second / 1e6 for second in timed(lambda: in_halves(generator, draw), RUNS)
        ],
    }
    if population.policy:
        settler = Settler(generator, population.policy)
        figures |= {
            "claims drawn and settled, one thread (M claims/s)": [
                rows / second / 1e6 for second in timed(lambda: settler(generator, 0, persons), RUNS)
            ],
            "claims drawn and settled, two threads (M claims/s)": [
                rows / second / 1e6 for second in timed(lambda: in_halves(generator, settler), RUNS)
            ],
        }
    print_figures(figures, f"{name}: {persons:,} persons, {rows / persons:.2f} claims each, seed {generator.seed}")
    last = {"bench": "generate", "claims": rows, "drawn_claims_per_second": round(statistics.median(drawn) * 1e6)}
    print(json.dumps(last))


def room(generator: Generator) -> Columns:
    return empty_columns(MAX_CLAIMS + int(BLOCK * generator.claims_per_person))


def draw(generator: Generator, first: int, last: int) -> int:
    """All claims of a stretch, block by block in the same columns: how many."""
    return sum(len(block.person) for block in generator.blocks(first, last, room(generator)))


def in_halves(generator: Generator, work: object) -> int:
    """The work on two halves of the persons by two threads."""
    assert callable(work)
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda part: work(generator, *part), generator.parts(2)))


class Settler:
    """Draws and settles a stretch of persons, block by block: fen paid. Columns are not checked again."""

    def __init__(self, generator: Generator, policy: str) -> None:
        law = read_policy(find_policy(policy))
        self.rule, self.bridge = RowRule(law), Bridge(generator.population, law)

    def __call__(self, generator: Generator, first: int, last: int) -> int:
        paid = 0
        for block in generator.blocks(first, last, room(generator)):
            columns = self.bridge.columns(block, self.rule.needs)
            fault = np.zeros(len(block.person), np.int32)
            out = [np.zeros(len(fault), np.int64) for _ in self.rule.outputs]
            self.rule.run(block.person, self.rule.inputs(columns, block.person), None, fault, out)
            paid += int(out[self.rule.outputs.index("paid")].sum())
        return paid
