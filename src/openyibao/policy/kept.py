"""Reading how the use of a limit, deductible or cap is kept: its group, for each of what, carried over or not."""

from __future__ import annotations

from typing import NamedTuple

from openyibao.policy.basis import Scope
from openyibao.policy.model import Kept, Layer, NoLimit, Table
from openyibao.policy.nodes import Node, Text
from openyibao.policy.reading import Reading, join, some
from openyibao.policy.tables import AMOUNT, LIMIT, read_table, without
from openyibao.policy.worked_out import DERIVED

PERIODS = ("claim", "day", "episode", "month", "quarter", "year", "calendar year", "lifetime")
CARRIED = ("month", "quarter", "year", "calendar year")
NOT_KEPT = {"money": "money", "signed money": "money", DERIVED: "derived"}
KEPT_KEYS = ("group", "per", "carry over", "earned from", "plus", "annual maximum")


def read_kept(reading: Reading, node: Node, path: str, kind: str, period: str, scope: Scope) -> tuple[Table, Kept]:
    """The table of a limit, deductible or cap (`kind`), and how its use is kept."""
    given: dict[str, Node] = {}
    for name in KEPT_KEYS:
        node, found = without(reading, node, name)
        if found is not None:
            given[name] = found
    table = read_table(reading, node, path, AMOUNT if kind == "deductible" else LIMIT, scope)
    _check_place(reading, given, path, kind, period)
    carry = _choice(reading, given, path, "carry over", ("all", "one"))
    if carry and any(isinstance(cell.value, NoLimit) for cell in table.cells):
        todo = "Write an amount for everybody, or leave `carry over` out."
        expected = "amounts that leave something"
        reading.problem(given["carry over"].place, join(path, "carry over"), "`no limit`, carried over", expected, todo)
    kept = Kept(
        group=_read_group(reading, given, path),
        per=read_per(reading, given["per"], join(path, "per"), scope) if "per" in given else (),
        carry=carry,
        earned_from=_choice(reading, given, path, "earned from", ("first claim", "enrolment")) or "first claim",
        plus=_read_plus(reading, given, path, scope),
        annual_maximum=(
            read_table(reading, given["annual maximum"], join(path, "annual maximum"), AMOUNT, scope)
            if "annual maximum" in given
            else None
        ),
    )
    return table, kept


def _check_place(reading: Reading, given: dict[str, Node], path: str, kind: str, period: str) -> None:
    """Keys that have no meaning where they stand are told, and then passed over."""
    wrong = {
        "annual maximum": kind != "deductible",
        "plus": kind == "deductible",
        "carry over": kind == "deductible" or period not in CARRIED,
        "earned from": "carry over" not in given,
    }
    periods = f"{', '.join(CARRIED[:-1])} or {CARRIED[-1]}"
    expected = {
        "annual maximum": "it in a deductible only",
        "plus": "it in a limit or a cap (`at most ...`) only",
        "carry over": f"it in a limit or a cap (`at most ...`) per {periods} only",
        "earned from": "it beside `carry over` only",
    }
    for name in [name for name in wrong if name in given and wrong[name]]:
        found = f"`{name}` in `{name_of(kind, period)}`"
        reading.problem(given.pop(name).place, join(path, name), found, expected[name], "Remove it.")
    if wrong["carry over"]:
        given.pop("earned from", None)  # it goes with `carry over`, which was told


def name_of(kind: str, period: str) -> str:
    """The key under which a limit, deductible or cap stands."""
    return f"{'at most' if kind == 'cap' else kind} per {period}"


def _choice(reading: Reading, given: dict[str, Node], path: str, name: str, choices: tuple[str, ...]) -> str | None:
    return reading.choice(given[name], join(path, name), choices) if name in given else None


def _read_group(reading: Reading, given: dict[str, Node], path: str) -> str | None:
    if "group" not in given:
        return None
    path = join(path, "group")
    group = reading.english(reading.text(given["group"], path, "the name of a group"))
    if group and not reading.vocabulary.knows(group):
        expected = "a word declared under `words`"
        reading.problem(given["group"].place, path, repr(group), expected, "Add it to `words` with its Chinese.")
    return group or None


def read_per(reading: Reading, node: Node, path: str, scope: Scope) -> tuple[str, ...]:
    """The facts for each of whose values something is kept: such as claims state."""
    names: list[str] = []
    for item in (node,) if isinstance(node, Text) else reading.items(node, path, "facts"):
        name = reading.english(reading.text(item, path, "the name of a fact"))
        fact = scope.facts.get(name)
        if not name or (fact is None and (name in reading.blamed or not scope.has_facts)):
            continue
        if fact is None or fact.kind in NOT_KEPT:
            known = [f.name for f in scope.facts.values() if f.kind not in NOT_KEPT]
            todo = "" if fact else reading.did_you_mean(name, known) or "Declare it under `facts`."
            written = repr(item.value) if isinstance(item, Text) else repr(name)
            found = f"{written}, which is {NOT_KEPT[fact.kind]}" if fact else written
            expected = f"a fact declared under `facts` that is not money ({some(known)})"
            reading.problem(item.place, path, found, expected, todo)
        elif name in names:
            reading.problem(item.place, path, f"the fact {name!r} twice", "every fact once")
        else:
            names.append(name)
    return tuple(names)


def _read_plus(reading: Reading, given: dict[str, Node], path: str, scope: Scope) -> str | None:
    if "plus" not in given:
        return None
    node, path = given["plus"], join(path, "plus")
    name = reading.english(reading.text(node, path, "a fact that is money"))
    money = [fact.name for fact in scope.facts.values() if fact.kind in ("money", "signed money")]
    if name and name not in money and name not in reading.blamed:
        reading.problem(
            node.place,
            path,
            repr(name),
            f"a fact that is money ({some(money) or 'none declared'})",
            reading.did_you_mean(name, money) or "Declare it under `facts`, as in `cap addition: signed money`.",
        )
        return None
    return name or None


class Member(NamedTuple):
    """One that names a group: the layer it stands in, its period, how its use is kept, its amounts."""

    layer: str
    period: str
    kept: Kept
    table: Table


def check_groups(reading: Reading, layers: list[Layer]) -> None:
    """A group is kept in one way, and stands once in a layer. Limits, deductibles and caps have names of their own."""
    first: dict[tuple[str, str], Member] = {}
    for layer in layers:
        mine: set[tuple[str, str]] = set()
        named = [(step.kind, step.period, step.kept, step.table) for step in layer.steps]
        named += [("cap", cap.period, cap.kept, cap.table) for cap in layer.caps]
        for kind, period, kept, table in named:
            if kept.group is None or period is None:  # pre-pay has no period, and no group
                continue
            key = (kind, kept.group)
            path = f"layers / {layer.name} / {name_of(kind, period)}"
            if key in mine:
                found, todo = f"the group {kept.group!r} twice in the layer", "Give one of the two another name."
                reading.problem(table.place, path, found, "a group once in a layer", todo)
                continue
            mine.add(key)
            member = Member(layer.name, period, kept, table)
            _check_same(reading, path, member, first.setdefault(key, member))


def _check_same(reading: Reading, path: str, here: Member, above: Member) -> None:
    """All of a group have the same period, the same facts in `per`, and carry over the same amounts in the same way."""
    group, one, other = f"the group {here.kept.group!r}", here.kept, above.kept
    if here.period != above.period:
        expected = f"one period for the group ({above.layer}: per {above.period})"
        todo = "Write the same period in both, or name another group."
        reading.problem(here.table.place, path, f"{group} per {here.period}", expected, todo)
    ways = [("per", ", ".join(one.per), ", ".join(other.per)), ("carry over", one.carry or "", other.carry or "")]
    if one.carry and one.carry == other.carry:
        ways.append(("earned from", one.earned_from, other.earned_from))
    for name, mine, theirs in ways:
        if mine != theirs:
            found, known = (f"with `{name}: {way}`" if way else f"without `{name}`" for way in (mine, theirs))
            expected = f"the same in all of the group ({above.layer}: {known})"
            reading.problem(here.table.place, path, f"{group} {found}", expected, "Write the same in both.")
    amounts, others = ((m.table.by, [(c.keys, c.value) for c in m.table.cells], m.kept.plus) for m in (here, above))
    if one.carry and one.carry == other.carry and amounts != others:
        expected = f"the amount, table and `plus` of {above.layer}, as the group is carried over"
        reading.problem(here.table.place, path, f"another amount in {group}", expected, "Write the same in both.")
