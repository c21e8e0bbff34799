"""A population as data: who the insured are, how often they fall ill, what that costs, what of it is in scope.

Read from `populations/*.yaml` (or a file of one's own). Every number there has a source and a confidence, or is
called an assumption, or was fitted to a published figure. Shares may be given as any numbers: they are scaled to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from openyibao.lab.nodes import LabFileError

PERSONS_OF_A_CLUSTER = 60
MAX_GRADES = 4
MAX_KINDS = 7


@dataclass(frozen=True)
class Band:
    """Ages from `low` to `high`, both included."""

    name: str
    low: int
    high: int


@dataclass(frozen=True)
class Income:
    """Yuan a head and year: lognormal with this mean and standard deviation of the logarithm."""

    mean: float
    sigma: float


@dataclass(frozen=True)
class Costs:
    """What an event costs at a grade: mean in yuan, coefficient of variation, and a tail (quantile, shape) or none."""

    mean: float
    cv: float
    tail: tuple[float, float] | None


@dataclass(frozen=True)
class Scope:
    """The in-scope share of cost at a grade.

    share: of all cost. The logit of the share of one event falls by `slope` for each unit of log cost and has the
    standard deviation `spread` beside that.
    """

    share: float
    slope: float
    spread: float


@dataclass(frozen=True)
class Kind:
    """A kind of event; the grades are the places where it happens.

    word: as the services of policies are called. stream: the number of its random stream, never used twice. rate:
    events per insured person and year. by_age, women_by_age: factors; urban: factor of urban people. dispersion: size
    of the negative binomial within an age, sex and residence. prevalence: by age the share that has such events at
    all, and how strongly this goes with frailty. severity: correlation of cost with frailty. grade_shares: of all
    events; grade_urban, grade_severity: logits by grade. days: mean length of a stay by grade, its coefficient of
    variation and correlation with cost. rest: fully self-paid, over-limit and pre-self-paid shares of what is not in
    scope.
    """

    word: str
    stream: int
    rate: float
    by_age: tuple[float, ...]
    women_by_age: tuple[float, ...]
    urban: float
    dispersion: float
    prevalence: tuple[float, ...] | None
    prevalence_with_frailty: float
    severity: float
    grades: tuple[str, ...]
    grade_shares: tuple[float, ...]
    grade_urban: tuple[float, ...]
    grade_severity: tuple[float, ...]
    costs: tuple[Costs, ...]
    cost_by_age: tuple[float, ...]
    scopes: tuple[Scope, ...]
    rest: tuple[float, float, float]
    days: tuple[float, ...] | None
    days_cv: float
    days_with_cost: float


@dataclass(frozen=True)
class Answer:
    """How a fact of a policy is answered: by one value, or from a column with words for its words, or by bands."""

    column: str | None
    constant: str | int | None
    words: tuple[tuple[str, str], ...]
    bands: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Population:
    """See the module. Tuples by age run in the order of `ages`, those by place in the order of `places`."""

    name: str
    title: tuple[str, str]
    scheme: str
    year: int
    seed: int
    persons: int
    policy: str | None
    household_sizes: tuple[tuple[int, int], ...]
    roles: tuple[str, ...]
    places: tuple[str, str]
    place_shares: tuple[float, float]
    tiers: tuple[str, ...]
    tier_shares: tuple[float, ...]
    tier_prior: tuple[tuple[float, ...], ...]
    ages: tuple[Band, ...]
    age_shares: tuple[float, ...]
    men_by_age: tuple[float, ...]
    age_prior: tuple[tuple[str, tuple[float, ...]], ...]
    income: tuple[Income, Income]
    income_with_frailty: float
    classes: tuple[str, ...]
    class_shares: tuple[float, ...]
    class_prior: tuple[tuple[float, ...], ...]
    kinds: tuple[Kind, ...]
    facts: tuple[tuple[str, Answer], ...]

    @cached_property
    def grades(self) -> tuple[str, ...]:
        """All grades of all kinds, each once."""
        return tuple(dict.fromkeys(grade for kind in self.kinds for grade in kind.grades))


def population_names() -> list[str]:
    """The populations that come with the project."""
    folder = files("openyibao.lab").joinpath("populations")
    names = (Path(one.name) for one in folder.iterdir())
    return sorted(name.stem for name in names if name.suffix == ".yaml" and not name.stem.endswith("-targets"))


def find_population(name: str) -> Path:
    """The file of a shipped population, or a file of one's own. Raises LabFileError, naming those that exist."""
    own = Path(name)
    if own.suffix in (".yaml", ".yml") and own.exists():
        return own
    found = Path(str(files("openyibao.lab").joinpath("populations", f"{name}.yaml")))
    if name not in population_names():
        raise LabFileError(f"no population {name!r}; there are {', '.join(population_names())}, or name a .yaml file")
    return found
