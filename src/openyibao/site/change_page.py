"""The page that says what changed: for each place and scheme, from one policy to the next, the newest first."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

from openyibao.policy.model import Policy
from openyibao.site.library import Library, Shelf, policy_page
from openyibao.site.seam import ROOM
from openyibao.site.words import Words

OPEN = 1
"""So many steps of a place are open; older ones are folded away."""


@dataclass(frozen=True)
class Series:
    """The dated policies of a place and scheme, and the steps from one to the next, the newest first."""

    shelf: Shelf
    steps: tuple[Any, ...]


def all_series(library: Library) -> list[Series]:
    """Every place and scheme with more than one dated policy, the latest change first; none without that room."""
    if importlib.util.find_spec(ROOM) is None:
        return []
    from openyibao.compare.changes import SeriesError, changes

    found = []
    for shelf in library.real_shelves():
        policies = shelf.policies
        try:
            steps = changes("", policies[-1].start, policies[0].start, policies).steps if len(policies) > 1 else ()
        except SeriesError:
            continue  # no dated series: files that stand beside each other
        if steps:
            found.append(Series(shelf, tuple(reversed(steps))))
    found.sort(key=lambda one: (-one.steps[0].day.toordinal(), one.shelf.region, one.shelf.scheme))
    return found


def context(series: list[Series], texts: Words) -> dict[str, Any]:
    """What the page shows."""
    return {"series": [_shown(one, texts) for one in series]}


def _shown(one: Series, texts: Words) -> dict[str, Any]:
    steps = [_step(step, texts) for step in one.steps]
    newest: Policy = one.shelf.newest
    return {
        "id": f"{one.shelf.region}-{one.shelf.scheme}",
        "place": texts.place(one.shelf.region),
        "scheme": texts(f"changes.{one.shelf.scheme}"),
        "page": policy_page(newest),
        "open": steps[:OPEN],
        "folded": steps[OPEN:],
    }


def _step(step: Any, texts: Words) -> dict[str, Any]:
    day = texts.day(step.day)
    return {
        "title": texts("changes.step" if step.gap is None else "changes.step_gap", day=day),
        "gap": texts("changes.gap", start=texts.day(step.gap), end=day) if step.gap else "",
        "before": (texts.pick(step.earlier.title), policy_page(step.earlier)),
        "after": (texts.pick(step.later.title), policy_page(step.later)),
        "changes": [_bare(texts.pick(change.text), step, texts) for change in step.changes],
    }


def _bare(text: str, step: Any, texts: Words) -> str:
    """A sentence without the day it begins with: the heading has it."""
    for key in ("since", "since gap"):
        from openyibao.compare.changes import say

        head = texts.pick(say(key, day=step.day, end=step.gap))
        if text.startswith(head):
            return text[len(head) : len(head) + 1].upper() + text[len(head) + 1 :]
    return text
