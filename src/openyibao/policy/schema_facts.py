"""Schemas of facts, statistics, amounts, of what is worked out, and of how claims are divided and gathered."""

from __future__ import annotations

from openyibao.policy import schema_patterns as patterns
from openyibao.policy.divisions import CLAIM_PARTS, CLASSES, KINDS
from openyibao.policy.schema_patterns import whole
from openyibao.policy.schema_values import (
    YUAN,
    Obj,
    choice,
    chosen,
    closed,
    exactly,
    has,
    is_mapping,
    leaf_values,
    list_of,
    needs,
    needs_basis,
    one_or_more,
    ref,
    text,
)
from openyibao.policy.tables import AMOUNT
from openyibao.policy.vocabulary import FactWord, chinese_kind, language

MONEY_KINDS = ("money", "signed money")


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
