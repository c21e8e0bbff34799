"""Who asks: a request is the institution's own if a key of that institution signed it, just now and once.

Call `authenticate` before the request's database transaction, not inside it: a refused request rolls that back, and
its nonce must stay used.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from openyibao.policy.model import Bilingual
from openyibao.service.clock import now
from openyibao.service.gateway import sm2
from openyibao.service.gateway.reader import Envelope
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.signatures import api_signature, sm2_text, tif_signature
from openyibao.service.gateway.spec import transactions
from openyibao.service.institutions.models import Institution, Key

PLAIN = re.compile(r"[!-~]{1,300}")
"""Visible ASCII, as all of these headers are; the length is a bound of our own."""
LONGEST_NONCE = 100
PRUNE_EVERY = 1000
"""After how many nonces the outdated ones are deleted."""


SIGNED = ("HTTP_X_TIF_", "HTTP__API_", "HTTP_X_YIBAO_")
"""How the headers of a signature begin, as servers pass them on."""


def is_plain(meta: Iterable[str]) -> bool:
    """Whether a request bears no signature and needs none: of these names of its headers, and on a private line."""
    for name in meta:
        if name.startswith(SIGNED):
            return False
    return bool(settings.PRIVATE_LINE)


def authenticate(headers: Mapping[str, str], body: bytes, envelope: Envelope, institution: Institution) -> None:
    """Raises Refused("not authenticated", why=...) unless the institution itself sent this body, now and once.

    Headers are looked up in any letter case, with `-` for `_`, as servers pass them on. A request without any is
    accepted on a private line only; a signed one is checked there too.
    """
    given = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    schemes = [scheme for name, scheme in _SCHEMES.items() if any(each.startswith(name) for each in given)]
    if not schemes and settings.PRIVATE_LINE:
        return
    if len(schemes) != 1:
        raise _refused(
            "缺少服务网关的请求头（x-tif-、_api_ 或 x-yibao- 一组）" if not schemes else "请求头混用了多种签名方式",
            "the headers of a signature are missing (x-tif-, _api_ or x-yibao-)"
            if not schemes
            else "the headers mix several ways of signing",
        )
    schemes[0](given, body, envelope, institution)


def _tif(given: Mapping[str, str], body: bytes, envelope: Envelope, institution: Institution) -> None:
    identifier, timestamp, nonce, signature = _parts(given, "x-tif-", "paasid", "timestamp", "nonce", "signature")
    _check_time(timestamp, 1, settings.SIGNATURE_WINDOW_S)
    key = _key("x-tif", identifier, institution)
    _check_same(tif_signature(timestamp, key.secret, nonce), signature.lower())
    _use_once(key, nonce)


def _api(given: Mapping[str, str], body: bytes, envelope: Envelope, institution: Institution) -> None:
    name, version, timestamp, identifier, signature = _parts(
        given, "-api-", "name", "version", "timestamp", "access-key", "signature"
    )
    _check_time(timestamp, 1000, settings.API_WINDOW_S)
    # The name may be an interface's; a transaction's number has to be the message's.
    if name.upper() in transactions() and name.upper() != envelope.infno:
        raise _refused("_api_name 与 infno 不一致", "_api_name is not the message's infno")
    key = _key("api", identifier, institution)
    right = api_signature(identifier, name, timestamp, version, key.secret)
    _check_same(right, signature)
    _use_once(key, right)


def _sm2(given: Mapping[str, str], body: bytes, envelope: Envelope, institution: Institution) -> None:
    identifier, timestamp, nonce, signature = _parts(given, "x-yibao-", "key", "timestamp", "nonce", "signature")
    _check_time(timestamp, 1, settings.SIGNATURE_WINDOW_S)
    key = _key("sm2", identifier, institution)
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise _mismatch() from None
    try:
        right = sm2.verify(public_key(key.secret), sm2_text(timestamp, nonce, envelope.infno, body), raw)
    except sm2.KeyRefused:
        raise _refused(
            "登记的 SM2 公钥不可用，请联系经办机构", "the key on record is no SM2 key; ask the agency"
        ) from None
    if not right:
        raise _mismatch()
    _use_once(key, nonce)


_SCHEMES: Mapping[str, Callable[[Mapping[str, str], bytes, Envelope, Institution], None]] = {
    "x-tif-": _tif,
    "-api-": _api,
    "x-yibao-": _sm2,
}


def public_key(text: str) -> bytes:
    """A public key on record: 128 hex digits, or 130 that begin with 04. Raises sm2.KeyRefused."""
    found = re.fullmatch(r"(?:04)?([0-9A-Fa-f]{128})", text)
    if found is None:
        raise sm2.KeyRefused("a public key is 128 hex digits x || y")
    return bytes.fromhex(found[1])


def _parts(given: Mapping[str, str], prefix: str, *names: str) -> list[str]:
    """The headers of a scheme, all of them there and of sensible length. All are visible ASCII."""
    values = [given.get(prefix + name, "").strip() for name in names]
    for name, value in zip(names, values, strict=True):
        header = (prefix + name).replace("-", "_") if prefix == "-api-" else prefix + name
        if not value:
            raise _refused(f"缺少请求头 {header}", f"the header {header} is missing")
        if not PLAIN.fullmatch(value) or (name == "nonce" and len(value) > LONGEST_NONCE):
            raise _refused(
                f"请求头 {header} 过长，或含 ASCII 以外的字符", f"the header {header} is too long or not plain ASCII"
            )
    return values


def _check_time(timestamp: str, per_second: int, window: int) -> None:
    """The time of signing must be near ours, before or after."""
    if not re.fullmatch(r"[0-9]{1,16}", timestamp):
        raise _refused("签名时间戳不是数字", "the timestamp is no number")
    if abs(now().timestamp() - int(timestamp) / per_second) > window:
        raise _refused(
            f"签名时间戳超时，与平台时间相差超过 {window} 秒",
            f"the timestamp is more than {window} seconds away from the platform's time",
        )


def _key(method: str, identifier: str, institution: Institution) -> Key:
    key: Key | None = Key.objects.filter(method=method, identifier=identifier, institution=institution).first()
    if key is None:
        raise _refused("非法用户：该机构没有这个密钥标识", "this institution has no such key")
    if now().date() not in key.period:
        raise _refused("密钥不在有效期内", "the key is not in force today")
    return key


def _check_same(right: str, given: str) -> None:
    if not hmac.compare_digest(right.encode(), given.encode()):
        raise _mismatch()


def _use_once(key: Key, nonce: str) -> None:
    """Keep the nonce for as long as its time could still be accepted; refuse it a second time."""
    seen: datetime = now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gateway_nonce (key_id, nonce, seen) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [key.pk, nonce, seen],
        )
        row = cursor.fetchone()
        if row is None:
            raise _refused("请求已收到过（nonce 重复）", "this nonce was used before")
        if row[0] % PRUNE_EVERY == 0:
            kept = timedelta(seconds=2 * max(settings.SIGNATURE_WINDOW_S, settings.API_WINDOW_S))
            cursor.execute("DELETE FROM gateway_nonce WHERE seen < %s", [seen - kept])


def _mismatch() -> Refused:
    return _refused("签名不一致", "the signature does not match")


def _refused(zh: str, en: str) -> Refused:
    return Refused("not authenticated", why=Bilingual(zh, en))
