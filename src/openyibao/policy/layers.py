"""Reading layers: who pays, for whom, of what, after which reductions, at which rate, up to which cap."""

from __future__ import annotations

from fractions import Fraction

from openyibao.policy.keys import read_key
from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Band,
    Bands,
    Basis,
    Bilingual,
    Cap,
    Cell,
    Condition,
    Fixed,
    Layer,
    Money,
    Otherwise,
    Ratio,
    Step,
    Table,
    Term,
    Words,
)
from openyibao.policy.nodes import Mapping, Node, Place, Text
from openyibao.policy.reading import Fields, Reading, describe, join, some
from openyibao.policy.tables import AMOUNT, LIMIT, RATE, Scope, check_size, read_basis, read_table
from openyibao.policy.values import MAX_DENOMINATOR, parse_ratio, yuan
from openyibao.policy.vocabulary import LEFT_OF, PART_OF

PERIODS = ("claim", "month", "quarter", "year")
CLAIM_PARTS = ("fully self-paid cost", "over-limit cost", "pre-self-paid cost", "in-scope cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
STEP_PARTS = {"limit": "beyond limit", "pre-pay": "prepaid", "deductible": "deductible"}
LIMIT_KEYS = tuple(f"limit per {period}" for period in PERIODS)
DEDUCTIBLE_KEYS = tuple(f"deductible per {period}" for period in PERIODS)
CAP_KEYS = tuple(f"at most per {period}" for period in (*PERIODS, "lifetime"))
STEP_KEYS = (*LIMIT_KEYS, "pre-pay", *DEDUCTIBLE_KEYS)
PAYS_KEYS = ("pays", "pays in bands", "pays fixed")
OPTIONAL = ("for", *STEP_KEYS, *PAYS_KEYS, "at least", *CAP_KEYS, "over-cap counted in", "assumption", "gaps")
QUANTITIES = ("base", "paid", *OPEN_PARTS)


Earlier = dict[str, Layer]


def read_layers(reading: Reading, node: Node, scope: Scope) -> tuple[Layer, ...]:
    """The layers in the order written; each may look only at layers above it."""
    layers: list[Layer] = []
    for item in reading.items(node, "layers", "layers"):
        if not isinstance(item, Mapping) or len(item.items) != 1:
            reading.problem(item.place, "layers", describe(item), "one name with its rule, as in `- basic insurance:`")
            continue
        key, value = item.items[0]
        name, path = reading.english(key.value), join("layers", key.value)
        if not reading.vocabulary.knows(name):
            reading.problem(
                key.place,
                path,
                f"the name {key.value!r}",
                "a known layer or a word declared under `words`",
                "Add it to `words` with its Chinese.",
            )
        if any(layer.name == name for layer in layers):
            reading.problem(key.place, path, f"the layer {name!r} a second time", "every layer once")
        layers.append(
            _read_layer(reading, value, path, name, scope, {layer.name: layer for layer in layers}, key.place)
        )
    _check_groups(reading, layers)
    _check_dead_bases(reading, layers)
    return tuple(layers)


def _check_groups(reading: Reading, layers: list[Layer]) -> None:
    """A group has one period, and stands once in a layer. Limits, deductibles and caps have names of their own."""
    periods: dict[tuple[str, str], str | None] = {}
    for layer in layers:
        mine: set[tuple[str, str]] = set()
        named = [(step.kind, step.group, step.period, step.table.place) for step in layer.steps]
        named += [("cap", cap.group, cap.period, cap.table.place) for cap in layer.caps]
        for kind, group, period, place in named:
            if group is None:
                continue
            path = f"layers / {layer.name}"
            if (kind, group) in mine:
                reading.problem(place, path, f"the group {group!r} twice in a layer", "a group once in a layer")
            if period in ("claim", None):
                reading.problem(
                    place, path, f"the group {group!r} for a single claim", "a period that outlives a claim"
                )
            elif periods.setdefault((kind, group), period) != period:
                reading.problem(
                    place,
                    path,
                    f"the group {group!r} per {period}",
                    f"one period for the group (above: per {periods[kind, group]})",
                )
            mine.add((kind, group))


def _read_layer(
    reading: Reading, node: Node, path: str, name: str, scope: Scope, earlier: Earlier, place: Place
) -> Layer:
    fields = reading.fields(node, path, ("payer", "of", "basis"), OPTIONAL)
    scope.quantities = quantities(earlier)
    return Layer(
        name=name,
        payer=_read_payer(reading, fields, path),
        conditions=_read_conditions(reading, fields, path, scope),
        base=_read_base(reading, fields, path, scope, earlier, name),
        steps=tuple(
            Step(*_step_kind(key), *_read_grouped(reading, value, join(path, key), _step_values(key), scope))
            for key, (_, value) in fields.items()
            if key in STEP_KEYS
        ),
        pays=_read_pays(reading, fields, path, scope, node.place),
        caps=tuple(
            Cap(key.removeprefix("at most per "), *_read_grouped(reading, value, join(path, key), LIMIT, scope))
            for key, (_, value) in fields.items()
            if key in CAP_KEYS
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
        floor=read_table(reading, fields["at least"][1], join(path, "at least"), AMOUNT, scope)
        if "at least" in fields
        else None,
        cut_in_fees=_read_cut(reading, fields, path),
        place=place,
    )


def quantities(earlier: Earlier) -> dict[str, tuple[str | None, str]]:
    """The named quantities a layer may take shares of: of the claim, of its own base, of the layers above it."""
    found: dict[str, tuple[str | None, str]] = {name: (None, name) for name in ("total cost", *CLAIM_PARTS)}
    found["this layer's base"] = (None, "base")
    for layer in earlier.values():
        for quantity in ("base", "paid", *filled_parts(layer)):
            found[f"{layer.name}'s {quantity}"] = (layer.name, quantity)
    return found


def _read_grouped(reading: Reading, node: Node, path: str, kind: str, scope: Scope) -> tuple[Table, str | None]:
    """A table, and the group whose use it shares, if it names one."""
    node, named = _without(reading, node, "group")
    group = reading.english(reading.text(named, join(path, "group"), "the name of a group")) if named else None
    if named and group and not reading.vocabulary.knows(group):
        reading.problem(
            named.place,
            join(path, "group"),
            repr(group),
            "a word declared under `words`",
            "Add it to `words` with its Chinese.",
        )
    return read_table(reading, node, path, kind, scope), group


def _read_cut(reading: Reading, fields: Fields, path: str) -> bool:
    if "over-cap counted in" not in fields:
        return False
    place, node = fields["over-cap counted in"]
    path = join(path, "over-cap counted in")
    in_fees = reading.choice(node, path, ("payments", "fees")) == "fees"
    if in_fees and "pays fixed" in fields:
        reading.problem(place, path, "fees, for a fixed payment", "`payments`")
    return in_fees


def read_gaps(reading: Reading, fields: Fields, path: str = "") -> tuple[Bilingual, ...]:
    if "gaps" not in fields:
        return ()
    path = join(path, "gaps")
    return tuple(reading.bilingual(item, path) for item in reading.items(fields["gaps"][1], path, "gaps (zh, en)"))


def _step_kind(key: str) -> tuple[str, str | None]:
    kind, _, period = key.partition(" per ")
    return kind, period or None


def _step_values(key: str) -> str:
    return RATE if key == "pre-pay" else LIMIT if key.startswith("limit") else AMOUNT


def _read_payer(reading: Reading, fields: Fields, path: str) -> str:
    if "payer" not in fields:
        return ""
    _place, node = fields["payer"]
    payer = reading.english(reading.text(node, join(path, "payer"), "who pays"))
    if payer and not reading.vocabulary.knows(payer):
        reading.problem(
            node.place,
            join(path, "payer"),
            repr(payer),
            "a known payer or a word declared under `words`",
            "Add it to `words` with its Chinese.",
        )
    return payer


def _read_conditions(reading: Reading, fields: Fields, path: str, scope: Scope) -> tuple[Condition, ...]:
    if "for" not in fields:
        return ()
    path = join(path, "for")
    if not scope.has_facts:
        return ()
    inner = reading.fields(fields["for"][1], path, (), tuple(scope.facts))
    conditions = []
    if not inner and isinstance(fields["for"][1], Mapping) and not fields["for"][1].items:
        reading.problem(
            fields["for"][0], path, "no condition", "at least one fact", "Leave `for` out if it is for all."
        )
    for name, (_, node) in inner.items():
        fact = scope.facts[name]
        items = [node] if isinstance(node, Text) else reading.items(node, join(path, name), f"values of {name}")
        if fact.range is not None and len(items) > 1:
            reading.problem(
                node.place,
                join(path, name),
                "several ranges",
                f"one range of {name}",
                "Write a layer, or a table, for each.",
            )
            continue
        values: list[str] = []
        for item in items:
            key = read_key(reading, item, join(path, name), fact) if isinstance(item, Text) else None
            if isinstance(key, Otherwise) or not isinstance(item, Text):
                reading.problem(item.place, join(path, name), describe(item), f"values of {name}")
            elif isinstance(key, Words):
                values += key.values
            elif key is not None:
                conditions.append(Condition(name, key))
        if values:
            conditions.append(Condition(name, Words(tuple(dict.fromkeys(values)))))
    return tuple(conditions)


def _read_base(
    reading: Reading, fields: Fields, path: str, scope: Scope, earlier: Earlier, layer: str
) -> tuple[Term, ...]:
    if "of" not in fields:
        return ()
    path = join(path, "of")
    node = fields["of"][1]
    items = (node,) if isinstance(node, Text | Mapping) else reading.items(node, path, "parts, such as `in-scope cost`")
    terms: list[Term] = []
    for item in items:
        term = _read_term(reading, item, path, scope, earlier, layer)
        if term is not None:
            if any(_overlap(term, other) for other in terms):
                reading.problem(
                    item.place, path, "the same part twice", "every part once", "`left of` a layer holds all its parts."
                )
            terms.append(term)
    return tuple(terms)


def _check_dead_bases(reading: Reading, layers: list[Layer]) -> None:
    """A claim part that a layer above has always taken whole is not there any more."""
    for number, layer in enumerate(layers):
        for term in (term for term in layer.base if term.layer is None):
            for above in layers[:number]:
                always = above.name != layer.name and set(above.conditions) <= set(layer.conditions)
                if always and any(t.layer is None and t.part == term.part and t.share == 1 for t in above.base):
                    reading.problem(
                        term.place,
                        f"layers / {layer.name} / of",
                        f"{term.part!r}, of which {above.name} has taken all",
                        "money that is still there",
                        f"Did you mean `left of {above.name}`?",
                    )


def _overlap(one: Term, other: Term) -> bool:
    return one.layer == other.layer and (
        one.part == other.part or (one.layer is not None and None in (one.part, other.part))
    )


def _read_term(reading: Reading, node: Node, path: str, scope: Scope, earlier: Earlier, layer: str) -> Term | None:
    if isinstance(node, Text):
        return _read_part(reading, node, path, earlier, layer)
    fields = reading.fields(node, path, ("take",), ("share", "basis", "assumption"))
    if "take" not in fields or not isinstance(fields["take"][1], Text):
        return None
    term = _read_part(reading, fields["take"][1], path, earlier, layer)
    if term is None:
        return None
    share = Fraction(1)
    if "share" in fields:
        found = parse_ratio(reading.text(fields["share"][1], join(path, "share"), "a share such as 50%"))
        if found is None or not 0 < found <= 1 or found.denominator > MAX_DENOMINATOR:
            reading.problem(
                fields["share"][1].place,
                join(path, "share"),
                describe(fields["share"][1]),
                "a share above 0% and up to 100%",
            )
        elif term.part is None and found != 1:
            reading.problem(
                fields["share"][1].place,
                join(path, "share"),
                "a share of all that a layer left",
                "`left of ...` whole",
                "Name the parts one by one to take a share of each.",
            )
        else:
            share = found
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    assumption = (
        reading.bilingual(fields["assumption"][1], join(path, "assumption")) if "assumption" in fields else None
    )
    return Term(term.layer, term.part, share, basis, assumption, node.place)


def _read_part(reading: Reading, node: Text, path: str, earlier: Earlier, layer: str) -> Term | None:
    """`in-scope cost`, `basic insurance's copay`, or `left of basic insurance`."""
    text = reading.english(node.value)
    if text in CLAIM_PARTS:
        return Term(None, text, place=node.place)
    part: str | None = None
    if parts := LEFT_OF.match(node.value):
        name = reading.english(parts[0])
    elif parts := PART_OF.match(node.value):
        name, part = reading.english(parts[0]), reading.english(parts[1])
        if part not in OPEN_PARTS:
            reading.problem(
                node.place, path, repr(parts[1]), f"one of {some(OPEN_PARTS)}", reading.did_you_mean(part, OPEN_PARTS)
            )
            return None
    else:
        reading.problem(
            node.place,
            path,
            describe(node),
            f"{some(CLAIM_PARTS)}, `left of LAYER`, or a part of a layer above, as `LAYER's copay` "
            f"({some(OPEN_PARTS)})",
            reading.did_you_mean(text, CLAIM_PARTS),
        )
        return None
    if name not in earlier:
        what = "this layer itself" if name == layer else f"{name!r}"
        reading.problem(
            node.place,
            path,
            what,
            f"a layer that stands above ({some(earlier) or 'there is none'})",
            reading.did_you_mean(name, earlier) or "A layer can look only at layers above it.",
        )
        return None
    if part is not None and part not in filled_parts(earlier[name]):
        reading.problem(
            node.place,
            path,
            repr(node.value),
            f"a part that {name} can leave ({some(filled_parts(earlier[name]))})",
            "It has no rule that fills this part.",
        )
        return None
    return Term(name, part, place=node.place)


def filled_parts(layer: Layer) -> list[str]:
    """The open parts that a layer can fill, in the order of OPEN_PARTS."""
    filled = {"copay"} | {STEP_PARTS[step.kind] for step in layer.steps} | ({"over-cap"} if layer.caps else set())
    return [part for part in OPEN_PARTS if part in filled]


def _read_pays(reading: Reading, fields: Fields, path: str, scope: Scope, place: Place) -> Table | Bands | Fixed:
    given = [name for name in PAYS_KEYS if name in fields]
    if len(given) != 1:
        found = "no rate" if not given else f"{len(given)} rules of payment"
        reading.problem(place, path, found, "one of `pays`, `pays in bands` and `pays fixed`")
        return Table((), ())
    node = fields[given[0]][1]
    if given[0] == "pays fixed":
        return _read_fixed(reading, node, join(path, "pays fixed"), scope)
    if given[0] == "pays":
        return read_table(reading, node, join(path, "pays"), RATE, scope)
    return _read_bands(reading, node, join(path, "pays in bands"), scope)


def _read_fixed(reading: Reading, node: Node, path: str, scope: Scope) -> Fixed:
    """An amount (or a table of amounts) for each claim, or for each unit of a fact that the policy declares."""
    units = [name for name, fact in scope.facts.items() if fact.range is not None]
    node, unit_node = _without(reading, node, "for each")
    unit = reading.choice(unit_node, join(path, "for each"), ("claim", *units)) if unit_node else "claim"
    return Fixed(read_table(reading, node, path, AMOUNT, scope), unit)


def _without(reading: Reading, node: Node, name: str) -> tuple[Node, Node | None]:
    """A mapping without one of its keys, and the value of that key."""
    if not isinstance(node, Mapping):
        return node, None
    taken = next((value for key, value in node if reading.english(key.value) == name), None)
    rest = tuple((key, value) for key, value in node if reading.english(key.value) != name)
    return Mapping(rest, node.place), taken


def _read_bands(reading: Reading, node: Node, path: str, scope: Scope) -> Bands:
    fields = reading.fields(node, path, ("counted", "over", "bands"), ("basis",))
    counted = (
        reading.choice(fields["counted"][1], join(path, "counted"), ("from the threshold", "from zero"))
        if "counted" in fields
        else "from zero"
    )
    over = (
        reading.choice(fields["over"][1], join(path, "over"), ("a year", "quarter", "month", "claim"))
        if "over" in fields
        else "claim"
    )
    items = reading.items(fields["bands"][1], join(path, "bands"), "bands") if "bands" in fields else ()
    bands = [_read_band(reading, item, join(path, "bands"), scope, n == len(items)) for n, item in enumerate(items, 1)]
    check_size(reading, [band.rate for band in bands], join(path, "bands"), [])
    _check_edges(reading, bands, join(path, "bands"))
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    return Bands(counted, "year" if over == "a year" else over, tuple(bands), basis)


def _read_band(reading: Reading, node: Node, path: str, scope: Scope, is_last: bool) -> Band:
    is_open = isinstance(node, Mapping) and any(reading.english(key.value) == "above" for key, _ in node)
    if is_open != is_last and isinstance(node, Mapping):
        reading.problem(
            node.place,
            path,
            "a last band with an edge" if is_last else "`above` before the last band",
            "every band with `up to` and `pays`, and a last one `above`",
            "Add `- {above: RATE}` at the end." if is_last else "Move it to the end.",
        )
        return Band(None, Table((), (Cell((), Ratio(Fraction(0))),)))
    if is_last:
        fields = reading.fields(node, path, ("above",))
        empty: Node = Text("0%", node.place)
        value = fields["above"][1] if "above" in fields else empty
        return Band(None, read_table(reading, value, join(path, "above"), RATE, scope))
    fields = reading.fields(node, path, ("up to", "pays"))
    zero, none = Text("0", node.place), Text("0%", node.place)
    edge = read_table(reading, fields["up to"][1] if "up to" in fields else zero, join(path, "up to"), AMOUNT, scope)
    rate = read_table(reading, fields["pays"][1] if "pays" in fields else none, join(path, "pays"), RATE, scope)
    return Band(edge, rate)


def _check_edges(reading: Reading, bands: list[Band], path: str) -> None:
    """Constant edges do not fall; edges that are tables are checked on each claim."""
    last = 0
    for band in bands:
        if band.up_to is not None and not band.up_to.by:
            cell = band.up_to.cells[0]
            if isinstance(cell.value, Money):
                if cell.value.fen < last:
                    reading.problem(
                        cell.place,
                        path,
                        f"the edge {yuan(cell.value.fen)}, below the one before it ({yuan(last)})",
                        "edges that do not fall",
                    )
                last = cell.value.fen
