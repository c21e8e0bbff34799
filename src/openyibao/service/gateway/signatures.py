"""What is signed under each way of authentication, and the headers that carry it. Docs: docs/national-interface.md.

`headers` makes the headers of a request, for clients and tests; `authentication` checks them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from openyibao.service.gateway import sm2

API_VERSION = "1.0.0"


def tif_signature(timestamp: str, secret: str, nonce: str) -> str:
    """x-tif: SHA-256 in hex of timestamp, secret, nonce and timestamp in a row. It does not cover the body."""
    return hashlib.sha256(f"{timestamp}{secret}{nonce}{timestamp}".encode()).hexdigest()


def api_signature(access_key: str, name: str, timestamp: str, version: str, secret: str) -> str:
    """_api: HMAC-SHA1 in Base64 over the four parameters in the order of their names. It does not cover the body."""
    text = f"_api_access_key={access_key}&_api_name={name}&_api_timestamp={timestamp}&_api_version={version}"
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


def sm2_text(timestamp: str, nonce: str, infno: str, body: bytes) -> bytes:
    """The bytes that an SM2 signature covers: four lines, the last one the SM3 digest of the body in small hex.

    >>> sm2_text("1767225600", "a1b2c3d4", "1101", b"{}").decode().splitlines()[:3]
    ['1767225600', 'a1b2c3d4', '1101']
    """
    return "\n".join((timestamp, nonce, infno, sm2.sm3(body).hex())).encode()


def headers(
    method: str, identifier: str, secret: str, *, infno: str, body: bytes, moment: datetime, nonce: str
) -> dict[str, str]:
    """The headers of a request. `method`: x-tif, api or sm2; `secret`: shared, or the private SM2 key in hex.

    `moment` has a time zone. `nonce` is new for each request (api sends none). Raises ValueError for another method.
    """
    seconds = str(int(moment.timestamp()))
    if method == "x-tif":
        return {
            "x-tif-paasid": identifier,
            "x-tif-timestamp": seconds,
            "x-tif-nonce": nonce,
            "x-tif-signature": tif_signature(seconds, secret, nonce),
        }
    if method == "api":
        milliseconds = f"{seconds}{moment.microsecond // 1000:03d}"
        return {
            "_api_name": infno,
            "_api_version": API_VERSION,
            "_api_timestamp": milliseconds,
            "_api_access_key": identifier,
            "_api_signature": api_signature(identifier, infno, milliseconds, API_VERSION, secret),
        }
    if method == "sm2":
        signature = sm2.sign(bytes.fromhex(secret), sm2_text(seconds, nonce, infno, body))
        return {
            "x-yibao-key": identifier,
            "x-yibao-timestamp": seconds,
            "x-yibao-nonce": nonce,
            "x-yibao-signature": base64.b64encode(signature).decode(),
        }
    raise ValueError(f"method {method!r}; expected x-tif, api or sm2")
