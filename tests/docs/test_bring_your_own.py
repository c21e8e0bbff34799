"""The examples of docs/bring-your-own.md are run: what the commands print, and what the Python block gives."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "bring-your-own.md"
SPEC = importlib.util.spec_from_file_location("bring_player", ROOT / "tests" / "docs" / "test_policy_language.py")
assert SPEC and SPEC.loader
player = sys.modules["bring_player"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(player)


def test_the_commands_print_what_the_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    runs = list(player.play(text, tmp_path))
    assert len(runs) == 4
    for run in runs:
        assert run.code == int(run.sh.named("exit") or 0), run.output
        assert player.matches(player.lines_of(run.expected.text), player.lines_of(run.output)), run.output
    (code,) = [block.text for block in player.blocks(text) if block.kind == "python"]
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    exec(code, space)
    assert len(space["bills"].fault) == 2 and space["bills"].fault.all()
