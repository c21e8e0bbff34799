"""Who asks: published vectors of SM2 and SM3, and every way to be somebody else, too late, or there twice."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as chosen
from hypothesis import strategies as st

from openyibao.service.clock import CHINA, now
from openyibao.service.gateway import sm2
from openyibao.service.gateway.reader import read_envelope, read_message
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.signatures import api_signature, headers, sm2_text, tif_signature
from service.figures import figure
from service.messages import ENVELOPE

DOCS = Path(__file__).parents[2] / "docs"
BODY = b'{"infno":"1101"}'

# GB/T 32918.5-2017, annex A.2: the curve's own example of a signature.
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)

# GB/T 32905-2016, annex A: the two examples of SM3.
SM3 = {
    b"abc": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    b"abcd" * 16: "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
}


@pytest.mark.reliability("T26", "the vector of SM2", full=True)
def test_the_standards_own_signature() -> None:
    assert sm2.public_of(PRIVATE) == PUBLIC
    assert sm2.verify(PUBLIC, b"message digest", SIGNATURE)
    assert not sm2.verify(PUBLIC, b"message digest", SIGNATURE, b"1234567812345679")
    figure(vectors=1)


@pytest.mark.reliability("T26", "the vectors of SM3", full=True)
@pytest.mark.parametrize("message", SM3)
def test_the_standards_own_digests(message: bytes) -> None:
    assert sm2.sm3(message).hex() == SM3[message]
    figure(vectors=1)


@pytest.mark.reliability("T26", "changed bits of a signature", full=True)
def test_no_bit_of_the_signature_may_change() -> None:
    for bit in range(512):
        changed = bytearray(SIGNATURE)
        changed[bit // 8] ^= 1 << bit % 8
        assert not sm2.verify(PUBLIC, b"message digest", bytes(changed))
    for other in (b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(64), b"\xff" * 64):
        assert not sm2.verify(PUBLIC, b"message digest", other)
    figure(attacks=512 + 5, refused=512 + 5)


@pytest.mark.parametrize("public", [b"", PUBLIC[:-1], bytes(64), b"\x01" * 64, PUBLIC[:-1] + b"\0"])
def test_points_that_are_no_key(public: bytes) -> None:
    with pytest.raises(sm2.KeyRefused):
        sm2.verify(public, b"message digest", SIGNATURE)


@pytest.mark.parametrize("private", [b"", bytes(32), b"\xff" * 32, (sm2.ORDER - 1).to_bytes(32, "big")])
def test_numbers_that_are_no_key(private: bytes) -> None:
    with pytest.raises(sm2.KeyRefused):
        sm2.sign(private, b"")


@chosen(max_examples=50, deadline=None, print_blob=True)
@given(st.binary(max_size=200), st.integers(1, sm2.ORDER - 2), st.binary(min_size=1, max_size=40))
def test_what_is_signed_verifies_and_nothing_else_does(message: bytes, number: int, user_id: bytes) -> None:
    private = number.to_bytes(32, "big")
    public, signature = sm2.public_of(private), sm2.sign(private, message, user_id)
    assert sm2.verify(public, message, signature, user_id)
    assert not sm2.verify(public, message + b"\0", signature, user_id)
    assert public == PUBLIC or not sm2.verify(PUBLIC, message, signature, user_id)


# Requests.

SECRETS = {"x-tif": ("shared", "shared"), "api": ("shared", "shared"), "sm2": (PUBLIC.hex(), PRIVATE.hex())}
"""By method: what is on record, and what the institution signs with."""


@dataclass(frozen=True)
class County:
    """Two hospitals; each has a key of every method, and one of them a key of last year."""

    own: Any
    other: Any


@pytest.fixture
def county(database: str) -> Iterator[County]:
    from django.db.backends.postgresql.psycopg_any import DateRange

    from openyibao.service.institutions.models import Institution, Key
    from openyibao.service.organisation.models import Body

    body = Body.objects.create(
        code="999999", name_zh="柳县", name_en="Willow County", level="district", path="/999999/"
    )
    made = []
    for number in (1, 2):
        code = f"H9999990000{number}"
        made.append(Institution.objects.create(code=code, name=code, credit_code=code, kind="1", body=body))
        for method, (secret, _) in SECRETS.items():
            for name, period in (("", DateRange(date(2020, 1, 1), None)), ("old", DateRange(None, date(2020, 1, 1)))):
                Key.objects.create(
                    institution=made[-1], method=method, identifier=f"k{number}{name}", secret=secret, period=period
                )
    yield County(*made)


def ask(institution: Any, given: dict[str, str], body: bytes = BODY) -> None:
    from openyibao.service.gateway.authentication import authenticate

    authenticate(given, body, read_envelope(ENVELOPE, None), institution)


def signed(method: str, identifier: str = "k1", **more: Any) -> dict[str, str]:
    settled = {"infno": "1101", "body": BODY, "moment": now(), "nonce": secrets.token_hex(8), **more}
    return headers(method, identifier, SECRETS[method][1], **settled)


def refused(institution: Any, given: dict[str, str], body: bytes = BODY) -> str:
    with pytest.raises(Refused) as caught:
        ask(institution, given, body)
    assert caught.value.reason.code == "Y2003"
    return caught.value.text("en")


@pytest.mark.reliability("T26", "repeated, outdated, of another key or another institution", full=True)
@pytest.mark.parametrize("method", SECRETS)
def test_attacks(county: County, method: str) -> None:
    """Once, in time, by its own key: accepted. Anything else is refused and says why."""
    first = signed(method)
    ask(county.own, first)
    assert "used before" in refused(county.own, first)
    ask(county.own, {name.upper().replace("_", "-"): value for name, value in signed(method).items()})
    window = 1800 if method == "api" else 300
    for seconds in (window - 20, 20 - window):
        ask(county.own, signed(method, moment=now() + timedelta(seconds=seconds)))
    for seconds in (window + 2, -window - 2):
        assert "seconds away" in refused(county.own, signed(method, moment=now() + timedelta(seconds=seconds)))
    assert "no such key" in refused(county.own, signed(method, "k2"))
    assert "no such key" in refused(county.other, signed(method, "k1"))
    assert "no such key" in refused(county.own, signed(method, "nobody"))
    assert "not in force" in refused(county.own, signed(method, "k1old"))
    figure(attacks=7, refused=7)


@pytest.mark.reliability("T26", "each header changed, missing or odd", full=True)
@pytest.mark.parametrize("method", SECRETS)
def test_no_header_may_change_or_be_missing(county: County, method: str) -> None:
    names = list(signed(method))
    for name in names:
        given = signed(method)
        value = given[name]
        changed = {"timestamp": str(int(value) - 1) if value.isdigit() else ""}.get(name.split("-")[-1].split("_")[-1])
        given[name] = changed or ("0" if value[0] != "0" else "1") + value[1:]
        assert refused(county.own, given)
        assert "is missing" in refused(county.own, {**given, name: " "})
        assert "missing" in refused(county.own, {key: each for key, each in given.items() if key != name})
        assert "too long" in refused(county.own, {**given, name: "1" * 400})
        for odd in ("甲", "\udc80", "é", "1\n2"):
            assert refused(county.own, {**given, name: odd})
    figure(attacks=8 * len(names), refused=8 * len(names))


def test_a_refused_signature_uses_no_nonce(county: County) -> None:
    given = signed("sm2", nonce="the-nonce")
    refused(county.own, {**given, "x-yibao-signature": base64.b64encode(SIGNATURE).decode()})
    ask(county.own, given)


def test_sm2_covers_the_body_and_the_transaction(county: County) -> None:
    assert "does not match" in refused(county.own, signed("sm2"), BODY + b" ")
    assert "does not match" in refused(county.own, signed("sm2", infno="2207"))
    assert "_api_name" in refused(county.own, signed("api", infno="2207"))


def test_requests_without_a_signature(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "PRIVATE_LINE", False)
    assert "missing" in refused(county.own, {"content-type": "application/json"})
    assert "mix" in refused(county.own, signed("sm2") | signed("api"))
    monkeypatch.setattr(settings, "PRIVATE_LINE", True)
    ask(county.own, {"content-type": "application/json"})
    assert "no such key" in refused(county.own, signed("sm2", "k2"))


def test_a_key_on_record_that_is_none(county: County) -> None:
    from openyibao.service.institutions.models import Key

    for secret in ("", "04" + "0" * 128, "zz"):
        Key.objects.filter(method="sm2").update(secret=secret)
        assert "no SM2 key" in refused(county.own, signed("sm2"))
    Key.objects.filter(method="sm2").update(secret="04" + PUBLIC.hex().upper())
    ask(county.own, signed("sm2"))


@pytest.mark.reliability("T26", "one signature sent by many at once", full=True)
def test_of_many_at_once_one_is_accepted(county: County) -> None:
    given = signed("sm2")

    def attempt(_: int) -> bool:
        from django.db import connection

        try:
            ask(county.own, given)
        except Refused:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1
    figure(attacks=23, refused=23)


def test_outdated_nonces_go(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    from openyibao.service.gateway import authentication
    from openyibao.service.gateway.models import Nonce

    for hours in (2, 0.5):
        ask(county.own, signed("x-tif"))
        Nonce.objects.filter(pk=Nonce.objects.latest("pk").pk).update(seen=now() - timedelta(hours=hours))
    monkeypatch.setattr(authentication, "PRUNE_EVERY", 1)
    ask(county.own, signed("x-tif"))
    assert sorted(round((now() - nonce.seen).total_seconds() / 3600, 1) for nonce in Nonce.objects.all()) == [0, 0.5]


# The documents.


def example(page: str) -> dict[str, str]:
    """The lines `name: value` of the worked example."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (block,) = re.findall(r"```text worked example\n(.*?)```", text, re.S)
    return dict(line.split(": ", 1) for line in block.splitlines())


def test_the_worked_example_of_the_documents() -> None:
    lines = example("national-interface.md")
    assert example("national-interface.zh.md") == lines
    body = lines["body"].encode()
    moment = datetime.fromtimestamp(int(lines["x-yibao-timestamp"]), CHINA)
    assert read_message(body)["infno"] == lines["infno"]
    assert sm2.sm3(body).hex() == lines["SM3 of the body"]
    text = sm2_text(lines["x-yibao-timestamp"], lines["x-yibao-nonce"], lines["infno"], body)
    assert text.decode() == lines["signed text"].replace("\\n", "\n")
    public = bytes.fromhex(lines["public key x"] + lines["public key y"])
    assert sm2.public_of(bytes.fromhex(lines["private key"])) == public
    assert sm2.verify(public, text, base64.b64decode(lines["x-yibao-signature"]))
    assert tif_signature(lines["x-yibao-timestamp"], "secret", lines["x-yibao-nonce"]) == lines["x-tif-signature"]
    assert api_signature("k1", lines["infno"], lines["_api_timestamp"], "1.0.0", "secret") == lines["_api_signature"]
    made = headers("api", "k1", "secret", infno=lines["infno"], body=body, moment=moment, nonce="")
    assert made["_api_timestamp"] == lines["_api_timestamp"]


@pytest.mark.reliability("T26", "processor time of a verification")
@pytest.mark.long
def test_verifying_is_fast() -> None:
    """Of a hundred, all but one take at most 5 ms of processor time."""
    took = []
    for _ in range(2000):
        begun = thread_time()
        assert sm2.verify(PUBLIC, b"message digest", SIGNATURE)
        took.append(thread_time() - begun)
    assert sorted(took)[int(len(took) * 0.99)] <= 0.005
    figure(times=len(took), p99_ms=sorted(took)[int(len(took) * 0.99)] * 1000)
