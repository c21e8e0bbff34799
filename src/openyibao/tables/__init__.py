"""Tables of claims settled into tables of bills: CSV, Excel and Parquet, in batches, as many rows as there are.

In: a file of claims with columns under English, Chinese or national names, and a policy. Out: a file of bills in the
same naming, and beside it a file of the rows that could not be settled, with the reason for each. The way through:
`sources` (files to batches), `reader` (batches to numbers), `stream` (whole persons), `bills` (settled, or rejected and
why), `targets` (files again); `spill` puts rows in order on disk where persons do not stand together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openyibao.tables.problems import TableError
    from openyibao.tables.settle import Sizes, Summary, rejects_path, settle_table

__all__ = ["Sizes", "Summary", "TableError", "rejects_path", "settle_table"]


def __getattr__(name: str) -> Any:
    """What is exported, when somebody asks: whoever needs only the names of columns is spared PyArrow and Numba."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'problems' if name == 'TableError' else 'settle'}"), name)
