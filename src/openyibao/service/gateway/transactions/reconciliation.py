"""Reconciliation: 3201 by totals, 3202 by settlement. `statement` compares; `sheet` reads what was uploaded.

What counts in a period: the settlements of its days that were not taken back by its last day, and the reversals of
its days of what was settled before it. A settlement and its reversal that both lie in the period may both be left
out or both be stated. Reimbursements at the agency's counter are not the institution's and never count.

3201: `refd_setl_flag` 0 (or none) compares these; 1 compares every settlement and every reversal of the period, each
counted as one. The result is 0 (flat) or 1, with the differences in words.
"""

from __future__ import annotations

from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.sheet import read_sheet
from openyibao.service.gateway.statement import Scope, compare, rows_of, totals
from openyibao.service.gateway.transactions import files
from openyibao.service.organisation.models import Region
from openyibao.service.settlements.lines import fen_of, yuan

FLAT, NOT_FLAT = "0", "1"
WITH_REVERSALS = "1"
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

    The file must add up to the totals that the request states. Columns: see `sheet.COLUMNS` and `statement.ANSWER`.
    """
    node = call.node()
    scope = _scope(call, node, None)
    sent = files.held(call, node["file_qury_no"])
    if not sent.uploaded:
        raise Refused("unknown file", number=node["file_qury_no"])
    stated = compare(scope, read_sheet(bytes(sent.content)))
    sums = {"medfee_sumamt": stated.total_fen, "fund_pay_sumamt": stated.funds_fen, "cash_payamt": stated.cash_fen}
    wrong = [
        f"{field}: {node[field]} ≠ {yuan(fen)}"
        for field, fen in sums.items()
        if fen is not None and fen_of(node[field], field) != fen
    ]
    if node["fixmedins_setl_cnt"] != stated.count:
        wrong.insert(0, f"fixmedins_setl_cnt: {node['fixmedins_setl_cnt']} ≠ {stated.count}")
    if wrong:
        raise Refused("file totals", sums="; ".join(wrong))
    made, _ = files.offer(call, "reconciliation", rows_of(scope))
    return {"fileinfo": {"file_qury_no": made.number, "filename": made.name, "dld_endtime": made.expires}}


def _scope(call: Call, node: Node, insurance: str | None) -> Scope:
    first, last = node["stmt_begndate"], node["stmt_enddate"]
    if last < first:
        raise Refused("times", first=first, last=last)
    office = node["setl_optins"]
    if len(office) != DIVISION or not Region.objects.filter(body__code__startswith=office).exists():
        raise Refused("unknown office", office=office)
    return Scope(call.institution.pk, office, first, last, node.get("clr_type") or None, insurance)
