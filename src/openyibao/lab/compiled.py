"""How the loops of the lab are compiled: without the lock of the interpreter, and kept between runs where possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """The loop, compiled by Numba when first called."""
    try:
        return cast(Loop, numba.njit(nogil=True, cache=True)(loop))
    except RuntimeError:  # no folder where machine code could be kept: compile in memory
        return cast(Loop, numba.njit(nogil=True)(loop))
