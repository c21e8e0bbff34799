"""One request for each route of the staff API, that succeeds wherever it is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.offices import Office, bill, certificate

Sample = tuple[dict[str, str], dict[str, Any]]
"""The names of the address, and the fields."""


def _identity(o: Office) -> dict[str, Any]:
    return {"certificate_type": "01", "certificate": certificate(), "name": "测试", "ethnicity": "01"}


BANK = {"holder": "测试", "bank": "999000000001", "bank_account": "622200001111", "reason": "变更开户行"}


def _fund(o: Office) -> dict[str, Any]:
    return {"region": o.body.code, "scheme": "resident", "fund": "pooled fund"}


def _slip(number: str) -> dict[str, Any]:
    return {"day": "2026-06-01", "document": number}


ROUTE_SAMPLES: dict[str, Callable[[Office], Sample]] = {
    "tree": lambda o: ({}, {"body": o.body.code}),
    "role_list": lambda o: ({}, {"body": o.body.code}),
    "audit": lambda o: ({}, {"body": o.body.code}),
    "regional_clearings": lambda o: ({}, {"region": o.body.code}),
    "proposal_list": lambda o: ({}, {"body": o.body.code, "state": "open"}),
    "find_persons": lambda o: ({}, {"body": o.body.code, "psn_no": o.person.psn_no}),
    "register_person": lambda o: ({}, {**_identity(o), "household": o.household.number}),
    "person": lambda o: ({"psn_no": o.person.psn_no}, {}),
    "person_certificate": lambda o: ({"psn_no": o.person.psn_no}, {}),
    "register_household": lambda o: ({}, {"body": o.body.code}),
    "move_person": lambda o: ({"psn_no": o.person.psn_no}, {"household": o.other_household.number}),
    "coverage": lambda o: ({"psn_no": o.person.psn_no}, {}),
    "identities": lambda o: ({"psn_no": o.person.psn_no}, {}),
    "account_list": lambda o: ({"psn_no": o.person.psn_no}, {}),
    "open_account": lambda o: ({"psn_no": o.spare.psn_no}, {"region": o.body.code}),
    "account_members": lambda o: ({"number": o.family}, {"psn_no": o.spare.psn_no, "change": "add"}),
    "filing_list": lambda o: ({"psn_no": o.person.psn_no}, {}),
    "make_filing": lambda o: ({"psn_no": o.person.psn_no}, {"kind": "referral", "start": "2026-06-01"}),
    "cancel_filing": lambda o: ({"number": o.filing}, {}),
    "institution_list": lambda o: ({}, {"body": o.body.code}),
    "apply_for_agreement": lambda o: (
        {},
        {
            "body": o.body.code,
            "code": "H00000000001",
            "name": "诊所",
            "credit_code": "92",
            "kind": "1",
            "number": "NEW",
            "start": "2026-07-01",
            "end": "2027-07-01",
            "over_limit_borne_bp": 0,
        },
    ),
    "institution": lambda o: ({"code": o.institution.code}, {}),
    "key_list": lambda o: ({"code": o.institution.code}, {}),
    "mapping_list": lambda o: ({"code": o.institution.code}, {}),
    "add_mapping": lambda o: (
        {"code": o.institution.code},
        {"own_code": "new", "own_name": "乙针", "item_code": "D-002", "kind": "101", "start": "2026-06-01"},
    ),
    "end_mapping": lambda o: (
        {"code": o.institution.code},
        {"own_code": "own", "start": "2026-01-01", "end": "2026-07-01"},
    ),
    "reimbursement_list": lambda o: ({}, {"body": o.body.code}),
    "enter_reimbursement": lambda o: ({}, bill(o.person, o.institution.code)),
    "reimbursement": lambda o: ({"number": o.entered}, {}),
    "try_reimbursement": lambda o: ({"number": o.entered}, {}),
    "withdraw_reimbursement": lambda o: ({"number": o.entered}, {}),
    "reimbursement_receipt": lambda o: ({"number": o.settled}, {}),
    "statement_list": lambda o: ({}, {"region": o.body.code}),
    "statement": lambda o: ({"number": o.payment.statement}, {}),
    "statement_as_file": lambda o: ({"number": o.payment.statement}, {"lang": "en"}),
    "dispute_for_the_agency": lambda o: (
        {"number": o.payment.statement},
        {"reference": f"B-{o.body.code}", "reason": "病历缺失"},
    ),
    "order_list": lambda o: ({}, {"region": o.body.code}),
    "cancel_order": lambda o: ({"number": o.payment.waiting}, {}),
    "batch_list": lambda o: ({}, {"region": o.body.code}),
    "send_batch": lambda o: ({}, {"region": o.body.code, "format": "pain.001"}),
    "batch_file": lambda o: ({"number": o.payment.batch}, {}),
    "receive_confirmation": lambda o: (
        {},
        {"region": o.body.code, "name": "x.csv", "format": "plain", "content": o.payment.told},
    ),
    "confirmation_list": lambda o: ({}, {"region": o.body.code}),
    "confirmation": lambda o: ({"number": o.payment.confirmation}, {}),
    "work_list": lambda o: ({}, {"region": o.body.code}),
    "close_work_item": lambda o: ({}, {"item": o.payment.refused, "note": "已与银行核对"}),
    "ledger_trial_balance": lambda o: ({}, {"region": o.body.code}),
    "ledger_fund_statement": lambda o: (
        {},
        {
            "region": o.body.code,
            "scheme": "resident",
            "fund": "pooled fund",
            "start": "2026-01-01",
            "end": "2026-06-30",
        },
    ),
    "ledger_fund_money": lambda o: ({}, {**_fund(o), "start": "2026-01-01", "end": "2026-06-30"}),
    "difference_list": lambda o: ({}, {"body": o.body.code, "institution": o.institution.code, "state": "open"}),
    "difference": lambda o: ({"number": str(o.difference)}, {}),
    "explain_difference": lambda o: ({"number": str(o.difference)}, {"note": "机构重报"}),
    "correct_difference": lambda o: (
        {"number": str(o.difference)},
        {"reference": o.correction, "note": "已重新结算"},
    ),
    "difference_summary": lambda o: ({}, {"body": o.body.code, "month": "2026-05-01"}),
    "question_list": lambda o: ({}, {"body": o.body.code}),
    "question": lambda o: ({"number": str(o.asked)}, {}),
    "reconciliation_list": lambda o: ({}, {"body": o.body.code}),
}
ACTION_SAMPLES: dict[str, Callable[[Office], dict[str, Any]]] = {
    "agreement.step": lambda o: {"number": o.applied, "to": "assessed", "reason": "现场评估合格"},
    "institution.grade": lambda o: {"institution": o.institution.code, "grade": "02", "reason": "等级评审"},
    "key.issue": lambda o: {
        "institution": o.institution.code,
        "method": "api",
        "identifier": f"N-{o.body.code}",
        "start": "2026-06-01",
    },
    "key.end": lambda o: {"method": "x-tif", "identifier": o.key, "day": "2026-07-01"},
    "person.change": lambda o: {"psn_no": o.person.psn_no, **_identity(o)},
    "coverage.enrol": lambda o: {
        "psn_no": o.spare.psn_no,
        "region": o.body.code,
        "scheme": "resident",
        "kind": "1501",
        "start": "2026-06-01",
        "end": "2027-01-01",
    },
    "coverage.end": lambda o: {
        "psn_no": o.person.psn_no,
        "region": o.body.code,
        "day": "2026-12-01",
        "reason": "迁出",
    },
    "identity.grant": lambda o: {"psn_no": o.person.psn_no, "code": "2305", "start": "2026-06-01"},
    "identity.end": lambda o: {
        "psn_no": o.person.psn_no,
        "code": "2303",
        "day": "2026-07-01",
        "reason": "不再符合条件",
    },
    "reimbursement.settle": lambda o: {"number": o.entered},
    "reimbursement.undo": lambda o: {"number": o.settled, "reason": "发票有误"},
    "reimbursement.pay": lambda o: {"number": o.settled, "payment": "PAY-1"},
    "bank.payee": lambda o: {"institution": o.institution.code, **BANK},
    "bank.payer": lambda o: {"region": o.body.code, "scheme": "resident", "fund": "pooled fund", **BANK},
    "deposit.share": lambda o: {"number": f"I-{o.body.code}", "share_bp": 300, "source": "协议（测试用）"},
    "deposit.release": lambda o: {
        "region": o.body.code,
        "institution": o.institution.code,
        "scheme": "resident",
        "fund": "pooled fund",
        "fen": 1,
        "reason": "年度考核",
    },
    "statement.issue": lambda o: {
        "region": o.body.code,
        "through": "2026-05-31",
        "institution": o.institution.code,
    },
    "dispute.settle": lambda o: {"dispute": o.payment.dispute, "outcome": "rejected", "note": "已补齐"},
    "order.institutions": lambda o: {
        "region": o.body.code,
        "statements": [{"number": o.payment.statement, "fen": o.payment.available}],
    },
    "order.persons": lambda o: {
        "region": o.body.code,
        "reimbursements": [{"number": o.settled, "fen": 83_500}],
    },
    "confirmation.book": lambda o: {"confirmation": o.payment.confirmation},
    "speaker.grant": lambda o: {
        "user": f"holder-{o.body.code}",
        "institution": o.institution.code,
        "start": "2026-06-01",
    },
    "speaker.end": lambda o: {"user": "speaker", "institution": o.institution.code, "day": "2026-07-01"},
    "account.credit": lambda o: {"number": o.account, "fen": 12_345, "reason": "补划"},
    "fund.open": lambda o: {**_fund(o), **_slip("期初1"), "fen": 1_000_000},
    "fund.receive": lambda o: {
        **_fund(o),
        **_slip("回单1"),
        "sources": [{"source": "individual contributions", "fen": 40_000}],
    },
    "fund.share": lambda o: {
        **_fund(o),
        **_slip("财社1"),
        "fen": 101,
        "way": "taiyuan-2016",
    },
    "fund.transfer": lambda o: {
        **_fund(o),
        **_slip("划转1"),
        "fen": 100,
        "to_fund": "critical illness fund",
        "purpose": "critical illness premium",
        "source": "transfers",
    },
    "fund.correct": lambda o: {"entry": o.income, **_slip("更正1"), "note": "金额登错"},
    "peer.join": lambda o: {
        "region": o.body.code,
        "peer": f"6{o.person.pk:05d}",
        "name_zh": "新市",
        "name_en": "New City",
        "address": "https://region.example:8443/yibao",
    },
    "peer.key": lambda o: {
        "region": o.body.code,
        "peer": o.peer,
        "identifier": "K2",
        "public_key": "ab" * 64,
        "start": "2026-06-01",
    },
    "peer.key-end": lambda o: {"region": o.body.code, "peer": o.peer, "identifier": "K1", "day": "2026-07-01"},
    "regional.issue": lambda o: {"region": o.body.code, "peer": o.peer, "month": "2026-05-01"},
    "regional.pay": lambda o: {"region": o.body.code, "peer": o.peer, "month": "2026-04-01"},
    "month.close": lambda o: {"body": o.body.code, "month": "2026-05-01"},
    "difference.write_off": lambda o: {"number": o.difference, "reason": "双方核对一致"},
    "question.publish": lambda o: {"question": o.asked, "answer": "请在“算一算”中查询。", "text": "门诊报多少？"},
    "question.refuse": lambda o: {"question": o.asked, "reason": "unclear"},
    "question.correct": lambda o: {"question": o.answered, "number": 1, "answer": "按当年政策。"},
    "question.withdraw": lambda o: {"question": o.answered, "number": 1, "reason": "outdated"},
    "role.grant": lambda o: {
        "user": f"holder-{o.body.code}",
        "role": "clerk",
        "body": o.body.code,
        "start": "2026-06-01",
    },
    "role.end": lambda o: {"grant": o.grant, "day": "2026-07-01"},
}


def sample(route: str, office: Office, open_proposals: dict[str, int]) -> Sample:
    """The request of a route about what an office has. `open_proposals`: the office's proposal of each action."""
    if route == "proposal_certificate":
        return {"proposal": str(open_proposals["person.change"])}, {}
    if route.startswith("propose "):
        return {}, ACTION_SAMPLES[route.removeprefix("propose ")](office)
    if route.startswith("decide "):
        return {}, {"proposal": open_proposals[route.removeprefix("decide ")], "accept": True, "reason": "核实"}
    return ROUTE_SAMPLES[route](office)
