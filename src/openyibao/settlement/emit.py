"""The one generator: a program printed as a Python function for one claim, or as a loop over rows for Numba.

Both texts are the same statements. They differ in where facts and uses come from, in how a fault is reported and in
where the results go. Numbers of the policy are literals, or stay arguments `p[k]` so that a reform does not recompile.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openyibao.policy.table_checks import MAX_CELLS
from openyibao.settlement.bounds import natural_divisions
from openyibao.settlement.carry import carry_earn, carry_left
from openyibao.settlement.claim import OPEN
from openyibao.settlement.emit_traced import given_lines, traced_arguments, traced_keys
from openyibao.settlement.gather import gather_clear, gather_sum
from openyibao.settlement.ir import (
    NO_LIMIT,
    NO_RATE,
    Carry,
    Clear,
    Earn,
    Fail,
    Gather,
    Known,
    Note,
    OpenUse,
    Pick,
    Program,
    ReadUse,
    Set,
    Statement,
    When,
    WriteUse,
    Zero,
)

if TYPE_CHECKING:
    from numpy import int64, uint64  # `quotient` and `remainder` are not called here: their text is what is used

CELLS = MAX_CELLS
"""A fault of a row is one number: fault x CELLS + cell."""
WIDTH = 110


@dataclass(frozen=True)
class Form:
    """How one of the two forms says what is not arithmetic."""

    program: Program
    rows: bool
    literals: bool
    natural: frozenset[str] = frozenset()
    traced: bool = False

    def number(self, expression: str) -> str:
        """Parameters as literals, where this form has them so; divisions without sign, where that is proven right."""
        if self.natural and ("//" in expression or "%" in expression):
            expression = ast.unparse(_Natural(self.natural).visit(ast.parse(expression, mode="eval")))
        if not self.literals:
            return expression
        values = self.program.parameters
        text = re.sub(r"p\[(\d+)\]", lambda found: str(values[int(found[1])].value), expression)
        text = re.sub(r", 2 \* (\d+)\)", lambda found: f", {2 * int(found[1])})", text)
        return re.sub(r"\(2 \* (\d+)\)", lambda found: str(2 * int(found[1])), text)

    def fail(self, fail: Fail) -> list[str]:
        if self.rows:
            cell = "" if fail.cell == "0" else f" + {fail.cell}"
            return [f"fault[i] = {fail.fault * CELLS}{cell}", "continue"]
        return [f"return {fail.fault}, {fail.cell}"]

    def read_use(self, use: ReadUse) -> str:
        if self.rows:
            return f"{use.name} = USE_{use.slot}[{self.place(use.slot)}]"
        if use.quiet:
            return f"{use.name} = peek(uses, {self.key(use.slot)})"
        return f"{use.name} = uses.get({self.key(use.slot)}, 0)"

    def write_use(self, use: WriteUse) -> list[str]:
        if not self.rows:
            return [f"uses[{self.key(use.slot)}] = {use.expression}"]
        n = use.slot
        written = [f"USE_{n}[{self.place(n)}] = {use.expression}"]
        if not self.traced:
            return written
        return [
            f"if NOW_{n}[i] < 0:",
            f"    WAS_{n}[i] = USE_{n}[{self.place(n)}]",
            *written,
            f"NOW_{n}[i] = USE_{n}[{self.place(n)}]",
            *(f"{name}[i] = {local}" for name, local in traced_keys(self.program, n).items()),
        ]

    def key(self, number: int) -> str:
        """The key of a use in the form for one claim."""
        slot = self.program.slots[number]
        return f"({', '.join([repr(slot.group), slot.key, *self.values(number)])})"

    def values(self, number: int) -> list[str]:
        """What names the values that a use is kept for, in the form for one claim."""
        keyed = self.program.keyed
        return [f"KEY_{fact}" if fact in keyed else fact for fact in self.program.slots[number].per]

    def at(self, number: int) -> str:
        """The local that holds where the use of a slot stands."""
        return "_".join(("AT", *self.program.slots[number].place))

    def place(self, number: int) -> str:
        """The same as an index. Without a sign: there is no counting from the end, and a wrong one is seen."""
        return f"uint64({self.at(number)})"

    def own(self, number: int) -> str:
        return "_".join(("OWN", *self.program.slots[number].place))

    def size(self, fact: str) -> str:
        size = self.program.sizes[fact]
        return f"SIZE_{fact}" if size is None else str(size)

    def stride(self, number: int) -> str:
        return " * ".join(self.size(fact) for fact in self.program.slots[number].per) or "1"

    def period(self, number: int, name: str) -> str:
        """The number of a period, counted from the first that the rows touch."""
        key = self.program.slots[number].key
        return name if key in self.program.texts else f"{name} - FIRST_{key}"

    def open_use(self, opening: OpenUse) -> list[str]:
        """In rows: where the uses of a place stand, emptied when a person comes to it for the first time."""
        if not self.rows:
            return []
        slot = self.program.slots[opening.slot]
        at, own, place = self.at(opening.slot), self.own(opening.slot), self.place(opening.slot)
        beside = [n for n, other in enumerate(self.program.slots) if other.place == slot.place]
        return [
            f"{at} = {self.period(opening.slot, slot.key)}",
            *(f"{at} = {at} * {self.size(fact)} + {fact}" for fact in slot.per),
            f"mine = {own}[{place}] == who",  # no branch: whose turn it is cannot be foreseen
            f"{own}[{place}] = who",
            *(f"USE_{n}[{place}] *= mine" for n in beside),
        ]

    def span(self, number: int, start: str) -> str:
        """The arguments of the carry functions that say where the periods of a slot stand."""
        slot = self.program.slots[number]
        period, stride = self.period(number, slot.key), self.stride(number)
        base = f"{self.at(number)} - ({period}) * ({stride})"
        return f"who, {base}, {stride}, {self.period(number, start)}, {period}"

    def carry(self, carry: Carry) -> str:
        slot, n = self.program.slots[carry.slot], carry.slot
        amount = self.number(carry.amount)
        if self.rows:
            arrays = f"USE_{n}, {self.own(n)}, EARN_{n}, EOWN_{n}"
            return (
                f"{carry.name} = carry_left({arrays}, {self.span(n, carry.start)}, COUNT_{slot.key}, "
                f"{amount}, {carry.one})"
            )
        per = "".join(f"{value}, " for value in self.values(n))
        return (
            f"{carry.name} = carried(uses, {slot.group!r}, ({per}), {carry.start}, {slot.key}, {amount}, {carry.one})"
        )

    def gather(self, gather: Gather | Clear) -> str:
        """The sum of a window of uses, or that window emptied."""
        n, slot = gather.slot, self.program.slots[gather.slot]
        name = f"{gather.name} = " if isinstance(gather, Gather) else ""
        if self.rows:
            function = "gather_sum" if name else "gather_clear"
            window = f"{self.period(n, gather.first)}, {self.period(n, gather.last)}"
            return f"{name}{function}(USE_{n}, {self.own(n)}, who, {window})"
        function = "gathered" if name else "cleared"
        return f"{name}{function}(uses, {slot.group!r}, {gather.mark!r}, {gather.first}, {gather.last})"

    def earn(self, earn: Earn) -> str:
        slot, n = self.program.slots[earn.slot], earn.slot
        amount = self.number(earn.amount)
        if self.rows:
            return f"carry_earn(EARN_{n}, EOWN_{n}, {self.span(n, earn.start)}, {amount})"
        per = "".join(f"{value}, " for value in self.values(n))
        return f"earn(uses, {slot.group!r}, ({per}), {earn.start}, {slot.key}, {amount})"


def claim_text(program: Program, title: str, literals: bool = True) -> str:
    """The function for one claim: inputs and a dictionary of uses in, a tuple out.

    The tuple is (0, outputs ...), or (fault, cell) for a claim that cannot be settled. The dictionary is changed
    in place, at the very end only.
    """
    form = Form(program, rows=False, literals=literals)
    arguments = [*program.inputs, *program.texts, *keys(program), "uses", *([] if literals else ["p"])]
    lines = [f"def settle_claim({_wrap(arguments, 17)}):", f"    # {plain(title)}", f"    NO_LIMIT = {NO_LIMIT}"]
    lines.append(f"    NO_RATE = {NO_RATE}")
    lines += _indent(_lines(program.statements, form))
    lines += [f"    return (0, {_wrap(program.outputs, 12)})"]
    return "\n".join(lines) + "\n"


def keys(program: Program) -> list[str]:
    """The arguments of the form for one claim that name the values uses are kept for."""
    return [f"KEY_{fact}" for fact in program.keyed]


def rows_arguments(program: Program) -> list[str]:
    """The arguments of the loop that say where uses stand: numbers of periods and values, whose they are, uses."""
    periods = sorted({slot.key for slot in program.slots} - set(program.texts))
    places = sorted({slot.place for slot in program.slots})
    return [
        *(f"{name}_{key}" for key in periods for name in ("FIRST", "COUNT")),
        *(f"SIZE_{fact}" for fact, size in program.sizes.items() if size is None),
        *("_".join(("OWN", *place)) for place in places),
        *(f"USE_{n}" for n in range(len(program.slots))),
        *(f"{name}_{n}" for n, slot in enumerate(program.slots) if slot.carried for name in ("EARN", "EOWN")),
    ]


def rows_text(
    program: Program, title: str, outputs: tuple[str, ...], literals: bool = True, *, traced: bool = False
) -> str:
    """The loop over rows: one column an input, one an output, uses in small arrays that belong to one person.

    Rows stand person after person, in settlement order; uses say whose they are, so that a block of rows can go on
    where another ended. A row's fault is 0, or fault x CELLS + cell; its outputs are then not written, and it leaves
    no trace in the uses. `traced`: it also takes uses that persons begin with, and writes down what each row wrote.
    """
    form = Form(program, True, literals, natural_divisions(program, literals=literals), traced)
    arguments = [
        "rows",
        "person",
        *(f"IN_{name}" for name in (*program.inputs, *program.texts)),
        *rows_arguments(program),
        *([] if literals else ["p"]),
        "fault",
        *(f"OUT_{name}" for name in outputs),
        *(traced_arguments(program) if traced else []),
    ]
    body = [f"{name} = int(IN_{name}[i])" for name in (*program.inputs, *program.texts)]
    body += [f"{place} = 0" for place in sorted({form.at(one.slot) for one in _opened_within(program.statements)})]
    body += _lines(program.statements, form)
    body += ["fault[i] = 0", *(f"OUT_{name}[i] = {name}" for name in outputs)]
    lines = [
        *_functions(program),
        f"def settle_rows({_wrap(arguments, 16)}):",
        f"    # {plain(title)}",
        f"    NO_LIMIT = {NO_LIMIT}",
        f"    NO_RATE = {NO_RATE}",
        *(["    given = 0"] if traced else []),
        "    for i in range(rows):",
        "        who = person[i]  # what others used is not theirs",
        *(_indent(_indent(given_lines(program, form.own))) if traced else []),
        *_indent(_indent(body)),
    ]
    return "\n".join(lines) + "\n"


def _opened_within(statements: Iterable[Statement], inside: bool = False) -> Iterator[OpenUse]:
    """Uses that are opened on a condition: Numba wants to know where they stand for rows that do not meet it."""
    for statement in statements:
        if isinstance(statement, When):
            yield from _opened_within(statement.body, True)
        elif isinstance(statement, OpenUse) and inside:
            yield statement


def _functions(program: Program) -> list[str]:
    """The functions on arrays that the loop calls, as they stand in their modules, so that the loop is one text."""
    called: list[Callable[..., object]] = [quotient, remainder]
    called += [carry_left, carry_earn] if any(slot.carried for slot in program.slots) else []
    called += [gather_sum, gather_clear] if any(slot.group.endswith(OPEN) for slot in program.slots) else []
    lines = ["import numba", "from numpy import int64, uint64", ""]
    for function in called:
        lines += ["@numba.njit(nogil=True)", *inspect.getsource(function).splitlines(), ""]
    return lines


def quotient(number, by):  # type: ignore[no-untyped-def]
    """The quotient of two numbers that are proven not to be negative (`bounds.natural_divisions`)."""
    return int64(uint64(number) // uint64(by))


def remainder(number, by):  # type: ignore[no-untyped-def]
    """What that division leaves."""
    return int64(uint64(number) % uint64(by))


class _Natural(ast.NodeTransformer):
    """Writes proven divisions as calls of `quotient` and `remainder`."""

    def __init__(self, natural: frozenset[str]) -> None:
        self.natural = natural

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        proven = isinstance(node.op, ast.FloorDiv | ast.Mod) and ast.unparse(node) in self.natural
        function = quotient if isinstance(node.op, ast.FloorDiv) else remainder
        self.generic_visit(node)
        return ast.Call(ast.Name(function.__name__), [node.left, node.right], []) if proven else node


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
        return [f"{statement.name} = {form.number(statement.expression)}{note}"]
    if isinstance(statement, Zero):
        return _zero(statement)
    if isinstance(statement, Pick):
        return _pick(statement, form)
    if isinstance(statement, When):
        return [f"if {form.number(statement.test)}:", *_indent(_lines(statement.body, form))]
    if isinstance(statement, Fail):
        return form.fail(statement)
    if isinstance(statement, OpenUse):
        return form.open_use(statement)
    if isinstance(statement, WriteUse):
        return form.write_use(statement)
    return [_use_line(statement, form)]


def _use_line(statement: ReadUse | Carry | Earn | Gather | Clear, form: Form) -> str:
    if isinstance(statement, ReadUse):
        return form.read_use(statement)
    if isinstance(statement, Gather | Clear):
        return form.gather(statement)
    return form.carry(statement) if isinstance(statement, Carry) else form.earn(statement)


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
