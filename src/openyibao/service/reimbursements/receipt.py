"""The receipt of a settled reimbursement, as data in Chinese and English."""

from __future__ import annotations

from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.problems import Problem
from openyibao.service.reimbursements.entry import STATES, known_reimbursement
from openyibao.service.settlements.check_code import check_code

TITLE = Bilingual("医疗费用手工（零星）报销结算单", "Receipt of a manual reimbursement")
SUMS = {
    "total_fen": Bilingual("医疗费总额", "total cost"),
    "fully_self_paid_fen": Bilingual("全自费金额", "fully self-paid"),
    "over_limit_fen": Bilingual("超限价自费费用", "over price limits"),
    "pre_self_paid_fen": Bilingual("先行自付金额", "self-paid first"),
    "in_scope_fen": Bilingual("符合政策范围金额", "in scope"),
    "funds_fen": Bilingual("基金支付总额", "paid by funds"),
    "hospital_fen": Bilingual("医院负担金额", "borne by the institution"),
    "account_fen": Bilingual("个人账户支出", "from the personal account"),
    "family_fen": Bilingual("个人账户共济支付", "from family accounts"),
    "cash_fen": Bilingual("个人负担金额", "borne by the person"),
}


def receipt(number: str) -> dict[str, Any]:
    """The receipt. Raises Problem where the reimbursement is not settled. Money in fen."""
    found = known_reimbursement(number)
    settlement = found.settlement
    if settlement is None:
        raise Problem("reimbursement state", number=number, state=STATES[found.state])
    layers = [
        {"layer": one.layer, "payer": one.payer, "fen": one.paid_fen}
        for one in settlement.layers.order_by("position")
        if one.paid_fen
    ]
    return {
        "title": both(TITLE),
        "number": found.number,
        "setl_id": settlement.setl_id,
        "check_code": check_code(settlement.setl_id),
        "settled": settlement.settled,
        "policy": settlement.policy,
        "psn_no": found.person.psn_no,
        "name": found.person.name,
        "institution": {"code": found.visit.institution.code, "name": found.visit.institution.name},
        "state": both(STATES[found.state]),
        "paid_at": found.paid_at,
        "sums": [{"name": both(text), "fen": getattr(settlement, field)} for field, text in SUMS.items()],
        "layers": layers,
        "explained": [
            row["setl_proc_info"] for row in settlement.reply.get("setldetail", ()) if row.get("setl_proc_info")
        ],
        "invoices": [
            {"code": one.code, "number": one.number, "amount_fen": one.amount_fen}
            for one in found.invoices.order_by("id")
        ],
    }


def both(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
