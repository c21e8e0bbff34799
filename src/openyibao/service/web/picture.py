"""Who pays what, as rows of a picture: from the total, layer by layer, down to what the person pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openyibao.service.web.words import Words
from openyibao.settlement.bill_text import has_rule
from openyibao.site.words import first

Data = dict[str, Any]
WIDE = 1000
"""The picture is so many units wide."""
OWN = 0
"""The colour of what the person pays; payers have the following ones."""


@dataclass(frozen=True)
class Row:
    """A row: what it is, its amount, and its bar from `start` over `width` units. `kind`: total, paid, nothing, own."""

    kind: str
    label: str
    fen: int
    sub: str = ""
    start: int = 0
    width: int = 0
    colour: int = OWN


@dataclass(frozen=True)
class Share:
    """One side and what it bears."""

    label: str
    fen: int
    colour: int


@dataclass(frozen=True)
class Picture:
    """`own` says of what the person's payment is made up; `shares` who bears what, the person last."""

    rows: tuple[Row, ...]
    own: tuple[tuple[str, int], ...]
    shares: tuple[Share, ...]
    total_fen: int
    personal_fen: int
    gathered: bool
    no_rule: bool
    partly: bool = False

    @property
    def paid_fen(self) -> int:
        return self.total_fen - self.personal_fen


def picture(bills: Sequence[Data], t: Words, *, partly: bool = False) -> Picture:
    """The picture of one bill, or of several of one policy together; `partly`: layers further down are not known."""
    lang = t.lang
    gathered = any(bill["gathered"] for bill in bills)
    paid = sum(bill["totals"]["paid_fen"] for bill in bills)
    total = sum(bill["gathered"]["fen"] if bill["gathered"] else bill["totals"]["total_fen"] for bill in bills)
    payers = _payers(bills)
    rows = [Row("total", t("show.gathered" if gathered else "show.total"), total, "", 0, WIDE if total else 0)]
    left = total
    for layers in zip(*(bill["layers"] for bill in bills), strict=True):
        fen = sum(layer["paid_fen"] for layer in layers)
        name, payer = first(layers[0]["name"][lang]), first(layers[0]["payer"][lang])
        if not fen:
            used = any(layer["applies"] for layer in layers)
            rows.append(Row("nothing", name, 0, t("show.pays_nothing" if used else "show.not_for_you")))
            continue
        after = left - fen
        low, high = _at(after, total), _at(left, total)
        colour = payers.index(layers[0]["payer"]["en"]) + 1
        rows.append(Row("paid", name, fen, t("show.paid_by", payer=payer), low, max(high - low, 1), colour))
        left = after
    own = t("show.still" if gathered else "show.own_partly" if partly else "show.own")
    rows.append(Row("own", own, left, "", 0, _at(left, total)))
    no_rule = bool(total) and not any(has_rule(bill) for bill in bills)
    shares = _shares(bills, payers, left, t)
    return Picture(tuple(rows), _own(bills, t), shares, total, total - paid, gathered, no_rule, partly)


def _at(fen: int, total: int) -> int:
    return fen * WIDE // total if total else 0


def _payers(bills: Sequence[Data]) -> list[str]:
    return list(dict.fromkeys(layer["payer"]["en"] for bill in bills for layer in bill["layers"]))


def _shares(bills: Sequence[Data], payers: list[str], own: int, t: Words) -> tuple[Share, ...]:
    fen: dict[str, int] = {}
    names: dict[str, str] = {}
    for bill in bills:
        for one in bill["totals"]["by_payer"]:
            key = one["payer"]["en"]
            fen[key] = fen.get(key, 0) + one["fen"]
            names[key] = first(one["payer"][t.lang])
    found = [Share(names[key], fen[key], payers.index(key) + 1) for key in payers if fen.get(key)]
    return (*found, Share(t("show.own"), own, OWN))


def _own(bills: Sequence[Data], t: Words) -> tuple[tuple[str, int], ...]:
    """Of what the person's payment is made up: parts of the cost that no layer looked at, and what layers left."""
    found: dict[str, int] = {}
    for bill in bills:
        names = {layer["layer"]: layer["name"][t.lang] for layer in bill["layers"]}
        for part in bill["parts_at_end"]:
            if part["fen"]:
                name = part["name"][t.lang]
                label = t("show.part_of", layer=names[part["layer"]], part=name) if part["layer"] else name
                found[label] = found.get(label, 0) + part["fen"]
    return tuple((first(label), fen) for label, fen in found.items())
