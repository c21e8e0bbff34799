"""Why a claim could not be settled, said so that somebody can do something about it, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from openyibao.policy.claim_parts import gathering_of, sub_parts
from openyibao.policy.coverage import amount_tables
from openyibao.policy.model import AmountOf, Bilingual, Fact, NotAllowed, NotKnown, Policy, StatisticShare, Words
from openyibao.policy.values import yuan
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.claim import Claim, FactValue
from openyibao.settlement.facts import TwoValuesError, encoder, held
from openyibao.settlement.ir import Fault
from openyibao.settlement.lookup import SHUT_OUT
from openyibao.settlement.lower_amounts import figure_of
from openyibao.settlement.lower_tables import table_facts
from openyibao.settlement.lowering import CLAIM_PARTS, AmountPlan
from openyibao.settlement.program import Plan

SAY: dict[str, tuple[str, str]] = {
    "date": (
        "政策{policy}不适用于{what}日期{found}（施行期：自{start}起，{end}之前）。",
        "policy {policy} does not cover the {what} date {found} (in force from {start}, before {end}).",
    ),
    "day": (
        "年度日期{found}不是1900年以后的日期。",
        "the date {found}, to whose period uses belong, is not a day from 1900 on.",
    ),
    "negative": (
        "四项费用中有负数：{money}。各项费用须不小于0。",
        "one of the four cost parts is negative: {money}. Each must be 0 or more.",
    ),
    "sum": ("四项费用之和不等于总费用：{money}。", "the four cost parts do not add up to the total: {money}."),
    "large": ("总费用超过系统上限：{money}。", "the total is larger than the system accepts: {money}."),
    "fact": (
        "“{layer}”的“{what}”需要“{fact}”，{found}。本政策有规定的情形：{expected}。",
        "{layer} / {what} needs the fact {fact!r}: {found}. This policy has rules for: {expected}.",
    ),
    "gap": (
        "“{layer}”的“{what}”对{cell}没有数值：{why}。",
        "{layer} / {what} has no value for {cell}: {why}.",
    ),
    "refused": (
        "“{layer}”的“{what}”：{cell}，本政策不予办理：{why}",
        "{layer} / {what}: this policy does not allow {cell}: {why}",
    ),
    "sub-part": (
        "本政策把“{what}”细分，需要“{fact}”的金额，{found}。请在“事实”中填写（没有的写0）{lines}。",
        "this policy divides {what} and needs the amount of {fact!r}: {found}. State it among the facts (0 where there "
        "is none){lines}.",
    ),
    "division": (
        "“{what}”{part}元，各分项（{parts}）之和不等于它。请更正。",
        "{what} is {part} yuan, and its sub-parts ({parts}) do not add up to it. Correct one of them.",
    ),
    "gathering money": (
        "“{what}”为汇总结算，只看以往单据，自身不应有费用：{money}。",
        "claims of {what} gather what earlier claims left open and have no money of their own: {money}.",
    ),
    "gathered": (
        "“{what}”汇总的金额超过系统上限。",
        "what a claim of {what} gathers is larger than the system accepts.",
    ),
    "use": ("累计“{what}”超过系统上限。", "the use {what!r} grows beyond what the system accepts."),
    "parts": (
        "内部检查未通过：“{layer}”各部分之和不等于其基数。",
        "internal check failed: the parts of {layer} are not its base.",
    ),
    "beyond": (
        "内部检查未通过：“{layer}”的累计超过限额。",
        "internal check failed: a use of {layer} grew beyond its limit.",
    ),
    "conservation": (
        "内部检查未通过：支付与自付之和不等于总费用。",
        "internal check failed: paid and personal are not the total.",
    ),
    "rate": (
        "“{layer}”的“{what}”得出的比例低于0%或高于100%。请检查政策文件中的加减点数或计算公式。",
        "{layer} / {what} comes out below 0% or above 100%. Check its points or its line in the policy file.",
    ),
    "enrolment": (
        "“{layer}”的结转自参保之日起算，单据未填写“参保登记”日期。请补充。",
        "{layer}: what it carries over is earned from enrolment on; state the day of enrolment.",
    ),
    "enrolled": (
        "“{layer}”的“{what}”按参保登记之日计算，单据未填写“参保登记”日期。请补充。",
        "{layer}: {what} is counted from enrolment; state the day of enrolment.",
    ),
    "edges": ("“{layer}”的“{what}”有一段的上限低于前一段。", "{layer}: an edge of {what} lies below the one before."),
}
WHAT_TO_DO: dict[str, tuple[str, str]] = {
    "date": ("请选用该日期施行的政策。", "Choose the policy in force on that date."),
    "fact": (
        "请补充、更正，或选用有相应规定的政策。",
        "Add it, correct it, or choose a policy that covers it.",
    ),
    "gap": (
        "查明后写入政策文件，该单据方可结算。",
        "The claim can be settled once the policy file states it.",
    ),
}
"""What somebody who has the claim in hand can do, behind why it could not be settled."""


class ClaimError(Exception):
    """A claim that cannot be settled. `kind` is a key of SAY; `text` says why in both languages, and what to do.

    `why` is the same without what to do, for claims that nobody made. `details` are the words put into the sentences,
    by language, for who says it in other ones.
    """

    def __init__(
        self,
        claim: str,
        kind: str,
        text: Bilingual,
        why: Bilingual | None = None,
        details: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self.claim, self.kind, self.text, self.why = claim, kind, text, why or text
        self.details = details or {}
        super().__init__(f"claim {claim}: {text.en}")


def claim_error(plan: Plan, claim: Claim, number: int, cell: int) -> ClaimError:
    """The error for a fault that the compiled policy reported."""
    fault = plan.program.faults[number]
    details = {lang: _details(plan, claim, fault, cell, lang) for lang in ("zh", "en")}
    zh, en = (template.format(**told) for told, template in zip(details.values(), SAY[fault.kind], strict=True))
    kind = "fact" if _waits_for_facts(plan, claim, fault, cell) else fault.kind
    do_zh, do_en = WHAT_TO_DO.get(kind, ("", ""))
    whole = Bilingual(f"{zh}{do_zh}", f"{en} {do_en}".rstrip())
    return ClaimError(claim.id, fault.kind, whole, Bilingual(zh, en), details)


def two_values_error(policy: Policy, claim: Claim, error: TwoValuesError) -> ClaimError:
    """The error for a fact of which two values hold at once."""
    say = Vocabulary(policy.words).say
    zh, en = (
        "“{fact}”同时有{values}，政策未规定优先顺序。请只保留一个，或在政策文件中写明“优先顺序”。",
        "{fact} is {values} at once, and the policy gives no order. Keep one, or state an `order` in the policy file.",
    )
    texts = [
        text.format(fact=say(error.fact, lang), values=joint.join(say(value, lang) for value in error.values))
        for text, lang, joint in ((zh, "zh", "、"), (en, "en", " and "))
    ]
    return ClaimError(claim.id, "identity", Bilingual(*texts))


def _details(plan: Plan, claim: Claim, fault: Fault, cell: int, lang: str) -> dict[str, object]:
    policy = plan.policy
    say = Vocabulary(policy.words).say
    money = (
        claim.total_fen,
        claim.in_scope_fen,
        claim.pre_self_paid_fen,
        claim.over_limit_fen,
        claim.fully_self_paid_fen,
    )
    names = ("total", "in scope", "pre-self-paid", "over limit", "fully self-paid")
    if lang == "zh":
        names = ("总费用", "政策范围内", "先行自付", "超限价", "全自费")
    details: dict[str, object] = {
        "policy": policy.id,
        "layer": say(fault.layer, lang),
        "what": what_is_meant(fault, Vocabulary(policy.words), lang),
        "start": policy.start,
        "end": policy.end,
        "fact": say(fault.fact, lang),
        "money": ", ".join(f"{name} {yuan(fen)}" for name, fen in zip(names, money, strict=True)),
    }
    if fault.kind == "day":
        name = {"period_date": policy.period_date, "discharge": "discharge"}.get(fault.what, policy.year_date)
        details |= {"found": getattr(claim, name) or claim.discharge}
    if fault.kind == "date":
        details |= {"what": say(policy.rule_date, lang), "found": getattr(claim, policy.rule_date)}
    elif fault.kind == "fact" or fault.kind == "sub-part":
        fact = policy.fact(fault.fact)
        details |= _fact(policy, fact, held(fact, claim), say, lang)
        details["lines"] = _or_lines(policy, fault.what, lang)
    elif fault.kind == "division":
        details |= _division(policy, claim, fault.what, say, lang)
    elif fault.kind in ("gap", "refused"):
        details |= _gap(plan, claim, fault, cell, lang)
    return details


def what_is_meant(fault: Fault, words: Vocabulary, lang: str) -> str:
    """Which key of a layer a fault is about; of a use, which group."""
    if lang == "en":
        return "whom it is for" if fault.what == "for" else fault.what
    return "的".join(_piece(piece, words) for piece in fault.what.split(" / "))


def _piece(piece: str, words: Vocabulary) -> str:
    if band := re.fullmatch(r"band (\d+)( up to| pays)?", piece):
        return f"第{band[1]}段" + ("报销比例" if band[2] == " pays" else "上限")
    if whole := re.fullmatch(r"(annual maximum) of (.+)", piece):
        return f"{words.chinese(whole[2])}的{words.chinese(whole[1])}"
    group = piece.removeprefix("group ")
    if group != piece and not words.knows(piece):
        return f"{words.chinese('group')}“{words.chinese(group)}”"
    return words.chinese(f"at {piece}" if piece.startswith("most per ") else piece)


def _ruled(policy: Policy, fact: Fact) -> tuple[str, ...]:
    """The values of a fact for which some layer can look at money: its conditions let them through."""
    ruled: dict[str | None, set[str]] = {None: set(fact.values)}
    for layer in policy.layers:
        gathers = gathering_of(policy, layer) is not None  # looks at money of other claims, with facts of its own
        mine = set(fact.values) if gathers else set[str]().union(*(ruled[term.layer] for term in layer.base))
        for condition in layer.conditions:
            if condition.fact == fact.name and isinstance(condition.key, Words):
                mine &= set(condition.key.values)
        ruled[layer.name] = mine
    some = set[str]().union(*(ruled[layer.name] for layer in policy.layers))
    return tuple(value for value in fact.values if value in some) or fact.values


def _fact(
    policy: Policy, fact: Fact, value: FactValue | None, say: Callable[[str, str], str], lang: str
) -> dict[str, object]:
    """What the claim says of a fact, and what the policy has rules for."""
    zh = lang == "zh"
    money = "以元为单位的金额" if zh else "an amount in yuan"
    span = f"{fact.range.low}-{fact.range.high}" if fact.range else money if "money" in fact.kind else say("any", lang)
    expected = [say(word, lang) for word in _ruled(policy, fact)] or [span]
    if fact.kind == "admission number":
        found = "推算不出，或不在其中；须填写“医疗类别”" if zh else "it is none of these, or no service is stated"
    elif value is None:
        found = "单据未填写" if zh else "the claim does not state it"
    else:
        word = say(value, lang) if isinstance(value, str) else str(value)
        if "money" in fact.kind and isinstance(value, int):
            word = f"{'-' * (value < 0)}{yuan(abs(value))}"
        found = f"单据中为“{word}”" if zh else f"the claim says {word!r}"
    return {"found": found, "expected": ("、" if zh else ", ").join(expected)}


def _or_lines(policy: Policy, part: str, lang: str) -> str:
    """What else may be done where a sub-part is not stated: fee lines, if the policy says which belong to it."""
    by_lines = any(one.part == part and all(sub.lines is not None for sub in one.into) for one in policy.divisions)
    return "" if not by_lines else "，或提供费用明细" if lang == "zh" else ", or give fee lines"


def _division(policy: Policy, claim: Claim, part: str, say: Callable[[str, str], str], lang: str) -> dict[str, object]:
    """A divided part, and the sub-parts that do not add up to it."""
    amounts = [(name, claim.facts.get(name, 0)) for name in sub_parts(policy, part)]
    listed = ", ".join(f"{say(name, lang)} {yuan(fen)}" for name, fen in amounts if isinstance(fen, int))
    return {"part": yuan(getattr(claim, f"{CLAIM_PARTS[part]}_fen")), "parts": listed}


def _gap(plan: Plan, claim: Claim, fault: Fault, cell: int, lang: str) -> dict[str, object]:
    """Which cell of which table has no value, and why: a gap of the policy, or a statistic nobody published."""
    say = Vocabulary(plan.policy.words).say
    table = plan.low.tables[fault.table]
    number = table.dense.answers[cell]
    assert number != SHUT_OUT, (
        f"{fault.layer} / {fault.what}: a cell was read that the conditions of the layer shut out"
    )
    answer = table.table.cells[number]
    words = [say(atom, lang) if isinstance(atom, str) else f"{atom[0]}-{atom[1]}" for atom in table.dense.values(cell)]
    line = answer.place.line
    why = f"政策文件写明“未知”（第{line}行）" if lang == "zh" else f"the policy file says `not known` (line {line})"
    plain = ""
    if isinstance(answer.value, NotKnown | NotAllowed) and answer.value.why.zh:
        plain = why = answer.value.why.zh if lang == "zh" else answer.value.why.en
    elif isinstance(answer.value, AmountOf):
        lacking = [_said(plan.policy, claim, fact, lang) for fact in _lacking(plan, claim, answer.value.name)]
        amount = plan.low.amounts[answer.value.name] if lacking else _behind(plan, claim, answer.value.name)
        name = say(amount.amount.name, lang)
        why = f"“{name}”没有数值" if lang == "zh" else f"the amount {name!r} has no value"
        if isinstance(amount.amount.value, StatisticShare):
            rule = amount.amount.value
            figure = say(rule.statistic, lang)
            year, _ = figure_of(plan.policy, rule, getattr(claim, plan.policy.rule_date).year)
            plain = f"需要{year}年的“{figure}”" if lang == "zh" else f"it needs the {figure} of {year}"
            why += (
                f"，缺少{year}年的“{figure}”"
                if lang == "zh"
                else f": {figure!r} of {year} is not published, or not in the file"
            )
        elif lacking:
            why += ("，" if lang == "zh" else ": ") + ("；" if lang == "zh" else "; ").join(lacking)
    plain = plain or ("" if isinstance(answer.value, NotKnown | NotAllowed) else why)
    of = tuple(say(atom, lang) for atom in table.dense.values(cell) if isinstance(atom, str))
    if fault.kind == "refused":  # by several facts, perhaps with the same words: each with its name
        joint = "为" if lang == "zh" else " "
        words = [f"{say(fact, lang)}{joint}{word}" for fact, word in zip(table.table.by, words, strict=True)]
    nobody = "所有情形" if lang == "zh" else "any claim"
    return {"cell": ("、" if lang == "zh" else ", ").join(words) or nobody, "why": why, "plain": plain, "of": of}


def _said(policy: Policy, claim: Claim, fact: str, lang: str) -> str:
    """What a claim says of a fact that it should state."""
    say = Vocabulary(policy.words).say
    told = _fact(policy, policy.fact(fact), held(policy.fact(fact), claim), say, lang)
    if lang == "zh":
        return f"“{say(fact, lang)}”{told['found']}（应为{told['expected']}）"
    return f"{fact!r}: {told['found']} (expected {told['expected']})"


def _behind(plan: Plan, claim: Claim, name: str) -> AmountPlan:
    """The amount for which a named amount has no value: itself, or one that it is made of."""
    amount = plan.low.amounts[name]
    tables = amount.sum.tables if amount.sum else [amount.table] if amount.table else []
    values = [cell.value for plan in tables for cell in plan.table.cells]
    for value in values:
        if isinstance(value, AmountOf):
            found = _behind(plan, claim, value.name)
            rule = found.amount.value
            if isinstance(rule, StatisticShare):
                year = getattr(claim, plan.policy.rule_date).year
                is_gap = figure_of(plan.policy, rule, year)[1] is None
            else:
                is_gap = any(isinstance(cell.value, NotKnown) for table in amount_tables(rule) for cell in table.cells)
            if is_gap:
                return found
    return amount


def _is_known(policy: Policy, claim: Claim, fact: str) -> bool:
    """Whether the claim states a value of a fact that the policy has."""
    value = claim.facts.get(fact)
    known = policy.fact(fact)
    return isinstance(value, str | int) and ("money" in known.kind or encoder(known)(value) >= 0)


def _waits_for_facts(plan: Plan, claim: Claim, fault: Fault, cell: int) -> bool:
    """Whether a value is missing because the claim lacks a fact of the amount that should answer."""
    if fault.kind != "gap":
        return False
    table = plan.low.tables[fault.table]
    value = table.table.cells[table.dense.answers[cell]].value
    return isinstance(value, AmountOf) and bool(_lacking(plan, claim, value.name))


def _lacking(plan: Plan, claim: Claim, name: str) -> list[str]:
    """The facts that a named amount needs, and the amounts it is made of, and that the claim does not state."""
    amount = plan.low.amounts[name]
    tables = amount.sum.tables if amount.sum else [amount.table] if amount.table else []
    found = []
    for table in (one.table for one in tables):
        found += [fact for fact in table_facts(plan.low, table) if not _is_known(plan.policy, claim, fact)]
        for cell in table.cells:
            found += _lacking(plan, claim, cell.value.name) if isinstance(cell.value, AmountOf) else []
    return list(dict.fromkeys(found))
