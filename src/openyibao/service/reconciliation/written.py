"""The differences in the interface's own words: the file that answers 3202, which the command line writes, too."""

from __future__ import annotations

from collections.abc import Iterator

from openyibao.policy.model import Bilingual
from openyibao.service.reconciliation.found import Found
from openyibao.service.reconciliation.kinds import INSTITUTION_HAS_MORE, kinds
from openyibao.service.reconciliation.rows import MONEY, Difference
from openyibao.service.settlements.lines import yuan

NAMES = {
    "setl_id": Bilingual("结算编号", "number"),
    "mdtrt_id": Bilingual("就诊编号", "visit"),
    "psn_no": Bilingual("人员编号", "person"),
    "medfee_sumamt": Bilingual("医疗费总额", "total"),
    "fund_pay_sumamt": Bilingual("基金支付", "funds"),
    "acct_pay": Bilingual("个人账户", "account"),
    "psn_cash_pay": Bilingual("现金", "cash"),
    "setl_date": Bilingual("结算日", "day"),
}
FIELDS = {**dict(zip(MONEY, list(NAMES)[3:7], strict=True)), "day": "setl_date"}
"""The interface's names of fields whose names here are others."""
ANSWER = (
    *("stmt_rslt", "setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "medfee_sumamt_here", "fund_pay_sumamt"),
    *("fund_pay_sumamt_here", "acct_pay", "acct_pay_here", "psn_cash_pay", "psn_cash_pay_here", "setl_date", "memo"),
    *("diff_type", "diff_fields", "diff_setl_id"),
)
"""The columns of the file of differences: what the institution stated, and beside it what stands here; the kind of
kinds.toml, the fields that differ, and the number of the settlement or row that belongs to it."""
BALANCED = {
    "row": Bilingual("本行各项相抵，合计相同", "within the row they make up for each other"),
    "other row": Bilingual("与另一行相抵，合计相同", "another row makes up for it"),
}


def rows_of(found: Found, lang: str = "zh") -> Iterator[tuple[str, ...]]:
    """The rows of the file, by ANSWER. `lang`: the language of the memo."""
    for one in found.differences():
        yield (
            str(result_of(one)),
            *(one.text(name) for name in ("setl_id", "mdtrt_id", "psn_no")),
            *(_yuan(row, name) for name in MONEY for row in (one.stated, one.held)),
            one.day.isoformat() if one.day else "",
            memo(one, lang),
            one.kind,
            ",".join(fields_of(one)),
            one.other,
        )


def result_of(one: Difference) -> int:
    """STMT_RSLT of a difference. What is stated and lies on a day outside is one that the institution has more."""
    if one.kind == "day" and one.held is not None and not one.held["inside"]:
        return INSTITUTION_HAS_MORE
    return kinds()[one.kind].code(stated=one.stated is not None, held=one.held is not None)


def fields_of(one: Difference) -> list[str]:
    """The interface's names of the fields that differ."""
    if one.kind == "number":
        return ["setl_id"]
    found = [FIELDS.get(name, name) for name in one.fields]
    return found or (["setl_date"] if one.kind == "day" else [])


def memo(one: Difference, lang: str) -> str:
    """What differs, in words."""
    said = [str(getattr(kinds()[one.kind], lang))]
    if one.line is not None:
        said.append(f"第 {one.line} 行" if lang == "zh" else f"row {one.line}")
    if one.malformed is not None:
        said.append(str(getattr(one.malformed.why, lang)))
    if fields := fields_of(one):
        said.append(("、" if lang == "zh" else ", ").join(str(getattr(NAMES[name], lang)) for name in fields))
    if one.balanced:
        said.append(str(getattr(BALANCED[one.balanced], lang)))
    for name in ("psn_no", "mdtrt_id"):
        if name in one.fields and one.held is not None:
            said.append(f"中心为 {one.held[name]}" if lang == "zh" else f"here {one.held[name]}")
    if one.other:
        said.append(f"见 {one.other}" if lang == "zh" else f"see {one.other}")
    return ("；" if lang == "zh" else "; ").join(said)


def _yuan(row: dict[str, int | None] | None, name: str) -> str:
    fen = row[name] if row else None
    return "" if fen is None else str(yuan(fen))
