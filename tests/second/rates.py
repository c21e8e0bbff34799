"""Rates as the law writes them: points, a share of another's own share, a line in a whole number."""

import re
from fractions import Fraction
from functools import cache
from typing import Any

from second.values import Desk, Stop, ratio, share_form

OWN = re.compile(r"(.+?) of the own share of (.+)")
LINE = re.compile(r"(\S+) ([+-]) (\S+) x (.+)")


@cache
def share_in(text: str) -> tuple[Fraction, str] | None:
    found = OWN.fullmatch(text)
    return (ratio(found[1]), found[2]) if found else None


@cache
def line_in(text: str) -> tuple[Fraction, Fraction, str] | None:
    found = LINE.fullmatch(text)
    return (ratio(found[1]), ratio(found[3]) * (1 if found[2] == "+" else -1), found[4]) if found else None


def points_of(node: Any) -> list[Any]:
    """What stands under `points` beside a value or a table: one, a list of several, or nothing."""
    points = node.get("points", []) if isinstance(node, dict) else []
    return points if isinstance(points, list) else [points]


def points(desk: Desk, node: Any) -> Fraction:
    found = ratio(str(desk.leaf(node)["is"]))
    return found if desk.on("points") else Fraction(0)


def base(desk: Desk, node: Any) -> Fraction:
    """The rate without the points that stand beside it."""
    if isinstance(node, dict) and "by" in node:
        return cell(desk, node, {})
    return plain(desk, desk.leaf(node))


def cell(desk: Desk, table: dict[str, Any], instead: dict[str, str]) -> Fraction:
    """The rate of a cell of a table; `instead` names values that count in place of the claim's own."""
    found, fact = desk.answer_and_fact(table, instead)
    leaf = desk.leaf(found)
    of = share_in(str(leaf["is"]))
    if of is None:
        added = [points(desk, one) for one in points_of(leaf)]
        return plain(desk, leaf) + sum(added, Fraction(0))
    other = cell(desk, table, instead | {fact: of[1]})
    desk.forms.add("own share")
    return 1 - of[0] * (1 - other) if desk.on("own share") else other


def plain(desk: Desk, leaf: dict[str, Any]) -> Fraction:
    """A percentage, a fraction, or a line."""
    text = str(leaf["is"])
    line = line_in(text)
    if line is None:
        desk.forms |= share_form(text)
        return ratio(text)
    start, slope, fact = line
    value = desk.fact(fact)
    if not isinstance(value, int):
        raise Stop("fact")
    desk.forms |= {"line", f"line in {fact}"}
    found = start + slope * value if desk.on("line") else start
    if not desk.on("bounds of a line"):
        return found
    if "least" in leaf and found < ratio(str(leaf["least"])):
        found = ratio(str(leaf["least"]))
        desk.forms.add("line raised to least")
    if "most" in leaf and found > ratio(str(leaf["most"])):
        found = ratio(str(leaf["most"]))
        desk.forms.add("line cut to most")
    return found
