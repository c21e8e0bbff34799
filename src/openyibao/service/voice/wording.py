"""Texts as they are kept, how far they may be cut, and the stated reasons."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from openyibao.policy.model import Bilingual

LONGEST, SHORTEST, LONGEST_ANSWER = 1000, 5, 3000
"""Characters of a question and of an answer."""
JOINER = "\u200d"
"""The one invisible character that stays: it holds some written forms together."""
MARKS = frozenset("某□×*…[]【】（）() \n")
"""What an edited text may hold that the original does not: marks of what was cut."""


def clean(text: str) -> str:
    """A text without control characters, marks that turn its direction, and empty lines in a row.

    >>> clean(" a\\r\\n\\r\\n\\r\\n\\u202eb\\x07 ")
    'a\\n\\nb'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = (one for one in text if one in ("\n", JOINER) or unicodedata.category(one) not in ("Cc", "Cf", "Cs"))
    lines = "\n".join(line.strip() for line in "".join(kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def only_cut(original: str, edited: str) -> bool:
    """Whether an edited text is the original with some of it left out or marked: nothing is put into anybody's mouth.

    >>> only_cut("我叫张三，门诊报多少？", "我叫某某，门诊报多少？"), only_cut("报多少？", "报得太少！")
    (True, False)
    """
    left = iter(original)
    return all(one in left for one in edited if one not in MARKS)


@cache
def reasons(of: str) -> dict[str, Bilingual]:
    """The reasons for which the agency may `refuse` a question or `withdraw` an answer, by their codes."""
    data = tomllib.loads(files(__package__).joinpath("reasons.toml").read_text(encoding="utf-8"))
    return {code: Bilingual(**text) for code, text in data[of].items()}
