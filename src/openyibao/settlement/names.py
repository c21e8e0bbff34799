"""Python names for the words of a policy: `basic insurance` becomes `basic_insurance`."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

FACT_NAMES = {"class": "assistance_class"}


class Names:
    """Gives every word one valid name, never the same to two words.

    >>> names = Names()
    >>> names("basic insurance"), names("basic-insurance"), names("class")
    ('basic_insurance', 'basic_insurance_2', 'assistance_class')
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._given: dict[str, str] = {}
        self._taken = set(reserved)

    def __call__(self, word: str) -> str:
        if word not in self._given:
            name = FACT_NAMES.get(word) or re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_").lower() or "x"
            if keyword.iskeyword(name) or name[0].isdigit():
                name = f"x_{name}"
            number, free = 2, name
            while free in self._taken:
                free, number = f"{name}_{number}", number + 1
            self._taken.add(free)
            self._given[word] = free
        return self._given[word]
