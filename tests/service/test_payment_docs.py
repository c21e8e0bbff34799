"""docs/payment.md and docs/payment.zh.md say what is: entries, accounts, results, reasons, formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from openyibao.service.clearing.bank_files import formats
from openyibao.service.clearing.confirmations import PROBLEMS, formats_in
from openyibao.service.clearing.iso20022 import ORDERS, WRITTEN
from openyibao.service.clearing.models import Report
from openyibao.service.ledger.chart import chart

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_pages_are_true(lang: str) -> None:
    text = (DOCS / ("payment.md" if lang == "en" else "payment.zh.md")).read_text(encoding="utf-8")
    for entry in ("payment", "withholding", "release", "deduction"):
        assert f"\n| {chart().say(entry, lang)} | " in text
    kinds = ("payable to institution", "payable to person", "deposit of institution", "fund cash", "fund expenditure")
    for kind in kinds:
        assert (kind if lang == "en" else chart().kinds[kind].zh.split("（")[0]) in text
    for what, _ in Report.WHATS:
        assert f"\n| {what}" in text
    for name in (*formats(), *formats_in(), ORDERS):
        assert f"`{name}`" in text or f"{name}," in text or f"{name}、" in text, name
    assert WRITTEN.rpartition(":")[2] in text
    reasons = {
        "en": ("not sent", "duplicate", "nothing under way"),
        "zh": ("没有这笔支付", "没有发给银行", "日期晚于今天"),
    }
    known = " ".join([*PROBLEMS, *(said.zh for said in PROBLEMS.values())])
    assert all(one in text and one in known for one in reasons[lang])
