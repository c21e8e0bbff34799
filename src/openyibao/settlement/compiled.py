"""Functions on arrays, compiled by Numba when first called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """The function compiled; its machine code is kept where Python's bytecode can be. It lets other threads run."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # a folder that cannot be written
        return numba.njit(nogil=True)(function)
