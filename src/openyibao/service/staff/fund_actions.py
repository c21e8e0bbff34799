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
from openyibao.service.ledger.books import ACCOUNTS, Line, NewEntry, post, reverse
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
from openyibao.service.settlements.law import funds_of

MAY, DECIDE = "fund.propose", "fund.decide"
BOOK = {"day": Day(), "document": Text(60), "note": Text(300, optional=True)}
FUND = {"region": Text(12), "scheme": OneOf(("employee", "resident")), "fund": Text(100)}
LEVELS = tuple(chart().levels)
OF_LEVELS = tuple(name for name, way in ways().items() if way.kind in ("proportion", "amount per head"))
AS_AGREED = "in principle"
"""The way by which nothing but what the levels agreed says who bears what."""
MOST_LINES = 50


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


def fund_of(given: Given, name: str = "fund") -> Fund:
    """The fund that a request names. Raises Problem where it is none of the region's."""
    fund = given[name]
    by_law = funds_of(region_of(given["region"]), given["scheme"])
    known = sorted((treasury.known_funds(given["region"]) | by_law) - set(ACCOUNTS))
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


def _check(kind: str, given: Given, decision: Decision, *funds: Fund) -> None:
    """Lock the funds; refuse a document that one of them has booked, and a day on which nothing is booked."""
    treasury.lock(*funds)
    _check_day(given["day"], decision)
    for fund in funds:
        if before := treasury.booked(fund, kind, given["document"]):
            raise Problem("document booked", fund=fund.said, document=given["document"], entry=before)


def _book(kind: str, given: Given, decision: Decision, lines: tuple[Line, ...]) -> int:
    """Post what was checked; the entry's number."""
    return post(NewEntry(kind, decision.at, given["day"], given["document"], lines, memo=given["note"] or ""))


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
    _check("opening", given, decision, fund)
    if treasury.opened(fund):
        raise Problem("fund opened", fund=fund.said)
    return Done({"entry": _book("opening", given, decision, treasury.opening_lines(fund, given["fen"]))})


@action(
    "fund.receive",
    may=MAY,
    decide=DECIDE,
    takes={
        **FUND,
        **BOOK,
        "sources": Listed({"source": OneOf(tuple(chart().sources)), "fen": Whole(1)}, MOST_LINES, optional=True),
        "levels": Listed({"level": OneOf(LEVELS), "fen": Whole(1)}, MOST_LINES, optional=True),
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
    _check("income", given, decision, fund)
    for level, fen in levels.items():
        if fen > (owed := treasury.owed_by(fund, level)):
            raise Problem("level owes less", level=_said(level), fund=fund.said, owed=owed, fen=fen)
    entry = _book("income", given, decision, treasury.received_lines(fund, sources, levels))
    return Done({"entry": entry, "fen": sum(sources.values()) + sum(levels.values())})


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
        "way": OneOf(OF_LEVELS, optional=True),
        "case": Text(50, optional=True),
        "population": Whole(1, optional=True),
        "levels": Listed({"level": OneOf(LEVELS), "fen": Whole(1)}, MOST_LINES, optional=True),
    },
    place=_place,
    subject="fund",
)
def share(given: Given, decision: Decision) -> Done:
    """What levels of government owe a fund of a subsidy: by a way of sharing.toml, or as they agreed."""
    fund = fund_of(given)
    _check("subsidy share", given, decision, fund)
    borne = _borne(given)
    entry = _book("subsidy share", given, decision, treasury.share_lines(fund, borne))
    return Done({"entry": entry, "levels": dict(borne)})


def _borne(given: Given) -> Mapping[str, int]:
    """What each level bears of an amount. Raises Problem("sharing")."""
    fen, agreed = given["fen"], _amounts(given["levels"], "level") or None
    way = ways()[given["way"] or AS_AGREED]
    case, population = given["case"] or "", given["population"] or 0
    try:
        return shares(way, fen, case=case, population=population, agreed=agreed)
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
        "purpose": OneOf(treasury.TRANSFERS),
        "source": OneOf(treasury.RECEIVED),
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
    _check("transfer", given, decision, fund, to)
    lines = treasury.transfer_lines(fund, to, given["fen"], given["purpose"], given["source"])
    entry = _book("transfer", given, decision, lines)
    check_cash([fund])
    return Done({"entry": entry, "fen": given["fen"]})


def _found(given: Given) -> treasury.Found:
    """The entry that a request names. Raises Problem where it is none of a fund's money."""
    found = treasury.find(given["entry"])
    if found is None:
        raise Problem("not known", what=Bilingual(f"资金凭证 {given['entry']}", f"entry {given['entry']} of a fund"))
    return found


@action(
    "fund.correct",
    may=MAY,
    decide=DECIDE,
    takes={"entry": Whole(1), "day": Day(), "document": Text(60), "note": Text(300)},
    place=lambda given: known_body(_found(given).funds[0].region),
    subject="entry",
)
def correct(given: Given, decision: Decision) -> Done:
    """Take such an entry back, once; its document can be booked anew. Cash may fall below what is ordered."""
    found = _found(given)
    treasury.lock(*found.funds)
    _check_day(given["day"], decision)
    if given["day"] < found.day:
        zh, en = f"day：早于凭证的日期 {found.day}", f"day: lies before the entry's own, {found.day}"
        raise Problem("bad request", problems=Bilingual(zh, en))
    if by := treasury.corrected_by(given["entry"]):
        raise Problem("entry corrected", entry=given["entry"], by=by)
    made = reverse(given["entry"], decision.at, given["day"], given["document"], given["note"], "correction")
    for level in found.levels:
        if treasury.owed_by(found.funds[0], level) < 0:
            raise Problem("level has paid", level=_said(level))
    return Done({"entry": made})
