"""What a person has used, what a claim reads of it and adds to it, and what a reversal takes back.

Uses are one dictionary. A key is (owner, rule, period, values): the owner is a layer or `group NAME`; the values are
those of the facts for which a use of its own is kept. Fen stand under it; under a few keys that remember (what carried
amounts were earned by, where earning started, which episodes have a number) stand entries, each beginning with the
claim that made it, in the order of settlement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[Any, ...]
Uses = dict[Key, Any]


@dataclass
class Ledger:
    """The uses during one claim; `before` stays as it is."""

    claim: str
    before: Uses
    now: Uses = field(init=False)
    read: set[Key] = field(default_factory=set)
    added: dict[Key, Any] = field(default_factory=dict)  # fen, or the key under which the claim made an entry

    def __post_init__(self) -> None:
        self.now = dict(self.before)

    def of(self, key: Key) -> int:
        self.read.add(key)
        return int(self.now.get(key, 0))

    def add(self, key: Key, fen: int) -> None:
        """A use of nothing is no use."""
        if fen:
            self.now[key] = self.now.get(key, 0) + fen
            self.added[key] = self.added.get(key, 0) + fen

    def entries(self, key: Key, touched: Key = ()) -> tuple[Any, ...]:
        """The entries; `touched` is what a reversal calls the part of them that was read."""
        self.read.add(touched or key)
        return tuple(self.now.get(key, ()))

    def enter(self, key: Key, *entry: Any, touched: Key = ()) -> None:
        self.now[key] = (*self.now.get(key, ()), (self.claim, *entry))
        self.added[touched or key] = key

    def close(self) -> None:
        """What belongs to the claim alone is not kept."""
        for key in [key for key in self.now if key[2][:1] == ("claim",)]:
            del self.now[key]
            self.added.pop(key, None)


@dataclass(frozen=True)
class Settled:
    """A claim that was settled: its id, what it read, and what it added; `left` it only put there for later ones."""

    claim: str
    read: frozenset[Key]
    added: dict[Key, Any]
    left: frozenset[Key] = frozenset()


def reversible(settled: Sequence[Settled], n: int) -> bool:
    """Whether claim `n` may be reversed at once: no later claim read or changed a key that it added to."""
    mine = set(settled[n].added)
    return not any(mine & (later.read | set(later.added) - later.left) for later in settled[n + 1 :])


def reversed_uses(uses: Uses, one: Settled) -> Uses:
    """The uses without what the claim added, key by key."""
    after = dict(uses)
    for key, what in one.added.items():
        if isinstance(what, int):
            after[key] = after.get(key, 0) - what
        else:
            after[what] = tuple(entry for entry in after[what] if entry[0] != one.claim)
    return {key: what for key, what in after.items() if what}
