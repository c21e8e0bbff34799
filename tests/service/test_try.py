"""T16: a try answers what the settlement then does, in every field, whatever law, person, accounts and bill."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from service.county import PHARMACY, Window, add_person, build
from service.figures import figure
from service.racing import Desk, Hands, check_books, credit, one, ready, seeded

POLICIES = (
    *("chongqing/resident-2026", "teaching/willow-county-2026", "beijing/employee-2023", "wuhan/resident-2024"),
    *("guangzhou/employee-2022", "ningbo/employee-2023", "chengdu/employee-2022", "chongqing/resident-2024"),
)
WORKED_OUT = ("admission number", "derived")
ONLY_REAL = ("setl_id", "setl_time", "medins_setl_id")
FIELDS_OF_TRIES = {
    *("othfund_pay", "psn_pay", "inscp_amt", "cashPayamt", "ownpay_hosp_part", "dedc_std", "crt_dedc"),
    *("insu_admdvs", "mdtrt_cert_no", "psn_insu_rlts_id", "hifdm_pay"),
}
"""What recorded tries say and settlements do not: second names of amounts, the deductible's standard."""
FIELDS_OF_SETTLING = {*ONLY_REAL, "psn_setlway", "med_sumfee", "hifdm_pay"}
"""Fields that the interface gives a settlement and no try."""


def old_catalogue(folder: Path) -> str:
    """The teaching catalogue as if it had always been in force."""
    from openyibao.catalogue import find_catalogue

    path = folder / "catalogue.yaml"
    text = find_catalogue("teaching/willow-county-2026").read_text(encoding="utf-8")
    path.write_text(text.replace("- from: 2026-01-01", "- from: 2000-01-01"), encoding="utf-8")
    return str(path)


def under(region: Any, name: str) -> Any:
    """Let a region settle by a policy of the library; the policy."""
    from openyibao.policy import find_policy, read_policy

    policy = read_policy(find_policy(name))
    region.policies = {policy.scheme: name}
    region.save()
    return policy


def insured(region: Any, policy: Any, number: int, random_: random.Random) -> Any:
    """A person with accounts or without, insured under the scheme of a policy."""
    money = {name: random_.randrange(0, 500_000) for name in ("account_fen", "family_fen") if random_.random() < 0.6}
    person = add_person(region, number, **money)
    credit(person)
    insurance = "310" if policy.scheme == "employee" else "390"
    always = DateRange(date(2000, 1, 1), None)
    about = {"scheme": policy.scheme, "insurance": insurance, "joined": date(2000, 1, 1), "period": always}
    person.coverage_set.update(**about)
    return person


def drawn(fact: Any, random_: random.Random) -> Any:
    """A value of a fact that a policy asks about."""
    if fact.kind == "number" or fact.range is not None:
        return random_.randint(fact.range.low if fact.range else 0, fact.range.high if fact.range else 100)
    if fact.kind in ("money", "signed money"):
        return random_.choice((0, random_.randrange(10**6)))
    return random_.choice(fact.values) if fact.values else "E11"


def one_visit(desk: Window, person: Any, policy: Any, day: date, random_: random.Random) -> tuple[str, str, Any]:
    """A visit of any kind that the policy knows, ready to be tried and settled: the two transactions and the input."""
    facts = {fact.name: drawn(fact, random_) for fact in policy.facts if fact.kind not in WORKED_OUT}
    person.coverage_set.update(facts=facts)
    amounts = {
        item: str(random_.randrange(1, most))
        for item, most in (("D-001", 60_000), ("D-002", 900), ("D-003", 300), ("S-001", 30))
        if item == "D-001" or random_.random() < 0.5
    }
    account = random_.random() < 0.6
    if facts.get("service", "inpatient") != "inpatient":
        given = ready(desk, person, amounts, account=account, day=day.isoformat())
        given["data"] |= {"insutype": _insurance(policy)}
        return "2206", "2207", given
    return "2303", "2304", _stay(desk, person, policy, day, amounts, account=account)


def _insurance(policy: Any) -> str:
    return "310" if policy.scheme == "employee" else "390"


def _stay(desk: Window, person: Any, policy: Any, day: date, amounts: Any, *, account: bool) -> Any:
    visit = desk.admit(person, f"{day} 08:00:00")
    when = {"fee_ocur_time": f"{day} 09:00:00"}
    rows = [desk.line(person, visit, item, "", "B1", count=times, **when) for item, times in amounts.items()]
    lines = desk.done("2301", {"feedetail": rows})["result"]
    desk.discharge(person, visit, f"{day} 10:00:00")
    given = {"data": desk.settle_data(person, visit, lines, account=account)}
    given["data"] |= {"insutype": _insurance(policy)}
    return given


class Under(Desk):
    """A desk whose registrations name the insurance of a policy."""

    def __init__(self, policy: Any, institution: str = "") -> None:
        super().__init__(*filter(None, [institution]))
        self.insurance = _insurance(policy)

    def raw(self, infno: str, given: Any, msgid: str | None = None, **more: Any) -> bytes:
        for node in given.values() if infno in ("2201", "2401", "2402") else ():
            if isinstance(node, dict):
                node["insutype"] = self.insurance
        return super().raw(infno, given, msgid, **more)


def compare(tried: dict[str, Any], settled: dict[str, Any]) -> bool:
    """Whether both were carried out; else both must be refused in the same words."""
    assert tried["infcode"] == settled["infcode"], (tried["err_msg"], settled["err_msg"])
    if tried["infcode"] != 0:
        assert tried["err_msg"] == settled["err_msg"] and not settled["err_msg"].startswith("Y9")
        return False
    first, second = dict(tried["output"]), dict(settled["output"])
    assert second["setlinfo"]["setl_id"] and first["setlinfo"].get("setl_id") is None
    info, real = first.pop("setlinfo"), second.pop("setlinfo")
    assert first == second
    assert real.keys() - info.keys() <= FIELDS_OF_SETTLING and info.keys() - real.keys() <= FIELDS_OF_TRIES
    different = [name for name in info.keys() & real.keys() if info[name] != real[name]]
    assert set(different) <= set(ONLY_REAL), [(name, info[name], real[name]) for name in different]
    return True


@pytest.mark.reliability("T16", "random visits under policies of the library")
@pytest.mark.parametrize("visits", [24, pytest.param(10_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_a_try_is_what_the_settlement_does(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visits: int
) -> None:
    seed, random_ = seeded()
    region, clock = build(borne_bp=2_500), Hands(monkeypatch)
    region.catalogue = old_catalogue(tmp_path)
    names = POLICIES[:4] if visits < 1_000 else POLICIES
    done = numbers = 0
    for name in names:
        policy = under(region, name)
        desk = Under(policy)
        wanted, person = visits // len(names), None
        for number in range(wanted):
            if person is None or random_.random() < 0.4:
                numbers += 1
                person = insured(region, policy, numbers, random_)
                month = random_.randrange(11)
            day = policy.start + timedelta(days=28 * month + number % 25)
            clock.set(f"{day} {random_.randrange(11, 24):02d}:59:59.999")
            trying, settling, given = one_visit(desk, person, policy, day, random_)
            done += compare(desk.ask(trying, given), desk.ask(settling, given))
    print(f"{done} of {visits} settled")
    assert done > visits // 3
    assert one("SELECT count(*) FROM settlements_settlement") == done
    check_books()
    figure(visits=visits, settlements=done, refused=visits - done, policies=len(names), differences=0, seed=seed)


@pytest.mark.reliability("T16", "purchases at a pharmacy")
@pytest.mark.parametrize("times", [4, pytest.param(500, marks=pytest.mark.long)], ids=["short", "long"])
def test_a_purchase_tried_leaves_nothing(database: str, times: int) -> None:
    """2101 answers what 2102 does; it writes nothing."""
    from service.racing import EVERYTHING, state_hash
    from service.test_undo import _purchase

    seed, random_ = seeded()
    region, shop = build(), Desk(PHARMACY)
    person = add_person(region, 1, account_fen=20_000, family_fen=9_000)
    credit(person)
    for _ in range(times):
        given, before = _purchase(shop, person, random_.randrange(1, 150)), state_hash(*EVERYTHING)
        tried = shop.ask("2101", given)
        assert state_hash(*EVERYTHING) == before
        settled = shop.ask("2102", given)
        for reply in (tried, settled):
            reply["output"]["setlinfo"]["mdtrt_id"] = None
        assert compare(tried, settled)
    check_books()
    figure(visits=times, differences=0, seed=seed)


def test_the_kind_of_care_stated_at_settlement_stays_with_the_visit(database: str) -> None:
    """Where no kind of care was uploaded, that of 2207 counts: for the visit too, as queries and reversals read it."""
    desk, person = Desk(), add_person(build(), 1)
    given = ready(desk, person, 30)
    given["data"]["med_type"] = "12"
    settled = desk.done("2207", given)
    assert settled["setlinfo"]["med_type"] == "12"
    assert one("SELECT med_type FROM settlements_visit") == "12"


def test_chronic_care_needs_its_filing_wherever_it_is_stated(database: str) -> None:
    """A chronic disease that was not filed can't be settled by naming the kind of care in 2207 only."""
    desk, person = Desk(), add_person(build(), 1)
    given = ready(desk, person, 30)
    given["data"]["med_type"] = "14"
    desk.refused("2206", given, "Y4006")
    desk.refused("2207", given, "Y4006")


def test_an_account_pays_what_it_holds_whatever_is_stated(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ningbo 2023 asks what the account holds: it is the account that says so, not what was noted of the person."""
    region, clock = build(), Hands(monkeypatch)
    region.catalogue = old_catalogue(tmp_path)
    policy = under(region, "ningbo/employee-2023")
    person = add_person(region, 1, account_fen=1_000)
    credit(person)
    always = DateRange(date(2000, 1, 1), None)
    facts = {"account balance": 10**8, "status": "retired", "place of the visit": "community hospital"}
    person.coverage_set.update(scheme="employee", insurance="310", joined=date(2000, 1, 1), period=always, facts=facts)
    clock.set("2023-06-15 12:00:00")
    given = ready(Under(policy), person, 500, account=True, day="2023-06-15")
    given["data"]["insutype"] = "310"
    info = Desk().done("2207", given)["setlinfo"]
    assert (str(info["acct_pay"]), str(info["balc"])) == ("10.00", "0.00")
    check_books()
