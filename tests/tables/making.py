"""Tables of claims for the tests, and how their bills and rejected rows are read back."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import load_workbook

from openyibao.bench.claim_tables import write_csv, write_parquet, write_xlsx
from openyibao.policy import read_policy
from openyibao.policy.model import Policy
from openyibao.tables import Sizes, Summary, rejects_path, settle_table

SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
WRITERS = {".csv": write_csv, ".xlsx": write_xlsx, ".parquet": write_parquet}
PLAIN = read_policy(Path(__file__).with_name("plain.yaml"))
HEAD = (
    "claim_id,person,admission,discharge,settlement,total_yuan,fully_self_paid_yuan,over_limit_yuan,"
    "pre_self_paid_yuan,in_scope_yuan,service,tier,grade"
)
GOOD = "2013-01-01,2013-01-05,2013-01-06,1000,0,0,0,1000,inpatient,cat 1,primary"
USUAL = Sizes()
SMALL = Sizes(batch_rows=7, part_rows=20, threads=0)


def claims(*lines: str, head: str = HEAD) -> str:
    """A CSV of claims; a line is a claim id, a person and the rest."""
    return "\n".join([head, *lines]) + "\n"


def settle_text(folder: Path, text: str | bytes, policy: Policy = PLAIN, sizes: Sizes = USUAL) -> Summary:
    """Settle a CSV given as text, into `bills.csv` of the folder."""
    source = folder / "claims.csv"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    return settle_table(policy, source, folder / "bills.csv", sizes=sizes)


def settle_arrow(folder: Path, table: Any, suffix: str, policy: Policy, sizes: Sizes = USUAL) -> Summary:
    """Settle an Arrow table, written as a file of that kind, into `bills` of the same kind."""
    source = folder / f"claims{suffix}"
    WRITERS[suffix](table, source)
    return settle_table(policy, source, folder / f"bills{suffix}", sizes=sizes)


def bills(path: Path) -> dict[str, tuple[str, ...]]:
    """The bills of a file, whatever its kind: claim id -> person and amounts with two decimals, in the file's order."""
    if path.suffix == ".xlsx":
        rows = load_workbook(path).get_sheet_by_index(0).to_python()[1:]
    elif path.suffix == ".parquet":
        rows = [list(row.values()) for row in pq.read_table(path).to_pylist()]
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))[1:]
    return {row[0]: (row[1], *(f"{Decimal(str(cell)):.2f}" for cell in row[2:])) for row in rows}


def rejects(target: Path) -> list[dict[str, str]]:
    """The rejected rows of a target, each by the names of the columns; none if there is no such file."""
    path = rejects_path(target)
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def shuffled(table: Any, seed: int) -> Any:
    """The same rows in another order; claims of a person that are settled at the same moment keep theirs."""
    order = np.random.default_rng(seed).permutation(table.num_rows)
    moments = list(zip(table["person"].to_pylist(), table["settlement"].to_pylist(), strict=True))
    places: dict[Any, list[int]] = {}
    for place in range(table.num_rows):
        places.setdefault(moments[place], []).append(place)
    waiting = {moment: iter(rows) for moment, rows in places.items()}
    return table.take(pa.array([next(waiting[moments[place]]) for place in order.tolist()]))


def left_in(folder: Path) -> list[str]:
    """The names of all files of a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
