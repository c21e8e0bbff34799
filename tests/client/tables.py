"""The tables of fields and codes, taken from the text of the interface.

`fields.tsv` has one line a field: transaction, "in" or "out", node, "one" or "many", field, type, length,
required ("Y", "y" where the sources of the text differ, "" optional, "?" unknown), coded ("Y" or ""), and whether it
is regional or newer ("R"). A line with "path" in the second column gives the address of the transaction.
`codes.tsv` has one line a code: dictionary, code. Made again from the text by

    python -m client.tables interface.md dictionaries.md
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
HEADING = re.compile(r"### (\w+) ")
ADDRESS = re.compile(r"URL path seen: `(.*?)`")
NODE = re.compile(r"\*\*(Input|Output) node `(.*?)`\*\* \((.*?)\)")
ROW = re.compile(r"\| \d+ \|")
DICTIONARY = re.compile(r"## ([A-Z_]+) ")
CODE = re.compile(r"\| ([^|]+?) \|")


@dataclass(frozen=True)
class Field:
    name: str
    kind: str  # string, number, date, datetime ...; "?" unknown
    length: str  # "30", "16,2" or ""
    required: str  # Y, y, "" or ?
    coded: bool
    regional: bool


@dataclass
class Node:
    name: str  # dotted where it lies inside another; "(root)" for the input or output itself
    many: bool
    fields: list[Field] = field(default_factory=list)


@dataclass
class Transaction:
    number: str
    path: str = ""  # "" where the text gives none
    input: list[Node] = field(default_factory=list)
    output: list[Node] = field(default_factory=list)


def fields_of(text: str) -> list[str]:
    """The lines of `fields.tsv` from the text of the interface (chapter 6)."""
    lines: list[str] = []
    number = side = node = many = ""
    for line in text[text.index("## 6. Transactions") : text.index("## 7. ")].splitlines():
        if match := HEADING.match(line):
            number, node = match[1], ""
        elif match := ADDRESS.match(line):
            lines.append("\t".join((number, "path", match[1])))
        elif match := NODE.match(line):
            side, node = match[1][:-3].lower(), match[2]
            many = "many" if match[3] == "list" else "one"
        elif node and ROW.match(line):
            _, _, name, _, kind, length, required, coded, notes, _ = (cell.strip() for cell in line.split("|"))
            differ = "sources differ" in notes and "req" in notes.split("sources differ")[1]
            if required == "Y" and differ:
                required = "y"
            regional = "R" if "regional/newer" in notes or "alternative spelling" in notes else ""
            if coded != "Y":
                coded = ""
            lines.append("\t".join((number, side, node, many, name, kind, length, required, coded, regional)))
    return lines


def codes_of(text: str) -> list[str]:
    """The lines of `codes.tsv` from the text of the dictionaries."""
    lines, name = [], ""
    for line in text.splitlines():
        if match := DICTIONARY.match(line):
            name = match[1]
        elif name and (match := CODE.match(line)) and match[1] != "Code":
            lines.append(f"{name}\t{match[1]}")
    return lines


@cache
def transactions() -> dict[str, Transaction]:
    """Every transaction of the text by its number."""
    known: dict[str, Transaction] = {}
    for line in (HERE / "fields.tsv").read_text(encoding="utf-8").splitlines():
        number, side, *rest = line.split("\t")
        transaction = known.setdefault(number, Transaction(number))
        if side == "path":
            transaction.path = rest[0]
            continue
        node, many, name, kind, length, required, coded, regional = rest
        nodes = transaction.input if side == "in" else transaction.output
        if not nodes or nodes[-1].name != node:
            nodes.append(Node(node, many == "many"))
        nodes[-1].fields.append(Field(name, kind, length, required, coded == "Y", regional == "R"))
    return known


@cache
def dictionaries() -> dict[str, list[str]]:
    """Every dictionary of the text: its codes as written there, ranges and patterns among them."""
    known: dict[str, list[str]] = {}
    for line in (HERE / "codes.tsv").read_text(encoding="utf-8").splitlines():
        name, code = line.split("\t")
        known.setdefault(name, []).append(code)
    return known


def main() -> None:
    interface, codes = (Path(argument).read_text(encoding="utf-8") for argument in sys.argv[1:3])
    (HERE / "fields.tsv").write_text("\n".join(fields_of(interface)) + "\n", encoding="utf-8")
    (HERE / "codes.tsv").write_text("\n".join(codes_of(codes)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
