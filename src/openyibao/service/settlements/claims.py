"""From a visit to a claim: what the policy asks about the person, the place and the care, in its own words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

from openyibao.policy.model import Policy
from openyibao.service.clock import CHINA
from openyibao.service.gateway.refusals import Refused
from openyibao.service.people.models import Filing, Identity, Person
from openyibao.service.settlements.models import Visit
from openyibao.settlement import Claim
from openyibao.settlement.claim import FactValue, Held
from openyibao.tables.names import code_words, empty_word

PHARMACY = "pharmacy"
"""The service of a purchase at a pharmacy (MED_TYPE 41), where a policy has one."""


def day_of(moment: datetime) -> date:
    """The day of a moment in China."""
    return moment.astimezone(CHINA).date()


def begin_of(day: date) -> datetime:
    """The first moment of a day in China."""
    return datetime.combine(day, time(), CHINA)


def age_on(born: date, day: date) -> int:
    """Whole years; somebody born on 29 February is a year older on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


Times = tuple[str, date | None, date | None]
"""A special identity: its national code, its first day, the day before which it ended."""


def claim_of(
    visit: Visit,
    name: str,
    today: date,
    *,
    first: bool,
    last: bool,
    balance_fen: int,
    identities: Iterable[Times] | None = None,
) -> Claim:
    """The claim of a visit, without its money. `name` is its id; `today` the day of settlement.

    `first` and `last` say whether it holds the beginning and the end of its stay; `balance_fen` is what the person's
    account holds, for policies that ask; `identities` those of the person, read if they are not given. Raises Refused
    for a visit that begins after today, as one does where the clock was set back over midnight.
    """
    begun = day_of(visit.begun)
    if begun > today:
        raise Refused("bad moment", field="begntime", found=begun)
    ended = min(day_of(visit.ended), today) if visit.ended else today
    inpatient = visit.kind == "inpatient"
    if not inpatient:
        ended = max(begun, min(ended, today)) if visit.ended else begun
    return Claim(
        id=name,
        person=visit.person.psn_no,
        admission=begun,
        discharge=ended,
        settlement=today,
        in_scope_fen=0,
        facts=facts_of(visit, today, max(1, (ended - begun).days), balance_fen, identities),
        episode=visit.mdtrt_id,
        stay=visit.mdtrt_id if inpatient else name,
        enrolment=visit.coverage.joined,
        first_of_stay=first,
        last_of_stay=last,
    )


def facts_of(
    visit: Visit, today: date, days: int, balance_fen: int, identities: Iterable[Times] | None = None
) -> dict[str, FactValue]:
    """The facts of a visit under the names of the policy language; what coverage and institution state goes before."""
    facts: dict[str, FactValue] = {
        "service": service_of(visit.med_type),
        "grade": word("grade", visit.institution.grade),
        "class": classes_of(visit.person) if identities is None else classes_held(identities),
        "status": word("status", visit.coverage.kind),
        "age": age_on(visit.person.born, today),
        "locality": locality_of(visit),
        "days": days,
    }
    if visit.disease:
        facts["disease"] = str(visit.data.get("disease word") or visit.disease)
    stated = {**visit.institution.facts, **visit.coverage.facts, **visit.data.get("facts", {})}
    facts |= {name: _stated(value) for name, value in stated.items()}
    facts["account balance"] = balance_fen  # whatever was stated: an account can't pay what it does not hold
    return {name: value for name, value in facts.items() if value != ""}


def _stated(value: object) -> FactValue:
    if isinstance(value, float) and abs(value) >= 2**53:  # it was a whole number of more than 64 bits
        raise ValueError("a stated fact is a number beyond what can be kept exactly")
    return value if isinstance(value, int) else str(value)


def word(fact: str, code: str) -> str:
    """The policy language's word for a national code, or the code itself where there is none."""
    return code_words(fact).get(code, ("", ""))[1] or code


def service_of(med_type: str) -> str:
    return PHARMACY if med_type == "41" else word("service", med_type)


def classes_of(person: Person) -> FactValue:
    """The special identities of a person with their times; without any, what the national interface means by none."""
    rows = Identity.objects.filter(person=person).order_by("id")
    return classes_held((one.code, one.period.lower, one.period.upper) for one in rows)


def classes_held(identities: Iterable[Times]) -> FactValue:
    held = [Held(word("class", code), start, end) for code, start, end in identities]
    return tuple(held) if held else empty_word("class")


def locality_of(visit: Visit) -> str:
    """Whether the institution lies in the person's own pooling region; if not, whether going there was filed."""
    if visit.institution.body.path.startswith(visit.coverage.region.body.path):
        return "local"
    if visit.med_type in ("13", "24"):
        return "emergency"
    filings = Filing.objects.filter(
        person=visit.person, period__contains=day_of(visit.begun), cancelled=None, kind__in=("referral", "out of area")
    )
    kinds = set(filings.values_list("kind", flat=True))
    return "referred" if "referral" in kinds else "filed" if kinds else "unfiled"


def with_ordinary(claim: Claim, policy: Policy) -> Claim:
    """A claim whose special identities all lie outside its day is that of an ordinary person."""
    from dataclasses import replace

    from openyibao.settlement.facts import TwoValuesError, held

    fact = next((one for one in policy.facts if one.name == "class"), None)
    if fact is None or not isinstance(claim.facts.get("class"), tuple):
        return claim
    try:
        found = held(fact, claim)
    except TwoValuesError:
        return claim  # the policy says that it can't tell
    return claim if found else replace(claim, facts={**claim.facts, "class": empty_word("class")})


def knows_service(policies: Iterable[Policy], service: str) -> bool:
    """Whether any policy has rules for a service."""
    return any(service in fact.values for one in policies for fact in one.facts if fact.name == "service")
