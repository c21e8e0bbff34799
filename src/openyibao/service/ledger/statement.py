"""`yibao fund-statement`: what the funds of a pooling region took in, spent, owed and paid, for a terminal.

Exit code 0, or 2 where it can't be said (no database, no such region or fund, days that are none).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

from openyibao.service import named
from openyibao.service.run import RunError


@dataclass(frozen=True, slots=True)
class Asked:
    """A region's code; its funds of these names only, where there are any; the first and last day; how it is said."""

    region: str
    scheme: str
    fund: str
    start: date
    end: date
    unit: str
    lang: str


def period(year: int, start: str, end: str) -> tuple[date, date]:
    """The days that the options name. Raises RunError."""
    if year and (start or end):
        raise RunError("--year excludes --from and --to / --year 与 --from、--to 只能选一种")
    if not year and not (start and end):
        raise RunError("name the time: --year, or --from and --to / 请指明期间：--year，或 --from 与 --to")
    days = (date(year, 1, 1), date(year, 12, 31)) if year else (named.day("--from", start), named.day("--to", end))
    if days[1] < days[0]:
        raise RunError(f"--to {end} lies before --from {start} / --to 早于 --from")
    if days[0] == date.min:
        raise RunError("the time begins with the first of all days; begin it later / 期间始于最早的一日，请推后")
    return days


def run(asked: Asked) -> None:
    """Print the statements of DATABASE_URL, one for each fund; the last line is JSON, in fen. Raises RunError."""
    named.platform()
    from openyibao.service.ledger.paid import fund_paid, paid_rows
    from openyibao.service.ledger.reports import fund_statement, statement_text

    found = []
    for scheme, fund in _funds(asked):
        about = (asked.region, scheme, fund, asked.start, asked.end)
        shown, paid = fund_statement(*about), fund_paid(*about)
        print(statement_text(shown, asked.lang, asked.unit, paid_rows(paid, asked.lang, asked.unit)), end="\n\n")
        found.append(asdict(shown) | {"owed": asdict(paid)})
    print(json.dumps({"fund_statement": found}, ensure_ascii=False, default=str))


def _funds(asked: Asked) -> list[tuple[str, str]]:
    """The funds of the region that have books, by scheme; a name may be the Chinese one of the chart."""
    from openyibao.service.ledger.chart import chart
    from openyibao.service.ledger.models import Account

    kept = Account.objects.filter(region=asked.region, kind__startswith="fund ").exclude(fund="")
    there = sorted(kept.values_list("scheme", "fund").distinct())
    if not there:
        regions = ", ".join(Account.objects.order_by("region").values_list("region", flat=True).distinct()) or "-"
        raise RunError(
            f"no fund of region {asked.region} has books; regions with books: {regions}"
            f" / 统筹区 {asked.region} 没有基金账；有账的统筹区：{regions}"
        )
    wanted = [
        (scheme, fund)
        for scheme, fund in there
        if asked.scheme in ("", scheme) and asked.fund in ("", fund, chart().say(fund, "zh"))
    ]
    if not wanted:
        names = ", ".join(f"{scheme} {fund} ({chart().say(fund, 'zh')})" for scheme, fund in there)
        raise RunError(f"no such fund in region {asked.region}; there are: {names} / 没有这个基金；已有：{names}")
    return wanted
