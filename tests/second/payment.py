"""What a layer pays: steps 3 to 6 of the semantics (reimbursement, floor, caps, the parts), with fractions.

A `turn` is a `Round` of `calculator.py`: it answers questions about values, keeps uses, and takes notes for the test.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from second import floors
from second.values import ENDLESS, half_up

Turn = Any
PAYS = ("pays", "pays in bands", "pays fixed")


@dataclass(frozen=True)
class Curve:
    """F: F(0) = 0, continuous, with the bands' rates as slopes; `start` is where this claim begins.

    A flat rate is one band without an end.
    """

    edges: list[int]
    rates: list[Fraction]
    start: int = 0

    def at(self, x: Fraction) -> Fraction:
        total = Fraction(0)
        for low, high, rate in zip([0, *self.edges], [*self.edges, None], self.rates, strict=True):
            top = x if high is None else min(x, Fraction(high))
            total += rate * max(Fraction(0), top - low)
        return total

    def pays(self, cost: Fraction | int) -> Fraction:
        return self.at(Fraction(self.start + cost)) - self.at(Fraction(self.start))

    def cost_of(self, paid: int) -> Fraction | None:
        """The least cost >= 0 for which exactly `paid` is paid; None if there is none.

        F does not fall, so the least cost lies in the first band at whose end as much, or more, is paid.
        """
        if paid == 0:
            return Fraction(0)
        corners = [Fraction(edge - self.start) for edge in self.edges if edge > self.start]
        low = Fraction(0)
        for corner in corners:
            if self.pays(corner) >= paid:
                return self.between(low, corner, paid)
            low = corner
        last = self.rates[-1]
        return low + (paid - self.pays(low)) / last if last else None

    def between(self, low: Fraction, high: Fraction, paid: int) -> Fraction:
        """Where `paid` is reached between two corners, of which the lower pays less and the upper not less."""
        below, above = self.pays(low), self.pays(high)
        return low + (high - low) * (paid - below) / (above - below)


def tie(exact: Fraction) -> list[str]:
    return ["half fen"] if exact.denominator == 2 else []


# Reimbursement --------------------------------------------------------------------------------------------------


def by_rate(turn: Turn, b2: int) -> tuple[int, Curve]:
    rate = turn.rate("pays", turn.keys["pays"])
    turn.tell("pays", half_up(rate * b2), *tie(rate * b2))
    return half_up(rate * b2), Curve([], [rate])


def by_bands(turn: Turn, b2: int, deducted: int) -> tuple[int, Curve]:
    written, rule = turn.keys["pays in bands"], "pays in bands"
    bands = written["bands"]
    edges = [turn.ask(rule, lambda b=b: turn.desk.amount(b["up to"]), None) for b in bands[:-1]]
    rates = [turn.rate(rule, band.get("pays", band.get("above"))) for band in bands]
    if any(None not in (low, high) and low > high for low, high in pairwise(edges)):
        turn.fail("edges", rule)
    if turn.problems:
        return 0, Curve([], [Fraction(0)])
    over, from_zero = written["over"], written["counted"] == "from zero"
    used = turn.used(rule)
    x = used + (deducted if from_zero else 0)
    found = Curve(edges, rates, x)
    if used and half_up(found.pays(b2)) != half_up(Curve(edges, rates, x - used).pays(b2)):
        turn.note(*turn.sharing(rule))
    turn.grow(rule, b2 + (deducted if from_zero else 0))
    crossed = [edge for edge in edges if x < edge < x + b2]
    told = [written["counted"], f"over {over}", *(["crossed"] if crossed else []), *(["went on"] if used else [])]
    told += ["deductible inside"] if from_zero and deducted else []
    told += ["on an edge"] if {x, x + b2} & set(edges) - {0} else []
    turn.tell(rule, half_up(found.pays(b2)), *told)
    return half_up(found.pays(b2)), found


def by_amount(turn: Turn, b2: int) -> int:
    """A fixed amount for each unit: never more than is there, nor than a stay in parts has left of it."""
    rule = "pays fixed"
    unit = turn.unit()
    units = 1 if unit == "claim" else turn.ask(rule, lambda: turn.desk.fact(unit), 0)
    amount = turn.amount(rule) * units
    due = turn.left(rule, amount) if unit == "claim" else amount
    told = ["fixed, cut by the cost"] if due > b2 > 0 else []
    told += ["fixed, met a use"] if due < amount and min(b2, due) < min(b2, amount) else []
    turn.tell(rule, min(b2, due), f"for each {unit}", *told)
    if unit == "claim":
        turn.grow(rule, min(b2, due))
    if not units:
        turn.note("no units")
    return min(b2, due)


def raised(turn: Turn, r: int, b2: int, deducted: int) -> int:
    """The floor: at least so much, as far as there is cost, that of the deductible included."""
    if "at least" not in turn.keys:
        return r
    amount = turn.ask("at least", lambda: turn.desk.amount(turn.keys["at least"]), 0)
    sums = floors.named_in(turn.keys["at least"], floors.with_own_deductible(turn.desk.policy))
    turn.desk.floor_sums |= {turn.name: {name: turn.desk.quantity(name) for name in sums}} if sums else {}
    floor = min(amount, b2 + deducted)
    told = ["floor, cut by the cost"] if floor < amount and floor > r else []
    told += [f"floor over {name}" for name in PAYS if name in turn.keys]
    turn.tell("at least", max(0, floor - r), *told)
    return max(r, floor)


def capped(turn: Turn, r: int) -> int:
    rules = [rule for rule in turn.keys if rule.startswith("at most per ")]
    left: dict[str, int] = {}
    for rule in rules:
        found = turn.left(rule, turn.amount(rule))
        left[rule] = r if found is ENDLESS else found
    paid = min([r, *left.values()])
    for rule in rules:
        endless = "no limit" in turn.forms.get(rule, ())
        bound = paid if endless else r - paid if left[rule] == paid else 0
        told = ["met a use"] if bound and turn.ledger.now.get(turn.key(rule), 0) else []
        told += ["paid"] if paid else []
        told += ["exact"] if left[rule] == r > 0 else []
        turn.tell(rule, bound, *told)
        if bound and not endless:
            turn.note(*turn.sharing(rule))
        turn.grow(rule, paid)
    return paid


def over_cap(turn: Turn, r: int, b2: int, paid: int, curve: Curve | None) -> int:
    """What a cap cut off, in payments or in fees; only asked where one did, and paid no more than the cost."""
    if turn.keys.get("over-cap counted in", "payments") == "payments":
        cut = min(r, b2) - paid
        turn.tell("cut in payments", cut)
        turn.note(*(["floor above the cost, cut in payments"] if r > b2 else []))
        return cut
    assert curve is not None, "fees for a fixed payment are refused"
    v = curve.cost_of(paid)
    c = b2 if v is None else min(b2, half_up(v))
    turn.tell("cut in fees", b2 - c, f"fees of {'a rate' if 'pays' in turn.keys else 'bands'}")
    turn.note(*notes_on_fees(curve, b2, paid, v))
    return b2 - c


def notes_on_fees(curve: Curve, b2: int, paid: int, v: Fraction | None) -> list[str]:
    """For the statistics: what was special about the cost that a payment stands for."""
    if v is None:
        return ["fees: no cost gives it"]
    if v > b2:
        return ["fees: more than there is"]
    if not paid:
        return ["fees: nothing paid"]
    told = ["fees: rounded to the fen"] if v.denominator > 1 else []
    ends = [edge - curve.start for edge in curve.edges]
    slices = zip([-curve.start, *ends], [*ends, b2], curve.rates, strict=True)
    lows = [low for low, high, rate in slices if rate == 0 and max(low, 0) < min(high, b2)]
    told += ["fees: behind a band that pays nothing"] if any(low < v for low in lows) else []
    told += ["fees: where a band that pays nothing begins"] if any(low == v for low in lows) else []
    return told + (["fees: over an edge"] if any(0 < end < v for end in ends) else [])


def pay(turn: Turn, b2: int, deducted: int) -> dict[str, int]:
    """Paid, over-cap and copay, and what comes back out of the deductible."""
    curve: Curve | None = None
    if "pays in bands" in turn.keys:
        r, curve = by_bands(turn, b2, deducted)
    elif "pays fixed" in turn.keys:
        r = by_amount(turn, b2)
    else:
        r, curve = by_rate(turn, b2)
    before = r
    r = raised(turn, r, b2, deducted)
    paid = capped(turn, r)
    if paid > before:
        turn.note("lifted by the floor", *(["floor, then cap"] if paid < r else []), *floors.notes(turn, b2, paid, r))
    if paid > b2:
        turn.note("out of the deductible")
        return {"paid": paid, "over-cap": 0, "copay": 0, "back": paid - b2}
    over = over_cap(turn, r, b2, paid, curve) if paid < r and not turn.problems else 0
    return {"paid": paid, "over-cap": over, "copay": b2 - paid - over, "back": 0}
