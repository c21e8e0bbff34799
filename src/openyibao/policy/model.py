"""What a policy says, as plain data: the result of reading a policy file.

Money is whole fen, ratios are exact (`fractions.Fraction`), names are the canonical English words.
Two policies are equal when they say the same, wherever it stood in whichever language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from openyibao.policy.problems import Place

if TYPE_CHECKING:
    from openyibao.policy.claim_parts import Division, Gathering
    from openyibao.policy.worked_out import AmountSum, Derived, Sum

NOT_IDENTIFIED = "not identified"
NOWHERE = Place(0, 0)


@dataclass(frozen=True)
class Bilingual:
    """A text for people. A missing language is the empty string."""

    zh: str
    en: str


@dataclass(frozen=True)
class Document:
    """A text of law or another source that a policy cites; `not identified` where nobody knows."""

    name: str
    title: Bilingual
    number: str
    date: str
    source: str


@dataclass(frozen=True)
class Basis:
    """Where a value comes from and how sure we are of it (`high`, `medium`, `low`)."""

    document: str
    article: str
    source: str
    sure: str
    note: Bilingual | None = None


@dataclass(frozen=True)
class Money:
    """An amount in fen."""

    fen: int


@dataclass(frozen=True)
class Ratio:
    """An exact share or multiple."""

    ratio: Fraction


@dataclass(frozen=True)
class NoLimit:
    """An amount that never binds."""


@dataclass(frozen=True)
class NotKnown:
    """A value that nobody knows: a claim that needs it fails, naming this gap."""

    why: Bilingual


@dataclass(frozen=True)
class NotAllowed:
    """A case that the policy does not allow: a claim that meets it is refused, with the reason."""

    why: Bilingual


@dataclass(frozen=True)
class AmountOf:
    """A share (1 for the whole) of a named amount of the same policy."""

    name: str
    share: Fraction


@dataclass(frozen=True)
class ShareOfQuantity:
    """A share of a quantity of the claim, of this layer's base, or of an earlier layer as it finished.

    `layer` is None for the claim (its total and four parts) and for this layer's base. The share is rounded half-up
    to the fen, then raised to `least_fen`, then cut to `most_fen`, where these are not None.
    """

    layer: str | None
    quantity: str
    share: Fraction
    least_fen: int | None = None
    most_fen: int | None = None


@dataclass(frozen=True)
class ForEach:
    """An amount for each one of a fact that is a whole number, as far as that number lies beyond `beyond`.

    Like every amount it is at most MAX_AMOUNT_FEN: what would be more is cut to that.
    """

    fen: int
    fact: str
    beyond: int = 0


@dataclass(frozen=True)
class OwnShareOf:
    """A rate that leaves the person a multiple of what the cell of another value of the same fact leaves."""

    value: str
    multiple: Fraction


@dataclass(frozen=True)
class Line:
    """A rate on a line: start + slope x a fact that is a whole number, not below `least`, not above `most`."""

    start: Fraction
    slope: Fraction
    fact: str
    least: Fraction | None = None
    most: Fraction | None = None


@dataclass(frozen=True)
class MonthDay:
    """A day of the year."""

    month: int
    day: int


@dataclass(frozen=True)
class Count:
    """A whole number of days, months, claims or episodes."""

    number: int


Gap = NotKnown | NotAllowed
Value = Money | Count | Ratio | NoLimit | Gap | AmountOf | ShareOfQuantity | ForEach | OwnShareOf | Line | MonthDay


@dataclass(frozen=True)
class Words:
    """A table key that names values of a fact."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Range:
    """A table key that covers whole numbers `low` to `high`, both included; None is no bound."""

    low: int | None
    high: int | None


@dataclass(frozen=True)
class Otherwise:
    """A table key for all that no key beside it names."""


Key = Words | Range | Otherwise


@dataclass(frozen=True)
class Cell:
    """One answer of a table: the keys that lead to it, its value, and its own basis, if it has one."""

    keys: tuple[Key, ...]
    value: Value
    basis: Basis | None = None
    assumption: Bilingual | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Table:
    """Values by facts. Without facts it is a constant: one cell without keys.

    `points` are added to the rates of a table of rates.
    """

    by: tuple[str, ...]
    cells: tuple[Cell, ...]
    basis: Basis | None = None
    note: Bilingual | None = None
    points: tuple[Table, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Condition:
    """The layer applies when the fact is among the values (or in the range)."""

    fact: str
    key: Words | Range


@dataclass(frozen=True)
class Term:
    """What a layer looks at: a claim part, a part of an earlier layer, or all that an earlier layer left.

    `layer` is None for a claim part; `part` is None for "left of" the layer. `share` is 1 for the whole.
    """

    layer: str | None
    part: str | None
    share: Fraction = Fraction(1)
    basis: Basis | None = None
    assumption: Bilingual | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Kept:
    """How the use of a limit, deductible or cap is kept.

    Those of one kind that name the same `group` share one use; there is one for each value of the facts in `per`.
    `carry` is how what is left of a period goes on to later ones (`all`, `one`, None: not at all), beginning with
    the period of the `first claim` or of `enrolment`. `plus` is a money fact added to the amount; `annual_maximum`
    bounds what the deductibles of the group take in a benefit year.
    """

    group: str | None = None
    per: tuple[str, ...] = ()
    carry: str | None = None
    earned_from: str = "first claim"
    plus: str | None = None
    annual_maximum: Table | None = None


@dataclass(frozen=True)
class Step:
    """A reduction: `limit`, `deductible` (amounts over a period) or `pre-pay` (a share, no period)."""

    kind: str
    period: str | None
    table: Table
    kept: Kept = Kept()


@dataclass(frozen=True)
class Band:
    """One band: up to an edge (None: all above), at a rate."""

    up_to: Table | None
    rate: Table


@dataclass(frozen=True)
class Bands:
    """Rates by slices of an accumulated cost: counted `from zero` or `from the threshold`, over a period.

    Bands that name the same `group` share their position.
    """

    counted: str
    period: str
    bands: tuple[Band, ...]
    basis: Basis | None = None
    group: str | None = None


@dataclass(frozen=True)
class Fixed:
    """A fixed payment for each `claim`, or for each unit of a fact that counts (`days`, `items`)."""

    table: Table
    unit: str


@dataclass(frozen=True)
class Cap:
    """The most a layer pays over a period."""

    period: str
    table: Table
    kept: Kept = Kept()


@dataclass(frozen=True)
class Layer:
    """One payer's rule. Steps stand in the order written; caps too."""

    name: str
    payer: str
    conditions: tuple[Condition, ...]
    base: tuple[Term, ...]
    steps: tuple[Step, ...]
    pays: Table | Bands | Fixed
    caps: tuple[Cap, ...]
    basis: Basis
    floor: Table | None = None
    cut_in_fees: bool = False
    assumption: Bilingual | None = None
    gaps: tuple[Bilingual, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Statistic:
    """A published figure by year, in fen."""

    name: str
    values: tuple[tuple[int, Cell], ...]


@dataclass(frozen=True)
class StatisticShare:
    """An amount that is a share of a statistic of a year, rounded as written.

    `share` is a multiple, or a table of them. years_before: 0, 1 or 2 years before the year of the rule's date; None:
    the latest year before it for which the statistic has a value. mode: down, up, half-up; unit in fen.
    """

    statistic: str
    share: Table
    years_before: int | None
    mode: str
    unit_fen: int
    basis: Basis | None = None


@dataclass(frozen=True)
class Amount:
    """A named amount."""

    name: str
    value: Table | StatisticShare | AmountSum


@dataclass(frozen=True)
class Fact:
    """A fact the policy asks about, with the values it tells apart (or a range of whole numbers).

    `kind`: `words`, `number`, `money`, `signed money`, `any` (any text, each a value of its own), `admission number`,
    or `derived` (see `worked_out`). Of several values that a claim states, the first in `values` counts if they are in
    `order`; those with times hold `as_of` a date of the claim.
    """

    name: str
    values: tuple[str, ...]
    range: Range | None = None
    kind: str = "words"
    order: bool = False
    as_of: str = "settlement"


@dataclass(frozen=True)
class Policy:
    """What one pooling region grants under one scheme in one interval of dates."""

    id: str
    title: Bilingual
    region: str
    scheme: str
    start: date
    end: date
    rule_date: str
    year_date: str
    words: tuple[Bilingual, ...]
    documents: tuple[Document, ...]
    facts: tuple[Fact, ...]
    statistics: tuple[Statistic, ...]
    amounts: tuple[Amount, ...]
    layers: tuple[Layer, ...]
    gaps: tuple[Bilingual, ...] = ()
    period_date: str = "settlement"
    year_start: Table | None = None
    per_claim_later: bool = False
    quantities: tuple[Sum, ...] = ()
    derived: tuple[Derived, ...] = ()
    divisions: tuple[Division, ...] = ()
    gatherings: tuple[Gathering, ...] = ()
    file: str = field(default="", compare=False)
    digest: str = field(default="", compare=False)

    def __hash__(self) -> int:
        return hash((self.id, self.digest))

    def fact(self, name: str) -> Fact:
        return next(fact for fact in self.facts if fact.name == name)

    def document(self, name: str) -> Document | None:
        return next((document for document in self.documents if document.name == name), None)

    def sub_parts(self, part: str) -> tuple[str, ...]:
        """What stands in the place of a part of the claim: its sub-parts, or the part itself."""
        return next((division.names for division in self.divisions if division.part == part), (part,))

    def gathers(self, layer: Layer) -> Gathering | None:
        """The gathering on whose claims a layer runs; None for a layer of other claims."""
        asked = next((c.key.values for c in layer.conditions if c.fact == "service" and isinstance(c.key, Words)), ())
        return next((gathering for gathering in self.gatherings if gathering.service in asked), None)
