"""The check code of a settlement: whoever holds the receipt may look at its bill, and nobody who only knows a number.

The code is a keyed digest (HMAC-SHA-256) of the settlement's number, cut to 50 bits, in letters and digits that are not
mistaken for one another. The key comes from the platform's secret; nothing is stored.
"""

from __future__ import annotations

import hmac

from django.utils.crypto import salted_hmac

SALT = "openyibao.settlements.check_code"
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: without I, L, O and U."""
MEANT = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V", "-": None, " ": None})
LENGTH, BITS = 10, 5


def check_code(setl_id: str) -> str:
    """The code as it is printed: two groups of five."""
    digest = salted_hmac(SALT, setl_id, algorithm="sha256").digest()
    number = int.from_bytes(digest[:8], "big") >> (64 - LENGTH * BITS)
    text = "".join(DIGITS[number >> (BITS * place) & 31] for place in reversed(range(LENGTH)))
    return f"{text[:5]}-{text[5:]}"


def holds(setl_id: str, code: str) -> bool:
    """Whether a code, as somebody typed it, is that of a settlement."""
    typed = code.upper().translate(MEANT)
    return hmac.compare_digest(typed.encode(), check_code(setl_id).replace("-", "").encode())
