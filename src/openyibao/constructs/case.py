"""The cases: `NN-name.yaml` beside this file, one for each row of a survey of constructs, as data.

A case that runs has a policy with only what the construct needs, and claims with the bill that each should get. Its
`contrast` is a list of other policies, or of the same with other claims, that give another bill. What the language
lacks for a part of a construct stands under `not shown`.

Texts for people stand in both languages, as `{zh: ..., en: ...}`: title, `rule`, `made up`, `note`, the
`what` of `not shown`, the `says` of a contrast. `source`, `date` and `why` may be one text if it serves both: a `why`
that holds sums and no words, a source that is a name, a date as `2024-05`.

A claim has the keys of a claim file, and here also: `cost` (all of it in scope) in place of `money`; `bill` (amounts by
name) and `why` (the arithmetic by hand). Without `claim id` it has its number, without `person` it is A's, without
`admission` and `discharge` they are the day of settlement. `refused` in place of `bill` holds words of the message with
which the claim is refused. `corrects` settles a claim again with other facts; `again` looks at a bill once more.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from openyibao.constructs.header import Stated, small_policy
from openyibao.constructs.trees import CaseError, both, both_or_one, fen, items, mapping, sums_or_both, text
from openyibao.policy import Policy
from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, parse_file

HEAD = {"construct", "title", "rule", "source", "date", "sure"}
RUNS = HEAD | {"policy", "claims"}
MORE = {"made up", "note", "not shown", "catalogue", "contrast"}
PART = {"says", "policy", "catalogue", "claims"}
OWN = {"cost", "bill", "why", "refused", "corrects", "again"}
"""The keys of a claim that no claim file has."""
SURE = ("high", "medium", "low")
NAME = re.compile(r"(\d\d)(-[a-z0-9]+)+")


@dataclass(frozen=True)
class Lack:
    """Something that the policy language cannot say yet."""

    code: str
    name: Bilingual
    what: Bilingual


@dataclass(frozen=True)
class Section:
    """A section of the survey, and the number of its first construct."""

    first: int
    title: Bilingual


@dataclass(frozen=True)
class Said:
    """A claim of a case as it stands in the file, and its arithmetic by hand."""

    node: Mapping
    why: Bilingual

    @property
    def amounts(self) -> dict[str, int]:
        """The amounts that the claim's bill should have, in fen, by name."""
        bill = self.node.get("bill")
        return {name.value: fen(value) for name, value in mapping(bill)} if bill else {}


@dataclass(frozen=True)
class Part:
    """A policy and its claims: the case itself, or one of its contrasts.

    What a contrast does not state (policy, catalogue) is that of the case; `own` says what it does state.
    """

    says: Bilingual | None
    policy: Mapping
    catalogue: Node | None
    claims: tuple[Said, ...]
    own: frozenset[str]


@dataclass(frozen=True)
class Case:
    """One construct: what the rule says, where it is known from, and the policies and claims that show it."""

    number: int
    name: str
    title: Bilingual
    rule: Bilingual
    source: Bilingual
    date: Bilingual
    sure: str
    made_up: Bilingual | None
    note: Bilingual | None
    not_shown: Bilingual | None
    not_shown_needs: Lack | None
    parts: tuple[Part, ...]

    @property
    def runs(self) -> str:
        """`yes` or `in part`."""
        return "in part" if self.not_shown else "yes"

    def policy(self, part: Part) -> Policy:
        """The policy of a part, under the header that every policy needs."""
        stated = Stated(self.title, self.source.en, self.date.en, self.sure)
        return small_policy(part.policy, f"constructs/{self.name}", stated)


@cache
def cases() -> tuple[Case, ...]:
    """All cases, by number."""
    with as_file(files("openyibao.constructs")) as folder:
        return tuple(read_case(path) for path in sorted(folder.glob("*.yaml")))


@cache
def sections() -> tuple[Section, ...]:
    """The sections of the survey, in its order."""
    return tuple(Section(int(first), Bilingual(*title)) for first, title in _words()["sections"].items())


@cache
def lacks() -> dict[str, Lack]:
    """What the language lacks, by the name that cases use."""
    found = _words()["lacks"].items()
    return {code: Lack(code, Bilingual(*one["name"]), Bilingual(*one["what"])) for code, one in found}


def read_case(path: Path) -> Case:
    """A case with its keys checked; raises CaseError, naming the file and what is wrong."""
    try:
        return _read(mapping(parse_file(path)), path.stem)
    except CaseError as error:
        raise CaseError(f"{path.name}: {error}") from None


def _read(root: Mapping, name: str) -> Case:
    found = {key.value for key, _ in root}
    _check(RUNS <= found <= RUNS | MORE, f"missing {RUNS - found}, not known {found - RUNS - MORE}")
    number = NAME.fullmatch(name)
    _check(number is not None and number[1].lstrip("0") == text(root.get("construct")), "the number of the file's name")
    _check(text(root.get("sure")) in SURE, f"sure is one of {SURE}")
    not_shown = mapping(root.get("not shown")) if "not shown" in found else None
    return Case(
        int(text(root.get("construct"))),
        name,
        both(root.get("title")),
        both(root.get("rule")),
        both_or_one(root.get("source")),
        both_or_one(root.get("date")),
        text(root.get("sure")),
        _told(root, "made up", both),
        _told(root, "note", both),
        both(not_shown.get("what")) if not_shown else None,
        _lack(not_shown.get("needs")) if not_shown else None,
        tuple(_parts(root)),
    )


def _parts(root: Mapping) -> Iterator[Part]:
    """The case and its contrasts."""
    more = root.get("contrast")
    for one in (root, *(mapping(item) for item in (items(more) if more else ()))):
        own = {name.value for name, _ in one}
        _check(one is root or {"says", "claims"} <= own <= PART, f"keys of a contrast: {sorted(own)}")
        policy, catalogue = (one.get(name) or root.get(name) for name in ("policy", "catalogue"))
        claims = (mapping(item) for item in items(one.get("claims")))
        said = tuple(Said(claim, sums_or_both(claim.get("why"))) for claim in claims)
        yield Part(_told(one, "says", both), mapping(policy), catalogue, said, frozenset(own & PART))


def _told(root: Mapping, name: str, read: Callable[[Node], Bilingual]) -> Bilingual | None:
    node = root.get(name)
    return None if node is None else read(node)


def _lack(node: Node | None) -> Lack:
    code = text(node)
    _check(code in lacks(), f"{code!r} is not among what the language lacks: {', '.join(lacks())}")
    return lacks()[code]


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise CaseError(what)


@cache
def _words() -> Any:
    return tomllib.loads(files("openyibao.constructs").joinpath("words.toml").read_text(encoding="utf-8"))
