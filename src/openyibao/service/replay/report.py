"""What a replay found, for the person at the terminal: a table, the first differences, and one line of JSON."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from openyibao.service.replay.work import Replayed

WORDS = {
    "title": ("重放：{period}", "replay: {period}"),
    "all": ("全部", "all days"),
    "settlements": ("期内结算（含冲销）", "settlements of the period, with reversals"),
    "reversals": ("其中冲销", "of them reversals"),
    "earlier": ("此前的结算（同一参保人）", "earlier ones of the same persons"),
    "histories": ("参保人历史", "histories of persons"),
    "elsewhere": ("异地参保人员的结算（在参保地重放）", "settled where the person is insured (replayed there)"),
    "columns": ("按列推算的费用", "claims derived in columns"),
    "one_by_one": ("逐笔推算的费用", "claims derived one by one"),
    "without_claims": ("政策无待遇的结算（药店）", "settlements without a claim (pharmacy)"),
    "uses": ("核对的累计使用额", "uses compared"),
    "lines": ("重新拆分的费用明细", "fee lines split again"),
    "lines_gone": ("明细已撤销的冲销结算", "reversed settlements whose lines were cancelled"),
    "accounts": ("余额与账簿不符的个人账户", "accounts that differ from the books"),
    "open": ("不能推算的费用", "claims that cannot be derived"),
    "differing": ("有差异的结算", "settlements that differ"),
    "seconds": ("秒（其中编译政策）", "seconds (of them compiling policies)"),
    "difference": ("首批差异", "the first differences"),
    "columns of differences": (
        ("结算号", "项目", "库中", "推算"),
        ("settlement", "field", "kept", "derived"),
    ),
    "fields": ("按项目计的差异：{fields}", "differences by field: {fields}"),
    "right": ("差异为 0。", "0 differences."),
}


def say(name: str, lang: str, **details: object) -> str:
    """A text in a language."""
    return str(WORDS[name][lang != "zh"]).format(**details)


def figures(done: Replayed) -> dict[str, Any]:
    """The figures of a replay, as the last line gives them."""
    tally, period = done.tally, done.period
    return {
        "first_day": period.first.isoformat() if period.first else None,
        "last_day": period.last.isoformat() if period.last else None,
        "settlements": tally.settlements,
        "reversals": tally.reversals,
        "earlier": tally.earlier,
        "histories": done.histories,
        "elsewhere": done.elsewhere,
        "columns": tally.claims - tally.one_by_one - sum(tally.open.values()),
        "one_by_one": tally.one_by_one,
        "without_claims": tally.without_claims,
        "uses": tally.uses,
        "lines": tally.lines,
        "lines_gone": tally.lines_gone,
        "accounts": done.accounts,
        "open": sum(tally.open.values()),
        "differing": tally.differing,
        "seconds": round(done.seconds, 2),
        "compile_seconds": round(done.compile_seconds, 2),
    }


def tell(done: Replayed, lang: str, console: Console) -> None:
    """Print the table, what cannot be derived and why, the first differences, and what differs how often."""
    found, period = figures(done), done.period
    days = say("all", lang) if period.first is None else f"{period.first} – {period.last}"
    table = Table(title=say("title", lang, period=days), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in found.items():
        if name == "seconds":
            table.add_row(say(name, lang), f"{value} ({found['compile_seconds']})")
        elif name in WORDS and value is not None:
            table.add_row(say(name, lang), f"{value:,}")
    console.print(table)
    for why, count in sorted(done.tally.open.items()):
        console.print(f"{say('open', lang)}: {count:,}: {why}", soft_wrap=True, highlight=False)
    if done.differences:
        names = WORDS["columns of differences"][lang != "zh"]
        shown = Table(*names, title=say("difference", lang))
        for one in done.differences:
            shown.add_row(one.setl_id, one.field, one.kept, one.derived)
        console.print(shown)
        counts = sorted(done.tally.fields.items(), key=lambda item: -item[1])
        fields = ", ".join(f"{name} {count:,}" for name, count in counts[:MOST_FIELDS])
        console.print(say("fields", lang, fields=fields), soft_wrap=True, highlight=False)
    elif done.right:
        console.print(say("right", lang))


MOST_FIELDS = 12


def last_line(done: Replayed) -> str:
    first = [[one.setl_id, one.field, one.kept, one.derived] for one in done.differences]
    return json.dumps({"replay": figures(done), "fields": done.tally.fields, "first": first}, ensure_ascii=False)
