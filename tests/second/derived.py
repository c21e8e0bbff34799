"""Facts that are worked out: from a quantity, from earlier claims, from days and months.

What settled claims leave behind for them are entries of the ledger, under the fact, the period and the values of `per`.
"""

from datetime import date
from itertools import pairwise
from typing import Any

from second.ledger import Key, Ledger
from second.periods import BANDS, Calendar, of_policy
from second.values import Desk, Stop, matches

Turn = Any
EARLIER = ("earlier claims", "earlier episodes", "days since discharge")
NUMBERS = (*EARLIER, "months since enrolment")
EDGES = ("below", "up to")


def facts_of(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = policy.get("derived facts", {})
    return found


@of_policy
def asked(policy: dict[str, Any]) -> dict[str, Any]:
    """Those that some layer asks: for the others, nothing is kept."""
    layers = [keys for item in policy["layers"] for keys in item.values()]
    return {name: fact for name, fact in facts_of(policy).items() if any(name in asked_by(policy, x) for x in layers)}


def asked_by(policy: dict[str, Any], keys: dict[str, Any]) -> list[str]:
    """The derived facts that a layer asks, in `for` or in a table."""
    found: list[str] = asked_by_layers(policy)[id(keys)]
    return found


@of_policy
def asked_by_layers(policy: dict[str, Any]) -> dict[int, list[str]]:
    """The same of each layer: it is asked for every claim, and a layer is a large tree."""
    found = {}
    for keys in (keys for item in policy["layers"] for keys in item.values()):
        names = set(keys.get("for", {})) | in_tables(keys)
        found[id(keys)] = [name for name in facts_of(policy) if name in names]
    return found


def in_tables(node: Any) -> set[str]:
    """The facts that tables below a node are `by`."""
    if isinstance(node, list):
        return set().union(*map(in_tables, node))
    if not isinstance(node, dict):
        return set()
    by = node.get("by", [])
    return set([by] if isinstance(by, str) else by).union(*map(in_tables, node.values()))


# The value of a fact on this claim ------------------------------------------------------------------------------


def look_up(turn: Turn, name: str) -> None:
    """Put the fact on the desk, with all problems that this meets; found once, it stays."""
    desk = turn.desk
    if name in desk.known:
        return
    fact, rule, before = facts_of(desk.policy)[name], f"derived {name}", len(turn.problems)
    number, told = number_of(turn, rule, name, fact)
    edges = edges_of(turn, rule, fact)
    if any(None not in (low, high) and low > high for low, high in pairwise(edges)):
        turn.fail("edges", rule)
    if len(turn.problems) > before:
        return
    kind = fact["of"] if fact["of"] in NUMBERS else "a quantity"
    shaped = forms_of_edges(turn.forms.get(rule, ()), " of whole numbers" if fact["of"] in NUMBERS else "")
    value, met = value_of(fact, number, edges, desk.on(f"derived fact of {kind}"))
    desk.numbers[name] = number
    desk.known[name] = (value, {f"derived fact of {kind}"} | told | met | shaped)


def value_of(fact: dict[str, Any], number: int | None, edges: list[int], on: bool) -> tuple[str, set[str]]:
    """The first value whose edge the number does not pass; None passes all of them."""
    *rows, last = fact["values"]
    told = {"number on an edge"} if number in edges else set()
    told |= {"edges that are equal"} if any(low == high for low, high in pairwise(edges)) else set()
    words = [row["is"] for row in rows]
    told |= {"value that stands twice"} if len({*words, last["otherwise"]}) < len(fact["values"]) else set()
    for row, edge in zip(rows, edges, strict=True):
        if on and number is not None and (number < edge or ("up to" in row and number == edge)):
            return row["is"], told | {f"value {key}" for key in EDGES if key in row}
    return last["otherwise"], told | {"value otherwise"}


def forms_of_edges(forms: Any, whole: str) -> set[str]:
    """For the statistics: what the edges were."""
    kinds = {"named amount": "a named amount", "table over 1": "a table", "table over 2": "a table"}
    kinds |= {"for each one": "for each one"}
    found = {f"edge: {kinds[form]}{whole}" for form in forms if form in kinds}
    return found | ({"edge: a share of a quantity"} if any(form.startswith("quantity: ") for form in forms) else set())


def edges_of(turn: Turn, rule: str, fact: dict[str, Any]) -> list[Any]:
    """Amounts in fen where the number is one, else whole numbers, or tables of them; all are asked (None: in vain)."""
    nodes = [next(row[key] for key in EDGES if key in row) for row in fact["values"][:-1]]
    if fact["of"] in NUMBERS:
        return [turn.ask(rule, lambda node=node: int(turn.desk.leaf(node)["is"]), None) for node in nodes]
    return [turn.ask(rule, lambda node=node: turn.desk.amount(node), None) for node in nodes]


def number_of(turn: Turn, rule: str, name: str, fact: dict[str, Any]) -> tuple[int | None, set[str]]:
    """The number, None if it passes every edge; and what there is to tell of it."""
    claim, kind = turn.desk.claim, fact["of"]
    if kind == "months since enrolment":
        if "enrolment" not in claim:
            turn.fail("no enrolment", rule)
            return None, set()
        return full_months(date.fromisoformat(claim["enrolment"]), date.fromisoformat(claim["admission"]))
    if kind not in EARLIER:
        return quantity(turn.desk, kind)
    values = tuple(turn.ask(rule, lambda one=one: turn.desk.fact(one), None) for one in per(turn.desk, fact))
    if None in values:
        return None, set()
    key = key_of(turn.desk, turn.calendar, name, fact, values)
    if kind == "days since discharge":
        return days_since(turn.ledger.entries(key), claim)
    if kind == "earlier claims":
        found = len(turn.ledger.entries(key))
        return found, {"counted two or more"} if found > 1 else set()
    return episodes_before(turn.desk, turn.ledger, key, turn.calendar.episode)


def quantity(desk: Desk, name: str) -> tuple[int, set[str]]:
    desk.forms = set()
    found, told = desk.quantity(name), {"derived fact of left of"} if name.startswith("left of ") else set()
    return found, desk.forms | told | (
        {"derived fact of a sum"} if name in desk.policy.get("quantities", {}) else set()
    )


def full_months(first: date, last: date) -> tuple[int, set[str]]:
    """A month is full on the day of the same number."""
    found = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(0, found), {"admitted before enrolment"} if last < first else set()


def days_since(entries: tuple[Any, ...], claim: dict[str, Any]) -> tuple[int | None, set[str]]:
    if not entries:
        return None, {"never discharged before"}
    latest = max(date.fromisoformat(entry[1]) for entry in entries)
    found = (date.fromisoformat(claim["admission"]) - latest).days
    return max(0, found), {"discharged after this admission"} if found < 0 else set()


def episodes_before(desk: Desk, ledger: Ledger, key: Key, episode: str) -> tuple[int, set[str]]:
    """The number that the episode has, once it is counted; before, how many others are."""
    entries = ledger.entries(key)
    for _, its, number in entries:
        if its == episode:
            if desk.lasting("an episode keeps its number"):
                return number, {"episode already counted"}
            return len(entries), set()
    return len(entries), set()


# What a settled claim leaves behind -----------------------------------------------------------------------------


def per(desk: Desk, fact: dict[str, Any]) -> list[str]:
    facts = fact.get("per", [])
    found = [facts] if isinstance(facts, str) else list(facts)
    return found if not found or desk.lasting("per of a derived fact") else []


def key_of(desk: Desk, calendar: Calendar, name: str, fact: dict[str, Any], values: tuple[Any, ...]) -> Key:
    over = BANDS[fact.get("over", "a lifetime")]
    if over != "lifetime" and not desk.lasting(f"over {fact['over']} of a derived fact"):
        over = "lifetime"
    return (f"derived {name}", "", calendar.period(over, shared=True), values)


def remember(desk: Desk, calendar: Calendar, ledger: Ledger) -> None:
    """The settled claim is entered under each fact for which it counts; layers that paid are on the desk."""
    for name, fact in asked(desk.policy).items():
        if fact["of"] not in EARLIER or not counts(desk, fact):
            continue
        try:
            values = tuple(desk.fact(one) for one in per(desk, fact))
        except Stop:
            continue
        key = key_of(desk, calendar, name, fact, values)
        if fact["of"] == "earlier episodes":
            number, _ = episodes_before(desk, ledger, key, calendar.episode)
            if all(entry[1] != calendar.episode for entry in ledger.entries(key)):
                ledger.enter(key, calendar.episode, number)
        elif fact["of"] == "earlier claims":
            ledger.enter(key)
        else:
            ledger.enter(key, desk.claim["discharge"])


def counts(desk: Desk, fact: dict[str, Any]) -> bool:
    """Whether the claim is one of those that count; of a split stay only the last part, but for episodes."""
    by_charge = desk.policy.get("year of the date of") == "charge"
    part = by_charge and desk.claim.get("last of stay", "yes") == "no" and fact["of"] != "earlier episodes"
    if part and desk.lasting("a split stay counts once"):
        return False
    layer = fact.get("paid by")
    if layer and not desk.paid[layer] and desk.lasting("paid by"):
        return False
    return all(line_holds(desk, name, wanted) for name, wanted in fact.get("where", {}).items())


def line_holds(desk: Desk, name: str, wanted: Any) -> bool:
    try:
        value = desk.fact(name)
    except Stop:
        return not desk.lasting("where")
    choices = wanted if isinstance(wanted, list) else [wanted]
    return any(matches(choice, value) for choice in choices) or not desk.lasting("where")
