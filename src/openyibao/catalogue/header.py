"""The head of a catalogue file: its words, its documents, the facts that its tables ask about a claim."""

from __future__ import annotations

from openyibao.policy import facts as policy_facts
from openyibao.policy.keys import reads_as_value
from openyibao.policy.model import NOT_IDENTIFIED, Bilingual, Document, Fact
from openyibao.policy.nodes import Mapping, Node
from openyibao.policy.reading import Fields, Reading, join, named
from openyibao.policy.vocabulary import Vocabulary

SCHEMES = ("resident", "employee")


def read_words(reading: Reading, fields: Fields) -> tuple[Bilingual, ...]:
    """Names that only this catalogue uses, in both languages: no word of the language, nothing like a value."""
    base, words = Vocabulary(), list[Bilingual]()
    for item in reading.items(fields["words"][1], "words", "words (en, zh)") if "words" in fields else ():
        word = reading.bilingual(item, "words")
        for text in (word.en, word.zh):
            if any(text and text in (other.en, other.zh) for other in words):
                reading.problem(item.place, "words", f"{text!r} a second time", "every word once")
            elif base.knows(text) or base.english(text) != text:
                found, expected = f"{text!r}, a word of the language itself", "only words the language does not have"
                reading.problem(item.place, "words", found, expected, "Choose another name.")
            elif reads_as_value(text):
                found = f"{text!r}, which reads as an amount, a range or a phrase"
                reading.problem(item.place, "words", found, "a plain name, without commas and colons")
        words.append(word)
    return tuple(words)


def read_documents(reading: Reading, fields: Fields) -> tuple[Document, ...]:
    """The texts that the catalogue cites, by name."""
    documents: list[Document] = []
    entries = named(reading, fields["documents"][1], "documents", said=False) if "documents" in fields else ()
    for name, key, value in entries:
        path = join("documents", key.value)
        inner = reading.fields(value, path, ("title", "number", "date", "source"))
        title = reading.bilingual(inner["title"][1], join(path, "title")) if "title" in inner else Bilingual("", "")
        texts = {
            field: reading.english(reading.text(inner[field][1], join(path, field))) if field in inner else ""
            for field in ("number", "date", "source")
        }
        if texts["date"] not in ("", NOT_IDENTIFIED):
            reading.date(inner["date"][1], join(path, "date"))
        documents.append(Document(name, title, **texts))
    return tuple(documents)


def read_facts(reading: Reading, fields: Fields) -> tuple[Fact, ...]:
    """The facts of a claim that tables ask; `scheme` is that of the policy under which the claim is settled."""
    node = fields["facts"][1] if "facts" in fields else None
    if not isinstance(node, Mapping):
        return policy_facts.read_facts(reading, fields)
    plain, facts = [], list[Fact]()
    for key, value in node:
        if reading.english(key.value) == "scheme":
            facts.append(Fact("scheme", _read_schemes(reading, value)))
        elif isinstance(value, Mapping):
            path, expected = join("facts", key.value), "a list of values, or a range of whole numbers"
            reading.problem(value.place, path, "keys and values", expected, "The policy says which value counts.")
            reading.blamed.add(reading.english(key.value))
        else:
            plain.append((key, value))
    facts += policy_facts.read_facts(reading, {"facts": (node.place, Mapping(tuple(plain), node.place))})
    for fact in facts:
        if fact.kind not in ("words", "number"):
            place = next(key.place for key, _ in node if reading.english(key.value) == fact.name)
            found, expected = f"{fact.name!r}, which is {fact.kind}", "a fact with named values or a range"
            reading.problem(place, join("facts", fact.name), found, expected, "A catalogue cannot ask it.")
    return tuple(facts)


def _read_schemes(reading: Reading, node: Node) -> tuple[str, ...]:
    path = join("facts", "scheme")
    values = [reading.choice(item, path, SCHEMES) for item in reading.items(node, path, "values")]
    if len(set(values)) < len(values):
        reading.problem(node.place, path, "a scheme twice", "every value once")
    return tuple(dict.fromkeys(values))
