"""Product and calculator on the same policy and histories: differences, the smallest of them, and what was covered."""

import importlib.util
import json
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any


def sibling(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"second_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


calculator = sibling("calculator")
product = sibling("product")

Policy = dict[str, Any]
History = list[dict[str, Any]]
DAYS = ("admission", "discharge", "settlement")
OUT_OF_ORDER = (
    {"admission": "2023-05-02", "discharge": "2023-05-01", "settlement": "2023-05-03"},
    {"admission": "2023-05-01", "discharge": "2023-05-03", "settlement": "2023-05-02"},
)


@dataclass
class Difference:
    policy: Policy
    history: History
    what: str
    product: Any
    calculator: Any

    def __str__(self) -> str:
        sides = (("product", self.product), ("calculator", self.calculator))
        texts = [f"{name}: {json.dumps(side, ensure_ascii=False, default=str)}" for name, side in sides]
        policy = json.dumps(self.policy, ensure_ascii=False)
        claims = "\n".join(json.dumps(claim, ensure_ascii=False) for claim in self.history)
        return "\n".join([self.what, *texts, "policy:", policy, "claims:", claims])


@dataclass
class Tally:
    """How often each construct was asked (claims), how often it was decisive, and plain counts."""

    seen: Counter[str] = field(default_factory=Counter)
    decisive: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, decisive: bool) -> None:
        self.seen[name] += 1
        self.decisive[name] += decisive


def compare(policy: Policy, histories: list[History], tally: Tally) -> Difference | None:
    """The first difference on these histories, if any."""
    text = json.dumps(policy, ensure_ascii=False)
    made = product.Product(text)
    data = calculator.load(text)
    settled: list[list[Any]] = []
    for history in histories:
        found = compare_history(made, data, history, tally, settled)
        if found:
            return found
    return compare_rows(made, data, histories, settled, tally)


def compare_history(
    made: Any, policy: Policy, history: History, tally: Tally, settled: list[list[Any]]
) -> Difference | None:
    uses: Any = {}
    theirs = product.Uses()
    done: list[Any] = []
    for claim in history:
        answer = calculator.settle(policy, uses, claim)
        outcome, theirs = made.settle(theirs, claim)
        wanted = product.expected(policy, answer)
        what = "one claim: " + difference(outcome, wanted, answer)
        if what != "one claim: ":
            return Difference(policy, history, what, strip(outcome, wanted), strip(wanted, outcome))
        if outcome.bill and claim is history[-1]:
            of_data = product.Outcome(None, product.from_data(outcome.bill), outcome.uses)
            if of_data.quantities != wanted.quantities:
                return Difference(policy, history, "the bill's data", strip(of_data, wanted), strip(wanted, of_data))
            tally.counts["bills as data"] += 1
        observe(policy, claim, uses, answer, tally)
        tally.counts["claims"] += 1
        tally.counts["quantities"] += 0 if answer.problems else len(answer.layers) * 8 + len(answer.parts)
        tally.counts["uses"] += len(answer.uses)
        if answer.problems:
            tally.counts["failures"] += 1
            tally.counts["the first problem reported"] += outcome.failure[0] == wanted.failure[0]
        done.append((answer, outcome))
        uses = answer.uses
    settled.append(done)
    return None


def difference(outcome: Any, wanted: Any, answer: Any) -> str:
    """What is not the same, in words; empty if nothing."""
    if outcome.failure or wanted.failure:
        kinds = {kind for kind, _ in product.allowed(answer)}
        return "" if outcome.failure and outcome.failure[0] in kinds else "failure"
    return "quantities" if outcome.quantities != wanted.quantities else "uses" if outcome.uses != wanted.uses else ""


def strip(one: Any, other: Any) -> Any:
    """Of two outcomes that differ, what this one has and the other has not."""
    if one.failure:
        return {"failure": one.failure}
    kept = {name: fen for name, fen in one.quantities.items() if other.quantities.get(name) != fen}
    uses = {str(key): fen for key, fen in one.uses.items() if other.uses.get(key) != fen}
    return {"failure": None, "quantities": kept, "uses": uses}


def compare_rows(
    made: Any, policy: Policy, histories: list[History], settled: list[list[Any]], tally: Tally
) -> Difference | None:
    """The loop form, as plain Python: every output as in the one-claim form, and every failure with its layer.

    Claims with days out of order are left out: only a file of claims is refused for them.
    """
    kept = [
        [(claim, done) for claim, done in zip(history, answers, strict=True) if in_order(claim)]
        for history, answers in zip(histories, settled, strict=True)
    ]
    rows, last = made.rows([[claim for claim, _ in history] for history in kept])
    for history, outcomes in zip(kept, rows, strict=True):
        for (_, (answer, one)), outcome in zip(history, outcomes, strict=True):
            tally.counts["rows"] += 1
            if outcome.failure or answer.problems:
                same = outcome.failure in product.allowed(answer)
            else:
                same = outcome.named == one.named
            if not same:
                claims = [claim for claim, _ in history]
                wanted = product.expected(policy, answer)
                return Difference(policy, claims, "rows", strip(outcome, wanted), strip(wanted, outcome))
    if kept and kept[-1]:
        uses = product.expected(policy, calculator.Answer({}, {}, kept[-1][-1][1][0].uses)).uses
        if uses != last:
            return Difference(policy, histories[-1], "rows: uses of the last person", last, uses)
    return None


def in_order(claim: dict[str, Any]) -> bool:
    return bool(claim["admission"] <= claim["discharge"] <= claim["settlement"])


# Coverage -------------------------------------------------------------------------------------------------------


def observe(policy: Policy, claim: dict[str, Any], before: Any, answer: Any, tally: Tally) -> None:
    """Count the constructs that a claim met, and those that moved money."""
    for kind in {problem.kind for problem in answer.problems}:
        tally.add(f"fails: {kind}", True)
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
            names |= {"floor from a table"} if kind == "at least" and "table over 1" in event.forms else set()
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


def by_dates(policy: Policy, claim: dict[str, Any], before: Any, answer: Any) -> dict[str, bool]:
    """The two dates, and late claims: decisive where a use was met in a period that another date would not name."""
    met = any("met a use" in event.forms and event.moved for event in answer.events)
    found = {}
    if not answer.problems:
        year_day = policy.get("year of the date of", "settlement")
        for key, day in (("rule", policy["rule of the date of"]), ("year", year_day)):
            others = {quarter(claim[other]) for other in DAYS} - {quarter(claim[day])}
            figure = any("statistic" in event.forms and event.moved for event in answer.events)
            found[f"{key} of the date of: {day}"] = bool(others) and (met if key == "year" else figure)
    late = [
        key
        for key, fen in answer.uses.items()
        if before.get(key, 0) and fen > before[key]
        for other in before
        if other[:2] == key[:2] and other[2] > key[2]
    ]
    return found | ({"late claim": met} if late else {})


def quarter(day: str) -> tuple[int, int]:
    found = date.fromisoformat(day)
    return found.year, (found.month - 1) // 3


# The smallest difference ----------------------------------------------------------------------------------------


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
    return [path for path in below(policy) if path[0] in ("layers", "amounts", "statistics", "facts", "words")]


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
