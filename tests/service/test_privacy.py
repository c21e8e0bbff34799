"""T27: persons with names, numbers, telephones that occur nowhere else; all that is kept or shown is searched for them.

Searched are the log, the audit of refusals, the log of access, attempts to sign in, the counters, the books with their
exported seals, texts of errors, files for institutions, and every answer of the staff's API to every role.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from openyibao.service import logs
from openyibao.service.people.certificates import check_character
from openyibao.service.people.models import Filing, Person
from openyibao.service.people.sensitive import is_sensitive
from service.asked import Replies
from service.build import fetch
from service.conftest import using
from service.county import add_person, build
from service.figures import figure
from service.offices import NOW
from service.racing import ask
from service.test_roles_matrix import ITEM_ROUTES, LEVELS, ROLES, World, expected, made

PHONE, ADDRESS, BANK = "13987654321", "柳县槐树街七号院", "6222000011112222"
KEPT = (
    "gateway_refusal",
    "organisation_access",
    "organisation_attempt",
    "ledger_entry",
    "ledger_account",
    "ledger_seal",
)
NUMBER = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?!\d)")
SECRET = {"diag_code": "B20.900", "diag_name": "艾滋病", "tel": PHONE, "addr": ADDRESS}
NAMES = (*("person", "find_persons", "register_person", "move_person", "reimbursement_receipt"), "proposal_list")
"""Routes whose purpose is to show whom a matter concerns, to who handles it: they may show names."""
IN_FULL = ("person_certificate", "proposal_certificate")
"""Routes that show a certificate in full; each look is logged."""
PAYING = ("decide reimbursement.pay",)
"""Routes that tell whom to pay where: the account of a payee, to who has decided to pay."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as the platform logs it."""
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    logs.configure(stream, "DEBUG")
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)


def certificate(number: int) -> str:
    first = f"99999919770505{number:03d}"
    return first + check_character(first)


def unique(person: Person, number: int) -> Person:
    person.name, person.certificate = f"龘靐{number}", certificate(number)
    person.save()
    return person


def plain(text: str, persons: list[Person], names: bool = True) -> list[str]:
    """What stands in a text that may not: the values of persons, and whatever looks like a number of theirs."""
    needles = [PHONE, ADDRESS, BANK, *(one.certificate for one in persons), *(one.name for one in persons if names)]
    found = [one for one in needles if one in text]
    numbers = [one for one in NUMBER.findall(text) if check_character(one[:17]) == one[17].upper()]
    return [*found, *numbers, *MOBILE.findall(text)]


def rows(*tables: str) -> str:
    return "\n".join(str(row) for table in tables for row in ask(f"SELECT to_jsonb(t)::text FROM {table} t"))


def wrong_requests(replies: Replies, person: Person) -> list[str]:
    """Values of a person where they do not belong: the texts of the refusals, and how many were refused."""
    window, told = replies.window, []
    values = (person.certificate, person.name, PHONE)
    about = {"psn_no": person.psn_no, "mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate, "begntime": PHONE}
    for value in values:
        for infno, given in (
            ("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": f"{value}7", "psn_cert_type": "01"}}),
            ("1101", {"data": {"mdtrt_cert_type": value, "mdtrt_cert_no": value, "psn_name": value}}),
            ("1101", {"data": {**about, "psn_cert_type": "01", "certno": person.certificate, "psn_name": value * 2}}),
            ("2201", {"data": {**about, "insutype": value}}),
            ("2207", {"data": {"psn_no": value, "mdtrt_id": value, "medfee_sumamt": value}}),
            ("2208", {"data": {"psn_no": value, "mdtrt_id": value, "setl_id": value}}),
            ("2601", {"data": {"psn_no": value, "omsgid": value, "oinfno": value[:4]}}),
            ("5201", {"data": {"psn_no": value, "begntime": value, "endtime": value}}),
            ("2501", {"refmedin": {"psn_no": value, "tel": value, "begndate": value}}),
            (value, {"data": {"psn_no": value}}),
            ("1101", value),
        ):
            told.append(window.ask(infno, given))
        told.append(json.loads(window.raw("1101", {"data": {}}, fixmedins_code=value)))
        told.append(json.loads(window.raw("1101", {"data": {}}, insuplc_admdvs=value)))
        told.append({"err_msg": window.client.get(f"/fsi/api/{value}").content.decode()})
        told.append({"err_msg": window.client.get(f"/api/persons/{value}").content.decode()})
    return [str(one["err_msg"]) for one in told]


@pytest.mark.reliability("T27", "requests of institutions, right, wrong and failing", full=True)
def test_the_window_leaves_nothing_of_a_person(
    database: str, log: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openyibao.service.gateway.calls import HANDLERS, Answer
    from openyibao.service.ledger.seal import Sealer, export

    person = unique(add_person(build(borne_bp=2_500), identity="2303", account_fen=10_000), 1)
    other = unique(add_person(person.coverage_set.get().region, 2), 2)
    replies = Replies(person)
    for part in (replies.outpatient, replies.inpatient, replies.others, replies.rest):
        part()
    errors = wrong_requests(replies, person)

    def failing(call: Any) -> Any:
        raise ValueError(f"{person.certificate} {person.name} {PHONE} {ADDRESS}")

    for infno in ("1101", "2207"):
        monkeypatch.setitem(HANDLERS, infno, Answer(failing, HANDLERS[infno].writes))
        failed = replies.window.ask(infno, _registered(person))
        assert failed["err_msg"].startswith("Y9001"), failed
        errors.append(failed["err_msg"])
    Client().post("/api/session", {"user": person.certificate, "password": PHONE}, content_type="application/json")
    Sealer().step()
    export(tmp_path / "seals")
    listed = replies.kept["1301"]["output"]
    texts = {
        "log": log.getvalue(),
        "kept": rows(*KEPT),
        "errors": "\n".join(errors),
        "counters": Client().get("/metrics").content.decode(),
        "seals": (tmp_path / "seals").read_text(encoding="utf-8"),
        "file": str(fetch(replies.window, listed["file_qury_no"], listed["filename"])),
    }
    assert texts["log"].count("\n") > 80 and len(ask("SELECT 1 FROM gateway_refusal")) > 20 and len(errors) > 40
    echoes = [one for one in errors if plain(one, [person, other])]
    assert not echoes, echoes
    found = {name: plain(text, [person, other]) for name, text in texts.items()}
    assert not any(found.values()), found
    figure(texts=len(texts) + len(errors), bytes=sum(map(len, texts.values())), hits=0)


def _registered(person: Person) -> dict[str, Any]:
    certificate = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate, "psn_cert_type": "01"}
    amounts = dict.fromkeys(
        ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"), 1
    )
    more = {"med_type": "11", "psn_setlway": "01", "mdtrt_id": "1", "chrg_bchno": "B1", "insutype": "390"}
    flags = {"mid_setl_flag": "0", "acct_used_flag": "0"}
    return {"data": {"psn_no": person.psn_no, **certificate, **amounts, **more, **flags}}


@pytest.fixture(scope="module")
def world(server: Any) -> Iterator[World]:
    """Offices whose persons have values of their own, and a filing that tells a disease of which a law says: not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "CLOCK", NOW)
        for _ in using(server):
            found = made()
            for number, person in enumerate(Person.objects.order_by("id"), 1):
                unique(person, number)
            Filing.objects.update(code="B20.900", data=SECRET)
            yield found


@pytest.mark.reliability("T27", "answers of the staff's API to every role", full=True)
def test_staff_see_names_where_they_handle_them_and_no_numbers(world: World) -> None:
    persons, hits, size, texts = list(Person.objects.all()), [], 0, 0
    for route in ITEM_ROUTES:
        may = [role for role in ROLES if expected(role, route.item, "district", "1", "district") == 200]
        for role in (*may, *[one for one in ROLES if one not in may][:1]):  # and one who may not
            status, answer = world.ask(world.clients[role, "district"], route, "1", "district")
            text = answer.decode()
            texts, size = texts + 1, size + len(text)
            if status != 200 or route.name not in IN_FULL:
                text = text.replace(BANK, "") if route.name in PAYING and status == 200 else text
                found = plain(text, persons, names=status != 200 or route.name not in NAMES)
                hits += [(route.name, role, one) for one in found]
    assert not hits, hits[:8]
    assert not plain(rows("organisation_access", "organisation_attempt"), persons)
    figure(texts=texts, bytes=size, hits=0)


@pytest.mark.reliability("T27", "sensitive diagnoses by role", full=True)
def test_a_sensitive_diagnosis_is_shown_to_those_who_may_see_it(world: World) -> None:
    (listing,) = (one for one in ITEM_ROUTES if one.name == "filing_list")
    seen = hidden = 0
    for role in ROLES:
        for held in LEVELS:
            status, answer = world.ask(world.clients[role, held], listing, "1", "village")
            if status != 200:
                continue
            filing = json.loads(answer)["filings"][0]
            may = expected(role, "diagnosis.sensitive", held, "1", "village") == 200
            assert (filing["code"], filing["data"]["diag_name"]) == (("B20.900", "艾滋病") if may else ("***", "***"))
            assert filing["data"]["tel"] == filing["data"]["addr"] == "***"
            seen, hidden = seen + may, hidden + (not may)
    assert seen and hidden
    figure(cells=seen + hidden, hits=0)


@pytest.mark.parametrize("code", ["B20", "B24.x01", "Z21", "F20.900", "f32.9", "艾滋病", "双相情感障碍"])
def test_what_is_sensitive(code: str) -> None:
    assert is_sensitive(code, code)


@pytest.mark.parametrize("code", ["", "I10.x00", "B19.900", "Z20", "高血压", "M03900"])
def test_what_is_not(code: str) -> None:
    assert not is_sensitive(code, code)
