"""SM2 signatures with SM3 in plain Python, from the national standards GB/T 32918 and GB/T 32905: slow and short.

Nothing is kept secret by it: times of running depend on the key. It signs what a test sends.
"""

from __future__ import annotations

import secrets
from functools import cache

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
USER = b"1234567812345678"
START = "7380166f 4914b2b9 172442d7 da8a0600 a96f30bc 163138aa e38dee4d b0fb0e4e"
WORD = 0xFFFFFFFF
Point = tuple[int, int] | None  # None: the point at infinity


def _turn(word: int, by: int) -> int:
    by %= 32
    return (word << by | word >> (32 - by)) & WORD


def _block(state: list[int], block: bytes) -> list[int]:
    """One round of 64 bytes."""
    w = [int.from_bytes(block[at : at + 4], "big") for at in range(0, 64, 4)]
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _turn(w[j - 3], 15)
        w.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        t = 0x79CC4519 if j < 16 else 0x7A879D8A
        ss1 = _turn((_turn(a, 12) + e + _turn(t, j)) & WORD, 7)
        ff = a ^ b ^ c if j < 16 else a & b | a & c | b & c
        gg = e ^ f ^ g if j < 16 else e & f | ~e & WORD & g
        tt1 = (ff + d + (ss1 ^ _turn(a, 12)) + (w[j] ^ w[j + 4])) & WORD
        tt2 = (gg + h + ss1 + w[j]) & WORD
        a, b, c, d = tt1, a, _turn(b, 9), c
        e, f, g, h = tt2 ^ _turn(tt2, 9) ^ _turn(tt2, 17), e, _turn(f, 19), g
    return [old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def sm3(data: bytes) -> bytes:
    """The digest, 32 bytes."""
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "big")
    state = [int(word, 16) for word in START.split()]
    for at in range(0, len(padded), 64):
        state = _block(state, padded[at : at + 64])
    return b"".join(word.to_bytes(4, "big") for word in state)


def add(one: Point, other: Point) -> Point:
    """The sum of two points."""
    if one is None or other is None:
        return other if one is None else one
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    top, below = (3 * x1 * x1 + A, 2 * y1) if one == other else (y2 - y1, x2 - x1)
    slope = top * pow(below, -1, P) % P
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def times(number: int, point: Point) -> Point:
    """A point a number of times."""
    found: Point = None
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


@cache
def base_points() -> tuple[Point, ...]:
    """The base point 2**i times, for each bit of a number."""
    found: list[Point] = [G]
    for _ in range(255):
        found.append(add(found[-1], found[-1]))
    return tuple(found)


def _bytes(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def public(private: int) -> tuple[int, int]:
    """The public key of a private one."""
    found: Point = None
    for place, point in enumerate(base_points()):
        if private >> place & 1:
            found = add(found, point)
    assert found is not None
    return found


def digest(key: tuple[int, int], message: bytes) -> int:
    """What is signed of a message: its digest behind that of the signer's id and key (GB/T 32918.2, 5.5)."""
    who = sm3((8 * len(USER)).to_bytes(2, "big") + USER + _bytes(A, B, *G, *key))
    return int.from_bytes(sm3(who + message), "big")


def sign(private: int, message: bytes) -> bytes:
    """r || s, 64 bytes."""
    e = digest(public(private), message)
    while True:
        k = 1 + secrets.randbelow(N - 1)
        r = (e + public(k)[0]) % N
        s = pow(1 + private, -1, N) * (k - r * private) % N
        if r and s and r + k != N:
            return _bytes(r, s)


def verifies(key: tuple[int, int], message: bytes, signature: bytes) -> bool:
    """Whether a signature is of the key over the message."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    t = (r + s) % N
    found = add(times(s, G), times(t, key))
    return 0 < r < N and 0 < s < N and t != 0 and found is not None and (digest(key, message) + found[0]) % N == r
