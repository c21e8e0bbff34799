"""The bill on one page of a terminal: a line a layer, a line for every sum."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from openyibao.policy.values import money
from openyibao.settlement.bill_text import has_rule
from openyibao.settlement.bill_words import SAY

Data = dict[str, Any]
PAYER, WIDE = 1, 100  # a narrow page leaves out who pays, rather than break an amount
HEADS = {
    "zh": ("保障层次", "支付方", "基数", "起付等扣减", "报销比例", "支付", "层后余下"),
    "en": ("layer", "paid by", "looks at", "reduced by", "rate", "pays", "left after"),
}
WORDS = {
    "zh": {
        "total": "医疗费总额",
        "paid": "各方支付",
        "personal": "个人负担",
        "bands": "分段",
        "fixed": "定额",
        "capped": "封顶",
        "no": "不适用",
        "assumptions": "本结算单依据的假设",
        "gaps": "缺口",
        "outside": "其中各层均未计入的政策范围外费用",
        "gathered": "汇总金额",
        "still": "仍由个人负担",
        "brackets": "（{}）",
        "colon": "：",
    },
    "en": {
        "total": "total cost",
        "paid": "paid",
        "personal": "borne by the person",
        "bands": "bands",
        "fixed": "fixed",
        "capped": "capped",
        "no": "does not apply",
        "assumptions": "assumptions this bill rests on",
        "gaps": "gaps",
        "outside": "of the latter, outside the scope and taken by no layer",
        "gathered": "gathered",
        "still": "still borne by the person",
        "brackets": " ({})",
        "colon": ": ",
    },
}


def print_bill(bill: Data, lang: str, console: Console) -> None:
    """Print one page: `bill` is `Bill.data()`."""
    words = WORDS[lang]
    claim, totals = bill["claim"], bill["totals"]
    console.print(f"[bold]{claim['id']}[/bold]  {bill['policy']['title'][lang]}", highlight=False)
    narrow = console.width < WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, head in enumerate(HEADS[lang]):
        if not (narrow and number == PAYER):
            money_column = number > PAYER
            table.add_column(head, justify="right" if money_column else "left", no_wrap=money_column, overflow="fold")
    for layer in bill["layers"]:
        table.add_row(*(cell for n, cell in enumerate(_row(layer, lang, words)) if not (narrow and n == PAYER)))
    console.print(table, highlight=False)
    outside = sum(
        part["fen"]
        for part in bill["parts_at_end"]
        if part["layer"] is None and part["part"].partition(".")[0] != "in_scope"
    )
    gathered = bill["gathered"]
    whole, left = totals["total_fen"], totals["personal_fen"]
    if gathered:
        whole, left = gathered["fen"], gathered["fen"] - totals["paid_fen"]
    console.print(
        f"{words['gathered' if gathered else 'total']} {money(whole)} = {words['paid']} {money(totals['paid_fen'])} + "
        f"{words['still' if gathered else 'personal']} {money(left)}",
        highlight=False,
    )
    if outside and not gathered:
        said = f"{words['outside']}{words['colon']}{money(outside)}"
        console.print(words["brackets"].format(said).strip(), highlight=False)
    if totals["total_fen"] and not has_rule(bill):
        console.print(SAY["no_rule"][0 if lang == "zh" else 1], highlight=False)
    for text in [text for layer in bill["layers"] for text in layer["assumptions"]]:
        console.print(f"* {text[lang]}", highlight=False, style="dim")
    for text in bill["gaps"]:
        console.print(f"- {text[lang]}", highlight=False, style="dim")
    console.print()


def _row(layer: Data, lang: str, words: dict[str, str]) -> list[str]:
    name = [layer["name"][lang], layer["payer"][lang]]
    if not layer["applies"]:
        return [*name, words["no"], "", "", money(0), ""]
    base, paid = layer["base"]["fen"], layer["paid_fen"]
    reduced = sum(step["taken_fen"] for step in layer["reductions"])
    found = layer["reimbursement"]
    rate = found["rate"]["final"]["text"] if found["kind"] == "flat" else words[found["kind"]]
    capped = words["brackets"].format(words["capped"]) if any(cap["bound"] for cap in layer["caps"]) else ""
    return [*name, money(base), money(reduced), rate, money(paid) + capped, money(base - paid)]
