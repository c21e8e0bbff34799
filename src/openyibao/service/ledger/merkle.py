"""Hashes of entries: a Merkle tree as RFC 9162 (section 2.1) builds it, with SHA-256, and the chain of seals.

A leaf, an inner node and a seal each begin with a byte of their own, so that none can be passed off as another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

LEAF, NODE, SEAL = b"\x00", b"\x01", b"\x02"
START = bytes(sha256().digest_size)
"""What stands for the head before the first seal."""


def encode(value: object) -> bytes:
    """The canonical bytes of a list of texts, whole numbers and nulls: JSON in UTF-8 without spaces.

    >>> encode([1, "甲", None]).decode()
    '[1,"甲",null]'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def leaf_hash(data: bytes) -> bytes:
    return sha256(LEAF + data).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over the hashes of one leaf or more.

    >>> leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")]
    >>> left = sha256(NODE + leaves[0] + leaves[1]).digest()
    >>> tree_root(leaves) == sha256(NODE + left + leaves[2]).digest()
    True
    """
    level = list(leaves)
    while len(level) > 1:  # an odd last one goes up as it is: the same tree as splitting at powers of two
        pairs = [sha256(NODE + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def tree_path(leaves: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """The hashes that lead from a leaf to the root, from below, each with the side on which it stands."""
    path, level = [], list(leaves)
    while len(level) > 1:
        if (beside := index ^ 1) < len(level):
            path.append(("left" if beside < index else "right", level[beside]))
        pairs = [sha256(NODE + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level, index = pairs + level[len(pairs) * 2 :], index // 2
    return path


def root_of_path(leaf: bytes, path: Sequence[tuple[str, bytes]]) -> bytes:
    """The root that a leaf and its path give."""
    for side, beside in path:
        leaf = sha256(NODE + (beside + leaf if side == "left" else leaf + beside)).digest()
    return leaf


def seal_head(before: bytes, number: int, first: int, last: int, entries: int, root: bytes, made: str) -> bytes:
    """The head of a seal: over the head before it and all that it says."""
    return sha256(SEAL + before + encode([number, first, last, entries, root.hex(), made])).digest()
