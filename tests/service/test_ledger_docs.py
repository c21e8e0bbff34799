"""docs/ledger.md and docs/ledger.zh.md say what is: the chart, the example's lines, and the check of a proof."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from service.test_ledger_books import post
from service.test_ledger_seals import seal_all

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["ledger.md", "ledger.zh.md"])
def test_the_pages_are_true(name: str, database: str) -> None:
    from openyibao.service.ledger.audit import audit
    from openyibao.service.ledger.books import settlement_lines
    from openyibao.service.ledger.chart import chart
    from openyibao.service.ledger.seal import proof
    from openyibao.service.ledger.verify import verify

    text = (DOCS / name).read_text(encoding="utf-8")
    for kind in chart().kinds.values():
        (row,) = [line for line in text.splitlines() if line.startswith("| ") and f"`{kind.name}` | " in line
                  and kind.zh in line]  # fmt: skip
        side = {1: ("debit", "借"), -1: ("credit", "贷")}[kind.side]
        assert any(f"| {word} |" in row for word in side), row
        assert len(re.split("[,、] ?", row.strip("| ").split(" | ")[3])) == len(kind.needs), row

    paid = {"pooled fund": 612_500, "critical illness fund": 48_000, "medical assistance fund": 91_250}
    lines = settlement_lines("999999", "resident", "H99999900001", paid, [("A0001", False, 20_000)])
    shown = re.findall(r"^\| (\d) \| `(.+)` \| (.*) \| (.+) \| (-?\d+) \|$", text, re.M)
    assert [(str(n), k.kind, k.fund, k.owner, str(fen)) for n, (k, fen) in enumerate(lines, 1)] == shown

    entries = [post(lines, f"S{number}") for number in range(5)]
    seal_all()
    space: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", text, re.S)[0], space)
    for entry in entries:
        given = json.loads(json.dumps(asdict(proof(entry))))
        assert space["leads_to"](given) == verify().head  # type: ignore[operator]
        given["data"] = given["data"].replace("612500", "612501")
        assert space["leads_to"](given) != verify().head  # type: ignore[operator]
    said, right = audit(None, "zh" if name == "ledger.zh.md" else "en")
    assert verify().head in said and not right  # five entries without their settlements
    assert said.count("S0") == 1 and len(said.splitlines()) > 12
