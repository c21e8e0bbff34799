"""How the loops of the generator are compiled: as those of `settlement`, but without reference counts."""

from __future__ import annotations

from typing import Any, cast

import numba

from openyibao.settlement.compiled import Loop


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
