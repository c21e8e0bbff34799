"""Functions on arrays, compiled by Numba when first called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(function: Loop) -> Loop:
    """The function compiled; its machine code is kept where Python's bytecode can be. It lets other threads run."""
    return _compiled(function, {"nogil": True})


def uncounted(function: Loop) -> Loop:
    """The same without counts of references to arrays: it makes no arrays, and the caller holds those it hands over.

    For functions that call each other with arrays for every row: the counts, two for each array handed over, took more
    than half of the time of such a loop.
    """
    return _compiled(function, {"nogil": True, "_nrt": False, "error_model": "numpy"})


def _compiled(function: Loop, options: dict[str, Any]) -> Loop:
    try:
        return cast(Loop, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # a folder that cannot be written
        return cast(Loop, numba.njit(**options)(function))
