"""How the loops of the lab are compiled: without the lock of the interpreter, and kept between runs where possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """The loop, compiled by Numba when first called.

    Without reference counts: a loop may not make arrays, and its arrays are those of the caller, who holds them. The
    counts, two for each array handed to a function, took more than half of the time.
    """
    options: dict[str, Any] = {"nogil": True, "_nrt": False, "error_model": "numpy"}
    try:
        return cast(Loop, numba.njit(cache=True, **options)(loop))
    except RuntimeError:  # no folder where machine code could be kept: compile in memory
        return cast(Loop, numba.njit(**options)(loop))
