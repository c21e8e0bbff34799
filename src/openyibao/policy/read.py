"""From a policy file to a `Policy`: all problems of a file at once, each with its place."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from openyibao.policy.amounts import read_amounts, read_statistics, read_year_start
from openyibao.policy.basis import Scope
from openyibao.policy.derived import pending
from openyibao.policy.divisions import read_divisions
from openyibao.policy.facts import read_facts
from openyibao.policy.gathering import check_gatherings, read_gatherings
from openyibao.policy.header import read_documents, read_words
from openyibao.policy.layers import read_gaps, read_layers
from openyibao.policy.messages import quoted, say
from openyibao.policy.model import Bilingual, Money, Policy, Table
from openyibao.policy.nodes import Mapping, Node, own_words, parse_bytes, parse_file
from openyibao.policy.problems import FileError
from openyibao.policy.reading import Fields, Reading, join, written
from openyibao.policy.variation import is_variation, varied_tree
from openyibao.policy.vocabulary import Vocabulary
from openyibao.policy.write import write_policy

REQUIRED = ("policy", "title", "region", "scheme", "in force", "rule of the date of", "documents", "facts", "layers")
OPTIONAL = (
    "period of the date of",
    "year of the date of",
    "benefit year from",
    "amounts per claim in",
    "words",
    "statistics",
    "amounts",
    "quantities",
    "derived facts",
    "divided parts",
    "gathering claims",
    "gaps",
)
DATES = ("settlement", "discharge", "admission")
CHARGE = "charge"
PARTS_OF_STAY = ("the earlier year", "the later year")


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
    return read_tree(parse_bytes(text.encode("utf-8", "surrogatepass"), name), name)


def read_tree(root: Node, file: str) -> Policy:
    """The policy of a parsed file. A variation is applied to the policy it varies first."""
    path = file
    if is_variation(root):
        root, file = varied_tree(root, file)
    reading = Reading(file, Vocabulary(Bilingual(zh, en) for zh, en in own_words(root)), root)
    policy = _read_policy(reading, root, path)
    if reading.problems:
        raise FileError(reading.problems)
    return policy


def _read_policy(reading: Reading, root: Node, file: str) -> Policy:
    fields = reading.fields(root, "", REQUIRED, OPTIONAL)
    scope = Scope()
    words = read_words(reading, fields)
    documents = read_documents(reading, fields)
    scope.documents = {document.name for document in documents} if "documents" in fields else None
    scope.has_facts = "facts" in fields
    facts = read_facts(reading, fields)
    scope.facts = {fact.name: fact for fact in facts}
    statistics = read_statistics(reading, fields, scope)
    amounts = read_amounts(reading, fields, scope, {statistic.name: statistic for statistic in statistics})
    scope.money = {fact.name for fact in facts if fact.kind == "money"}
    scope.constants = {
        amount.name: amount.value.cells[0].value.fen
        for amount in amounts
        if isinstance(amount.value, Table) and not amount.value.by and isinstance(amount.value.cells[0].value, Money)
    }
    divisions = read_divisions(reading, fields, scope)
    scope.parts = {name: division.part for division in divisions for name in division.names}
    scope.money -= set(scope.parts)  # a share of one is that of a quantity: on a gathering claim it is another
    gatherings = read_gatherings(reading, fields, scope)
    waiting = pending(reading, fields)
    layers = read_layers(reading, fields["layers"][1], scope, waiting) if "layers" in fields else ()
    check_gatherings(reading, gatherings, layers, divisions)
    _check_names(reading, root, ("amounts", "quantities", "derived facts", "facts"))
    start, end = _read_in_force(reading, fields)
    policy = Policy(
        id=_read_id(reading, fields),
        title=reading.bilingual(fields["title"][1], "title") if "title" in fields else Bilingual("", ""),
        region=_read_region(reading, fields),
        scheme=_choice(reading, fields, "scheme", ("resident", "employee")),
        start=start,
        end=end,
        rule_date=_choice(reading, fields, "rule of the date of", DATES),
        year_date=_choice(reading, fields, "year of the date of", (*DATES, CHARGE)),
        words=words,
        documents=documents,
        facts=facts,
        statistics=statistics,
        amounts=amounts,
        layers=layers,
        gaps=read_gaps(reading, fields),
        period_date=_choice(reading, fields, "period of the date of", DATES),
        year_start=read_year_start(reading, fields, scope.stated()),
        per_claim_later=_read_per_claim(reading, fields),
        quantities=tuple(waiting.found_sums),
        derived=tuple(waiting.found_derived),
        divisions=divisions,
        gatherings=gatherings,
        file=file,
    )
    return policy if reading.problems else _with_digest(policy)


def _check_names(reading: Reading, root: Node, sections: tuple[str, ...]) -> None:
    """What has a name of its own has it alone: an amount is no fact."""
    seen: dict[str, str] = {}
    for key, node in root if isinstance(root, Mapping) else ():
        section = reading.english(key.value)
        for name, _ in node if section in sections and isinstance(node, Mapping) else ():
            first = seen.setdefault(reading.english(name.value), section)
            if first != section:
                other = reading.word(first)
                reading.problem(
                    name.place,
                    join(section, name.value),
                    say("the name {key}, which stands under `{other}` too", key=quoted(name.value), other=other),
                    say("every name for one thing"),
                    say("Choose another name."),
                )


def _read_per_claim(reading: Reading, fields: Fields) -> bool:
    """Whether amounts per claim belong to the later part of a stay that was split at the turn of the year."""
    key = "amounts per claim in"
    if key in fields and _choice(reading, fields, "year of the date of", (*DATES, CHARGE)) != CHARGE:
        expected = say("it only with `year of the date of: charge`")
        reading.problem(
            fields[key][0],
            key,
            say("the key {given}", given=reading.named(key)),
            expected,
            say("Only then is a claim split."),
        )
    return _choice(reading, fields, key, PARTS_OF_STAY) == PARTS_OF_STAY[1]


def _with_digest(policy: Policy) -> Policy:
    """The digest names what the policy says: it is that of its canonical text, whatever the file looked like."""
    return replace(policy, digest=hashlib.sha256(write_policy(policy, "json").encode()).hexdigest()[:16])


def _read_id(reading: Reading, fields: Fields) -> str:
    expected = say("an id of letters, digits, `-`, `_`, `.` and `/`, such as chongqing/resident-2023")
    text = reading.text(fields["policy"][1], "policy", expected) if "policy" in fields else ""
    if text and not re.fullmatch(r"\w[\w./-]*", text):
        reading.problem(fields["policy"][1].place, "policy", written(text), expected)
    return text


def _choice(reading: Reading, fields: Fields, name: str, choices: tuple[str, ...]) -> str:
    return reading.choice(fields[name][1], name, choices) if name in fields else choices[0]


def _read_region(reading: Reading, fields: Fields) -> str:
    if "region" not in fields:
        return ""
    text = reading.text(fields["region"][1], "region", say("a region code of six digits"))
    if text and not re.fullmatch(r"[0-9]{6}", text):
        reading.problem(
            fields["region"][1].place, "region", written(text), say("a region code of six digits such as 500000")
        )
    return text


def _read_in_force(reading: Reading, fields: Fields) -> tuple[date, date]:
    if "in force" not in fields:
        return date.min, date.max
    node = fields["in force"][1]
    inner = reading.fields(node, "in force", ("from", "before"))
    start = reading.date(inner["from"][1], "in force / from") if "from" in inner else date.min
    end = reading.date(inner["before"][1], "in force / before") if "before" in inner else date.max
    if start >= end and date.min not in (start, end):
        reading.problem(
            node.place,
            "in force",
            say("from {start} before {end}", start=start, end=end),
            say("a first day that lies before the end"),
        )
    return start, end
