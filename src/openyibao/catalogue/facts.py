"""The facts of a claim that the tables of a catalogue ask."""

from __future__ import annotations

from openyibao.policy import facts as policy_facts
from openyibao.policy.messages import say
from openyibao.policy.model import Fact
from openyibao.policy.nodes import Mapping, Node
from openyibao.policy.reading import Fields, Reading, join

SCHEMES = ("resident", "employee")


def read_facts(reading: Reading, fields: Fields) -> tuple[Fact, ...]:
    """The facts of a claim that tables ask; `scheme` is that of the policy under which the claim is settled."""
    node = fields["facts"][1] if "facts" in fields else None
    if not isinstance(node, Mapping):
        return policy_facts.read_facts(reading, fields)
    plain, facts = [], list[Fact]()
    for key, value in node:
        if reading.english(key.value) == "scheme":
            facts.append(Fact("scheme", _read_schemes(reading, value)))
        elif isinstance(value, Mapping):
            path, expected = join("facts", key.value), say("a list of values, or a range of whole numbers")
            reading.problem(
                value.place,
                path,
                say("{what}", what=say("keys and values")),
                expected,
                say("The policy says which value counts."),
            )
            reading.blamed.add(reading.english(key.value))
        else:
            plain.append((key, value))
    facts += policy_facts.read_facts(reading, {"facts": (node.place, Mapping(tuple(plain), node.place))})
    for fact in facts:
        if fact.kind not in ("words", "number"):
            place = next(key.place for key, _ in node if reading.english(key.value) == fact.name)
            found, expected = (
                say("{fact}, which is {kind}", fact=reading.named(fact.name), kind=reading.word(fact.kind)),
                say("a fact with named values or a range"),
            )
            reading.problem(place, join("facts", fact.name), found, expected, say("A catalogue cannot ask it."))
    return tuple(facts)


def _read_schemes(reading: Reading, node: Node) -> tuple[str, ...]:
    path = join("facts", "scheme")
    values = [reading.choice(item, path, SCHEMES) for item in reading.items(node, path, say("values"))]
    if len(set(values)) < len(values):
        reading.problem(node.place, path, say("a scheme twice"), say("every value once"))
    return tuple(dict.fromkeys(values))
