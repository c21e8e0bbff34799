"""So many tries an hour, over all processes: for what may be guessed."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from openyibao.service import clock

HOUR_SECONDS = 3600
KEPT_HOURS = 24
SALT = "openyibao.web.limit"


def tried(what: str, who: str) -> int:
    """How often somebody tried something in this hour."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count FROM web_tried WHERE who = %s AND hour = %s", _key(what, who))
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def count(what: str, who: str) -> None:
    """Count a try."""
    digest, hour = _key(what, who)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO web_tried (who, hour, count) VALUES (%s, %s, 1)"
            " ON CONFLICT ON CONSTRAINT tried_once_an_hour DO UPDATE SET count = web_tried.count + 1",
            [digest, hour],
        )
        cursor.execute("DELETE FROM web_tried WHERE hour < %s", [hour - KEPT_HOURS])


def _key(what: str, who: str) -> tuple[str, int]:
    """Who, as a digest that changes every hour and that nobody turns back without the platform's secret; the hour."""
    hour = int(clock.now().timestamp()) // HOUR_SECONDS
    return salted_hmac(SALT, f"{what} {hour} {who}", algorithm="sha256").hexdigest(), hour


def caller(request: HttpRequest) -> str:
    """Who asks, as far as the connection tells; behind a proxy of ours, what the proxy says of it."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.PROXY else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
