"""A statement's lines, as rows for the API and as a file (CSV in UTF-8) for the institution."""

from __future__ import annotations

import csv
import io
from typing import Any

from openyibao.policy.values import money
from openyibao.service.clearing.disputes import STATES
from openyibao.service.clearing.models import Dispute, Statement
from openyibao.service.ledger.chart import chart

COLUMNS = {
    "zh": ("结算编号", "业务", "日期", "险种", "基金", "金额（元）", "异议"),
    "en": ("reference", "kind", "day", "scheme", "fund", "amount in yuan", "dispute"),
}
TOTAL = {"zh": "合计", "en": "total"}
SCHEMES = {"zh": {"resident": "居民", "employee": "职工"}, "en": {}}
REVERSAL = "reversal"


def lines(statement: Statement, first: int = 0, most: int | None = None) -> list[dict[str, Any]]:
    """The lines of a statement in the order of their entries, from one on; with their disputes."""
    found = statement.items.order_by("entry", "scheme", "fund")[first : None if most is None else first + most]
    disputed = {one.item_entry: one.state for one in Dispute.objects.filter(statement=statement).order_by("id")}
    return [
        {
            "reference": one.reference,
            "kind": REVERSAL if one.reverses else one.kind,
            "day": one.day,
            "scheme": one.scheme,
            "fund": one.fund,
            "fen": one.fen,
            "dispute": disputed.get(one.entry, ""),
        }
        for one in found
    ]


def statement_file(statement: Statement, lang: str) -> tuple[str, bytes]:
    """The name and the bytes of a statement's file; its last row has the number of lines and their sum."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS[lang])
    count = fen = 0
    for one in lines(statement):
        count, fen = count + 1, fen + one["fen"]
        scheme, state = SCHEMES[lang].get(one["scheme"], one["scheme"]), one["dispute"]
        words = (chart().say(one["kind"], lang), one["day"], scheme, chart().say(one["fund"], lang))
        writer.writerow([one["reference"], *words, money(one["fen"]), getattr(STATES[state], lang) if state else ""])
    writer.writerow([TOTAL[lang], count, "", "", "", money(fen), ""])
    return f"{statement.number}.csv", text.getvalue().encode("utf-8")
