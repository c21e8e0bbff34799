"""A whole visit through the national interface: the requests of a flow, each with what the earlier replies gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openyibao.service.sandbox.ready import FLOWS, About, message

Send = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Sends a message and gives the reply: `infcode`, `err_msg`, `output`."""
SUMS = {
    "fulamt_ownpay_amt": "fulamt_ownpay_amt",
    "overlmt_selfpay": "overlmt_amt",
    "preselfpay_amt": "preselfpay_amt",
    "inscp_scp_amt": "inscp_scp_amt",
}
"""Fields of a settlement's request, and those of an uploaded line's reply that they sum up."""
UPLOADS = ("2204", "2301")


@dataclass(frozen=True)
class Driven:
    """How far a visit came: the replies by transaction, and the refusal that ended it, or ""."""

    about: About
    replies: Mapping[str, Mapping[str, Any]]
    refused: str = ""

    @property
    def settlement(self) -> Mapping[str, Any]:
        """`setlinfo` of the settlement. Raises KeyError where the visit was refused."""
        found: Mapping[str, Any] = self.replies[FLOWS[self.about.kind][-1]]["output"]["setlinfo"]
        return found


def drive(about: About, send: Send, **known: Any) -> Driven:
    """Send all requests of a visit, until one is refused. `known` are fields to set otherwise, as acct_used_flag."""
    replies: dict[str, Mapping[str, Any]] = {}
    for infno in FLOWS[about.kind]:
        reply = send(message(infno, about, **known))
        replies[infno] = reply
        if str(reply.get("infcode")) != "0":
            return Driven(about, replies, str(reply.get("err_msg")))
        known |= _learned(infno, reply.get("output") or {})
    return Driven(about, replies)


def _learned(infno: str, output: Mapping[str, Any]) -> dict[str, Any]:
    """What later requests need of a reply."""
    if infno in UPLOADS:
        rows = output["result"]
        return {field: float(sum(Decimal(str(row.get(of) or 0)) for row in rows)) for field, of in SUMS.items()}
    for node in ("data", "result"):
        row = output.get(node)
        if isinstance(row, Mapping) and row.get("mdtrt_id"):
            return {"mdtrt_id": row["mdtrt_id"]}
    return {}
