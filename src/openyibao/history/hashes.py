"""One text for what is the same, and its hash: of uses, of a person's history, of a whole state.

The hashes are of what counts: the claims that stand, in order, with their bills' figures, and the uses. What was taken
back and the log are not part of them: after a reversal a hash is what it was before the claim.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from openyibao.history.data import claim_data, keys_data, uses_data
from openyibao.history.figures import figures
from openyibao.history.person import History
from openyibao.settlement import Uses


def canonical(data: Any) -> str:
    """JSON with sorted keys and without spaces: one text for each value.

    >>> canonical({"b": [1, "2023"], "a": None})
    '{"a":null,"b":[1,"2023"]}'
    """
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(data: Any) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def uses_hash(uses: Uses) -> str:
    """The hash of uses. Equal uses have equal hashes, whatever the order in which they came about.

    >>> a, b = ("cap", 2023), ("cap", "2023")
    >>> uses_hash(Uses({a: 1, b: 2})) == uses_hash(Uses({b: 2, a: 1, ("line", 2023): 0}))
    True
    >>> uses_hash(Uses({a: 1})) == uses_hash(Uses({b: 1}))
    False
    """
    return digest(uses_data(uses.values))


def history_hash(history: History) -> str:
    """The hash of what counts in a person's history."""
    return digest(counting(history))


def counting(history: History) -> dict[str, Any]:
    """What counts in a history, as plain data."""
    entries = []
    for entry in history.counted():
        sums = figures(entry.bill)
        entries.append(
            {
                "claim": claim_data(entry.claim),
                "policy": entry.policy,
                "digest": entry.digest,
                "paid": [[*party, fen] for party, fen in sums.paid.items()],
                "read": keys_data(entry.read),
                "added": uses_data(entry.added),
            }
        )
    return {
        "person": history.person,
        "opening": uses_data(history.opening.values),
        "entries": entries,
        "uses": uses_data(history.uses.values),
    }


def state_hash(histories: Mapping[tuple[str, str, str], History]) -> str:
    """The hash of what counts in the histories of persons by region, scheme and person."""
    return digest([[*key, counting(histories[key])] for key in sorted(histories)])
