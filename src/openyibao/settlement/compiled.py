"""Functions on arrays, compiled by Numba when first called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(function: Loop) -> Loop:
    """The function compiled; its machine code is kept where Python's bytecode can be. It lets other threads run."""
    try:
        return cast(Loop, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # a folder that cannot be written
        return cast(Loop, numba.njit(nogil=True)(function))
