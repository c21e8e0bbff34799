"""Histories and what changed in them, as tables on a terminal, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from openyibao.history.changes import vocabulary_of
from openyibao.history.figures import Difference, figures, sums
from openyibao.history.hashes import history_hash
from openyibao.history.messages import key_text, use_text
from openyibao.history.person import CORRECTED, RESETTLED, REVERSED, SETTLED, History
from openyibao.history.state import Person
from openyibao.policy.model import Bilingual
from openyibao.policy.values import money
from openyibao.policy.vocabulary import Vocabulary

WORDS = {
    "claim": ("单据", "claim"),
    "settled on": ("结算日期", "settlement"),
    "policy": ("政策", "policy"),
    "total": ("医疗费总额", "total cost"),
    "paid": ("各方支付", "paid"),
    "personal": ("个人负担", "borne by the person"),
    "use": ("累计项目", "use"),
    "fen": ("金额（元）", "yuan"),
    "layer": ("保障层次", "layer"),
    "payer": ("负担方", "borne by"),
    "before": ("原", "before"),
    "after": ("现", "after"),
    "difference": ("差额", "difference"),
    "all": ("合计", "together"),
    "changes": ("变动（元）", "What changes, in yuan"),
    "nothing": ("金额没有变化。", "No amount changes."),
    "more": ("应由{who}补付{fen}元。", "{who} owes {fen} yuan more."),
    "back": ("应退还{who}{fen}元。", "{who} gets {fen} yuan back."),
    "person": ("参保人", "person"),
    "hash": ("状态摘要", "state hash"),
    "time": ("时间", "time"),
    "what": ("事项", "what"),
    "reason": ("原因", "reason"),
    "log": ("经过（“原”“现”为个人负担）", "What happened (before, after: borne by the person)"),
    "because": ("因第{number}项", "because of {number}"),
    SETTLED: ("结算", "settled"),
    REVERSED: ("撤回", "taken back"),
    RESETTLED: ("重新结算", "settled again"),
    CORRECTED: ("更正", "corrected"),
    "unsaved": ("以上仅为试算，未保存；加 --save 保存。", "This was a trial: nothing is saved. Add --save to keep it."),
    "saved": ("已保存：{file}", "Saved: {file}"),
    "unchanged": ("没有变化，未保存。", "Nothing changed; nothing was saved."),
    "repeated": (
        "单据{claim}此前已结算，内容相同，不再重复计入。",
        "claim {claim} was settled before; it is not counted again.",
    ),
}


def words(name: str, lang: str, **details: object) -> str:
    return WORDS[name][lang == "en"].format(**details)


def _table(heads: Iterable[str], lang: str, numbers: int) -> Table:
    """A table whose last columns hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = tuple(heads)
    for n, name in enumerate(names):
        is_number = n >= len(names) - numbers
        head = words(name, lang) if name else ""
        table.add_column(head, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def print_history(person: Person, history: History, lang: str, log: bool, console: Console) -> None:
    """What counts for a person: claims, uses, and if asked for the log."""
    region, scheme, name = person
    about = f"{words('person', lang)} {name}  {region} {Vocabulary().say(scheme, lang)}"
    console.print(f"[bold]{about}[/bold]", highlight=False)
    claims = _table(("claim", "settled on", "policy", "total", "paid", "personal"), lang, 3)
    for entry in history.counted():
        sums_ = figures(entry.bill)
        amounts = (sums_.total_fen, sums_.paid_fen, sums_.personal_fen)
        claims.add_row(entry.claim.id, str(entry.claim.settlement), entry.policy, *(money(fen) for fen in amounts))
    console.print(claims)
    vocabulary = vocabulary_of(history.entries)
    uses = _table(("use", "fen"), lang, 1)
    for key, number in sorted(history.uses.values.items(), key=repr):
        uses.add_row(getattr(key_text(key, vocabulary), lang), use_text(key, number))
    console.print(uses)
    if log:
        print_log(history, lang, console)
    console.print(f"{words('hash', lang)} {history_hash(history)}", highlight=False)


def print_log(history: History, lang: str, console: Console) -> None:
    table = _table(("", "time", "what", "claim", "reason", "before", "after"), lang, 2)
    brackets = "（{}）" if lang == "zh" else "({})"
    for event in history.events:
        reason = event.reason
        if event.cause is not None:
            reason = " ".join(filter(None, (reason, brackets.format(words("because", lang, number=event.cause)))))
        amounts = [_personal(history, number) for number in (event.before, event.after)]
        moment = event.time.isoformat(" ", "seconds")
        table.add_row(str(event.number), moment, words(event.kind, lang), event.claim, reason, *amounts)
    console.print(words("log", lang))
    console.print(table)


def _personal(history: History, number: int | None) -> str:
    return "" if number is None else money(history.entry(number).bill.personal_fen)


def print_differences(rows: Sequence[Difference], lang: str, console: Console) -> None:
    """A line for each layer and payer whose amount changed, the sums, and who owes or gets back how much."""
    if not rows:
        console.print(words("nothing", lang))
        return
    table = _table(("claim", "layer", "payer", "before", "after", "difference"), lang, 3)
    last = ""
    for row in rows:
        table.add_row(row.claim if row.claim != last else "", *_row(row, lang))
        last = row.claim
    totals = sums(rows)
    for number, row in enumerate(totals):
        table.add_row(words("all", lang) if not number else "", *_row(row, lang))
    console.print(words("changes", lang))
    console.print(table)
    for row in totals:
        if row.fen:
            console.print(getattr(outcome(row), lang), highlight=False, soft_wrap=True)


def outcome(row: Difference) -> Bilingual:
    """Who owes or gets back how much.

    >>> fund = Bilingual("统筹基金", "pooled fund")
    >>> outcome(Difference("", Bilingual("", ""), fund, 5000, 0)).en
    'The pooled fund gets 50.00 yuan back.'
    """
    name = "more" if row.fen > 0 else "back"
    who = f"The {row.payer.en.removeprefix('the ')}"
    fen = money(abs(row.fen))
    return Bilingual(words(name, "zh", who=row.payer.zh, fen=fen), words(name, "en", who=who, fen=fen))


def _row(row: Difference, lang: str) -> list[str]:
    sign = "+" if row.fen > 0 else ""
    names = (getattr(row.layer, lang), getattr(row.payer, lang))
    return [*names, money(row.before_fen), money(row.after_fen), f"{sign}{money(row.fen)}"]
