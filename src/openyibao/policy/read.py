"""From a policy file to a `Policy`: all problems of a file at once, each with its place."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

from openyibao.policy.keys import parse_range, reads_as_value
from openyibao.policy.layers import read_gaps, read_layers
from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Amount,
    Bilingual,
    Cell,
    Document,
    Fact,
    Money,
    NotKnown,
    Policy,
    Range,
    Statistic,
    StatisticShare,
    Table,
)
from openyibao.policy.nodes import FileError, Mapping, Node, Text, parse_bytes, parse_file
from openyibao.policy.reading import Fields, Reading, describe, join, some
from openyibao.policy.tables import AMOUNT, Scope, read_basis, read_table
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR, parse_fen, parse_ratio, round_figure, yuan
from openyibao.policy.variation import is_variation, own_words, varied_tree
from openyibao.policy.vocabulary import ROUNDING, Vocabulary, language
from openyibao.policy.write import write_policy

REQUIRED = ("policy", "title", "region", "scheme", "in force", "rule of the date of", "documents", "facts", "layers")
OPTIONAL = ("year of the date of", "words", "statistics", "amounts", "gaps")
MAX_NUMBER = 100_000  # days, items, years of age: no number of a fact is larger (see settlement.bounds)
DATES = ("settlement", "discharge", "admission")
YEARS_BEFORE = {"the same year": 0, "the year before": 1, "two years before": 2}


def read_policy(path: str | Path) -> Policy:
    """The policy a YAML or JSON file states.

    Raises FileError with every problem of the file: file, line, column, key, found, expected, what to do.

    >>> from openyibao.policy import find_policy
    >>> read_policy(find_policy("teaching/willow-county-2026")).title.en
    'Medical security of Willow County, 2026 (fictional, for teaching)'
    """
    path = Path(path)
    return read_tree(parse_file(path), str(path))


def read_policy_text(text: str, name: str = "policy.yaml") -> Policy:
    """The policy a text states; `name` stands for the file in messages."""
    return read_tree(parse_bytes(text.encode(), name), name)


def read_tree(root: Node, file: str) -> Policy:
    """The policy of a parsed file. A variation is applied to the policy it varies first."""
    path = file
    if is_variation(root):
        root, file = varied_tree(root, file)
    reading = Reading(file, Vocabulary(Bilingual(zh, en) for zh, en in own_words(root)))
    policy = _read_policy(reading, root, path)
    if reading.problems:
        raise FileError(reading.problems)
    return policy


def _read_policy(reading: Reading, root: Node, file: str) -> Policy:
    fields = reading.fields(root, "", REQUIRED, OPTIONAL)
    scope = Scope()
    words = _read_words(reading, fields)
    documents = _read_documents(reading, fields)
    scope.documents = {document.name for document in documents} if "documents" in fields else None
    scope.has_facts = "facts" in fields
    facts = _read_facts(reading, fields)
    scope.facts = {fact.name: fact for fact in facts}
    statistics = _read_statistics(reading, fields, scope)
    amounts = _read_amounts(reading, fields, scope, {statistic.name: statistic for statistic in statistics})
    scope.amounts = {amount.name for amount in amounts}
    scope.constants = {
        amount.name: amount.value.cells[0].value.fen
        for amount in amounts
        if isinstance(amount.value, Table) and not amount.value.by and isinstance(amount.value.cells[0].value, Money)
    }
    layers = read_layers(reading, fields["layers"][1], scope) if "layers" in fields else ()
    start, end = _read_in_force(reading, fields)
    policy = Policy(
        id=_read_id(reading, fields),
        title=reading.bilingual(fields["title"][1], "title") if "title" in fields else Bilingual("", ""),
        region=_read_region(reading, fields),
        scheme=_choice(reading, fields, "scheme", ("resident", "employee")),
        start=start,
        end=end,
        rule_date=_choice(reading, fields, "rule of the date of", DATES),
        year_date=_choice(reading, fields, "year of the date of", DATES),
        words=words,
        documents=documents,
        facts=facts,
        statistics=statistics,
        amounts=amounts,
        layers=layers,
        gaps=read_gaps(reading, fields),
        file=file,
    )
    return policy if reading.problems else _with_digest(policy)


def _with_digest(policy: Policy) -> Policy:
    """The digest names what the policy says: it is that of its canonical text, whatever the file looked like."""
    return replace(policy, digest=hashlib.sha256(write_policy(policy, "json").encode()).hexdigest()[:16])


def _read_id(reading: Reading, fields: Fields) -> str:
    expected = "an id of letters, digits, `-`, `_`, `.` and `/`, such as chongqing/resident-2023"
    text = reading.text(fields["policy"][1], "policy", expected) if "policy" in fields else ""
    if text and not re.fullmatch(r"\w[\w./-]*", text):
        reading.problem(fields["policy"][1].place, "policy", repr(text), expected)
    return text


def _named(reading: Reading, node: Node, path: str, *, said: bool = True) -> list[tuple[str, Text, Node]]:
    """The entries of a mapping whose keys are free names: each once, in one language.

    Names that bills say (`said`) need their Chinese; documents are said by their titles.
    """
    if not isinstance(node, Mapping):
        reading.problem(node.place, path, describe(node), f"{path} by name")
        return []
    entries: list[tuple[str, Text, Node]] = []
    for key, value in node:
        name = reading.english(key.value)
        if any(name == other for other, _, _ in entries):
            reading.problem(
                key.place, join(path, key.value), f"the name {key.value!r} a second time", "every name once"
            )
        elif said and not reading.vocabulary.knows(name):
            reading.blamed.add(name)
            reading.problem(
                key.place,
                join(path, key.value),
                f"the name {key.value!r}",
                "a word declared under `words` (en, zh)",
                "Add it to `words`, so that it reads in both languages.",
            )
        entries.append((name, key, value))
    return entries


def _choice(reading: Reading, fields: Fields, name: str, choices: tuple[str, ...]) -> str:
    return reading.choice(fields[name][1], name, choices) if name in fields else choices[0]


def _read_region(reading: Reading, fields: Fields) -> str:
    if "region" not in fields:
        return ""
    text = reading.text(fields["region"][1], "region", "a region code of six digits")
    if text and not re.fullmatch(r"[0-9]{6}", text):
        reading.problem(fields["region"][1].place, "region", repr(text), "a region code of six digits such as 500000")
    return text


def _read_in_force(reading: Reading, fields: Fields) -> tuple[date, date]:
    if "in force" not in fields:
        return date.min, date.max
    node = fields["in force"][1]
    inner = reading.fields(node, "in force", ("from", "before"))
    start = reading.date(inner["from"][1], "in force / from") if "from" in inner else date.min
    end = reading.date(inner["before"][1], "in force / before") if "before" in inner else date.max
    if start >= end and date.min not in (start, end):
        reading.problem(node.place, "in force", f"from {start} before {end}", "a first day that lies before the end")
    return start, end


def _read_words(reading: Reading, fields: Fields) -> tuple[Bilingual, ...]:
    base = Vocabulary()
    words: list[Bilingual] = []
    for item in reading.items(fields["words"][1], "words", "words (en, zh)") if "words" in fields else ():
        word = reading.bilingual(item, "words")
        for other in words:
            if {word.en, word.zh} & {other.en, other.zh}:
                reading.problem(
                    item.place,
                    "words",
                    f"{word.en!r} / {word.zh!r} beside {other.en!r} / {other.zh!r}",
                    "every word once",
                )
        for text in (word.en, word.zh):
            if base.knows(text) or base.english(text) != text:
                reading.problem(
                    item.place,
                    "words",
                    f"{text!r}, a word of the language itself",
                    "only words the language does not have",
                    "Choose another name.",
                )
            elif reads_as_value(text):
                reading.problem(
                    item.place,
                    "words",
                    f"{text!r}, which reads as an amount, a range or a phrase",
                    "a plain name, without commas and colons",
                    "Choose another name.",
                )
        words.append(word)
    return tuple(words)


def _read_documents(reading: Reading, fields: Fields) -> tuple[Document, ...]:
    if "documents" not in fields:
        return ()
    documents = []
    for name, key, value in _named(reading, fields["documents"][1], "documents", said=False):
        path = join("documents", key.value)
        inner = reading.fields(value, path, ("title", "number", "date", "source"))
        texts = {
            field: reading.english(reading.text(item, join(path, field)))
            for field, (_, item) in inner.items()
            if field != "title"
        }
        title = reading.bilingual(inner["title"][1], join(path, "title")) if "title" in inner else Bilingual("", "")
        if "date" in inner and texts["date"] != NOT_IDENTIFIED:
            reading.date(inner["date"][1], join(path, "date"))
        documents.append(Document(name, title, *(texts.get(field, "") for field in ("number", "date", "source"))))
    return tuple(documents)


def _read_facts(reading: Reading, fields: Fields) -> tuple[Fact, ...]:
    if "facts" not in fields:
        return ()
    known = language().facts
    inner = reading.fields(fields["facts"][1], "facts", (), tuple(known))
    return tuple(_read_fact(reading, name, node) for name, (_, node) in inner.items())


def _read_fact(reading: Reading, name: str, node: Node) -> Fact:
    word, path = language().facts[name], join("facts", name)
    if word.is_number:
        bounds = parse_range(node.value) if isinstance(node, Text) else None
        if bounds is None or bounds.low is None or bounds.high is None or not bounds.low <= bounds.high <= MAX_NUMBER:
            expected = f"a range of whole numbers such as `0 to 130`, up to {MAX_NUMBER}"
            reading.problem(node.place, path, describe(node), expected)
            reading.blamed.add(name)
            bounds = Range(0, MAX_NUMBER)
        return Fact(name, (), bounds)
    values: list[str] = []
    for item in reading.items(node, path, "values"):
        value = reading.english(reading.text(item, path, "a value"))
        own = {pair.en for pair in reading.vocabulary.own}
        if value not in word.values and value not in own:
            reading.blamed.add(value)
            reading.problem(
                item.place,
                path,
                repr(value),
                f"a value of {name} ({some(word.values)}) or a word of `words`",
                reading.did_you_mean(value, {*word.values, *own}) or "Declare it under `words` with its Chinese.",
            )
        elif value in values:
            reading.problem(item.place, path, f"{value!r} twice", "every value once")
        else:
            values.append(value)
    return Fact(name, tuple(values))


def _read_statistics(reading: Reading, fields: Fields, scope: Scope) -> tuple[Statistic, ...]:
    if "statistics" not in fields:
        return ()
    return tuple(
        _read_statistic(reading, name, value, scope)
        for name, _, value in _named(reading, fields["statistics"][1], "statistics")
    )


def _read_statistic(reading: Reading, name: str, node: Node, scope: Scope) -> Statistic:
    path = join("statistics", name)
    years: list[tuple[int, Cell]] = []
    if not isinstance(node, Mapping):
        reading.problem(node.place, path, describe(node), "values by year")
    for key, value in node if isinstance(node, Mapping) else ():
        if not re.fullmatch(r"[12][0-9]{3}", key.value):
            reading.problem(key.place, join(path, key.value), repr(key.value), "a year such as 2021")
        else:
            table = read_table(reading, value, join(path, key.value), AMOUNT, scope)
            if table.by or not isinstance(table.cells[0].value, Money | NotKnown):
                reading.problem(
                    value.place, join(path, key.value), "a table or a named amount", "one amount for the year"
                )
            cell = table.cells[0]
            if cell.basis is None:
                need_basis(reading, value, join(path, key.value))
            years.append((int(key.value), cell))
    return Statistic(name, tuple(years))


def _read_amounts(
    reading: Reading, fields: Fields, scope: Scope, statistics: dict[str, Statistic]
) -> tuple[Amount, ...]:
    if "amounts" not in fields:
        return ()
    amounts = []
    for name, key, value in _named(reading, fields["amounts"][1], "amounts"):
        path = join("amounts", key.value)
        is_share = isinstance(value, Mapping) and any(reading.english(k.value) == "of" for k, _ in value)
        if is_share:
            rule = _read_statistic_share(reading, value, path, scope, set(statistics))
            _check_figures(reading, value, path, rule, statistics)
            amounts.append(Amount(name, rule))
            continue
        table = read_table(reading, value, path, AMOUNT, scope)
        if table.basis is None and any(cell.basis is None for cell in table.cells):
            need_basis(reading, value, path)
        amounts.append(Amount(name, table))
    return tuple(amounts)


def _check_figures(
    reading: Reading, node: Node, path: str, rule: StatisticShare, statistics: dict[str, Statistic]
) -> None:
    """What a share of a published figure comes to is an amount like any other, in every year."""
    for year, cell in statistics[rule.statistic].values if rule.statistic in statistics else ():
        figure = cell.value.fen if isinstance(cell.value, Money) else 0
        if round_figure(figure, rule.share, rule.mode, rule.unit_fen) > MAX_AMOUNT_FEN:
            reading.problem(
                node.place, path, f"an amount of {year} that is too large", f"at most {yuan(MAX_AMOUNT_FEN)} yuan"
            )


def need_basis(reading: Reading, node: Node, path: str) -> None:
    reading.problem(
        node.place,
        path,
        "a value without a basis",
        "`is` with a `basis` (document, article, source, sure)",
        "Say where the value comes from; what nobody knows is `not identified`.",
    )


def _read_statistic_share(
    reading: Reading, node: Node, path: str, scope: Scope, statistics: set[str]
) -> StatisticShare:
    fields = reading.fields(node, path, ("share", "of", "year", "basis"), ("rounded",))
    share = Fraction(0)
    if "share" in fields:
        found = parse_ratio(reading.text(fields["share"][1], join(path, "share"), "a share such as 50% or 600%"))
        if found is None or not 0 < found <= 100 or max(found.as_integer_ratio()) > MAX_DENOMINATOR:
            reading.problem(
                fields["share"][1].place,
                join(path, "share"),
                describe(fields["share"][1]),
                "a share such as 50% or 600%",
            )
        else:
            share = found
    name = reading.english(reading.text(fields["of"][1], join(path, "of"))) if "of" in fields else ""
    if name and name not in statistics:
        reading.problem(
            fields["of"][1].place,
            join(path, "of"),
            repr(name),
            f"a statistic declared under `statistics` ({some(sorted(statistics))})",
            reading.did_you_mean(name, statistics),
        )
    year = reading.choice(fields["year"][1], join(path, "year"), tuple(YEARS_BEFORE)) if "year" in fields else ""
    mode, unit = (
        _read_rounding(reading, fields["rounded"][1], join(path, "rounded")) if "rounded" in fields else ("half-up", 1)
    )
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    if unit > MAX_AMOUNT_FEN:
        reading.problem(node.place, join(path, "rounded"), "a larger unit than any amount", "a unit such as 1 yuan")
    return StatisticShare(name, share, YEARS_BEFORE.get(year, 0), mode, unit, basis)


def _read_rounding(reading: Reading, node: Node, path: str) -> tuple[str, int]:
    expected = "`down to 1 yuan`, `up to 100 yuan`, `half-up to 0.01 yuan` or the like"
    text = reading.text(node, path, expected)
    for mode, phrase in ROUNDING.items():
        parts = phrase.match(text)
        if parts and (unit := parse_fen(parts[0])):
            return mode, unit
    if text:
        reading.problem(node.place, path, repr(text), expected)
    return "half-up", 1
