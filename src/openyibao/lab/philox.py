"""Philox4x32-10: random words by counter. The same counter and key give the same four words on every machine.

Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

Everything is 64-bit signed arithmetic that wraps: only the low 64 bits of a product are looked at, so compiled
code and plain Python agree.
"""

from __future__ import annotations

from openyibao.settlement.compiled import uncounted


@uncounted
def philox(c0: int, c1: int, c2: int, c3: int, key0: int, key1: int) -> tuple[int, int, int, int]:
    """Four random words of 32 bits, as whole numbers 0..2^32-1.

    c0..c3: the counter, four words. key0, key1: the key, two words.
    """
    for _ in range(10):
        left = 0xD2511F53 * c0
        right = 0xCD9E8D57 * c2
        c0 = ((right >> 32) & 0xFFFFFFFF) ^ c1 ^ key0
        c1 = right & 0xFFFFFFFF
        c2 = ((left >> 32) & 0xFFFFFFFF) ^ c3 ^ key1
        c3 = left & 0xFFFFFFFF
        key0 = (key0 + 0x9E3779B9) & 0xFFFFFFFF
        key1 = (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3
