"""SM2 signatures and the SM3 digest (GB/T 32918, GB/T 32905) through the system's OpenSSL 3.

A public key is 64 bytes x || y, a private key 32 bytes, a signature 64 bytes r || s; all numbers are big-endian. What
is signed is the message behind the signer's id, by the rule of GB/T 32918.2; libcrypto makes that digest itself.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p, create_string_buffer
from functools import cache

USER_ID = b"1234567812345678"
"""The signer's id where nothing else is agreed, as GB/T 35276 sets it."""
PUBLIC_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
"""SubjectPublicKeyInfo of a key on the SM2 curve (1.2.156.10197.1.301), up to the point's coordinates."""
PRIVATE_HEAD, PRIVATE_TAIL = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a811ccf5501822d")
"""ECPrivateKey (RFC 5915) of such a key, around the number; libcrypto works out the public key."""
ORDER = int("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", 16)
"""The order n of the curve's base point (GB/T 32918.5)."""

_FUNCTIONS = {
    "OpenSSL_version_num": (c_ulong, []),
    "ERR_clear_error": (None, []),
    "EVP_sm3": (c_void_p, []),
    "EVP_Digest": (c_int, [c_char_p, c_size_t, c_char_p, c_void_p, c_void_p, c_void_p]),
    "d2i_PUBKEY": (c_void_p, [c_void_p, c_void_p, c_long]),
    "d2i_AutoPrivateKey": (c_void_p, [c_void_p, c_void_p, c_long]),
    "i2d_PUBKEY": (c_int, [c_void_p, c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_int]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_DigestSignInit": (c_int, [c_void_p] * 5),
    "EVP_DigestSign": (c_int, [c_void_p, c_char_p, c_void_p, c_char_p, c_size_t]),
    "EVP_DigestVerifyInit": (c_int, [c_void_p] * 5),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
}


class CryptoError(Exception):
    """libcrypto is missing, too old, or refused something that should have worked."""


class KeyRefused(ValueError):
    """A key that is none of the SM2 curve."""


def verify(public: bytes, message: bytes, signature: bytes, user_id: bytes = USER_ID) -> bool:
    """Whether a signature is the key's over the message. Raises KeyRefused for a key that is none."""
    if len(public) != 64:
        raise KeyRefused(f"a public key has 64 bytes, this one has {len(public)}")
    if len(signature) != 64:
        return False
    ssl = _library()
    der = _to_der(signature)
    with _loaded("d2i_PUBKEY", PUBLIC_HEAD + public) as key, _prepared(key, user_id) as context:
        if ssl.EVP_DigestVerifyInit(context, None, ssl.EVP_sm3(), None, key) != 1:
            raise CryptoError("libcrypto does not verify SM2 with SM3")
        verdict: int = ssl.EVP_DigestVerify(context, der, len(der), message, len(message))
        ssl.ERR_clear_error()
        return verdict == 1


def sign(private: bytes, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """A signature r || s. Raises KeyRefused for a key that is none."""
    ssl = _library()
    length = c_size_t(80)
    der = create_string_buffer(length.value)
    with _private(private) as key, _prepared(key, user_id) as context:
        if ssl.EVP_DigestSignInit(context, None, ssl.EVP_sm3(), None, key) != 1:
            raise CryptoError("libcrypto does not sign SM2 with SM3")
        if ssl.EVP_DigestSign(context, der, byref(length), message, len(message)) != 1:
            raise CryptoError("libcrypto did not sign")
    return _from_der(der.raw[: length.value])


def new_private() -> bytes:
    """A new private key, a number in [1, n-2]."""
    return (1 + secrets.randbelow(ORDER - 2)).to_bytes(32, "big")


def public_of(private: bytes) -> bytes:
    """The public key of a private one. Raises KeyRefused for a key that is none."""
    ssl = _library()
    der = create_string_buffer(len(PUBLIC_HEAD) + 64)
    with _private(private) as key:
        if ssl.i2d_PUBKEY(key, None) != len(der):
            raise CryptoError("libcrypto writes the public key in another form")
        end = c_void_p(ctypes.addressof(der))
        ssl.i2d_PUBKEY(key, byref(end))
    return der.raw[len(PUBLIC_HEAD) :]


def sm3(data: bytes) -> bytes:
    """The SM3 digest, 32 bytes.

    >>> sm3(b"abc").hex()
    '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'
    """
    ssl = _library()
    digest = create_string_buffer(32)
    if ssl.EVP_Digest(data, len(data), digest, None, ssl.EVP_sm3(), None) != 1:
        raise CryptoError("libcrypto does not know SM3")
    return digest.raw


@contextmanager
def _private(number: bytes) -> Iterator[int]:
    if len(number) != 32 or not 0 < int.from_bytes(number, "big") < ORDER - 1:
        raise KeyRefused("a private key is 32 bytes, a number from 1 to n-2")
    with _loaded("d2i_AutoPrivateKey", PRIVATE_HEAD + number + PRIVATE_TAIL) as key:
        yield key


@contextmanager
def _loaded(reader: str, der: bytes) -> Iterator[int]:
    """A key of libcrypto, freed afterwards."""
    ssl = _library()
    held = create_string_buffer(der, len(der))
    start = c_void_p(ctypes.addressof(held))
    key = getattr(ssl, reader)(None, byref(start), len(der))
    if not key:
        ssl.ERR_clear_error()
        raise KeyRefused("this is no key of the SM2 curve")
    try:
        yield key
    finally:
        ssl.EVP_PKEY_free(key)


@contextmanager
def _prepared(key: int, user_id: bytes) -> Iterator[int]:
    """A context for one signature of the key, with the signer's id set."""
    ssl = _library()
    inner, context = ssl.EVP_PKEY_CTX_new(key, None), ssl.EVP_MD_CTX_new()
    try:
        if not inner or not context or ssl.EVP_PKEY_CTX_set1_id(inner, user_id, len(user_id)) != 1:
            raise CryptoError("libcrypto does not take the signer's id")
        ssl.EVP_MD_CTX_set_pkey_ctx(context, inner)
        yield context
    finally:
        ssl.EVP_MD_CTX_free(context)
        ssl.EVP_PKEY_CTX_free(inner)


def _to_der(signature: bytes) -> bytes:
    """r || s as the SEQUENCE of two INTEGERs that libcrypto takes."""
    parts = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
    bodies = [part.to_bytes(part.bit_length() // 8 + 1, "big") for part in parts]
    inner = b"".join(bytes((2, len(body))) + body for body in bodies)
    return bytes((0x30, len(inner))) + inner


def _from_der(der: bytes) -> bytes:
    at, parts = 2, []
    for _ in range(2):
        length = der[at + 1]
        parts.append(int.from_bytes(der[at + 2 : at + 2 + length], "big").to_bytes(32, "big"))
        at += 2 + length
    return b"".join(parts)


@cache
def _library() -> ctypes.CDLL:
    """The system's libcrypto with its functions declared. Raises CryptoError where there is none of OpenSSL 3."""
    name = ctypes.util.find_library("crypto")
    if name is None:
        raise CryptoError("no libcrypto on this machine; install OpenSSL 3 (Debian: libssl3)")
    library = ctypes.CDLL(name)
    try:
        for function, (result, arguments) in _FUNCTIONS.items():
            found = getattr(library, function)
            found.restype, found.argtypes = result, arguments
    except AttributeError as error:
        raise CryptoError(f"{name} is not OpenSSL 3: {error}") from error
    if library.OpenSSL_version_num() < 0x30000000:
        raise CryptoError(f"{name} is older than OpenSSL 3")
    return library
