"""The example of docs/tables.md is run: its table is written, settled, and what comes out compared."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "tables.md"
SPEC = importlib.util.spec_from_file_location("tables_player", ROOT / "tests" / "docs" / "test_policy_language.py")
assert SPEC and SPEC.loader
player = sys.modules["tables_player"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(player)


def test_the_table_is_settled_as_the_document_says(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    (run,) = player.play(text, tmp_path)
    assert run.code == int(run.sh.named("exit")), run.output
    assert player.lines_of(run.output) == player.lines_of(run.expected.text)
    (made,) = [block for block in player.blocks(text) if block.named("made")]
    assert (tmp_path / made.named("made")).read_text(encoding="utf-8") == made.text
    rejects = (tmp_path / "claims-bills.csv-rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rejects) == 2 and rejects[1].startswith('5,"W-4","Mr Lin","grade","tertary",')
