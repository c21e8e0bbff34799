"""National rules as data: what a rule says, of whom, from when to when, how strictly, and how it is measured."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from openyibao.policy.model import Basis, Bilingual, Document
from openyibao.policy.values import parse_fen, parse_ratio

RULES = "national.yaml"
STRENGTHS = ("must", "in principle", "about")
SCHEMES = ("resident", "employee", "all")
MEASURES = (
    *("deductible", "rate", "cap", "caps together", "share paid", "rate after pre-pay", "counts deductibles"),
    "waiting period",
)
BOUNDS = ("at most", "at least", "exactly", "about", "no cap", "lower", "yes")
KEYS = ("rule", "says", "document", "article", "source", "sure", "from", "before", "layer", "payer", "check", "probes")
OWN_NAMES = ("id", "basis", "start", "end", "layers", "bound", "value", "unit")
UNITS = {"points": Fraction(1, 100), "yuan": Fraction(100), "months": Fraction(1)}
SHARE = "share"


class RuleError(ValueError):
    """A national rule that is not written as it must be: names the rule and the key."""


@dataclass(frozen=True)
class Probe:
    """One stated claim: facts that differ from the usual ones, and its cost in scope in fen."""

    facts: dict[str, str | int]
    cost_fen: int


@dataclass(frozen=True)
class NationalRule:
    """A national rule.

    `layers` are those it is about; or it is about whichever layer of a `payer` gives the person most. `bound` says how
    the measure must lie (one of BOUNDS) and `value` where, in a `unit`: a share, a number of points or of months, or
    fen. With `of` it is a share of a published figure. With `other` it is seen from the same measure for other facts:
    a share of it, or so much more (of *at most*: less), and as many times more as `each` of some facts lies beyond a
    number. Facts are asked with all their values in turn; `most` and `least` are the ends of a range.
    `softer` is what still holds of a rule in principle. `tolerance` is what *about* allows, as a share of the bound.
    """

    id: str
    says: Bilingual
    basis: Basis
    start: date
    end: date | None
    scheme: str
    strength: str
    layers: tuple[str, ...]
    payer: str
    measure: str
    bound: str
    value: Fraction = Fraction(0)
    unit: str = SHARE
    of: str = ""
    softer: Fraction | None = None
    tolerance: Fraction = Fraction(0)
    tolerance_from: Bilingual | None = None
    facts: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    other: dict[str, str | int] = field(default_factory=dict)
    each: dict[str, int] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()


@cache
def national_documents() -> dict[str, Document]:
    """The documents that national rules stand in, by number."""
    return {
        name: Document(name, Bilingual(**one["title"]), name, one["date"], one["source"])
        for name, one in _file()["documents"].items()
    }


@cache
def national_words() -> dict[str, str]:
    """Words of the rules that the language does not have, English -> Chinese."""
    return dict(_file()["words"])


@cache
def national_rules() -> tuple[NationalRule, ...]:
    """Every national rule of the file, in its order.

    >>> national_rules()[0].id
    'critical-line'
    """
    return tuple(_rule(record) for record in _file()["rules"])


@cache
def _file() -> dict[str, Any]:
    text = files("openyibao.lint").joinpath(RULES).read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def _rule(record: dict[str, Any]) -> NationalRule:
    name = record.get("rule", "?")
    own = {one.name for one in fields(NationalRule)} - set(OWN_NAMES)
    known = own | set(KEYS)
    for key in set(record) - known:
        raise RuleError(f"national rule {name}: the key {key!r} is not known")
    try:
        bound, value, unit = _bound(record["check"])
        layer = record.get("layer", ())
        rule = NationalRule(
            name,
            Bilingual(**record["says"]),
            Basis(record["document"], record["article"], record["source"], record["sure"]),
            record["from"],
            record.get("before"),
            record["scheme"],
            record["strength"],
            (layer,) if isinstance(layer, str) else tuple(layer),
            record.get("payer", ""),
            record["measure"],
            bound,
            value,
            unit,
            record.get("of", ""),
            _ratio(record["softer"]) if "softer" in record else None,
            _ratio(record.get("tolerance", "0%")),
            Bilingual(**record["tolerance_from"]) if "tolerance_from" in record else None,
            {fact: tuple(values) for fact, values in record.get("facts", {}).items()},
            dict(record.get("other", {})),
            dict(record.get("each", {})),
            tuple(Probe(one["facts"], parse_fen(str(one["cost"])) or 0) for one in record.get("probes", ())),
        )
    except (KeyError, TypeError) as error:
        raise RuleError(f"national rule {name}: {error}") from None
    _check(rule)
    return rule


def _bound(check: Any) -> tuple[str, Fraction, str]:
    """How the measure must lie, where, and in which unit that is written."""
    if isinstance(check, str):
        return check, Fraction(0), SHARE
    ((bound, value),) = check.items()
    number, _, unit = str(value).partition(" ")
    if unit in UNITS:
        return bound, Fraction(number) * UNITS[unit], unit
    return bound, _ratio(str(value)), SHARE


def _ratio(text: str) -> Fraction:
    found = parse_ratio(str(text))
    if found is None:
        raise TypeError(f"{text!r} is no ratio")
    return found


def _check(rule: NationalRule) -> None:
    for what, value, known in (
        ("strength", rule.strength, STRENGTHS),
        ("scheme", rule.scheme, SCHEMES),
        ("measure", rule.measure, MEASURES),
        ("check", rule.bound, BOUNDS),
    ):
        if value not in known:
            raise RuleError(f"national rule {rule.id}: {what} is {value!r}, expected one of {', '.join(known)}")
    if bool(rule.layers) == bool(rule.payer):
        raise RuleError(f"national rule {rule.id}: expected either `layer` or `payer`")
    if not set(rule.each) <= set(rule.other) <= set(rule.facts):
        raise RuleError(f"national rule {rule.id}: `other` names facts of `facts`, and `each` those of `other`")
    if rule.basis.document not in national_documents():
        raise RuleError(f"national rule {rule.id}: the document {rule.basis.document!r} is not listed")
    if rule.strength == "about" and not rule.tolerance:
        raise RuleError(f"national rule {rule.id}: `about` needs a tolerance")
    if rule.tolerance and rule.tolerance_from is None:
        raise RuleError(f"national rule {rule.id}: say where the tolerance comes from")
