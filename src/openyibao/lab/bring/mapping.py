"""Mapping files: which field of a survey is which concept, in what unit, for what period, and what its codes mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, Sequence, Text, parse_file
from openyibao.policy.values import parse_ratio

IDS = ("person", "household", "community")
WORDS = ("sex", "urban", "public insurance", "private insurance", "scheme")
COUNTS = ("age", "household size", "hospital stays", "outpatient visits")
MONEY = (
    *("income", "consumption", "food", "medical expenditure", "out-of-pocket"),
    *("hospital cost", "hospital out-of-pocket", "outpatient cost", "outpatient out-of-pocket"),
)
WEIGHT = "weight"
CONCEPTS = (*IDS, *WORDS, *COUNTS, *MONEY, WEIGHT)
"""What a survey may tell. Money and counts of events are of a year: a period says how often it goes into one."""
VALUES = {"sex": ("male", "female")} | dict.fromkeys(("urban", "public insurance", "private insurance"), ("yes", "no"))
UNITS = {"yuan": 100, "thousand yuan": 100_000, "ten thousand yuan": 1_000_000, "dollars": 100}
"""Hundredths of the currency in a unit; a survey in dollars keeps its cents where others have fen."""
PERIODS = {"year": 1, "half year": 2, "quarter": 4, "month": 12, "week": 52}
SURE = ("high", "medium", "low")
TOP_KEYS = ("mapping", "title", "made for", "source", "waves", "wave", "rows", "missing", "fields", "claims")
FIELD_KEYS = ("field", "unit", "period", "of", "values", "missing", "sure", "note", "needed")
CLAIM_KEYS = ("in scope", "days of a stay", "facts")
SHIPPED = ("charls", "cfps", "hie")


class MappingError(ValueError):
    """A mapping file that is not written as it must be: names the file, the line, what was found and expected."""


@dataclass(frozen=True)
class Field:
    """One concept: the fields that may hold it, the first that the file has; how it is counted; what its codes mean."""

    concept: str
    names: tuple[str, ...]
    unit: str = ""
    period: str = "year"
    of: str = "person"
    values: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    sure: str = "medium"
    note: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Claims:
    """What a survey does not tell and claims need: assumptions, each called one."""

    in_scope: Fraction = Fraction(1)
    days_of_a_stay: int = 1
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SurveyMapping:
    """A mapping file. `waves`: name -> year. `rows`: field and codes of the rows to keep, or none."""

    id: str
    title: Bilingual
    waves: dict[str, int]
    wave: str
    fields: dict[str, Field]
    missing: dict[str, str]
    rows: tuple[str, tuple[str, ...]] | None
    claims: Claims

    def named(self, name: str, wave: str) -> str:
        """A field's name in a wave: `{w}` is the wave, `{yy}` the last two digits of its year."""
        return name.replace("{w}", wave).replace("{yy}", f"{self.waves[wave] % 100:02}")


def find_mapping(name: str) -> Path:
    """A mapping that comes with the program, by its name, or a file."""
    if name in SHIPPED:
        return Path(str(files("openyibao.lab.bring").joinpath("mappings", f"{name}.yaml")))
    return Path(name)


def read_mapping(path: Path) -> SurveyMapping:
    """Read a mapping file. Raises FileError where it is no YAML, MappingError where it says something wrong."""
    return _Reader(path).mapping()


class _Reader:
    """Reads one file; what is wrong is said with its line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = self.keys(parse_file(path), TOP_KEYS, "the file")

    def wrong(self, node: Node, found: str, expected: str) -> MappingError:
        return MappingError(f"{self.path}:{node.place.line}:{node.place.column}: found {found}; expected {expected}.")

    def keys(self, node: Node, known: Iterable[str] | None, what: str) -> dict[str, Node]:
        """The keys of a mapping; one that is not known is an error, with the nearest that is."""
        if not isinstance(node, Mapping):
            raise self.wrong(node, "no keys", f"keys and values of {what}")
        for key, _ in node:
            if known is not None and key.value not in known:
                near = get_close_matches(key.value, list(known), n=1)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                raise self.wrong(key, f"the key {key.value!r}{hint}", f"one of {', '.join(known)}")
        return {key.value: value for key, value in node}

    def text(self, node: Node, choices: Iterable[str] = ()) -> str:
        if not isinstance(node, Text) or not node.value.strip():
            raise self.wrong(node, "no text", "a text")
        if (known := tuple(choices)) and node.value not in known:
            raise self.wrong(node, repr(node.value), f"one of {', '.join(known)}")
        return node.value

    def number(self, node: Node, low: int, high: int) -> int:
        text = self.text(node)
        if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
            raise self.wrong(node, repr(text), f"a whole number from {low} to {high}")
        return int(text)

    def texts(self, node: Node) -> tuple[str, ...]:
        """One text, or a list of them."""
        return tuple(self.text(one) for one in node) if isinstance(node, Sequence) else (self.text(node),)

    def codes(self, node: Node | None) -> dict[str, str]:
        """Codes, each with what it means."""
        found = {} if node is None else self.keys(node, None, "codes")
        return {code: self.text(meaning) for code, meaning in found.items()}

    def need(self, key: str) -> Node:
        if key not in self.root:
            raise MappingError(f"{self.path}: the key {key!r} is missing.")
        return self.root[key]

    def mapping(self) -> SurveyMapping:
        title = self.keys(self.need("title"), ("zh", "en"), "the title")
        waves = {
            wave: self.number(year, 1900, 2200) for wave, year in self.keys(self.need("waves"), None, "waves").items()
        }
        fields = self.keys(self.need("fields"), CONCEPTS, "fields")
        if not {"person", "household"} & set(fields):
            raise self.wrong(self.need("fields"), "neither person nor household", "at least one of them")
        return SurveyMapping(
            self.text(self.need("mapping")),
            Bilingual(*(self.text(title[lang]) if lang in title else "" for lang in ("zh", "en"))),
            waves,
            self.text(self.root["wave"], waves) if "wave" in self.root else list(waves)[-1],
            {concept: self.field(concept, node) for concept, node in fields.items()},
            self.codes(self.root.get("missing")),
            self.rows(self.root.get("rows")),
            self.claims(self.root.get("claims")),
        )

    def rows(self, node: Node | None) -> tuple[str, tuple[str, ...]] | None:
        if node is None:
            return None
        found = self.keys(node, ("field", "is"), "rows")
        if len(found) < 2:
            raise self.wrong(node, f"only {', '.join(found)}", "a field, and the codes of the rows to keep (is)")
        return self.text(found["field"]), self.texts(found["is"])

    def field(self, concept: str, node: Node) -> Field:
        found = self.keys(node, FIELD_KEYS, concept)
        if "field" not in found:
            raise self.wrong(node, f"no field of {concept}", "field: its name")
        if concept in MONEY and "unit" not in found:
            raise self.wrong(node, f"no unit of {concept}", f"unit: {', '.join(UNITS)}")
        values = self.codes(found.get("values"))
        for word in values.values():
            if concept in VALUES and word not in VALUES[concept]:
                raise self.wrong(found["values"], repr(word), f"one of {', '.join(VALUES[concept])}")
        return Field(
            concept,
            self.texts(found["field"]),
            self.text(found["unit"], UNITS) if "unit" in found else "",
            self.text(found["period"], PERIODS) if "period" in found else "year",
            self.text(found["of"], ("person", "household")) if "of" in found else "person",
            values,
            self.codes(found.get("missing")),
            self.text(found["sure"], SURE) if "sure" in found else "medium",
            self.text(found["note"]) if "note" in found else "",
            "needed" in found and self.text(found["needed"], ("yes", "no")) == "yes",
        )

    def claims(self, node: Node | None) -> Claims:
        if node is None:
            return Claims()
        found = self.keys(node, CLAIM_KEYS, "claims")
        share = Fraction(1)
        if "in scope" in found:
            ratio = parse_ratio(self.text(found["in scope"]))
            if ratio is None or not 0 <= Fraction(ratio) <= 1:
                raise self.wrong(found["in scope"], repr(self.text(found["in scope"])), "a share from 0% to 100%")
            share = Fraction(ratio)
        days = self.number(found["days of a stay"], 0, 365) if "days of a stay" in found else 1
        return Claims(share, days, self.codes(found.get("facts")))
