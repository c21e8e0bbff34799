"""docs/fee-lines.md is run: its files are written, its commands executed, what they print compared.

After a wanted change of what is printed, `python tests/catalogue/test_document.py` writes the new lines.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "fee-lines.md"
LANGUAGE = ROOT / "src" / "openyibao" / "policy" / "language.toml"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def printed(document: str, folder: Path) -> Iterator[tuple[str, str, re.Match[str]]]:
    """Each command of the document, what it printed, and the block that says what it prints."""
    blocks = list(BLOCK.finditer(document))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    environment.pop("FORCE_COLOR", None)
    for block, after in itertools.pairwise(blocks):
        if name := re.search(r"\bfile=(\S+)", block[2]):
            (folder / name[1]).write_text(block[3], encoding="utf-8")
        if block[1] == "sh":
            words = shlex.split(block[3])
            command = {"../yibao": ["-m", "openyibao"], "python": []}[words[0]]
            done = subprocess.run(
                [sys.executable, *command, *words[1:]],
                cwd=folder,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
            yield block[3].strip(), done.stdout + done.stderr, after


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_every_command_prints_what_the_document_says(tmp_path: Path) -> None:
    commands = list(printed(DOCUMENT.read_text(encoding="utf-8"), tmp_path))
    assert len(commands) == 2
    for command, output, expected in commands:
        assert expected[1] == "text", command
        assert lines_of(output) == lines_of(expected[3]), command


def test_the_document_has_every_word_of_catalogues_and_fee_lines() -> None:
    text = LANGUAGE.read_text(encoding="utf-8")
    begin, end = text.index("# Words of catalogues and fee lines"), text.index("# End of the words of catalogues")
    words = tomllib.loads(text[begin:end])
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    missing = [(en, zh) for en, zh in words.items() if not any(f"`{en}`" in row and f"`{zh}`" in row for row in rows)]
    assert not missing, f"in no table row of the document: {missing}"
    assert len(words) > 25


def rewrite() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        commands = list(printed(document, Path(folder)))
    for _, output, block in reversed(commands):
        new = "".join(f"{line}\n" for line in lines_of(output))
        document = document[: block.start(3)] + new + document[block.end(3) :]
    DOCUMENT.write_text(document, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
