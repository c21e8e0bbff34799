"""The words of the policy language in both languages, and the phrases built from them.

A reader turns every word into its English form first, so that one parser reads both languages; a writer turns
the English form into either. Words that only one policy uses come from its own `words` list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openyibao.policy.messages import Message, listed
from openyibao.policy.model import Bilingual

MOST_SHOWN = 40


@dataclass(frozen=True)
class FactWord:
    """A fact that policies may ask about, its kind, and the values the language has for it.

    `words`: named values, or any text where the policy says so; `number`: a whole number; `money`, `signed money`:
    fen; `admission number`: worked out, not stated.
    """

    name: str
    zh: str
    values: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Language:
    """The base vocabulary: keys and words as English -> Chinese, the facts, and what people mean by other words."""

    words: dict[str, str]
    facts: dict[str, FactWord]
    meant: dict[str, str]
    kinds: dict[str, str]


@cache
def language() -> Language:
    data = tomllib.loads(files("openyibao.policy").joinpath("language.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = {**data["keys"], **data["values"], **data["words"]}
    facts = {}
    for name, fact in data["facts"].items():
        values = fact.get("values", {})
        facts[name] = FactWord(name, fact["zh"], tuple(values), fact.get("kind", "words"))
        words[name] = fact["zh"]
        words.update(values)
    return Language(words, facts, data["meant"], data["kinds"])


def chinese_kind(kind: str) -> str:
    """What a fact of a kind is declared as in a Chinese policy.

    >>> chinese_kind("money"), chinese_kind("any")
    ('金额', '任意')
    """
    return language().kinds.get(kind) or language().words[kind]


class Vocabulary:
    """English <-> Chinese for one policy: the base language plus the policy's own words.

    >>> Vocabulary().english("统筹基金"), Vocabulary().chinese("pooled fund")
    ('pooled fund', '统筹基金')
    """

    def __init__(self, own: Iterable[Bilingual] = ()) -> None:
        self.own = tuple(own)
        self._zh = dict(language().words)
        self._zh.update({word.en: word.zh for word in self.own})
        self._en = {zh: en for en, zh in self._zh.items()}

    def english(self, text: str) -> str:
        """The English form of a word in either language; a word nobody declared comes back as it is."""
        return text if text in self._zh else self._en.get(text, text)

    def chinese(self, english: str) -> str:
        return self._zh.get(english, english)

    def path(self, path: str, lang: str) -> str:
        """A path of keys, parted by ` / `, with all its words in one language; what is no word stays as written.

        >>> Vocabulary().path("layers / 基本医疗保险 / pays / 6至17", "zh")
        '保障层次 / 基本医疗保险 / 报销比例 / 6至17'
        """
        return " / ".join(self._piece(piece, lang) for piece in path.split(" / "))

    def _piece(self, piece: str, lang: str) -> str:
        if found := re.fullmatch(r"(.+)(\[\d+\])", piece):
            return self._piece(found[1], lang) + found[2]
        if not self.knows(self.english(piece)):
            for phrase in (UNDER, AND_OVER, FROM_TO):
                if (parts := phrase.match(piece)) and all(part.isdecimal() for part in parts):
                    return phrase.say(lang, *parts)
            words = [self.english(word) for word in split_list(piece)]
            if len(words) > 1 and all(self.knows(word) for word in words):
                return LIST_SEPARATOR[lang].join(self.say(word, lang) for word in words)
        return self.say(self.english(piece), lang)

    def say(self, english: str, lang: str) -> str:
        return self.chinese(english) if lang == "zh" else english

    def word(self, english: str) -> Message:
        """A word, or a part of something (`basic insurance's copay`), in both languages, for a message."""
        parts = None if self.knows(english) else PART_OF.match(english)
        return Message(PART_OF.say("zh", *map(self.chinese, parts)) if parts else self.chinese(english), english)

    def named(self, english: str) -> Message:
        """The same, with quotation marks."""
        return Message(f"“{self.word(english).zh}”", repr(english))

    def some(self, words: Collection[str], near: str = "") -> Message:
        """A list of words, cut where it is long; the one that was probably meant is always in it."""
        all_words = list(words)
        shown = all_words[:MOST_SHOWN]
        shown += [near] if near in all_words and near not in shown else []
        return listed(map(self.word, shown), cut=len(all_words) > len(shown))

    def words(self) -> tuple[str, ...]:
        """All words, in English."""
        return tuple(self._zh)

    def knows(self, english: str) -> bool:
        return english in self._zh


@dataclass(frozen=True)
class Phrase:
    """A phrase with gaps, in both languages: `{0}` and `{1}` stand for the parts."""

    en: str
    zh: str

    def say(self, lang: str, *parts: str) -> str:
        return (self.zh if lang == "zh" else self.en).format(*parts)

    def match(self, text: str) -> tuple[str, ...] | None:
        """The parts, in the order of their numbers, or None when the text is not this phrase."""
        for template, last in ((self.en, False), (self.zh, True)):
            found = _pattern(template, last).fullmatch(text)
            if found:
                groups = found.groupdict()
                return tuple(groups[name].strip() for name in sorted(groups))
        return None


@cache
def _pattern(template: str, last: bool) -> re.Pattern[str]:
    """English splits at the first joint (`50% of ...`), Chinese at the last (`...的50%`)."""
    pieces = re.split(r"\{(\d)\}", template)
    some = ".+" if last else ".+?"
    text = "".join(f"(?P<g{piece}>{some})" if n % 2 else re.escape(piece) for n, piece in enumerate(pieces))
    return re.compile(text)


PART_OF = Phrase("{0}'s {1}", "{0}的{1}")
LEFT_OF = Phrase("left of {0}", "{0}后的个人负担")
SHARE_OF = Phrase("{0} of {1}", "{1}的{0}")
EACH = Phrase("{0} x {1}", "{0}×{1}")
EACH_BEYOND = Phrase("{0} x {1} beyond {2}", "{0}×{1}超过{2}的部分")
OWN_SHARE = Phrase("{0} of the own share of {1}", "{1}自付比例的{0}")
LINE_UP = Phrase("{0} + {1} x {2}", "{0}+{1}×{2}")
LINE_DOWN = Phrase("{0} - {1} x {2}", "{0}-{1}×{2}")
UNDER = Phrase("under {0}", "未满{0}")
AND_OVER = Phrase("{0} and over", "{0}及以上")
FROM_TO = Phrase("{0} to {1}", "{0}至{1}")
MONTHS_BEFORE = Phrase("the {0} months before", "前{0}个月")
ROUND_DOWN = Phrase("down to {0} yuan", "向下取整到{0}元")
ROUND_UP = Phrase("up to {0} yuan", "向上取整到{0}元")
ROUND_HALF_UP = Phrase("half-up to {0} yuan", "四舍五入到{0}元")
ROUNDING = {"down": ROUND_DOWN, "up": ROUND_UP, "half-up": ROUND_HALF_UP}
LIST_SEPARATOR = {"en": ", ", "zh": "、"}


def say_range(low: int | None, high: int | None, lang: str) -> str:
    """A range of whole numbers in words.

    >>> say_range(None, 17, "en"), say_range(18, None, "zh")
    ('under 18', '18及以上')
    """
    if low is None:
        return UNDER.say(lang, str((high or 0) + 1))
    if low == high:
        return str(low)
    return AND_OVER.say(lang, str(low)) if high is None else FROM_TO.say(lang, str(low), str(high))


def split_list(text: str) -> list[str]:
    """The words of a key such as `destitute, back in poverty` or `特困人员、返贫致贫人口`."""
    return [word.strip() for word in re.split(r"[,、，]", text)]
