"""A person of Willow County treated in Poplar City: catalogue of the one, benefits of the other, both books."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from openyibao.service.clock import now
from openyibao.service.gateway import sm2
from openyibao.service.ledger.accounts import credit
from openyibao.service.postgres import Server
from service.county import ALWAYS, add_person
from service.racing import ask, fen, one
from service.two_regions import AWAY, HOME, HOSPITAL, Desk, Two, on, same, two


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two(server, tmp_path_factory.mktemp("regions")) as found:
        yield found


_numbers = iter(range(1, 10_000))


def somebody(both: Two, *, account_fen: int = 0, **more: Any) -> Any:
    """A new insured person of Willow County, with an account if there is to be money on it."""
    with on(both.home.url):
        from openyibao.service.organisation.models import Region

        number = next(_numbers)
        empty = 0 if account_fen else None
        person = add_person(Region.objects.get(body__code=HOME), number, account_fen=empty, **more)
        if account_fen:
            credit({f"A{number}": account_fen}, now(), now().date(), f"A{number}", "resident")
        return person


def settled(desk: Desk, person: Any, amounts: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    given = desk.bring(person, amounts or {"D-001": "1000", "D-002": "10"}, **more)
    return desk.done("2207", {"data": given})["setlinfo"]


def test_who_somebody_is_is_asked_where_they_are_insured(both: Two) -> None:
    person, desk = somebody(both, account_fen=5_000, identity="2303"), Desk(both.away)
    told = desk.show(person)
    assert told["baseinfo"]["psn_no"] == person.psn_no and told["baseinfo"]["certno"] == person.certificate
    assert told["insuinfo"][0]["insuplc_admdvs"] == HOME and fen(told["insuinfo"][0]["balc"]) == 5_000
    assert [row["psn_idet_type"] for row in told["idetinfo"]] == ["2303"]


def test_a_visit_is_settled_by_the_catalogue_of_the_one_and_the_benefits_of_the_other(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    desk.show(person)
    given = desk.bring(person, {"D-001": "1000", "D-002": "10"})
    tried = desk.done("2206", {"data": given})["setlinfo"]
    info = desk.done("2207", {"data": given})["setlinfo"]
    assert fen(info["medfee_sumamt"]) == 110_000
    assert fen(info["preselfpay_amt"]) == 3_000  # 30 % of 100 yuan: Poplar City's share, not Willow County's 10 %
    names = ("fund_pay_sumamt", "psn_cash_pay", "inscp_scp_amt", "act_pay_dedc")
    assert {name: tried[name] for name in names} == {name: info[name] for name in names}
    with on(both.home.url):
        rows = ask("SELECT setl_id, funds_fen, cash_fen, pre_self_paid_fen FROM settlements_settlement ORDER BY id")
        setl_id, funds, cash, ahead = rows[-1]
        locality = one("SELECT claim->0->'facts'->>'locality' FROM settlements_settlement WHERE setl_id = %s", setl_id)
        owed = _owed("payable to region", AWAY, setl_id)
    assert (funds, cash, ahead) == (fen(info["fund_pay_sumamt"]), fen(info["psn_cash_pay"]), 3_000)
    assert funds > 0 and owed == -funds and locality == "unfiled"
    with on(both.away.url):
        assert _owed("receivable from region", HOME, info["setl_id"]) == funds
        assert _owed("payable to institution", HOSPITAL, info["setl_id"]) == -funds


def test_a_settlement_is_taken_back_on_both_sides(both: Two) -> None:
    person, desk = somebody(both, identity="2303", account_fen=30_000), Desk(both.away)
    info = settled(desk, person, account=True)
    assert fen(info["acct_pay"]) == 30_000 and balance(both, person) == 0
    node = {name: info[name] for name in ("psn_no", "mdtrt_id", "setl_id")}
    back = desk.done("2208", {"data": node})["setlinfo"]
    assert fen(back["fund_pay_sumamt"]) == -fen(info["fund_pay_sumamt"]) and back["setl_id"] != info["setl_id"]
    assert balance(both, person) == 30_000 and uses(both, person) == []
    desk.refused("2208", {"data": node}, "Y6002")
    same(both)


def test_a_message_again_gets_the_same_reply(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    given, msgid = {"data": desk.bring(person, {"D-001": "500", "D-002": "10"})}, desk.msgid()
    first = desk.raw("2207", given, msgid)
    assert desk.raw("2207", given, msgid) == first
    desk.refused("2207", {"data": {**given["data"], "acct_used_flag": "1"}}, "Y1004", msgid)
    same(both)


def test_what_was_settled_elsewhere_is_undone_by_2601(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    given, msgid = {"data": desk.bring(person, {"D-001": "500", "D-002": "10"})}, desk.msgid()
    desk.done("2207", given, msgid)
    undo, undoing = {"data": {"psn_no": person.psn_no, "omsgid": msgid, "oinfno": "2207"}}, desk.msgid()
    desk.done("2601", undo, undoing)
    desk.done("2601", undo, undoing)
    desk.refused("2601", undo, "Y6007")
    status = desk.done("Y601", {"data": {"omsgid": msgid, "oinfno": "2207"}})["data"]
    assert status["state"] == "undone" and uses(both, person) == []
    same(both)


def test_a_refusal_is_that_of_the_place_that_insures(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    given, msgid = desk.bring(person, {"D-001": "500", "D-002": "10"}), desk.msgid()
    with on(both.home.url):
        from openyibao.service.people.models import Coverage

        mine = Coverage.objects.filter(person=person)
        period = mine.get().period
        mine.update(period=type(period)(period.lower, date(2026, 2, 1)))
    desk.refused("2207", {"data": given}, "Y3002", msgid)
    with on(both.home.url):
        mine.update(period=period)
    assert desk.done("2207", {"data": given}, msgid)["setlinfo"]["setl_id"]
    same(both)


def test_a_lost_request_did_not_happen_and_can_be_sent_again(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    given, msgid = {"data": desk.bring(person, {"D-001": "500", "D-002": "10"})}, desk.msgid()
    both.there.fate = lambda number, body: "request" if b"/settle " in body[:40] else ""
    desk.refused("2207", given, "Y5101", msgid)
    visit = {"mdtrt_id": given["data"]["mdtrt_id"], "psn_no": person.psn_no}
    desk.refused("2205", {"data": {**visit, "chrg_bchno": "0000"}}, "Y5101")  # frozen until it is known
    both.heal()
    assert desk.done("Y601", {"data": {"omsgid": msgid, "oinfno": "2207"}})["data"]["state"] == "unknown"
    first = desk.raw("2207", given, msgid)
    assert desk.raw("2207", given, msgid) == first and json.loads(first)["infcode"] == 0
    same(both)


def test_a_lost_reply_is_had_by_asking_again(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    given, msgid = {"data": desk.bring(person, {"D-001": "500", "D-002": "10"})}, desk.msgid()
    both.there.fate = lambda number, body: "reply"
    desk.refused("2207", given, "Y5101", msgid)
    assert desk.done("Y601", {"data": {"omsgid": msgid, "oinfno": "2207"}})["data"]["state"] == "pending"
    desk.refused("2601", {"data": {"psn_no": person.psn_no, "omsgid": msgid, "oinfno": "2207"}}, "Y5101")
    both.heal()
    assert desk.done("2207", given, msgid)["setlinfo"]["fund_pay_sumamt"] > 0
    same(both)


def test_a_stay_is_settled_elsewhere(both: Two) -> None:
    person, desk = somebody(both), Desk(both.away)
    stay = desk.admit(person)
    lines = desk.upload(person, stay, {"D-001": "20000", "D-002": "10"}, "2301", batch="")
    desk.discharge(person, stay)
    given = desk.settle_data(person, stay, lines)
    tried = desk.done("2303", {"data": given})["setlinfo"]
    info = desk.done("2304", {"data": given})["setlinfo"]
    assert info["fund_pay_sumamt"] == tried["fund_pay_sumamt"] and fen(info["hifp_pay"]) > 0
    node = {name: info[name] for name in ("psn_no", "mdtrt_id", "setl_id")}
    desk.done("2305", {"data": node})
    again = desk.done("2304", {"data": given})["setlinfo"]
    assert again["fund_pay_sumamt"] == info["fund_pay_sumamt"]
    same(both)


def test_a_stay_is_settled_elsewhere_in_parts(both: Two) -> None:
    """Where the person is insured, the parts are known as the beginning and the end of one stay."""
    person, desk = somebody(both), Desk(both.away)
    stay, infos = desk.admit(person), []
    for flag, amount in (("1", "20000"), ("0", "5000")):
        lines = desk.upload(person, stay, {"D-001": amount}, "2301", batch="")
        if flag == "0":
            desk.discharge(person, stay)
        given = {**desk.settle_data(person, stay, lines), "mid_setl_flag": flag}
        infos.append(desk.done("2304", {"data": given})["setlinfo"])
    assert all(fen(info["hifp_pay"]) > 0 for info in infos)
    with on(both.home.url):
        names = ("stay", "first_of_stay", "last_of_stay")
        fields = ", ".join(f"claim->0->>'{name}'" for name in names)
        last, first = ask(f"SELECT {fields} FROM settlements_settlement ORDER BY id DESC LIMIT 2")
    assert first[0] == last[0] and (first[1:], last[1:]) == (("true", "false"), ("false", "true"))
    same(both)


def test_the_hospital_bears_what_its_own_agreement_says(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    info = settled(desk, person, {"D-001": "100", "S-001": "10"})  # 40 yuan a day, the limit is 25
    assert fen(info["overlmt_selfpay"]) == 15_000 and fen(info["hosp_part_amt"]) == 7_500
    same(both)


def test_whether_care_was_filed_is_known_where_the_person_is_insured(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    with on(both.home.url):
        from openyibao.service.people.models import Filing

        Filing.objects.create(number=f"F{person.pk}", kind="referral", person=person, period=ALWAYS)
    settled(desk, person)
    with on(both.home.url):
        facts = one("SELECT claim->0->'facts' FROM settlements_settlement ORDER BY id DESC LIMIT 1")
    assert facts["locality"] == "referred"


def test_the_hospital_reconciles_what_was_settled_elsewhere(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    settled(desk, person)
    day = {"stmt_begndate": "2026-01-01", "stmt_enddate": now().date().isoformat()}
    with on(both.away.url):
        sums = ask(
            "SELECT sum(total_fen), sum(funds_fen), sum(account_fen), sum(cash_fen), count(*)"
            " FROM settlements_settlement s JOIN settlements_visit v ON v.id = s.visit_id"
            " WHERE v.kind = 'outpatient' AND s.reverses_id IS NULL"
            " AND NOT EXISTS (SELECT FROM settlements_settlement b WHERE b.reverses_id = s.id)"
        )[0]
    names = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "cash_payamt")
    amounts = {name: str(Decimal(int(fen)) / 100) for name, fen in zip(names, sums, strict=False)}
    node = {"insutype": "390", "clr_type": "11", "setl_optins": HOME, **day, **amounts, "fixmedins_setl_cnt": sums[4]}
    assert desk.done("3201", {"data": node})["stmtinfo"]["stmt_rslt"] == "0"


def test_the_visit_can_be_queried_where_it_is(both: Two) -> None:
    person, desk = somebody(both, identity="2303"), Desk(both.away)
    desk.show(person)
    info = settled(desk, person)
    which = {"psn_no": person.psn_no, "mdtrt_id": info["mdtrt_id"]}
    span = {"begntime": "2026-01-01 00:00:00", "endtime": "2026-12-31 00:00:00"}
    found = desk.done("5201", {"data": {"psn_no": person.psn_no, "med_type": "11", **span}})["mdtrtinfo"]
    assert [row["psn_cert_type"] for row in found] == ["01"]
    told = desk.done("5203", {"data": {**which, "setl_id": info["setl_id"]}})["setlinfo"]
    assert told["fund_pay_sumamt"] == info["fund_pay_sumamt"] and told["insutype"] == "390"
    fees = desk.done("5204", {"data": {**which, "setl_id": info["setl_id"]}})
    assert len(fees if isinstance(fees, list) else next(iter(fees.values()))) == 2


def test_what_only_the_insurer_can_do_is_refused(both: Two) -> None:
    person, desk = somebody(both), Desk(both.away)
    about = {"psn_no": person.psn_no, "begntime": "2026-03-02 08:00:00", "insutype": "390", "med_type": "11"}
    desk.refused("2001", {"data": {**about, "fixmedins_code": HOSPITAL}}, "Y5105")


def test_a_stranger_is_told_nothing(both: Two) -> None:
    with on(both.away.url):
        from openyibao.service.portability.models import Peer
        from openyibao.service.portability.wire import NoAnswer
        from openyibao.service.portability.wire import ask as ask_peer

        peer = Peer.objects.get(division=HOME)
        with pytest.raises(NoAnswer, match="401"), key(both, other=True):
            ask_peer(peer, "outcome", {"number": "x"}, own=AWAY)
        with key(both):
            assert ask_peer(peer, "outcome", {"number": "x"}, own=AWAY) == {"state": "void"}
        kept: list[bytes] = []
        both.there.fate = lambda number, body: kept.append(body) or ""
        with key(both):
            ask_peer(peer, "outcome", {"number": "x"}, own=AWAY)
    both.heal()
    for altered in (kept[0], kept[0].replace(b'"number":"x"', b'"number":"y"')):
        with socket.create_connection(both.there.target) as line:
            line.sendall(altered)
            assert b" 401 " in line.recv(4096)


def test_both_sides_can_be_replayed(both: Two) -> None:
    """Where the person is insured all bills come out again; where they were treated their settlements are counted."""
    from openyibao.service.replay.periods import Period
    from openyibao.service.replay.work import replay

    settled(Desk(both.away), somebody(both, identity="2303"))
    with on(both.home.url):
        there = replay(Period(None, None), processes=0)
    with on(both.away.url):
        here = replay(Period(None, None), processes=0)
    assert there.right and here.right
    assert (here.elsewhere, here.tally.settlements) == (there.tally.settlements, 0) and here.elsewhere > 0


@contextmanager
def key(both: Two, other: bool = False) -> Iterator[None]:
    """This process signs as Poplar City, or with a key that nobody knows."""
    from django.conf import settings

    private, before = sm2.new_private() if other else both.away.private, settings.REGION_KEY
    settings.REGION_KEY = f"away-1:{private.hex()}"
    yield
    settings.REGION_KEY = before


def balance(both: Two, person: Any) -> int:
    with on(both.home.url):
        return one("SELECT balance_fen FROM people_account WHERE owner_id = %s", person.pk)


def uses(both: Two, person: Any) -> list[Any]:
    with on(both.home.url):
        sql = (
            "SELECT u.* FROM settlements_use u JOIN settlements_history h ON h.id = u.history_id WHERE h.person_id = %s"
        )
        return ask(sql, person.pk)


def _owed(kind: str, owner: str, reference: str) -> int:
    return one(
        "SELECT coalesce(sum(p.fen), 0)::bigint FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = %s AND a.owner = %s AND e.reference = %s",
        kind,
        owner,
        reference,
    )
