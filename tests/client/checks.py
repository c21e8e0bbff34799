"""The arithmetic of settlements and fee lines (section 5), in whole fen.

A check answers a list of `Wrong`: empty when all holds. An amount that is null, "" or absent counts as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "hifdm_pay")
# Field of setlinfo -> the types of its rows in setldetail, as codes of the country or of a pool area (ending in 1).
ROWS = {
    "hifp_pay": ("310100", "310101", "390100", "390101"),
    "cvlserv_pay": ("320100", "320101"),
    "hifes_pay": ("370100", "370101"),
    "hifmi_pay": ("390200", "390201"),
    "hifob_pay": ("330100", "330101"),
    "maf_pay": ("610100", "610101"),
    "hifdm_pay": ("350100", "350101"),
}
ACCOUNT = ("310200", "310201")
HOSPITAL = ("999996",)
PERSONAL = ("999998", "999999")  # cash and the personal part: no fund
CLASS_A, CLASS_C = "01", "03"
# What a reversal states with the other sign.
NEGATED = (
    *("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"),
    *(*FUNDS, "fund_pay_sumamt", "acct_pay"),
)


@dataclass(frozen=True)
class Wrong:
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


def number(value: Any) -> Decimal | None:
    """A number, or text that is one; None for null, "" and absent. Raises ValueError otherwise."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError(f"expected a number, found {value!r}")
    try:
        result = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"expected a number, found {value!r}") from None
    if not result.is_finite():
        raise ValueError(f"expected a finite number, found {value!r}")
    if abs(result.adjusted()) > 60:  # far beyond the lengths of the text; exact work with it could take for ever
        raise ValueError(f"expected a number of at most 60 digits, found one of exponent {result.adjusted()}")
    return result


def fen(value: Any) -> int | None:
    """Yuan as fen; None where there is no amount. Raises ValueError for a part of a fen."""
    amount = number(value)
    if amount is None:
        return None
    exact = Fraction(amount) * 100
    if exact.denominator != 1:
        raise ValueError(f"expected whole fen, found {amount} yuan")
    return exact.numerator


def yuan(amount: int) -> Decimal:
    """Fen as yuan with two decimals, whatever the size."""
    whole, part = divmod(abs(amount), 100)
    return Decimal(f"{'-' if amount < 0 else ''}{whole}.{part:02d}")


def nearest(exact: Fraction, amount: int) -> bool:
    """Whether an amount is the nearest whole fen of an exact one; of two as near both are."""
    return abs(exact - amount) <= Fraction(1, 2)


def half_up(exact: Fraction) -> int:
    """The nearest whole fen; a half goes away from nothing."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def amounts(node: dict[str, Any], names: tuple[str, ...], where: str, wrong: list[Wrong]) -> dict[str, int]:
    """Fen by name, 0 where there is none; what is no amount goes to `wrong`."""
    found = {}
    for name in names:
        try:
            found[name] = fen(node.get(name)) or 0
        except ValueError as error:
            wrong.append(Wrong(f"{where}.{name}", "an amount in yuan of whole fen", str(error)))
            found[name] = 0
    return found


def same(wrong: list[Wrong], where: str, expected: int, found: int) -> None:
    if expected != found:
        wrong.append(Wrong(where, f"{yuan(expected)}", f"{yuan(found)}"))


def settlement(output: dict[str, Any], where: str = "setlinfo") -> list[Wrong]:
    """Identities 1 to 5 and the sum of each fund on a settlement, pre-settlement or reversal."""
    wrong: list[Wrong] = []
    info = output.get("setlinfo")
    if not isinstance(info, dict):
        return [Wrong(where, "an object", repr(info)[:60])]
    names = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    a = amounts(info, (*names, "fund_pay_sumamt", "acct_pay", "acct_mulaid_pay", "hosp_part_amt", *FUNDS), where, wrong)
    same(wrong, f"{where} identity 1: M = O + X + P + S", sum(a[name] for name in names[1:]), a[names[0]])
    same(wrong, f"{where} identity 2: F = the funds", sum(a[name] for name in FUNDS), a["fund_pay_sumamt"])
    part = a["medfee_sumamt"] - a["fund_pay_sumamt"] - a["hosp_part_amt"]
    # 5203 and 2103 call the personal part psn_pay and the cash cash_payamt.
    for name in ("psn_part_amt", "psn_pay"):
        if info.get(name) not in (None, ""):
            stated = amounts(info, (name,), where, wrong)[name]
            same(wrong, f"{where} identity 3: {name} = M - F - H", part, stated)
    cash = [name for name in ("psn_cash_pay", "cash_payamt") if info.get(name) not in (None, "")]
    for name in cash:
        stated = amounts(info, (name,), where, wrong)[name]
        same(wrong, f"{where} identity 4: N = A + {name}", part, a["acct_pay"] + stated)
    if not cash:
        wrong.append(Wrong(f"{where}.psn_cash_pay", "an amount", "none"))
    wrong += details(output, a, where)
    wrong += bounds(info, a, where)
    return wrong


def details(output: dict[str, Any], a: dict[str, int], where: str) -> list[Wrong]:
    """Identity 5: the rows of setldetail are F + H + A; rows of the account and of the hospital may be left out."""
    wrong: list[Wrong] = []
    rows = output.get("setldetail")
    if rows is None and not (a["fund_pay_sumamt"] or a["hosp_part_amt"] or a["acct_pay"]):
        return wrong
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [Wrong("setldetail", "a list of objects", repr(rows)[:60])]
    paid: dict[str, int] = {}
    for place, row in enumerate(rows):
        kind = str(row.get("fund_pay_type"))
        paid[kind] = paid.get(kind, 0) + amounts(row, ("fund_payamt",), f"setldetail[{place}]", wrong)["fund_payamt"]
    for kind in PERSONAL:
        paid.pop(kind, None)

    def of(kinds: tuple[str, ...]) -> int:
        return sum(paid.get(kind, 0) for kind in kinds)

    total = sum(paid.values())
    whole = a["fund_pay_sumamt"] + a["hosp_part_amt"] + a["acct_pay"]
    if not any(kind in paid for kind in ACCOUNT):
        total += a["acct_pay"]
    else:
        same(wrong, "setldetail rows of acct_pay", a["acct_pay"], of(ACCOUNT))
    if not any(kind in paid for kind in HOSPITAL):
        total += a["hosp_part_amt"]
    else:
        same(wrong, "setldetail rows of hosp_part_amt", a["hosp_part_amt"], of(HOSPITAL))
    same(wrong, f"{where} identity 5: the rows of setldetail = F + H + A", whole, total)
    for name, kinds in ROWS.items():
        same(wrong, f"setldetail rows of {name}", a[name], of(kinds))
    return wrong


def bounds(info: dict[str, Any], a: dict[str, int], where: str) -> list[Wrong]:
    """Identity 8, and that no part is larger than the whole or of the other sign."""
    wrong: list[Wrong] = []
    used = amounts(info, ("act_pay_dedc",), where, wrong)["act_pay_dedc"]
    whole = a["medfee_sumamt"]
    sign = -1 if whole < 0 else 1
    part = (whole - a["fund_pay_sumamt"] - a["hosp_part_amt"]) * sign
    if not 0 <= used * sign <= max(part, 0):
        wrong.append(Wrong(f"{where} identity 8: act_pay_dedc lies within N", f"0 to {yuan(part)}", f"{yuan(used)}"))
    for name in ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "fund_pay_sumamt"):
        if not 0 <= a[name] * sign <= whole * sign:
            wrong.append(Wrong(f"{where}.{name}", f"between 0 and {yuan(whole)}", f"{yuan(a[name])}"))
    return wrong


def line(row: dict[str, Any], where: str = "result") -> list[Wrong]:
    """Identities 1, 6 and 7 on one fee line."""
    wrong: list[Wrong] = []
    names = ("det_item_fee_sumamt", "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
    a = amounts(row, names, where, wrong)
    whole, own, over, ahead, _ = (a[name] for name in names)
    same(wrong, f"{where} identity 1: M = O + X + P + S", sum(a[name] for name in names[1:]), whole)
    try:
        count, price = number(row.get("cnt")), number(row.get("pric"))
        limit, share = number(row.get("pric_uplmt_amt")), number(row.get("selfpay_prop"))
    except ValueError as error:
        return [*wrong, Wrong(where, "numbers in cnt, pric, pric_uplmt_amt and selfpay_prop", str(error))]
    if count is not None and price is not None:
        exact = Fraction(count) * Fraction(price) * 100
        same(wrong, f"{where} identity 6: det_item_fee_sumamt = cnt x pric", half_up(exact), whole)
    if limit and price is not None and price <= limit and over:
        wrong.append(Wrong(f"{where}.overlmt_amt", f"nothing: {price} is not above the limit {limit}", f"{yuan(over)}"))
    grade = row.get("chrgitm_lv")
    if grade == CLASS_C:
        same(wrong, f"{where} identity 7: class C lies whole in O", whole, own)
        if share is not None and share != 1:
            wrong.append(Wrong(f"{where} identity 7: selfpay_prop of class C", "1", str(share)))
    elif grade == CLASS_A:
        same(wrong, f"{where} identity 7: class A has no advance self-pay", 0, ahead)
    inside = whole - own - over
    if inside and grade != CLASS_C:
        exact = Fraction(inside) * Fraction(share or 0)
        # A refund states what its line loses: the difference of two amounts, each rounded.
        if not nearest(exact, ahead) and not (whole < 0 and abs(exact - ahead) < 1):
            expected = f"{yuan(inside)} x {share or 0}"
            wrong.append(
                Wrong(
                    f"{where} identity 7: preselfpay_amt = in-limit amount x selfpay_prop", expected, f"{yuan(ahead)}"
                )
            )
    return wrong


def lines(rows: list[dict[str, Any]], sent: list[dict[str, Any]], where: str = "result") -> list[Wrong]:
    """Every line of a reply, and that the reply answers the lines sent, each once and with its own amounts."""
    wrong: list[Wrong] = []
    asked = {str(row["feedetl_sn"]): row for row in sent}
    answered = [str(row.get("feedetl_sn")) for row in rows]
    if sorted(asked) != sorted(answered):
        wrong.append(Wrong(f"{where}.feedetl_sn", f"{sorted(asked)}", f"{sorted(answered)}"))
    for row in rows:
        name = f"{where}[{row.get('feedetl_sn')}]"
        wrong += line(row, name)
        if own := asked.get(str(row.get("feedetl_sn"))):
            for field in ("det_item_fee_sumamt", "cnt", "pric"):
                if number(own[field]) != number(row.get(field)):
                    wrong.append(Wrong(f"{name}.{field}", str(own[field]), repr(row.get(field))))
    return wrong


SUMS = {
    "medfee_sumamt": "det_item_fee_sumamt",
    "fulamt_ownpay_amt": "fulamt_ownpay_amt",
    "overlmt_selfpay": "overlmt_amt",
    "preselfpay_amt": "preselfpay_amt",
    "inscp_scp_amt": "inscp_scp_amt",
}


def sums(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The five sums of fee lines, in fen, by the names of a settlement."""
    return {name: sum(fen(row.get(field)) or 0 for row in rows) for name, field in SUMS.items()}


def settles(info: dict[str, Any], expected: dict[str, int], where: str) -> list[Wrong]:
    """A settlement is of the sums of its lines."""
    wrong: list[Wrong] = []
    found = amounts(info, tuple(expected), where, wrong)
    for name, amount in expected.items():
        same(wrong, f"{where}.{name}, the sum of the lines", amount, found[name])
    return wrong


def reverses(back: dict[str, Any], first: dict[str, Any]) -> list[Wrong]:
    """A reversal has a number of its own and the amounts of the settlement with the other sign."""
    wrong: list[Wrong] = []
    one, other = amounts(first, NEGATED, "settlement", wrong), amounts(back, NEGATED, "reversal", wrong)
    for name in NEGATED:
        same(wrong, f"reversal.{name}", -one[name], other[name])
    if not back.get("setl_id") or back.get("setl_id") == first.get("setl_id"):
        wrong.append(Wrong("reversal.setl_id", f"another than {first.get('setl_id')}", repr(back.get("setl_id"))))
    return wrong
