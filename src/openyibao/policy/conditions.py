"""Reading for whom something holds: facts and the values, or the range, that they must have."""

from __future__ import annotations

from openyibao.policy.basis import Scope
from openyibao.policy.facts import tell_later, usable
from openyibao.policy.keys import read_key
from openyibao.policy.messages import say
from openyibao.policy.model import Condition, Otherwise, Words
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.problems import Place
from openyibao.policy.reading import Reading, describe, join, written
from openyibao.policy.vocabulary import language


def _without_undeclared(reading: Reading, node: Node, path: str, scope: Scope) -> Node:
    """The conditions without those on words that are no facts of this policy, though they could be; these are told."""
    if not isinstance(node, Mapping):
        return node
    known = {*scope.facts, *scope.later}
    could_be = {*language().facts, *(word.en for word in reading.vocabulary.own)}
    left = []
    for key, value in node:
        name = reading.english(key.value)
        if name in known or name not in could_be:
            left.append((key, value))
        elif name not in reading.blamed:
            expected = say("a fact declared under `facts` ({words})", words=reading.some(sorted(known)))
            declared = say("Declare it under `facts`.")
            reading.problem(key.place, join(path, key.value), written(key.value), expected, declared)
    return Mapping(tuple(left), node.place)


def read_conditions(reading: Reading, given: tuple[Place, Node], path: str, scope: Scope) -> tuple[Condition, ...]:
    """Conditions on facts, all of which must hold (`for` of a layer, `where` of a derived fact)."""
    if not scope.has_facts:
        return ()
    place, whole = given
    whole = _without_undeclared(reading, whole, path, scope)
    inner = reading.fields(whole, path, (), (*scope.facts, *scope.later))
    conditions = []
    if isinstance(given[1], Mapping) and not given[1].items:
        todo = say("Leave `{key}` out if it is for all.", key=reading.word(path.rpartition(" / ")[2]))
        reading.problem(place, path, say("no condition"), say("at least one fact"), todo)
    for name, (_, node) in inner.items():
        if name in scope.later:
            tell_later(reading, node, join(path, name), name)
            continue
        fact = scope.facts[name]
        if not usable(reading, fact, node.place, join(path, name), say("a condition")):
            continue
        values_of = say("values of {name}", name=reading.word(name))
        items = [node] if isinstance(node, Text) else reading.items(node, join(path, name), values_of)
        if fact.range is not None and len(items) > 1:
            reading.problem(
                node.place,
                join(path, name),
                say("several ranges"),
                say("one range of {name}", name=reading.word(name)),
                say("Write a layer, or a table, for each."),
            )
            continue
        values: list[str] = []
        for item in items:
            key = read_key(reading, item, join(path, name), fact) if isinstance(item, Text) else None
            if isinstance(key, Otherwise) or not isinstance(item, Text):
                reading.problem(item.place, join(path, name), describe(item), values_of)
            elif isinstance(key, Words):
                values += key.values
            elif key is not None:
                conditions.append(Condition(name, key))
        if values:
            conditions.append(Condition(name, Words(tuple(dict.fromkeys(values)))))
    return tuple(conditions)
