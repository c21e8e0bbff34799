"""Ids: hashes, where persons begin, what came twice; in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from openyibao.tables.ids import Seen, read_ids
from tables.making import SEED

TEXTS = ["a", "a", "b", "", None, "b", " b ", "　b", "bb", "甲", "甲", "é", "e", "1E+5"]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_texts_of_every_kind(kind: object) -> None:
    for start in (0, 2):
        ids = read_ids(pa.array(TEXTS, pa.string()).cast(kind)[start:], "id")
        texts = [(text or "").strip() for text in TEXTS][start:]
        assert ids.texts.to_pylist() == texts
        last, new = "", []
        for text in texts:
            new.append(bool(text) and text != last)
            last = text or last
        assert ids.new.tolist() == new
        assert [bool(number) for number in ids.hashes] == [bool(text) for text in texts]
        assert len(set(ids.hashes.tolist())) == len(set(texts))
        assert ids.shortened is not None and ids.shortened.tolist() == [text == "1E+5" for text in texts]


def test_whole_numbers_and_floats() -> None:
    assert read_ids(pa.array([7, None, 7, 2**63 - 1]), "id").texts.to_pylist() == ["7", "", "7", str(2**63 - 1)]
    floats = read_ids(pa.array([7.0, None, 0.5, 1e15, float("nan"), 1e15 - 1]), "id")
    assert floats.shortened is not None and floats.shortened.tolist() == [False, False, True, True, False, False]
    assert floats.texts.to_pylist()[0] == "7" and floats.texts.to_pylist()[-1] == "999999999999999"


@pytest.mark.parametrize("kept", [10, 1000, 10**6])
def test_what_came_twice(tmp_path: Path, kept: int) -> None:
    print(f"seed {SEED}; another: YIBAO_SEED=...")
    random = np.random.default_rng(SEED)
    numbers = random.integers(0, 2**64, 5000, np.uint64)
    again = numbers[random.integers(0, 5000, 40)]
    seen = Seen(tmp_path, "ids", kept)
    for block in np.array_split(random.permutation(np.concatenate([numbers, again])), 17):
        seen.add(block)
    assert seen.twice().tolist() == np.unique(again).tolist()
    assert list(tmp_path.iterdir()) == []


def test_nothing_came(tmp_path: Path) -> None:
    assert Seen(tmp_path, "ids").twice().tolist() == []
