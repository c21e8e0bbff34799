"""Reconciliation: 3201 by totals, 3202 by settlement. The room `reconciliation` compares, and keeps what remains.

3201: `refd_setl_flag` 0 (or none) compares what counts in the period (`scope`); 1 compares every settlement and every
reversal of the period, each counted as one. The result is 0 (flat) or 1, with the differences in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.transactions import files
from openyibao.service.organisation.models import Region
from openyibao.service.reconciliation.scope import MOST_ROWS, Scope, TooManyError, totals
from openyibao.service.settlements.lines import fen_of, yuan

if TYPE_CHECKING:
    from openyibao.service.reconciliation.sheet import Sheet

FLAT, NOT_FLAT = "0", "1"
WITH_REVERSALS = "1"
SUMS = {"medfee_sumamt": "total_fen", "fund_pay_sumamt": "funds_fen", "cash_payamt": "cash_fen"}
DIVISION = 6
NAMES = {"medfee_sumamt": "医疗费总额", "fund_pay_sumamt": "基金支付", "acct_pay": "个人账户", "cash_payamt": "现金"}


@answers("3201")
def by_totals(call: Call) -> Output:
    """Whether the institution's totals of an insurance, a clearing category and a period are the platform's."""
    node = call.node()
    scope = _scope(call, node, node["insutype"])
    count, ours = totals(scope, with_reversals=node.get("refd_setl_flag") == WITH_REVERSALS)
    wrong = [
        f"{name}：机构 {node[field]}，中心 {yuan(ours[field])}"
        for field, name in NAMES.items()
        if node.get(field) is not None and fen_of(node[field], field) != ours[field]
    ]
    if node["fixmedins_setl_cnt"] != count:
        wrong.insert(0, f"笔数：机构 {node['fixmedins_setl_cnt']}，中心 {count}")
    return {
        "stmtinfo": {
            "setl_optins": node["setl_optins"],
            "stmt_rslt": NOT_FLAT if wrong else FLAT,
            "stmt_rslt_dscr": "；".join(wrong)[:200] or "平",
        }
    }


@answers("3202", writes=True)
def by_settlement(call: Call) -> Output:
    """The uploaded settlements (9101) beside the platform's: a file of the differences, without rows where all agree.

    The file must add up to the totals that the request states, as far as it can be read. Columns: `sheet_rows.COLUMNS`
    and `written.ANSWER`. What differs is kept as a work list.
    """
    from openyibao.service.reconciliation import run, sheet, written  # here, so that only who needs Arrow imports it
    from openyibao.service.reconciliation.sheet_rows import SheetError

    node = call.node()
    scope = _scope(call, node, None)
    sent = files.held(call, node["file_qury_no"])
    if not sent.uploaded:
        raise Refused("unknown file", number=node["file_qury_no"])
    try:
        stated = sheet.read_zip(bytes(sent.content))
    except SheetError as error:
        raise Refused("detail file", problems=error.text) from None
    if wrong := _sums_differ(node, stated):
        raise Refused("file totals", sums="; ".join(wrong))
    try:
        found = run.reconcile(scope, stated, call.infno, call.now)
    except TooManyError:
        raise Refused("too many rows", most=MOST_ROWS) from None
    made, _ = files.offer(call, "reconciliation", written.rows_of(found, settings.REPLY_LANGUAGE))
    return {"fileinfo": {"file_qury_no": made.number, "filename": made.name, "dld_endtime": made.expires}}


def _sums_differ(node: Node, stated: Sheet) -> list[str]:
    """Where a list does not add up to what was stated. What can't be read can't be added up."""
    wrong = []
    if node["fixmedins_setl_cnt"] != len(stated):
        wrong.append(f"fixmedins_setl_cnt: {node['fixmedins_setl_cnt']} ≠ {len(stated)}")
    if not stated.malformed:
        sums = stated.sums()
        wrong += [
            f"{field}: {node[field]} ≠ {yuan(fen)}"
            for field, name in SUMS.items()
            if (fen := sums[name]) is not None and fen_of(node[field], field) != fen
        ]
    return wrong


def _scope(call: Call, node: Node, insurance: str | None) -> Scope:
    first, last = node["stmt_begndate"], node["stmt_enddate"]
    if last < first:
        raise Refused("times", first=first, last=last)
    office = node["setl_optins"]
    if len(office) != DIVISION or not Region.objects.filter(body__code__startswith=office).exists():
        raise Refused("unknown office", office=office)
    return Scope(call.institution.pk, office, first, last, node.get("clr_type") or None, insurance)
