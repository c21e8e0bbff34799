"""The staff API from outside: signing in with a limit, tokens, wrong requests, two persons, persons, agreements."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client, override_settings

from openyibao.service.organisation.fields import take
from openyibao.service.organisation.models import Access, Attempt, Grant, Proposal
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import decide, propose
from openyibao.service.organisation.tree import inside, plant
from openyibao.service.people import accounts, register
from openyibao.service.people.models import Coverage, Identity, Person
from service.desks import Desk, Place
from service.offices import NOW, certificate, person_at, staff


@pytest.fixture
def quick_passwords() -> Iterator[None]:
    """A hash that costs nothing: what is tested is the counting."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def place(database: str, settings_of_platform: Any) -> Place:
    settings_of_platform.CLOCK = NOW
    return Place()


@pytest.mark.usefixtures("quick_passwords")
def test_ten_failures_make_a_name_wait_and_success_clears_them(database: str, settings_of_platform: Any) -> None:
    settings_of_platform.CLOCK = NOW
    User.objects.create_user("clerk", password="a long enough word")
    client = Client(enforce_csrf_checks=True)
    token = client.get("/api/session").cookies["csrftoken"].value

    def sign_in(password: str, name: str = "clerk", **head: str) -> Any:
        given = json.dumps({"user": name, "password": password})
        head = head or {"X-CSRFToken": token}
        return client.post("/api/session", given, content_type="application/json", headers=head)

    refused = sign_in("a long enough word", **{"X-CSRFToken": ""})
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "S2005"
    unknown, wrong = sign_in("x", "nobody"), sign_in("x")
    assert unknown.status_code == wrong.status_code == 401 and unknown.json() == wrong.json()
    for _ in range(8):
        assert sign_in("x").status_code == 401
    good = sign_in("a long enough word")
    assert good.json()["user"] == "clerk"
    token = good.json()["csrf"]
    assert client.get("/api/me").json() == {"user": "clerk", "roles": []}
    assert client.delete("/api/session", headers={"X-CSRFToken": token}).json() == {"user": None}
    assert client.get("/api/me").status_code == 401
    token = client.get("/api/session").cookies["csrftoken"].value
    for _ in range(10):
        assert sign_in("x").status_code == 401
    wait = sign_in("a long enough word")
    assert wait.status_code == 429 and 0 < int(wait["Retry-After"]) <= 901
    assert sign_in("x", "CLERK").status_code == 429, "the case of letters opens no second door"
    assert sign_in("x", "another").status_code == 401
    settings_of_platform.CLOCK = "2026-06-01T10:00:00+08:00"  # whatever time the attempts took
    assert sign_in("a long enough word").status_code == 200
    assert "clerk" not in {one.name for one in Attempt.objects.all()}


@pytest.mark.usefixtures("quick_passwords")
def test_guesses_at_the_same_time_count_each_other(place: Place) -> None:
    answers: list[int] = []

    def guess() -> None:
        given = json.dumps({"user": "clerk", "password": "x"})
        answers.append(Client().post("/api/session", given, content_type="application/json").status_code)
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(25)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(set(answers)) == [401, 429] and answers.count(401) <= 10, answers


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b'{"body": NaN}', "no JSON"),
        (b'{"body": "\\ud800"}', "no JSON"),
        (b'{"body": "a\\u0000"}', "no JSON"),
        (b"[]", "no object"),
        (b'{"body": 5}', "body: expected a text"),
        (b'{"body": "1", "more": 1}', "more: no such field"),
        (b"{}", "body: expected a text"),
    ],
)
def test_wrong_requests_say_what_is_wrong(place: Place, body: bytes, said: str) -> None:
    answer = place.clerk.client.post("/api/households", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert said in error["en"] and error["zh"].startswith("S1001 请求有误")
    assert place.clerk.client.put("/api/households").status_code == 405
    assert place.clerk.client.get("/api/persons/%00").status_code == 403


def test_a_proposal_takes_two_persons_and_happens_once(place: Place) -> None:
    number = place.person.psn_no
    given = {"psn_no": number, "code": "2303", "start": "2026-06-01"}
    made = place.clerk.post("proposals/identity.grant", given)
    assert not Identity.objects.exists(), "proposing grants nothing"
    decision = {"proposal": made["proposal"], "accept": True}
    Grant.objects.create(user=place.clerk.user, role="reviewer", body=place.district, start=date(2026, 1, 1))
    assert place.clerk.post("proposals/identity.grant/decide", decision, 409)["code"] == "S5002"
    with pytest.raises(IntegrityError, match="proposal_two_persons"), transaction.atomic():
        Proposal.objects.update(decided_by=place.clerk.user, decided_at="2026-06-01T01:00:00Z", accepted=True)
    assert place.reviewer.post("proposals/coverage.end/decide", decision, 403)["code"] == "S2004"
    done = place.reviewer.post("proposals/identity.grant/decide", decision)
    assert (done["accepted"], done["decided_by"], done["result"]["start"]) == (True, "reviewer", "2026-06-01")
    assert Identity.objects.get().code == "2303"
    assert place.reviewer.post("proposals/identity.grant/decide", decision, 409)["code"] == "S5001"
    for change in (
        lambda: Proposal.objects.update(reason="another"),
        lambda: Proposal.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE organisation_proposal"),
    ):
        with pytest.raises(DatabaseError, match=r"one decision only|appended only|truncate a"), transaction.atomic():
            change()


def test_a_rejected_proposal_changes_nothing_and_one_that_fails_stays_open(place: Place) -> None:
    number = place.person.psn_no
    given = {"psn_no": number, "code": "2303", "start": "2026-06-01"}
    first, second = (place.clerk.post("proposals/identity.grant", given)["proposal"] for _ in range(2))
    third = place.clerk.post("proposals/identity.grant", given)["proposal"]
    rejected = {"proposal": third, "accept": False, "reason": "材料不全"}
    place.reviewer.post("proposals/identity.grant/decide", rejected)
    assert not Identity.objects.exists() and Proposal.objects.get(pk=third).accepted is False
    place.reviewer.post("proposals/identity.grant/decide", {"proposal": first, "accept": True})
    error = place.reviewer.post("proposals/identity.grant/decide", {"proposal": second, "accept": True}, 409)
    assert error["code"] == "S3007" and "2026-06-01 to before no end" in error["en"] and "长期" in error["zh"]
    assert Proposal.objects.get(pk=second).decided_at is None and Identity.objects.count() == 1
    assert place.clerk.post("proposals/identity.grant", given, 409)["code"] == "S3007", "what can't be is not proposed"
    listed = place.auditor.get("proposals", body=place.district.code, state="open")["proposals"]
    assert [one["proposal"] for one in listed] == [second]


def test_two_who_decide_at_once_apply_once(place: Place) -> None:
    owner = accounts.open_account(place.person, {"region": place.district.code, "family": None})
    given = {"number": owner.number, "fen": 5_000, "scheme": "resident", "reason": "补划"}
    made = propose(place.clerk.user, "account.credit", given)
    said: list[str] = []

    def work(name: str) -> None:
        try:
            decide(User.objects.get(username=name), made.pk, accept=True)
            said.append("done")
        except Problem as problem:
            said.append(problem.name)
        finally:
            connection.close()

    for name in ("one", "two", "three", "four"):
        staff(name)
    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two", "three", "four")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["already decided"] * 3 + ["done"]
    owner.refresh_from_db()
    assert owner.balance_fen == 5_000
    trial = place.manager.get("ledger/trial-balance", region=place.district.code)
    assert trial["debit_fen"] == trial["credit_fen"] > 0


def test_registering_reads_and_checks_the_certificate(place: Place) -> None:
    number = certificate()
    given = {
        "certificate_type": "01",
        "certificate": number,
        "name": "测试",
        "ethnicity": "01",
        "household": place.household.number,
    }
    made = place.clerk.post("persons", given)
    assert made["born"] == f"{number[6:10]}-01-01" and made["sex"] == "1"
    assert made["certificate"] == number[:3] + "*" * 13 + number[-2:]
    assert place.clerk.post("persons", given, 409)["code"] == "S3002"
    other = {**given, "certificate": number[:-1] + ("0" if number[-1] != "0" else "1")}
    error = place.clerk.post("persons", other, 400)
    assert error["code"] == "S3001" and number[:17] not in json.dumps(error)
    contradicts = place.clerk.post("persons", {**given, "certificate": certificate(), "sex": "2"}, 400)
    assert "contradicts" in contradicts["en"]
    passport = {**given, "certificate_type": "08", "certificate": "E1234567"}
    assert "needs sex" in place.clerk.post("persons", passport, 400)["en"]
    place.clerk.post("persons", {**passport, "sex": "2", "born": "1990-02-03"})
    search = {"body": place.district.code, "certificate": number}
    found = place.clerk.post("persons/find", search)["persons"]
    assert [one["psn_no"] for one in found] == [made["psn_no"]] and number not in json.dumps(found)
    lines = Access.objects.filter(route="find_persons")
    assert [one.subject for one in lines] == [made["psn_no"]]
    shown = json.dumps(list(Access.objects.values("subject", "route", "item")))
    assert number not in shown and "测试" not in shown


def test_a_changed_certificate_is_shown_to_who_decides_only(place: Place) -> None:
    number = certificate()
    given = {
        "psn_no": place.person.psn_no,
        "certificate_type": "01",
        "certificate": number,
        "name": "新名",
        "ethnicity": "02",
    }
    made = place.clerk.post("proposals/person.change", given)
    assert number not in json.dumps(made)
    assert place.reviewer.get(f"proposals/{made['proposal']}/certificate")["certificate"] == number
    done = place.reviewer.post("proposals/person.change/decide", {"proposal": made["proposal"], "accept": True})
    assert set(done["result"]["changed"]) >= {"certificate", "name", "ethnicity"}
    changed = Person.objects.get(pk=place.person.pk)
    assert (changed.certificate, changed.name, changed.psn_no) == (number, "新名", place.person.psn_no)


def test_coverage_never_overlaps_and_the_error_names_what_it_overlaps(place: Place) -> None:
    spare = person_at(place.household, None)
    given = {
        "psn_no": spare.psn_no,
        "region": place.district.code,
        "scheme": "resident",
        "kind": "1501",
        "start": "2026-03-01",
        "end": "2027-01-01",
    }

    def enrol(status: int = 200, **more: str) -> Any:
        answer = place.clerk.post("proposals/coverage.enrol", {**given, **more}, status)
        if status == 200:
            decision = {"proposal": answer["proposal"], "accept": True}
            return place.reviewer.post("proposals/coverage.enrol/decide", decision)
        return answer

    enrol()
    error = enrol(409, start="2026-12-31", end="2028-01-01")
    assert error["code"] == "S3003" and "from 2026-03-01 to before 2027-01-01" in error["en"]
    enrol(start="2027-01-01", end="2028-01-01")
    enrol(start="2026-01-01", end="2026-03-01")
    assert Coverage.objects.filter(person=spare).count() == 3
    assert enrol(400, start="2029-01-01", end="2029-01-01")["code"] == "S3005"
    assert enrol(400, start="2029-01-01", end="2030-01-01", scheme="employee")["code"] == "S3006"
    assert enrol(400, start="2029-01-01", end="2030-01-01", kind="9999")["code"] == "S3009"
    end = {"psn_no": spare.psn_no, "region": place.district.code, "day": "2027-06-01", "reason": "迁出"}
    made = place.clerk.post("proposals/coverage.end", end)
    place.reviewer.post("proposals/coverage.end/decide", {"proposal": made["proposal"], "accept": True})
    shown = place.clerk.get(f"persons/{spare.psn_no}/coverage")["coverage"]
    assert [(one["start"], one["end"]) for one in shown] == [
        ("2026-01-01", "2026-03-01"),
        ("2026-03-01", "2027-01-01"),
        ("2027-01-01", "2027-06-01"),
    ]
    assert place.clerk.post("proposals/coverage.end", {**end, "day": "2027-06-02"}, 409)["code"] == "S3004"


def test_a_person_is_not_moved_to_a_place_that_is_not_ones_own(place: Place) -> None:
    elsewhere = register.found_household(plant("199998", "邻县", "next", "district", place.bodies[2]))
    path = f"persons/{place.person.psn_no}/household"
    assert place.clerk.post(path, {"household": elsewhere.number}, 403)["code"] == "S2004"
    here = register.found_household(place.town)
    assert place.clerk.post(path, {"household": here.number})["body"] == place.town.code
    assert inside(place.town, place.district) and not inside(place.district, place.town)


def test_a_family_account_has_members_and_an_own_one_has_none(place: Place) -> None:
    other = person_at(place.household, place.region)
    path = f"persons/{place.person.psn_no}/accounts"
    own = place.clerk.post(path, {"region": place.district.code})["number"]
    assert place.clerk.post(path, {"region": place.district.code}, 409)["code"] == "S3010"
    family = place.clerk.post(path, {"region": place.district.code, "family": True})["number"]
    member = {"psn_no": other.psn_no, "change": "add"}
    assert place.clerk.post(f"accounts/{own}/members", member, 409)["code"] == "S3011"
    assert len(place.clerk.post(f"accounts/{family}/members", member)["members"]) == 2
    shared = place.clerk.get(f"persons/{other.psn_no}/accounts")["accounts"]
    assert [(one["number"], one["owner"]) for one in shared] == [(family, place.person.psn_no)]
    place.clerk.post(f"accounts/{family}/members", {**member, "change": "remove"})
    owner = {"psn_no": place.person.psn_no, "change": "remove"}
    assert "its owner stays" in place.clerk.post(f"accounts/{family}/members", owner, 409)["en"]


def test_filings_begin_while_covered_and_are_cancelled_once(place: Place) -> None:
    path = f"persons/{place.person.psn_no}/filings"
    given = {"kind": "out of area", "start": "2026-06-01", "end": "2026-12-01", "data": {"rea": "异地长期居住"}}
    number = place.clerk.post(path, given)["number"]
    assert place.clerk.post(path, {**given, "start": "2025-06-01"}, 409)["code"] == "S3004"
    place.clerk.post(f"filings/{number}/cancel")
    assert place.clerk.post(f"filings/{number}/cancel", None, 409)["code"] == "S3012"
    assert place.clerk.get(path)["filings"][0]["cancelled"] is not None


def test_a_role_is_granted_by_two_and_ends(place: Place) -> None:
    staff("newcomer")
    given = {"user": "newcomer", "role": "clerk", "body": place.town.code, "start": "2026-06-01"}
    made = place.administrator.post("proposals/role.grant", given)
    done = place.second.post("proposals/role.grant/decide", {"proposal": made["proposal"], "accept": True})
    newcomer = Desk(User.objects.get(username="newcomer"))
    assert newcomer.get("me")["roles"][0]["level"] == "town"
    newcomer.get(f"persons/{place.person.psn_no}")
    up = place.administrator.post("proposals/role.grant", {**given, "body": place.bodies[2].code}, 403)
    assert up["code"] == "S2004", "nobody grants above their own place"
    number = done["result"]["grant"]
    place.administrator.post("proposals/role.end", {"grant": number, "day": "2026-06-01"}, 400)
    made = place.administrator.post("proposals/role.end", {"grant": number, "day": "2026-06-02"})
    place.second.post("proposals/role.end/decide", {"proposal": made["proposal"], "accept": True})
    assert newcomer.client.get(f"/api/persons/{place.person.psn_no}").status_code == 200, "it holds today"
    assert take({}, {}) == {}
