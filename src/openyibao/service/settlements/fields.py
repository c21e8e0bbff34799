"""A column for JSON that is kept as it was written."""

from __future__ import annotations

from typing import Any

from django.db import models
from psycopg.types.json import Json


class KeptJSON(models.JSONField):
    """JSON with its keys in their order, which a bill's text follows: PostgreSQL's `json`, where `jsonb` sorts them.

    It can be read and written, not searched.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """As `json`: the way over `jsonb`, which is Django's, would sort the keys."""
        return None if value is None else Json(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # the driver reads a `json` column by itself
