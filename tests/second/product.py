"""The product's two answers to a history, and the calculator's, in one form that can be compared.

Only public names of the product are used: `read_policy_text`, `Rule`, `Claim`, `Uses`, `claims_of`, and `RowRule` with
`claim_columns`, whose loop is run here as plain Python.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numba

from openyibao.policy.model import Policy
from openyibao.policy.nodes import FileError, parse_bytes
from openyibao.policy.read import read_policy_text
from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses
from openyibao.settlement.claim import Held
from openyibao.settlement.claim_columns import claim_columns
from openyibao.settlement.claim_file import claims_of
from openyibao.settlement.columns import RowRule
from second.ledger import Settled
from second.turn import bounded

MONEY = {
    "fully_self_paid": "fully self-paid cost",
    "over_limit": "over-limit cost",
    "pre_self_paid": "pre-self-paid cost",
    "in_scope": "in-scope cost",
}
PARTS_OUT = ("fully_self_paid", "over_limit", "pre_self_paid")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
DAYS = ("admission", "discharge", "settlement")
BOUND = "annual maximum of "
DERIVED = "derived "
DAYS_AT_ONE = 306  # the product counts days from 1 March of the year 0, Python from 1 January of the year 1
TO_BE_GATHERED = " / open"
NUMBERED = (" / earned", " / number of the episode", TO_BE_GATHERED, " / emptied")
REFUSED = {"sum", "negative", "dates"}  # what a file of claims is refused for
INTERNAL = ("first claim / ", "admission number", "episodes admitted")  # uses that are no money
KINDS = {
    "statistic": "gap",
    "dates": "refused",
    "two values": "identity",
    "no enrolment": "enrolled",
    "not allowed": "refused",
    "gathering": "gathering money",
}  # where the product's word is another one


@dataclass
class Outcome:
    """What one claim came to: the failure (kind, layer), or quantities, parts and uses by name, without zeros."""

    failure: tuple[str, str] | None = None
    quantities: dict[str, int] = field(default_factory=dict)
    uses: dict[tuple[Any, ...], int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    bill: Bill | None = None


class Product:
    """A policy text, read and compiled both ways."""

    def __init__(self, text: str) -> None:
        self.policy = read_policy_text(text, "x.json")
        self.rule = Rule(self.policy)
        written = json.loads(text)
        self.gathering = list(written.get("gathering claims", {}))
        self.sub_parts = {
            part: {name: name.lower().replace(" ", "_") for name in names}
            for part, names in written.get("divided parts", {}).items()
        }

    def quantities(self, named: dict[str, int]) -> dict[str, int]:
        """The quantities and parts of a bill under the language's names."""
        plan, found = self.rule.plan, {}
        for layer in plan.layers:
            name = layer.layer.name
            found[f"{name}: applies"] = named[layer.applies]
            found[f"{name}: base"] = named[layer.base]
            found[f"{name}: paid"] = named[layer.paid]
            for part, local in layer.parts.items():
                found[f"{name}: {part}"] = named[local]
            for part, local in layer.left.items():
                found[f"{name}: {part} at the end"] = named[local]
        for part, name in MONEY.items():
            for its, local in self.sub_parts.get(name, {name: part}).items():
                found[f"{its} at the end"] = named[f"{local}_left"]
        return {name: fen for name, fen in found.items() if fen}

    def settle(self, uses: Uses, claim: dict[str, Any]) -> tuple[Outcome, Uses]:
        """One claim through `Rule.settle`; a claim that does not add up, through the reader of claim files."""
        if claim["money"]["total cost"] != total(claim) or not in_order(claim):
            return self.refused(claim), uses
        try:
            bill, after = self.rule.settle(uses, made_claim(claim))
        except ClaimError as error:
            return Outcome((error.kind, "")), uses
        return Outcome(None, self.quantities(bill.named), money_uses(after), bill.named, bill), after

    def touching(self, uses: dict[Any, int], claim: dict[str, Any]) -> tuple[dict[Any, int], Settled | None, Any]:
        """One claim, with what it read and added to uses; None if it failed."""
        if not in_order(claim) or claim["money"]["total cost"] != total(claim):
            return uses, None, None
        try:
            bill, after, read = self.rule.settle_touching(Uses(uses), made_claim(claim))
        except ClaimError:
            return uses, None, None
        values = dict(after.values)
        added = {key: values.get(key, 0) - uses.get(key, 0) for key in {**uses, **values}}
        added = {key: fen for key, fen in added.items() if fen}
        left = frozenset(key for key, fen in added.items() if key[0].endswith(TO_BE_GATHERED) and fen > 0)
        return values, Settled(claim["claim id"], frozenset(read), added, left), self.quantities(bill.named)

    def refused(self, claim: dict[str, Any]) -> Outcome:
        """Days out of order are refused by the class and by the reader of files; a wrong sum can only be in a file."""
        try:
            made_claim(claim)
        except ValueError:
            if in_order(claim):
                return Outcome(("a claim refused in vain", ""))
        else:
            if not in_order(claim):
                return Outcome(("not refused by Claim", ""))
        try:
            self.from_file(claim)
        except FileError:
            return Outcome(("refused", ""))
        return Outcome(("not refused", ""))

    def from_file(self, claim: dict[str, Any]) -> Claim:
        """The claim as the product reads it from a file of claims."""
        money = {part: yuan(fen) for part, fen in claim["money"].items()}
        kinds = {fact.name: fact.kind for fact in self.policy.facts}
        facts = {
            name: yuan(value) if kinds[name] in ("money", "signed money") else value
            for name, value in claim["facts"].items()
            if name in kinds
        }
        written = {"person": "A"} | claim | {"money": money, "facts": facts}
        if claim["facts"].get("service") in self.gathering and not any(claim["money"].values()):
            del written["money"]
        text = json.dumps(written, ensure_ascii=False)
        return claims_of(parse_bytes(text.encode(), "c.json"), "c.json", self.policy)[0]

    def rows(self, histories: list[list[dict[str, Any]]]) -> list[list[Outcome]]:
        """The outcomes of all histories in one run of the loop."""
        rows = [(n, claim) for n, claims in enumerate(histories) for claim in claims]
        if not rows:
            return [[] for _ in histories]
        with plain_python():
            rule = RowRule(self.policy, RowRule.ALL)
            columns = claim_columns(self.policy, [replace(made_claim(claim), person=f"{n:04}") for n, claim in rows])
            columns["total"][:] = [claim["money"]["total cost"] for _, claim in rows]
            settled = rule.settle(columns)
        program, faults = rule.plan.program, settled.faults().tolist()
        lists = {name: column.tolist() for name, column in settled.outputs.items()}
        outcomes: list[list[Outcome]] = [[] for _ in histories]
        for i, (n, _) in enumerate(rows):
            if faults[i]:
                failed = program.faults[faults[i]]
                outcomes[n].append(Outcome((failed.kind, failed.layer)))
            else:
                named = {name: column[i] for name, column in lists.items()}
                outcomes[n].append(Outcome(None, self.quantities(named), {}, named))
        return outcomes


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def in_order(claim: dict[str, Any]) -> bool:
    return bool(claim["admission"] <= claim["discharge"] <= claim["settlement"])


def total(claim: dict[str, Any]) -> int:
    return sum(claim["money"].get(part, 0) for part in MONEY.values())


@contextmanager
def plain_python() -> Iterator[None]:
    """Loops made meanwhile are not compiled, unless it is their machine code that is asked for."""
    compiled = os.environ.get("NUMBA_BOUNDSCHECK") == "1"  # so that every index is checked
    before, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, 0 if compiled else 1
    try:
        yield
    finally:
        numba.config.DISABLE_JIT = before


def rejected_in_csv(policy: Policy, days: dict[str, str], folder: Path) -> int:
    """How many of two rows, that differ in their days alone, are rejected: the second has its days in order."""
    from openyibao.tables import settle_table

    facts = {fact.name: str(fact.values[0] if fact.values else fact.range and fact.range.high) for fact in policy.facts}
    money = {"total_yuan": "100", "in_scope_yuan": "100"} | dict.fromkeys((f"{part}_yuan" for part in PARTS_OUT), "0")
    good = dict(zip(DAYS, sorted(days.values()), strict=True))
    rows = [{"claim_id": str(n), "person": str(n)} | row | money | facts for n, row in enumerate((days, good))]
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    (folder / "claims.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return settle_table(policy, folder / "claims.csv", folder / "bills.csv").tally.rejected


def from_data(bill: Bill) -> dict[str, int]:
    """The quantities and parts of a bill as its published data has them, under the language's names."""
    data, found = bill.data(), {}
    words = {part.replace(" ", "_").replace("-", "_"): part for part in OPEN_PARTS}
    for layer in data["layers"]:
        name = layer["layer"]
        found[f"{name}: applies"] = int(layer["applies"])
        found[f"{name}: paid"] = layer["paid_fen"]
        if layer["applies"]:
            found[f"{name}: base"] = layer["base"]["fen"]
            found |= {f"{name}: {words[part]}": fen for part, fen in layer["parts"].items()}
    for part in data["parts_at_end"]:
        whole, _, sub_part = part["part"].partition(".")
        name = f"{part['layer']}: {words[whole]}" if part["layer"] else sub_part or MONEY[whole]
        found[f"{name} at the end"] = part["fen"]
    return {name: fen for name, fen in found.items() if fen}


def worked_out(bill: Bill) -> tuple[dict[str, Any], dict[str, int], dict[str, dict[str, int]]]:
    """What the bill as data says of derived facts, by layer that asked them, of sums, and of those in floors."""
    data = bill.data()
    found = {
        layer["layer"]: {one["fact"]["en"]: (one["value"]["en"], one["number"]) for one in layer["derived"]}
        for layer in data["layers"]
    }
    floors = {layer["layer"]: named_sums(layer["floor"]) for layer in data["layers"] if layer.get("floor")}
    return (
        {layer: facts for layer, facts in found.items() if facts},
        named_sums(data) | gathered_sums(data),
        {layer: sums for layer, sums in floors.items() if sums},
    )


def gathered_sums(data: dict[str, Any]) -> dict[str, int]:
    """The sums of which a gathering claim has the values of others."""
    found = data["gathered"]["quantities"] if data["gathered"] else []
    return {one["name"]["en"]: one["fen"] for one in found if one["kind"] == "sum"}


def named_sums(data: dict[str, Any]) -> dict[str, int]:
    return {one["name"]["en"]: one["fen"] for one in data["sums"]}


def made_claim(claim: dict[str, Any]) -> Claim:
    days = {name: date.fromisoformat(claim[name]) for name in (*DAYS, "charge", "enrolment") if name in claim}
    return Claim(
        claim["claim id"],
        "A",
        **days,
        **{f"{part}_fen": claim["money"].get(name, 0) for part, name in MONEY.items()},
        facts={name: stated(value) for name, value in claim["facts"].items()},
        episode=claim.get("episode", ""),
        stay=claim.get("stay", ""),
        first_of_stay=claim.get("first of stay", "yes") == "yes",
        last_of_stay=claim.get("last of stay", "yes") == "yes",
    )


def stated(value: Any) -> Any:
    """Several values, or values with their time, in the form of the claim class."""
    if not isinstance(value, list):
        return value
    items = [item if isinstance(item, dict) else {"is": item} for item in value]
    return tuple(Held(item["is"], day_in(item, "from"), day_in(item, "before")) for item in items)


def day_in(item: dict[str, str], key: str) -> date | None:
    return date.fromisoformat(item[key]) if key in item else None


def money_uses(uses: Uses) -> dict[tuple[Any, ...], int]:
    """The uses that are fen used, under the product's keys: not what a period earned, nor numbers of admissions.

    Nor what is open for claims that gather, or was emptied: it shows in what these find.
    """
    kept = uses.values.items()
    money = {key: fen for key, fen in kept if not key[0].startswith(INTERNAL) and not key[0].endswith(NUMBERED)}
    return {(maximum(key[0]), *key[1:]): fen for key, fen in money.items()}


def maximum(name: str) -> str:
    """That of a group has one count, whatever its period."""
    return name.partition(BOUND)[0] + "annual maximum" if name.startswith("group ") and BOUND in name else name


def expected(policy: dict[str, Any], answer: Any) -> Outcome:
    """The calculator's answer in the same form; of a failure, the first of its problems."""
    if answer.problems:
        first = answer.problems[0]
        return Outcome((KINDS.get(first.kind, first.kind), first.layer))
    found = {f"{layer}: {name}": fen for layer, row in answer.layers.items() for name, fen in row.items()}
    for (layer, part), fen in answer.parts.items():
        if part != "paid":
            found[f"{layer}: {part} at the end" if layer else f"{part} at the end"] = fen
    uses = {
        (maximum(f"{owner} / {rule}" + shared(owner, rule, period)), period_number(period), *values): fen
        for (owner, rule, period, values), fen in answer.uses.items()
        if isinstance(fen, int)
        and (not rule.startswith("annual ") or (owner, rule.removeprefix(BOUND)) in bounded(policy))
    }
    return Outcome(None, {name: fen for name, fen in found.items() if fen}, uses | left_behind(policy, answer))


def shared(owner: str, rule: str, period: tuple[Any, ...]) -> str:
    """What the product adds to the name of a position that layers share."""
    return f" per {period[0]}" if owner.startswith("group ") and rule == "pays in bands" else ""


def left_behind(policy: dict[str, Any], answer: Any) -> dict[tuple[Any, ...], int]:
    """What claims left behind for derived facts: how many they are, or their latest discharge."""
    found: dict[tuple[Any, ...], int] = {}
    for (owner, _, period, values), entries in answer.uses.items():
        if not owner.startswith(DERIVED):
            continue
        name = owner.removeprefix(DERIVED)
        kind, place = policy["derived facts"][name]["of"], (period_number(period), *values)
        if kind == "days since discharge":
            found[f"{name} / {kind}", *place] = max(date.fromisoformat(x[1]).toordinal() for x in entries) + DAYS_AT_ONE
        else:
            found[f"{name} / {kind}", *place] = len(entries)
    return found


def period_number(period: tuple[Any, ...]) -> int | str:
    """What the product keeps a period under: its number, or the name of an episode or stay."""
    kind, *parts = period
    if kind in ("month", "day"):
        month = parts[0] * 12 + parts[1] - 1
        return month * 100 + parts[2] if kind == "day" else month
    if kind == "quarter":
        return parts[0] * 4 + parts[1] - 1
    return parts[0] if parts else 0


def allowed(answer: Any) -> set[tuple[str, str]]:
    """The failures that agree with the calculator: one of the problems of the first layer that has any."""
    found = {(KINDS.get(problem.kind, problem.kind), problem.layer) for problem in answer.problems}
    return found | ({("refused", "")} if {problem.kind for problem in answer.problems} & REFUSED else set())


def paid(policy: dict[str, Any], claims: list[dict[str, Any]]) -> list[Any]:
    """What the layers paid on each claim, in yuan, or the kind of failure: the form of the cases by hand."""
    made, uses, found = Product(json.dumps(policy, ensure_ascii=False)), Uses(), []
    names = [name for layer in policy["layers"] for name in layer]
    for claim in claims:
        outcome, uses = made.settle(uses, claim)
        fen = tuple(outcome.quantities.get(f"{name}: paid", 0) / 100 for name in names)
        found.append(outcome.failure[0] if outcome.failure else fen if len(fen) > 1 else fen[0])
    return found
