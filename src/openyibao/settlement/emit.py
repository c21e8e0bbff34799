"""The one generator: a program printed as a Python function for one claim, or as a loop over rows for Numba.

Both texts are the same statements. They differ in where facts and uses come from, in how a fault is reported and in
where the results go. Numbers of the policy are literals, or stay arguments `p[k]` so that a reform does not recompile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from openyibao.policy.tables import MAX_CELLS
from openyibao.settlement.ir import (
    NO_LIMIT,
    Fail,
    Known,
    Note,
    Pick,
    Program,
    ReadUse,
    Set,
    Statement,
    When,
    WriteUse,
    Zero,
)

CELLS = MAX_CELLS
"""A fault of a row is one number: fault x CELLS + cell."""
WIDTH = 110


@dataclass(frozen=True)
class Form:
    """How one of the two forms says what is not arithmetic."""

    program: Program
    rows: bool
    literals: bool

    def number(self, expression: str) -> str:
        """Parameters as literals, where this form has them so."""
        if not self.literals:
            return expression
        values = self.program.parameters
        text = re.sub(r"p\[(\d+)\]", lambda found: str(values[int(found[1])].value), expression)
        return re.sub(r"\(2 \* (\d+)\)", lambda found: str(2 * int(found[1])), text)

    def fail(self, fail: Fail) -> list[str]:
        if self.rows:
            cell = "" if fail.cell == "0" else f" + {fail.cell}"
            return [f"fault[i] = {fail.fault * CELLS}{cell}", "continue"]
        return [f"return {fail.fault}, {fail.cell}"]

    def read_use(self, use: ReadUse) -> str:
        slot = self.program.slots[use.slot]
        if self.rows:
            return f"{use.name} = USE_{use.slot}[AT_{slot.key}]"
        return f"{use.name} = uses.get(({slot.group!r}, {slot.key}), 0)"

    def write_use(self, use: WriteUse) -> list[str]:
        slot = self.program.slots[use.slot]
        if self.rows:
            return [f"USE_{use.slot}[AT_{slot.key}] = {use.expression}"]
        return [f"uses[{slot.group!r}, {slot.key}] = {use.expression}"]

    def open_period(self, key: str) -> list[str]:
        """In rows: where the period's uses stand, emptied when a person comes to the period for the first time."""
        slots = [n for n, slot in enumerate(self.program.slots) if slot.key == key]
        if not self.rows or not slots:
            return []
        at = f"AT_{key}"
        return [
            f"{at} = {key} - FIRST_{key}",
            f"if OWN_{key}[{at}] != who:",
            f"    OWN_{key}[{at}] = who",
            *(f"    USE_{slot}[{at}] = 0" for slot in slots),
        ]


def claim_text(program: Program, title: str, literals: bool = True) -> str:
    """The function for one claim: inputs and a dictionary of uses in, a tuple out.

    The tuple is (0, outputs ...), or (fault, cell) for a claim that cannot be settled. The dictionary is changed
    in place, at the very end only.
    """
    form = Form(program, rows=False, literals=literals)
    arguments = [*program.inputs, "uses", *([] if literals else ["p"])]
    lines = [f"def settle_claim({_wrap(arguments, 17)}):", f"    # {plain(title)}", f"    NO_LIMIT = {NO_LIMIT}"]
    lines += _indent(_lines(program.statements, form))
    lines += [f"    return (0, {_wrap(program.outputs, 12)})"]
    return "\n".join(lines) + "\n"


def rows_text(program: Program, title: str, outputs: tuple[str, ...], literals: bool = True) -> str:
    """The loop over rows: one column an input, one an output, uses in small arrays that belong to one person.

    Rows stand person after person, in settlement order. `state` holds the person and its number, so that the next
    block of rows can go on where this one ended. A row's fault is 0, or fault x CELLS + cell; its outputs are then
    not written, and it leaves no trace in the uses.
    """
    form = Form(program, rows=True, literals=literals)
    keys = sorted({slot.key for slot in program.slots})
    arguments = [
        "rows",
        "state",
        "person",
        *(f"IN_{name}" for name in program.inputs),
        *(name for key in keys for name in (f"FIRST_{key}", f"OWN_{key}")),
        *(f"USE_{n}" for n in range(len(program.slots))),
        *([] if literals else ["p"]),
        "fault",
        *(f"OUT_{name}" for name in outputs),
    ]
    body = [f"{name} = int(IN_{name}[i])" for name in program.inputs]
    body += _lines(program.statements, form)
    body += ["fault[i] = 0", *(f"OUT_{name}[i] = {name}" for name in outputs)]
    lines = [
        f"def settle_rows({_wrap(arguments, 16)}):",
        f"    # {plain(title)}",
        f"    NO_LIMIT = {NO_LIMIT}",
        "    now, who = state",
        "    for i in range(rows):",
        "        if person[i] != now:  # the next person: what others used is not theirs",
        "            now = person[i]",
        "            who += 1",
        *_indent(_indent(body)),
        "    state[0], state[1] = now, who",
    ]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """A text of a policy as it may stand in a comment: one line, nothing that could end it."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _lines(statements: Iterable[Statement], form: Form) -> list[str]:
    lines: list[str] = []
    for statement in statements:
        lines += _statement(statement, form)
    return lines


def _statement(statement: Statement, form: Form) -> list[str]:
    if isinstance(statement, Note):
        return [f"# {plain(statement.text)}" if statement.text else ""]
    if isinstance(statement, Known):
        return []
    if isinstance(statement, Set):
        note = f"  # {plain(statement.note)}" if statement.note else ""
        return [f"{statement.name} = {form.number(statement.expression)}{note}", *form.open_period(statement.name)]
    if isinstance(statement, Zero):
        return _zero(statement)
    if isinstance(statement, Pick):
        return _pick(statement, form)
    if isinstance(statement, When):
        return [f"if {form.number(statement.test)}:", *_indent(_lines(statement.body, form))]
    if isinstance(statement, Fail):
        return form.fail(statement)
    if isinstance(statement, ReadUse):
        return [form.read_use(statement)]
    return form.write_use(statement)


def _zero(zero: Zero) -> list[str]:
    lines, line = [], ""
    for name in zero.names:
        if len(line) + len(name) > WIDTH:
            lines.append(f"{line}{zero.value}")
            line = ""
        line += f"{name} = "
    return [*lines, f"{line}{zero.value}"]


def _pick(pick: Pick, form: Form) -> list[str]:
    """A chain of tests, where cells with the same answer share a branch; in rows a lookup, which is a fifth faster."""
    if form.rows and len({choice.expression for choice in pick.choices}) > 1:
        answers = [form.number(choice.expression) for choice in pick.choices]
        return [f"{pick.name} = ({_wrap(answers, len(pick.name) + 4)})[{pick.index}]"]
    groups: dict[str, list[int]] = {}
    for number, choice in enumerate(pick.choices):
        groups.setdefault(form.number(choice.expression), []).append(number)
    lines: list[str] = []
    for n, (expression, numbers) in enumerate(groups.items()):
        label = plain("; ".join(pick.choices[number].label for number in numbers))
        label = label if len(label) <= WIDTH else f"{label[: WIDTH - 4]} ..."
        if len(groups) == 1:
            return [f"{pick.name} = {expression}  # {label}"]
        tests = " or ".join(f"{pick.index} == {number}" for number in numbers)
        test = "else:" if n == len(groups) - 1 else f"{'elif' if n else 'if'} {tests}:"
        lines += [f"{test}  # {label}", f"    {pick.name} = {expression}"]
    return lines


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" if line else line for line in lines]


def _wrap(names: Iterable[str], indent: int) -> str:
    """Names with commas, in lines of at most WIDTH."""
    lines, line = [], ""
    for name in names:
        if line and indent + len(line) + len(name) > WIDTH:
            lines.append(line.rstrip())
            line = ""
        line += f"{name}, "
    lines.append(line.rstrip(", "))
    return ("\n" + " " * indent).join(lines)
