"""Copies of settled histories, made in SQL: the same bills of other persons, each row with a number of its own.

A copy's ids are those of its original plus a multiple of the room that the originals take, so that references between
rows stay right by the same sum; its texts have the number of the copy where the original has `MARK` or the block of
its numbers. Triggers and foreign keys do not run while rows are copied (they would take most of the time); `checks`
then holds all rows against what they say. Unique and check constraints hold as always.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from openyibao.service.bulk.progress import Progress, silent
from openyibao.service.bulk.seeds import BLOCK, MARK

TABLES = (
    "people.Person",
    "people.Identity",
    "people.Coverage",
    "people.Account",
    "people.Account_members",
    "settlements.History",
    "settlements.Use",
    "settlements.Visit",
    "settlements.Settlement",
    "settlements.FeeLine",
    "settlements.LayerPaid",
    "ledger.Entry",
    "ledger.Posting",
)
"""What is copied, each behind what it refers to. Accounts of the ledger are copied where they are a person's."""
MOST_COPIES = 999_999
BLOCK_DIGITS = len(str(BLOCK)) - 6
"""Of a number of the platform, the digits that a copy has otherwise; six count its originals."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where the originals of a table stand: their ids, and how far each copy lies from the one before."""

    table: str
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Copied:
    """How many copies there are now, and how many rows of each table."""

    copies: int
    rows: dict[str, int]


def multiply(settlements: int, *, lines: bool = True, progress: Progress = silent) -> Copied:
    """Copy the originals until there are at least so many settlements. Without `lines`, copies have no fee lines.

    Copies that are there already stay; the new ones follow them.
    """
    tables = [_model(name) for name in TABLES]
    with connection.cursor() as cursor:
        rooms = {table._meta.db_table: _room(cursor, table) for table in tables if _has_id(table)}
        rooms["ledger_account"] = _room(cursor, _model("ledger.Account"))
        cursor.execute(f"SELECT count(*) FROM settlements_settlement t WHERE {_originals('settlements_settlement')}")
        seeds = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT coalesce(max(substr(psn_no, 5, 6))::integer, 0) FROM people_person WHERE psn_no LIKE 'BULK%'"
        )
        made = int(cursor.fetchone()[0])
        copies = -(-settlements // max(1, seeds)) - 1
        if copies <= made:
            return Copied(made, {})
        if copies > MOST_COPIES:
            raise ValueError(f"{copies} copies; at most {MOST_COPIES:,}. Settle more originals.")
        wanted = [table for table in tables if lines or table._meta.db_table != "settlements_feeline"]
        rows = _copy_all(cursor, wanted, rooms, (made + 1, copies), progress)
    return Copied(copies, rows)


def _copy_all(
    cursor: Any, tables: list[type[models.Model]], rooms: dict[str, Room], wanted: tuple[int, int], progress: Progress
) -> dict[str, int]:
    """In stretches of copies, each a transaction, so that progress shows and memory stays small."""
    cursor.execute(f"SELECT count(*) FROM settlements_settlement t WHERE {_originals('settlements_settlement')}")
    step = max(1, 50_000 // max(1, int(cursor.fetchone()[0])))
    begin, copies = wanted
    rows: dict[str, int] = {}
    statements = [
        (_accounts(rooms), "ledger_account"),
        *((_statement(one, rooms), one._meta.db_table) for one in tables),
    ]
    for first in range(begin, copies + 1, step):
        last = min(first + step - 1, copies)
        with transaction.atomic():
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute("SET LOCAL session_replication_role = replica")
            for sql, table in statements:
                cursor.execute(sql.replace(":first", str(first)).replace(":last", str(last)))
                rows[table] = rows.get(table, 0) + cursor.rowcount
        progress("复制 copy", last, copies)
    _sequences(cursor, tables, rooms, copies)
    return rows


def _model(name: str) -> type[models.Model]:
    return apps.get_model(name)


def _has_id(model: type[models.Model]) -> bool:
    return model._meta.pk is not None and model._meta.pk.column == "id"


def _room(cursor: Any, model: type[models.Model]) -> Room:
    table = model._meta.db_table
    cursor.execute(
        f"SELECT coalesce(min(id), 1), (SELECT coalesce(max(id), 1) FROM {table}) FROM {table} t"
        f" WHERE {_originals(table)}"
    )
    return Room(table, *(int(one) for one in cursor.fetchone()))


def _originals(table: str) -> str:
    """Which rows of a table `t` are originals."""
    persons = f"(SELECT id FROM people_person WHERE psn_no LIKE '{MARK}%')"
    histories = f"(SELECT id FROM settlements_history WHERE person_id IN {persons})"
    settlements = f"(SELECT id FROM settlements_settlement WHERE history_id IN {histories})"
    accounts = f"(SELECT id FROM people_account WHERE owner_id IN {persons})"
    entries = (
        f"(SELECT id FROM ledger_entry WHERE reference LIKE '{MARK}%' OR reference IN"
        f" (SELECT setl_id FROM settlements_settlement WHERE history_id IN {histories}))"
    )
    return {
        "people_person": f"t.psn_no LIKE '{MARK}%'",
        "people_identity": f"t.person_id IN {persons}",
        "people_coverage": f"t.person_id IN {persons}",
        "people_account": f"t.owner_id IN {persons}",
        "people_account_members": f"t.account_id IN {accounts}",
        "settlements_history": f"t.person_id IN {persons}",
        "settlements_use": f"t.history_id IN {histories}",
        "settlements_visit": f"t.person_id IN {persons}",
        "settlements_settlement": f"t.history_id IN {histories}",
        "settlements_feeline": f"t.visit_id IN (SELECT id FROM settlements_visit WHERE person_id IN {persons})",
        "settlements_layerpaid": f"t.settlement_id IN {settlements}",
        "ledger_entry": f"t.id IN {entries}",
        "ledger_posting": f"t.entry_id IN {entries}",
        "ledger_account": f"t.owner LIKE '{MARK}%'",
    }[table]


def _statement(model: type[models.Model], rooms: dict[str, Room]) -> str:
    """The INSERT of a table's copies, for the copies `:first` to `:last`."""
    table = model._meta.db_table
    columns = [one for one in model._meta.concrete_fields if one.column]
    names = ", ".join(f'"{one.column}"' for one in columns)
    values = ", ".join(_value(table, one, rooms) for one in columns)
    place = _region(table)
    return (
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t {place}"
        f" CROSS JOIN generate_series(:first::bigint, :last::bigint) AS copy(k)"
        f" WHERE {_within(table, rooms)} AND {_originals(table)}"
    )


def _within(table: str, rooms: dict[str, Room]) -> str:
    """The originals by their ids, which an index finds; what `_originals` says is asked of these alone."""
    column = "entry_id" if table == "ledger_posting" else "id"
    room = rooms["ledger_entry" if table == "ledger_posting" else table]
    return f"t.{column} BETWEEN {room.first} AND {room.last}"


def _value(table: str, field: Any, rooms: dict[str, Room]) -> str:
    """What a copy has in a column."""
    column = f't."{field.column}"'
    if field.column == "id" and table in rooms:
        return f"{column} + k * {rooms[table].size}"
    if field.is_relation:
        target = field.related_model._meta.db_table
        if target == "ledger_account":
            room = rooms[target]
            return f"CASE WHEN {_own_account()} THEN {column} + k * {room.size} ELSE {column} END"
        return f"{column} + k * {rooms[target].size}" if target in rooms else column
    if (table, field.column) == ("settlements_settlement", "line_ids"):
        line = rooms["settlements_feeline"].size
        return f"ARRAY(SELECT one + k * {line} FROM unnest({column}) WITH ORDINALITY AS x(one, at) ORDER BY at)"
    if isinstance(field, models.JSONField):
        kind = field.db_type(connection)
        told = f"({_told(f'{column}::text', table)})::{kind}"
        return _shifted(told, rooms) if (table, field.column) == ("settlements_settlement", "facts") else told
    if isinstance(field, models.CharField | models.TextField):
        return _told(column, table)
    return column


def _own_account() -> str:
    return f"EXISTS (SELECT FROM ledger_account a WHERE a.id = t.account_id AND a.owner LIKE '{MARK}%')"


def _told(text: str, table: str) -> str:
    """A text with the number of the copy in place of the original's."""
    told = f"replace({text}, '{MARK}', '{MARK[:4]}' || lpad(k::text, 6, '0'))"
    if _numbered(table):
        old = str(BLOCK)[:BLOCK_DIGITS]
        told = f"replace({told}, b.code || '{old}', b.code || '{old[:2]}' || lpad(k::text, 6, '0'))"
    return told


def _numbered(table: str) -> bool:
    """Whether texts of a table may hold numbers of the platform, which begin with the region's code."""
    return table.startswith("settlements_") or table == "ledger_entry"


def _region(table: str) -> str:
    """The join that finds the code of the region, as `b.code`."""
    region = "JOIN organisation_region r ON r.id = h.region_id JOIN organisation_body b ON b.id = r.body_id"
    history = f"JOIN settlements_history h ON h.id = t.history_id {region}"
    coverage = "JOIN people_coverage h ON h.id = {}.coverage_id " + region
    return {
        "settlements_history": region.replace("h.region_id", "t.region_id"),
        "settlements_use": history,
        "settlements_settlement": history,
        "settlements_visit": coverage.format("t"),
        "settlements_feeline": "JOIN settlements_visit v ON v.id = t.visit_id " + coverage.format("v"),
        "settlements_layerpaid": "JOIN settlements_settlement s ON s.id = t.settlement_id "
        + history.replace("t.history_id", "s.history_id"),
        "ledger_entry": "CROSS JOIN LATERAL"
        " (SELECT CASE WHEN t.reference ~ '^98' THEN left(t.reference, 6) ELSE '-' END AS code) b",
    }.get(table, "")


def _shifted(facts: str, rooms: dict[str, Room]) -> str:
    """The facts of a settlement with the ids of its copies: those of accounts stand in it."""
    account = rooms["people_account"].size
    return (
        f"CASE WHEN t.facts ? 'accounts' THEN {facts} || jsonb_build_object('accounts', (SELECT"
        f" coalesce(jsonb_object_agg((key::bigint + k * {account})::text, value), '{{}}')"
        " FROM jsonb_each(t.facts -> 'accounts')))"
        f" ELSE {facts} END"
    )


def _accounts(rooms: dict[str, Room]) -> str:
    """The ledger's accounts of persons."""
    return (
        "INSERT INTO ledger_account (id, kind, region, scheme, fund, owner)"
        f" SELECT id + k * {rooms['ledger_account'].size}, kind, region, scheme, fund, {_told('owner', '')}"
        " FROM ledger_account t CROSS JOIN generate_series(:first::bigint, :last::bigint) AS copy(k)"
        f" WHERE {_within('ledger_account', rooms)} AND {_originals('ledger_account')}"
    )


def _sequences(cursor: Any, tables: list[type[models.Model]], rooms: dict[str, Room], copies: int) -> None:
    """New rows get numbers behind the copies'."""
    for table, room in rooms.items():
        sequence = "ledger_entry_number" if table == "ledger_entry" else f"{table}_id_seq"
        cursor.execute("SELECT setval(%s, %s)", [sequence, max(1, room.last + copies * room.size)])
