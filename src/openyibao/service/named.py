"""What the commands on a platform's database are told by name: the database, days."""

from __future__ import annotations

import os
from datetime import date

from openyibao.service.run import RunError, prepare


def platform() -> None:
    """Set Django up on the database of DATABASE_URL, whose tables must be up to date. Raises RunError."""
    if not os.environ.get("DATABASE_URL"):
        raise RunError("DATABASE_URL is not set: which platform's database? / 未设置 DATABASE_URL：请指明平台的数据库")
    prepare(migrate=False)


def day(option: str, text: str) -> date:
    """The day that an option names. Raises RunError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RunError(f"{option} {text}: expected a day such as 2026-06-30 / 应为日期，如 2026-06-30") from None
