"""docs/replication.md lists the tables and the findings. `python tests/evidence/test_document.py` writes them anew."""

from __future__ import annotations

from pathlib import Path

from openyibao.evidence.model import KINDS
from openyibao.evidence.replicate import counts, replicate
from openyibao.evidence.tables_read import library

DOCUMENT = Path(__file__).parents[2] / "docs" / "replication.md"


def tables() -> str:
    head = f"| Table | What | {' | '.join(KINDS)} |\n|---|---|{'--:|' * len(KINDS)}\n"
    lines = []
    for told in replicate():
        kinds = counts([told], lambda result: result.kind)
        cells = " | ".join(str(kinds.get(kind, "")) for kind in KINDS)
        lines.append(f"| `{told.table.name}` | {told.table.title.en} | {cells} |\n")
    return head + "".join(lines)


def findings() -> str:
    lines = []
    for document in library().documents:
        if document.findings:
            lines.append(f"\n**{document.title.en}.** {document.citation}.\n\n| | | |\n|---|---|---|\n")
            lines += [f"| {one.name} | {one.status} | {one.why.en.strip()} |\n" for one in document.findings]
    return "".join(lines)


def fresh(text: str) -> str:
    for name, made in (("tables", tables()), ("findings", findings())):
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        after = rest.partition(f"<!-- end of {name} -->\n")[2]
        text = f"{before}<!-- {name} -->\n{made}<!-- end of {name} -->\n{after}"
    return text


def test_the_document_lists_what_there_is() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert fresh(text) == text
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith(("|", "**"))] == []


if __name__ == "__main__":
    DOCUMENT.write_text(fresh(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
