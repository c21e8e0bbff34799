"""Reading layers: who pays, for whom, of what, after which reductions, at which rate, up to which cap."""

from __future__ import annotations

from dataclasses import replace

from openyibao.policy.bases import Earlier, check_dead_bases, read_base
from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.conditions import read_conditions
from openyibao.policy.derived import Pending, layer_names
from openyibao.policy.kept import PERIODS, check_groups, read_kept
from openyibao.policy.messages import NOTHING, Message, quoted, say
from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Basis,
    Bilingual,
    Cap,
    Layer,
    Step,
    Table,
)
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.problems import Place
from openyibao.policy.rates import PAYS_KEYS, read_pays
from openyibao.policy.reading import Fields, Reading, describe, join
from openyibao.policy.tables import AMOUNT, RATE, read_table

LIMIT_KEYS = tuple(f"limit per {period}" for period in PERIODS)
DEDUCTIBLE_KEYS = tuple(f"deductible per {period}" for period in PERIODS)
CAP_KEYS = tuple(f"at most per {period}" for period in PERIODS)
PAYERS = ("pooled fund", "critical illness fund", "medical assistance fund")
STEP_KEYS = (*LIMIT_KEYS, "pre-pay", *DEDUCTIBLE_KEYS)
OPTIONAL = ("for", *STEP_KEYS, *PAYS_KEYS, "at least", *CAP_KEYS, "over-cap counted in", "assumption", "gaps")


def read_layers(reading: Reading, node: Node, scope: Scope, waiting: Pending) -> tuple[Layer, ...]:
    """The layers in the order written; each may look only at layers above it.

    Sums and derived facts that wait for layers are read as soon as those stand above.
    """
    layers: list[Layer] = []
    waiting.layers, scope.in_layers = layer_names(reading, node), True
    for item in reading.items(node, "layers", say("layers")):
        if not isinstance(item, Mapping) or len(item.items) != 1:
            expected = say("one name with its rule, as in `- basic insurance:`")
            reading.problem(item.place, "layers", describe(item), expected, _deeper(item))
            continue
        key, value = item.items[0]
        name, path = reading.english(key.value), join("layers", key.value)
        if not reading.vocabulary.knows(name):
            reading.problem(
                key.place,
                path,
                say("the name {key}", key=quoted(key.value)),
                say("a known layer or a word declared under `words`"),
                say("Add it to `words` with its Chinese."),
            )
        if any(layer.name == name for layer in layers):
            reading.problem(
                key.place,
                path,
                say("the layer {name} a second time", name=reading.named(name)),
                say("every layer once"),
            )
        earlier = {layer.name: layer for layer in layers}
        waiting.read(reading, scope, earlier)
        layers.append(_read_layer(reading, value, path, name, scope, earlier, key.place))
    waiting.read(reading, scope, {layer.name: layer for layer in layers}, everything=True)
    check_groups(reading, layers)
    check_dead_bases(reading, layers, scope)
    return tuple(layers)


def _deeper(item: Node) -> Message:
    """What to do where the keys of a layer stand as deep as its name, which then has no value."""
    if isinstance(item, Mapping) and item.items and item.items[0][1] == Text("", item.items[0][0].place):
        return say("Indent the lines below `{key}:` further than its name.", key=item.items[0][0].value)
    return NOTHING


def _read_layer(
    reading: Reading, node: Node, path: str, name: str, scope: Scope, earlier: Earlier, place: Place
) -> Layer:
    fields = reading.fields(node, path, ("payer", "of", "basis"), OPTIONAL)
    scope.quantities["this layer's base"] = (None, "base")
    conditions = read_conditions(reading, fields["for"], join(path, "for"), scope) if "for" in fields else ()
    stated = scope.stated().facts
    scope = replace(scope, let_through={one.fact: one.key for one in conditions if one.fact in stated})
    return Layer(
        name=name,
        payer=_read_payer(reading, fields, path),
        conditions=conditions,
        base=read_base(reading, fields, path, scope, earlier, name),
        steps=tuple(
            _read_step(reading, value, path, key, scope) for key, (_, value) in fields.items() if key in STEP_KEYS
        ),
        pays=read_pays(reading, fields, path, scope, node.place),
        caps=tuple(
            _read_cap(reading, value, path, key, scope) for key, (_, value) in fields.items() if key in CAP_KEYS
        ),
        basis=(
            read_basis(reading, fields["basis"][1], join(path, "basis"), scope)
            if "basis" in fields
            else Basis(NOT_IDENTIFIED, NOT_IDENTIFIED, "", "low")
        ),
        assumption=(
            reading.bilingual(fields["assumption"][1], join(path, "assumption")) if "assumption" in fields else None
        ),
        gaps=read_gaps(reading, fields, path),
        floor=_read_floor(reading, fields, path, scope),
        cut_in_fees=_read_cut(reading, fields, path),
        place=place,
    )


def _read_floor(reading: Reading, fields: Fields, path: str, scope: Scope) -> Table | None:
    """The floor, which may also be a share of a sum that this layer's deductible stands in."""
    if "at least" not in fields:
        return None
    known = scope.quantities
    scope.quantities = known | scope.floors
    floor = read_table(reading, fields["at least"][1], join(path, "at least"), AMOUNT, scope)
    scope.quantities = known
    return floor


def _read_step(reading: Reading, node: Node, path: str, key: str, scope: Scope) -> Step:
    kind, _, period = key.partition(" per ")
    path = join(path, key)
    if kind == "pre-pay":
        return Step(kind, None, read_table(reading, node, path, RATE, scope))
    return Step(kind, period, *read_kept(reading, node, path, kind, period, scope))


def _read_cap(reading: Reading, node: Node, path: str, key: str, scope: Scope) -> Cap:
    period = key.removeprefix("at most per ")
    return Cap(period, *read_kept(reading, node, join(path, key), "cap", period, scope))


def _read_cut(reading: Reading, fields: Fields, path: str) -> bool:
    if "over-cap counted in" not in fields:
        return False
    place, node = fields["over-cap counted in"]
    path = join(path, "over-cap counted in")
    in_fees = reading.choice(node, path, ("payments", "fees")) == "fees"
    if not any(key in fields for key in CAP_KEYS):
        reading.problem(
            place,
            path,
            say("no cap"),
            say("a layer with a cap, such as `at most per year`"),
            say("Without a cap nothing is cut."),
        )
    if in_fees and "pays fixed" in fields:
        reading.problem(place, path, say("`fees`, for a fixed payment"), say("`payments`"))
    return in_fees


def read_gaps(reading: Reading, fields: Fields, path: str = "") -> tuple[Bilingual, ...]:
    if "gaps" not in fields:
        return ()
    path = join(path, "gaps")
    return tuple(reading.bilingual(item, path) for item in reading.items(fields["gaps"][1], path, say("gaps (zh, en)")))


def _read_payer(reading: Reading, fields: Fields, path: str) -> str:
    if "payer" not in fields:
        return ""
    _place, node = fields["payer"]
    payer = reading.english(reading.text(node, join(path, "payer"), say("who pays")))
    if payer and not reading.vocabulary.knows(payer):
        expected = say("a known payer ({words}) or a word declared under `words`", words=reading.some(PAYERS))
        reading.unknown(node, join(path, "payer"), expected, PAYERS, say("Add it to `words` with its Chinese."))
    return payer
