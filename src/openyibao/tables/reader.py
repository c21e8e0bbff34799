"""From a batch of a table to a block of numbers: a policy compiled for the columns that a table has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.policy.facts import INPATIENT
from openyibao.policy.model import Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.columns import RowRule
from openyibao.tables.block import Block
from openyibao.tables.cells import (
    EMPTY,
    NEITHER,
    NO_DAY,
    NOT_A_DAY,
    REASONS,
    SECONDS_PER_DAY,
    WRONG,
    Numbers,
    read_amounts,
    read_days,
    read_flags,
)
from openyibao.tables.facts import SEVERAL, FactReader, scheme_agrees
from openyibao.tables.ids import Flags, Ids, read_ids
from openyibao.tables.names import DATES, MONEY, STAY_DAYS, bill_columns, find_columns, kind_of, wanted_facts
from openyibao.tables.problems import KEYS, told

ROW, TORN = "row", "torn"
"""Columns of a source besides the fields: where the row stands, and the text of one that is torn."""
FLAGS = ("first_of_stay", "last_of_stay")
OTHER_DATES = ("charge", "enrolment")
TEXTS = ("episode", "stay")
NONE: Numbers = np.empty(0, np.int64)
KEPT_RULES = 8
_rules: dict[int, tuple[Policy, RowRule]] = {}
"""The policies settled last, compiled, by identity: one that is equal but stands in another file has its own lines."""


def row_rule(policy: Policy) -> RowRule:
    """The loop form of a policy, kept for the next table."""
    kept = _rules.get(id(policy))
    if kept is None or kept[0] is not policy:
        kept = _rules[id(policy)] = (policy, RowRule(policy))
        while len(_rules) > KEPT_RULES:
            _rules.pop(next(iter(_rules)))
    return kept[1]


class Reader:
    """Reads batches of one table: which columns, and how each becomes numbers. Safe to use from several threads."""

    def __init__(self, policy: Policy, file: str, headers: list[str]) -> None:
        """Raises TableError where the columns are not those of a table of claims for the policy."""
        self.policy, self.file = policy, file
        self.rule = row_rule(policy)
        needs = self.rule.needs
        self.columns = find_columns(file, headers, policy, needs)
        self.bills = bill_columns(policy, self.rule.outputs, self.columns.naming)
        self.vocabulary = Vocabulary(policy.words)
        self.facts = {
            name: FactReader(fact, self.columns.read[name], self.vocabulary)
            for name, fact in wanted_facts(policy).items()
        }
        self.defaults = [name for name in (*FLAGS, *OTHER_DATES, *TEXTS) if name in needs]
        self.fields = tuple(self.columns.read)
        words = {name for name, fact in self.facts.items() if kind_of(fact.fact) in ("words", "number")}
        self.few = frozenset({*words, *DATES, *OTHER_DATES, *FLAGS, "scheme"})
        """Fields whose columns hold few distinct texts, each of which is looked at once."""

    def headers(self) -> dict[str, str]:
        """The columns to read: field -> what the table calls it."""
        return {field: column.header for field, column in self.columns.read.items()}

    def number(self, key: str, field: str) -> int:
        """The number of a problem of a field."""
        return KEYS.index(key) * len(self.fields) + self.fields.index(field) + 1

    def problem(self, number: int) -> tuple[str, str]:
        """The key of REASONS and the field that a number stands for."""
        key, field = divmod(number - 1, len(self.fields))
        return KEYS[key], self.fields[field]

    def read(self, batch: Any, repeated: Numbers = NONE) -> Block:
        """The block of a batch that holds `row`, maybe `torn`, and the fields. `repeated` rows have an earlier id.

        Raises TableError where a column is of a wrong kind, or holds text that is not UTF-8.
        """
        with told(Path(self.file)):
            return self._read(batch, repeated)

    def _read(self, batch: Any, repeated: Numbers) -> Block:
        wrong = Wrong(self, batch.num_rows)
        rows = batch[ROW].to_numpy(zero_copy_only=False)
        if TORN in batch.schema.names:
            wrong.mark(batch[TORN].is_valid().to_numpy(zero_copy_only=False), "torn", "claim_id")
        claim, person = (self._ids(batch, field, wrong) for field in ("claim_id", "person"))
        if len(repeated):
            wrong.mark(np.isin(rows, repeated), "repeated", "claim_id")
        numbers, order, one_day = self._days(batch, wrong)
        numbers |= self._money(batch, wrong)
        numbers |= self._flags(batch, wrong)
        texts = self._facts(batch, numbers, wrong)
        service = self.facts.get("service")
        if service is not None and INPATIENT in service.fact.values:
            inpatient = numbers["service"] == service.fact.values.index(INPATIENT)
            wrong.mark(one_day & inpatient, "no stay", "service")
        if "scheme" in self.columns.read:
            agrees = scheme_agrees(batch["scheme"], self.policy.scheme, self.vocabulary)
            wrong.mark(agrees == 0, "scheme", "scheme")
        for name in TEXTS:
            if name in self.defaults:
                texts[name] = self._text(batch, name, wrong)
        return Block(rows, claim, person, order, wrong.problem, numbers, texts, batch)

    def _ids(self, batch: Any, field: str, wrong: Wrong) -> Ids:
        ids = read_ids(batch[field], self.columns.header(field))
        wrong.mark(ids.hashes == 0, "empty", field)
        if ids.shortened is not None:
            wrong.mark(ids.shortened, "shortened", field)
        return ids

    def _days(self, batch: Any, wrong: Wrong) -> tuple[dict[str, Numbers], Numbers, Flags]:
        """The dates, the moments that order the rows, and which rows have neither admission nor discharge."""
        numbers, moments = {}, {}
        for name in (*DATES, *OTHER_DATES):
            if name in self.columns.read:
                days, moments[name] = read_days(batch[name], self.columns.header(name))
                wrong.mark(days == NOT_A_DAY, "no day", name)
                numbers[name] = days.astype(np.int32)
            elif name in self.defaults or name in STAY_DAYS:
                numbers[name] = np.full(batch.num_rows, NO_DAY, np.int32)
        one_day = self._one_day(numbers, wrong)
        wrong.mark(numbers["discharge"] < numbers["admission"], "discharge", "discharge")
        wrong.mark(numbers["settlement"] < numbers["discharge"], "settlement", "settlement")
        seconds = moments["settlement"]
        order = numbers["settlement"].astype(np.int64) * SECONDS_PER_DAY
        return numbers, order if seconds is None else order + seconds, one_day

    def _one_day(self, numbers: dict[str, Numbers], wrong: Wrong) -> Flags:
        """A row without admission and discharge is of one day; one of the two alone is not enough."""
        one_day: Flags = (numbers["admission"] == NO_DAY) & (numbers["discharge"] == NO_DAY)
        for name in DATES:
            wrong.mark((numbers[name] == NO_DAY) & ~(one_day & (name in STAY_DAYS)), "empty", name)
        for name in STAY_DAYS:
            numbers[name] = np.where(one_day, numbers["settlement"], numbers[name])
        return one_day

    def _money(self, batch: Any, wrong: Wrong) -> dict[str, Numbers]:
        numbers = {name: read_amounts(batch[name], self.columns.header(name)) for name in MONEY}
        if self.policy.gatherings:  # what has no money of its own need not say 0
            none = self._gathers(batch)
            numbers = {name: np.where(none & (fen == EMPTY), 0, fen) for name, fen in numbers.items()}
        for name, fen in numbers.items():
            self._mark_amounts(fen, name, wrong)
        total, *parts = numbers.values()
        wrong.mark(sum(parts) != total, "sum", "total")
        return numbers

    def _gathers(self, batch: Any) -> Flags:
        """Which rows are claims that gather."""
        service = self.facts["service"]
        gathers = [service.fact.values.index(one.service) for one in self.policy.gatherings]
        found: Flags = np.isin(service.read(batch["service"]), gathers)
        return found

    def _mark_amounts(self, fen: Numbers, field: str, wrong: Wrong) -> None:
        if len(fen) and fen.min() < WRONG:
            for value, key in REASONS.items():
                wrong.mark(fen == value, key, field)

    def _flags(self, batch: Any, wrong: Wrong) -> dict[str, Numbers]:
        numbers = {}
        for name in FLAGS:
            if name in self.columns.read:
                flags = read_flags(batch[name])
                wrong.mark(flags == NEITHER, "yes or no", name)
                numbers[name] = flags.astype(np.int32)
            elif name in self.defaults:
                numbers[name] = np.ones(batch.num_rows, np.int32)
        return numbers

    def _facts(self, batch: Any, numbers: dict[str, Numbers], wrong: Wrong) -> dict[str, Any]:
        texts = {}
        for name, reader in self.facts.items():
            kind = kind_of(reader.fact)
            if kind == "any":
                texts[name] = self._text(batch, name, wrong)
                continue
            found = numbers[name] = reader.read(batch[name])
            if kind in ("money", "signed money"):
                self._mark_amounts(found, name, wrong)
            elif kind == "words":
                wrong.mark(found == SEVERAL, "several", name)
        return texts

    def _text(self, batch: Any, name: str, wrong: Wrong) -> Any:
        if name not in self.columns.read:
            return pa.nulls(batch.num_rows, pa.string()).fill_null("")
        ids = read_ids(batch[name], self.columns.header(name))
        if ids.shortened is not None:
            wrong.mark(ids.shortened, "shortened", name)
        return ids.texts


class Wrong:
    """What is wrong with each row; the first thing found stays."""

    def __init__(self, reader: Reader, rows: int) -> None:
        self.reader = reader
        self.problem = np.zeros(rows, np.int16)

    def mark(self, rows: Any, key: str, field: str) -> None:
        """rows: where it is wrong."""
        if rows.any():
            self.problem[rows & (self.problem == 0)] = self.reader.number(key, field)
