"""A JSON Schema of policy files for editors, built from what the reader asks for and from the words of the language.

policy_schema() -> dict     the schema (draft 7, which editors know best)
schema_text() -> str        the same as text; `docs/policy.schema.json` is this text
"""

from __future__ import annotations

import json
from typing import Any

from openyibao.policy import schema_patterns as patterns
from openyibao.policy.bases import OPEN_PARTS
from openyibao.policy.divisions import CLAIM_PARTS
from openyibao.policy.kept import CARRIED
from openyibao.policy.layers import CAP_KEYS, DEDUCTIBLE_KEYS, LIMIT_KEYS
from openyibao.policy.model import NOT_IDENTIFIED
from openyibao.policy.rates import PAYS_KEYS
from openyibao.policy.read import CHARGE
from openyibao.policy.schema_facts import facts_and_figures, worked_out
from openyibao.policy.schema_patterns import both, whole
from openyibao.policy.schema_values import (
    NO_VALUES,
    SCALARS,
    Obj,
    by_name,
    choice,
    chosen,
    closed,
    exactly,
    has,
    is_mapping,
    kind_of_value,
    list_of,
    needs,
    needs_basis,
    properties,
    ref,
    table,
    text,
)
from openyibao.policy.tables import AMOUNT, LIMIT, MONTH_DAY, MULTIPLE, POINTS, RATE
from openyibao.policy.vocabulary import language

WIDTH = 120
DRAFT = "http://json-schema.org/draft-07/schema#"
TITLE = "OpenYibao policy"
ABOUT = (
    "A policy, or a variation of one, in English or Chinese: what an editor can see of it while it is written. Names "
    "that must be declared, tables that must be complete and the like are seen by `yibao policy check`. Made by "
    "`yibao policy schema`."
)
REGION_DIGITS = 6
DATE_KEYS = ("rule of the date of", "period of the date of", "year of the date of")


def schema_text() -> str:
    """The schema as JSON, with one line for what fits into one."""
    return _laid_out(policy_schema(), 0) + "\n"


def _laid_out(node: Any, depth: int) -> str:
    line = json.dumps(node, ensure_ascii=False)
    if depth + len(line) <= WIDTH or not isinstance(node, dict | list):
        return line
    named = node.items() if isinstance(node, dict) else ((None, item) for item in node)
    heads = ((f"{json.dumps(key, ensure_ascii=False)}: " if key is not None else "", item) for key, item in named)
    inner = [f"{' ' * (depth + 1)}{head}{_laid_out(item, depth + 1)}" for head, item in heads]
    opening, closing = "{}" if isinstance(node, dict) else "[]"
    return "\n".join((opening, ",\n".join(inner), f"{' ' * depth}{closing}"))


def policy_schema() -> Obj:
    """The schema: a policy, or a variation if it has the key that says so."""
    return {
        "$schema": DRAFT,
        "title": TITLE,
        "description": ABOUT,
        "type": "object",
        "properties": properties("variation", {"variation of": {}}),
        "if": has("variation of"),
        "then": ref("variation"),
        "else": ref("policy"),
        "definitions": {name.replace(" ", "-"): schema for name, schema in definitions().items()},
    }


def definitions() -> dict[str, Obj]:
    """What the schema consists of, by name."""
    kinds = map(kind_of_value, SCALARS)
    parts = [words_and_texts(), facts_and_figures(), worked_out(), tables(), layers(), files(), *kinds]
    found = {name: schema for part in parts for name, schema in part.items()}
    assert len(found) == sum(map(len, parts)), "a definition stands twice"
    return found


def files() -> dict[str, Obj]:
    """The two kinds of files."""
    charged = {"properties": dict.fromkeys(both("year of the date of"), choice(CHARGE)), **has("year of the date of")}
    policy = closed(
        "policy",
        {
            "policy": ref("id"),
            "title": ref("bilingual"),
            "region": {
                "type": ["string", "integer"],
                "pattern": f"^[0-9]{{{REGION_DIGITS}}}$",
                "minimum": 10 ** (REGION_DIGITS - 1),
                "maximum": 10**REGION_DIGITS - 1,
            },
            "in force": closed("in force", {"from": ref("date"), "before": ref("date")}),
            **{key: chosen("policy", key) for key in ("scheme", *DATE_KEYS, "amounts per claim in")},
            "benefit year from": {"allOf": [ref("day table"), needs_basis()]},
            "words": list_of(ref("own words")),
            "documents": by_name(ref("document")),
            "facts": ref("facts"),
            "statistics": by_name(ref("statistic")),
            "amounts": by_name(ref("named amount")),
            "divided parts": ref("divided"),
            "gathering claims": by_name(ref("gathering")),
            "quantities": by_name(ref("sum")),
            "derived facts": by_name(ref("derived fact")),
            "layers": list_of({**by_name(ref("layer")), "minProperties": 1, "maxProperties": 1}),
            "gaps": list_of(ref("bilingual")),
        },
        needs("amounts per claim in", charged),
    )
    change = closed("change", {"at": ref("text"), "to": {}})
    own = {"words": list_of(ref("own words")), "changes": list_of(change)}
    told = {"policy": ref("id"), "variation of": ref("text"), "title": ref("bilingual")}
    return {"policy": policy, "variation": closed("variation", {**told, **own})}


def words_and_texts() -> dict[str, Obj]:
    own = {"type": "string", "minLength": 1, "not": {"enum": both(*language().words)}}
    a_text = ref("text")
    date = patterns.DATE
    return {
        "text": {"type": ["string", "number", "boolean"], "minLength": 1},
        "id": {"type": ["string", "number"], "pattern": r"^\S+$"},
        "date": text(whole(date), "a day such as 2026-01-31"),
        "own word": {**own, "errorMessage": "A word of the language itself: only words that it does not have."},
        "own words": closed("bilingual", dict.fromkeys(("zh", "en"), ref("own word"))),
        "table key": {"type": "string", "not": {"enum": both(*NO_VALUES)}},
        "bilingual": closed("bilingual", {"zh": a_text, "en": a_text}),
        "document": closed(
            "document",
            {
                "title": ref("bilingual"),
                "number": a_text,
                "date": text(whole(date, patterns.one_of(NOT_IDENTIFIED)), "a day such as 2026-01-31"),
                "source": a_text,
            },
        ),
        "basis": closed(
            "basis",
            {
                **dict.fromkeys(("document", "article", "source"), a_text),
                "sure": chosen("basis", "sure"),
                "note": ref("bilingual"),
            },
        ),
    }


def tables() -> dict[str, Obj]:
    kept: dict[str, Obj] = {
        "group": ref("text"),
        "per": ref("stated facts"),
        "plus": ref("money"),
        "annual maximum": ref("amount table"),
        "carry over": chosen("kept", "carry over"),
        "earned from": chosen("kept", "earned from"),
    }

    def with_kept(kind: str, *names: str) -> Obj:
        rules = [needs("earned from", has("carry over"))] if "carry over" in names else []
        return table(kind, "kept", {name: kept[name] for name in ("group", "per", *names)}, *rules)

    points = {"points": {"anyOf": [ref("points table"), list_of(ref("points table"))]}}
    return {
        "amount table": table(AMOUNT),
        "rate table": table(RATE, "rate", points),
        "points table": table(POINTS),
        "multiple table": table(MULTIPLE),
        "day table": table(MONTH_DAY),
        "kept limit": with_kept(LIMIT, "plus"),
        "carried limit": with_kept(LIMIT, "plus", "carry over", "earned from"),
        "kept deductible": with_kept(AMOUNT, "annual maximum"),
        "fixed amount": table(AMOUNT, "fixed", {"for each": chosen("fixed", "for each")}),
    }


def layers() -> dict[str, Obj]:
    edge, rate = ref("amount table"), ref("rate table")
    band = {"if": is_mapping(has("above")), "then": ref("last band"), "else": ref("band")}
    one_base = {"anyOf": [ref("part"), ref("term")]}
    part = text(whole(patterns.part(CLAIM_PARTS, OPEN_PARTS)), "a part of the claim, or one that a layer above left")
    whole_left = [
        {
            "if": {"required": [word], "properties": {word: text(whole(patterns.LEFT))}},
            "then": {"properties": dict.fromkeys(both("share"), text(whole(patterns.ALL), "`left of` whole"))},
        }
        for word in both("take")
    ]
    term = {"take": ref("part"), "share": text(whole(patterns.RATIO), "a share such as 50%")}
    beside = {"basis": ref("basis"), "assumption": ref("bilingual")}
    return {
        "layer": layer(),
        "base": {"anyOf": [ref("part"), ref("term"), list_of(one_base, uniqueItems=True)]},
        "part": {"anyOf": [choice(*CLAIM_PARTS), part, ref("own word")]},
        "term": closed("term", {**term, **beside}, *whole_left),
        "bands": closed(
            "bands",
            {
                "counted": chosen("bands", "counted"),
                "over": chosen("bands", "over"),
                "bands": list_of(band, contains=has("above")),
                "group": ref("text"),
                "basis": ref("basis"),
            },
        ),
        "band": closed("band", {"up to": edge, "pays": rate}),
        "last band": closed("last band", {"above": rate}),
    }


def layer() -> Obj:
    limits = {
        key: ref("carried limit" if key.partition(" per ")[2] in CARRIED else "kept limit")
        for key in LIMIT_KEYS + CAP_KEYS
    }
    fixed = {"properties": dict.fromkeys(both("over-cap counted in"), choice("payments"))}
    return closed(
        "layer",
        {
            "payer": ref("text"),
            "for": ref("conditions"),
            "of": ref("base"),
            **limits,
            **dict.fromkeys(DEDUCTIBLE_KEYS, ref("kept deductible")),
            "pre-pay": ref("rate table"),
            "pays": ref("rate table"),
            "pays in bands": ref("bands"),
            "pays fixed": ref("fixed amount"),
            "at least": ref("amount table"),
            "over-cap counted in": chosen("layer", "over-cap counted in"),
            "assumption": ref("bilingual"),
            "gaps": list_of(ref("bilingual")),
            "basis": ref("basis"),
        },
        exactly(*PAYS_KEYS),
        needs("over-cap counted in", has(*CAP_KEYS)),
        needs("pays fixed", fixed),
    )
