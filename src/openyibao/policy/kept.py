"""Reading how the use of a limit, deductible or cap is kept: its group, for each of what, carried over or not."""

from __future__ import annotations

from openyibao.policy.basis import Scope
from openyibao.policy.model import Kept, Layer, NoLimit, Table
from openyibao.policy.nodes import Node, Place, Text
from openyibao.policy.reading import Reading, join, some
from openyibao.policy.tables import AMOUNT, LIMIT, read_table, without

PERIODS = ("claim", "day", "episode", "month", "quarter", "year", "calendar year", "lifetime")
CARRIED = ("month", "quarter", "year", "calendar year")
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
        reading.problem(given["carry over"].place, path, "`no limit`, carried over", "amounts that leave something")
    if "earned from" in given and carry is None:
        reading.problem(given["earned from"].place, path, "`earned from`", "it beside `carry over` only")
    kept = Kept(
        group=_read_group(reading, given, path),
        per=_read_per(reading, given, path, scope),
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
    wrong = {
        "annual maximum": kind != "deductible",
        "plus": kind == "deductible",
        "carry over": kind == "deductible" or period not in CARRIED,
    }
    expected = {
        "annual maximum": "it in a deductible",
        "plus": "it in a limit or a cap",
        "carry over": f"it in a limit or a cap per {', '.join(CARRIED)}",
    }
    for name, is_wrong in wrong.items():
        if name in given and is_wrong:
            reading.problem(given[name].place, join(path, name), f"`{name}` in a {kind} per {period}", expected[name])


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


def _read_per(reading: Reading, given: dict[str, Node], path: str, scope: Scope) -> tuple[str, ...]:
    if "per" not in given:
        return ()
    node, path = given["per"], join(path, "per")
    names: list[str] = []
    for item in (node,) if isinstance(node, Text) else reading.items(node, path, "facts"):
        name = reading.english(reading.text(item, path, "the name of a fact"))
        fact = scope.facts.get(name)
        if fact is None and (name in reading.blamed or not scope.has_facts):
            continue
        if fact is None or fact.kind in ("money", "signed money"):
            known = some([f.name for f in scope.facts.values() if f.kind not in ("money", "signed money")])
            reading.problem(
                item.place,
                path,
                repr(name),
                f"a fact declared under `facts` that is not money ({known})",
                reading.did_you_mean(name, scope.facts),
            )
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


def check_groups(reading: Reading, layers: list[Layer]) -> None:
    """A group is kept in one way, and stands once in a layer. Limits, deductibles and caps have names of their own."""
    first: dict[tuple[str, str], tuple[str | None, Kept, Table]] = {}
    for layer in layers:
        mine: set[tuple[str, str]] = set()
        path = f"layers / {layer.name}"
        named = [(step.kind, step.kept, step.period, step.table) for step in layer.steps]
        named += [("cap", cap.kept, cap.period, cap.table) for cap in layer.caps]
        for kind, kept, period, table in named:
            if kept.group is None:
                continue
            key = (kind, kept.group)
            if key in mine:
                reading.problem(
                    table.place, path, f"the group {kept.group!r} twice in a layer", "a group once in a layer"
                )
            mine.add(key)
            if period is None:
                reading.problem(
                    table.place, path, f"the group {kept.group!r} for pre-pay", "a group of limits, deductibles or caps"
                )
                continue
            before = first.setdefault(key, (period, kept, table))
            _check_same(reading, table.place, path, kept, (period, kept, table), before)


def _check_same(
    reading: Reading,
    place: Place,
    path: str,
    kept: Kept,
    here: tuple[str | None, Kept, Table],
    above: tuple[str | None, Kept, Table],
) -> None:
    """All of a group have the same period, the same facts in `per`, and carry over the same amounts in the same way."""
    (period, one, table), (other_period, other, other_table) = here, above
    if period != other_period:
        found = f"the group {kept.group!r} per {period}"
        reading.problem(place, path, found, f"one period for the group (above: per {other_period})")
    for name, mine, theirs in (
        ("per", ", ".join(one.per), ", ".join(other.per)),
        ("carry over", one.carry, other.carry),
        ("earned from", one.earned_from, other.earned_from),
    ):
        if mine != theirs:
            found = f"the group {kept.group!r} with `{name}: {mine or 'nothing'}`"
            reading.problem(place, path, found, f"the same in all of the group (above: {theirs or 'nothing'})")
    same = (table.by, [(cell.keys, cell.value) for cell in table.cells], one.plus) == (
        other_table.by,
        [(cell.keys, cell.value) for cell in other_table.cells],
        other.plus,
    )
    if one.carry and not same:
        reading.problem(
            place,
            path,
            f"another amount in the group {kept.group!r}",
            "the same table and `plus` where it is carried over",
        )
