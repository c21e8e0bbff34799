"""The smallest difference of the same sort that can be found by deleting and replacing."""

import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from second.compare import Difference, History, Policy, compare
from second.coverage import Tally

PLACES = ("layers", "quantities", "derived facts", "amounts", "statistics", "facts", "words")


def smallest(found: Difference, seconds: float) -> Difference:
    """A difference of the same sort that is as small as deleting and replacing makes it, within some seconds."""
    end = time.monotonic() + seconds
    before = None
    while found is not before and time.monotonic() < end:
        before = found
        found = fewer_claims(found)
        for change in ("first answer", "last answer", "delete"):
            n = 0
            while n < len(places := paths(found.policy)) and time.monotonic() < end:
                changed = deepcopy(found.policy)
                less = still(found, changed, found.history) if cut(changed, places[n], change) else None
                found, n = less or found, n + (less is None)
    return found


def fewer_claims(found: Difference) -> Difference:
    for n in reversed(range(len(found.history))):
        found = still(found, found.policy, found.history[:n] + found.history[n + 1 :]) or found
    return found


def still(found: Difference, policy: Policy, history: History) -> Difference | None:
    """The same sort of difference on another policy or history, if it is there."""
    try:
        less = compare(policy, [history], Tally())
    except Exception:  # no valid policy any more: another thing, not a smaller one
        return None
    return less if less and less.what == found.what else None


def paths(policy: Policy) -> list[list[Any]]:
    """All places of a policy but its head, from the outside in."""
    return [path for path in below(policy) if path[0] in PLACES]


def below(node: Any) -> Iterator[list[Any]]:
    """All places below a node, from the outside in."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield [key]
        yield from ([key, *path] for path in below(child))


def cut(node: Any, path: list[Any], change: str) -> bool:
    """Delete what stands at a place, or put one of a table's answers in its stead."""
    for key in path[:-1]:
        node = node[key]
    here = node[path[-1]]
    if change == "delete":
        del node[path[-1]]
        return True
    if not isinstance(here, dict) or "by" not in here:
        return False
    answers = [answer for key, answer in here.items() if key not in ("by", "basis", "note")]
    node[path[-1]] = answers[0] if change == "first answer" else answers[-1]
    return True
