"""Reading how the use of a limit, deductible or cap is kept: its group, for each of what, carried over or not."""

from __future__ import annotations

from typing import NamedTuple

from openyibao.policy.basis import Scope
from openyibao.policy.messages import Message, say
from openyibao.policy.model import Bands, Kept, Layer, NoLimit, Table
from openyibao.policy.nodes import Node, Text
from openyibao.policy.reading import Reading, describe, join, written
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
    table = read_table(reading, node, path, AMOUNT if kind == "deductible" else LIMIT, scope, _fitting(kind, period))
    _check_place(reading, given, path, kind, period)
    carry = _choice(reading, given, path, "carry over", ("all", "one"))
    if carry and any(isinstance(cell.value, NoLimit) for cell in table.cells):
        todo = say("Write an amount for everybody, or leave `carry over` out.")
        expected = say("amounts that leave something")
        reading.problem(
            given["carry over"].place, join(path, "carry over"), say("`no limit`, carried over"), expected, todo
        )
    kept = Kept(
        group=read_group(reading, given["group"], join(path, "group")) if "group" in given else None,
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


def _misplaced(kind: str, period: str) -> dict[str, bool]:
    """Which keys have no meaning in a limit, deductible or cap."""
    carried = kind != "deductible" and period in CARRIED
    return {
        "annual maximum": kind != "deductible",
        "plus": kind == "deductible",
        "carry over": not carried,
        "earned from": not carried,
    }


def _fitting(kind: str, period: str) -> tuple[str, ...]:
    wrong = _misplaced(kind, period)
    return tuple(name for name in KEPT_KEYS if not wrong.get(name))


def _check_place(reading: Reading, given: dict[str, Node], path: str, kind: str, period: str) -> None:
    """Keys that have no meaning where they stand are told, and then passed over."""
    wrong = {**_misplaced(kind, period), "earned from": "carry over" not in given}
    expected = {
        "annual maximum": say("it in a deductible only"),
        "plus": say("it in a limit or a cap only, such as `limit per year` or `at most per year`"),
        "carry over": say(
            "it in a limit or a cap per month, quarter, year or calendar year only, such as `at most per year`"
        ),
        "earned from": say("it beside `carry over` only"),
    }
    for name in [name for name in wrong if name in given and wrong[name]]:
        found = say("`{name}` in `{key}`", name=reading.word(name), key=reading.word(name_of(kind, period)))
        reading.problem(given.pop(name).place, join(path, name), found, expected[name], say("Remove it."))
    if wrong["carry over"]:
        given.pop("earned from", None)  # it goes with `carry over`, which was told


def name_of(kind: str, period: str) -> str:
    """The key under which a limit, deductible or cap stands."""
    return f"{'at most' if kind == 'cap' else kind} per {period}"


def _choice(reading: Reading, given: dict[str, Node], path: str, name: str, choices: tuple[str, ...]) -> str | None:
    return reading.choice(given[name], join(path, name), choices) if name in given else None


def read_group(reading: Reading, node: Node, path: str) -> str | None:
    """The name of a group, a word of the file."""
    group = reading.english(reading.text(node, path, say("the name of a group")))
    if group and not reading.vocabulary.knows(group):
        expected = say("a word declared under `words`")
        reading.problem(node.place, path, reading.written(group), expected, say("Add it to `words` with its Chinese."))
    return group or None


def read_per(reading: Reading, node: Node, path: str, scope: Scope) -> tuple[str, ...]:
    """The facts for each of whose values something is kept: such as claims state."""
    names: list[str] = []
    for item in (node,) if isinstance(node, Text) else reading.items(node, path, say("facts")):
        name = reading.english(reading.text(item, path, say("the name of a fact")))
        fact = scope.facts.get(name)
        if not name or (fact is None and (name in reading.blamed or not scope.has_facts)):
            continue
        if fact is None or fact.kind in NOT_KEPT:
            known = [f.name for f in scope.facts.values() if f.kind not in NOT_KEPT]
            expected = say("a fact declared under `facts` that is not money ({words})", words=reading.some(known))
            if fact is None:
                reading.unknown(item, path, expected, known, say("Declare it under `facts`."))
            elif fact.kind == DERIVED:
                reading.problem(item.place, path, say("{what}, which is worked out", what=describe(item)), expected)
            else:
                reading.problem(item.place, path, say("{what}, which is money", what=describe(item)), expected)
        elif name in names:
            reading.problem(
                item.place, path, say("the fact {name} twice", name=reading.named(name)), say("every fact once")
            )
        else:
            names.append(name)
    return tuple(names)


def _read_plus(reading: Reading, given: dict[str, Node], path: str, scope: Scope) -> str | None:
    if "plus" not in given:
        return None
    node, path = given["plus"], join(path, "plus")
    name = reading.english(reading.text(node, path, say("a fact that is money")))
    money = [fact.name for fact in scope.facts.values() if fact.kind in ("money", "signed money")]
    if name and name not in money and name not in reading.blamed:
        reading.problem(
            node.place,
            path,
            written(name),
            say("a fact that is money ({words})", words=reading.some(money) or say("none declared")),
            say("Write a sum under `amounts`: `of: [{one}, {other}]`.", one="...", other=reading.word(name))
            if name in scope.amounts
            else reading.did_you_mean(name, money)
            or say("Declare it under `facts`, as in `cap addition: signed money`."),
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
    _check_positions(reading, layers)
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
                found, todo = (
                    say("the group {group} twice in the layer", group=reading.named(kept.group)),
                    say("Give one of the two another name."),
                )
                reading.problem(table.place, path, found, say("a group once in a layer"), todo)
                continue
            mine.add(key)
            member = Member(layer.name, period, kept, table)
            _check_same(reading, path, member, first.setdefault(key, member))


def _check_positions(reading: Reading, layers: list[Layer]) -> None:
    """All bands of a group have the same period, and are counted alike."""
    first: dict[str, tuple[str, Bands]] = {}
    for layer in layers:
        bands = layer.pays
        if not isinstance(bands, Bands) or bands.group is None:
            continue
        name, above = first.setdefault(bands.group, (layer.name, bands))
        if (bands.period, bands.counted) != (above.period, above.counted):
            found = say("the group {group}, with another `over` or `counted`", group=reading.named(bands.group))
            expected = say("both as in {layer}", layer=reading.named(name))
            reading.problem(layer.place, f"layers / {layer.name} / pays in bands", found, expected)


def _period(reading: Reading, period: str) -> Message:
    """`per month` is in Chinese a part of another word."""
    return Message(reading.word(name_of("deductible", period)).zh.removesuffix("起付线"), period)


def _way(reading: Reading, name: str, words: tuple[str, ...]) -> Message:
    if not any(words):
        return say("without `{key}`", key=reading.word(name))
    return say("with `{key}: {words}`", key=reading.word(name), words=reading.some(words))


def _check_same(reading: Reading, path: str, here: Member, above: Member) -> None:
    """All of a group have the same period, the same facts in `per`, and carry over the same amounts in the same way."""
    one, other = here.kept, above.kept
    group = say("the group {group}", group=reading.named(one.group or ""))
    if here.period != above.period:
        expected = say(
            "one period for the group ({layer}: per {period})",
            layer=reading.word(above.layer),
            period=_period(reading, above.period),
        )
        todo = say("Write the same period in both, or name another group.")
        reading.problem(
            here.table.place,
            path,
            say("{group} per {period}", group=group, period=_period(reading, here.period)),
            expected,
            todo,
        )
    ways = [("per", one.per, other.per), ("carry over", (one.carry or "",), (other.carry or "",))]
    if one.carry and one.carry == other.carry:
        ways.append(("earned from", (one.earned_from,), (other.earned_from,)))
    for name, mine, theirs in ways:
        if mine != theirs:
            found, known = (_way(reading, name, way) for way in (mine, theirs))
            expected = say(
                "the same in all of the group ({layer}: {known})", layer=reading.word(above.layer), known=known
            )
            reading.problem(
                here.table.place,
                path,
                say("{group} {found}", group=group, found=found),
                expected,
                say("Write the same in both."),
            )
    amounts, others = ((m.table.by, [(c.keys, c.value) for c in m.table.cells], m.kept.plus) for m in (here, above))
    if one.carry and one.carry == other.carry and amounts != others:
        expected = say(
            "the amount, table and `plus` of {layer}, as the group is carried over", layer=reading.word(above.layer)
        )
        reading.problem(
            here.table.place,
            path,
            say("another amount in {group}", group=group),
            expected,
            say("Write the same in both."),
        )
