"""From a catalogue file to a `Catalogue`: all problems of a file at once, each with its place."""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

from openyibao.catalogue.facts import read_facts
from openyibao.catalogue.model import (
    DECIDED_BY,
    Band,
    Bands,
    Catalogue,
    FactTable,
    Item,
    Version,
)
from openyibao.catalogue.numbers import price_text
from openyibao.catalogue.tables import read_limits, read_price, read_shares
from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.divisions import CLASS_A, CLASS_B, CLASS_C, CLASSES, KINDS
from openyibao.policy.header import read_documents, read_words
from openyibao.policy.messages import Message, say
from openyibao.policy.model import NOT_IDENTIFIED, Basis, Bilingual, NotKnown, Table
from openyibao.policy.nodes import Mapping, Node, Text, own_words, parse_bytes, parse_file
from openyibao.policy.problems import FileError
from openyibao.policy.reading import Fields, Reading, describe, join, written
from openyibao.policy.vocabulary import Vocabulary

REQUIRED = ("catalogue", "title", "region", "documents", "catalogue items")
OPTIONAL = ("words", "facts", "gaps")
SHARE_KEYS = ("pre-pay share", "pre-pay in bands")
NO_TABLE = FactTable(Table((), ()), ())
NO_BASIS = Basis(NOT_IDENTIFIED, NOT_IDENTIFIED, "", "")


def read_catalogue(path: str | Path) -> Catalogue:
    """The catalogue a YAML or JSON file states.

    Raises FileError with every problem of the file: file, line, column, key, found, expected, what to do.

    >>> from openyibao.catalogue import find_catalogue
    >>> read_catalogue(find_catalogue("teaching/willow-county-2026")).title.en
    'Catalogue of Willow County, 2026 (fictional, for teaching)'
    """
    path = Path(path)
    return catalogue_of(parse_file(path), str(path))


def read_catalogue_text(text: str, name: str = "catalogue.yaml") -> Catalogue:
    """The catalogue a text states; `name` stands for the file in messages."""
    return catalogue_of(parse_bytes(text.encode(), name), name)


def catalogue_of(root: Node, file: str) -> Catalogue:
    """The catalogue of a parsed file. Raises FileError."""
    reading = Reading(file, Vocabulary(Bilingual(zh, en) for zh, en in own_words(root)), root)
    fields = reading.fields(root, "", REQUIRED, OPTIONAL)
    words, documents = read_words(reading, fields), read_documents(reading, fields)
    facts = read_facts(reading, fields)
    scope = Scope(
        facts={fact.name: fact for fact in facts},
        documents={document.name for document in documents} if "documents" in fields else None,
        has_facts="facts" in fields,
    )
    catalogue = Catalogue(
        id=_read_code(reading, fields, "catalogue", r"\w[\w./-]*", say("an id such as teaching/willow-county-2026")),
        title=reading.bilingual(fields["title"][1], "title") if "title" in fields else Bilingual("", ""),
        region=_read_code(reading, fields, "region", r"[0-9]{6}", say("a region code of six digits such as 500000")),
        words=words,
        documents=documents,
        facts=facts,
        items=_read_items(reading, fields, scope),
        gaps=_read_gaps(reading, fields),
        file=file,
    )
    if reading.problems:
        raise FileError(reading.problems)
    said = repr(catalogue) + repr(sorted(catalogue.items.items()))  # what it says, whatever the file looked like
    return replace(catalogue, digest=hashlib.sha256(said.encode()).hexdigest()[:16])


def _read_code(reading: Reading, fields: Fields, name: str, pattern: str, expected: Message) -> str:
    text = reading.text(fields[name][1], name, expected) if name in fields else ""
    if text and not re.fullmatch(pattern, text):
        reading.problem(fields[name][1].place, name, written(text), expected)
    return text


def _read_gaps(reading: Reading, fields: Fields) -> tuple[Bilingual, ...]:
    if "gaps" not in fields:
        return ()
    return tuple(
        reading.bilingual(item, "gaps") for item in reading.items(fields["gaps"][1], "gaps", say("gaps (zh, en)"))
    )


def _read_items(reading: Reading, fields: Fields, scope: Scope) -> dict[str, Item]:
    if "catalogue items" not in fields:
        return {}
    node = fields["catalogue items"][1]
    if not isinstance(node, Mapping) or not node.items:
        reading.problem(node.place, "catalogue items", describe(node), say("items by code"))
        return {}
    items = {}
    for key, value in node:
        path = join("catalogue items", key.value)
        if not re.fullmatch(r"\w[\w./-]*", key.value):
            reading.problem(
                key.place, path, written(key.value), say("a code of letters, digits, `-`, `_`, `.` and `/`")
            )
        items[key.value] = _read_item(reading, key.value, value, path, scope)
    return items


def _read_item(reading: Reading, code: str, node: Node, path: str, scope: Scope) -> Item:
    fields = reading.fields(node, path, ("title", "kind", "unit", "versions"))
    texts = {
        name: reading.bilingual(fields[name][1], join(path, name)) if name in fields else Bilingual("", "")
        for name in ("title", "unit")
    }
    kind = reading.choice(fields["kind"][1], join(path, "kind"), KINDS) if "kind" in fields else ""
    versions: list[Version] = []
    if "versions" in fields:
        inner = join(path, "versions")
        nodes = reading.items(fields["versions"][1], inner, say("versions (from, catalogue class, basis ...)"))
        read = (_read_version(reading, item, f"{inner}[{n}]", scope) for n, item in enumerate(nodes, 1))
        versions = sorted(read, key=lambda version: version.start)
        _check_dates(reading, versions, inner)
    return Item(code, texts["title"], kind, texts["unit"], tuple(versions))


def _check_dates(reading: Reading, versions: list[Version], path: str) -> None:
    """One version at a time. Between two of them there may be days without any."""
    if any(date.min in (version.start, version.end) for version in versions):
        return  # a day that could not be read is told already
    for before, after in itertools.pairwise(versions):
        if before.end is None or after.start < before.end:
            until = say("before {end}", end=before.end) if before.end else say("without an end")
            reading.problem(
                after.place,
                path,
                say(
                    "a version from {start} beside one from {other} {until}",
                    start=after.start,
                    other=before.start,
                    until=until,
                ),
                say("versions whose times do not overlap"),
                say("Add `before: {start}` to the earlier one, or correct the dates.", start=after.start),
            )


def _read_version(reading: Reading, node: Node, path: str, scope: Scope) -> Version:
    fields = reading.fields(node, path, ("from", "catalogue class", "basis"), ("before", *SHARE_KEYS, "price limit"))
    days = {name: reading.date(fields[name][1], join(path, name)) for name in ("from", "before") if name in fields}
    start, end = days.get("from", date.min), days.get("before")
    if end is not None and date.min not in (start, end) and start >= end:
        found = say("from {start} before {end}", start=start, end=end)
        reading.problem(fields["before"][1].place, path, found, say("a first day that lies before the end"))
    told = len(reading.problems)
    item_class = _read_class(reading, fields, path)
    if len(reading.problems) == told:
        _check_shares(reading, fields, node, path, item_class)
    limit: FactTable | None = None
    share: FactTable | Bands | None = None
    if "price limit" in fields:
        limit = read_limits(reading, fields["price limit"][1], join(path, "price limit"), scope)
    if "pre-pay share" in fields:
        share = read_shares(reading, fields["pre-pay share"][1], join(path, "pre-pay share"), scope)
    elif "pre-pay in bands" in fields:
        share = _read_bands(reading, fields["pre-pay in bands"][1], join(path, "pre-pay in bands"), scope)
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else NO_BASIS
    return Version(start, end, item_class, limit, share, basis, node.place)


def _read_class(reading: Reading, fields: Fields, path: str) -> str | NotKnown:
    """Class A, B or C; or that nobody knows, perhaps with the reason."""
    if "catalogue class" not in fields:
        return NotKnown(Bilingual("", ""))
    node, path = fields["catalogue class"][1], join(path, "catalogue class")
    if isinstance(node, Mapping):
        inner = reading.fields(node, path, ("not known",))
        return NotKnown(
            reading.bilingual(inner["not known"][1], join(path, "not known")) if inner else Bilingual("", "")
        )
    word = reading.english(node.value) if isinstance(node, Text) else ""
    if word not in (*CLASSES, "not known"):
        expected = say("one of {words}, or `not known`", words=reading.some(CLASSES))
        if text := reading.text(node, path, expected):
            short = [one for one in CLASSES if text == one[-1] or text == reading.vocabulary.chinese(one)[0]]
            hint = reading.hint(short[0] if short else reading.near(text, CLASSES))
            reading.problem(node.place, path, written(text), expected, hint)
    return word if word in CLASSES else NotKnown(Bilingual("", ""))


def _check_shares(reading: Reading, fields: Fields, node: Node, path: str, item_class: str | NotKnown) -> None:
    """Class A enters in full, class B needs its share, class C is fully self-paid as a whole."""
    given = [key for key in (*SHARE_KEYS, "price limit") if key in fields]
    shares = [key for key in given if key in SHARE_KEYS]
    if len(shares) > 1:
        reading.problem(
            fields[shares[1]][0],
            path,
            say("both {one} and {other}", one=reading.named(shares[0]), other=reading.named(shares[1])),
            say("one of the two"),
        )
    elif item_class == CLASS_B and not shares:
        expected = say("the share that the person prepays: `pre-pay share` or `pre-pay in bands`")
        reading.problem(
            node.place, path, say("class B without a share"), expected, say("If nobody knows it: `not known`.")
        )
    elif item_class == CLASS_A and shares:
        found = say("class A with {key}", key=reading.named(shares[0]))
        reading.problem(
            fields[shares[0]][0], path, found, say("class A without a share"), say("Class A enters in full.")
        )
    elif item_class == CLASS_C and given:
        found, expected = (
            say("class C with {key}", key=reading.named(given[0])),
            say("class C without a share and without a limit"),
        )
        reading.problem(fields[given[0]][0], path, found, expected, say("Class C is fully self-paid as a whole."))


def _read_bands(reading: Reading, node: Node, path: str, scope: Scope) -> Bands:
    fields = reading.fields(node, path, ("decided by", "bands"), ("basis",))
    decided_by = ""
    if "decided by" in fields:
        decided_by = reading.choice(fields["decided by"][1], join(path, "decided by"), DECIDED_BY)
    bands: list[Band] = []
    told = len(reading.problems)
    if "bands" in fields:
        inner = join(path, "bands")
        nodes = reading.items(fields["bands"][1], inner, say("bands (up to, share; the last one: above)"))
        bands = [
            _read_band(reading, item, f"{inner}[{n}]", scope, last=n == len(nodes)) for n, item in enumerate(nodes, 1)
        ]
        if len(reading.problems) == told:  # an edge that could not be read is 0
            _check_edges(reading, bands, nodes, inner)
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    return Bands(decided_by, tuple(bands), basis)


def _read_band(reading: Reading, node: Node, path: str, scope: Scope, *, last: bool) -> Band:
    """`up to` and `share`; the last band has its share in `above`."""
    keys = ("above",) if last else ("up to", "share")
    fields = reading.fields(node, path, (), ("up to", "share", "above"))
    if isinstance(node, Mapping) and set(fields) != set(keys):
        zh, en = "和".join(f"“{reading.word(key).zh}”" for key in fields), " and ".join(f"`{key}`" for key in fields)
        found = say("{keys}", keys=Message(zh, en)) if fields else say("neither")
        expected = say("`above` with its share") if last else say("`up to` with its edge, and `share`")
        which = say("in the last band") if last else say("in every band but the last")
        reading.problem(
            node.place,
            path,
            found,
            say("{expected} {which}", expected=expected, which=which),
            say("Only the last band has no edge."),
        )
        return Band(None, NO_TABLE)
    share = NO_TABLE
    if keys[-1] in fields:
        share = read_shares(reading, fields[keys[-1]][1], join(path, keys[-1]), scope)
    edge: Fraction | NotKnown | None = None
    if "up to" in fields:
        text = fields["up to"][1]
        if isinstance(text, Text) and reading.english(text.value) == "not known":
            edge = NotKnown(Bilingual("", ""))
        else:
            edge = read_price(reading, text, join(path, "up to"), ("not known",))
    return Band(edge, share)


def _check_edges(reading: Reading, bands: list[Band], nodes: tuple[Node, ...], path: str) -> None:
    below = Fraction(0)
    for band, node in zip(bands, nodes, strict=True):
        if isinstance(band.up_to_fen, Fraction):
            if band.up_to_fen <= below:
                found = say(
                    "the edge {edge}, not above {below}",
                    edge=price_text(band.up_to_fen),
                    below=price_text(below),
                )
                reading.problem(
                    node.place, path, found, say("edges that rise"), say("A band lies above the one before it.")
                )
            below = band.up_to_fen
