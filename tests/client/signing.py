"""What the institution adds to a request to prove who it is: nothing, x-tif headers or _api headers (section 2.3).

`cainfo` and `signtype` of the envelope are left to the connection: the text does not say which bytes are signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass
from typing import Protocol


class Signer(Protocol):
    def headers(self, infno: str) -> dict[str, str]:
        """The headers of one call of a transaction."""
        ...


@dataclass(frozen=True)
class NoSigner:
    """Private line: the envelope only."""

    def headers(self, infno: str) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class TifSigner:
    """x-tif headers: hexadecimal SHA-256 of timestamp + secret + nonce + timestamp, the timestamp in seconds."""

    key: str  # application id
    secret: str

    def headers(self, infno: str) -> dict[str, str]:
        return self.at(str(int(time.time())), str(uuid.uuid4()))

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

    def headers(self, infno: str) -> dict[str, str]:
        return self.at(infno, str(int(time.time() * 1000)))

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


def signer(kind: str, key: str = "", secret: str = "") -> Signer:
    """The signer of a kind: none, x-tif or api."""
    if kind == "none":
        return NoSigner()
    if kind in ("x-tif", "api") and key and secret:
        return TifSigner(key, secret) if kind == "x-tif" else ApiSigner(key, secret)
    raise ValueError(f"authentication: expected none, or x-tif or api with a key and a secret, found {kind!r}")
