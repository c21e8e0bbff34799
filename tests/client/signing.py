"""What the institution adds to a request to prove who it is: nothing, x-tif headers or _api headers (section 2.3), or
the platform's own SM2 headers (docs/national-interface.md, "Who asks").

`cainfo` and `signtype` of the envelope are left to the connection: the text does not say which bytes are signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from typing import Protocol

from client import clock, sm2


class Signer(Protocol):
    def headers(self, infno: str, body: bytes) -> dict[str, str]:
        """The headers of one call of a transaction, whose body is sent as it is."""
        ...


@dataclass(frozen=True)
class NoSigner:
    """Private line: the envelope only."""

    def headers(self, infno: str, body: bytes) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class TifSigner:
    """x-tif headers: hexadecimal SHA-256 of timestamp + secret + nonce + timestamp, the timestamp in seconds."""

    key: str  # application id
    secret: str

    def headers(self, infno: str, body: bytes) -> dict[str, str]:
        return self.at(str(int(clock.now().timestamp())), str(uuid.uuid4()))

    def at(self, timestamp: str, nonce: str) -> dict[str, str]:
        text = timestamp + self.secret + nonce + timestamp
        return {
            "x-tif-paasid": self.key,
            "x-tif-timestamp": timestamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": hashlib.sha256(text.encode()).hexdigest(),
        }


@dataclass(frozen=True)
class ApiSigner:
    """_api headers: Base64 of the HMAC-SHA1 of the four parameters in the order of their names, time in ms."""

    key: str
    secret: str
    version: str = "1.0.0"

    def headers(self, infno: str, body: bytes) -> dict[str, str]:
        return self.at(infno, str(int(clock.now().timestamp() * 1000)))

    def at(self, infno: str, timestamp: str) -> dict[str, str]:
        signed = {
            "_api_name": infno,
            "_api_version": self.version,
            "_api_timestamp": timestamp,
            "_api_access_key": self.key,
        }
        text = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha1).digest()
        return {**signed, "_api_signature": base64.b64encode(digest).decode()}


@dataclass(frozen=True)
class Sm2Signer:
    """x-yibao headers: SM2 over the timestamp in seconds, the nonce, infno and the SM3 digest of the body."""

    key: str
    private: int

    def headers(self, infno: str, body: bytes) -> dict[str, str]:
        return self.at(infno, body, str(int(clock.now().timestamp())), str(uuid.uuid4()))

    def text(self, infno: str, body: bytes, timestamp: str, nonce: str) -> bytes:
        """The four lines that are signed."""
        return "\n".join((timestamp, nonce, infno.upper(), sm2.sm3(body).hex())).encode()

    def at(self, infno: str, body: bytes, timestamp: str, nonce: str) -> dict[str, str]:
        signature = sm2.sign(self.private, self.text(infno, body, timestamp, nonce))
        return {
            "x-yibao-key": self.key,
            "x-yibao-timestamp": timestamp,
            "x-yibao-nonce": nonce,
            "x-yibao-signature": base64.b64encode(signature).decode(),
        }


KINDS = ("none", "x-tif", "api", "sm2")


def signer(kind: str, key: str = "", secret: str = "") -> Signer:
    """The signer of a kind: none, x-tif, api, or sm2, whose secret is the private key in hexadecimal."""
    if kind == "none":
        return NoSigner()
    if kind in KINDS and key and secret:
        if kind == "sm2":
            return Sm2Signer(key, int(secret, 16))
        return TifSigner(key, secret) if kind == "x-tif" else ApiSigner(key, secret)
    raise ValueError(f"authentication: expected none, or x-tif, api or sm2 with a key and a secret, found {kind!r}")
