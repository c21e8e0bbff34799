"""Policies in words: values, parts and names in both languages, as the policy language says them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Basis,
    Bilingual,
    Cell,
    Condition,
    Fact,
    Money,
    NotAllowed,
    NotKnown,
    Policy,
    Ratio,
)
from openyibao.policy.values import percent, yuan
from openyibao.policy.vocabulary import AND_OVER, FROM_TO, LIST_SEPARATOR, say_range
from openyibao.policy.write import Writer

LANGUAGES = ("zh", "en")
BOUNDS = {"least": ("，最低{0}", ", at least {0}"), "most": ("，最高{0}", ", at most {0}")}
SURE = {"high": "高", "medium": "中", "low": "低"}


def both(say: Callable[[str], str]) -> Bilingual:
    """A text said in each language."""
    return Bilingual(say("zh"), say("en"))


def pick(text: Bilingual, lang: str) -> str:
    return text.zh if lang == "zh" else text.en


class Words:
    """Says what one policy says."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.writers = {lang: Writer(policy, lang) for lang in LANGUAGES}

    def say(self, word: str) -> Bilingual:
        return both(lambda lang: self.writers[lang].say(word))

    def listed(self, words: Iterable[str]) -> Bilingual:
        found = list(words)
        return both(lambda lang: LIST_SEPARATOR[lang].join(self.writers[lang].say(word) for word in found))

    def sums(self, terms: Iterable[tuple[str | None, str]], sign: str = "+") -> Bilingual:
        """Quantities joined by a sign."""
        found = list(terms)
        return both(lambda lang: f" {sign} ".join(self.writers[lang].named(*term) for term in found))

    def value(self, cell: Cell, signed: bool = False) -> Bilingual:
        """A value of a table: an amount in yuan, a rate, a share of something, or that nobody knows it."""
        return both(lambda lang: self._value(cell, lang, signed))

    def _value(self, cell: Cell, lang: str, signed: bool) -> str:
        value = cell.value
        if isinstance(value, Money):
            return yuan(value.fen) + ("元" if lang == "zh" else " yuan")
        if isinstance(value, NotKnown | NotAllowed):
            why = pick(value.why, lang)
            told = self.writers[lang].say(self.writers[lang].reason(value))
            return f"{told}（{why}）" if why and lang == "zh" else f"{told} ({why})" if why else told
        if isinstance(value, Ratio):
            return ("+" if signed and value.ratio > 0 else "") + percent(value.ratio)
        writer = self.writers[lang]
        text = str(writer.value(value))
        for (zh, en), bound in zip(BOUNDS.values(), writer.bounds(value), strict=True):
            unit = "" if isinstance(bound, str) else "元" if lang == "zh" else " yuan"
            text += "" if bound is None else (zh if lang == "zh" else en).format(f"{bound}{unit}")
        return text

    def condition(self, condition: Condition) -> Bilingual:
        def said(lang: str) -> str:
            found = self.writers[lang].condition(condition)
            return found if isinstance(found, str) else LIST_SEPARATOR[lang].join(found)

        return both(said)

    def fact(self, fact: Fact) -> Bilingual:
        """The values that a policy tells apart."""
        if fact.range is not None:
            span = (str(fact.range.low), str(fact.range.high))
            return both(lambda lang: FROM_TO.say(lang, *span))
        if fact.kind in ("money", "signed money", "any"):
            return self.say(fact.kind)
        return self.listed(fact.values)

    def basis(self, basis: Basis | None) -> Bilingual:
        """Where a value stands and how sure it is, in short."""
        if basis is None:
            return Bilingual("", "")
        document = self.policy.document(basis.document)
        title = document.title if document else Bilingual("文件未查明", "document not identified")
        known = basis.article != NOT_IDENTIFIED
        zh = title.zh + (basis.article if known else "") + f"；可靠程度：{SURE.get(basis.sure, basis.sure)}"
        en = title.en + (f", {basis.article}" if known else "") + f"; sure: {basis.sure}"
        return Bilingual(zh, en)


def atom_text(atoms: tuple[str | tuple[int, int], ...], words: Words, top: int | None) -> Bilingual:
    """Some values of a fact, or intervals of a number (open above where they reach `top`)."""

    def said(lang: str) -> str:
        texts = []
        for atom in atoms:
            if isinstance(atom, str):
                texts.append(pick(words.say(atom), lang))
            elif atom[1] == top:
                texts.append(AND_OVER.say(lang, str(atom[0])))
            else:
                texts.append(say_range(atom[0], atom[1], lang))
        return LIST_SEPARATOR[lang].join(texts)

    return both(said)
