"""A person of Willow County treated in Poplar City: catalogue of the one, benefits of the other, both books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from openyibao.service.postgres import Server
from service.county import add_person
from service.racing import ask, fen, one
from service.two_regions import AWAY, HOME, HOSPITAL, Desk, Two, on, two


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two(server, tmp_path_factory.mktemp("regions")) as found:
        yield found


_numbers = iter(range(1, 10_000))


def somebody(both: Two, **more: Any) -> Any:
    with on(both.home.url):
        from openyibao.service.organisation.models import Region

        return add_person(Region.objects.get(body__code=HOME), next(_numbers), **more)


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
    person, desk = somebody(both), Desk(both.away)
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


def _owed(kind: str, owner: str, reference: str) -> int:
    return one(
        "SELECT coalesce(sum(p.fen), 0)::bigint FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = %s AND a.owner = %s AND e.reference = %s",
        kind,
        owner,
        reference,
    )
