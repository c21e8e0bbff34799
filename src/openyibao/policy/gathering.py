"""Reading gathering claims: which services gather, which claims they gather, and which layers run on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openyibao.policy.bases import filled_parts
from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.claim_parts import Division, Gathering
from openyibao.policy.conditions import read_conditions
from openyibao.policy.messages import say
from openyibao.policy.model import NOT_IDENTIFIED, Basis, Layer, Term, Words
from openyibao.policy.nodes import Node, Text
from openyibao.policy.reading import Fields, Reading, describe, join
from openyibao.policy.values import parse_whole
from openyibao.policy.vocabulary import MONTHS_BEFORE

KEY, SERVICE = "gathering claims", "service"
YEAR_BEFORE = "the year before"
MAX_MONTHS = 120
Part = tuple[str | None, str]
"""A part of the claim (its layer is None), or an open part of a layer."""


def read_gatherings(reading: Reading, fields: Fields, scope: Scope) -> tuple[Gathering, ...]:
    """The services whose claims gather what is still open of earlier ones."""
    if KEY not in fields:
        return ()
    place, node = fields[KEY]
    fact = scope.facts.get(SERVICE)
    if fact is None or not fact.values:
        if scope.has_facts:
            todo = say("Add `service: [inpatient, ...]`.")
            reading.problem(place, KEY, say("no fact `service` with values"), say("the services that gather"), todo)
        return ()
    inner = reading.fields(node, KEY, (), fact.values)
    return tuple(_read_gathering(reading, name, value, scope) for name, (_, value) in inner.items())


def _read_gathering(reading: Reading, service: str, node: Node, scope: Scope) -> Gathering:
    path = join(KEY, service)
    fields = reading.fields(node, path, ("of", "basis"), ("where",))
    asks = scope.stated()
    return Gathering(
        service,
        _read_window(reading, fields["of"][1], join(path, "of")) if "of" in fields else None,
        read_conditions(reading, fields["where"], join(path, "where"), asks) if "where" in fields else (),
        read_basis(reading, fields["basis"][1], join(path, "basis"), scope)
        if "basis" in fields
        else Basis(NOT_IDENTIFIED, NOT_IDENTIFIED, "", "low"),
    )


def _read_window(reading: Reading, node: Node, path: str) -> int | None:
    text = node.value if isinstance(node, Text) else ""
    if reading.english(text) == YEAR_BEFORE:
        return None
    parts = MONTHS_BEFORE.match(text)
    months = parse_whole(parts[0]) if parts else None
    if months is None or not 1 <= months <= MAX_MONTHS:
        expected = say("`the year before`, or `the 12 months before` (1 to {most})", most=MAX_MONTHS)
        reading.problem(node.place, path, describe(node), expected)
    return months or 1


def check_gatherings(
    reading: Reading, gatherings: Sequence[Gathering], layers: Sequence[Layer], divisions: Sequence[Division]
) -> None:
    """Each layer runs on claims of one gathering service only, or on none of theirs; the latter stand above."""
    services = [gathering.service for gathering in gatherings]
    serves: dict[str, str] = {}
    takers: dict[Part, str] = {}
    for layer in layers if services else ():
        path = join(join("layers", layer.name), "for")
        mine = _services(layer)
        found = [service for service in services if mine is None or service in mine]
        if found and mine != (found[0],):
            what = say("no `service`") if mine is None else say("{text}", text=reading.some(mine))
            known = reading.some(services)
            expected = say("services that do not gather, or one that does ({words}) and no other", words=known)
            reading.problem(layer.place, path, what, expected)
        elif found:
            serves[layer.name] = found[0]
            _check_parts(reading, layer, layers, divisions, serves, takers)
        elif serves:
            what = say("a layer below {layer}, which gathers", layer=reading.named(next(iter(serves))))
            reading.problem(layer.place, path, what, say("the layers that gather below all others"))
    for service in services:
        if layers and service not in serves.values() and not reading.problems:
            what, expected = say("a service for which no layer runs"), say("a layer whose `for` names it alone")
            reading.problem(layers[-1].place, join(KEY, service), what, expected)


def _services(layer: Layer) -> tuple[str, ...] | None:
    """The services that a layer names in `for`; None where it asks none."""
    return next((c.key.values for c in layer.conditions if c.fact == SERVICE and isinstance(c.key, Words)), None)


def _check_parts(
    reading: Reading,
    layer: Layer,
    layers: Sequence[Layer],
    divisions: Sequence[Division],
    serves: dict[str, str],
    takers: dict[Part, str],
) -> None:
    """What a gathering layer names is of layers that do not gather, or of its own service; nobody else takes it."""
    path, service = join(join("layers", layer.name), "of"), serves[layer.name]
    for term in layer.base:
        whose = serves.get(term.layer or "")
        if whose not in (None, service):
            what = say("a part of {layer}, which gathers for another service", layer=reading.named(term.layer or ""))
            expected = say("parts of layers that do not gather, or of the same service")
            reading.problem(term.place, path, what, expected)
        for part in named_parts(term, layers) if whose is None else ():
            subs = next((one.names for one in divisions if part == (None, one.part)), ())
            mine: list[Part] = [(None, name) for name in subs] or [part]
            taken = next((takers[one] for one in mine if takers.setdefault(one, service) != service), None)
            if taken is not None:
                what = say("a part that claims of {service} gather too", service=reading.named(taken))
                reading.problem(term.place, path, what, say("every part gathered by one service"))
                break


def named_parts(term: Term, layers: Sequence[Layer]) -> Iterator[Part]:
    """The parts that a base term names: all open parts that the layer can fill, for `left of` it."""
    if term.layer is None or term.part is not None:
        yield term.layer, term.part or ""
        return
    source = next(layer for layer in layers if layer.name == term.layer)
    yield from ((term.layer, part) for part in filled_parts(source))
