"""How often each construct was asked, and how often it decided: told by events, or by switching a rule off."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from second import calculator, derived, floors, periods, random_time, random_values
from second.parts import CLAIM_PARTS, OPEN_PARTS
from second.periods import DAYS

Policy = dict[str, Any]
EARLIER = derived.EARLIER
KINDS = ("limit", "deductible", "at most")
SHARED = tuple(f"shared {kind}{where}" for kind in (*KINDS, "pays in bands") for where in ("", " on one claim"))
QUANTITIES = (
    "total cost",
    *CLAIM_PARTS,
    "this layer's base",
    *(f"a layer's {x}" for x in ("base", "paid", *OPEN_PARTS)),
)
FAILURES = (
    *("fact", "gap", "statistic", "edges", "rate", "enrolment", "no enrolment", "two values"),
    *(
        "date",
        "sum",
        "negative",
        "dates",
        "day",
        "large",
        "sub-part",
        "division",
        "gathering",
        "not allowed",
    ),
)
SWITCHES = (
    *(
        "period of the date of",
        "benefit year from",
        "benefit year by group",
        "charge",
        "stay in parts",
        "the later year",
    ),
    *("per", "per any text", "group per claim", "annual maximum"),
    *("carry over", "all or one", "earned from: enrolment", "a period without a claim"),
    *("oldest first", "drawn by a later period"),
    *("plus", "admission number", "order", "as of", "dated values"),
    *("points", "own share", "line", "bounds of a line"),
    *(f"derived fact of {number}" for number in (*derived.NUMBERS, "a quantity")),
    *("less, of a sum", f"{floors.OWN_DEDUCTIBLE}, in a sum"),
    *("group of bands", "where of gathering claims", "window of a year", "window of months", "gathered once"),
    "gathers only where a layer may run",
    *("the number of an amount for each one", "beyond"),
    *(f"{key}, of a sum of amounts" for key in ("less", "least", "most")),
)
OVER_TIME = (  # switched off for a whole history
    *("where", "per of a derived fact", "paid by", "a split stay counts once", "an episode keeps its number"),
    *(f"over {period} of a derived fact" for period in ("a year", "a calendar year")),
)
DERIVED = (
    *(f"derived fact of {number}" for number in (*derived.NUMBERS, "a quantity", "a sum", "left of")),
    *("value below", "value up to", "value otherwise", "value that stands twice"),
    *("number on an edge", "edges that are equal", "condition on a derived fact"),
    *(
        f"edge: {what}"
        for what in ("for each one", "a named amount", "a table", "a table of whole numbers", "a share of a quantity")
    ),
    *("counted two or more", "episode already counted", "never discharged before"),
    *("discharged after this admission", "admitted before enrolment"),
    *("sum of a sum", "sum that is not below 0", "left of, in a sum", "quantity: a sum"),
    *(
        f"fails in a derived fact: {kind}"
        for kind in ("fact", "gap", "statistic", "edges", "no enrolment", "not allowed")
    ),
    "a derived fact after a failed claim",
)
GATHERED = ("limit", "pre-pay", "deductible", "pays", "pays in bands", "pays fixed", "at least", "at most")
PARTS = (
    *("sub-part", "divided part", "sub-part with a share", "rounded once for each sub-part", "quantity: a sub-part"),
    *("gathers: the year before", "gathers: some months before", "gathers by conditions", "gathers several claims"),
    *("gathers parts of layers", "gathers parts of the claim", "gathers sub-parts"),
    *(f"on a gathering claim: {what}" for what in (*GATHERED, "a share of a quantity", "a derived fact of a quantity")),
    *("on a gathering claim: a derived fact of a sum", "on a gathering claim: quantity: a sum"),
)
CONSTRUCTS = (
    *(f"{kind} per {period}" for kind in KINDS for period in random_time.PERIODS),
    *(f"several: {kind}" for kind in KINDS),
    *("pre-pay", "pays", "pays in bands", "from zero", "from the threshold", "deductible inside"),
    *(f"over {period}" for period in random_time.BANDS),
    *("crossed", "went on", "on an edge", "exact", "met a use", "only the difference", "late claim", "half fen"),
    *(*CLAIM_PARTS, "share", "left of", *OPEN_PARTS),
    *("table over 1", "table over 2", "table over 3", "range", "comma list", "otherwise", "early answer"),
    *(f"range of {fact}" for fact in random_values.NUMBERS),
    *("condition", "condition on a range", "no limit", "assumption", "value with more to say"),
    *("fraction", "percent with decimals", "share of a named amount"),
    *("for each one", "for each one beyond", "for each one beyond, not reached", "named sum", "sum of amounts"),
    *("sum of amounts that is not below 0", "sum of amounts, least above most"),
    *(f"for each one in {rule}" for rule in (*KINDS, "at least", "pays fixed", "pays in bands")),
    *("named amount", "named constant", "named table", "money as an amount", "plus, below 0"),
    *(
        "statistic",
        "table of multiples",
        *(f"statistic of {year}" for year in (*random_values.YEARS, "the last published")),
    ),
    *(f"statistic {rounded or 'unrounded'}" for rounded in random_values.ROUNDED),
    *(f"{what} of the date of: {day}" for what in ("rule", "year", "period") for day in random_values.DATES),
    *("year of the date of: charge", "fixed, met a use"),
    *(*SHARED, "one name for groups of two kinds"),
    *(f"quantity: {name}" for name in QUANTITIES),
    "quantity of a layer that does not apply",
    *(f"share in {rule}" for rule in (*KINDS, "at least", "pays fixed", "pays in bands")),
    *("raised to least", "cut to most"),
    *("pays fixed", "for each claim", "for each days", "for each items", "no units", "fixed, cut by the cost"),
    *("at least", "lifted by the floor", "out of the deductible", "floor, cut by the cost", "floor, then cap"),
    *(f"floor over {rule}" for rule in ("pays", "pays in bands", "pays fixed")),
    *("floor from a table", "floor above the cost, cut in payments"),
    *("cut in payments", "cut in fees", "fees of a rate", "fees of bands", "fees: over an edge"),
    *("fees: no cost gives it", "fees: more than there is", "fees: nothing paid", "fees: rounded to the fen"),
    *("fees: behind a band that pays nothing", "fees: where a band that pays nothing begins"),
    *("own share", "line", *(f"line in {fact}" for fact in ("age", "days", "items", "admission number"))),
    *("line raised to least", "line cut to most", "order", "as of", "dated values", "name passed over"),
    *(f"fails: {kind}" for kind in FAILURES),
    *DERIVED,
    *PARTS,
    floors.OWN_DEDUCTIBLE,
    *floors.SPECIAL,
    *(f"without: {rule}" for rule in SWITCHES),
    *(f"a history without: {rule}" for rule in OVER_TIME),
    *(f"without: period: {period}" for period in random_time.PERIODS),
    *(f"reversal by the {side}: {found}" for side in ("calculator", "product") for found in ("allowed", "refused")),
)


@dataclass
class Tally:
    """How often each construct was asked (claims), how often it was decisive, and plain counts."""

    seen: Counter[str] = field(default_factory=Counter)
    decisive: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, decisive: bool) -> None:
        self.seen[name] += 1
        self.decisive[name] += decisive


def observe(policy: Policy, claim: dict[str, Any], before: Any, answer: Any, tally: Tally) -> None:
    """Count the constructs that a claim met, and those that moved money."""
    for kind in {problem.kind for problem in answer.problems}:
        tally.add(f"fails: {kind}", True)
    for kind in {problem.kind for problem in answer.problems if problem.rule.startswith("derived ")}:
        tally.add(f"fails in a derived fact: {kind}", True)
    seen: dict[str, bool] = {}
    several: dict[tuple[str, str], list[int]] = {}
    for event in answer.events:
        kind = event.rule.partition(" per ")[0]
        if kind in ("limit", "deductible", "at most"):
            several.setdefault((event.layer, kind), []).append(event.moved)
        names = set(event.forms) - {"whole", "paid"}
        if not event.rule.startswith("of ") and event.rule not in ("", "for"):
            names.add(event.rule)
            names |= {f"share in {kind}"} if any(form.startswith("quantity: ") for form in event.forms) else set()
            names |= {f"for each one in {kind}"} if "for each one" in event.forms else set()
            names |= {"floor from a table"} if kind == "at least" and "table over 1" in event.forms else set()
        names |= {f"on a gathering claim: {what}" for what in on_gathered(event)} if answer.gathered else set()
        for name in names:
            seen[name] = seen.get(name, False) or event.moved > 0
    shared = {key[:2] for key, fen in answer.uses.items() if fen and key[0].startswith("group ")}
    kinds = Counter(owner for owner, kind in {(owner, rule.partition(" per ")[0]) for owner, rule in shared})
    seen |= {"one name for groups of two kinds": True} if max(kinds.values(), default=0) > 1 else {}
    for (_, kind), moved in several.items():
        if len(moved) > 1:
            name = f"several: {kind}"
            seen[name] = seen.get(name, False) or sum(some > 0 for some in moved) > (kind != "at most")
    for name, decisive in (seen | by_dates(policy, claim, before, answer)).items():
        tally.add(name, decisive)


def on_gathered(event: Any) -> set[str]:
    """What a rule of a layer that gathers rested on."""
    kind = event.rule.partition(" per ")[0]
    found = {kind} & set(GATHERED)
    if found:
        found |= {"a share of a quantity"} if any(form.startswith("quantity: ") for form in event.forms) else set()
        found |= event.forms & {"quantity: a sum"}
    asked = {"derived fact of a quantity", "derived fact of a sum"} & event.forms
    return found | {f"a {form}" for form in asked}


def by_dates(policy: Policy, claim: dict[str, Any], before: Any, answer: Any) -> dict[str, bool]:
    """The dates, and late claims: decisive where a use was met in a period that another date would not name."""
    met = any("met a use" in event.forms and event.moved for event in answer.events)
    found = {}
    if not answer.problems:
        figure = any("statistic" in event.forms and event.moved for event in answer.events)
        for key in ("rule", "year", "period"):
            word = policy.get(f"{key} of the date of", "settlement")
            others = {quarter(claim, other) for other in DAYS} - {quarter(claim, word)}
            found[f"{key} of the date of: {word}"] = bool(others) and (figure if key == "rule" else met)
    late = [
        key
        for key, fen in answer.uses.items()
        if isinstance(fen, int) and before.get(key, 0) and fen > before[key] and key[2][0] not in ("episode", "stay")
        for other in before
        if other[:2] == key[:2] and other[3] == key[3] and other[2] > key[2]
    ]
    return found | ({"late claim": met} if late else {})


def quarter(claim: dict[str, Any], word: str) -> tuple[int, int]:
    found = periods.day_of(claim, word)
    return found.year, (found.month - 1) // 3


def switch_off(policy: Policy, claim: dict[str, Any], before: Any, answer: Any, tally: Tally) -> None:
    """Settle the claim again without each rule that had a say: it decided if the bill is another one."""
    for rule in answer.asked:
        other = calculator.settle(policy, before, claim, frozenset((rule,)))
        tally.add(f"without: {rule}", outcome(other) != outcome(answer))


def switch_off_for_good(policy: Policy, history: list[dict[str, Any]], answers: list[Any], tally: Tally) -> None:
    """Settle the whole history again without each rule that shows only over time."""
    for rule in {rule for answer in answers for rule in answer.over_time}:
        uses: Any = {}
        decisive = False
        for claim, answer in zip(history, answers, strict=True):
            other = calculator.settle(policy, uses, claim, frozenset((rule,)))
            uses, decisive = other.uses, decisive or outcome(other) != outcome(answer)
        tally.add(f"a history without: {rule}", decisive)


def after_failures(answers: list[Any], tally: Tally) -> None:
    """Facts of earlier claims, asked after a claim had failed: decisive where a rule that asked moved money."""
    failed = False
    for answer in answers:
        asked = {form for event in answer.events for form in event.forms} & {f"derived fact of {x}" for x in EARLIER}
        if failed and asked:
            moved = any(event.moved and event.forms & asked for event in answer.events)
            tally.add("a derived fact after a failed claim", moved)
        failed |= bool(answer.problems)


def outcome(answer: Any) -> tuple[Any, ...]:
    return answer.layers, answer.parts, {problem.kind for problem in answer.problems}
