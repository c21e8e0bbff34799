"""The vocabulary: the field's words and the national code dictionaries, in Chinese and English.

Two files hold it, both meant to be read and corrected by people:

* ``words.toml``: our standard terms, with the Chinese term, the field of the national interface
  where there is one, and one sentence of meaning in each language;
* ``dictionaries.json``: the code dictionaries of the national platform, with the certainty and
  the sources of each; the letters of the sources are explained by `sources`.

A reader asks with `find` and, when nothing is found, with `suggest`. A program that needs one
dictionary takes it with `dictionary`. The files are read at the first question, not at import.

>>> find("medfee_sumamt")[0].en
'total cost'
>>> dictionary("CHRGITM_LV")["02"].zh
'乙类'
"""

from openyibao.terms.finding import find, suggest
from openyibao.terms.vocabulary import (
    Code,
    Dictionary,
    Entry,
    VocabularyError,
    all_dictionaries,
    all_words,
    dictionary,
    sources,
)

__all__ = [
    "Code",
    "Dictionary",
    "Entry",
    "VocabularyError",
    "all_dictionaries",
    "all_words",
    "dictionary",
    "find",
    "sources",
    "suggest",
]
