"""Where the room `compare` joins in, if it is there: the same patients under the newest policy of each place."""

from __future__ import annotations

import importlib.util
from typing import Any

from openyibao.policy.model import Policy
from openyibao.settlement import Rule
from openyibao.site.library import Library, policy_page
from openyibao.site.say import Say
from openyibao.site.view import CellView, TableView
from openyibao.site.words import Words, amount

ROOM = "openyibao.compare"
HUNDRED = 100


def answers(library: Library) -> list[Any]:
    """What became of each standard patient; nothing if there is no such room."""
    if importlib.util.find_spec(ROOM) is None:
        return []
    from openyibao.compare import settle_patient, standard_patients

    rules = [Rule(shelf.newest) for shelf in library.real_shelves()]
    return [settle_patient(patient, rules) for patient in standard_patients()]


def patients(answered: list[Any], texts: Words) -> list[dict[str, Any]]:
    """One section for each patient: who it is, and a table of places from the least borne to the most."""
    return [
        {
            "title": texts.pick(one.patient.title),
            "who": texts.pick(one.patient.who),
            "total": texts("compare.patient_total", total=amount(one.patient.total_fen)),
            "table": _table(one, texts),
            "without": texts("compare.patient_none", count=len(one.without)) if one.without else "",
        }
        for one in answered
        if one.outcomes
    ]


def _table(answered: Any, texts: Words) -> TableView:
    keys = (
        ("place", ""),
        ("year", "number"),
        ("patient_borne", "number"),
        ("patient_share", ""),
        ("patient_layers", ""),
    )
    several = len(answered.patient.schemes) > 1

    def scheme(policy: Policy) -> str:
        return Say(policy, texts).word(policy.scheme) if several else ""

    heads = tuple(CellView(texts(f"compare.{key}"), "col", kind=kind) for key, kind in keys)
    return TableView(
        texts.pick(answered.patient.title),
        (heads,),
        tuple(_line(one, scheme(one.policy), texts) for one in answered.outcomes),
        kind="compare patients",
    )


def _line(outcome: Any, scheme: str, texts: Words) -> tuple[CellView, ...]:
    policy: Policy = outcome.policy
    low, high = amount(outcome.low.borne_fen), amount(outcome.high.borne_fen)
    share = round(outcome.share * HUNDRED)
    bar = tuple(part for part in ((0, share), (1, HUNDRED - share)) if part[1])
    return (
        CellView(texts.place(policy.region), "row", href=policy_page(policy), sub=scheme),
        CellView(str(policy.start.year), kind="number"),
        CellView(low if low == high else f"{low}–{high}", kind="number"),
        CellView(f"{float(outcome.share):.1%}", kind="bar", bar=bar),
        CellView(Say(policy, texts).words(outcome.layers)),
    )
