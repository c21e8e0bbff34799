"""What the place of care sends of a visit: who, where, the lines split by its own catalogue, and what was asked."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from openyibao.catalogue import SplitLine
from openyibao.service.gateway.calls import Call
from openyibao.service.gateway.fees import split_by
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.doors import in_force
from openyibao.service.institutions.models import Institution
from openyibao.service.portability.errands import Wanted
from openyibao.service.settlements import lines
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.door import Request
from openyibao.service.settlements.models import FeeLine, Visit
from openyibao.service.settlements.store import settled_lines


def content_of(call: Call, request: Request) -> tuple[dict[str, Any], list[FeeLine]]:
    """What is sent to try or settle a visit, and the lines that it is about. Raises Refused."""
    visit = request.visit
    found = _unsettled(request)
    law, policy, draft = split_by(visit, day_of(request.moment))
    splits = lines.split(law, policy, draft, [lines.charged(line) for line in found])
    parts = lines.sums(found)
    if lines.sums(splits) != parts:
        raise Refused("lines changed", mdtrt_id=visit.mdtrt_id)
    _check(request, parts)
    by_number = {line.number: line for line in found}
    return {
        "psn_no": visit.person.psn_no,
        "insutype": visit.coverage.insurance,
        "visit": _visit(visit),
        "institution": _institution(visit.institution, call),
        "lines": [_line(split, by_number[split.charge.line.name]) for split in splits],
        "use_account": request.use_account,
        "last": request.last,
        "extra": dict(request.extra),
    }, found


def wanted_of(call: Call, request: Request) -> Wanted:
    """The same, as an errand: with what the mirror of the settlement needs later."""
    content, found = content_of(call, request)
    data = {
        "lines": [line.pk for line in found],
        "batch": request.batch or "",
        "last": request.last,
        "extra": dict(request.extra),
    }
    return Wanted("settle", request.visit, content, data)


def _unsettled(request: Request) -> list[FeeLine]:
    rows = FeeLine.objects.filter(visit=request.visit).exclude(pk__in=settled_lines(request.visit)).order_by("id")
    found = list(rows if request.batch is None else rows.filter(batch=request.batch))
    if not found:
        raise Refused("no lines", mdtrt_id=request.visit.mdtrt_id, batch=request.batch or "-")
    return found


def _check(request: Request, parts: lines.Parts) -> None:
    """What the institution states must be what the lines hold, part by part."""
    held = {"total": parts.amount_fen, **{part: getattr(parts, f"{part}_fen") for part in lines.PARTS}}
    wrong = [
        f"{name}: {lines.yuan(fen)} ≠ {lines.yuan(held[name])}"
        for name, fen in request.stated.items()
        if fen is not None and fen != held[name]
    ]
    if wrong:
        raise Refused("sums differ", sums="; ".join(wrong))


def _visit(visit: Visit) -> dict[str, Any]:
    return {
        "mdtrt_id": visit.mdtrt_id,
        "kind": visit.kind,
        "med_type": visit.med_type,
        "disease": visit.disease,
        "disease_name": str(visit.data.get("disease word") or ""),
        "begun": visit.begun.isoformat(),
        "ended": visit.ended.isoformat() if visit.ended else None,
        "state": visit.state,
    }


def _institution(institution: Institution, call: Call) -> dict[str, Any]:
    agreement = in_force(institution, day_of(call.now))
    names = ("code", "name", "credit_code", "kind", "grade", "facts")
    return {name: getattr(institution, name) for name in names} | {"over_limit_borne_bp": agreement.over_limit_borne_bp}


def _line(split: SplitLine, line: FeeLine) -> dict[str, Any]:
    """A line with its refunds taken off, and its parts by the catalogue of the place."""
    return {
        "number": line.number,
        "batch": line.batch,
        "charged": line.charged.isoformat(),
        "item": line.item_code,
        "own_code": line.own_code,
        "count": _decimal(split.charge.count),
        "price": str(line.price),
        "class": str(split.version.item_class),
        "kind": split.item.kind,
        "amount_fen": split.amount_fen,
        **{f"{part}_fen": getattr(split, f"{part}_fen") for part in lines.PARTS},
    }


def _decimal(number: Fraction) -> str:
    """A count, exact: it has four decimals at most."""
    return str(Decimal(number.numerator) / Decimal(number.denominator))
