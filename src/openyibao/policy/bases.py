"""Reading what a layer looks at: parts of the claim, parts that layers above it left."""

from __future__ import annotations

from fractions import Fraction

from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.divisions import CLAIM_PARTS
from openyibao.policy.messages import say
from openyibao.policy.model import (
    Layer,
    Term,
)
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.reading import Fields, Reading, describe, join, written
from openyibao.policy.values import MAX_DENOMINATOR, parse_ratio
from openyibao.policy.vocabulary import LEFT_OF, PART_OF

OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
STEP_PARTS = {"limit": "beyond limit", "pre-pay": "prepaid", "deductible": "deductible"}
Earlier = dict[str, Layer]


def read_base(
    reading: Reading, fields: Fields, path: str, scope: Scope, earlier: Earlier, layer: str
) -> tuple[Term, ...]:
    if "of" not in fields:
        return ()
    path = join(path, "of")
    node = fields["of"][1]
    items = (
        (node,)
        if isinstance(node, Text | Mapping)
        else reading.items(node, path, say("parts, such as `in-scope cost`"))
    )
    terms: list[Term] = []
    for item in items:
        term = _read_term(reading, item, path, scope, earlier, layer)
        if term is not None:
            if any(_overlap(term, other, scope) for other in terms):
                reading.problem(
                    item.place,
                    path,
                    say("the same part twice"),
                    say("every part once"),
                    say("`left of LAYER` holds all its parts."),
                )
            terms.append(term)
    return tuple(terms)


def _overlap(one: Term, other: Term, scope: Scope) -> bool:
    if one.layer is not None or other.layer is not None:
        return one.layer == other.layer and (one.part == other.part or None in (one.part, other.part))
    return one.part in (other.part, scope.parts.get(other.part or "")) or scope.parts.get(one.part or "") == other.part


def _read_term(reading: Reading, node: Node, path: str, scope: Scope, earlier: Earlier, layer: str) -> Term | None:
    if isinstance(node, Text):
        return _read_part(reading, node, path, scope, earlier, layer)
    fields = reading.fields(node, path, ("take",), ("share", "basis", "assumption"))
    if "take" in fields and not isinstance(fields["take"][1], Text):
        place, what = fields["take"][1].place, describe(fields["take"][1])
        expected = say("one part, such as `in-scope cost`")
        reading.problem(place, join(path, "take"), what, expected, say("Write an item for each part."))
        return None
    if "take" not in fields or not isinstance(fields["take"][1], Text):
        return None
    term = _read_part(reading, fields["take"][1], path, scope, earlier, layer)
    if term is None:
        return None
    share = Fraction(1)
    if "share" in fields:
        found = parse_ratio(reading.text(fields["share"][1], join(path, "share"), say("a share such as 50%")))
        if found is None or not 0 < found <= 1 or found.denominator > MAX_DENOMINATOR:
            reading.problem(
                fields["share"][1].place,
                join(path, "share"),
                describe(fields["share"][1]),
                say("a share above 0% and up to 100%"),
            )
        elif term.part is None and found != 1:
            reading.problem(
                fields["share"][1].place,
                join(path, "share"),
                say("a share of all that a layer left"),
                say("`left of LAYER` whole"),
                say("Name the parts one by one to take a share of each."),
            )
        else:
            share = found
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    assumption = (
        reading.bilingual(fields["assumption"][1], join(path, "assumption")) if "assumption" in fields else None
    )
    return Term(term.layer, term.part, share, basis, assumption, node.place)


def _read_part(reading: Reading, node: Text, path: str, scope: Scope, earlier: Earlier, layer: str) -> Term | None:
    """`in-scope cost`, `basic insurance's copay`, or `left of basic insurance`."""
    text = reading.english(node.value)
    claim_parts = (*CLAIM_PARTS, *scope.parts)
    if text in claim_parts:
        return Term(None, text, place=node.place)
    part: str | None = None
    if parts := LEFT_OF.match(node.value):
        name = reading.english(parts[0])
    elif parts := PART_OF.match(node.value):
        name, part = reading.english(parts[0]), reading.english(parts[1])
        if part not in OPEN_PARTS:
            reading.problem(
                node.place,
                path,
                written(parts[1]),
                say("one of {words}", words=reading.some(OPEN_PARTS)),
                reading.did_you_mean(part, OPEN_PARTS),
            )
            return None
    else:
        reading.problem(
            node.place,
            path,
            describe(node),
            say(
                "{parts}, `left of LAYER`, or a part of a layer above, as `LAYER's copay` ({words})",
                parts=reading.some(claim_parts),
                words=reading.some(OPEN_PARTS),
            ),
            reading.did_you_mean(text, claim_parts),
        )
        return None
    if name not in earlier:
        what = say("this layer itself") if name == layer else reading.written(name)
        reading.problem(
            node.place,
            path,
            what,
            say("a layer that stands above ({words})", words=reading.some(earlier) or say("there is none")),
            reading.did_you_mean(name, earlier) or say("A layer can look only at layers above it."),
        )
        return None
    if part is not None and part not in filled_parts(earlier[name]):
        reading.problem(
            node.place,
            path,
            written(node.value),
            say(
                "a part that {name} can leave ({words})",
                name=reading.word(name),
                words=reading.some(filled_parts(earlier[name])),
            ),
            say("It has no rule that fills this part."),
        )
        return None
    return Term(name, part, place=node.place)


def filled_parts(layer: Layer) -> list[str]:
    """The open parts that a layer can fill, in the order of OPEN_PARTS."""
    filled = {"copay"} | {STEP_PARTS[step.kind] for step in layer.steps} | ({"over-cap"} if layer.caps else set())
    return [part for part in OPEN_PARTS if part in filled]


def check_dead_bases(reading: Reading, layers: list[Layer], scope: Scope) -> None:
    """A claim part that a layer above has always taken whole is not there any more."""
    for number, layer in enumerate(layers):
        for term in (term for term in layer.base if term.layer is None):
            for above in layers[:number]:
                always = above.name != layer.name and set(above.conditions) <= set(layer.conditions)
                taken = {t.part for t in above.base if t.layer is None and t.share == 1}
                subs = {name for name, part in scope.parts.items() if part == term.part}
                gone = {term.part, scope.parts.get(term.part or "")} & taken or (subs and subs <= taken)
                if always and gone:
                    reading.problem(
                        term.place,
                        f"layers / {layer.name} / of",
                        say(
                            "{part}, of which {above} has taken all",
                            part=reading.named(term.part or ""),
                            above=reading.word(above.name),
                        ),
                        say("money that is still there"),
                        say("Did you mean `left of {above}`?", above=reading.word(above.name)),
                    )
