"""The head of a file of law, be it a policy or a catalogue: its own words, and the documents that it cites."""

from __future__ import annotations

from openyibao.policy.keys import reads_as_value
from openyibao.policy.messages import quoted, say
from openyibao.policy.model import NOT_IDENTIFIED, Bilingual, Document
from openyibao.policy.reading import Fields, Reading, join, named
from openyibao.policy.vocabulary import Vocabulary


def read_words(reading: Reading, fields: Fields) -> tuple[Bilingual, ...]:
    """Names that only this file uses, in both languages: no word of the language, nothing like a value."""
    base = Vocabulary()
    words: list[Bilingual] = []
    for item in reading.items(fields["words"][1], "words", say("words (en, zh)")) if "words" in fields else ():
        word = reading.bilingual(item, "words")
        for other in words:
            if ({word.en, word.zh} & {other.en, other.zh}) - {""}:
                reading.problem(
                    item.place,
                    "words",
                    say(
                        "{en} / {zh} beside {other_en} / {other_zh}",
                        en=quoted(word.en),
                        zh=quoted(word.zh),
                        other_en=quoted(other.en),
                        other_zh=quoted(other.zh),
                    ),
                    say("every word once"),
                )
        for text in (word.en, word.zh):
            if base.knows(text) or base.english(text) != text:
                reading.problem(
                    item.place,
                    "words",
                    say("{text}, a word of the language itself", text=quoted(text)),
                    say("only words the language does not have"),
                    say("Choose another name."),
                )
            elif reads_as_value(text):
                reading.problem(
                    item.place,
                    "words",
                    say("{text}, which reads as an amount, a range or a phrase", text=quoted(text)),
                    say("a plain name, without commas and colons"),
                    say("Choose another name."),
                )
        words.append(word)
    return tuple(words)


def read_documents(reading: Reading, fields: Fields) -> tuple[Document, ...]:
    """The texts that the file cites, by name."""
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
