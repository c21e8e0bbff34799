"""The report of a survey file: rows dropped, cells missing, recoded, rounded and unusable, and what is annualised."""

from __future__ import annotations

from collections import Counter

from openyibao.lab.bring.mapping import MONEY, PERIODS, SurveyMapping
from openyibao.lab.bring.survey import YEARLY, Report, Told
from openyibao.lab.bring.visits import Left

MOST_CODES = 8
SAY: dict[str, tuple[str, str]] = {
    "file": (
        "{path}（{encoding}），映射{mapping}，第{wave}轮（{year}年）",
        "{path} ({encoding}), mapping {mapping}, wave {wave} ({year})",
    ),
    "rows": ("共{rows:,}行：保留{kept:,}行。", "{rows:,} rows: {kept:,} kept."),
    "dropped": ("  舍去{count:,}行：{why}", "  {count:,} rows dropped: {why}"),
    "field": ("  {concept} = {name}{label}：{filled:,}个有值", "  {concept} = {name}{label}: {filled:,} filled"),
    "household": ("全户的", "of the household"),
    "annualised": ("每{period}的，乘以{times}折成一年", "of a {period}, times {times} for a year"),
    "unsure": ("把握：{sure}", "sure: {sure}"),
    "missing": ("      缺失：{codes}", "      missing: {codes}"),
    "recoded": ("      改写：{codes}", "      recoded: {codes}"),
    "unusable": ("      不能使用，已留空：{codes}", "      cannot be used, left empty: {codes}"),
    "rounded": ("      取整：{count:,}个", "      rounded: {count:,}"),
    "more": ("等", "and more"),
    "absent": ("文件中没有的：{what}", "Not in the file: {what}"),
    "left": (
        "  {service}：{no_cost:,}人有次数而无费用，{no_number:,}人有费用而无次数，未成单据",
        "  {service}: no claims of {no_cost:,} people who told no cost, nor of {no_number:,} who told no number",
    ),
    "assumed": (
        "假定：费用的{share}%在范围内，住院{days}天，费用按次均分；{facts}",
        "Assumed: {share}% of a cost in scope, a stay of {days} days, costs split evenly; {facts}",
    ),
}
WHY = {
    "torn row": "单元格数与列数不符",
    "not in the wave": "不属于该轮",
    "no id": "没有编号",
    "repeats an id": "编号重复",
    "no weight": "没有权重",
}
CONCEPT = {
    "person": "个人",
    "household": "家户",
    "community": "社区",
    "sex": "性别",
    "urban": "城镇",
    "public insurance": "公共医疗保险",
    "private insurance": "商业医疗保险",
    "scheme": "险种",
    "age": "年龄",
    "household size": "家庭人口",
    "hospital stays": "住院次数",
    "outpatient visits": "门诊次数",
    "income": "收入",
    "consumption": "消费",
    "food": "食品支出",
    "medical expenditure": "医疗支出",
    "out-of-pocket": "自付医疗支出",
    "hospital cost": "住院费用",
    "hospital out-of-pocket": "住院自付",
    "outpatient cost": "门诊费用",
    "outpatient out-of-pocket": "门诊自付",
    "weight": "权重",
}
SERVICE = {"inpatient": "住院", "outpatient": "门诊"}
SURE = {"medium": "中", "low": "低"}
PERIOD = {"half year": "半年", "quarter": "季度", "month": "月", "week": "周"}


def lines(report: Report, lang: str) -> list[str]:
    """The lines to print, in a language."""
    at = 0 if lang == "zh" else 1
    mapping = report.mapping
    said = [
        SAY["file"][at].format(
            path=report.path,
            encoding=report.encoding,
            mapping=mapping.id,
            wave=report.wave,
            year=mapping.waves[report.wave],
        ),
        SAY["rows"][at].format(rows=report.rows, kept=report.kept),
    ]
    said += [
        SAY["dropped"][at].format(count=count, why=WHY[why] if lang == "zh" else why)
        for why, count in report.dropped.items()
    ]
    for concept, told in report.concepts.items():
        said += _concept(concept, told, at)
    if report.absent:
        absent = [f"{named(concept, at)} ({choices})" for concept, choices in report.absent.items()]
        said.append(SAY["absent"][at].format(what="; ".join(absent)))
    return said


def named(concept: str, at: int) -> str:
    """A concept in Chinese (0) or English (1)."""
    return CONCEPT[concept] if at == 0 else concept


def _concept(concept: str, told: Told, at: int) -> list[str]:
    one = told.mapped
    about = []
    if one.of == "household":
        about.append(SAY["household"][at])
    if concept in (*MONEY, *YEARLY) and one.period != "year":
        period = PERIOD[one.period] if at == 0 else one.period
        about.append(SAY["annualised"][at].format(period=period, times=PERIODS[one.period]))
    if one.sure != "high":
        about.append(SAY["unsure"][at].format(sure=SURE[one.sure] if at == 0 else one.sure))
    first = SAY["field"][at].format(
        concept=named(concept, at), name=told.name, label=f" ({told.label})" if told.label else "", filled=told.filled
    )
    said = [", ".join([first, *about])]
    recoded = Counter({f"{code} -> {word}": count for (code, word), count in told.recoded.items()})
    for key, counts in (("missing", told.missing), ("recoded", recoded), ("unusable", told.unusable)):
        if counts:
            said.append(SAY[key][at].format(codes=_counts(counts, at)))
    if told.rounded:
        said.append(SAY["rounded"][at].format(count=told.rounded))
    return said


def _counts(counts: Counter[str], at: int) -> str:
    told = [f"{code} {count:,}" for code, count in counts.most_common(MOST_CODES)]
    return ", ".join([*told, *([SAY["more"][at]] if len(counts) > MOST_CODES else [])])


def claim_lines(mapping: SurveyMapping, left: tuple[Left, ...], lang: str) -> list[str]:
    """What was assumed for claims, and of whom none could be made."""
    at, assumed = 0 if lang == "zh" else 1, mapping.claims
    facts = ", ".join(f"{name} = {value}" for name, value in assumed.facts.items())
    share = float(100 * assumed.in_scope)
    said = [SAY["assumed"][at].format(share=f"{share:g}", days=assumed.days_of_a_stay, facts=facts)]
    return said + [
        SAY["left"][at].format(
            service=SERVICE[one.service] if at == 0 else one.service, no_cost=one.no_cost, no_number=one.no_number
        )
        for one in left
    ]
