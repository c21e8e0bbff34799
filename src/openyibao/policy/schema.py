"""A JSON Schema of policy files for editors, built from what the reader asks for and from the words of the language.

policy_schema() -> dict     the schema (draft 7, which editors know best)
schema_text() -> str        the same as text; `docs/policy.schema.json` is this text
"""

from __future__ import annotations

import json
from typing import Any

from openyibao.policy import schema_patterns as patterns
from openyibao.policy.bases import OPEN_PARTS
from openyibao.policy.divisions import CLAIM_PARTS, CLASSES, KINDS
from openyibao.policy.kept import CARRIED
from openyibao.policy.layers import CAP_KEYS, DEDUCTIBLE_KEYS, LIMIT_KEYS
from openyibao.policy.model import NOT_IDENTIFIED
from openyibao.policy.rates import PAYS_KEYS
from openyibao.policy.read import CHARGE
from openyibao.policy.schema_keys import words_of
from openyibao.policy.schema_patterns import both, whole
from openyibao.policy.schema_values import (
    NO_VALUES,
    SCALARS,
    YUAN,
    Obj,
    choice,
    closed,
    exactly,
    has,
    is_mapping,
    kind_of_value,
    leaf_values,
    needs,
    properties,
    ref,
    table,
    text,
)
from openyibao.policy.tables import AMOUNT, LIMIT, MONTH_DAY, MULTIPLE, POINTS, RATE
from openyibao.policy.vocabulary import FactWord, chinese_kind, language

WIDTH = 120
DRAFT = "http://json-schema.org/draft-07/schema#"
TITLE = "OpenYibao policy"
ABOUT = (
    "A policy, or a variation of one, in English or Chinese: what an editor can see of it while it is written. Names "
    "that must be declared, tables that must be complete and the like are seen by `yibao policy check`. Made by "
    "`yibao policy schema`."
)
REGION_DIGITS = 6
MONEY_KINDS = ("money", "signed money")
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


def list_of(item: Obj, **more: Any) -> Obj:
    return {"type": "array", "items": item, "minItems": 1, **more}


def one_or_more(item: Obj) -> Obj:
    return {"anyOf": [item, list_of(item, uniqueItems=True)]}


def by_name(item: Obj) -> Obj:
    return {"type": "object", "additionalProperties": item}


def chosen(kind: str, key: str) -> Obj:
    return choice(*words_of(kind, key))


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


def needs_basis() -> Obj:
    """A value says where it comes from; a table may say it in its cells."""
    return {"type": "object", "if": has("by"), "then": {}, "else": exactly("basis")}


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


def facts_and_figures() -> dict[str, Obj]:
    known = language().facts
    money = [name for name, fact in known.items() if fact.kind in MONEY_KINDS]
    asked = [name for name in known if name not in money]
    values = {key: value for key, value in leaf_values(AMOUNT).items() if key != "not allowed"}
    figure = {**values, "is": {**YUAN, "pattern": whole(patterns.PLAIN, patterns.NOT_KNOWN)}}
    share = {
        "share": ref("multiple table"),
        "of": ref("text"),
        "year": chosen("statistic share", "year"),
        "rounded": text(whole(patterns.ROUNDED), "a rounding such as `down to 1 yuan`"),
        "basis": ref("basis"),
    }
    only_one = exactly("is", "not known")
    terms = {"anyOf": [ref("amount table"), list_of(ref("amount table"))]}
    return {
        **{f"fact {name}": declared(fact) for name, fact in known.items()},
        **{f"condition {name}": condition(known[name]) for name in asked},
        "own fact": own_fact(),
        "facts": {
            **closed(
                "facts",
                {name: ref(f"fact {name}") for name in known},
                needs("admission number", has("service")),
            ),
            "additionalProperties": ref("own fact"),
            "propertyNames": {"anyOf": [choice(*known), ref("own word")]},
        },
        "conditions": {
            **closed("facts", {name: ref(f"condition {name}") for name in asked}, without=tuple(money)),
            "additionalProperties": ref("condition derived"),
            "propertyNames": {"anyOf": [choice(*asked), ref("own word")]},
            "minProperties": 1,
        },
        "condition derived": {"anyOf": [condition(FactWord("", "", (), kind)) for kind in ("words", "number")]},
        "facts of a table": one_or_more({"anyOf": [choice(*asked), ref("own word")]}),
        "stated facts": one_or_more({"anyOf": [choice(*asked), ref("own word")]}),
        "money": {"anyOf": [choice(*money), ref("own word")]},
        "statistic": {
            "type": "object",
            "patternProperties": {"^[12][0-9]{3}$": ref("figure")},
            "additionalProperties": False,
            "minProperties": 1,
        },
        "figure": closed("leaf", figure, only_one, exactly("basis"), without=("least", "most", "not allowed")),
        "statistic share": closed("statistic share", share),
        "amount sum": closed(
            "amount sum",
            {
                "of": terms,
                "less": terms,
                **dict.fromkeys(("least", "most"), ref("amount table")),
                "basis": ref("basis"),
            },
        ),
        "named amount": {
            "type": "object",
            "if": has("of", "less"),
            "then": {"if": has("share", "year", "rounded"), "then": ref("statistic share"), "else": ref("amount sum")},
            "else": {"allOf": [ref("amount table"), needs_basis()]},
        },
    }


def own_fact() -> Obj:
    """How a policy declares a fact of its own, of whichever kind."""
    number = FactWord("", "", (), "number")
    return {
        "anyOf": [
            declared(FactWord("", "", (), "words")),
            declared(number),
            *(declared(FactWord("", "", (), kind)) for kind in MONEY_KINDS),
        ]
    }


def declared(fact: FactWord) -> Obj:
    """How a policy declares a fact."""
    if fact.kind in MONEY_KINDS:
        return {"type": "string", "enum": [fact.kind, chinese_kind(fact.kind)]}
    if fact.kind != "words":
        return {"type": ["string", "integer"], "pattern": whole(patterns.SPAN), "minimum": 0}
    own = ref("own word")
    values = list_of({"anyOf": [choice(*fact.values), own]} if fact.values else own, uniqueItems=True)
    identity = {"order": values, "values": values, "as of": chosen("identity", "as of")}
    one = closed("identity", identity, exactly("order", "values"))
    return {"anyOf": [values, one] if fact.values else [choice("any"), values, one]}


def condition(fact: FactWord) -> Obj:
    """The values of a fact for which a layer applies: one range, or one value, or a list of values."""
    if fact.kind != "words":
        a_range = {"type": ["string", "integer"], "pattern": whole(patterns.RANGE), "minimum": 0}
        return {"anyOf": [a_range, list_of(a_range, maxItems=1)]}
    value = {"anyOf": [choice(*fact.values), ref("table key")]} if fact.values else ref("table key")
    return {"anyOf": [value, list_of(value)]}


def worked_out() -> dict[str, Obj]:
    """Sums of quantities and derived facts."""
    quantity = ref("text")
    edge = ref("amount table")  # a table of whole numbers looks the same
    reach = closed("reach", {"is": ref("text"), "below": edge, "up to": edge}, exactly("below", "up to"))
    last = closed("last reach", {"otherwise": ref("text")})
    reaches = {"if": is_mapping(has("otherwise")), "then": last, "else": reach}
    told = {
        "of": quantity,
        "over": chosen("derived fact", "over"),
        "where": ref("conditions"),
        "per": ref("stated facts"),
        "paid by": ref("text"),
        "values": {**list_of(reaches, contains=has("otherwise")), "minItems": 2},
        "basis": ref("basis"),
    }
    return {
        "sum": closed("sum", {"of": one_or_more(quantity), "less": one_or_more(quantity)}),
        "derived fact": closed("derived fact", told),
        **claims(),
    }


def claims() -> dict[str, Obj]:
    """How a part of the claim is divided, and which claims gather."""
    rest = choice("otherwise")
    line = {
        "catalogue class": one_or_more(choice(*CLASSES)),
        "kind": one_or_more(choice(*KINDS)),
        "item": one_or_more(ref("text")),
        "days before admission": condition(FactWord("", "", (), "number")),
    }
    sub_parts = {"type": "object", "additionalProperties": {"anyOf": [ref("line"), rest]}, "minProperties": 2}
    names = {**list_of(ref("own word"), uniqueItems=True), "minItems": 2}
    window = text(whole(patterns.one_of("the year before"), patterns.MONTHS), "such as `the 12 months before`")
    told = {"of": window, "where": ref("conditions"), "basis": ref("basis")}
    return {
        "divided": closed("divided", {part: {"anyOf": [sub_parts, names]} for part in CLAIM_PARTS}),
        "line": {**closed("line", line), "minProperties": 1},
        "gathering": closed("gathering", told),
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
