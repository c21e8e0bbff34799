"""Every field of the interface's record is in our specification, and every one of ours in our replies."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from openyibao.service.gateway.spec import ROOT, Field, Node, Transaction, folded, transactions
from openyibao.service.gateway.writer import write_reply
from service import recorded
from service.asked import Replies

OURS = {"Y601"}
NOT_TAKEN = {("5204", "opt_timeP"), ("3102", "fsi_operation_dtos")}
"""A misprint, and a list without a field."""
ADDED = {("2101", "hosp_part_amt"), ("2102", "hosp_part_amt"), ("2103", "hosp_part_amt")}
"""Ours: a pharmacy may bear a part, and what is answered has to add up."""
AT = datetime(2026, 7, 1, 8, tzinfo=UTC)
SAMPLES: dict[str, Any] = {"number": Decimal(1), "any": "1", "string": "1", "datetime": AT, "date": date(2026, 7, 1)}
"""A value for each type."""
NO_REPLY_HERE = {"3201", "3202", "4101A", "9102"}
"""Not asked here: sums of a month, a settlement list, a file (whose reply is the file itself)."""


def seen_in_replies() -> dict[str, set[str]]:
    """The names of all fields of recorded replies, by transaction, as compared."""
    found: dict[str, set[str]] = {}
    for path in recorded.files("response"):
        shape: recorded.Shape = {}
        recorded.note(shape, recorded.read(path))
        names = {folded(place.rpartition(".")[2].removesuffix("[]")) for place in shape}
        found.setdefault(recorded.transaction_of(path), set()).update(names)
    return found


@recorded.needed
def test_our_specification_has_the_fields_of_the_record_and_of_recorded_replies() -> None:
    """All of its fields, in the same nodes; beyond it only those of provincial variants and recorded replies."""
    record = json.loads((recorded.HERE / "interface.json").read_text(encoding="utf-8"))["transactions"]
    replied, count = seen_in_replies(), 0
    for infno, spec in transactions().items():
        if infno in OURS:
            continue
        for side, ours in (("input", spec.inputs), ("output", spec.outputs)):
            stated = recorded.names(record[infno].get(side) or {})
            variants = recorded.names((record[infno].get("regional_variants") or {}).get(side) or {})
            mine = recorded.our_names(ours)
            spelled = {(node, folded(name)) for node, name in mine}
            missing = {(node, name) for node, name in stated if (node, folded(name)) not in spelled}
            assert {(infno, name) for _, name in missing} <= NOT_TAKEN, (infno, side, missing)
            known = {folded(name) for _, name in stated | variants} | replied.get(infno, set())
            more = {name for node, name in mine if folded(name) not in known and not is_node(ours, name)}
            assert {(infno, name) for name in more} <= ADDED, (infno, side, more)
            count += len(stated)
    print(f"{count} fields of {len(transactions()) - len(OURS)} transactions")


def is_node(nodes: Any, name: str) -> bool:
    """Whether a name is that of a node within a node."""
    return any(name in node.nodes or is_node(node.nodes, name) for node in nodes.values())


def test_no_field_stands_twice_in_a_node() -> None:
    """The file is read by name, so that a second line would silently count."""
    from importlib.resources import files

    data = json.loads(files("openyibao.service.gateway").joinpath("interface.json").read_text(encoding="utf-8"))

    def twice(node: Any, where: str) -> list[str]:
        names = [row[0] for row in node["fields"]] + list(node.get("nodes", {}))
        found = [f"{where}.{name}" for name in sorted(set(names)) if names.count(name) > 1]
        return found + [one for name, inner in node.get("nodes", {}).items() for one in twice(inner, f"{where}.{name}")]

    wrong = [
        one
        for infno, about in data["transactions"].items()
        for side in ("input", "output")
        for name, node in about[side].items()
        for one in twice(node, f"{infno} {side} {name}")
    ]
    assert wrong == []


def row_of(node: Node, fields: Any) -> dict[str, Any]:
    """A row with a sample in those fields that `fields` chooses."""
    row = {name: SAMPLES[field.type] for name, field in node.fields.items() if fields(field)}
    return row | {name: nested(inner, fields) for name, inner in node.nodes.items()}


def nested(node: Node, fields: Any) -> Any:
    row = row_of(node, fields)
    return [row] if node.many else row


def written(spec: Transaction, fields: Any) -> Any:
    output = {name: nested(node, fields) for name, node in spec.outputs.items() if fields is every or not node.regional}
    times = {"received": AT, "now": AT, "division": "999999", "serial": 1}
    return json.loads(write_reply(spec, output, **times))["output"]


def every(field: Field) -> bool:
    return True


def required(field: Field) -> bool:
    return field.required


def absent(spec: Transaction, output: Any, wanted: Any) -> list[str]:
    """The fields of a transaction's nodes that an output has not."""
    found: list[str] = []
    for name, node in spec.outputs.items():
        if node.regional and wanted is not every:
            continue
        found += absent_in(node, output if name == ROOT else output.get(name, ...), name, wanted)
    return found


def absent_in(node: Node, value: Any, where: str, wanted: Any) -> list[str]:
    if value is ... or (node.many and not isinstance(value, list)):
        return [where]
    found = []
    for row in value if node.many else [value]:
        found += [f"{where}.{name}" for name, field in node.fields.items() if wanted(field) and name not in row]
        for name, inner in node.nodes.items():
            found += absent_in(inner, row.get(name, ...), f"{where}.{name}", wanted)
    return found


def national(field: Field) -> bool:
    return not field.regional


def counted(spec: Transaction, wanted: Any) -> int:
    def of(node: Node) -> int:
        return sum(wanted(field) for field in node.fields.values()) + sum(of(inner) for inner in node.nodes.values())

    return sum(of(node) for node in spec.outputs.values() if wanted is every or not node.regional)


def test_every_field_is_in_our_replies(database: str) -> None:
    """National fields always, also where a handler gives only what is required; provincial ones where given.

    The table: of each transaction its national and provincial fields, what the least and the fullest reply lack, and
    what a reply of the platform itself lacks, with how many rows it had.
    """
    day = Replies.of_a_day()
    day.rest()
    wrong: list[str] = []
    print(f"\n{'':<6}{'national':>9}{'provincial':>11}{'least':>7}{'fullest':>8}{'lived':>7}{'rows':>6}")
    for infno, spec in transactions().items():
        least, fullest = written(spec, required), written(spec, every)
        lacking = [absent(spec, least, national), absent(spec, fullest, every)]
        lived, rows = "-", 0
        if infno in day.kept:
            output = day.kept[infno]["output"]
            lacking.append(absent(spec, output, national))
            lived, rows = str(len(lacking[-1])), len(output) if isinstance(output, list) else rows_of(output)
        all_fields, own = counted(spec, every), counted(spec, national)
        print(f"{infno:<6}{own:>9}{all_fields - own:>11}{len(lacking[0]):>7}{len(lacking[1]):>8}{lived:>7}{rows:>6}")
        wrong += [f"{infno} {one}" for found in lacking for one in found]
    assert wrong == []
    assert transactions().keys() - day.kept.keys() == NO_REPLY_HERE
    empty = {
        infno for infno in day.kept if not rows_of_any(day.kept[infno]["output"]) and transactions()[infno].outputs
    }
    assert empty <= {"1304", "5205"}, empty  # no ethnic medicine in the catalogue; no chronic visit on that day


def rows_of(output: dict[str, Any]) -> int:
    return sum(len(node) if isinstance(node, list) else bool(node) for node in output.values())


def rows_of_any(output: Any) -> int:
    return len(output) if isinstance(output, list) else rows_of(output)
