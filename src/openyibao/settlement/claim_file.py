"""Claims from a YAML or JSON file, in either language, with every problem of the file at once.

A file holds one claim, or several under `claims`. A claim states its `money`, or its fee `lines`, which the
`catalogue` named at the top of the file splits. Amounts are yuan as written (`52000`, `8450.50`): they become whole
fen without passing through floating point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from openyibao.catalogue import Catalogue, CatalogueNotFoundError, SplitLine, find_catalogue, read_catalogue
from openyibao.policy.facts import INPATIENT
from openyibao.policy.messages import quoted, say
from openyibao.policy.model import Bilingual, Policy
from openyibao.policy.nodes import Mapping, Node, Text, parse_file
from openyibao.policy.problems import FileError
from openyibao.policy.reading import Fields, Reading, dated, describe, join, written
from openyibao.policy.values import MAX_AMOUNT_FEN, parse_fen, yuan
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.claim import Claim
from openyibao.settlement.claim_facts import read_facts
from openyibao.settlement.claim_lines import read_lines, split_claim
from openyibao.settlement.claim_parts import StayError
from openyibao.settlement.claim_stay import BenefitYear, LinedClaim, benefit_year, claims_of_stay

STAY_DAYS = ("admission", "discharge")
DATES = (*STAY_DAYS, "settlement")
MORE_DATES = ("enrolment", "charge")
STAY_PARTS = ("first of stay", "last of stay")
OPTIONAL = ("episode", *MORE_DATES, "stay", *STAY_PARTS)
PARTS = {
    "in-scope cost": "in_scope_fen",
    "pre-self-paid cost": "pre_self_paid_fen",
    "over-limit cost": "over_limit_fen",
    "fully self-paid cost": "fully_self_paid_fen",
}


def read_claims(path: str | Path, policy: Policy) -> list[Claim]:
    """The claims of a file, in settlement order (each person's by settlement date, then as they stand).

    The policy lends its words. Raises FileError with every problem: file, line, column, key, found, expected.
    """
    return [lined.claim for lined in read_lined_claims(path, policy)]


def read_lined_claims(path: str | Path, policy: Policy, year_of: BenefitYear = benefit_year) -> list[LinedClaim]:
    """The same, each claim with its fee lines as they were split; a claim that states its money has none.

    `year_of` tells the benefit year of a day, by which a policy that counts by the day of charge parts a stay.
    """
    root, file = parse_file(Path(path)), str(path)
    reading = Reading(file, Vocabulary(policy.words), root)
    if isinstance(root, Mapping) and any(reading.english(key.value) == "claims" for key, _ in root):
        top = reading.fields(root, "", ("claims",), ("catalogue",))
        return _read_all(reading, top["claims"][1], top, policy, None, year_of)
    return _read_all(reading, root, {}, policy, None, year_of)


def claims_of(node: Node, file: str, policy: Policy) -> list[Claim]:
    """The claims of a part of a file: one claim, or a list of them. See `read_claims`."""
    return [lined.claim for lined in lined_claims_of(node, file, policy)]


def lined_claims_of(
    node: Node,
    file: str,
    policy: Policy,
    catalogue: Catalogue | None = None,
    year_of: BenefitYear = benefit_year,
) -> list[LinedClaim]:
    """The claims of a part of a file, with their fee lines. One claim may itself name its catalogue."""
    return _read_all(Reading(file, Vocabulary(policy.words), node), node, {}, policy, catalogue, year_of)


def _read_all(
    reading: Reading, node: Node, top: Fields, policy: Policy, catalogue: Catalogue | None, year_of: BenefitYear
) -> list[LinedClaim]:
    """One claim, or a list of them; `top` holds the keys beside the list."""
    if isinstance(node, Mapping):
        node, top = _take_catalogue(reading, node, top)
    if "catalogue" in top:
        catalogue = _find_catalogue(reading, top["catalogue"][1])
        if not _has_lines(node):
            found, expected = (
                say("a catalogue, but no claim with `lines`"),
                say("a catalogue only where fee lines are split"),
            )
            reading.problem(top["catalogue"][0], "catalogue", found, expected, say("Remove it."))
    nodes = (node,) if isinstance(node, Mapping) else reading.items(node, "claims", say("claims"))
    reading.vocabulary = Vocabulary((*policy.words, *_lent_words(policy, catalogue)))
    reader = _ClaimReader(reading, policy, catalogue, "catalogue" in top, year_of)
    claims = [reader.read(item, f"claims[{n}]" if len(nodes) > 1 else "") for n, item in enumerate(nodes, 1)]
    _check_ids(reading, claims, nodes)
    if reading.problems:
        raise FileError(reading.problems)
    return sorted((one for found in claims for one in found), key=lambda lined: lined.claim.settlement)


def _take_catalogue(reading: Reading, node: Mapping, top: Fields) -> tuple[Mapping, Fields]:
    """A claim that stands alone names its catalogue among its own keys: without that key, and the key."""
    entries = [entry for entry in node if reading.english(entry[0].value) == "catalogue"]
    if len(entries) != 1 or "catalogue" in top:
        return node, top  # a second one is told as an unknown key
    key, value = entries[0]
    rest = tuple(entry for entry in node if entry is not entries[0])
    return Mapping(rest, node.place), {**top, "catalogue": (key.place, value)}


def _find_catalogue(reading: Reading, node: Node) -> Catalogue | None:
    name = reading.text(node, "catalogue", say("the id of a catalogue, or a file"))
    try:
        return read_catalogue(find_catalogue(name)) if name else None
    except CatalogueNotFoundError as error:
        reading.problem(node.place, "catalogue", written(name), say("the id of a catalogue, or a file"), error.hint)
        return None


def _has_lines(node: Node) -> bool:
    english = Vocabulary().english
    if isinstance(node, Mapping):
        return any(english(key.value) == "lines" for key, _ in node)
    return not isinstance(node, Text) and any(_has_lines(item) for item in node.items if isinstance(item, Mapping))


def _lent_words(policy: Policy, catalogue: Catalogue | None) -> Iterable[Bilingual]:
    """The words that the policy leaves free are those of the catalogue."""
    mine = Vocabulary(policy.words)
    for word in catalogue.words if catalogue else ():
        if not mine.knows(word.en) and mine.english(word.zh) == word.zh:
            yield word


def _check_ids(reading: Reading, claims: list[list[LinedClaim]], nodes: tuple[Node, ...]) -> None:
    seen: set[str] = set()
    for found, node in zip(claims, nodes, strict=True):
        for lined in found:
            if lined.claim.id and lined.claim.id in seen:
                reading.problem(
                    node.place,
                    "claim id",
                    say("the claim {claim} a second time", claim=quoted(lined.claim.id)),
                    say("every claim once"),
                )
            seen.add(lined.claim.id)


class _ClaimReader:
    """One claim after the other, under one policy and one catalogue."""

    def __init__(
        self, reading: Reading, policy: Policy, catalogue: Catalogue | None, named: bool, year_of: BenefitYear
    ) -> None:
        self.reading, self.policy, self.year_of = reading, policy, year_of
        self.catalogue, self.named = catalogue, named

    def read(self, node: Node, path: str) -> list[LinedClaim]:
        """The claim, or its parts by benefit year."""
        reading, told = self.reading, len(self.reading.problems)
        lined = isinstance(node, Mapping) and any(reading.english(key.value) == "lines" for key, _ in node)
        source, other = ("lines", "money") if lined else ("money", "lines")
        service = self._gathers(node)
        days, more = (DATES, OPTIONAL) if self._has_stay(node) else (DATES[-1:], (*OPTIONAL, *STAY_DAYS))
        needed = ("claim id", "person", *days, "facts", *([] if service else [source]))
        fields = reading.fields(node, path, needed, (*more, source, other))
        if service and (told_of := next((key for key in (source, other) if key in fields), "")):
            found = say("`{key}` of a claim that gathers", key=reading.word(told_of))
            expected = say(
                "neither money nor lines: claims of {service} gather what earlier ones left open",
                service=reading.named(service),
            )
            reading.problem(fields[told_of][0], join(path, told_of), found, expected, say("Remove it."))
        if other in fields:
            found, expected = say("both `money` and `lines`"), say("one of the two")
            reading.problem(
                fields[other][0], join(path, other), found, expected, say("What lines add up to is the money.")
            )
        claim = self._read_claim(fields, path)
        if "lines" not in fields:
            return [LinedClaim(claim)]
        if self.catalogue is None and not self.named:
            found, expected = say("fee lines without a catalogue"), say("`catalogue:` with an id or a file")
            reading.problem(
                fields["lines"][0], join(path, "lines"), found, expected, say("Name it at the top of the file.")
            )
        if "charge" in fields:
            found, expected = say("`charge` beside `lines`"), say("the days of the lines only")
            reading.problem(fields["charge"][0], join(path, "charge"), found, expected, say("Remove `charge`."))
        sound = len(reading.problems) == told
        latest = claim.discharge if sound else date.max
        lines = read_lines(reading, fields["lines"][1], join(path, "lines"), latest)
        if self.catalogue is None or not sound:
            return [LinedClaim(claim)]
        split = split_claim(reading, lines, self.catalogue, self.policy, claim)
        return [LinedClaim(claim)] if len(reading.problems) > told else self._settled_as(claim, split, fields, path)

    def _gathers(self, node: Node) -> str:
        """The service of a claim that gathers, which has neither money nor lines; else nothing."""
        english, services = self.reading.english, {one.service for one in self.policy.gatherings}
        facts = [v for k, v in node if english(k.value) == "facts"] if isinstance(node, Mapping) else []
        entries = [entry for fact in facts if isinstance(fact, Mapping) for entry in fact]
        said = [v for k, v in entries if english(k.value) == "service"]
        return next((one for one in services if any(_says(value, one, english) for value in said)), "")

    def _has_stay(self, node: Node) -> bool:
        """Whether a claim needs admission and discharge: it states one of them, or that it is of an inpatient."""
        english = self.reading.english
        given = (
            {english(key.value): value for key, value in node} if isinstance(node, Mapping) else dict.fromkeys(DATES)
        )
        facts = given.get("facts")
        service = (
            [value for key, value in facts if english(key.value) == "service"] if isinstance(facts, Mapping) else []
        )
        return any(day in given for day in STAY_DAYS) or any(_says(one, INPATIENT, english) for one in service)

    def _settled_as(self, claim: Claim, split: tuple[SplitLine, ...], fields: Fields, path: str) -> list[LinedClaim]:
        place, path = fields["lines"][0], join(path, "lines")
        total = sum(line.amount_fen for line in split)
        if total > MAX_AMOUNT_FEN:
            found, expected = (
                say("lines that add up to {total} yuan", total=yuan(total)),
                say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)),
            )
            self.reading.problem(place, path, found, expected)
            return [LinedClaim(claim)]
        try:
            claims = claims_of_stay(claim, split, self.policy, self.year_of)
        except StayError as error:
            self.reading.problem(place, path, error.found, error.expected, error.todo)
            return [LinedClaim(claim)]
        return [replace(lined, catalogue=self.catalogue) for lined in claims]

    def _read_claim(self, fields: Fields, path: str) -> Claim:
        reading = self.reading
        days = self._read_days(fields, path)
        texts = {
            name: reading.text(fields[name][1], join(path, name)) if name in fields else ""
            for name in ("claim id", "person", "episode", "stay")
        }
        ends = {
            name: reading.choice(fields[name][1], join(path, name), ("yes", "no")) == "yes" if name in fields else True
            for name in STAY_PARTS
        }
        for name in STAY_PARTS:
            if name in fields and "stay" not in fields:
                found, expected = (
                    say("`{key}` without `stay`", key=reading.word(name)),
                    say("the stay that the claim is a part of"),
                )
                reading.problem(fields[name][0], join(path, name), found, expected, say("Name it with `stay`."))
        if reading.problems:  # told already; the claim is only built to read on
            ordered = sorted(days.get(name) or date.min for name in DATES)
            days |= dict(zip(DATES, ordered, strict=True))
        money = _read_money(reading, fields["money"][1], join(path, "money")) if "money" in fields else {}
        lent = self.catalogue.facts if self.catalogue else ()
        return Claim(
            id=texts["claim id"],
            person=texts["person"],
            admission=days["admission"] or date.min,
            discharge=days["discharge"] or date.min,
            settlement=days["settlement"] or date.min,
            in_scope_fen=money.pop("in_scope_fen", 0),
            facts=read_facts(reading, fields, join(path, "facts"), (*self.policy.facts, *lent)),
            episode=texts["episode"],
            enrolment=days["enrolment"],
            charge=days["charge"],
            stay=texts["stay"],
            first_of_stay=ends["first of stay"],
            last_of_stay=ends["last of stay"],
            **money,
        )

    def _read_days(self, fields: Fields, path: str) -> dict[str, date | None]:
        """The dates of a claim by key, each in its order."""
        reading = self.reading
        days = {
            name: reading.date(fields[name][1], join(path, name)) if name in fields else None
            for name in (*DATES, *MORE_DATES)
        }
        if not any(name in fields for name in STAY_DAYS):  # who did not stay came and went on the day of settlement
            days |= dict.fromkeys(STAY_DAYS, days["settlement"])
        for first, second in (("admission", "discharge"), ("discharge", "settlement"), ("charge", "settlement")):
            one, other = days[first], days[second]
            if one and other and date.min not in (one, other) and one > other:
                late = first if first == "charge" else second
                expected = (
                    say("a day not after {key} ({day})", key=reading.word(second), day=other)
                    if late == first
                    else say("a day not before {key} ({day})", key=reading.word(first), day=one)
                )
                reading.problem(fields[late][1].place, join(path, late), dated(days[late]), expected)
        return days


def _says(node: Node, word: str, english: Callable[[str], str]) -> bool:
    """Whether a word stands in a node: alone, among several, or with its times."""
    if isinstance(node, Text):
        return english(node.value) == word
    inner = [value for _, value in node] if isinstance(node, Mapping) else node.items
    return any(_says(one, word, english) for one in inner)


def _read_money(reading: Reading, node: Node, path: str) -> dict[str, int]:
    """The four parts in fen; what is not written is 0, and the sum must be the total."""
    fields = reading.fields(node, path, ("total cost", "in-scope cost"), tuple(PARTS)[1:])
    amounts = {name: _read_amount(reading, item, join(path, name)) for name, (_, item) in fields.items()}
    total = amounts.pop("total cost", None)
    found = sum(fen for fen in amounts.values() if fen is not None)
    whole = not isinstance(node, Mapping) or len(node.items) == len(fields)  # no part lost to a wrong key
    if total is not None and whole and None not in amounts.values() and total != found and "in-scope cost" in amounts:
        reading.problem(
            node.place,
            path,
            say(
                "parts that add up to {sum} yuan, {difference} {less} than the total",
                sum=yuan(found),
                difference=yuan(abs(total - found)),
                less=say("less") if found < total else say("more"),
            ),
            say("the total cost, {total} yuan", total=yuan(total)),
            say("The parts are {words}; one that is not written is 0.", words=reading.some(PARTS)),
        )
    return {PARTS[name]: fen or 0 for name, fen in amounts.items()}


def _read_amount(reading: Reading, node: Node, path: str) -> int | None:
    fen = parse_fen(node.value) if isinstance(node, Text) else None
    if fen is None:
        reading.problem(
            node.place,
            path,
            describe(node),
            say("an amount in yuan, not negative, such as 52000 or 8450.50"),
            say("An amount has at most two decimals."),
        )
    elif fen > MAX_AMOUNT_FEN:
        reading.problem(node.place, path, describe(node), say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)))
        return None
    return fen
