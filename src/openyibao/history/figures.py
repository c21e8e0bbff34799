"""What a bill comes to, by layer and payer, and what a change of it means for each: who pays more, who gets money back.

Amounts are fen. A difference is what is now, less what was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openyibao.history.changes import Change
from openyibao.history.person import KeptBill
from openyibao.policy.model import Bilingual
from openyibao.settlement import Bill

Party = tuple[str, str]
"""A layer and its payer, or `PERSON`, by their English names."""
PERSON: Party = ("", "")


@dataclass(frozen=True, slots=True)
class Figures:
    """The total of a claim and who bears it. `paid` holds each layer with its payer, and last `PERSON`."""

    total_fen: int
    paid: dict[Party, int]
    names: dict[Party, tuple[Bilingual, Bilingual]]

    @property
    def personal_fen(self) -> int:
        return self.paid[PERSON]

    @property
    def paid_fen(self) -> int:
        return self.total_fen - self.personal_fen


def figures(bill: Bill | KeptBill) -> Figures:
    """The figures of a bill."""
    paid: dict[Party, int] = {}
    names: dict[Party, tuple[Bilingual, Bilingual]] = {}
    if isinstance(bill, KeptBill):
        for layer in bill.kept["layers"]:
            party = (layer["name"]["en"], layer["payer"]["en"])
            paid[party] = layer["paid_fen"]
            names[party] = (Bilingual(**layer["name"]), Bilingual(**layer["payer"]))
    else:
        vocabulary = bill.plan.vocabulary
        for plan in bill.plan.layers:
            party = (plan.layer.name, plan.layer.payer)
            paid[party] = bill.named[plan.paid]
            layer_name, payer = (Bilingual(vocabulary.chinese(name), name) for name in party)
            names[party] = (layer_name, payer)
    paid[PERSON] = bill.personal_fen
    names[PERSON] = (Bilingual("", ""), Bilingual("个人", "the person"))
    return Figures(bill.paid_fen + bill.personal_fen, paid, names)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one layer's payer, or the person, bore of a claim before and bears now. `claim` is empty in a sum."""

    claim: str
    layer: Bilingual
    payer: Bilingual
    before_fen: int
    after_fen: int

    @property
    def fen(self) -> int:
        return self.after_fen - self.before_fen


def differences(changes: Iterable[Change]) -> tuple[Difference, ...]:
    """What changed, claim by claim, layer by layer, the person last; rows without a difference are left out."""
    rows = []
    for change in changes:
        before = figures(change.before.bill)
        after = figures(change.after.bill) if change.after else Figures(0, {PERSON: 0}, {})
        names = before.names | after.names
        parties = dict.fromkeys(party for party in (*before.paid, *after.paid) if party != PERSON)
        for party in (*parties, PERSON):
            old, new = before.paid.get(party, 0), after.paid.get(party, 0)
            if old != new:
                rows.append(Difference(change.before.claim.id, *names[party], old, new))
    return tuple(rows)


def sums(rows: Iterable[Difference]) -> tuple[Difference, ...]:
    """The differences of all claims together, payer by payer, the person last."""
    total: dict[str, Difference] = {}
    for row in sorted(rows, key=lambda row: row.layer.en == ""):
        old = total.get(row.payer.en, Difference("", Bilingual("", ""), row.payer, 0, 0))
        before, after = old.before_fen + row.before_fen, old.after_fen + row.after_fen
        total[row.payer.en] = Difference("", old.layer, row.payer, before, after)
    return tuple(total.values())
