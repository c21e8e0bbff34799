"""The keys and words that the reader asks for, taken from the reader itself while it reads `schema_probe.yaml`.

The schema for editors is built from them, so it cannot know other keys than the reader does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openyibao.policy.kept import KEPT_KEYS
from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Node, own_words, parse_bytes
from openyibao.policy.problems import FileError
from openyibao.policy.read import _read_policy
from openyibao.policy.reading import Fields, Reading, join
from openyibao.policy.tables import LEAF_KEYS, TABLE_KEYS
from openyibao.policy.variation import KEYS as VARIATION_KEYS
from openyibao.policy.vocabulary import Vocabulary, language

PROBE, EDITOR = "schema_probe.yaml", "editor.toml"
FIRST, SECOND = "layers / basic insurance", "layers / medical assistance"
PLACES = {  # where the probe has a mapping of each kind
    "policy": "",
    "bilingual": "title",
    "in force": "in force",
    "document": "documents / rule book",
    "identity": "facts / class",
    "statistic share": "amounts / line",
    "amount sum": "amounts / line with more",
    "sum": "quantities / burden",
    "divided": "divided parts",
    "line": "divided parts / in-scope cost / class A cost",
    "gathering": "gathering claims / year-end supplement",
    "derived fact": "derived facts / size",
    "reach": "derived facts / size / values",
    "last reach": "derived facts / size / values",
    "layer": FIRST,
    "basis": f"{FIRST} / basis",
    "term": f"{FIRST} / of",
    "bands": f"{FIRST} / pays in bands",
    "band": f"{FIRST} / pays in bands / bands",
    "last band": f"{FIRST} / pays in bands / bands",
    "kept": f"{FIRST} / at most per month",
    "fixed": f"{SECOND} / pays fixed",
}
CHANGE_KEYS = ("at", "to")  # the reader of variations makes its own `Reading`: tests compare with what it asks
VARIATION_OPTIONAL = ("words",)


@dataclass(frozen=True)
class Keys:
    """The keys of one kind of mapping, in English."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


class Asked(Reading):
    """A reading that notes what it asks for, by place: the keys of mappings, the words of choices."""

    def __init__(self, file: str, vocabulary: Vocabulary) -> None:
        super().__init__(file, vocabulary)
        self.keys: dict[str, list[Keys]] = {}
        self.words: dict[str, tuple[str, ...]] = {}

    def fields(
        self,
        node: Node,
        path: str,
        required: Collection[str],
        optional: Collection[str] = (),
        beside: Collection[str] = (),
    ) -> Fields:
        self.keys.setdefault(path, []).append(Keys(tuple(required), tuple(optional)))
        return super().fields(node, path, required, optional, beside)

    def choice(self, node: Node, path: str, choices: Collection[str]) -> str:
        self.words[path] = tuple(choices)
        return super().choice(node, path, choices)


@cache
def asked() -> Asked:
    """The reading of the probe. Raises FileError when the probe is no policy any more."""
    root = parse_bytes(files("openyibao.policy").joinpath(PROBE).read_bytes(), PROBE)
    reading = Asked(PROBE, Vocabulary(Bilingual(zh, en) for zh, en in own_words(root)))
    _read_policy(reading, root, PROBE)
    if reading.problems:
        raise FileError(reading.problems)
    return reading


def keys_of(kind: str) -> Keys:
    """The keys of a kind of mapping, as the reader asks for them.

    >>> keys_of("document").required
    ('title', 'number', 'date', 'source')
    """
    named = {
        "variation": Keys(VARIATION_KEYS, VARIATION_OPTIONAL),
        "change": Keys(CHANGE_KEYS, ()),
        "facts": Keys((), tuple(language().facts)),
        "table": Keys(TABLE_KEYS[:1], (*TABLE_KEYS[1:], "otherwise")),
        "leaf": Keys((), LEAF_KEYS),
        "kept": Keys((), KEPT_KEYS),
        "fixed": Keys((), ("for each",)),
        "rate": Keys((), ("points",)),
    }
    return named[kind] if kind in named else asked().keys[PLACES[kind]][-1 if kind.startswith("last ") else 0]


def words_of(kind: str, key: str) -> tuple[str, ...]:
    """The words of which the reader wants one under a key.

    >>> words_of("basis", "sure")
    ('high', 'medium', 'low')
    """
    return asked().words[join(PLACES[kind], key)]


@cache
def _texts() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("openyibao.policy").joinpath(EDITOR).read_text(encoding="utf-8"))


def says(kind: str, key: str, lang: str) -> str:
    """What an editor says about a key: first in the language in which the key is written."""
    section, fills = _texts()[kind], ["", ""]
    if key not in section:  # one key for each period
        name, _, period = key.partition(" per ")
        key, fills = f"{name} per", _texts()["periods"][period]
    en, zh = (text.format(fill) for text, fill in zip(section[key], fills, strict=True))
    return f"{zh} {en}" if lang == "zh" else f"{en} {zh}"
