"""What goes between two platforms: JSON that is signed in both directions (SM2 over SM3), each request once.

    ask(peer, "settle", {...}) -> the peer's answer      or NotSent, NoAnswer

Only a signed answer of the peer counts as one. Whatever else happens on the way is NoAnswer: the request may have been
carried out, or may still be.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import re
import secrets
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from openyibao.policy.model import Bilingual
from openyibao.service.clock import now
from openyibao.service.gateway import sm2
from openyibao.service.gateway.authentication import public_key
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.signatures import sm2_text
from openyibao.service.portability.models import Peer, PeerKey

PATH = "/region/v1/"
VERSION = 1
MOST_BYTES = 32 * 1024 * 1024
"""Bytes of a message: a month's list of settlements has some hundred for each."""
PRUNE_EVERY = 1000
PLAIN = re.compile(r"[!-~]{1,200}")
HEADERS = ("key", "timestamp", "nonce", "signature")

Said = dict[str, Any]


class NoAnswer(Exception):
    """The peer gave no answer that it signed: what became of the request is not known."""


class NotSent(NoAnswer):
    """The peer could not be reached at all: the request was never sent."""


def text_of(value: Mapping[str, Any]) -> bytes:
    """The bytes of a message: JSON in UTF-8, keys in order, no spaces; whole numbers and texts only."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(value: Mapping[str, Any]) -> str:
    """The SM3 of a message's bytes, in hexadecimal digits."""
    return sm2.sm3(text_of(value)).hex()


def own_key() -> tuple[str, bytes]:
    """The identifier and the private key with which this platform signs. Raises ImproperlyConfigured."""
    identifier, _, private = settings.REGION_KEY.partition(":")
    if not identifier or not re.fullmatch(r"[0-9A-Fa-f]{64}", private):
        raise ImproperlyConfigured("YIBAO_REGION_KEY: expected identifier:64 hex digits of an SM2 private key")
    return identifier, bytes.fromhex(private)


def signed(what: str, body: bytes, *, nonce: str, timestamp: str) -> dict[str, str]:
    """The headers of a message of this platform."""
    identifier, private = own_key()
    raw = sm2.sign(private, sm2_text(timestamp, nonce, what, body))
    values = (identifier, timestamp, nonce, base64.b64encode(raw).decode())
    return {f"x-yibao-{name}": value for name, value in zip(HEADERS, values, strict=True)}


def ask(peer: Peer, what: str, content: Mapping[str, Any], *, own: str, timeout: float | None = None) -> Said:
    """A peer's answer to a question. `own`: the division of our region. Raises NotSent, NoAnswer."""
    body = text_of({**content, "version": VERSION, "what": what, "from": own, "to": peer.division})
    nonce, timestamp = secrets.token_hex(16), str(int(now().timestamp()))
    try:
        headers = signed(what, body, nonce=nonce, timestamp=timestamp)
    except ImproperlyConfigured as error:
        raise NotSent(str(error)) from None
    status, came, content_read = _exchange(peer, PATH + what, body, headers, timeout or settings.REGION_TIMEOUT_S)
    if status != 200:
        raise NoAnswer(f"status {status} {content_read[:200]!r}" if status == 401 else f"status {status}")
    try:
        _check_signature(_known_keys(peer), came, "answer " + what, content_read, nonce=nonce)
        found = json.loads(content_read)
    except (Refused, ValueError) as error:
        raise NoAnswer(str(error)) from None
    if not isinstance(found, dict):
        raise NoAnswer("no object")
    return found


def _exchange(
    peer: Peer, path: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request over a connection of its own: one kept open could be closed by the other side at that moment,
    and nobody could tell whether the request had arrived."""
    address = urlsplit(peer.address)
    make = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    line = make(address.hostname or "", address.port, timeout=timeout)
    try:
        try:
            line.connect()
        except (OSError, ssl.SSLError) as error:
            raise NotSent(type(error).__name__) from None
        try:
            line.request("POST", address.path.rstrip("/") + path, body, {**headers, "content-type": "application/json"})
            answer = line.getresponse()
            found = answer.read(MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(type(error).__name__) from None
        if len(found) > MOST_BYTES:
            raise NoAnswer("too long")
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, found
    finally:
        line.close()


def received(what: str, headers: Mapping[str, str], body: bytes) -> tuple[Peer, Said]:
    """Who sent a request, and what it says. Raises Refused for one that no peer signed just now and once.

    Call it before the request's database transaction: a nonce stays used whatever comes after.
    """
    identifier = str(headers.get("x-yibao-key", ""))
    said = _read(body)
    peer = Peer.objects.select_related("region__body").filter(division=str(said.get("from", ""))).first()
    keys = [key for key in _known_keys(peer) if key.identifier == identifier] if peer else []
    key = _check_signature(keys, headers, what, body)
    if said.get("what") != what or said.get("version") != VERSION:
        raise _refused("报文的交易或版本与地址不符", "the message is of another operation or version")
    _use_once(key, str(headers["x-yibao-nonce"]))
    assert peer is not None
    return peer, said


def _read(body: bytes) -> Said:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _refused("报文不是 JSON 对象", "the message is no JSON object")
    return said


def _known_keys(peer: Peer | None) -> list[PeerKey]:
    """The keys of a peer that are in force today."""
    return list(PeerKey.objects.filter(peer=peer, period__contains=now().date())) if peer else []


def _check_signature(
    keys: list[PeerKey], headers: Mapping[str, str], what: str, body: bytes, *, nonce: str = ""
) -> PeerKey:
    """The key that signed. `nonce`: that of the question, which its answer must repeat. Raises Refused."""
    identifier, timestamp, stated, signature = (str(headers.get(f"x-yibao-{name}", "")) for name in HEADERS)
    if not all(PLAIN.fullmatch(each) for each in (identifier, timestamp, stated, signature)) or len(stated) > 64:
        raise _refused("缺少签名请求头，或格式不对", "headers of the signature are missing or malformed")
    if nonce and stated != nonce:
        raise _refused("应答不是对本次请求的", "this is not the answer to this request")
    key = next((one for one in keys if one.identifier == identifier), None)
    if key is None:
        raise _refused("不是已登记地区的有效密钥", "no such region, or not its key in force")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now().timestamp() - int(timestamp)) > _window():
        raise _refused("签名时间与本平台相差过大", "the time of signing is too far from ours")
    try:
        raw = base64.b64decode(signature, validate=True)
        right = sm2.verify(public_key(key.public_key), sm2_text(timestamp, stated, what, body), raw)
    except (binascii.Error, sm2.KeyRefused, ValueError):
        right = False
    if not right:
        raise _refused("签名不一致", "the signature does not match")
    return key


def _window() -> int:
    window: int = settings.SIGNATURE_WINDOW_S
    return window


def _use_once(key: PeerKey, nonce: str) -> None:
    """Keep the nonce for as long as its time could still be accepted; refuse it a second time."""
    seen: datetime = now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO portability_peernonce (key_id, nonce, seen) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
            " RETURNING id",
            [key.pk, nonce, seen],
        )
        row = cursor.fetchone()
        if row is None:
            raise _refused("请求已收到过（nonce 重复）", "this nonce was used before")
        if row[0] % PRUNE_EVERY == 0:
            cursor.execute(
                "DELETE FROM portability_peernonce WHERE seen < %s", [seen - timedelta(seconds=2 * _window())]
            )


def _refused(zh: str, en: str) -> Refused:
    return Refused("not authenticated", why=Bilingual(zh, en))
