"""What is said of claims that were brought to the lab, in Chinese and English."""

from __future__ import annotations

from openyibao.lab.bring.claims import Brought
from openyibao.lab.bring.paid import column_name, data
from openyibao.policy.values import money
from openyibao.tables.problems import REASONS
from openyibao.tables.summary import KINDS, MOST_REASONS, OTHER_KIND

SAY: dict[str, tuple[str, str]] = {
    "rows": (
        "共{rows:,}行：{settled:,}行可用（{people:,}人），{rejected:,}行不可用。",
        "{rows:,} claims: {settled:,} can be used (of {people:,} persons), {rejected:,} not.",
    ),
    "sum": (
        "医疗费总额不等于四项费用之和：{count:,}行。",
        "The total is not the sum of its four parts: {count:,} rows.",
    ),
    "reason": ("  {count:,}行：{where}{reason}", "  {count:,} rows: {where}{reason}"),
    "more": ("  其余{count:,}种原因见下列文件。", "  {count:,} more reasons stand in that file."),
    "unknown": (
        "政策没有的取值，已留空：{what}",
        "Values that the policy does not have, left empty: {what}",
    ),
    "blank": ("跳过空行{count:,}行。", "{count:,} blank rows were passed over."),
    "unread": ("未读取的列：{columns}", "Columns not read: {columns}"),
    "note": ("请注意：{note}", "Please note: {note}."),
    "none paid": ("表中没有已支付金额。", "The table does not say what was paid."),
    "beside": (
        "已支付金额与按政策结算的金额（元）：",
        "What was paid beside what the policy pays (yuan):",
    ),
    "one": (
        "  {header}：表中{told}，政策{settled}；{rows:,}行中{same:,}行分文不差",
        "  {header}: paid {told}, by the policy {settled}; the same to the fen in {same:,} of {rows:,} rows",
    ),
    "funds": (
        "各项基金支出之和不等于基金支付总额：{count:,}行。",
        "The funds do not add up to the sum of funds: {count:,} rows.",
    ),
    "total": (
        "基金支付总额加个人负担总金额不等于医疗费总额：{count:,}行。",
        "Funds and person do not add up to the total: {count:,} rows.",
    ),
    "unread paid": (
        "不是金额而留空的单元格：{what}",
        "Cells that hold no amount, left empty: {what}",
    ),
    "claims": ("单据：{path}", "Claims: {path}"),
    "persons": ("人员编号：{path}", "Persons: {path}"),
    "rejects": ("不可用的行及原因：{path}", "Rows that cannot be used, and why: {path}"),
}


def lines(found: Brought, lang: str) -> list[str]:
    """The lines to print, in a language."""
    at = 0 if lang == "zh" else 1
    tally = found.tally

    def say(key: str, **values: object) -> str:
        return SAY[key][at].format(**values)

    said = [say("rows", rows=tally.rows, settled=tally.settled, people=found.people, rejected=tally.rejected)]
    sums = sum(count for (_, kind), count in tally.reasons.items() if kind == "sum")
    said.append(say("sum", count=sums))
    for (where, kind), count in tally.reasons.most_common(MOST_REASONS):
        reason = KINDS.get(kind) or REASONS.get(kind) or OTHER_KIND
        place = where if where in found.reader.headers().values() else found.reader.vocabulary.say(where, lang)
        said.append(say("reason", count=count, where=f"{place}: " if place else "", reason=reason[at]))
    if len(tally.reasons) > MOST_REASONS:
        said.append(say("more", count=len(tally.reasons) - MOST_REASONS))
    if unknown := [f"{found.reader.columns.header(name)} {count:,}" for name, count in found.unknown.items() if count]:
        said.append(say("unknown", what=", ".join(unknown)))
    said += _paid(found, at)
    if found.source.blank:
        said.append(say("blank", count=found.source.blank))
    if unread := [f"{name} ({near}?)" if near else name for name, near in found.unread().items()]:
        said.append(say("unread", columns=", ".join(unread)))
    said += [say("note", note=note[at]) for note in found.source.notes]
    said += [say("claims", path=found.target), say("persons", path=found.persons)]
    if found.rejects:
        said.append(say("rejects", path=found.rejects))
    return said


def _paid(found: Brought, at: int) -> list[str]:
    """What was paid, whether it adds up, and what the policy pays."""
    if not found.paid_columns:
        return [SAY["none paid"][at]]
    said = [SAY["beside"][at]] if found.paid.beside else []
    for name, one in found.paid.beside.items():
        said.append(
            SAY["one"][at].format(
                header=found.paid_columns[name],
                told=money(one.told_fen),
                settled=money(one.settled_fen),
                rows=one.rows,
                same=one.same,
            )
        )
    for key, count in (("funds", found.paid.funds_differ), ("total", found.paid.total_differs)):
        if count:
            said.append(SAY[key][at].format(count=count))
    if odd := [f"{data()[name]['national']} ({column_name(name)}) {n:,}" for name, n in found.paid.unread.items() if n]:
        said.append(SAY["unread paid"][at].format(what=", ".join(odd)))
    return said
