"""How far a long job is, told to the person at the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from openyibao.service.run import say

Progress = Callable[[str, int, int], None]
"""Told what is done, and how many of how many are done."""


def silent(stage: str, done: int, of: int) -> None:
    """No progress."""


def shown() -> Progress:
    """Lines on standard error, at most one a second; on a terminal one line that is written anew."""
    last = [0.0]

    def tell(stage: str, done: int, of: int) -> None:
        if time.monotonic() - last[0] < 1 and done != of:
            return
        last[0] = time.monotonic()
        if sys.stderr.isatty():
            print(f"\r{stage}: {done:,} / {of:,}   ", end="\n" if done == of else "", file=sys.stderr, flush=True)
        else:
            say(f"{stage}: {done:,} of {of:,}")

    return tell
