"""Reading what is worked out before a layer: sums of quantities, and facts that no claim states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from openyibao.policy.bases import Earlier, filled_parts
from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.conditions import read_conditions
from openyibao.policy.divisions import CLAIM_PARTS
from openyibao.policy.kept import read_per
from openyibao.policy.messages import Message, quoted, say, verbatim
from openyibao.policy.model import NOT_IDENTIFIED, Basis, Count
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.reading import Fields, Reading, describe, join, named
from openyibao.policy.tables import AMOUNT, NUMBER, constant, read_table
from openyibao.policy.values import yuan
from openyibao.policy.vocabulary import LEFT_OF, PART_OF
from openyibao.policy.worked_out import OWN_DEDUCTIBLE, Derived, Reach, Sum

QUANTITY = "quantity"
COUNTED = ("earlier claims", "earlier episodes", "days since discharge", "months since enrolment")
FROM_CLAIMS = COUNTED[:3]
WITH_PERIOD = COUNTED[:2]
OVER = {"a lifetime": "lifetime", "a year": "year", "a calendar year": "calendar year"}
HISTORY_KEYS = ("over", "where", "per", "paid by")
LEFT = "left"
OWN = "this layer's deductible"
Quantity = tuple[str | None, str]


@dataclass
class Pending:
    """Entries that wait for the layers they look at; each is read before the first layer that may use it."""

    sums: list[tuple[str, Text, Node]] = field(default_factory=list)
    derived: list[tuple[str, Text, Node]] = field(default_factory=list)
    layers: tuple[str, ...] = ()
    found_sums: list[Sum] = field(default_factory=list)
    found_derived: list[Derived] = field(default_factory=list)

    def read(self, reading: Reading, scope: Scope, earlier: Earlier, *, everything: bool = False) -> None:
        """Read what the layers above make possible. What is still left at the end is read to tell what is wrong."""
        scope.quantities = quantities(earlier, self.found_sums, scope.parts)
        for entry in list(self.sums):
            if everything or self._ready(reading, entry[2], earlier, self.sums):
                self.sums.remove(entry)
                found = _read_sum(reading, entry, scope)
                self.found_sums.append(found)
                (scope.floors if found.is_own else scope.quantities)[entry[0]] = (None, entry[0])
        for entry in list(self.derived):
            if everything or self._ready(reading, entry[2], earlier, self.sums):
                self.derived.remove(entry)
                derived = _read_derived(reading, entry, scope, self.layers)
                self.found_derived.append(derived)
        scope.facts |= {derived.name: derived.fact for derived in self.found_derived}
        scope.later = frozenset(name for name, _, _ in self.derived)

    def _ready(self, reading: Reading, node: Node, earlier: Earlier, waiting: list[tuple[str, Text, Node]]) -> bool:
        """Whether all layers and sums that an entry names are known by now."""
        later = {name for name in self.layers if name not in earlier} | {name for name, _, _ in waiting}
        return not any(_names(reading, text) & later for text in _looked_at(reading, node))


def _looked_at(reading: Reading, node: Node) -> list[Text]:
    """The texts below an entry that may name a quantity; a layer in `paid by` need not stand above."""
    if isinstance(node, Text):
        return [node]
    below = (
        [value for key, value in node if reading.english(key.value) != "paid by"] if isinstance(node, Mapping) else []
    )
    below += node.items if isinstance(node, Sequence) else ()
    return [text for item in below for text in _looked_at(reading, item)]


def _names(reading: Reading, text: Text) -> set[str]:
    whole = reading.english(text.value)
    names = {whole, whole.partition(" of ")[2]}
    for phrase in (LEFT_OF, PART_OF):
        if parts := phrase.match(text.value):
            names.add(reading.english(parts[0].rpartition("% of ")[2]))
    return {reading.english(name) for name in names}


def pending(reading: Reading, fields: Fields) -> Pending:
    """The sums and derived facts of a file, not yet read."""
    found = Pending()
    if "quantities" in fields:
        found.sums = named(reading, fields["quantities"][1], "quantities")
    if "derived facts" in fields:
        found.derived = named(reading, fields["derived facts"][1], "derived facts")
    return found


def quantities(earlier: Earlier, sums: list[Sum], sub_parts: Iterable[str] = ()) -> dict[str, Quantity]:
    """The named quantities one may take shares of: of the claim, of the layers above, sums of them."""
    found: dict[str, Quantity] = {name: (None, name) for name in ("total cost", *CLAIM_PARTS, *sub_parts)}
    for layer in earlier.values():
        for quantity in ("base", "paid", *filled_parts(layer)):
            found[f"{layer.name}'s {quantity}"] = (layer.name, quantity)
    return found | {one.name: (None, one.name) for one in sums if not one.is_own}


def _read_sum(reading: Reading, entry: tuple[str, Text, Node], scope: Scope) -> Sum:
    name, key, node = entry
    path = join("quantities", key.value)
    fields = reading.fields(node, path, ("of",), ("less",))
    known = dict(scope.quantities)
    scope.quantities[OWN] = OWN_DEDUCTIBLE
    plus, minus = (_read_terms(reading, fields, path, which, scope) for which in ("of", "less"))
    scope.quantities = known
    return Sum(name, plus, minus)


def _read_terms(reading: Reading, fields: Fields, path: str, key: str, scope: Scope) -> tuple[Quantity, ...]:
    if key not in fields:
        return ()
    node, path = fields[key][1], join(path, key)
    items = (node,) if isinstance(node, Text) else reading.items(node, path, say("quantities"))
    terms: list[Quantity] = []
    for item in items:
        term = _read_quantity(reading, item, path, scope)
        if term is not None and term in terms:
            found = say("{value} twice", value=quoted(getattr(item, "value", "")))
            reading.problem(item.place, path, found, say("every quantity once"))
        elif term is not None:
            terms.append(term)
    return tuple(terms)


def _read_quantity(reading: Reading, node: Node, path: str, scope: Scope) -> Quantity | None:
    """`in-scope cost`, `basic insurance's paid`, `left of basic insurance`, or a sum."""
    if isinstance(node, Text):
        name = reading.english(node.value)
        parts = PART_OF.match(node.value)
        found = scope.quantities.get(name)
        if found is None and parts:
            found = scope.quantities.get(f"{reading.english(parts[0])}'s {reading.english(parts[1])}")
        left = LEFT_OF.match(node.value)
        layer = reading.english(left[0]) if left else ""
        if found is None and (layer, "paid") in scope.quantities.values():
            found = (layer, LEFT)
        if found is not None or name in reading.blamed:
            return found
    words = reading.some(scope.quantities)
    expected = say("a quantity of the claim or of a layer above ({words}), or `left of LAYER`", words=words)
    reading.unknown(node, path, expected, scope.quantities)
    return None


def _read_derived(reading: Reading, entry: tuple[str, Text, Node], scope: Scope, layers: tuple[str, ...]) -> Derived:
    name, key, node = entry
    path = join("derived facts", key.value)
    fields = reading.fields(node, path, ("of", "values", "basis"), HISTORY_KEYS)
    of, quantity = QUANTITY, None
    if "of" in fields:
        of, quantity = _read_of(reading, fields["of"][1], join(path, "of"), scope)
    for extra in HISTORY_KEYS:
        allowed = WITH_PERIOD if extra == "over" else FROM_CLAIMS
        if extra in fields and of not in allowed:
            expected = say("it beside these numbers only: {words}", words=reading.some(allowed))
            found = say("{key} beside another number", key=reading.named(extra))
            reading.problem(fields[extra][0], join(path, extra), found, expected, say("Remove it."))
    over = reading.choice(fields["over"][1], join(path, "over"), tuple(OVER)) if "over" in fields else "a lifetime"
    asks = scope.stated()
    return Derived(
        name,
        of,
        _read_reaches(reading, fields, path, scope, is_money=of == QUANTITY),
        read_basis(reading, fields["basis"][1], join(path, "basis"), scope)
        if "basis" in fields
        else Basis(NOT_IDENTIFIED, NOT_IDENTIFIED, "", "low"),
        quantity,
        OVER[over],
        read_conditions(reading, fields["where"], join(path, "where"), asks) if "where" in fields else (),
        read_per(reading, fields["per"][1], join(path, "per"), asks) if "per" in fields else (),
        _read_paid_by(reading, fields, path, layers),
        key.place,
    )


def _read_of(reading: Reading, node: Node, path: str, scope: Scope) -> tuple[str, Quantity | None]:
    if isinstance(node, Text) and reading.english(node.value) in COUNTED:
        return reading.english(node.value), None
    known = dict(scope.quantities)
    scope.quantities |= {word: (None, word) for word in COUNTED}  # so that they are named if it is none of all
    found = _read_quantity(reading, node, path, scope)
    scope.quantities = known
    return QUANTITY, found or (None, "total cost")


def _read_paid_by(reading: Reading, fields: Fields, path: str, layers: tuple[str, ...]) -> str | None:
    if "paid by" not in fields:
        return None
    node, path = fields["paid by"][1], join(path, "paid by")
    name = reading.english(reading.text(node, path, say("the name of a layer")))
    if name and name not in layers and name not in reading.blamed:
        reading.unknown(node, path, say("a layer of this policy ({words})", words=reading.some(layers)), layers)
        return None
    return name or None


def _read_reaches(reading: Reading, fields: Fields, path: str, scope: Scope, *, is_money: bool) -> tuple[Reach, ...]:
    """`below` or `up to` an edge, `is` a value; the last one is `otherwise`."""
    if "values" not in fields:
        return ()
    path = join(path, "values")
    items = reading.items(fields["values"][1], path, say("values, as `{{below: 3000, is: NAME}}`"))
    reaches: list[Reach] = []
    for number, item in enumerate(items, 1):
        reach = _read_reach(reading, item, path, scope, is_last=number == len(items), is_money=is_money)
        if reach is not None:
            reaches.append(reach)
    if len(items) == 1:
        reading.problem(items[0].place, path, say("one value for all"), say("at least two values"))
    _check_edges(reading, reaches, path, scope)
    return tuple(reaches)


def _read_reach(
    reading: Reading, node: Node, path: str, scope: Scope, *, is_last: bool, is_money: bool
) -> Reach | None:
    is_open = isinstance(node, Mapping) and any(reading.english(key.value) == "otherwise" for key, _ in node)
    if isinstance(node, Mapping) and is_open != is_last:
        found = say("a last value with an edge") if is_last else say("`otherwise` before the last value")
        expected = say("every value with `below` or `up to`, and a last one `otherwise`")
        todo = say("Add `- {{otherwise: NAME}}` at the end.") if is_last else say("Move it to the end.")
        reading.problem(node.place, path, found, expected, todo)
        return None
    if is_last:
        fields = reading.fields(node, path, ("otherwise",))
        return Reach(_read_word(reading, fields, path, "otherwise"))
    fields = reading.fields(node, path, ("is",), ("below", "up to"))
    if fields and ("below" in fields) == ("up to" in fields):
        found = say("both `below` and `up to`") if "below" in fields else say("no edge")
        reading.problem(node.place, path, found, say("one of `below` and `up to`"))
    if "is" not in fields or ("below" in fields) == ("up to" in fields):
        return None
    key = "up to" if "up to" in fields else "below"
    edge, inner = fields[key][1], join(path, key)
    to = read_table(reading, edge, inner, AMOUNT if is_money else NUMBER, scope)
    return Reach(_read_word(reading, fields, path, "is"), to, key == "up to")


def _read_word(reading: Reading, fields: Fields, path: str, key: str) -> str:
    """The name of a value: a word of the language or of the file."""
    if key not in fields:
        return ""
    node = fields[key][1]
    name = reading.english(reading.text(node, join(path, key), say("the name of the value")))
    if name and not reading.vocabulary.knows(name) and name not in reading.blamed:
        reading.blamed.add(name)
        todo = say("Add it to `words` with its Chinese.")
        reading.problem(node.place, join(path, key), describe(node), say("a word declared under `words`"), todo)
    return name


def _check_edges(reading: Reading, reaches: list[Reach], path: str, scope: Scope) -> None:
    """Edges that are the same for everybody rise; those that depend on the claim are checked on the claim."""
    last: tuple[int, bool] = (-1, True)
    for reach in reaches:
        edge = None if reach.to is None else constant(reach.to, scope)
        if edge is None or reach.to is None:
            continue
        if (edge, reach.included) <= last:
            cell = reach.to.cells[0]
            is_count = isinstance(cell.value, Count)
            said: Message = verbatim(edge) if is_count else say("{fen} yuan", fen=yuan(edge))
            found = say("the edge {edge}, not above the one before it", edge=said)
            reading.problem(cell.place, path, found, say("edges that rise"))
        last = (edge, reach.included)


def layer_names(reading: Reading, node: Node) -> tuple[str, ...]:
    """The names of the layers of a file, before they are read."""
    items = node.items if isinstance(node, Sequence) else ()
    return tuple(reading.english(key.value) for item in items if isinstance(item, Mapping) for key, _ in item)


def looks_at(derived: Derived, sums: tuple[Sum, ...]) -> set[str]:
    """The layers that must be done before a derived fact is known."""
    return set() if derived.quantity is None else set(layers_of(derived.quantity, sums))


def layers_of(quantity: Quantity, sums: tuple[Sum, ...]) -> list[str]:
    """The layers a quantity is made of."""
    if quantity[0] is not None:
        return [quantity[0]]
    own = next((one for one in sums if one.name == quantity[1]), None)
    return [] if own is None else [name for term in (*own.plus, *own.minus) for name in layers_of(term, sums)]
