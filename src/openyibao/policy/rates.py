"""Reading what a layer pays: a flat rate, bands, or a fixed amount."""

from __future__ import annotations

from fractions import Fraction

from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.kept import read_group
from openyibao.policy.messages import say
from openyibao.policy.model import (
    Band,
    Bands,
    Cell,
    Fixed,
    Ratio,
    Table,
)
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.problems import Place
from openyibao.policy.reading import Fields, Reading, join
from openyibao.policy.table_checks import check_size
from openyibao.policy.tables import AMOUNT, RATE, constant, read_table, without
from openyibao.policy.values import yuan

OVER = {
    "claim": "claim",
    "day": "day",
    "episode": "episode",
    "month": "month",
    "quarter": "quarter",
    "a year": "year",
    "a calendar year": "calendar year",
    "a lifetime": "lifetime",
}
PAYS_KEYS = ("pays", "pays in bands", "pays fixed")


def read_pays(reading: Reading, fields: Fields, path: str, scope: Scope, place: Place) -> Table | Bands | Fixed:
    given = [name for name in PAYS_KEYS if name in fields]
    if len(given) != 1:
        found = say("no rate") if not given else say("{count} rules of payment", count=len(given))
        reading.problem(place, path, found, say("one of `pays`, `pays in bands` and `pays fixed`"))
        return Table((), ())
    node = fields[given[0]][1]
    if given[0] == "pays fixed":
        return _read_fixed(reading, node, join(path, "pays fixed"), scope)
    if given[0] == "pays":
        return read_table(reading, node, join(path, "pays"), RATE, scope)
    return _read_bands(reading, node, join(path, "pays in bands"), scope)


def _read_fixed(reading: Reading, node: Node, path: str, scope: Scope) -> Fixed:
    """An amount (or a table of amounts) for each claim, or for each unit of a fact that the policy declares."""
    units = [name for name in ("days", "items") if name in scope.facts]
    node, unit_node = without(reading, node, "for each")
    unit = reading.choice(unit_node, join(path, "for each"), ("claim", *units)) if unit_node else "claim"
    return Fixed(read_table(reading, node, path, AMOUNT, scope, ("for each",)), unit)


def _read_bands(reading: Reading, node: Node, path: str, scope: Scope) -> Bands:
    fields = reading.fields(node, path, ("counted", "over", "bands"), ("basis", "group"))
    counted = (
        reading.choice(fields["counted"][1], join(path, "counted"), ("from the threshold", "from zero"))
        if "counted" in fields
        else "from zero"
    )
    over = reading.choice(fields["over"][1], join(path, "over"), tuple(OVER)) if "over" in fields else "claim"
    items = reading.items(fields["bands"][1], join(path, "bands"), say("bands")) if "bands" in fields else ()
    bands = [_read_band(reading, item, join(path, "bands"), scope, n == len(items)) for n, item in enumerate(items, 1)]
    check_size(reading, [band.rate for band in bands], join(path, "bands"), [])
    _check_edges(reading, bands, join(path, "bands"), scope)
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    group = read_group(reading, fields["group"][1], join(path, "group")) if "group" in fields else None
    return Bands(counted, OVER[over], tuple(bands), basis, group)


def _read_band(reading: Reading, node: Node, path: str, scope: Scope, is_last: bool) -> Band:
    is_open = isinstance(node, Mapping) and any(reading.english(key.value) == "above" for key, _ in node)
    if is_open != is_last and isinstance(node, Mapping):
        reading.problem(
            node.place,
            path,
            say("a last band with an edge") if is_last else say("`above` before the last band"),
            say("every band with `up to` and `pays`, and a last one `above`"),
            say("Add `- {{above: RATE}}` at the end.") if is_last else say("Move it to the end."),
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


def _check_edges(reading: Reading, bands: list[Band], path: str, scope: Scope) -> None:
    """Edges that are the same for everybody do not fall; those that depend on the claim are checked on the claim."""
    last = 0
    for band in bands:
        edge = None if band.up_to is None else constant(band.up_to, scope)
        if band.up_to is None or edge is None:
            continue
        if edge < last:
            found = say("the edge {edge}, below the one before it ({last})", edge=yuan(edge), last=yuan(last))
            reading.problem(band.up_to.cells[0].place, path, found, say("edges that do not fall"))
        last = edge
