"""Which column of a table is what: three namings of the same fields, and what national codes mean (`names.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any
from unicodedata import normalize

from openyibao.policy.model import Bilingual, Fact, Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.tables.problems import TableError
from openyibao.terms import dictionary

NAMINGS = ("english", "chinese", "national")
IDS = ("claim_id", "person")
STAY_DAYS = ("admission", "discharge")
"""Fields that a table of claims without stays may do without, both or neither: they are the day of settlement then."""
DATES = (*STAY_DAYS, "settlement")
MONEY = ("total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
WITHOUT = ("scheme", "episode", "stay", "first_of_stay", "last_of_stay", "charge", "enrolment")
"""Fields that a table may do without. The scheme is checked wherever it stands; the others are read if needed."""
CERTAIN = "high"


@dataclass(frozen=True)
class Name:
    """One name of a field, and how sure it is that this column holds what we mean."""

    text: str
    naming: str
    sure: str = CERTAIN
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the table that is read, and as what."""

    field: str
    header: str
    name: Name


@dataclass(frozen=True)
class Columns:
    """What of a table is read: one column a field; the naming; and the columns that are not read, with a hint."""

    read: dict[str, Column]
    naming: str
    unread: dict[str, str]

    def header(self, field: str) -> str:
        """What the table calls a field; the field's own name where the table lacks it."""
        return self.read[field].header if field in self.read else field


@dataclass(frozen=True)
class Bills:
    """The columns of the bills: ids, then amounts, each the sum of the rule's outputs named."""

    claim_id: str
    person: str
    amounts: dict[str, tuple[str, ...]]


@cache
def data() -> dict[str, Any]:
    """`names.toml`."""
    return tomllib.loads(files("openyibao.tables").joinpath("names.toml").read_text(encoding="utf-8"))


def names_of(field: str, fact: Fact | None = None, words: Iterable[Bilingual] = ()) -> tuple[Name, ...]:
    """All names of a field, the preferred ones of each naming first. `words` are those of the policy.

    >>> [name.text for name in names_of("person")]
    ['person', '参保人', '人员编号', 'psn_no']
    """
    record = data()["facts"].get(field, {}) if fact else data()["fields"][field]
    english = [record.get("english", field)]
    chinese = list(record.get("chinese", ()))
    if fact:
        money = kind_of(fact) in ("money", "signed money")
        english = [field.replace(" ", "_") + ("_yuan" if money else ""), field]
        chinese.insert(0, Vocabulary(words).chinese(field))
    national = record.get("national", ())
    return (
        *(Name(text, "english") for text in dict.fromkeys(english)),
        *(Name(text, "chinese") for text in chinese),
        *(Name(item["field"], "national", item["sure"], item.get("note", "")) for item in national),
    )


def kind_of(fact: Fact) -> str:
    """`words`, `number`, `money`, `signed money`, `any` or `admission number`."""
    return str(getattr(fact, "kind", "words" if fact.range is None else "number"))


def wanted_facts(policy: Policy) -> dict[str, Fact]:
    """The facts that claims may state: all that the policy asks about, but for those that are worked out."""
    return {fact.name: fact for fact in policy.facts if kind_of(fact) != "admission number"}


def find_columns(file: str, headers: list[str], policy: Policy, needs: Iterable[str]) -> Columns:
    """The column of each field that is needed, by any of its names.

    Raises TableError where a column stands twice, is missing, or two columns say the same thing.
    """
    needs = tuple(needs)
    by_name = _by_name(file, headers)
    facts = wanted_facts(policy)
    fields = [*IDS, *DATES, *MONEY, *facts, *(name for name in WITHOUT if name in needs or name == "scheme")]
    read: dict[str, Column] = {}
    taken: set[str] = set()
    for field in fields:
        column = _column(file, field, names_of(field, facts.get(field), policy.words), by_name, taken)
        if column:
            read[field] = column
            taken.add(column.header)
    without = WITHOUT if any(day in read for day in STAY_DAYS) else (*WITHOUT, *STAY_DAYS)
    missing = [field for field in fields if field not in read and field not in without]
    if missing:
        raise TableError(_missing(file, missing, facts, headers))
    counts = [sum(column.name.naming == naming for column in read.values()) for naming in NAMINGS]
    naming = NAMINGS[counts.index(max(counts))]
    return Columns(read, naming, _unread(headers, taken, [name for name in fields if name not in read]))


def _by_name(file: str, headers: list[str]) -> dict[str, str]:
    by_name: dict[str, str] = {}
    for header in headers:
        key = fold(header)
        if not key:  # cells beside the table, which spreadsheets often leave
            continue
        if key in by_name:
            twice = header if header == by_name[key] else f"{by_name[key]}, again as {header},"
            raise TableError(f"{file}: the column {twice} stands twice. Keep one of them.")
        by_name[key] = header
    return by_name


def fold(header: str) -> str:
    """One spelling for all spellings of a column's name.

    >>> fold("PSN_NO "), fold("医疗费总额（元）"), fold("Claim ID")
    ('psn_no', '医疗费总额', 'claim_id')
    """
    text = "_".join(normalize("NFKC", header).casefold().split())
    return text.removesuffix("(元)")


def _column(file: str, field: str, names: tuple[Name, ...], by_name: dict[str, str], taken: set[str]) -> Column | None:
    """The preferred column of each naming; more than one naming of the same field is one too many."""
    found: dict[str, Column] = {}
    for name in names:
        header = by_name.get(fold(name.text))
        if header is not None and header not in taken and header not in [one.header for one in found.values()]:
            found.setdefault(name.naming, Column(field, header, name))
    if len(found) > 1:
        both = " and ".join(column.header for column in found.values())
        raise TableError(f"{file}: the columns {both} are the same thing ({field}). Keep one of them.")
    return next(iter(found.values()), None)


def _missing(file: str, missing: list[str], facts: dict[str, Fact], headers: list[str]) -> str:
    lines = []
    for field in missing:
        names = list(dict.fromkeys(name.text for name in names_of(field, facts.get(field))))
        near = {match for name in names for match in get_close_matches(fold(name), [fold(h) for h in headers], n=1)}
        hint = f" Did you mean the column {', '.join(sorted(near))}?" if near else ""
        lines.append(f"{file}: no column {field}, which may be named {', '.join(names)}.{hint}")
    found = ", ".join(headers) or "none"
    return "\n".join([*lines, f"Found the columns {found}. What each may be called: docs/tables.md."])


def _unread(headers: list[str], taken: set[str], absent: list[str]) -> dict[str, str]:
    """Columns that are not read, with the field that they nearly name, if there is one."""
    near_names = {fold(name.text): field for field in absent for name in names_of(field)}
    unread = {}
    for header in headers:
        if fold(header) and header not in taken:
            near = get_close_matches(fold(header), near_names, n=1, cutoff=0.8)
            unread[header] = near_names[near[0]] if near and near[0] != fold(header) else ""
    return unread


def bill_columns(policy: Policy, outputs: tuple[str, ...], naming: str) -> Bills:
    """The columns of the bills in a naming.

    outputs: what each layer paid, in the order of the layers, then `paid` and `personal`.
    """
    words = data()["bills"]
    claim_id, person = (next(name.text for name in names_of(field) if name.naming == naming) for field in IDS)
    *layers, paid, personal = outputs
    amounts: dict[str, tuple[str, ...]] = {}
    own: tuple[str, ...] = ()  # what accounts of the person pay: nationally a part of what the person bears
    for output, layer in zip(layers, policy.layers, strict=True):
        if naming == "national":
            fund = fund_field(layer.payer, policy.scheme)
            name = fund["field"]
            own += (output,) if "own" in fund else ()
        else:
            name = words["layer"][naming].format(
                layer=output if naming == "english" else Vocabulary(policy.words).chinese(layer.name)
            )
        amounts[name] = (*amounts.get(name, ()), output)
    funds = tuple(output for output in layers if output not in own)
    if funds or not own:
        amounts[words["paid"][naming]] = funds if own else (paid,)
    amounts[words["personal"][naming]] = (personal, *own)
    return Bills(claim_id, person, amounts)


def fund_field(payer: str, scheme: str) -> dict[str, str]:
    """The national field of what a payer pays."""
    funds = data()["funds"]
    for item in funds["payers"]:
        if item["payer"] == payer and item.get("scheme", scheme) == scheme:
            return dict(item)
    return dict(funds["other"])


@cache
def code_words(field: str) -> dict[str, tuple[str, str]]:
    """What a national code, or the Chinese name its dictionary gives it, may mean: that name, and our word.

    Codes that are numbers are also known without leading zeros, which Excel takes away.

    >>> code_words("grade")["02"], code_words("grade")["2"][1], code_words("grade")["三级甲等"][1]
    (('三级甲等', 'tertiary'), 'tertiary', 'tertiary')
    """
    record = data()["codes"].get(field)
    if record is None:
        return {}
    ours = {code: item["is"] for item in record["words"] for code in item["codes"]}
    known: dict[str, tuple[str, str]] = {}
    by_chinese: dict[str, set[str]] = {}
    for code in dictionary(record["dictionary"]):
        if not code.pattern:
            known[code.code] = (code.zh, ours.get(code.code, ""))
            by_chinese.setdefault(code.zh, set()).add(ours.get(code.code, ""))
    for text, meaning in list(known.items()):
        known.setdefault(text.lstrip("0"), meaning)
    for chinese, words in by_chinese.items():
        one, *more = words - {""} or {""}
        if not more:  # a name that codes of different words share names none of them
            known[chinese] = (chinese, one)
    return known


def empty_word(field: str) -> str:
    """What an empty cell of a national column means, where the interface leaves it out on purpose; or nothing."""
    return str(data()["codes"].get(field, {}).get("empty", {}).get("is", ""))
