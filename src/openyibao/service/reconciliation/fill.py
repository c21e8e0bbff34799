"""A database with many settlements for a comparison: copies of one settlement with the rows of `faults.made`.

For benchmarks and tests only, by a superuser of the database (foreign keys hold, but are not checked by row). They
stand in the tables of visits and settlements as all constraints want them, with their amounts, but without claims and
bills; the books know nothing of them.
"""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection, transaction

from openyibao.service.people.models import Coverage, Person
from openyibao.service.settlements.models import Settlement, Visit

WORLD = """
    CREATE TEMPORARY TABLE world (setl_id text, mdtrt_id text, psn_no text, total_fen bigint, funds_fen bigint,
        account_fen bigint, cash_fen bigint, day date, inside bool, here bool, due bool, reversal bool, back_id text,
        n bigint GENERATED ALWAYS AS IDENTITY) ON COMMIT DROP
"""
OTHER_KIND = "inpatient"
"""What makes a settlement one of another clearing category: the others are of outpatients."""


def fill(world: pa.Table, template: Settlement) -> None:
    """Insert settlements of the template's institution, each with its visit; persons too. Money is in scope in full."""
    person, visit = template.visit.person, template.visit
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(WORLD)
        with cursor.copy(f"COPY world ({', '.join(world.column_names)}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(_csv(world))
        cursor.execute("ANALYZE world")
        _copies(
            cursor,
            Person,
            person.pk,
            {"psn_no": "w.psn_no", "certificate": "w.psn_no", "card": "''"},
            "(SELECT DISTINCT psn_no FROM world)",
        )
        _copies(
            cursor,
            Coverage,
            visit.coverage_id,
            {"person_id": "p.id"},
            "(SELECT DISTINCT psn_no FROM world)",
            "JOIN people_person p ON p.psn_no = w.psn_no",
        )
        _copies(
            cursor,
            Visit,
            visit.pk,
            {
                "mdtrt_id": "w.mdtrt_id",
                "number": "w.mdtrt_id",
                "person_id": "p.id",
                "coverage_id": "c.id",
                "kind": f"CASE WHEN w.here THEN 'outpatient' ELSE '{OTHER_KIND}' END",
                "state": "'discharged'",
                "data": "'{}'",
            },
            "(SELECT DISTINCT ON (mdtrt_id) mdtrt_id, psn_no, here FROM world)",
            "JOIN people_person p ON p.psn_no = w.psn_no JOIN people_coverage c ON c.person_id = p.id",
        )
        cursor.execute("SELECT max(id) FROM settlements_settlement")
        (last,) = cursor.fetchone()
        first = "(SELECT o.n FROM world o WHERE o.back_id = w.setl_id)"
        money = dict.fromkeys(("fully_self_paid_fen", "over_limit_fen", "pre_self_paid_fen"), "0")
        _copies(
            cursor,
            Settlement,
            template.pk,
            {
                **money,
                "line_ids": "'{}'",
                **dict.fromkeys(("claim", "bill", "read", "added"), "'[]'"),
                **dict.fromkeys(("reply", "facts"), "'{}'"),
                **dict.fromkeys(("hospital_fen", "family_fen"), "0"),
                **{
                    name: f"w.{name}"
                    for name in ("setl_id", "total_fen", "funds_fen", "account_fen", "cash_fen", "day")
                },
                "id": f"{last} + w.n",
                "number": "1000 + w.n",
                "visit_id": "v.id",
                "reverses_id": f"CASE WHEN w.reversal THEN {last} + {first} END",
                "in_scope_fen": "w.total_fen",
            },
            "world",
            "JOIN settlements_visit v ON v.mdtrt_id = w.mdtrt_id",
            before="CREATE INDEX ON world (back_id)",
        )
        cursor.execute("SELECT setval(pg_get_serial_sequence('settlements_settlement', 'id'), %s)", [last + len(world)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _csv(world: pa.Table) -> bytes:
    text = io.BytesIO()
    pa.csv.write_csv(world, text, pa.csv.WriteOptions(include_header=False, quoting_style="none"))
    return text.getvalue()


def _copies(
    cursor: Any, model: Any, pk: int, values: dict[str, str], rows: str, join: str = "", before: str = ""
) -> None:
    """Copies of a row of a model, one for each row `w`, with some columns from SQL and the others as they are."""
    if before:
        cursor.execute(before)
    names = [one.column for one in model._meta.concrete_fields if one.column in values or one.column != "id"]
    chosen = ", ".join(values.get(name, f't."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({quoted}) SELECT {chosen} FROM {rows} AS w {join} CROSS JOIN {table} t WHERE t.id = %s",
        [pk],
    )
