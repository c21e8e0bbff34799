"""What a reader with fresh eyes found: each test failed before the fault that it names was mended."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.gateway.calls import HANDLERS, Answer
from openyibao.service.institutions.models import Agreement, Institution
from openyibao.service.people.models import Account, Coverage
from openyibao.service.settlements.models import Settlement, Visit
from service.county import HOSPITAL, PHARMACY, Window, add_person, build
from service.desks import Place
from service.offices import NOW, bill
from service.racing import LAW, back, ready, undoing


@pytest.fixture
def county(database: str) -> Any:
    return build()


def stay(desk: Window, person: Any, amounts: dict[str, str]) -> tuple[str, list[Any], dict[str, Any]]:
    """A discharged stay: its number, its lines, and the input of 2304."""
    visit = desk.admit(person)
    lines = desk.upload(person, visit, amounts, "2301")
    desk.discharge(person, visit)
    return visit, lines, {"data": desk.settle_data(person, visit, lines)}


def described(visit: str, person: Any, begun: str) -> dict[str, Any]:
    """The input of 2203."""
    about = {"mdtrt_id": visit, "psn_no": person.psn_no, "med_type": "11", "begntime": begun}
    diagnosis = {
        "diag_type": "1",
        "diag_srt_no": 1,
        "diag_code": "I10",
        "diag_name": "诊断",
        "diag_dept": "1",
        "dise_dor_no": "1",
        "dise_dor_name": "医",
        "diag_time": begun,
        "vali_flag": "1",
    }
    return {"mdtrtinfo": about, "diseinfo": [diagnosis]}


def test_lines_that_split_differently_now_are_not_settled(county: Any) -> None:
    """The total of a line is count times price whatever the facts; its parts are not."""
    desk, person = Window(), add_person(county)
    _, _, given = stay(desk, person, {"S-001": "10"})
    Institution.objects.filter(code=HOSPITAL).update(grade="01")  # the price limit of a bed falls from 25 to 20
    desk.refused("2304", given, "Y5002")
    assert not Settlement.objects.exists()


def test_lines_of_which_one_refund_was_cancelled_are_not_settled(county: Any) -> None:
    """5 % of 30 fen is 2 fen first, of 25 and of 15 fen 1: without the first refund, of 20 fen it is 1, not 2."""
    desk, person = Window(), add_person(county)
    visit = desk.admit(person)
    first = desk.line(person, visit, "D-002", "", count="6", price="0.05")
    refunds = [
        desk.line(person, visit, "D-002", "", count=times, price="0.05", init_feedetl_sn=first["feedetl_sn"])
        for times in ("-1", "-2")
    ]
    told = desk.done("2301", {"feedetail": [first, *refunds]})["result"]
    assert [line["preselfpay_amt"] for line in told] == [Decimal("0.02"), Decimal("-0.01"), 0]
    row = {"mdtrt_id": visit, "psn_no": person.psn_no, "feedetl_sn": refunds[0]["feedetl_sn"]}
    desk.done("2302", {"data": [row]})
    desk.discharge(person, visit)
    desk.refused("2304", {"data": desk.settle_data(person, visit, [told[0], told[2]])}, "Y5002")


def test_a_visit_is_not_moved_to_a_day_without_coverage(county: Any) -> None:
    desk, person = Window(), add_person(county)  # covered in 2026
    visit = desk.register(person)
    desk.refused("2203", described(visit, person, "2025-12-31 08:00:00"), "Y3002")


def test_a_visit_does_not_begin_after_its_lines(county: Any) -> None:
    desk, person = Window(), add_person(county)
    visit = desk.register(person)
    desk.upload(person, visit, {"D-001": "1"}, "2204")  # charged on 2 March
    desk.refused("2203", described(visit, person, "2026-03-05 08:00:00"), "Y4005")


@pytest.mark.parametrize("kind", ["outpatient", "inpatient"])
def test_a_visit_that_is_moved_has_the_coverage_of_its_day(county: Any, kind: str) -> None:
    desk, person = Window(), add_person(county)
    old = Coverage.objects.get(person=person)
    old.pk, old.period, old.kind = None, DateRange(date(2025, 1, 1), date(2026, 1, 1)), "1502"
    old.save()
    if kind == "outpatient":
        visit = desk.register(person)
        desk.done("2203", described(visit, person, "2025-12-31 08:00:00"))
    else:
        visit = desk.admit(person)
        about = {"mdtrt_id": visit, "psn_no": person.psn_no, "begntime": "2025-12-31 08:00:00", "med_type": "21"}
        desk.done("2403", {"adminfo": about})
    assert Visit.objects.get(mdtrt_id=visit).coverage == old


def test_undoing_a_reversal_takes_from_the_same_accounts(county: Any) -> None:
    desk, one, other = Window(), add_person(county, 1, family_fen=1_000), add_person(county, 2, family_fen=1_000)
    second = Account.objects.get(owner=other)
    second.members.add(one)
    given = ready(desk, one, 10, account=True)
    settled = desk.done("2207", given)
    msgid = desk.msgid()
    desk.done("2208", back(given, settled), msgid)
    Account.objects.filter(owner=one).update(balance_fen=0)  # spent by another member
    desk.refused("2601", undoing(given, msgid, "2208"), "Y6003")
    second.refresh_from_db()
    assert second.balance_fen == 1_000


def test_undoing_a_reversal_does_not_end_a_stay_that_goes_on(county: Any) -> None:
    """The discharge was cancelled in between: the last settlement of a stay is of one that has ended."""
    desk, person = Window(), add_person(county)
    visit, _, given = stay(desk, person, {"D-001": "2000"})
    settled = desk.done("2304", given)
    msgid = desk.msgid()
    desk.done("2305", back(given, settled), msgid)
    desk.done("2405", {"data": {"mdtrt_id": visit, "psn_no": person.psn_no}})
    desk.refused("2601", undoing(given, msgid, "2305"), "Y6003")


def test_undoing_a_reversal_does_not_pay_for_what_was_given_back(county: Any) -> None:
    desk, person = Window(), add_person(county)
    visit, lines, given = stay(desk, person, {"D-001": "2000"})
    settled = desk.done("2304", given)
    msgid = desk.msgid()
    desk.done("2305", back(given, settled), msgid)
    desk.done("2405", {"data": {"mdtrt_id": visit, "psn_no": person.psn_no}})
    refund = desk.line(person, visit, "D-001", "", count="-500", init_feedetl_sn=lines[0]["feedetl_sn"])
    desk.done("2301", {"feedetail": [refund]})
    desk.discharge(person, visit)
    desk.refused("2601", undoing(given, msgid, "2305"), "Y6003")


def test_a_reversal_says_what_the_account_holds(county: Any) -> None:
    """Also where the settlement took nothing from it."""
    desk, person = Window(), add_person(county, account_fen=1_000)
    given = ready(desk, person, 10)
    settled = desk.done("2207", given)
    Account.objects.filter(owner=person).update(balance_fen=3_000)
    assert desk.done("2208", back(given, settled))["setlinfo"]["balc"] == Decimal("30.00")


def test_a_reversal_that_gives_back_to_the_family_says_what_the_own_account_holds(county: Any) -> None:
    desk, person = Window(), add_person(county, account_fen=0, family_fen=1_000)
    given = ready(desk, person, 10, account=True)
    settled = desk.done("2207", given)
    Account.objects.filter(owner=person, family=False).update(balance_fen=3_000)
    assert desk.done("2208", back(given, settled))["setlinfo"]["balc"] == Decimal("30.00")


def test_a_line_of_a_purchase_has_a_number(county: Any) -> None:
    shop, person = Window(PHARMACY), add_person(county)
    about = {
        "psn_no": person.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person.certificate,
        "insutype": "390",
        "begntime": "2026-03-02 08:00:00",
        "medfee_sumamt": 1,
        "acct_used_flag": "1",
        "med_type": "41",
    }
    row = {name: value for name, value in shop.line(person, "", "D-001", "").items() if name != "feedetl_sn"}
    shop.refused("2102", {"druginfo": about, "drugdetail": [row]}, "Y1003")


def test_lines_of_a_day_before_the_law_are_refused(database: str, tmp_path: Path) -> None:
    text = LAW.format(number=999, deductible=0, most=1000, limit=0, assistance=1000)
    text = text.replace("date of: settlement", "date of: admission").replace("from: 2024-01-01", "from: 2026-01-01")
    for name in ("late", "later"):
        (tmp_path / f"{name}.yaml").write_text(text.replace("race-999", name), encoding="utf-8")
        text = text.replace("from: 2026-01-01, before: 2030", "from: 2030-01-01, before: 2031")
    desk, person = Window(), add_person(build(f"{tmp_path}/late.yaml {tmp_path}/later.yaml"))
    Coverage.objects.filter(person=person).update(period=DateRange(date(2025, 1, 1), None))
    visit = desk.register(person, "2025-12-30 08:00:00")
    desk.refused("2204", {"feedetail": [desk.line(person, visit, "D-001", "", "B1")]}, "Y5004")


def test_what_the_database_cannot_hold_is_a_refusal(county: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django wraps the driver's errors: catching only the driver's own catches nothing."""

    def too_long(call: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE people_person SET sex = repeat('1', 1000)")

    add_person(county)
    monkeypatch.setitem(HANDLERS, "2201", Answer(too_long, writes=True))
    shown = dict.fromkeys(("psn_no", "insutype", "mdtrt_cert_type", "mdtrt_cert_no", "ipt_otp_no"), "1")
    doctor = dict.fromkeys(("atddr_no", "dr_name", "dept_code", "dept_name", "caty"), "1")
    Window().refused("2201", {"data": {**shown, **doctor, "begntime": "2026-03-02 08:00:00"}}, "Y1003")


def test_an_institution_bears_nothing_of_what_a_person_paid_it_already(
    database: str, settings_of_platform: Any
) -> None:
    """Its share above price limits is owed by nobody at the counter: the person bears it."""
    settings_of_platform.CLOCK = NOW
    place = Place()
    made = Institution.objects.create(
        code="H1", name="医院", credit_code="91", kind="1", grade="05", body=place.district
    )
    always = DateRange(date(2020, 1, 1), None)
    Agreement.objects.create(institution=made, number="A", state="in force", period=always, over_limit_borne_bp=2_500)
    given = bill(place.person, "H1")
    given["invoices"][0]["amount_fen"] = 400_000
    beds = {"day": "2026-03-02", "item_code": "S-001", "count": "100", "price": "40.00", "amount_fen": 400_000}
    number = place.clerk.post("reimbursements", {**given, "lines": [beds]})["number"]
    tried = place.clerk.post(f"reimbursements/{number}/try")
    assert tried["hospital_fen"] == 0
    assert tried["cash_fen"] == tried["total_fen"] - tried["funds_fen"] == 400_000 - 157_500


LATER = """\
policy: test/later
title: {zh: 测试用, en: for tests}
region: 999999
scheme: resident
in force: {from: 2024-01-01, before: 2030-01-01}
rule of the date of: discharge
year of the date of: charge
amounts per claim in: the later year
words: [{en: test rule, zh: 测试办法}, {en: hospital insurance, zh: 住院保险}]
documents:
  test rule: {title: {zh: 测试, en: test}, number: 1, date: 2023-12-01, source: made up for tests}
facts: {service: [inpatient]}
layers:
  - hospital insurance:
      payer: pooled fund
      for: {service: inpatient}
      of: [in-scope cost]
      deductible per claim: 400
      pays: 50%
      basis: {document: test rule, article: 1, source: test rule, sure: high}
"""
"""A stay's deductible is taken in its last part; of 1,000 yuan the fund pays 300."""


@pytest.fixture
def later(database: str, tmp_path: Path) -> Any:
    path = tmp_path / "later.yaml"
    path.write_text(LATER, encoding="utf-8")
    return build(str(path))


def test_a_stay_that_has_ended_is_not_settled_in_mid_stay(later: Any) -> None:
    """It would be settled as a part that is not the last, and no lines would be left for the last."""
    desk, person = Window(), add_person(later)
    _, _, given = stay(desk, person, {"D-001": "1000"})
    given["data"]["mid_setl_flag"] = "1"
    desk.refused("2304", given, "Y4002")
    given["data"]["mid_setl_flag"] = "0"
    assert desk.done("2304", given)["setlinfo"]["hifp_pay"] == 300


def test_a_stay_settled_whole_in_mid_stay_is_not_left_without_its_deductible(later: Any) -> None:
    """Its end is refused until the last part is taken back and settled as the end, with the deductible."""
    desk, person = Window(), add_person(later)
    visit = desk.admit(person)
    lines = desk.upload(person, visit, {"D-001": "1000"}, "2301")
    given = {"data": desk.settle_data(person, visit, lines)}
    middle = desk.done("2304", {"data": given["data"] | {"mid_setl_flag": "1"}})["setlinfo"]
    desk.discharge(person, visit)
    for infno in ("2303", "2304"):
        assert middle["setl_id"] in desk.refused(infno, given, "Y5006")
    desk.done("2305", {"data": {"mdtrt_id": visit, "psn_no": person.psn_no, "setl_id": middle["setl_id"]}})
    ended = desk.done("2304", given)["setlinfo"]["hifp_pay"]
    assert (middle["hifp_pay"], ended) == (500, 300)
