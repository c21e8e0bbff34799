"""A second calculator for benefit layers, written from the semantics and the language reference alone.

It imports nothing of the product and shares no method with it: it compiles nothing, walks the policy's JSON as it
stands, computes with fractions, and keeps a person's uses in one dictionary (`ledger.py`). What a layer pays is in
`payment.py`, carry-over in `carry.py`, facts in `people.py`, periods in `periods.py`, values in `values.py`, rates in
`rates.py`, parts of the claim in `parts.py`, claims that gather in `gathering.py`.

`settle(policy, uses, claim)` takes a policy (`load` of the JSON that `yibao policy show --format json` prints), the
uses so far, and a claim as a plain dictionary: three ISO dates and the further keys of a claim, `facts`, and `money` in
fen under the five names of the language. Facts that are money are fen, too. It gives back an `Answer`: the quantities
of each layer, the parts at the end and the uses after it, or the problems for which the claim fails (then the uses are
those that went in).
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from second import derived, floors, gathering, parts, payment, people, periods
from second.ledger import Ledger, Settled, Uses
from second.parts import CLAIM_PARTS, OPEN_PARTS, Part
from second.turn import Event, Problem, Turn
from second.values import ENDLESS, MOST_FEN, Desk, Stop, half_up, load, matches

__all__ = ["Answer", "load", "settle"]

QUANTITIES = ("applies", "base", *OPEN_PARTS, "paid")
BY_DATE = {"day", "month", "quarter", "calendar year"}
FIRST_DAY = "1900-01-01"


@dataclass
class Answer:
    layers: dict[str, dict[str, int]]
    parts: dict[Part, int]
    uses: Uses
    problems: list[Problem] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)  # the rules that had a say, by the names of `Desk.on`
    over_time: set[str] = field(default_factory=set)  # the same, by the names of `Desk.lasting`
    settled: Settled | None = None
    worked_out: dict[str, dict[str, tuple[str, int | None]]] = field(default_factory=dict)  # by layer and derived fact
    sums: dict[str, int] = field(default_factory=dict)
    floors: dict[str, dict[str, int]] = field(default_factory=dict)  # sums with the own deductible, by layer
    gathered: list[str] = field(default_factory=list)  # the claims that a gathering one gathered
    service: str | None = None  # by which it gathers


# One layer ------------------------------------------------------------------------------------------------------


def applies(turn: Turn) -> bool:
    """Every fact that `for` names must be there; all lines must hold.

    If those that ask no derived fact do, or may for all that is known, the derived facts of the whole layer are needed.
    """
    lines, names = turn.keys.get("for", {}), derived.asked_by(turn.desk.policy, turn.keys)
    if not lines_hold(turn, {fact: wanted for fact, wanted in lines.items() if fact not in names}):
        return False
    before = len(turn.problems)
    for name in names:
        derived.look_up(turn, name)
    if len(turn.problems) > before:
        return False
    turn.desk.worked_out[turn.name] = {name: (turn.desk.known[name][0], turn.desk.numbers[name]) for name in names}
    return lines_hold(turn, {fact: wanted for fact, wanted in lines.items() if fact in names})


def lines_hold(turn: Turn, lines: dict[str, Any]) -> bool:
    """Whether lines of `for` hold; one whose fact is missing is a problem, and may."""
    holds = True
    for fact, wanted in lines.items():
        value = turn.ask("for", lambda fact=fact: turn.desk.fact(fact), None)
        choices = wanted if isinstance(wanted, list) else [wanted]
        line = value is None or any(matches(choice, value) for choice in choices)
        worked_out = fact in derived.facts_of(turn.desk.policy)
        kind = " on a range" if isinstance(value, int) else " on a derived fact" if worked_out else ""
        turn.tell("for", int(not line), f"condition{kind}")
        holds &= line
    return holds


def take_base(turn: Turn, found: dict[Part, int]) -> tuple[dict[Part, int], int]:
    """The parts without what the layer took, and what it took."""
    left, base = dict(found), 0
    for name, sources, share in parts.terms(turn.desk.policy, turn.keys):
        rule = f"of {name}"
        part_of = turn.ask(rule, lambda share=share: turn.desk.share(share), Fraction(0))
        taken = {source: left[source] if part_of == 1 else half_up(part_of * left[source]) for source in sources}
        left |= {source: left[source] - some for source, some in taken.items()}
        base += sum(taken.values())
        whole = ["whole"] if part_of == 1 else ["share", *payment.tie(part_of * found[sources[0]])]
        together = half_up(part_of * sum(found[source] for source in sources))
        whole += ["rounded once for each sub-part"] if together != sum(taken.values()) else []
        whole += ["sub-part with a share"] if part_of != 1 and name in parts.sub_parts(turn.desk.policy) else []
        turn.tell(rule, sum(taken.values()), *whole, kind_of(turn.desk.policy, name))
    return left, base


def kind_of(policy: dict[str, Any], name: str) -> str:
    """For the statistics: a part of the claim, divided or not, the open part of some layer, or `left of`."""
    if name in parts.sub_parts(policy):
        return "sub-part"
    if name in parts.divided(policy):
        return "divided part"
    return "left of" if name.startswith("left of ") else name if name in CLAIM_PARTS else name.rpartition("'s ")[2]


def reduce(turn: Turn, base: int) -> tuple[int, dict[str, int]]:
    """What the reductions, in the order written, leave of the base; and the three parts they fill."""
    y, out = base, {"beyond limit": 0, "prepaid": 0, "deductible": 0}
    for rule, node in turn.keys.items():
        kind = rule.partition(" per ")[0]
        if rule == "pre-pay":
            share = turn.rate(rule, node)
            gone, part = half_up(share * y), "prepaid"
            turn.tell(rule, gone, *payment.tie(share * y))
        elif kind == "limit":
            amount = turn.amount(rule)
            left = turn.left(rule, amount)
            below = y if left is ENDLESS else min(y, left)
            gone, part = y - below, "beyond limit"
            tell_step(turn, rule, amount, y, gone)
            turn.grow(rule, below)
        elif kind == "deductible":
            amount = turn.amount(rule)
            gone, part = min(y, turn.within_maximum(rule, turn.left(rule, amount))), "deductible"
            tell_step(turn, rule, amount, y, gone)
            turn.grow(rule, gone)
            turn.taken[rule] = gone
        else:
            continue
        y, out[part] = y - gone, out[part] + gone
    return y, out


def tell_step(turn: Turn, rule: str, amount: int | None, y: int, gone: int) -> None:
    """For the statistics; `y` is what the limit or deductible found, `gone` what it took."""
    if amount is ENDLESS:
        turn.tell(rule, y)
        return
    used, deductible = turn.ledger.now.get(turn.key(rule), 0), rule.startswith("deductible")
    due = max(0, amount - used)
    told = ["met a use"] if used and gone else []
    told += ["exact"] if y == due > 0 else []
    told += ["only the difference"] if deductible and used > 0 and gone == due else []
    turn.tell(rule, gone, *told)
    if used and gone != (min(y, amount) if deductible else max(0, y - amount)):
        turn.note(*turn.sharing(rule))


def one_layer(turn: Turn, found: dict[Part, int]) -> tuple[dict[str, int], dict[Part, int]]:
    """The layer's quantities, and the parts after it; one that does not apply leaves gathered parts as they are."""
    if not applies(turn) or turn.problems:
        return dict.fromkeys(QUANTITIES, 0), {(turn.name, part): 0 for part in (*OPEN_PARTS, "paid")} | found
    left, base = take_base(turn, found)
    turn.desk.quantities["this layer's base"] = base
    b2, filled = reduce(turn, base)
    turn.desk.quantities[floors.OWN_DEDUCTIBLE] = filled["deductible"]
    paid = payment.pay(turn, b2, filled["deductible"])
    del turn.desk.quantities[floors.OWN_DEDUCTIBLE]
    filled["deductible"] -= paid.pop("back")
    filled |= paid
    turn.count()
    if not turn.problems:
        assert base == sum(filled.values()), filled
        assert min(filled.values()) >= 0, filled
    return {"applies": 1, "base": base, **filled}, left | {(turn.name, part): some for part, some in filled.items()}


# One claim ------------------------------------------------------------------------------------------------------


def looked_at(policy: dict[str, Any]) -> set[str]:
    """The kinds of periods that rules, and derived facts that count over a period, look at."""
    found = periods.kinds(policy) | {"year"} if gathering.by_year(policy) else periods.kinds(policy)
    return found | {periods.BANDS[x["over"]] for x in derived.asked(policy).values() if "over" in x}


def refused(policy: dict[str, Any], claim: dict[str, Any]) -> list[Problem]:
    """What is wrong with a claim before any layer looks at it."""
    money = claim["money"]
    found = []
    if min(money.values()) < 0:
        found.append(Problem("negative"))
    if money["total cost"] != sum(money.get(part, 0) for part in CLAIM_PARTS):
        found.append(Problem("sum"))
    if max(money.values()) > MOST_FEN:
        found.append(Problem("large"))
    words = [policy.get("year of the date of", "settlement")]
    words += [policy.get("period of the date of", "settlement")] if BY_DATE & looked_at(policy) else []
    words += ["discharge"] if gathering.by_months(policy) else []
    if any(periods.day_of(claim, word).isoformat() < FIRST_DAY for word in words):
        found.append(Problem("day"))
    if not claim["admission"] <= claim["discharge"] <= claim["settlement"]:
        found.append(Problem("dates"))
    found += [Problem(kind) for kind in parts.problems(policy, claim)]
    rule_day = claim[policy["rule of the date of"]]
    if not policy["in force"]["from"] <= rule_day < policy["in force"]["before"]:
        found.append(Problem("date"))
    return found


def start_of_year(desk: Desk) -> periods.Start:
    """The month and day on which the claim's benefit year starts."""
    node = desk.policy.get("benefit year from")
    if node is None:
        return periods.NEW_YEAR
    found = periods.start_of(str(desk.leaf(node)["is"]))
    by_group = isinstance(node, dict) and "by" in node
    return found if desk.on("benefit year by group" if by_group else "benefit year from") else periods.NEW_YEAR


def number_admission(desk: Desk, calendar: periods.Calendar, ledger: Ledger) -> None:
    """Give the episode of an inpatient claim its number, and tell the desk how to find that of any claim."""
    key = ("admissions", "", ("year", calendar.year), ())
    declared, given = people.form_of(desk.policy["facts"]["service"]), desk.claim["facts"].get("service")
    if given is None or not people.names_of(declared, given, desk.claim, desk.off):
        return
    service = people.identity(declared, given, desk.claim, desk.off)[0]
    number, new = people.admission(ledger.now.get(key, ()), calendar.episode, service == "inpatient")
    if service == "inpatient":
        ledger.read.add(key)
    if new:
        ledger.enter(key, calendar.episode, number)

    def found() -> int:
        ledger.read.add(key)
        return number

    desk.admission = found


def note_start(policy: dict[str, Any], calendar: periods.Calendar, ledger: Ledger) -> None:
    """Earning starts with the first settled claim under a policy that carries anything over that kind of period."""
    for kind in periods.carried(policy):
        if not ledger.entries(("start", kind, (), ())):
            ledger.enter(("start", kind, (), ()), periods.number(calendar.period(kind, shared=False)))


def settle(policy: dict[str, Any], uses: Uses, claim: dict[str, Any], off: frozenset[str] = frozenset()) -> Answer:
    """One claim of a person whose uses so far are `uses`, which stay as they are.

    Rules in `off` are switched off, to see whether they decided.
    """
    desk = Desk(policy, claim, periods.day_of(claim, policy["rule of the date of"]).year, off)
    if gathering.service_of(desk):
        desk.claim = claim = parts.with_none(policy, claim)
    problems = refused(policy, claim)
    if people.two_at_once(policy, claim, off):
        problems.append(Problem("two values"))
    elif gathering.service_of(desk) and any(claim["money"].values()):
        problems.append(Problem("gathering"))
    if problems:
        return Answer({}, {}, uses, problems, [], desk.asked, desk.over_time)
    start = periods.NEW_YEAR
    try:
        start = start_of_year(desk)
    except Stop as stop:
        if "year" in looked_at(policy):  # else nothing looks at it
            problems.append(Problem(stop.kind, "", "benefit year from"))
    calendar = periods.calendar_of(policy, claim, start, desk.on)
    ledger = Ledger(claim["claim id"], uses)
    if "admission number" in policy["facts"]:
        number_admission(desk, calendar, ledger)
    note_start(policy, calendar, ledger)
    answer = layers_of(desk, calendar, ledger)
    if problems:
        return Answer({}, {}, uses, problems + answer.problems, [], desk.asked, desk.over_time)
    return answer


def layers_of(desk: Desk, calendar: periods.Calendar, ledger: Ledger) -> Answer:
    """The layers in the order written."""
    found, gathered = laid_out(desk, calendar, ledger)
    service = gathering.service_of(desk)
    if gathered and service and gathering.too_large(desk, gathered, service, MOST_FEN):
        return Answer({}, {}, ledger.before, [Problem("gathered")], [], desk.asked, desk.over_time)
    sum_of_parts = sum(found.values())
    layers: dict[str, dict[str, int]] = {}
    events = gathering.told(desk, gathered) if gathered else []
    for name, keys in (pair for item in desk.policy["layers"] for pair in item.items()):
        turn = Turn(name, keys, desk, calendar, ledger)
        layers[name], found = one_layer(turn, found)
        if turn.problems:
            return Answer({}, {}, ledger.before, turn.problems, [], desk.asked, desk.over_time)
        desk.paid[name] = layers[name]["paid"]
        if not gathered or name in gathering.service_of_layers(desk.policy):  # else they are of the gathered claims
            desk.quantities |= {f"{name}'s {quantity}": some for quantity, some in layers[name].items()}
        events += turn.events
    assert sum(found.values()) == sum_of_parts
    derived.remember(desk, calendar, ledger)
    gathering.remember(desk, calendar, ledger, found)
    ledger.close()
    settled = Settled(ledger.claim, frozenset(ledger.read), ledger.added)
    asked = set(desk.asked)
    own = floors.with_own_deductible(desk.policy)
    sums = {name: desk.quantity(name) for name in desk.policy.get("quantities", {}) if name not in own}
    told = desk.worked_out, sums, desk.floor_sums, gathered.claims if gathered else [], service
    return Answer(layers, found, ledger.now, [], events, asked, desk.over_time, settled, *told)


def laid_out(
    desk: Desk, calendar: periods.Calendar, ledger: Ledger
) -> tuple[dict[Part, int], gathering.Gathered | None]:
    """The parts as the claim comes in, and its quantities put on the desk; of a gathering claim, what it gathered."""
    service = gathering.service_of(desk)
    if service is None:
        desk.quantities |= parts.quantities(desk.policy, desk.claim)
        return {("", name): desk.quantities[name] for name in parts.places(desk.policy)}, None
    gathered = gathering.gather(desk, calendar, ledger, service)
    desk.quantities |= gathered.quantities
    desk.gathered = gathered.sums
    return gathered.parts, gathered
