"""Booking a fund's money, two persons each: its opening balance, what came in, what governments owe, what goes to
another fund; and taking such an entry back. The books themselves are the ledger's.

Every entry has the day and the document that it is booked by. A fund books a document of a kind once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import connection

from openyibao.policy.model import Bilingual
from openyibao.service.clearing.cash import check_cash
from openyibao.service.ledger import treasury
from openyibao.service.ledger.books import ACCOUNTS, Line, NewEntry, post
from openyibao.service.ledger.chart import chart
from openyibao.service.ledger.months import last_closed, month_end
from openyibao.service.ledger.sharing import SharingError, shares, ways
from openyibao.service.ledger.treasury import Fund
from openyibao.service.organisation.fields import Day, Given, Listed, OneOf, Text, Whole
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.organisation.roles import known_body
from openyibao.service.people.coverage import region_of

MAY, DECIDE = "fund.propose", "fund.decide"
BOOK = {"day": Day(), "document": Text(60), "note": Text(300, optional=True)}
FUND = {"region": Text(12), "scheme": OneOf(("employee", "resident")), "fund": Text(100)}
LEVELS = tuple(chart().levels)


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


def fund_of(given: Given, name: str = "fund") -> Fund:
    """The fund that a request names. Raises Problem where it is none of the region's."""
    fund = given[name]
    known = sorted(treasury.known_funds(given["region"]) - set(ACCOUNTS))
    if fund not in known:
        there = Bilingual(f"基金 {fund}（应为 {'、'.join(known)}）", f"fund {fund} (expected {', '.join(known)})")
        raise Problem("not known", what=there)
    return Fund(given["region"], given["scheme"], fund)


def _amounts(rows: list[Given] | None, name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows or ():
        found[row[name]] = found.get(row[name], 0) + row["fen"]
    return found


def _check_day(day: date, decision: Decision) -> None:
    """Refuse a day to come, and one of a closed month. Raises Problem."""
    if day > decision.at.date():
        raise Problem("bad request", problems=Bilingual("day：不能晚于今天", "day: lies in the future"))
    with connection.cursor() as cursor:
        last = last_closed(cursor)
    if last is not None and day <= month_end(last):
        raise Problem("month closed", month=f"{day:%Y-%m}", day=day)


def _book(kind: str, given: Given, decision: Decision, lines: tuple[Line, ...], *funds: Fund) -> Done:
    """Post an entry by its document. Raises Problem for a document that was booked, or a day to come."""
    treasury.lock(*funds)
    document = given["document"]
    _check_day(given["day"], decision)
    for fund in funds:
        if before := treasury.booked(fund, kind, document):
            raise Problem("document booked", fund=fund.said, document=document, entry=before)
    entry = NewEntry(kind, decision.at, given["day"], document, lines, memo=given["note"] or "")
    return Done({"entry": post(entry), "fen": sum(fen for _, fen in lines if fen > 0)})


@action(
    "fund.open",
    may=MAY,
    decide=DECIDE,
    takes={**FUND, **BOOK, "fen": Whole(1)},
    place=_place,
    subject="fund",
)
def open_fund(given: Given, decision: Decision) -> Done:
    """The cash that a fund has when its books begin; once."""
    fund = fund_of(given)
    treasury.lock(fund)
    if treasury.opened(fund):
        raise Problem("fund opened", fund=fund.said)
    return _book("opening", given, decision, treasury.opening_lines(fund, given["fen"]), fund)


@action(
    "fund.receive",
    may=MAY,
    decide=DECIDE,
    takes={
        **FUND,
        **BOOK,
        "sources": Listed({"source": OneOf(tuple(chart().sources)), "fen": Whole(1)}, optional=True),
        "levels": Listed({"level": OneOf(LEVELS), "fen": Whole(1)}, optional=True),
    },
    place=_place,
    subject="fund",
)
def receive(given: Given, decision: Decision) -> Done:
    """Money that came in: income by source, and what levels of government paid of what they owed."""
    fund = fund_of(given)
    sources, levels = _amounts(given["sources"], "source"), _amounts(given["levels"], "level")
    if not sources and not levels:
        raise Problem("bad request", problems=Bilingual("应有 sources 或 levels", "expected sources or levels"))
    treasury.lock(fund)
    for level, fen in levels.items():
        if fen > (owed := treasury.owed_by(fund, level)):
            raise Problem("level owes less", level=_said(level), fund=fund.said, owed=owed, fen=fen)
    return _book("income", given, decision, treasury.received_lines(fund, sources, levels), fund)


def _said(level: str) -> Bilingual:
    return Bilingual(chart().say(level, "zh"), chart().say(level, "en"))


@action(
    "fund.share",
    may=MAY,
    decide=DECIDE,
    takes={
        **FUND,
        **BOOK,
        "fen": Whole(1),
        "way": OneOf(tuple(ways()), optional=True),
        "case": Text(50, optional=True),
        "population": Whole(1, optional=True),
        "levels": Listed({"level": OneOf(LEVELS), "fen": Whole(1)}, optional=True),
    },
    place=_place,
    subject="fund",
)
def share(given: Given, decision: Decision) -> Done:
    """What levels of government owe a fund of a subsidy: by a way of sharing.toml, or as they agreed."""
    fund = fund_of(given)
    borne = _borne(given)
    done = _book("subsidy share", given, decision, treasury.share_lines(fund, borne), fund)
    return Done({**done.result, "levels": dict(borne)})


def _borne(given: Given) -> Mapping[str, int]:
    """What each level bears of an amount."""
    agreed = _amounts(given["levels"], "level") or None
    way = ways()[given["way"] or "in principle"]
    try:
        return shares(way, given["fen"], case=given["case"] or "", population=given["population"] or 0, agreed=agreed)
    except SharingError as error:
        raise Problem("sharing", why=error.said) from None


@action(
    "fund.transfer",
    may=MAY,
    decide=DECIDE,
    takes={
        **FUND,
        **BOOK,
        "fen": Whole(1),
        "to_scheme": OneOf(("employee", "resident"), optional=True),
        "to_fund": Text(100),
        "purpose": OneOf(tuple(chart().purposes)),
        "source": OneOf(tuple(chart().sources)),
    },
    place=_place,
    subject="fund",
)
def transfer(given: Given, decision: Decision) -> Done:
    """What one fund pays into another of the region: expenditure of the one, income of the other."""
    fund = fund_of(given)
    to = fund_of({**given, "scheme": given["to_scheme"] or given["scheme"]}, "to_fund")
    if to == fund:
        raise Problem("bad request", problems=Bilingual("to_fund：应为另一基金", "to_fund: expected another fund"))
    lines = treasury.transfer_lines(fund, to, given["fen"], given["purpose"], given["source"])
    done = _book("transfer", given, decision, lines, fund, to)
    check_cash([fund])
    return Done({**done.result, "fen": given["fen"]})


def _place_of_entry(given: Given) -> Body:
    region = treasury.region_of_entry(given["entry"])
    if region is None:
        raise Problem("not known", what=Bilingual(f"资金凭证 {given['entry']}", f"entry {given['entry']} of a fund"))
    return known_body(region)


@action(
    "fund.correct",
    may=MAY,
    decide=DECIDE,
    takes={"entry": Whole(1), "day": Day(), "document": Text(60), "note": Text(300)},
    place=_place_of_entry,
    subject="entry",
)
def correct(given: Given, decision: Decision) -> Done:
    """Take such an entry back, once; its document can be booked anew. Cash may fall below what is ordered."""
    _check_day(given["day"], decision)
    if by := treasury.corrected_by(given["entry"]):
        raise Problem("entry corrected", entry=given["entry"], by=by)
    made = treasury.correct(given["entry"], decision.at, given["day"], given["document"], given["note"])
    return Done({"entry": made})
