"""No institution can take the platform from the others: how many of its requests are carried out, and how many at once.

    with admitted("H99999900001"): ...      raises Flooded at once where it asks too much

A token bucket for each institution, in the memory of each process: with two processes of the web server twice as much
passes. Only requests that proved whose they are are counted, so nobody can use up another's share.
"""

from __future__ import annotations

import math
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from openyibao.service.gateway.refusals import Refused

EVERYONE = "everyone"
TELL_SECONDS = 1.0
"""How often a refusal of this kind is kept in the audit, for each institution; the counters have all of them."""


class Flooded(Refused):
    """Too many requests. `audited` is whether this one is kept in the audit; `seconds`: when to ask again."""

    def __init__(self, limit: Limit, seconds: int, *, audited: bool) -> None:
        super().__init__("too many requests", rate=limit.per_second, at_once=limit.at_once, seconds=seconds)
        self.seconds, self.audited = seconds, audited


@dataclass(frozen=True, slots=True)
class Limit:
    """What an institution may ask of one process: `burst` is how many in one go."""

    per_second: float
    burst: int
    at_once: int


class Bucket:
    """What an institution has left. Its requests come on several threads."""

    def __init__(self, limit: Limit) -> None:
        self.limit, self.left, self.running = limit, float(limit.burst), 0
        self.at, self.told = time.monotonic(), -math.inf
        self.lock = threading.Lock()

    def take(self) -> None:
        """One request more. Raises Flooded."""
        with self.lock:
            now = time.monotonic()
            self.left = min(self.limit.burst, self.left + (now - self.at) * self.limit.per_second)
            self.at = now
            if self.left >= 1 and self.running < self.limit.at_once:
                self.left -= 1
                self.running += 1
                return
            wait = max(1, math.ceil((1 - self.left) / self.limit.per_second))
            audited = now - self.told >= TELL_SECONDS
            if audited:
                self.told = now
        raise Flooded(self.limit, wait, audited=audited)

    def give_back(self) -> None:
        """The request that was taken is done."""
        with self.lock:
            self.running -= 1


_buckets: dict[tuple[str, str], Bucket] = {}


@contextmanager
def admitted(institution: str) -> Iterator[None]:
    """While one request of an institution is carried out. Raises Flooded."""
    limits_here = limits(settings.RATES)
    if not limits_here:
        yield
        return
    key = (settings.RATES, institution)
    bucket = _buckets.get(key) or _buckets.setdefault(
        key, Bucket(limits_here.get(institution) or limits_here[EVERYONE])
    )
    bucket.take()
    try:
        yield
    finally:
        bucket.give_back()


@cache
def limits(path: str) -> Mapping[str, Limit]:
    """The limits by institution, of a file, or of the one that comes along; none where it is `none`.

    Raises ImproperlyConfigured.
    """
    if path == "none":
        return {}
    try:
        text = Path(path).read_text(encoding="utf-8") if path else files(__package__).joinpath("rates.toml").read_text()
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"YIBAO_RATES: {path} can't be read: {error}") from None
    if not isinstance(data.get(EVERYONE), dict) or data[EVERYONE].keys() < {one.name for one in fields(Limit)}:
        raise ImproperlyConfigured(f"YIBAO_RATES: {path} needs [{EVERYONE}] with per_second, burst and at_once")
    everyone = _limit(path, EVERYONE, data[EVERYONE], Limit(1, 1, 1))
    return {name: _limit(path, name, given, everyone) for name, given in data.items()}


def _limit(path: str, name: str, given: Any, base: Limit) -> Limit:
    known = {one.name for one in fields(Limit)}
    if not isinstance(given, dict) or given.keys() - known:
        raise ImproperlyConfigured(f"YIBAO_RATES: {path}, {name}: expected {', '.join(sorted(known))}")
    for what, value in given.items():
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if not whole and not (what == "per_second" and isinstance(value, float) and 0 < value < math.inf):
            raise ImproperlyConfigured(
                f"YIBAO_RATES: {path}, {name}: {what} is {value!r}; expected a number, at least 1"
            )
    return replace(base, **given)
