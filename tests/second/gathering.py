"""Claims that gather what is still open of claims settled before, by a service of their own.

Each settled claim that does not gather leaves an entry: its benefit year, its discharge, the services whose `where` it
meets, its parts at the end, its quantities. A claim that a service has gathered is marked, so that it is not gathered
by that service again.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from second import derived, floors, parts
from second.ledger import Key, Ledger
from second.parts import OPEN_PARTS, Part
from second.periods import Calendar, of_policy
from second.turn import Event
from second.values import Desk, Stop, matches

OPEN: Key = ("open claims", "", (), ())
YEAR = "the year before"
OF_LAYER = ("applies", "base", *OPEN_PARTS, "paid")


@dataclass
class Gathered:
    """The parts as the gathering claim finds them, its quantities and sums, and the claims it gathered."""

    parts: dict[Part, int]
    quantities: dict[str, int]
    sums: dict[str, int]
    claims: list[str] = field(default_factory=list)


def services(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = policy.get("gathering claims", {})
    return found


def by_year(policy: dict[str, Any]) -> bool:
    return any(one["of"] == YEAR for one in services(policy).values())


def by_months(policy: dict[str, Any]) -> bool:
    return any(one["of"] != YEAR for one in services(policy).values())


def service_of(desk: Desk) -> str | None:
    """The service by which the claim gathers; None if it does not, or does not say its service."""
    if not services(desk.policy):
        return None
    try:
        found: str = desk.fact("service")
    except Stop:
        return None
    return found if found in services(desk.policy) else None


# What the policy says -------------------------------------------------------------------------------------------


def layers(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: keys for item in policy["layers"] for name, keys in item.items()}


@of_policy
def service_of_layers(policy: dict[str, Any]) -> dict[str, str]:
    """The layers that run on gathering claims, each with its service: that which alone stands in its `for`."""
    found = {}
    for name, keys in layers(policy).items():
        wanted = keys.get("for", {}).get("service", [])
        for service in [wanted] if isinstance(wanted, str) else wanted:
            if service in services(policy):
                found[name] = service
    return found


def looked_at(policy: dict[str, Any], service: str) -> set[Part]:
    """The parts that base terms of the service's layers name."""
    found: set[Part] = set()
    for name, its in service_of_layers(policy).items():
        if its == service:
            found |= {part for _, named, _ in parts.terms(policy, layers(policy)[name]) for part in named}
    return found


@of_policy
def sums_of_claims(policy: dict[str, Any]) -> list[str]:
    """The sums that name nothing of a layer that gathers, nor the own deductible: each claim has a value of them."""
    pure: list[str] = []
    for name, written in policy.get("quantities", {}).items():  # sums above come first
        if all(of_claims(policy, one, pure) for one in floors.quantities_of(written)):
            pure.append(name)
    return pure


def of_claims(policy: dict[str, Any], quantity: str, pure: list[str]) -> bool:
    if quantity in policy["quantities"]:
        return quantity in pure
    owner = quantity.removeprefix("left of ").partition("'s ")[0]
    return quantity != floors.OWN_DEDUCTIBLE and owner not in service_of_layers(policy)


def quantities_named(policy: dict[str, Any], service: str) -> set[str]:
    """What the service's layers name in shares and in facts, and in sums that are worked out on the claim itself."""
    mine = [keys for name, keys in layers(policy).items() if service_of_layers(policy).get(name) == service]
    asked = {name for keys in mine for name in derived.asked_by(policy, keys)}
    values = [{key: node for key, node in keys.items() if key != "of"} for keys in mine]
    texts = texts_in([values, [policy["derived facts"][name] for name in asked]])
    found = texts | {text.partition(" of ")[2] for text in texts if not text.startswith("left of ")}
    for name, written in reversed(policy.get("quantities", {}).items()):
        if name in found and name not in sums_of_claims(policy):
            found |= set(floors.quantities_of(written))
    return found


def texts_in(node: Any) -> set[str]:
    if isinstance(node, dict | list):
        return set().union(*map(texts_in, node.values() if isinstance(node, dict) else node))
    return {str(node)}


# What settled claims leave behind, and how it is gathered -------------------------------------------------------


def remember(desk: Desk, calendar: Calendar, ledger: Ledger, at_end: dict[Part, int]) -> None:
    """A settled claim that does not gather: what is open of it, and its quantities."""
    if not services(desk.policy) or service_of(desk):
        return
    meets = frozenset(name for name, one in services(desk.policy).items() if holds(desk, one.get("where", {})))
    still = {part: fen for part, fen in at_end.items() if fen and part[1] != "paid"}
    sums = {name: desk.quantity(name) for name in sums_of_claims(desk.policy)}
    discharge = date.fromisoformat(desk.claim["discharge"])
    entry = (calendar.year, discharge, meets, still, dict(desk.quantities), sums)
    ledger.enter(OPEN, *entry, touched=(*OPEN, ledger.claim))


def holds(desk: Desk, where: dict[str, Any]) -> bool:
    """Whether all lines hold; a fact that the claim lacks holds for none."""
    for fact, wanted in where.items():
        try:
            value = desk.fact(fact)
        except Stop:
            return False
        if not any(matches(choice, value) for choice in (wanted if isinstance(wanted, list) else [wanted])):
            return False
    return True


def first_day(day: date, months: int) -> date:
    """The same day so many months earlier, or the next one that there is."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 2, 1)  # the months that lack a day all have one after them in their year


def in_window(of: str, desk: Desk, calendar: Calendar, year: int, discharge: date) -> bool:
    if of == YEAR:
        return year == calendar.year - 1
    months, last = int(of.split()[1]), date.fromisoformat(desk.claim["discharge"])
    return first_day(last, months) <= discharge <= last


def some_layer_may_run(desk: Desk, service: str) -> bool:
    """Whether for one of its layers all lines of `for` hold that ask no derived fact."""
    worked_out = derived.facts_of(desk.policy)
    lines = [
        {fact: wanted for fact, wanted in layers(desk.policy)[name].get("for", {}).items() if fact not in worked_out}
        for name, its in service_of_layers(desk.policy).items()
        if its == service
    ]
    return any(holds(desk, one) for one in lines) or not desk.on("gathers only where a layer may run")


def gather(desk: Desk, calendar: Calendar, ledger: Ledger, service: str) -> Gathered:
    """What is still open of the claims in the window leaves them, with their quantities.

    Nothing does where no layer of the service may run.
    """
    policy, one = desk.policy, services(desk.policy)[service]
    gathering, wanted = service_of_layers(policy), looked_at(policy, service)
    found = Gathered(
        {("", name): 0 for name in parts.places(policy)},
        dict.fromkeys(("total cost", *parts.CLAIM_PARTS, *parts.sub_parts(policy)), 0)
        | {f"{name}'s {what}": 0 for name in layers(policy) if name not in gathering for what in OF_LAYER},
        dict.fromkeys(sums_of_claims(policy), 0),
    )
    open_claims = ledger.now.get(OPEN, ()) if some_layer_may_run(desk, service) else ()
    for claim, year, discharge, meets, still, quantities, sums in open_claims:
        if service not in meets and desk.on("where of gathering claims"):
            continue
        kind = "a year" if one["of"] == YEAR else "months"
        if not in_window(one["of"], desk, calendar, year, discharge) and desk.on(f"window of {kind}"):
            continue
        ledger.read.add((*OPEN, claim))
        mark = (f"gathered by {service}", claim, (), ())
        if ledger.entries(mark) and desk.on("gathered once"):
            continue
        ledger.enter(mark)
        found.claims.append(claim)
        add(found.parts, {part: fen for part, fen in still.items() if part in wanted})
        add(found.quantities, {name: fen for name, fen in quantities.items() if name in found.quantities})
        add(found.sums, sums)
    return found


def too_large(desk: Desk, found: Gathered, service: str, most: int) -> bool:
    """Whether the parts together, or a quantity that the service's layers name, are over the largest amount."""
    quantities = quantities_named(desk.policy, service) - {floors.OWN_DEDUCTIBLE}
    ordinary = set(layers(desk.policy)) - set(service_of_layers(desk.policy))
    quantities &= {*found.quantities, *found.sums, *(f"left of {name}" for name in ordinary)}
    return any(fen > most for fen in (sum(found.parts.values()), *map(desk.quantity, quantities)))


def add(to: dict[Any, int], more: dict[Any, int]) -> None:
    for name, fen in more.items():
        to[name] = to.get(name, 0) + fen


def told(desk: Desk, found: Gathered) -> list[Event]:
    """For the statistics: by which window, of how many claims, and which parts hold money."""
    one = services(desk.policy)[str(service_of(desk))]
    names = {f"gathers: {'the year before' if one['of'] == YEAR else 'some months before'}"}
    names |= {"gathers by conditions"} if "where" in one else set()
    names |= {"gathers several claims"} if len(found.claims) > 1 else set()
    held = {part for part, fen in found.parts.items() if fen}
    names |= {"gathers parts of layers"} if any(owner for owner, _ in held) else set()
    names |= {"gathers parts of the claim"} if any(not owner for owner, _ in held) else set()
    names |= {"gathers sub-parts"} if any(name in parts.sub_parts(desk.policy) for _, name in held) else set()
    return [Event("", "", int(bool(held)), frozenset(names))]
