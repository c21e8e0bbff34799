"""Facts of a column as the numbers that `RowRule.settle` takes, each distinct text looked at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.policy.model import Fact
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.claim import FactValue, Held
from openyibao.settlement.lowering import MISSING, MISSING_MONEY, UNKNOWN
from openyibao.tables.cells import EMPTY, Numbers, amount_of, per_text, read_amounts
from openyibao.tables.names import Column, code_words, empty_word, kind_of

SEVERAL = UNKNOWN - 1
BETWEEN = re.compile(r"[;；、]")
WHOLE = re.compile(r"([0-9]{1,9})(?:\.0*)?", re.ASCII)


@dataclass(frozen=True)
class FactReader:
    """How the cells of one column become the numbers of a fact."""

    fact: Fact
    column: Column
    vocabulary: Vocabulary

    def read(self, cells: Any) -> Numbers:
        """The number of each cell: of a word, its place among the fact's values; of a number, itself; of money, fen.

        Missing where a cell is empty, UNKNOWN for a value that the policy does not have, SEVERAL where a cell names
        several and the policy does not rank them. Money that cannot be read is below `cells.WRONG`.
        """
        kind = kind_of(self.fact)
        if kind in ("money", "signed money"):
            fen = read_amounts(cells, self.column.header, signed=kind == "signed money")
            return np.where(fen == EMPTY, MISSING_MONEY, fen)
        if kind == "number":
            return _read_numbers(cells, self.fact)
        empty = self.word("")
        missing = self.fact.values.index(empty) if empty in self.fact.values else MISSING
        return per_text(cells, self.number, missing, np.int32)

    def number(self, text: str) -> int:
        """The number of one text: a word of the policy in either language, or a national code; or several of them."""
        values = self.fact.values
        words = self.words(text)
        known = [values.index(word) for word in words if word in values]
        if len(words) > 1 and not getattr(self.fact, "order", False):
            return SEVERAL
        return min(known, default=UNKNOWN)

    def words(self, text: str) -> list[str]:
        """The words of a cell, each once: one, or several with ; or 、 between."""
        one = self.word(text)
        if one in self.fact.values or not BETWEEN.search(text):
            return [one]
        return list(dict.fromkeys(self.word(part.strip()) for part in BETWEEN.split(text) if part.strip())) or [one]

    def word(self, text: str) -> str:
        """The policy's word for a text; the text itself, in English if it is known, where the policy has none.

        An empty text gives what a national field means by it, or nothing.
        """
        if not text:
            return empty_word(self.fact.name) if self.column.name.naming == "national" else ""
        codes = code_words(self.fact.name) if self.column.name.naming != "english" else {}
        chinese, ours = codes.get(text, ("", ""))
        word = self.vocabulary.english(text)
        for candidate in (word, self.vocabulary.english(chinese), ours):
            if candidate in self.fact.values:
                return candidate
        return ours or word

    def value(self, text: str) -> FactValue | None:
        """What a claim states that has this cell: for what is said of a row that could not be settled."""
        kind, text = kind_of(self.fact), text.strip()
        if kind == "words":
            words = self.words(text) if text else [self.word("")]
            return tuple(Held(word) for word in words) if len(words) > 1 else words[0] or None
        if not text:
            return None
        if kind in ("money", "signed money"):
            return amount_of(text, signed=True)
        whole = WHOLE.fullmatch(text) if kind == "number" else None
        return int(whole[1]) if whole else text


def _read_numbers(cells: Any, fact: Fact) -> Numbers:
    assert fact.range is not None
    low, high = fact.range.low or 0, fact.range.high or 0
    if pa.types.is_integer(cells.type):
        wide = cells.cast(pa.int64(), safe=False)
        numbers: Numbers = (wide.fill_null(MISSING) if wide.null_count else wide).to_numpy(zero_copy_only=False)
        outside = (numbers < low) | (numbers > high)
        if outside.any():
            stated = cells.is_valid().to_numpy(zero_copy_only=False)
            numbers = np.where(outside & stated, UNKNOWN, numbers)
        return numbers.astype(np.int32)

    def number(text: str) -> int:
        found = WHOLE.fullmatch(text)
        return int(found[1]) if found and low <= int(found[1]) <= high else UNKNOWN

    return per_text(cells, number, MISSING, np.int32)


def scheme_agrees(cells: Any, scheme: str, vocabulary: Vocabulary) -> Numbers:
    """1 where the claim's insurance scheme is the policy's, or not stated; 0 elsewhere."""
    codes = code_words("scheme")

    def agrees(text: str) -> int:
        chinese, ours = codes.get(text, ("", ""))
        return int(scheme in (vocabulary.english(text), vocabulary.english(chinese), ours))

    return per_text(cells, agrees, 1)
