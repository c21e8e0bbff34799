"""How much each payer bears of a settlement, and what the national interface calls it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from openyibao.service.people.models import Account
from openyibao.tables.names import fund_field

OWN = ("personal account", "family account")
HOSPITAL = "institution"


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer paid, and what its caps had left before (None: no cap). Fen."""

    name: str
    payer: str
    field: str
    code: str
    paid_fen: int
    left_fen: int | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """Who bears a bill: the layers' funds, the institution, accounts, and what is left to pay in cash. Fen.

    The five add up to the total; `accounts` are what each account pays, by its id.
    """

    total_fen: int
    layers: tuple[Layer, ...]
    hospital_fen: int
    account_fen: int
    family_fen: int
    accounts: Mapping[int, int] = field(default_factory=dict)

    @property
    def funds_fen(self) -> int:
        return sum(layer.paid_fen for layer in self.layers if layer.payer not in OWN)

    @property
    def personal_fen(self) -> int:
        """What the person bears: from accounts or in cash."""
        return self.total_fen - self.funds_fen - self.hospital_fen

    @property
    def cash_fen(self) -> int:
        return self.personal_fen - self.account_fen - self.family_fen

    def by_field(self) -> dict[str, int]:
        """What funds pay by the field of `setlinfo`."""
        found: dict[str, int] = {}
        for layer in self.layers:
            if layer.payer not in OWN:
                found[layer.field] = found.get(layer.field, 0) + layer.paid_fen
        return found

    def by_payer(self) -> dict[str, int]:
        """What funds pay by the payer of the policy, for the books."""
        found: dict[str, int] = {}
        for layer in self.layers:
            if layer.payer not in OWN and layer.paid_fen:
                found[layer.payer] = found.get(layer.payer, 0) + layer.paid_fen
        return found


def borne_fen(over_limit_fen: int, share_bp: int, left_fen: int) -> int:
    """What an institution bears of cost above price limits, half-up; never more than is left to bear."""
    return min((over_limit_fen * share_bp + 5_000) // 10_000, left_fen) if over_limit_fen > 0 else 0


def pay(
    total_fen: int, layers: tuple[Layer, ...], hospital_fen: int, accounts: Iterable[Account], *, use_account: bool
) -> Payment:
    """Who pays what. Accounts pay what is left to the person, the own one first, as far as they reach.

    Where the policy itself has a layer that the account pays, that layer decides what it pays, and no more is taken.
    """
    own = sum(layer.paid_fen for layer in layers if layer.payer in OWN)
    ruled = any(layer.payer in OWN for layer in layers)
    funds = sum(layer.paid_fen for layer in layers) - own
    due = own if ruled else total_fen - funds - hospital_fen
    taken: dict[int, int] = {}
    sums = {False: 0, True: 0}
    for account in accounts if use_account or ruled else ():
        fen = min(due, account.balance_fen)
        if fen > 0:
            taken[account.pk] = fen
            sums[account.family] += fen
            due -= fen
    if ruled and due:
        raise AssertionError(f"the policy lets accounts pay {due} fen more than they hold")
    return Payment(total_fen, layers, hospital_fen, sums[False], sums[True], taken)


def layers_of(bill: Mapping[str, Any], scheme: str, text: Mapping[int, str]) -> list[Layer]:
    """The layers of a bill with what their caps had left."""
    found = []
    for number, layer in enumerate(bill["layers"], 1):
        payer = layer["payer"]["en"]
        lefts = [cap["left_fen"] for cap in layer["caps"] or () if cap["left_fen"] is not None]
        found.append(
            Layer(
                layer["layer"],
                payer,
                fund_field(payer, scheme)["field"],
                fund_code(payer, scheme),
                layer["paid_fen"],
                min(lefts) if lefts else None,
                text.get(number, ""),
            )
        )
    return found


@cache
def fund_code(payer: str, scheme: str) -> str:
    """The national fund type (FUND_PAY_TYPE) of a payer."""
    data = tomllib.loads(files(__package__).joinpath("funds.toml").read_text(encoding="utf-8"))
    for item in data["payers"]:
        if item["payer"] == payer and item.get("scheme", scheme) == scheme:
            return str(item["code"])
    return str(data["other"]["code"])
