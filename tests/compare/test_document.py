"""docs/compare.md shows what the commands print. `python tests/compare/test_document.py` writes the blocks anew."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from openyibao.cli import app
from openyibao.compare.patients import Patient, standard_patients
from openyibao.policy.values import money

DOCUMENT = Path(__file__).parents[2] / "docs" / "compare.md"
BLOCK = re.compile(r"<!-- (policy [^;]+?); lines (\d+) to (\d+) -->\n```text\n(.*?)```\n", re.DOTALL)
START, END = "<!-- patients -->\n", "<!-- end of patients -->\n"


def printed(command: str, first: int, last: int) -> str:
    """Some lines of what a command prints; dots where there are more."""
    run = CliRunner().invoke(app, command.split())
    assert run.exit_code == 0, run.output
    found = run.output.splitlines()
    shown = ["..."] * (first > 1) + found[first - 1 : last] + ["..."] * (len(found) > last)
    return "".join(f"{line}\n" for line in shown)


def row(patient: Patient) -> str:
    schemes = ", ".join(patient.schemes)
    cost = money(patient.total_fen).removesuffix(".00")
    return (
        f"| `{patient.name}` | {patient.who.en}<br>{patient.title.zh}：{patient.who.zh} | {schemes} "
        f"| {len(patient.treatments)} | {cost} |\n"
    )


def listed() -> str:
    head = "| Patient | Who | Scheme | Claims | Total cost (yuan) |\n|---|---|---|---|---|\n"
    return head + "".join(row(patient) for patient in standard_patients())


def fresh(text: str) -> str:
    before, _, rest = text.partition(START)
    text = f"{before}{START}{listed()}{END}{rest.partition(END)[2]}"

    def block(found: re.Match[str]) -> str:
        command, first, last = found[1], int(found[2]), int(found[3])
        return f"<!-- {command}; lines {first} to {last} -->\n```text\n{printed(command, first, last)}```\n"

    return BLOCK.sub(block, text)


def test_the_document_shows_what_is_printed() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == 4
    assert fresh(text) == text


if __name__ == "__main__":
    DOCUMENT.write_text(fresh(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
