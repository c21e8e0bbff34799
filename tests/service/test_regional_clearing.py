"""A month between two regions: stated row by row, compared, set off, paid by two persons, booked on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User

from openyibao.service.clock import today
from openyibao.service.ledger.months import month_end
from openyibao.service.organisation.models import Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.postgres import Server
from service.county import add_person
from service.racing import one
from service.test_out_of_area import key, settled
from service.two_regions import AWAY, HOME, Desk, Two, on, same, two


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two(server, tmp_path_factory.mktemp("clearing")) as found:
        yield found


def test_the_same_rows_differ_in_nothing_and_every_change_is_named() -> None:
    from openyibao.service.portability.clearing import compare, totals_of

    mine = {"a": {"resident pooled fund": 5}, "b": {}, "c": {"resident pooled fund": -5}}
    assert compare(mine, mine) == [] and totals_of(mine) == {"resident pooled fund": 0}
    swapped = {"a": mine["c"], "b": {}, "c": mine["a"]}
    assert [one["what"] for one in compare(mine, swapped)] == ["amounts", "amounts"]
    assert [one["what"] for one in compare(mine, {"a": mine["a"], "d": {}})] == [
        "missing there",
        "missing there",
        "missing here",
    ]


def proposed_and_decided(number: int, name: str, given: dict[str, Any]) -> Any:
    """By two persons, of whom the one cannot decide alone."""
    from openyibao.service.organisation.proposals import decide, propose
    from openyibao.service.portability import clearing_actions  # noqa: F401  (registers its actions)

    one_user, other = (User.objects.get_or_create(username=f"{who}{number}")[0] for who in ("one", "other"))
    proposal = propose(one_user, name, given)
    with pytest.raises(Problem):
        decide(one_user, proposal.pk, accept=True)
    return decide(other, proposal.pk, accept=True)[0].result


def test_a_month_is_cleared_both_ways(both: Two) -> None:
    desk, month = Desk(both.away), today().replace(day=1)
    with on(both.home.url):
        region = Region.objects.get(body__code=HOME)
        people = [add_person(region, 100 + number, identity="2303") for number in range(3)]
    for person in people:
        desk.show(person)
    infos = [settled(desk, person) for person in people]
    back = {name: infos[0][name] for name in ("psn_no", "mdtrt_id", "setl_id")}
    desk.done("2208", {"data": back})
    same(both)
    given, after = {"region": AWAY, "peer": HOME, "month": month.isoformat()}, month_end(month)
    from openyibao.service.portability import clearing
    from openyibao.service.portability.models import Clearing, Peer

    with on(both.away.url), key(both):
        peer, own = Peer.objects.get(), Region.objects.get(body__code=AWAY)
        with pytest.raises(Problem, match="S7101"):
            clearing.issue(peer, own, month, after)
        stated = clearing.issue(peer, own, month, date(after.year + 1, 1, 1))
        expected = sum(int(info["fund_pay_sumamt"] * 100) for info in infos[1:])
        assert (stated.rows, stated.fen) == (4, expected) and expected > 0
        wait(both.away.url, "owed", "agreed")
    with on(both.home.url):
        compared = Clearing.objects.get(side="owes")
        assert (compared.state, compared.fen, compared.digest) == ("agreed", expected, stated.digest)
        with pytest.raises(Problem, match="S7104"):  # not before what Poplar City owes is known, too
            clearing.pay(Peer.objects.get(), Region.objects.get(body__code=HOME), month, after)
        clearing.issue(Peer.objects.get(), Region.objects.get(body__code=HOME), month, date(after.year + 1, 1, 1))
        wait(both.home.url, "owed", "agreed")
        pay = {"region": HOME, "peer": AWAY, "month": month.isoformat()}
        result = proposed_and_decided(1, "regional.pay", pay)
        assert (result["fen"], result["transfer_fen"]) == (expected, expected)
        assert balance("payable to region") == 0 and balance("fund cash") == -expected
    with on(both.away.url):
        wait(both.away.url, "owed", "received")
        assert balance("receivable from region") == 0 and balance("fund cash") == expected
        again = proposed_and_decided(2, "regional.pay", given)
        assert again["transfer_fen"] == 0 and again["entry"] is None
    from openyibao.service.ledger.checks import check_books

    for site in (both.home, both.away):
        with on(site.url):
            assert check_books() == []


def balance(kind: str) -> int:
    sql = "SELECT coalesce(sum(p.fen), 0)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
    return one(f"{sql} WHERE a.kind = %s", kind)


def wait(url: str, side: str, state: str) -> None:
    import time

    end = time.monotonic() + 30
    while time.monotonic() < end:
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT state FROM portability_clearing WHERE side = %s", [side]).fetchone()
        if found == (state,):
            return
        time.sleep(0.1)
    raise AssertionError(f"{side}: {found}, not {state}")


MOVE = "UPDATE ledger_posting SET fen = fen + %s WHERE (entry_id, line) = (%s, %s)"
TAMPER = {
    "the insurer's books": ("home", "payable to region"),
    "the books of the place of care": ("away", "receivable from region"),
}


@pytest.mark.parametrize("where", TAMPER)
def test_a_changed_posting_is_found(both: Two, where: str) -> None:
    """A fen moved between two settlements: every sum stays, two rows differ."""
    from openyibao.service.portability import clearing
    from openyibao.service.portability.models import Peer

    desk, (name, kind) = Desk(both.away), TAMPER[where]
    site = both.home if name == "home" else both.away
    with on(both.home.url):
        person = add_person(Region.objects.get(body__code=HOME), 200 + list(TAMPER).index(where), identity="2303")
    desk.show(person)
    settled(desk, person), settled(desk, person)
    with psycopg.connect(site.url) as connection:
        connection.execute("SET session_replication_role = replica")  # as whoever owns the database could
        changed = connection.execute(
            "SELECT p.entry_id, p.line FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.kind = %s ORDER BY p.entry_id DESC LIMIT 2",
            [kind],
        ).fetchall()
        for (entry, line), fen in zip(changed, (1, -1), strict=True):
            connection.execute(
                "UPDATE ledger_posting SET fen = fen + %s WHERE (entry_id, line) = (%s, %s)", [fen, entry, line]
            )
    with on(both.away.url), key(both):
        peer, own = Peer.objects.get(), Region.objects.get(body__code=AWAY)
        month, later = today().replace(day=1), date(today().year + 1, 1, 31)
        mine = clearing.booked("owed", peer, own, month)
        if name == "away":
            assert len(clearing.compare(mine, clearing.told("owed", peer, own, month))) == 2
            with pytest.raises(Problem, match=r"S7103|S7104"):
                clearing.issue(peer, own, month, later)
        from openyibao.service.portability.wire import ask, digest_of

        said = ask(peer, "statement", {"month": month.isoformat(), "rows": mine, "digest": digest_of(mine)}, own=AWAY)
        kinds = {row["what"] for row in said["differences"]}
        assert len(said["differences"]) == (4 if name == "home" else 2)
        assert kinds == ({"amounts", "books"} if name == "home" else {"amounts"})
    with psycopg.connect(site.url) as connection:
        connection.execute("SET session_replication_role = replica")
        for (entry, line), fen in zip(changed, (-1, 1), strict=True):
            connection.execute(
                "UPDATE ledger_posting SET fen = fen + %s WHERE (entry_id, line) = (%s, %s)", [fen, entry, line]
            )
