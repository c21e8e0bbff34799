"""Proof that no number of a compiled policy passes 2^63: Numba does not check, so this does, before it runs.

The intervals start from the checked bounds of a claim (its total is at most MAX_AMOUNT_FEN) and of a use
(MAX_USE_FEN), and run through every expression, branches included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR
from openyibao.settlement.claim import MAX_USE_FEN
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

Interval = tuple[int, int]
BITS_63 = 2**63 - 1
MAX_PERIODS = 100_000  # periods that can lie between the first and the last day


def largest_number(program: Program, *, literals: bool = True) -> int:
    """The largest absolute value that any step of the program can reach; raises OverflowError from 2^63 on.

    With literals the numbers of the policy are what they are; as arguments they may be anything that
    `RowRule.settle` lets in.
    """
    return _Bounds(program, literals).run()


def natural_divisions(program: Program, *, literals: bool = True) -> frozenset[str]:
    """The divisions and remainders (as `ast.unparse` writes them) of which no number is ever below 0.

    For those, and only those, a division of numbers without sign gives the same; it costs half as much.
    """
    bounds = _Bounds(program, literals)
    bounds.run()
    return frozenset(text for text, natural in bounds.divisions.items() if natural)


class _Bounds:
    def __init__(self, program: Program, literals: bool) -> None:
        self.program = program
        self.largest = 0
        self.divisions: dict[str, bool] = {}
        self.names: dict[str, Interval] = {"NO_LIMIT": (NO_LIMIT, NO_LIMIT), "NO_RATE": (NO_RATE, NO_RATE)}
        self.parameters = [
            (p.value, p.value) if literals else (0, MAX_AMOUNT_FEN if p.kind == "amount" else MAX_DENOMINATOR)
            for p in program.parameters
        ]

    def run(self) -> int:
        for name in self.program.inputs:  # anything at first; the claim's own checks narrow it
            self.names[name] = self.program.spans.get(name, (-BITS_63, BITS_63))
        self.statements(self.program.statements)
        return self.largest

    def statements(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        if isinstance(statement, Set):
            found = self.value(statement.expression)
            self.join(statement.name, _meet(found, statement.bound) if statement.bound else found)
        elif isinstance(statement, Known):
            self.names[statement.name] = statement.bound
        elif isinstance(statement, Zero):
            for name in statement.names:
                self.names[name] = (statement.value, statement.value)
        elif isinstance(statement, Pick):
            self.value(statement.index)
            answers = [self.value(choice.expression) for choice in statement.choices]
            self.join(statement.name, (min(low for low, _ in answers), max(high for _, high in answers)))
        elif isinstance(statement, When):
            self.value(statement.test)
            self.statements(statement.body)
        elif isinstance(statement, ReadUse):
            self.join(statement.name, (0, MAX_USE_FEN))
        elif isinstance(statement, WriteUse):
            self.value(statement.expression)
        elif isinstance(statement, Carry):
            # what is left of the money of at most PERIODS periods; every amount is checked on its own
            self.value(statement.amount)
            self.join(statement.name, (0, MAX_AMOUNT_FEN * MAX_PERIODS))
        elif isinstance(statement, Gather):  # what a row adds is at most an amount, and each use is checked
            self.join(statement.name, (0, MAX_USE_FEN * MAX_PERIODS))
        elif isinstance(statement, Earn):
            self.value(statement.amount)
        else:
            assert isinstance(statement, Note | Fail | OpenUse | Clear)

    def join(self, name: str, found: Interval) -> None:
        """A name may be set on some ways only, so it keeps what it could be before as well."""
        before = self.names.get(name, found)
        self.names[name] = (min(before[0], found[0]), max(before[1], found[1]))

    def value(self, expression: str) -> Interval:
        return self.node(ast.parse(expression, mode="eval").body)

    def node(self, node: ast.expr) -> Interval:
        found = self._node(node)
        reached = max(abs(found[0]), abs(found[1]))
        if reached > BITS_63:
            raise OverflowError(f"{ast.unparse(node)} can reach {reached}, beyond 2^63")
        if self.largest < reached < NO_LIMIT - MAX_USE_FEN:
            self.largest = reached
        return found

    def _node(self, node: ast.expr) -> Interval:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value, node.value
        if isinstance(node, ast.Name):
            return self.names[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            low, high = self.node(node.operand)
            return -high, -low
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return self.parameters[int(str(node.slice.value))]
        if isinstance(node, ast.BinOp):
            return self.binary(node)
        if isinstance(node, ast.IfExp):
            self.node(node.test)
            one, other = self.node(node.body), self.node(node.orelse)
            return min(one[0], other[0]), max(one[1], other[1])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = [self.node(argument) for argument in node.args]
            choose = max if node.func.id == "max" else min
            return choose(f[0] for f in found), choose(f[1] for f in found)
        if isinstance(node, ast.BoolOp):
            for child in node.values:
                self.node(child)
            return 0, 1
        if isinstance(node, ast.Compare):
            for child in (node.left, *node.comparators):
                self.node(child)
            return 0, 1
        raise TypeError(f"{ast.dump(node)} is not part of the intermediate form")

    def binary(self, node: ast.BinOp) -> Interval:
        left, right = self.node(node.left), self.node(node.right)
        if isinstance(node.op, ast.FloorDiv | ast.Mod):
            text = ast.unparse(node)
            self.divisions[text] = self.divisions.get(text, True) and left[0] >= 0 and right[0] >= 0
        return _binary(node.op, left, right)


def _meet(found: Interval, known: Interval) -> Interval:
    return max(found[0], known[0]), max(min(found[1], known[1]), known[0])


def _binary(op: ast.operator, left: Interval, right: Interval) -> Interval:
    if isinstance(op, ast.Add):
        return left[0] + right[0], left[1] + right[1]
    if isinstance(op, ast.Sub):
        return left[0] - right[1], left[1] - right[0]
    if isinstance(op, ast.Mult):
        products = [a * b for a in left for b in right]
        return min(products), max(products)
    divisors = (max(right[0], 1), max(right[1], 1))  # a denominator is at least 1, checked where parameters enter
    if isinstance(op, ast.FloorDiv):
        quotients = [a // b for a in left for b in divisors]
        return min(quotients), max(quotients)
    assert isinstance(op, ast.Mod)
    return 0, divisors[1] - 1
