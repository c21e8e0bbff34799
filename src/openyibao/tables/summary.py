"""What is said of a table that was settled, in Chinese and English."""

from __future__ import annotations

from openyibao.policy.values import money
from openyibao.tables.names import CERTAIN, data, fund_field
from openyibao.tables.problems import REASONS
from openyibao.tables.settle import Summary

MOST_REASONS = 10
SAY: dict[str, tuple[str, str]] = {
    "rows": (
        "共{rows:,}行：已结算{settled:,}行，未结算{rejected:,}行。",
        "{rows:,} claims: {settled:,} settled, {rejected:,} not.",
    ),
    "money": (
        "各方支付{paid}元，个人负担{personal}元。",
        "Paid {paid} yuan, left to the persons {personal} yuan.",
    ),
    "reason": ("  {count:,}行：{where}{reason}", "  {count:,} rows: {where}{reason}"),
    "more": ("  其余{count:,}种原因见下列文件。", "  {count:,} more reasons stand in that file."),
    "persons": (
        "{persons:,}名参保人有未结算的行，其余各行按没有这些行结算；更正后请将这些人的全部单据重新结算。",
        "{persons:,} persons have rows that were not settled; their other claims were settled as if those rows were "
        "not there. After correcting them, settle all claims of these persons again.",
    ),
    "nobody": ("{count:,}行没有参保人编号。", "{count:,} rows have no person."),
    "blank": ("跳过空行{count:,}行。", "{count:,} blank rows were passed over."),
    "unread": ("未读取的列：{columns}", "Columns not read: {columns}"),
    "perhaps": ("{column}（是否应为{field}？）", "{column} (did you mean {field}?)"),
    "unsure": (
        "把握不足的列：{columns}（见docs/tables.md）",
        "Columns taken for something with less than certainty: {columns} (docs/tables.md)",
    ),
    "note": ("请注意：{note}", "Please note: {note}."),
    "order": ("结算结果与原表行序一致。", "The bills stand in the order of the claims."),
    "sorted": (
        "原表未按参保人集中排列，已在磁盘上排序后结算；结算结果与原表行序一致。",
        "The claims of a person did not stand together, so they were sorted on disk. "
        "The bills stand in the order of the claims.",
    ),
    "bills": ("结算结果：{path}", "Bills: {path}"),
    "rejects": ("未结算的行及原因：{path}", "Rows not settled, and why: {path}"),
}
KINDS: dict[str, tuple[str, str]] = {
    "date": ("不在政策施行期内", "the policy is not in force on that date"),
    "day": ("年度日期不是1900年以后的日期", "the date that uses belong to is before 1900"),
    "fact": ("政策没有此取值的规定，或未填写", "missing, or a value for which the policy has no rule"),
    "gap": ("政策对此情形没有数值", "the policy has no value for this case"),
    "enrolment": ("未填写参保登记日期", "the day of enrolment is not stated"),
    "rate": ("得出的报销比例不在0%至100%之间", "a rate comes out below 0% or above 100%"),
    "use": ("累计超过系统上限", "a use grows beyond what the system accepts"),
    "refused": ("本政策不予办理", "the policy does not allow this"),
    "sub-part": ("未填写分项的金额", "the amount of a sub-part is not stated"),
    "division": ("各分项之和不等于该项费用", "sub-parts do not add up to their part"),
    "gathering money": ("汇总结算自身不应有费用", "a claim that gathers has no money of its own"),
    "gathered": ("汇总的金额超过系统上限", "what is gathered is larger than the system accepts"),
    "edges": ("分段的上限低于前一段", "an edge of a band lies below the one before"),
}
OTHER_KIND = ("见文件中的说明", "see the file")


def lines(found: Summary, lang: str) -> list[str]:
    """The lines to print, in a language."""
    at = 0 if lang == "zh" else 1
    tally, columns = found.tally, found.reader.columns

    def say(key: str, **values: object) -> str:
        return SAY[key][at].format(**values)

    said = [say("rows", rows=tally.rows, settled=tally.settled, rejected=tally.rejected)]
    said.append(say("money", paid=money(tally.paid_fen), personal=money(tally.personal_fen)))
    said.append(say("order" if found.together else "sorted"))
    for (where, kind), count in tally.reasons.most_common(MOST_REASONS):
        reason = KINDS.get(kind) or REASONS.get(kind) or OTHER_KIND
        place = where if where in found.reader.headers().values() else found.reader.vocabulary.say(where, lang)
        said.append(say("reason", count=count, where=f"{place}: " if place else "", reason=reason[at]))
    if len(tally.reasons) > MOST_REASONS:
        said.append(say("more", count=len(tally.reasons) - MOST_REASONS))
    if tally.persons_rejected:
        said.append(say("persons", persons=tally.persons_rejected))
    if tally.nobody:
        said.append(say("nobody", count=tally.nobody))
    if found.blank:
        said.append(say("blank", count=found.blank))
    if columns.unread:
        unread = [say("perhaps", column=one, field=near) if near else one for one, near in columns.unread.items()]
        said.append(say("unread", columns=", ".join(unread)))
    if unsure := _unsure(found):
        said.append(say("unsure", columns=", ".join(unsure)))
    said += [say("note", note=note[at]) for note in found.notes]
    said.append(say("bills", path=found.target))
    if found.rejects:
        said.append(say("rejects", path=found.rejects))
    return said


def _unsure(found: Summary) -> list[str]:
    """Columns read, codes and funds written, of which it is not certain that they mean what we take them for."""
    columns = found.reader.columns
    unsure = [
        f"{column.header} = {column.field} ({column.name.sure})"
        for column in columns.read.values()
        if column.name.sure != CERTAIN
    ]
    if columns.naming == "national":
        policy = found.reader.policy
        funds = {layer.payer: fund_field(layer.payer, policy.scheme) for layer in policy.layers}
        unsure += [
            f"{fund['field']} = {payer} ({fund['sure']})" for payer, fund in funds.items() if fund["sure"] != CERTAIN
        ]
        unsure += [
            f"{columns.header(field)} (empty) = {codes['empty']['is']} ({codes['empty']['sure']})"
            for field, codes in data()["codes"].items()
            if "empty" in codes and field in columns.read and columns.read[field].name.naming == "national"
        ]
    return unsure
