"""What the national interface says of a settlement: `setlinfo`, with the sums, and `setldetail`, by fund.

Amounts are kept as text with two decimals ("12.30"), so that JSON holds them exactly; `numbers` makes
them numbers.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from openyibao.service.clock import CHINA
from openyibao.service.settlements import payers, provincial
from openyibao.service.settlements.claims import age_on, day_of
from openyibao.service.settlements.lines import yuan
from openyibao.terms import dictionary

if TYPE_CHECKING:
    from openyibao.service.settlements.door import Outcome

Nodes = dict[str, Any]
FUND_FIELDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "hifdm_pay", "oth_pay")
SUMS = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc")
BORNE = ("fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay", "hosp_part_amt", "acct_mulaid_pay")
AMOUNTS = (*SUMS, *FUND_FIELDS, *BORNE, *provincial.AMOUNTS)
DETAIL = ("fund_payamt", "inscp_scp_amt", "crt_payb_lmt_amt")
NUMBERS = frozenset((*AMOUNTS, *DETAIL, provincial.STANDARD, "balc", "age", "pool_prop_selfpay"))
DAYS = ("brdy", "begndate", "enddate")
LONGEST_TEXT = 4000
BY_ITEM = "1"
CLEARING = {"outpatient": "11", "inpatient": "21", "pharmacy": "41", "manual": "99"}


def reply_of(outcome: Outcome) -> Nodes:
    """The reply to a try or a settlement; `setl_id` is put in by `with_id`."""
    return {"setlinfo": {**_about(outcome), **_sums(outcome)}, "setldetail": _detail(outcome)}


def with_id(reply: Nodes, setl_id: str, moment: datetime) -> Nodes:
    """The reply of a settlement that has its number."""
    return {**reply, "setlinfo": {**reply["setlinfo"], "setl_id": setl_id, "setl_time": _time(moment)}}


def _about(outcome: Outcome) -> Nodes:
    request = outcome.request
    visit, person, coverage = request.visit, request.visit.person, request.visit.coverage
    return {
        "mdtrt_id": visit.mdtrt_id,
        "setl_id": None,
        "psn_no": person.psn_no,
        "psn_name": person.name,
        "psn_cert_type": person.certificate_type,
        "certno": person.certificate,
        "gend": person.sex,
        "naty": person.ethnicity,
        "brdy": person.born.isoformat(),
        "age": f"{age_on(person.born, day_of(request.moment))}.0",
        "insutype": coverage.insurance,
        "psn_type": coverage.kind,
        "cvlserv_flag": "1" if coverage.civil_servant else "0",
        "setl_time": _time(request.moment),
        "mdtrt_cert_type": request.extra.get("mdtrt_cert_type"),
        "med_type": visit.med_type,
        "medins_setl_id": request.msgid,
        "clr_optins": coverage.region.body.code[:6],
        "clr_way": BY_ITEM,
        "clr_type": CLEARING[visit.kind],
        **provincial.about(outcome),
    }


def _sums(outcome: Outcome) -> Nodes:
    payment, parts = outcome.payment, outcome.parts
    by_field = payment.by_field()
    deductible = provincial.deductible_fen(outcome.bills, "taken")
    pooled = by_field.get("hifp_pay", 0)
    fen = {
        "medfee_sumamt": parts.amount_fen,
        "fulamt_ownpay_amt": parts.fully_self_paid_fen,
        "overlmt_selfpay": parts.over_limit_fen,
        "preselfpay_amt": parts.pre_self_paid_fen,
        "inscp_scp_amt": parts.in_scope_fen,
        "act_pay_dedc": min(deductible, payment.personal_fen),  # another fund may bear a part of the deductible
        "crt_dedc": deductible,
        provincial.STANDARD: provincial.deductible_fen(outcome.bills, "standard"),
        **{name: by_field.get(name, 0) for name in FUND_FIELDS},
        "fund_pay_sumamt": payment.funds_fen,
        "psn_part_amt": payment.personal_fen,
        "acct_pay": payment.account_fen + payment.family_fen,
        "acct_mulaid_pay": payment.family_fen,
        "psn_cash_pay": payment.cash_fen,
        "hosp_part_amt": payment.hospital_fen,
        "balc": outcome.balance_fen,
    }
    assert by_field.keys() <= set(FUND_FIELDS), by_field
    share = Decimal(pooled) / Decimal(parts.in_scope_fen) if parts.in_scope_fen > 0 else Decimal(0)
    rate = share.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    amounts = {name: _text(value) for name, value in fen.items()}
    return amounts | provincial.amounts(amounts) | {"pool_prop_selfpay": str(rate)}


def _detail(outcome: Outcome) -> list[Nodes]:
    payment, scheme = outcome.payment, outcome.request.visit.coverage.scheme
    scope = outcome.parts.in_scope_fen
    rows = [
        _row(layer.code, layer.paid_fen, scope, layer.left_fen, layer.text)
        for layer in payment.layers
        if layer.paid_fen and layer.payer not in payers.OWN
    ]
    for payer, fen in (
        (payers.HOSPITAL, payment.hospital_fen),
        ("personal account", payment.account_fen),
        ("family account", payment.family_fen),
    ):
        if fen:
            rows.append(_row(payers.fund_code(payer, scheme), fen, scope, None, ""))
    return rows


def _row(code: str, fen: int, scope_fen: int, left_fen: int | None, text: str) -> Nodes:
    """A row by fund. Where no cap limits it, what may be paid at most is what is in scope, or what was paid."""
    name = _fund_name(code)
    most = max(scope_fen, fen) if left_fen is None else left_fen
    return {
        "fund_pay_type": code,
        "inscp_scp_amt": _text(scope_fen),
        "crt_payb_lmt_amt": _text(most),
        "fund_payamt": _text(fen),
        "fund_pay_type_name": name,
        "setl_proc_info": text[:LONGEST_TEXT] or None,
    }


@cache
def _fund_name(code: str) -> str:
    return next((one.zh for one in dictionary("FUND_PAY_TYPE") if one.code == code), "")


def _text(fen: int) -> str:
    """Fen as yuan with two decimals."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def reversed_reply(reply: Nodes, setl_id: str, msgid: str, moment: datetime, balance_fen: int) -> Nodes:
    """The reply to a reversal: the same with the opposite amounts, under its own number."""
    info = dict(reply["setlinfo"])
    info |= {name: _opposite(info[name]) for name in AMOUNTS if info.get(name) is not None}
    info |= {
        "setl_id": setl_id,
        "setl_time": _time(moment),
        "medins_setl_id": msgid,
        "balc": str(yuan(balance_fen)),
        **provincial.reversed_amounts(info),
    }
    detail = [
        {**row, "fund_payamt": _opposite(row["fund_payamt"]), "inscp_scp_amt": _opposite(row["inscp_scp_amt"])}
        for row in reply["setldetail"]
    ]
    return {"setlinfo": info, "setldetail": detail}


def numbers(node: Nodes) -> Nodes:
    """A kept node as the writer takes it: amounts as exact numbers, days and moments as such."""
    return {name: value_of(name, value) for name, value in node.items()}


def value_of(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in NUMBERS:
        return Decimal(value)
    if name in DAYS:
        return date.fromisoformat(value)
    if name == "setl_time":
        return datetime.fromisoformat(value).replace(tzinfo=CHINA)
    return value


def _opposite(text: str) -> str:
    return str(-Decimal(text) + 0)


def _time(moment: datetime) -> str:
    return moment.astimezone(CHINA).replace(tzinfo=None).isoformat(" ", "seconds")
