"""What the verbs of `yibao lab` do. Exit code 1: some rows were not settled; 2: not usable."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from openyibao.lab.parquet import settle_parquet
from openyibao.lab.stream import Receipt
from openyibao.policy import find_policy, read_policy
from openyibao.settlement.program import plan_policy
from openyibao.tables.progress import STOPPED, progress_shown, stoppable


def settle_claims(claims: Path, policy: str, out: Path, progress: bool | None) -> None:
    """Settle a Parquet table of claims; print the receipt. Stopped by Ctrl-C or SIGTERM, it leaves nothing behind."""
    law = read_policy(find_policy(policy))
    try:
        with progress_shown(progress, "en") as show, stoppable(show) as watched:
            receipt = settle_parquet(law, claims, out, progress=watched)
    except KeyboardInterrupt:
        print("Stopped. No bills were written.", file=sys.stderr, flush=True)
        os._exit(STOPPED)  # a reader stopped half-way can abort the process in the usual clearing up
    faults = plan_policy(law).program.faults
    print(f"{out}: {receipt.settled:,} of {receipt.rows:,} claims of {receipt.count:,} persons settled.")
    print_money(receipt)
    for number, rows in sorted(receipt.faults.items(), key=lambda item: -item[1]):
        fault = faults[number]
        where = ", ".join(word for word in (fault.layer, fault.what, fault.fact) if word)
        print(f"  {rows:,} claims not settled: {fault.kind}{f' ({where})' if where else ''}")
    if receipt.faults:
        raise SystemExit(1)


def print_money(receipt: Receipt) -> None:
    settled = receipt.total_fen - receipt.unsettled_fen
    if receipt.unsettled_fen:
        print(f"  cost of what was not settled: {yuan(receipt.unsettled_fen)} yuan")
    print(f"  cost {yuan(settled)} yuan = paid {yuan(receipt.paid_fen)} + personal {yuan(receipt.personal_fen)}")


def yuan(fen: int) -> str:
    """Fen as yuan with thousands set apart.

    >>> yuan(123456789), yuan(-5)
    ('1,234,567.89', '-0.05')
    """
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}"
