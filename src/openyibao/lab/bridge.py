"""Puts generated claims in the words of a policy: the columns that `RowRule.settle` takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openyibao.lab.layout import Columns
from openyibao.lab.population import Answer, Population
from openyibao.policy.model import Fact, Policy
from openyibao.settlement.columns import MONEY
from openyibao.settlement.lowering import MISSING, UNKNOWN

Array = npt.NDArray[Any]
PLAIN = ("person", "admission", "discharge", "settlement", *MONEY)
ONES = ("first_of_stay", "last_of_stay")
MISSINGS = ("charge", "enrolment")
NUMBERED = ("episode", "stay")
CODES = 128


class BridgeError(ValueError):
    """A policy asks what the population does not answer."""


class Bridge:
    """The mapping from a population to a policy, with small tables from codes to the policy's numbers.

    Raises BridgeError for a fact that the file's `facts` leave open, or a word that the policy does not list. Kinds of
    events that the policy's `service` does not list are no error: their claims are not settled (`left_out`).
    """

    def __init__(self, population: Population, policy: Policy) -> None:
        self.population, self.policy = population, policy
        answers = dict(population.facts)
        self.left_out: tuple[str, ...] = ()
        self._constants: dict[str, int] = {}
        self._tables: dict[str, tuple[str, Array]] = {}
        self.facts = tuple(fact for fact in policy.facts if fact.kind not in ("admission number", "derived"))
        for fact in self.facts:
            if fact.name not in answers:
                raise BridgeError(
                    f"policy {policy.id} asks for {fact.name!r} ({', '.join(fact.values) or fact.kind}); population "
                    f"{population.name} answers {', '.join(answers) or 'nothing'}: add it to the file's facts"
                )
            self._add(fact, answers[fact.name])
        if policy.divisions:
            parts = ", ".join(name for division in policy.divisions for name in division.names)
            raise BridgeError(f"policy {policy.id} divides the parts of a claim ({parts}); a population has four parts")

    def columns(self, claims: Columns, needs: tuple[str, ...]) -> dict[str, Array]:
        """The columns that a rule needs (`RowRule.needs`). Columns that need no translation are not copied."""
        found: dict[str, Array] = {}
        rows = len(claims.person)
        for name in needs:
            if name in self._tables:
                source, table = self._tables[name]
                found[name] = np.take(table, getattr(claims, source))
            elif name in self._constants:
                found[name] = np.full(rows, self._constants[name], np.int32)
            elif name in PLAIN:
                found[name] = getattr(claims, name)
            elif name in ONES:
                found[name] = np.ones(rows, np.int8)
            elif name in MISSINGS:
                found[name] = np.full(rows, MISSING, np.int32)
            elif name in NUMBERED:
                found[name] = claims.number
            else:
                raise BridgeError(f"policy {self.policy.id} needs {name!r}, which a population does not have")
        return found

    def _add(self, fact: Fact, answer: Answer) -> None:
        if answer.column is None:
            self._constants[fact.name] = self._number(fact, answer.constant)
            return
        column = "class_" if answer.column == "class" else answer.column
        if fact.kind == "number" and not answer.bands:
            if column not in ("age", "quintile"):
                raise BridgeError(f"fact {fact.name!r} of policy {self.policy.id} is a number; {column} is none")
            numbers = np.arange(CODES, dtype=np.int16) + np.int16(column == "quintile")
            low, high = (fact.range.low or 0, fact.range.high or 0) if fact.range else (0, CODES)
            known = (numbers >= low) & (numbers <= high)
            self._tables[fact.name] = (column, np.where(known, numbers, np.int16(UNKNOWN)))
            return
        table = np.full(CODES, UNKNOWN, np.int8 if len(fact.values) < CODES else np.int32)
        if answer.bands:
            for low, word in answer.bands:
                table[low:] = self._number(fact, word)
        else:
            words = dict(answer.words)
            for code, word in enumerate(self._words(column)):
                table[code] = self._word(fact, words.get(word, word), column)
        self._tables[fact.name] = (column, table)

    def _words(self, column: str) -> tuple[str, ...]:
        population = self.population
        return {
            "kind": tuple(kind.word for kind in population.kinds),
            "grade": population.grades,
            "tier": population.tiers,
            "class_": population.classes,
            "residence": population.places,
            "sex": ("male", "female"),
            "quintile": tuple(str(number) for number in range(1, 6)),
            "age": (),
        }[column]

    def _word(self, fact: Fact, word: str, column: str) -> int:
        if column == "kind" and word not in fact.values:
            self.left_out += (word,)
            return UNKNOWN
        return self._number(fact, word)

    def _number(self, fact: Fact, value: str | int | None) -> int:
        if fact.kind == "words" and value in fact.values:
            return fact.values.index(str(value))
        if fact.kind == "number" and isinstance(value, int) and fact.range is not None:
            if (fact.range.low or 0) <= value <= (fact.range.high or 0):
                return value
            raise BridgeError(f"{fact.name!r} is {value}; policy {self.policy.id} takes {fact.range}")
        raise BridgeError(
            f"population {self.population.name} answers {fact.name!r} with {value!r}; policy {self.policy.id} lists "
            f"{', '.join(fact.values) or fact.kind}: map the word under facts: {fact.name}: words:"
        )
