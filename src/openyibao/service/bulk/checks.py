"""What triggers and foreign keys say of each row, asked of all rows at once: for rows written without them."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

from openyibao.service.bulk.copies import TABLES
from openyibao.service.ledger.checks import check_books


def check() -> list[str]:
    """All that is wrong, each in a sentence; none where all is well."""
    return [*_references(), *(one.text("en") for one in check_books())]


def _references() -> list[str]:
    """Rows that refer to a row that is not there."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for name in TABLES:
            model = apps.get_model(name)
            for field in model._meta.concrete_fields:
                if not field.is_relation:
                    continue
                table, target = model._meta.db_table, field.related_model._meta.db_table
                cursor.execute(
                    f'SELECT count(*) FROM {table} t WHERE t."{field.column}" IS NOT NULL'
                    f' AND NOT EXISTS (SELECT FROM {target} o WHERE o.id = t."{field.column}")'
                )
                missing = int(cursor.fetchone()[0])
                if missing:
                    found.append(f"{table}.{field.column}: {missing} rows refer to a row of {target} that is not there")
    return found
