"""`yibao bench stays`: what the calls of long stays take, over HTTP, one client. No verdicts.

Stays of documented persons with so many fee lines, uploaded some at a time as a hospital does day by day, a few of them
refunded at the end; then discharged, tried, settled, and taken back. Web server and a durable PostgreSQL share the
machine with the client.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

FIRST, LAST = "2301, first", "2301, last"
UPLOADS_SHOWN = 3
"""Of each stay, so many uploads count as its first, and as many of the others as its last."""


def run(lines: int, upload: int, refunds: int, stays: int) -> None:
    """Print a table of the calls; the last line is one JSON object, in milliseconds."""
    from openyibao.service.bench import tune
    from openyibao.service.run import Platform, Web
    from openyibao.service.sandbox.serve import Kept, sandbox

    os.environ.setdefault("YIBAO_LOG_LEVEL", "WARNING")
    web = Web(port=0, workers=2, threads=10)
    with TemporaryDirectory(prefix="yibao-bench-") as folder, sandbox(Path(folder) / "db", Kept(), web) as server:
        tune(server)
        with Platform(web) as platform:
            client = _Client(platform.port)
            _stay(client, upload, upload, 0, 0)  # what the processes and the database do once is not measured
            client.seconds.clear()
            for number in range(1, stays + 1):
                _stay(client, lines, upload, refunds, number)
    _print(client.seconds, {"lines": lines, "upload": upload, "refunds": refunds, "stays": stays})


class _Client:
    """Sends messages and keeps the seconds of each, by transaction."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def done(self, content: Mapping[str, Any], name: str = "") -> Any:
        """The output of a message. Raises RuntimeError where it is refused."""
        from openyibao.service.bench.prepare import ADDRESS

        body = json.dumps(content, ensure_ascii=False).encode()
        clock = time.perf_counter()
        self.connection.request("POST", ADDRESS, body)
        text = self.connection.getresponse().read()
        self.seconds[name or content["infno"]].append(time.perf_counter() - clock)
        reply = json.loads(text, parse_float=Decimal)
        if str(reply["infcode"]) != "0":
            raise RuntimeError(f"{content['infno']}: {reply['err_msg']}")
        return reply["output"]


def _stay(client: _Client, lines: int, upload: int, refunds: int, number: int) -> None:
    from openyibao.service.bench.prepare import KINDS, about_of
    from openyibao.service.sandbox.drive import SUMS
    from openyibao.service.sandbox.ready import message

    about = about_of(number % len(KINDS), "inpatient", lines, f"S{number}")
    visit = {"mdtrt_id": client.done(message("2401", about))["result"]["mdtrt_id"]}
    rows = message("2301", about, **visit)["input"]["feedetail"]
    rows += [_refund(row) for row in rows[:refunds]]
    uploads = [rows[first : first + upload] for first in range(0, len(rows), upload)]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for at, some in enumerate(uploads):
        name = FIRST if at < UPLOADS_SHOWN else LAST if at >= len(uploads) - UPLOADS_SHOWN else "2301"
        again = message("2301", about, **visit) | {"input": {"feedetail": some}}
        for told in client.done(again, name)["result"]:
            for field, of in {**SUMS, "medfee_sumamt": "det_item_fee_sumamt"}.items():
                sums[field] += Decimal(told[of])
    known = visit | {field: float(yuan) for field, yuan in sums.items()}
    for infno in ("2402", "2303"):
        client.done(message(infno, about, **known))
    settled = client.done(message("2304", about, **known))["setlinfo"]
    client.done(message("2305", about, **known, setl_id=settled["setl_id"]))


def _refund(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row that takes a whole line back."""
    taken = {name: -row[name] for name in ("cnt", "det_item_fee_sumamt")}
    return {**row, **taken, "feedetl_sn": f"R{row['feedetl_sn']}", "init_feedetl_sn": row["feedetl_sn"]}


def _print(seconds: Mapping[str, list[float]], about: dict[str, int]) -> None:
    table = Table("transaction", "requests", "median ms", "slowest ms", title="long stays")
    for name, each in sorted(seconds.items()):
        table.add_row(name, f"{len(each):,}", f"{_median(each):.1f}", f"{max(each) * 1000:.1f}")
    console = Console()
    console.print(table)
    uploads = [one for name, each in seconds.items() if name.startswith("2301") for one in each]
    rate = (about["lines"] + about["refunds"]) * about["stays"] / sum(uploads)
    console.print(
        f"{about['stays']} stays of {about['lines']:,} fee lines and {about['refunds']} refunds, {about['upload']} an"
        f" upload, one client: {rate:,.0f} lines a second"
    )
    names = {"upload_first_ms": FIRST, "upload_last_ms": LAST, "try_ms": "2303", "settle_ms": "2304"}
    named = {key: seconds[name] for key, name in (names | {"back_ms": "2305"}).items() if name in seconds}
    figures = {key: round(_median(each), 1) for key, each in named.items()}
    print(json.dumps({"bench": "stays", **about, "lines_per_second": round(rate), **figures}))


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000
