"""The arithmetic that a case prints beside a bill: sums such as `(5000 - 100) x 80% = 3920`, redone exactly.

>>> [sum for sum, holds in sums("8000 x 15% = 1200; (9000 - 800) x 60% = 4920")]
['8000 x 15% = 1200', '(9000 - 800) x 60% = 4920']
>>> [holds for sum, holds in sums("2 x 2 = 5; 10 / 3 = 3.33, three of a kind")]
[False, True]
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

SUM = re.compile(r"[(\d][\d.%x+\-/() ]*(?: = [\d.%x+\-/() ]*[\d%)])+")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
HALF_FEN = Fraction(1, 200)
DO: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def sums(text: str) -> Iterator[tuple[str, bool]]:
    """Each sum of a text, and whether all its sides are the same to half a fen."""
    for found in SUM.findall(text):
        *sides, last = (value(side) for side in found.split(" = "))
        yield found, all(abs(side - last) <= HALF_FEN for side in sides)


def value(text: str) -> Fraction:
    python = re.sub(r"([\d.]+)%", r"(\1/100)", text).replace(" x ", " * ")
    return worked_out(ast.parse(python.strip(), mode="eval").body)


def worked_out(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        return DO[type(node.op)](worked_out(node.left), worked_out(node.right))
    assert isinstance(node, ast.Constant), ast.dump(node)
    return Fraction(str(node.value))


def numbers(text: str) -> set[Fraction]:
    """All numbers of a text."""
    return {Fraction(number) for number in NUMBER.findall(text)}
