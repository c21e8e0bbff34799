"""The intermediate form of a policy: straight-line statements over named integer locals.

Expressions are Python text over names, integers and the parameters `p[k]`. One generator (`emit`) prints the
statements as a function for one claim or as a loop over rows; `bounds` proves that nothing passes 2^63.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NO_LIMIT = 2**62
"""An amount that never binds: larger than any use or claim."""
NO_RATE = -(10**12)
"""A rate that nobody knows: below all that points and lines can come to."""


@dataclass(frozen=True)
class Note:
    """A comment in the generated text."""

    text: str


@dataclass(frozen=True)
class Set:
    """`name = expression`. `bound` is what the checks of a claim make true of the value beyond the sum itself."""

    name: str
    expression: str
    note: str = ""
    bound: tuple[int, int] | None = None


@dataclass(frozen=True)
class Zero:
    """Names that start at 0 (or -1 for table cells that did not answer)."""

    names: tuple[str, ...]
    value: int = 0


@dataclass(frozen=True)
class Choice:
    """One answer of a table: an expression and the words that lead to it."""

    expression: str
    label: str


@dataclass(frozen=True)
class Pick:
    """`name` is the choice that `index` points at."""

    name: str
    index: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class When:
    """Statements that run if the test holds."""

    test: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Fail:
    """The claim cannot be settled: number of the fault, and the table cell concerned."""

    fault: int
    cell: str = "0"


@dataclass(frozen=True)
class ReadUse:
    """`name` becomes what the person has used so far of a slot.

    `quiet`: nothing but the sum in the same slot depends on it, so that an earlier claim is not held fast by it.
    """

    slot: int
    name: str
    quiet: bool = False


@dataclass(frozen=True)
class WriteUse:
    """The slot's use becomes the value of an expression."""

    slot: int
    expression: str


@dataclass(frozen=True)
class Known:
    """From here on the name lies within the bound: the statements before have failed every other claim."""

    name: str
    bound: tuple[int, int]


@dataclass(frozen=True)
class OpenUse:
    """The place of a slot's use is found: from here on the period and the facts it is kept for are known."""

    slot: int


@dataclass(frozen=True)
class Carry:
    """`name` becomes what a claim finds of an amount with carry-over, which is earned from the period `start` on."""

    name: str
    slot: int
    amount: str
    start: str
    one: bool


@dataclass(frozen=True)
class Earn:
    """The period of the claim, and earlier ones without an amount of their own, earn this amount."""

    slot: int
    amount: str
    start: str


@dataclass(frozen=True)
class Gather:
    """`name` becomes the sum of a slot's uses in the periods from `first` to `last`, which are locals.

    `mark` is the group of uses, of a person's history only, that says which periods were emptied before.
    """

    name: str
    slot: int
    first: str
    last: str
    mark: str


@dataclass(frozen=True)
class Clear:
    """The slot's uses in these periods become 0, and those that were not are marked."""

    slot: int
    first: str
    last: str
    mark: str


OnUses = ReadUse | WriteUse | Carry | Earn | Gather | Clear
Statement = Note | Known | Set | Zero | Pick | When | Fail | OpenUse | OnUses


@dataclass(frozen=True)
class Slot:
    """One use that outlives a claim.

    Its group, its period, the local that holds the period's number (or names the episode or stay), the locals of the
    facts for each of whose values it is kept, and whether what is left of it is carried over.
    """

    group: str
    period: str
    key: str
    per: tuple[str, ...] = ()
    carried: bool = False

    @property
    def place(self) -> tuple[str, ...]:
        """What tells the uses of the slot apart: slots with the same have their uses at the same places."""
        return (self.key, *self.per)


@dataclass(frozen=True)
class Fault:
    """A reason why a claim cannot be settled; `kind` is one of the keys of `faults.SAY`."""

    kind: str
    layer: str = ""
    what: str = ""
    fact: str = ""
    table: str = ""


@dataclass(frozen=True)
class Parameter:
    """A number of the policy: what it is, its value, and its kind.

    An `amount` is in fen; a ratio is a `top` over a `bottom`.
    """

    label: str
    value: int
    kind: str


@dataclass(frozen=True)
class Program:
    """A compiled policy before it is printed: inputs, statements, and the tables that explain its numbers."""

    inputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]
    slots: tuple[Slot, ...]
    faults: tuple[Fault, ...]
    parameters: tuple[Parameter, ...]
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The numbers each fact can be, those for missing and unknown included."""
    texts: tuple[str, ...] = ()
    """Inputs that only name something: texts in the form for one claim, whole numbers in rows."""
    sizes: dict[str, int | None] = field(default_factory=dict)
    """Of each fact that uses are kept for: how many values it has; None for any number."""
    keyed: tuple[str, ...] = ()
    """Those of them that the form for one claim is also given as words (`KEY_...`)."""
