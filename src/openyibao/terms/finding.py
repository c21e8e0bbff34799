"""Finding a word, a dictionary or a code by any of its names, and near misses when nothing is found."""

from __future__ import annotations

from functools import cache
from unicodedata import normalize

from openyibao.terms.vocabulary import Code, Dictionary, Entry, all_dictionaries, all_words

# An entry, its folded names, which match also in part, and its folded keys, which match only as a whole.
_Indexed = tuple[Entry, tuple[str, ...], tuple[str, ...]]

_EXACT, _PREFIX, _SUBSTRING, _NO_MATCH = range(4)


def find(query: str) -> list[Entry]:
    """Everything the query names: words, dictionaries and codes of dictionaries.

    English and Chinese names match in part; capitals, full-width letters, hyphens and underscores
    make no difference. National codes, interface fields and dictionary ids match only as a whole;
    ``MED_TYPE 14`` asks for the code of one dictionary, and an id alone gives the dictionary and
    all its codes. Exact matches come first, then names that begin with the query, then names that
    contain it; among equals words come first, then dictionaries, then codes, in the order of the
    files. Nothing found, or an empty query, gives an empty list: see `suggest`.

    >>> [entry.zh for entry in find("起付标准")][:2]
    ['起付线', '大病保险起付标准']
    >>> [(entry.kind, entry.dictionary, entry.code) for entry in find("chronic outpatient")]
    [('value', '', 'MED_TYPE 14'), ('code', 'DISE_TYPE_CODE', '11')]
    >>> find("SETL_TYPE 2")[0].en
    'online settlement'
    >>> find("no such thing")
    []
    """
    wanted = _fold(query)
    if not wanted:
        return []
    ranked = [(_rank(wanted, names, keys), entry) for entry, names, keys in _index()]
    return [entry for rank, entry in sorted(ranked, key=lambda pair: pair[0]) if rank != _NO_MATCH]


def suggest(query: str, limit: int = 5) -> list[str]:
    """Up to ``limit`` names that look like the query, nearest first, each found again by `find`.

    >>> suggest("deductable")[0]
    'deductible'
    >>> suggest("medfee_sumant")[0]
    'medfee_sumamt'
    """
    from difflib import get_close_matches

    wanted = _fold(query)
    if not wanted or limit < 1:
        return []
    names = _names()
    # Chinese terms are short: one wrong character of four is already a quarter of the name.
    cutoff = 0.7 if wanted.isascii() else 0.5
    return [names[near] for near in get_close_matches(wanted, names, n=limit, cutoff=cutoff)]


def _rank(wanted: str, names: tuple[str, ...], keys: tuple[str, ...]) -> int:
    if wanted in names or wanted in keys:
        return _EXACT
    if any(name.startswith(wanted) for name in names):
        return _PREFIX
    if any(wanted in name for name in names):
        return _SUBSTRING
    return _NO_MATCH


def _fold(text: str) -> str:
    """One spelling for all spellings of a name."""
    return " ".join(normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ").split())


@cache
def _index() -> tuple[_Indexed, ...]:
    words = [_indexed(word, (word.en, word.zh, *word.also), (word.code,)) for word in all_words()]
    dictionaries = [_index_dictionary(dictionary) for dictionary in all_dictionaries()]
    codes = [_index_code(dictionary, code) for dictionary in all_dictionaries() for code in dictionary]
    return (*words, *dictionaries, *codes)


@cache
def _names() -> dict[str, str]:
    """Every folded name that `suggest` may give, with its spelling in the files."""
    spelling: dict[str, str] = {}
    for word in all_words():
        for name in (word.en, word.zh, word.code, *word.also):
            spelling.setdefault(_fold(name), name)
    for dictionary in all_dictionaries():
        for name in (dictionary.id, dictionary.en, dictionary.zh):
            spelling.setdefault(_fold(name), name)
        for code in dictionary:
            for name in (code.en, code.zh):
                spelling.setdefault(_fold(name), name)
    spelling.pop("", None)
    return spelling


def _index_dictionary(dictionary: Dictionary) -> _Indexed:
    entry = Entry(
        kind="dictionary",
        en=dictionary.en,
        zh=dictionary.zh,
        dictionary=dictionary.id,
        certainty=dictionary.certainty,
        meaning_en=dictionary.note,
        source=", ".join(dictionary.sources),
    )
    return _indexed(entry, (dictionary.en, dictionary.zh), (dictionary.id,))


def _index_code(dictionary: Dictionary, code: Code) -> _Indexed:
    entry = Entry(
        kind="code",
        en=code.en,
        zh=code.zh,
        code=code.code,
        dictionary=dictionary.id,
        certainty=code.certainty,
        meaning_en=code.note,
        source=", ".join(dictionary.sources),
    )
    return _indexed(entry, (code.en, code.zh), (code.code, dictionary.id, f"{dictionary.id} {code.code}"))


def _indexed(entry: Entry, names: tuple[str, ...], keys: tuple[str, ...]) -> _Indexed:
    return entry, tuple(filter(None, map(_fold, names))), tuple(filter(None, map(_fold, keys)))
