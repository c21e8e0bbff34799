"""Random words: the published answers, and the same words from compiled code and plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from openyibao.lab.philox import philox

# Known answers of Random123 (kat_vectors, philox4x32 10): counter, key, words.
ANSWERS = [
    ((0,) * 4, (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), ANSWERS)
@pytest.mark.parametrize("form", ["compiled", "plain"])
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], words: tuple[int, ...], form: str) -> None:
    draw = philox if form == "compiled" else philox.py_func  # type: ignore[attr-defined]
    assert tuple(draw(*counter, *key)) == words


def test_every_word_of_counter_and_key_matters() -> None:
    base = [1, 2, 3, 4, 5, 6]
    seen = {philox(*base)}
    for place in range(6):
        changed = [*base]
        changed[place] += 1
        seen.add(philox(*changed))
    assert len(seen) == 7


def test_words_are_even() -> None:
    """Chi-square of the top byte of 65,536 words: 255 degrees of freedom, beyond 400 by chance once in 10^8."""
    words = np.array([philox(n, 0, 0, 0, 20131231, 7) for n in range(16384)]).ravel()
    seen = np.bincount(words >> 24, minlength=256)
    expected = len(words) / 256
    assert ((seen - expected) ** 2 / expected).sum() < 400
