"""Product and calculator on the same policy and histories: their first difference, if there is one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from second import calculator, gathering, periods, product, reversals
from second.coverage import Tally, after_failures, observe, switch_off, switch_off_for_good

Policy = dict[str, Any]
History = list[dict[str, Any]]
OVER_TIME = 10  # histories of a policy that are settled again without each rule that shows only over time
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


def compare(policy: Policy, histories: list[History], tally: Tally, closely: int = 1) -> Difference | None:
    """The first difference on these histories, if any.

    On the first, or so many as `closely` says if what seldom decides is there, reversals are tried, and every rule is
    switched off to see whether it decided.
    """
    text = json.dumps(policy, ensure_ascii=False)
    closely = closely if any(map(seldom, periods.rules(policy))) else 1
    made = product.Product(text)
    data = calculator.load(text)
    settled: list[list[Any]] = []
    for n, history in enumerate(histories):
        found = compare_history(made, data, history, tally, settled, n < closely)
        if found is None and n < closely:
            found = compare_reversals(made, data, history, tally)
        if found:
            return found
    return compare_rows(made, data, histories, settled, tally)


def seldom(rule: tuple[str, Any]) -> bool:
    """Whether a rule decides so seldom that more histories are looked at closely."""
    name, node = rule
    return isinstance(node, dict) and (
        "carry over" in node or "per" in node or ("group" in node and "per claim" in name)
    )


def compare_history(
    made: Any, policy: Policy, history: History, tally: Tally, settled: list[list[Any]], closely: bool
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
        if outcome.bill and closely:
            found = compare_data(policy, history, outcome, wanted, answer)
            if found:
                return found
            tally.counts["bills as data"] += 1
            tally.counts["derived facts on bills"] += sum(map(len, answer.worked_out.values()))
            tally.counts["sums in floors on bills"] += sum(map(len, answer.floors.values()))
        observe(policy, claim, uses, answer, tally)
        if closely:
            switch_off(policy, claim, uses, answer, tally)
        count(answer, outcome, wanted, tally)
        done.append((answer, outcome))
        uses = answer.uses
    if len(settled) < OVER_TIME:
        switch_off_for_good(policy, history, [answer for answer, _ in done], tally)
        after_failures([answer for answer, _ in done], tally)
    settled.append(done)
    return None


def compare_data(policy: Policy, history: History, outcome: Any, wanted: Any, answer: Any) -> Difference | None:
    """The bill as data: quantities and parts, derived facts with their numbers, sums, those in floors."""
    of_data = product.Outcome(None, product.from_data(outcome.bill), outcome.uses)
    if of_data.quantities != wanted.quantities:
        return Difference(policy, history, "the bill's data", strip(of_data, wanted), strip(wanted, of_data))
    theirs = product.worked_out(outcome.bill)
    ours = {layer: facts for layer, facts in answer.worked_out.items() if facts}, answer.sums, answer.floors
    if answer.service:  # sums that its layers do not name are of no claim
        named = gathering.quantities_named(policy, answer.service)
        theirs, ours = ((one[0], {x: one[1][x] for x in one[1] if x in named}, one[2]) for one in (theirs, ours))
    return None if theirs == ours else Difference(policy, history, "the bill's derived facts and sums", theirs, ours)


def count(answer: Any, outcome: Any, wanted: Any, tally: Tally) -> None:
    tally.counts["claims"] += 1
    tally.counts["quantities"] += 0 if answer.problems else len(answer.layers) * 8 + len(answer.parts)
    tally.counts["uses"] += len(outcome.uses)
    if answer.problems:
        tally.counts["failures"] += 1
        tally.counts["the first problem reported"] += outcome.failure[0] == wanted.failure[0]


def compare_reversals(made: Any, policy: Policy, history: History, tally: Tally) -> Difference | None:
    """A reversal allowed at once leaves the uses as they were had the claim never been: on both sides, each by its own.

    Neither knows the keys of the other, so one may refuse what the other allows.
    """
    sides = {
        "calculator": lambda uses, claim: reversals.by_calculator(policy, uses, claim),
        "product": made.touching,
    }
    for name, settle in sides.items():
        for one in reversals.tried(settle, history):
            tally.add(f"reversal by the {name}: {'allowed' if one.allowed else 'refused'}", one.allowed or one.mattered)
            if one.allowed and (one.mattered or one.taken_back != one.never):
                what = f"reversal of {one.claim}: {name}{', and another bill' if one.mattered else ''}"
                return Difference(policy, history, what, *apart(one.taken_back, one.never))
    return None


def apart(taken_back: Any, never: Any) -> Iterator[dict[str, Any]]:
    """Of both uses those that are not the same."""
    for one, other in ((taken_back, never), (never, taken_back)):
        yield {str(key): what for key, what in one.items() if other.get(key) != what}


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
    """The loop form: every output as in the one-claim form, and every failure with its layer.

    Claims with days out of order, and with two values of a fact at once, are left out: columns cannot state them.
    """
    kept = [
        [(claim, done) for claim, done in zip(history, answers, strict=True) if in_columns(claim, done[0])]
        for history, answers in zip(histories, settled, strict=True)
    ]
    try:
        rows = made.rows([[claim for claim, _ in history] for history in kept])
    except ValueError as error:  # more days x names at once than the loop keeps: it says so, and settles by year
        if "uses at once; settle by year" not in str(error):
            raise
        tally.counts["policies with too many uses for rows"] += 1
        return None
    for history, outcomes in zip(kept, rows, strict=True):
        for (_, (answer, one)), outcome in zip(history, outcomes, strict=True):
            tally.counts["rows"] += 1
            if outcome.failure or answer.problems:
                same = outcome.failure is not None and fits(outcome.failure, product.allowed(answer))
            else:
                same = outcome.named == one.named
            if not same:
                claims = [claim for claim, _ in history]
                wanted = product.expected(policy, answer)
                return Difference(policy, claims, "rows", strip(outcome, wanted), strip(wanted, outcome))
    return None


def fits(failure: tuple[str, str], allowed: set[tuple[str, str]]) -> bool:
    """Whether kind and layer agree; what is missing for a claim as a whole may be told by any layer."""
    return failure in allowed or (failure[0], "") in allowed


def in_columns(claim: dict[str, Any], answer: Any) -> bool:
    beside = any(problem.kind == "two values" for problem in answer.problems)
    return product.in_order(claim) and not beside
