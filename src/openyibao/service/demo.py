"""`yibao demo`, its second half: the platform started, two visits over the national interface, a month paid,
and the books.

All of it is real: a PostgreSQL server in a temporary folder, the web server, HTTP, the sandbox's persons.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console

from openyibao.service.run import Platform, Stopped, Web, say, stoppable
from openyibao.service.sandbox.serve import Kept, sandbox

ADDRESS = "/fsi/api/rsfComIfsService/callService"
VISITS = (
    ("cq-category-1", "outpatient", "5. 渝北区社区门诊一次，经国家医保接口结算", "zh"),
    (
        "minimum-living-allowance",
        "inpatient",
        "6. A stay in Willow County, over the national interface: three layers in one stop",
        "en",
    ),
)
SHOWN = ("setl_id", "medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "hifmi_pay", "maf_pay", "acct_pay", "psn_cash_pay")


def run(keep: bool, console: Console, port: int = 0) -> None:
    """Start the platform, settle two visits, print their bills and the trial balance; end, or go on if asked to.

    Raises PostgresError where no PostgreSQL can be had, RunError where the platform can't be started.
    """
    web = Web(port=port)
    os.environ.setdefault("YIBAO_LOG_LEVEL", "WARNING")  # what is shown is the visits
    with stoppable():
        try:
            with sandbox(None, Kept(), web), Platform(web) as platform:
                say(f"OpenYibao runs at {platform.address}/")
                for person, kind, title, lang in VISITS:
                    _visit(platform.port, person, kind, title, lang, console)
                _month(console)
                _trial_balance(console)
                if keep:
                    print(f"OpenYibao goes on at {platform.address}/sandbox/ until Ctrl-C.", flush=True)
                    platform.wait()
        except Stopped:
            say("ended")


def _visit(port: int, name: str, kind: str, title: str, lang: str, console: Console) -> None:
    """One visit of a documented person: every request, then the bill explained from what the platform kept."""
    from openyibao.service.clock import now
    from openyibao.service.institutions.models import Institution
    from openyibao.service.people.models import Coverage
    from openyibao.service.sandbox.data import persons
    from openyibao.service.sandbox.drive import drive
    from openyibao.service.sandbox.ready import About
    from openyibao.service.settlements.bills import bills_of
    from openyibao.service.settlements.models import Settlement
    from openyibao.settlement.bill_text import bill_text
    from openyibao.settlement.bill_view import print_bill

    somebody = next(one for one in persons() if one.id == name)
    coverage = Coverage.objects.select_related("person", "region__body").get(person__name=somebody.name)
    expected = getattr(somebody, kind)
    place = Institution.objects.select_related("body").get(code=expected["institution"])
    console.rule(title, align="left", style="dim")

    def send(message: dict[str, Any]) -> Mapping[str, Any]:
        reply = post(port, message)
        console.print(
            f"  {message['infno']}  infcode {reply['infcode']}  {reply.get('err_msg') or ''}", highlight=False
        )
        return reply

    driven = drive(About(coverage.person, coverage, place, kind, now()), send)
    info = driven.settlement
    console.print(
        "  " + "  ".join(f"{name}={info[name]}" for name in SHOWN if info.get(name) is not None), highlight=False
    )
    console.print()
    for bill in bills_of(Settlement.objects.get(setl_id=info["setl_id"])):
        print_bill(bill, lang, console)
        print(bill_text(bill, lang))


def post(port: int, message: dict[str, Any]) -> Mapping[str, Any]:
    """Send a message to this machine's platform; its reply. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        body = json.dumps(message, ensure_ascii=False).encode()
        connection.request("POST", ADDRESS, body, {"Content-Type": "application/json"})
        reply: Mapping[str, Any] = json.loads(connection.getresponse().read(), parse_float=Decimal)
        return reply
    finally:
        connection.close()


def _month(console: Console) -> None:
    """What Willow County owes up to yesterday, paid: statements, orders of two persons, a bank file and its answer."""
    from django.contrib.auth.models import User
    from django.db import connection

    from openyibao.policy.values import money
    from openyibao.service.clearing.checks import check_clearing
    from openyibao.service.sandbox.month import pay
    from openyibao.service.sandbox.population import COUNTY

    first, second = (User.objects.create(username=name, is_active=False) for name in ("demo-first", "demo-second"))
    paid = pay(COUNTY, first, second)
    console.rule("7. 对账、支付、到账 statements, payment, the bank's answer", align="left", style="dim")
    for one in paid.statements:
        for part in one.parts.order_by("scheme", "fund"):
            print(f"{one.number}  {one.institution.code}  {one.through}  {part.fund}  {money(part.closing_fen)}")
    print(paid.file, paid.told, sep="\n")
    print(f"入账 booked: {paid.result}; 差异 differences: {len(check_clearing())}\n")
    connection.close()


def _trial_balance(console: Console) -> None:
    """The books after all this: what the accounts stand at, debits as much as credits."""
    from django.db import connection

    from openyibao.policy.values import money
    from openyibao.service.ledger.reports import trial_balance, trial_text

    rows = trial_balance()
    connection.close()
    console.rule("8. 试算平衡表 trial balance", align="left", style="dim")
    print(trial_text(rows, "zh"))
    print(f"借方 - 贷方 debit - credit = {money(sum(row.fen for row in rows))}")
