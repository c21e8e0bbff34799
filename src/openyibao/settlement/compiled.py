"""Functions on arrays, compiled by Numba when first called; their machine code is kept for the next time.

Numba looks only at the file of a function to see whether what it kept still fits. Functions that use constants or
functions of other files are therefore kept under a name that is made of all those files (`written_with`).
"""

from __future__ import annotations

import hashlib
import inspect
import os
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import numba
import platformdirs

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


def cache_folder() -> Path:
    """Where generated loops and their machine code are kept between runs (`YIBAO_CACHE` overrides it)."""
    return Path(os.environ.get("YIBAO_CACHE") or platformdirs.user_cache_dir("openyibao"))


def written_with(*modules: ModuleType) -> Callable[[Loop], Loop]:
    """For a function of a file that uses constants or compiled functions of these modules; beneath the compiling.

    What is compiled of it is kept beside a copy of its file whose name is the digest of all the files: where one of
    them changes, it is compiled anew.
    """

    def placed(function: Loop) -> Loop:
        own = inspect.getsourcefile(function) or ""
        copy = _copy_of(own, tuple(str(module.__file__) for module in modules))
        if copy is not None:
            function.__code__ = function.__code__.replace(co_filename=copy)
        return function

    return placed


@cache
def _copy_of(own: str, others: tuple[str, ...]) -> str | None:
    """A copy of a file under the digest of it and others; None where none can be read or kept."""
    try:
        texts = [Path(name).read_bytes() for name in (own, *others)]
        digest = hashlib.sha256(b"".join(hashlib.sha256(text).digest() for text in texts)).hexdigest()[:24]
        path = cache_folder() / f"{Path(own).stem}_{digest}.py"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            scratch.write_bytes(texts[0])
            scratch.replace(path)
    except OSError:
        return None
    return str(path)


def _compiled(function: Loop, options: dict[str, Any]) -> Loop:
    try:
        return cast(Loop, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # a folder that cannot be written
        return cast(Loop, numba.njit(**options)(function))
