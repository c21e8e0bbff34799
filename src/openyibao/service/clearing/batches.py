"""Bank files out: all approved transfers of a region that did not go to the bank yet, in one file of a format.

The file can be fetched again at any time: it is written anew from the rows, and must have the digest that it had.
"""

from __future__ import annotations

import hashlib
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.clearing import bank_files, iso20022
from openyibao.service.clearing.bank_files import Payable
from openyibao.service.clearing.models import Batch, Transfer
from openyibao.service.clearing.numbers import next_number
from openyibao.service.organisation.models import Region
from openyibao.service.organisation.problems import Problem

PURPOSE = {True: "医保费用拨付", False: "医疗费用报销"}
"""What a transfer to an institution, and to a person, is for."""


def formats_out() -> tuple[str, ...]:
    return (*bank_files.formats(), iso20022.ORDERS)


def send(user: Any, region: Region, form: str) -> Batch:
    """Put all waiting transfers of a region into a file. Raises Problem where there are none."""
    waiting = Transfer.objects.filter(order__region=region, batch=None, rejected_fen=0, order__cancelled_at=None)
    rows = list(waiting.select_for_update(of=("self",)).select_related("order", "payer").order_by("id"))
    if not rows:
        raise Problem("nothing to send", region=region.body.code)
    fen = sum(one.fen for one in rows)
    about = {"format": form, "made_at": clock.now(), "made_by": user, "transfers_count": len(rows), "fen": fen}
    batch: Batch = Batch.objects.create(number=next_number("B", region), region=region, **about)
    Transfer.objects.filter(pk__in=[one.pk for one in rows]).update(batch=batch)
    batch.digest = hashlib.sha256(_write(batch, rows)).hexdigest()
    batch.save(update_fields=["digest"])
    return batch


def known_batch(number: str) -> Batch:
    """The batch with a number. Raises Problem("not known")."""
    found: Batch | None = Batch.objects.select_related("region__body").filter(number=number[:30]).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"批次 {number[:30]}", f"batch {number[:30]}"))
    return found


def content(batch: Batch) -> tuple[str, bytes]:
    """The name and the bytes of a batch's file. Raises RuntimeError where they are not those that were sent."""
    rows = list(batch.transfers.select_related("order", "payer").order_by("id"))
    found = _write(batch, rows)
    if hashlib.sha256(found).hexdigest() != batch.digest:
        raise RuntimeError(f"the file of batch {batch.number} is not the one that was sent: rows were changed")
    extension = "xml" if batch.format == iso20022.ORDERS else bank_files.formats()[batch.format].extension
    return f"{batch.number}.{extension}", found


def _write(batch: Batch, rows: list[Transfer]) -> bytes:
    transfers = [_payable(one) for one in rows]
    if batch.format == iso20022.ORDERS:
        made = batch.made_at.astimezone(clock.CHINA)
        name = batch.region.body.name_zh
        return iso20022.write(batch.number, made, name, made.date(), transfers)
    return bank_files.write(bank_files.formats()[batch.format], batch.number, transfers)


def _payable(one: Transfer) -> Payable:
    order = one.order
    return Payable(
        number=one.number,
        order=order.number,
        payer=one.payer.holder,
        payer_bank=one.payer.bank,
        payer_account=one.payer.number,
        payee=order.payee,
        payee_bank=order.payee_bank,
        payee_account=order.payee_account,
        fen=one.fen,
        scheme=one.scheme,
        fund=one.fund,
        purpose=PURPOSE[order.statement_id is not None],
    )


def show(batch: Batch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "region": batch.region.body.code,
        "format": batch.format,
        "made_at": batch.made_at,
        "made_by": batch.made_by.get_username(),
        "transfers": batch.transfers_count,
        "fen": batch.fen,
        "sha256": batch.digest,
    }
