"""Fee lines of a visit: uploaded and split at once, or cancelled while they are not settled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Q

from openyibao.catalogue import SplitLine
from openyibao.policy.divisions import CLASS_C
from openyibao.policy.model import Bilingual, Policy
from openyibao.service.gateway.calls import Call, Node
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.visits import china, plain
from openyibao.service.institutions.models import Mapping
from openyibao.service.portability.guests import law_here
from openyibao.service.settlements.case import made
from openyibao.service.settlements.claims import Times, claim_of, day_of, with_ordinary
from openyibao.service.settlements.law import Law, law_of
from openyibao.service.settlements.lines import Parts, fen_of, split_new, with_parts, yuan
from openyibao.service.settlements.models import FeeLine, Visit
from openyibao.service.settlements.open_lines import Digests
from openyibao.service.settlements.opened import Opened, line_rows
from openyibao.service.settlements.store import settled_lines
from openyibao.settlement import Claim, ClaimError

ALL = "0000"
NO_LIMIT = Decimal("999999")
"""What the interface's own platforms write where there is no price limit."""
UNMARKED = dict.fromkeys(("bas_medn_flag", "hi_nego_drug_flag", "lmt_used_flag", "drt_reim_flag"), "0")
"""Marks of an item that catalogues here do not hold: it is marked as none of them."""
COLUMNS = frozenset(
    (
        *("feedetl_sn", "mdtrt_id", "psn_no", "chrg_bchno", "fee_ocur_time", "med_list_codg", "medins_list_codg"),
        *("det_item_fee_sumamt", "cnt", "pric"),
    )
)
"""What of an uploaded line stands in columns, or in those of its visit."""
KEPT = ("pric_uplmt_amt", "selfpay_prop", "chrgitm_lv", "med_chrgitm_type")
"""What is kept of a line's answer: the rest is in its columns, or always the same."""
LEVELS = {"class A": "01", "class B": "02", CLASS_C: "03"}
CATEGORIES = {"drug": "09", "medical service": "14", "medical consumable": "08"}
"""The charge category (MED_CHRGITM_TYPE) by the catalogue's kind of item; services are not told apart: other."""


def upload(call: Call, visit: Visit, rows: list[Node], opened: Opened | None = None) -> list[dict[str, Any]]:
    """Store the lines of a visit, each with its four parts, and answer them. All of them, or Refused.

    `opened`: what was read of the visit already.
    """
    before = [] if opened and not opened.lines else _related(visit, rows)
    known = {line.number for line in before}
    new: list[FeeLine] = []
    for row in rows:
        line = _line(call, visit, row)
        if line.number in known:
            raise Refused("line again", line=line.number)
        known.add(line.number)
        new.append(line)
    _check_mapped(call, new, opened)
    law, policy, draft = split_by(visit, day_of(call.now), opened.identities if opened else None)
    settled = settled_lines(visit) if before else {}
    open_lines = [line for line in before if line.pk not in settled]
    found = split_new(law, policy, draft, open_lines, new)
    digests, answers = _Days(Digests(law, policy, draft) if law.catalogue_digest else None), []
    for line in new:
        parts, split = found[line.number]
        answer = _answer(line, parts, split)
        line.reply = plain({name: answer[name] for name in KEPT})
        with_parts(line, parts)
        line.split_by = "" if line.data.get("refund_of") else digests[day_of(line.charged)]
        answers.append(answer)
    # a refund may stand before its line in the message; whoever reads them again wants it behind
    call.write(line_rows(visit, sorted(new, key=lambda line: "refund_of" in line.data)))
    return answers


def _related(visit: Visit, rows: list[Node]) -> list[FeeLine]:
    """The lines of a visit that new ones may have to do with, in order: those of their numbers, those that they
    refund, and these lines' refunds. A long stay has thousands of others."""
    refunded = [row["init_feedetl_sn"] for row in rows if row.get("init_feedetl_sn")]
    wanted = Q(number__in=[*(row["feedetl_sn"] for row in rows), *refunded])
    if refunded:
        wanted |= Q(data__refund_of__in=refunded)
    return list(FeeLine.objects.filter(wanted, visit=visit).order_by("id"))


class _Days(dict[date, str]):
    """Digests by day, each made once; none of lines whose benefits are another region's."""

    def __init__(self, digests: Digests | None) -> None:
        self.digests = digests

    def __missing__(self, day: date) -> str:
        found = self[day] = self.digests.on(day) if self.digests else ""
        return found


def split_by(visit: Visit, day: date, held: Iterable[Times] | None = None) -> tuple[Law, Policy, Claim]:
    """By what the lines of a visit are split: the law and the policy, and the claim whose facts they may ask.

    `held`: the special identities of the person, read if they are not given.
    """
    draft = claim_of(visit, visit.mdtrt_id, day, first=True, last=True, balance_fen=0, identities=held)
    here = law_here(visit)
    if here is not None:
        return *here, draft
    law = law_of(visit.coverage.region, visit.coverage.scheme)
    try:
        policy = law.series.rule_for(draft).policy
    except ClaimError as error:
        raise Refused("not settled", why=error.text) from None
    return law, policy, with_ordinary(draft, policy)


def cancel(visit: Visit, numbers: list[str], batch: str | None = None) -> None:
    """Delete lines that are not settled: those of these numbers, of a batch, or (neither) all."""
    lines, settled_already = FeeLine.objects.filter(visit=visit), settled_lines(visit)
    if numbers:
        lines = lines.filter(number__in=numbers)
    elif batch is not None:
        lines = lines.filter(batch=batch)
    else:
        lines = lines.exclude(pk__in=settled_already)
    found = list(lines)
    settled = [line.number for line in found if line.pk in settled_already]
    if settled:
        raise Refused("lines settled", line=", ".join(settled))
    missing = set(numbers) - {line.number for line in found}
    if missing or not found:
        raise Refused("no lines", mdtrt_id=visit.mdtrt_id, batch=", ".join(sorted(missing)) or batch or "-")
    gone = {line.number for line in found}
    kept = FeeLine.objects.filter(visit=visit, data__has_key="refund_of").exclude(pk__in=[line.pk for line in found])
    refunds = [line.number for line in kept if line.data["refund_of"] in gone]
    if refunds:
        raise Refused("refunded line", line=", ".join(sorted(gone)), refund=", ".join(refunds))
    FeeLine.objects.filter(pk__in=[line.pk for line in found]).delete()


def _line(call: Call, visit: Visit, row: Node) -> FeeLine:
    """A row as a line that is not split yet. The interface leaves open what a pharmacy's lines state; we do not."""
    for field in ("feedetl_sn", "med_list_codg", "medins_list_codg"):
        if not row[field]:
            problem = Bilingual(f"{field}：实为空，应有值", f"{field}: found nothing, expected a value")
            raise Refused("bad fields", problems=problem)
    charged = china(row["fee_ocur_time"], "fee_ocur_time", call.now)
    if day_of(charged) < day_of(visit.begun):
        raise Refused("bad moment", field="fee_ocur_time", found=plain(row["fee_ocur_time"]))
    if not row["feedetl_sn"]:  # 2102 and 2101 don't say that it must be there
        raise Refused("bad fields", problems=Bilingual("缺少 feedetl_sn", "feedetl_sn is missing"))
    refund_of = row.get("init_feedetl_sn")
    count, price = row["cnt"], row["pric"]
    if count is None or price is None:
        raise Refused("line amount", line=row["feedetl_sn"], found="-", expected="-")
    amount = fen_of(row["det_item_fee_sumamt"], "det_item_fee_sumamt")
    values = {
        "visit_id": visit.pk,
        "number": row["feedetl_sn"],
        "batch": row.get("chrg_bchno") or "",
        "charged": charged,
        "item_code": row["med_list_codg"],
        "own_code": row["medins_list_codg"],
        "count": count,
        "price": price,
        "amount_fen": amount,
        "data": {**_further(row), **({"refund_of": refund_of} if refund_of and count < 0 else {})},
    }
    return made(FeeLine, values, visit=visit)


def _further(row: Node) -> dict[str, Any]:
    """What was uploaded of a line beyond what its columns hold."""
    return {name: plain(value) for name, value in row.items() if value is not None and name not in COLUMNS}


def answer_of(line: FeeLine) -> dict[str, Any]:
    """What was answered of a stored line beyond its amounts."""
    return {**UNMARKED, **line.reply} if line.reply else {}


def _check_mapped(call: Call, new: list[FeeLine], opened: Opened | None) -> None:
    """Institutions send codes that they have mapped (3301)."""
    mapped = opened.mapped if opened else _mapped(call, {line.own_code for line in new})
    for line in new:
        period = mapped.get((line.own_code, line.item_code))
        day = day_of(line.charged)
        if period is None or day < period[0] or (period[1] is not None and day >= period[1]):
            raise Refused("not mapped", own=line.own_code, item=line.item_code)


def _mapped(call: Call, codes: set[str]) -> dict[tuple[str, str], tuple[date, date | None]]:
    rows = Mapping.objects.filter(institution=call.institution, own_code__in=codes)
    return {(one.own_code, one.item_code): (one.period.lower, one.period.upper) for one in rows}


def _answer(line: FeeLine, parts: Parts, split: SplitLine) -> dict[str, Any]:
    """A line as the interface answers it."""
    level = LEVELS[str(split.version.item_class)]
    share = Fraction(1) if level == "03" else split.share
    limit = split.limit.value if split.limit is not None else None
    return {
        "feedetl_sn": line.number,
        "det_item_fee_sumamt": yuan(parts.amount_fen),
        "cnt": line.count,
        "pric": line.price,
        "pric_uplmt_amt": _exact(limit / 100, 6) if isinstance(limit, Fraction) else NO_LIMIT,
        "selfpay_prop": _exact(share, 4),
        "fulamt_ownpay_amt": yuan(parts.fully_self_paid_fen),
        "overlmt_amt": yuan(parts.over_limit_fen),
        "preselfpay_amt": yuan(parts.pre_self_paid_fen),
        "inscp_scp_amt": yuan(parts.in_scope_fen),
        "chrgitm_lv": level,
        "med_chrgitm_type": CATEGORIES.get(split.item.kind, "14"),
        **UNMARKED,
    }


def _exact(number: Fraction, places: int) -> Decimal:
    """A fraction as a decimal number, half-up in the last place."""
    scaled = (abs(number) * 10**places * 2 + 1) // 2
    value = Decimal(int(scaled)).scaleb(-places)
    return -value if number < 0 else value
