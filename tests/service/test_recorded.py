"""Recorded messages: each request is accepted, and our replies hold all fields that recorded replies hold.

What is built to fit a recorded request: the institution, the divisions, the person, the visit and its fee lines, with
the numbers of the message. Replaced when sent: `setl_id` of 2208, because settlements here are never changed.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from openyibao.service.gateway.spec import transactions
from openyibao.service.institutions.models import Agreement, Institution, Mapping
from openyibao.service.organisation.models import Body, Region
from openyibao.service.people.models import Account, Coverage, Person
from openyibao.service.settlements.models import Visit
from service import recorded
from service.asked import Replies
from service.county import ALWAYS, ITEMS, YEAR, Window

CALL = "/fsi/api/rsfComIfsService/callService"


def test_kinds_of_values_are_told_apart() -> None:
    """The comparison itself finds what is missing, of another kind, or null where nothing recorded is."""
    shape: recorded.Shape = {}
    recorded.note(shape, {"a": 1, "b": None, "c": [{"d": "x"}, {"d": None}], "e": {"f": Decimal("1.5")}})
    assert recorded.lacks(shape, {"a": 2, "b": "new", "c": [{"d": None, "more": 1}], "e": {"f": 0}}) == []
    found = recorded.lacks(shape, {"a": None, "c": [{}], "e": {"f": "1.5"}})
    assert found == [
        "a: recorded number, ours null",
        "b: not in ours",
        "c[].d: not in ours",
        "e.f: recorded number, ours text",
    ]
    assert recorded.lacks(shape, {"a": 1, "b": None, "c": [], "e": {"f": 1}}) == ["c: recorded rows, ours none"]


@recorded.needed
def test_every_recorded_message_is_of_the_list_or_named() -> None:
    known = {*transactions()}
    outside = {recorded.transaction_of(path) for path in recorded.SAMPLES.glob("*.json")} - known
    assert outside - {"3103"} | {"3103"} == recorded.OUT_OF_LIST.keys() and "3103" not in known
    for infno, why in sorted(recorded.OUT_OF_LIST.items()):
        print(f"{infno}: out of the list ({why})")


# -- requests


def place(message: dict[str, Any]) -> tuple[Region, Institution]:
    """The pooling region and the institution of a recorded request."""
    code = message["insuplc_admdvs"] or message["mdtrtarea_admvs"]
    body, _ = Body.objects.get_or_create(
        code=code, defaults={"name_zh": code, "name_en": code, "level": "district", "path": f"/{code}/"}
    )
    about = {"policies": {"resident": "teaching/willow-county-2026"}, "catalogue": "teaching/willow-county-2026"}
    region, _ = Region.objects.get_or_create(body=body, defaults=about)
    name, kind = message["fixmedins_name"], "1"
    one, new = Institution.objects.get_or_create(
        code=message["fixmedins_code"],
        defaults={"body": body, "name": name, "credit_code": message["fixmedins_code"], "kind": kind, "grade": "05"},
    )
    if new:
        Agreement.objects.create(institution=one, number=f"A-{one.code}", state="in force", period=ALWAYS)
        for item in ITEMS:
            about = {"own_code": f"own-{item}", "own_name": item, "item_code": item, "kind": "101"}
            Mapping.objects.create(institution=one, period=ALWAYS, **about)
    return region, one


def insured(region: Region, **about: Any) -> Person:
    person = Person.objects.create(**{"sex": "1", "born": date(1980, 1, 1), **about})
    cover = {"scheme": "resident", "insurance": "390", "kind": "1501", "joined": date(2020, 1, 1), "period": YEAR}
    Coverage.objects.create(person=person, region=region, **cover)
    return person


def visit_to_fit(message: dict[str, Any], certificate: str, batch: str) -> tuple[Window, Person, list[Any]]:
    """A visit with the recorded numbers and nine yuan in scope."""
    region, institution = place(message)
    data = message["input"]["data"]
    person = insured(region, psn_no=data["psn_no"], certificate=certificate, name="测试")
    Account.objects.create(number=f"A{certificate}", region=region, owner=person, balance_fen=500)
    window = Window(institution.code)
    made = window.register(person)
    Visit.objects.filter(mdtrt_id=made).update(mdtrt_id=data["mdtrt_id"])
    lines = window.upload(person, data["mdtrt_id"], {"D-001": "9"}, "2204", batch)
    return window, person, lines


def send(window: Window, message: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(message, ensure_ascii=False, default=float).encode()
    return json.loads(window.client.post(CALL, body, content_type="application/json").content, parse_float=Decimal)


@recorded.needed
def test_recorded_requests_are_accepted(database: str) -> None:
    taken = set()
    for path in recorded.files("request"):
        message = recorded.read(path)
        infno = recorded.transaction_of(path)
        window = Window(message["fixmedins_code"])
        if infno == "1101":
            region, _ = place(message)
            data = message["input"]["data"]
            person = insured(
                region,
                psn_no="P1",
                certificate_type=data["psn_cert_type"],
                certificate=data["certno"],
                name=data["psn_name"],
            )
            reply = send(window, message)
            assert reply["output"]["baseinfo"]["psn_no"] == person.psn_no
        elif infno == "2207":
            window, _, _ = visit_to_fit(message, "C2207", message["input"]["data"]["chrg_bchno"])
            reply = send(window, message)
            info = reply["output"]["setlinfo"]
            assert (info["medfee_sumamt"], info["acct_pay"], info["psn_cash_pay"]) == (9, 5, 4)
        elif infno == "2208":
            window, person, lines = visit_to_fit(message, "C2208", "B1")
            given = window.settle_data(person, message["input"]["data"]["mdtrt_id"], lines, account=True)
            settled = window.done("2207", {"data": given})["setlinfo"]
            message["input"]["data"]["setl_id"] = settled["setl_id"]
            reply = send(window, message)
            info = reply["output"]["setlinfo"]
            assert (info["medfee_sumamt"], info["acct_pay"], info["balc"]) == (-9, -5, 5)
        else:
            place(message)
            reply = send(window, message)
        if infno in recorded.OUT_OF_LIST:
            assert reply["infcode"] == -1 and reply["err_msg"].startswith("Y1002"), reply
            print(f"{path.name}: out of the list, refused: {reply['err_msg']}")
            continue
        assert reply["infcode"] == 0, (path.name, reply["err_msg"])
        taken.add(infno)
    assert taken == {"1101", "2207", "2208", "9001"}


# -- replies


@pytest.fixture
def replies(database: str) -> Replies:
    return Replies.of_a_day()


COMPARED = {
    *("1101", "2201", "2204", "2206", "2207", "2208", "2301", "2302", "2303", "2304", "2305", "2402", "5301", "9001")
}


@recorded.needed
def test_replies_hold_what_recorded_replies_hold(replies: Replies) -> None:
    """Under the same spelling and of the same kind; null only where a recorded one has null."""
    shapes: dict[str, recorded.Shape] = {}
    refused: recorded.Shape = {}
    for path in recorded.files("response"):
        infno, message = recorded.transaction_of(path), recorded.read(path)
        if infno in recorded.OUT_OF_LIST:
            continue
        recorded.note(shapes.setdefault(infno, {}) if str(message["infcode"]) == "0" else refused, message)
    assert shapes.keys() == COMPARED
    wrong = []
    for infno, shape in sorted(shapes.items()):
        found = recorded.lacks(shape, replies.kept[infno])
        print(f"{infno}: {len(shape)} recorded places, {len(found)} wrong")
        wrong += [f"{infno} {one}" for one in found]
    unknown = replies.window.ask("1101", {"data": {"mdtrt_cert_type": "02", "psn_cert_type": "01", "certno": "0"}})
    wrong += [f"refused {one}" for one in recorded.lacks(refused, unknown)]
    assert wrong == []


def test_what_provincial_platforms_add_is_true(replies: Replies) -> None:
    """By name what a try and a reversal tell beyond the national fields; the figures by hand.

    In scope 40,000 + 10 x 10 less 5% + 7 x 25; above the price limit 7 x 15, of which the hospital bears a quarter.
    """
    tried = replies.kept["2303"]["output"]["setlinfo"]
    assert (tried["inscp_scp_amt"], tried["inscp_amt"]) == (Decimal("40270.00"), Decimal("40270.00"))
    assert (tried["hosp_part_amt"], tried["ownpay_hosp_part"]) == (Decimal("26.25"), 0)
    assert tried["psn_pay"] == tried["psn_part_amt"] == tried["acct_pay"] + tried["psn_cash_pay"]
    assert (tried["acct_pay"], tried["cashPayamt"]) == (100, tried["psn_cash_pay"])
    assert (tried["dedc_std"], tried["crt_dedc"]) == (400, 400)
    assert (tried["insu_admdvs"], tried["mdtrt_cert_no"]) == ("999999", replies.person.certificate)
    assert Coverage.objects.get(pk=tried["psn_insu_rlts_id"]).person == replies.person
    back = replies.kept["2305"]["output"]["setlinfo"]
    assert (back["begndate"], back["enddate"], back["setl_type"]) == ("2026-03-02", "2026-03-09", "2")
    assert (back["ownpay_hosp_part"], back["hosp_part_amt"]) == (Decimal("-26.25"), Decimal("-26.25"))
    for name in ("psn_pay", "inscp_amt", "cashPayamt", "crt_dedc", "othfund_pay"):
        assert back[name] == -tried[name]
    assert back["dedc_std"] == tried["dedc_std"]
