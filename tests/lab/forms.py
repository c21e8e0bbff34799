"""Random claims of a policy, as columns and as a batch; their bills by the function for one claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao import Policy, Rule, read_policy
from openyibao.bench.claim_batches import claim_batch
from openyibao.bench.claims import Columns, random_columns
from openyibao.lab.stream import FAULT
from openyibao.settlement.columns import RowRule

POLICIES = Path(__file__).parent.parent / "policies"
STAYS = read_policy(POLICIES / "stays-only.yaml")
DERIVED = read_policy(POLICIES / "derived.yaml")
"""Asks for every column that a batch may have: charge, enrolment, episode, stay, flags, any text."""


@dataclass(frozen=True)
class Claims:
    """The same claims twice."""

    policy: Policy
    columns: Columns
    batch: Any

    @property
    def rows(self) -> int:
        return int(self.batch.num_rows)


def random_claims(policy: Policy, persons: int, seed: int, bad_share: float = 0.02) -> Claims:
    columns = random_columns(policy, persons, seed, bad_share=bad_share)
    day = columns[policy.rule_date]  # some were moved by two years, from 29 February
    columns[policy.rule_date] = np.where((day % 10_000 == 229) & (day // 10_000 % 4 != 0), day - 1, day)
    return Claims(policy, columns, claim_batch(policy, columns))


def single_form(claims: Claims) -> dict[str, list[int]]:
    """Bills as `BatchSettler` names them, claim by claim by the function for one claim: the columns and the faults."""
    rule, rows = Rule(claims.policy), RowRule(claims.policy)
    program = rule.plan.program
    names = (*program.inputs, *program.texts, *program.keyed)
    inputs = [rows.column(claims.columns, name, claims.rows).tolist() for name in names]
    places = [program.outputs.index(name) + 1 for name in rows.outputs]
    found: list[list[int]] = []
    uses: dict[tuple[str | int, ...], int] = {}
    last = -1
    for row, person in enumerate(claims.columns["person"].tolist()):
        if person != last:
            uses, last = {}, person
        result = rule.function(*(column[row] for column in inputs), uses)
        found.append([0] * len(places) + [result[0]] if result[0] else [*(result[place] for place in places), 0])
    headers = [*(f"{name}_fen" for name in rows.outputs), FAULT]
    return dict(zip(headers, map(list, zip(*found, strict=True)), strict=True))


def bills_of(batches: Iterable[Any], headers: Iterable[str]) -> dict[str, list[int]]:
    """These columns of all batches."""
    table = pa.Table.from_batches(list(batches))
    return {header: table.column(header).to_pylist() for header in headers}


def cut(batch: Any, *rows: int) -> list[Any]:
    """Slices of so many rows each, the last number again and again."""
    made, at = [], 0
    sizes = iter(rows)
    size = next(sizes)
    while at < batch.num_rows:
        made.append(batch.slice(at, size))
        at += size
        size = next(sizes, size)
    return made


def replaced(batch: Any, **columns: Any) -> Any:
    """The batch with other columns; None takes one out. `_` in a name stands for itself."""
    table = {name: batch.column(name) for name in batch.schema.names} | columns
    return pa.RecordBatch.from_pydict({name: column for name, column in table.items() if column is not None})


def changed(batch: Any, name: str, row: int, value: Any) -> Any:
    """The batch with another value in one cell; its column may become one of another type."""
    kind = batch.column(name).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    values = batch.column(name).to_pylist()
    values[row] = value
    return replaced(batch, **{name: pa.array(values, kind)})
