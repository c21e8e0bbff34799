"""The records of the vocabulary, and how its two files are read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

WORD_KINDS = ("money", "party", "fact", "value", "period", "document", "act")
CERTAINTIES = ("high", "medium", "low")

_WORD_REQUIRED = ("en", "zh", "kind", "means_en", "means_zh")
_WORD_KEYS = frozenset({*_WORD_REQUIRED, "code", "also", "source"})
_DICTIONARY_REQUIRED = ("zh", "en", "certainty", "sources", "codes")
_DICTIONARY_KEYS = frozenset({*_DICTIONARY_REQUIRED, "note"})
_CODE_REQUIRED = ("code", "zh", "en")
_CODE_KEYS = frozenset({*_CODE_REQUIRED, "note", "certainty", "pattern"})


class VocabularyError(ValueError):
    """A record of a vocabulary file is not as it must be; names the file, the record and the key."""


@dataclass(frozen=True)
class Entry:
    """One line of the vocabulary as a reader sees it, wherever it comes from.

    ``kind`` is a kind of word (money, party, fact, value, period, document, act), ``dictionary``
    for a dictionary as a whole, or ``code`` for one of its codes. ``code`` is, for a word, a field
    of the national interface or a dictionary and its code (``MED_TYPE 14``). ``dictionary`` and
    ``certainty`` are empty for words. For dictionaries and their codes ``meaning_en`` holds the
    note, if there is one, and ``source`` the letters that `sources` explains.
    """

    kind: str
    en: str
    zh: str
    code: str = ""
    dictionary: str = ""
    certainty: str = ""
    meaning_en: str = ""
    meaning_zh: str = ""
    source: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Code:
    """One code of a dictionary. A ``pattern`` stands for a family of codes (``99xx``) and never occurs itself."""

    code: str
    zh: str
    en: str
    certainty: str
    note: str = ""
    pattern: bool = False


@dataclass(frozen=True)
class Dictionary:
    """A code dictionary of the national platform, in the order of its source.

    >>> gend = dictionary("GEND")
    >>> gend["1"].en, "7" in gend, len(gend)
    ('male', False, 4)
    """

    id: str
    zh: str
    en: str
    certainty: str
    sources: tuple[str, ...]
    codes: tuple[Code, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)

    def __contains__(self, code: object) -> bool:
        """Whether the code occurs literally; families of codes do not count."""
        return any(entry.code == code and not entry.pattern for entry in self.codes)

    def __getitem__(self, code: str) -> Code:
        """The entry of a literal code. Raises KeyError, naming the codes there are."""
        for entry in self.codes:
            if entry.code == code and not entry.pattern:
                return entry
        known = ", ".join(entry.code for entry in self.codes)
        raise KeyError(f"dictionary {self.id} ({self.zh}) has no code {code!r}; it has: {known}")


def dictionary(id: str) -> Dictionary:
    """The dictionary with this id, in any case: the interface writes its fields in lower case.

    Raises KeyError, naming the nearest ids, when there is none.

    >>> dictionary("insutype")["390"].zh
    '城乡居民基本医疗保险'
    >>> dictionary("INSUTYPES")
    Traceback (most recent call last):
    KeyError: "no dictionary 'INSUTYPES'; nearest: INSUTYPE, LIST_TYPE, FIXMEDINS_TYPE"
    """
    found = _dictionaries_by_id().get(id.upper())
    if found is not None:
        return found
    from difflib import get_close_matches

    near = get_close_matches(id.upper(), _dictionaries_by_id(), n=3)
    raise KeyError(f"no dictionary {id!r}; nearest: {', '.join(near) or 'none, see all_dictionaries()'}")


def all_dictionaries() -> tuple[Dictionary, ...]:
    """Every dictionary, in the order of the file.

    >>> all_dictionaries()[0].id
    'INSUTYPE'
    """
    return tuple(_dictionaries_by_id().values())


@cache
def all_words() -> tuple[Entry, ...]:
    """Every word of the glossary, in the order of the file.

    >>> all_words()[0].zh
    '医疗费总额'
    """
    import tomllib

    document = tomllib.loads(_read("words.toml"))
    return tuple(_word(record, number) for number, record in enumerate(document["word"], 1))


def sources() -> Mapping[str, str]:
    """What each letter in the sources of a dictionary stands for.

    >>> sources()["K"]
    'general knowledge of the field; found in no source read'
    """
    return dict(_dictionary_file()["sources"])


@cache
def _dictionaries_by_id() -> dict[str, Dictionary]:
    document = _dictionary_file()
    return {id: _dictionary(id, record, document["sources"]) for id, record in document["dictionaries"].items()}


@cache
def _dictionary_file() -> dict[str, Any]:
    import json

    document: dict[str, Any] = json.loads(
        _read("dictionaries.json"), object_pairs_hook=lambda pairs: _once("dictionaries.json", pairs)
    )
    return document


def _read(name: str) -> str:
    from importlib.resources import files

    return files("openyibao.terms").joinpath(name).read_text(encoding="utf-8")


def _once(file: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise VocabularyError(f"{file}: {', '.join(twice)} stands twice in one record; keep one of them")
    return record


def _word(record: Mapping[str, Any], number: int) -> Entry:
    where = f"words.toml, word {number} ({record.get('en', 'without en')})"
    _check_keys(where, record, _WORD_REQUIRED, _WORD_KEYS)
    _check_one_of(where, "kind", record["kind"], WORD_KINDS)
    return Entry(
        kind=record["kind"],
        en=record["en"],
        zh=record["zh"],
        code=record.get("code", ""),
        meaning_en=record["means_en"],
        meaning_zh=record["means_zh"],
        source=record.get("source", ""),
        also=tuple(record.get("also", ())),
    )


def _dictionary(id: str, record: Mapping[str, Any], letters: Mapping[str, str]) -> Dictionary:
    where = f"dictionaries.json, {id}"
    _check_keys(where, record, _DICTIONARY_REQUIRED, _DICTIONARY_KEYS)
    _check_one_of(where, "certainty", record["certainty"], CERTAINTIES)
    for letter in record["sources"]:
        _check_one_of(where, "sources", letter, tuple(letters))
    return Dictionary(
        id=id,
        zh=record["zh"],
        en=record["en"],
        certainty=record["certainty"],
        sources=tuple(record["sources"]),
        codes=tuple(_code(where, entry, record["certainty"]) for entry in record["codes"]),
        note=record.get("note", ""),
    )


def _code(where: str, record: Mapping[str, Any], certainty: str) -> Code:
    where = f"{where} {record.get('code', 'without code')}"
    _check_keys(where, record, _CODE_REQUIRED, _CODE_KEYS)
    own_certainty = record.get("certainty", certainty)
    _check_one_of(where, "certainty", own_certainty, CERTAINTIES)
    return Code(
        code=record["code"],
        zh=record["zh"],
        en=record["en"],
        certainty=own_certainty,
        note=record.get("note", ""),
        pattern=record.get("pattern", False),
    )


def _check_keys(where: str, record: Mapping[str, Any], required: tuple[str, ...], known: frozenset[str]) -> None:
    missing = [key for key in required if key not in record]
    if missing:
        raise VocabularyError(f"{where}: {', '.join(missing)} is missing; write it")
    unknown = sorted(set(record) - known)
    if unknown:
        raise VocabularyError(f"{where}: unknown key {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _check_one_of(where: str, key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise VocabularyError(f"{where}: {key} is {value!r}; expected one of {', '.join(known)}")
