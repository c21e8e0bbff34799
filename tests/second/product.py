"""The product's two answers to a history, and the calculator's, in one form that can be compared.

Only public names of the product are used: `read_policy_text`, `Rule`, `Claim`, `Uses`, `claims_of`, and
`emit.rows_text`, whose loop is run here as plain Python over lists.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from openyibao.policy.model import Policy
from openyibao.policy.nodes import FileError, parse_bytes
from openyibao.policy.read import read_policy_text
from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses
from openyibao.settlement.claim_file import claims_of
from openyibao.settlement.emit import CELLS, rows_text
from openyibao.settlement.tables import settle_csv

MONEY = {
    "fully_self_paid": "fully self-paid cost",
    "over_limit": "over-limit cost",
    "pre_self_paid": "pre-self-paid cost",
    "in_scope": "in-scope cost",
}
PARTS_OUT = ("fully_self_paid", "over_limit", "pre_self_paid")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
DAYS = ("admission", "discharge", "settlement")
REFUSED = {"sum", "negative", "dates"}  # what a file of claims is refused for
KINDS = {"statistic": "gap", "dates": "refused"}  # where the product's word is another one


@dataclass
class Outcome:
    """What one claim came to: the failure (kind, layer), or quantities, parts and uses by name, without zeros."""

    failure: tuple[str, str] | None = None
    quantities: dict[str, int] = field(default_factory=dict)
    uses: dict[tuple[str, int], int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    bill: Bill | None = None


class Product:
    """A policy text, read and compiled both ways."""

    def __init__(self, text: str) -> None:
        self.policy = read_policy_text(text, "x.json")
        self.rule = Rule(self.policy)
        program = self.rule.plan.program
        space: dict[str, Any] = {}
        exec(rows_text(program, "rows", program.outputs), space)
        self.loop = space["settle_rows"]

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
            found[f"{name} at the end"] = named[f"{part}_left"]
        return {name: fen for name, fen in found.items() if fen}

    def settle(self, uses: Uses, claim: dict[str, Any]) -> tuple[Outcome, Uses]:
        """One claim through `Rule.settle`; a claim that does not add up, through the reader of claim files."""
        if claim["money"]["total cost"] != sum(claim["money"].get(part, 0) for part in MONEY.values()):
            return self.refused(claim), uses
        if sorted(claim[day] for day in DAYS) != [claim[day] for day in DAYS]:
            return self.refused(claim), uses
        try:
            bill, after = self.rule.settle(uses, made_claim(claim))
        except ClaimError as error:
            return Outcome((error.kind, "")), uses
        return Outcome(None, self.quantities(bill.named), without_zeros(after.values), bill.named, bill), after

    def refused(self, claim: dict[str, Any]) -> Outcome:
        """Days out of order are refused by the class and by the reader of files; a wrong sum can only be in a file."""
        in_order = sorted(claim[day] for day in DAYS) == [claim[day] for day in DAYS]
        try:
            made_claim(claim)
        except ValueError:
            if in_order:
                return Outcome(("a claim refused in vain", ""))
        else:
            if not in_order:
                return Outcome(("not refused by Claim", ""))
        try:
            self.from_file(claim)
        except FileError:
            return Outcome(("refused", ""))
        return Outcome(("not refused", ""))

    def from_file(self, claim: dict[str, Any]) -> Claim:
        """The claim as the product reads it from a file of claims."""
        money = {
            part: f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"
            for part, fen in claim["money"].items()
        }
        text = json.dumps({"claim id": "1", "person": "A"} | claim | {"money": money})
        return claims_of(parse_bytes(text.encode(), "c.json"), "c.json", self.policy)[0]

    def rows(self, histories: list[list[dict[str, Any]]]) -> tuple[list[list[Outcome]], dict[tuple[str, int], int]]:
        """The outcomes of all histories in one run of the loop, and the uses of the last person after it."""
        program = self.rule.plan.program
        rows = [(n, claim) for n, claims in enumerate(histories) for claim in claims]
        inputs = zip(*(self.row(claim) for _, claim in rows), strict=True)
        keys = sorted({slot.key for slot in program.slots})
        own: dict[str, dict[int, int]] = {key: defaultdict(int) for key in keys}
        uses: list[dict[int, int]] = [defaultdict(int) for _ in program.slots]
        fault, out = [0] * len(rows), [[0] * len(rows) for _ in program.outputs]
        state = [-1, 0]
        periods = [item for key in keys for item in (0, own[key])]
        self.loop(len(rows), state, [n for n, _ in rows], *inputs, *periods, *uses, fault, *out)
        outcomes: list[list[Outcome]] = [[] for _ in histories]
        for i, (n, _) in enumerate(rows):
            if fault[i]:
                failed = program.faults[fault[i] // CELLS]
                outcomes[n].append(Outcome((failed.kind, failed.layer)))
            else:
                named = {name: column[i] for name, column in zip(program.outputs, out, strict=True)}
                outcomes[n].append(Outcome(None, self.quantities(named), {}, named))
        last = {
            (slot.group, at): fen
            for slot, found in zip(program.slots, uses, strict=True)
            for at, fen in found.items()
            if own[slot.key][at] == state[1]
        }
        return outcomes, without_zeros(last)

    def row(self, claim: dict[str, Any]) -> list[int]:
        days = [int(claim[day].replace("-", "")) for day in (self.policy.rule_date, self.policy.year_date)]
        money = [claim["money"]["total cost"], *(claim["money"].get(part, 0) for part in MONEY.values())]
        facts = []
        for fact in self.policy.facts:
            value = claim["facts"].get(fact.name, -1)
            if fact.range is None and value != -1:
                value = fact.values.index(value) if value in fact.values else -2
            elif (
                fact.range is not None and value != -1 and not (fact.range.low or 0) <= value <= (fact.range.high or 0)
            ):
                value = -2
            facts.append(value)
        return [*days, *money, *facts]


def rejected_in_csv(policy: Policy, days: dict[str, str], folder: Path) -> int:
    """How many of two rows, that differ in their days alone, are rejected: the second has its days in order."""
    facts = {fact.name: str(fact.values[0] if fact.values else fact.range and fact.range.high) for fact in policy.facts}
    money = {"total_yuan": "100", "in_scope_yuan": "100"} | dict.fromkeys((f"{part}_yuan" for part in PARTS_OUT), "0")
    good = dict(zip(DAYS, sorted(days.values()), strict=True))
    rows = [{"claim_id": str(n), "person": str(n)} | row | money | facts for n, row in enumerate((days, good))]
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    (folder / "claims.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return settle_csv(policy, folder / "claims.csv", folder / "bills.csv").rejected


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
        name = f"{part['layer']}: {words[part['part']]}" if part["layer"] else MONEY[part["part"]]
        found[f"{name} at the end"] = part["fen"]
    return {name: fen for name, fen in found.items() if fen}


def made_claim(claim: dict[str, Any]) -> Claim:
    return Claim(
        "1",
        "A",
        **{day: date.fromisoformat(claim[day]) for day in DAYS},
        **{f"{part}_fen": claim["money"].get(name, 0) for part, name in MONEY.items()},
        facts=claim["facts"],
    )


def without_zeros(uses: Any) -> dict[tuple[str, int], int]:
    return {key: fen for key, fen in uses.items() if fen}


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
        (f"{layer} / {rule}", period_number(policy, layer, rule, key)): fen
        for (layer, rule, key), fen in answer.uses.items()
    }
    return Outcome(None, {name: fen for name, fen in found.items() if fen}, without_zeros(uses))


def period_number(policy: dict[str, Any], layer: str, rule: str, key: tuple[int, ...]) -> int:
    """The number under which the product keeps a period: the year, or years times months or quarters."""
    if len(key) < 2:
        return key[0] if key else 0
    period = rule.rpartition(" ")[2]
    if rule == "pays in bands":
        period = next(item[layer] for item in policy["layers"] if layer in item)[rule]["over"]
    return key[0] * (12 if period == "month" else 4) + key[1] - 1


def allowed(answer: Any) -> set[tuple[str, str]]:
    """The failures that agree with the calculator: one of the problems of the first layer that has any."""
    found = {(KINDS.get(problem.kind, problem.kind), problem.layer) for problem in answer.problems}
    return found | ({("refused", "")} if {problem.kind for problem in answer.problems} & REFUSED else set())
