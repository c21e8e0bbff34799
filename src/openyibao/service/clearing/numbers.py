"""Numbers of statements, orders, transfers and files: a letter, the region's division, digits never used again."""

from __future__ import annotations

from django.db import connection

from openyibao.service.organisation.models import Region


def next_number(letter: str, region: Region) -> str:
    """Such as `T999999000000000042`: at most 19 characters, letters and digits only, as bank formats take them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('clearing_number')")
        return f"{letter}{region.body.code[:6]}{cursor.fetchone()[0]:012d}"
