"""docs/histories.md is run: files are written, commands executed, what they print compared; the Python runs too.

`python tests/history/test_histories_doc.py` writes what the commands print into the text blocks that have no
`...`, after a wanted change.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

import openyibao

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "histories.md"
SPEC = importlib.util.spec_from_file_location("player", ROOT / "tests" / "docs" / "test_policy_language.py")
assert SPEC and SPEC.loader
player = sys.modules["player"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(player)


def test_every_command_prints_what_the_document_says(tmp_path: Path) -> None:
    commands = list(player.play(DOCUMENT.read_text(encoding="utf-8"), tmp_path))
    assert len(commands) > 5
    for run in commands:
        assert run.code == int(run.sh.named("exit") or 0), f"{run.command}\n{run.output}"
        assert run.expected is not None, f"no text block after {run.command}"
        shown = f"$ {run.command}\n--- the document\n{run.expected.text}\n--- printed\n{run.output}"
        assert player.matches(player.lines_of(run.expected.text), player.lines_of(run.output)), shown


def test_the_python_of_the_document_runs() -> None:
    found = [block for block in player.blocks(DOCUMENT.read_text(encoding="utf-8")) if block.kind == "python"]
    assert len(found) == 1
    exec(compile(found[0].text, str(DOCUMENT), "exec"), {"EXAMPLES": Path(openyibao.__file__).parent / "examples"})


def rewrite() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        commands = list(player.play(document, Path(folder)))
    for run in reversed(commands):
        if "..." in player.lines_of(run.expected.text):
            continue
        new = "".join(f"{line}\n" for line in player.lines_of(run.output))
        document = document[: run.expected.start] + new + document[run.expected.start + len(run.expected.text) :]
    DOCUMENT.write_text(document, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
