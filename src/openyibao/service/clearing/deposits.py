"""Quality deposits: what agreements let the agency withhold of what funds owe, and giving it back.

The share stands in the agreement, so it is data with its source; where none is recorded, nothing is withheld.
"""

from __future__ import annotations

from datetime import date

from openyibao.service import clock
from openyibao.service.clearing.models import DepositShare
from openyibao.service.institutions.agreements import known_agreement
from openyibao.service.institutions.doors import holds, known
from openyibao.service.institutions.models import Agreement, Institution
from openyibao.service.ledger.books import AccountKey, NewEntry, balance, post
from openyibao.service.organisation.fields import Given, Text, Whole
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.coverage import region_of

DEPOSIT, PAYABLE = "deposit of institution", "payable to institution"


@action(
    "deposit.share",
    may="agreement.change",
    decide="agreement.decide",
    takes={"number": Text(50), "share_bp": Whole(0, 10_000), "source": Text(200)},
    place=lambda given: known_agreement(given["number"]).institution.body,
    subject="number",
)
def set_share(given: Given, decision: Decision) -> Done:
    """Record the share that an agreement names, in 1/10000, for statements issued from now on."""
    agreement = known_agreement(given["number"], lock=True)
    before = _newest(agreement)
    DepositShare.objects.create(
        agreement=agreement, share_bp=given["share_bp"], source=given["source"], since=decision.at
    )
    return Done({"before": before.share_bp if before else None, "share_bp": given["share_bp"]})


def _newest(agreement: Agreement) -> DepositShare | None:
    found: DepositShare | None = DepositShare.objects.filter(agreement=agreement).order_by("-id").first()
    return found


def share_bp(institution: Institution, day: date) -> int:
    """The share that holds for an institution on a day, in 1/10000; 0 where no agreement names one."""
    agreements = Agreement.objects.filter(institution=institution).exclude(state__in=["applied", "assessed"])
    for one in agreements.order_by("-id"):
        if holds(one, day):
            found = _newest(one)
            return found.share_bp if found else 0
    return 0


def to_withhold(settled_fen: int, bp: int, held_fen: int) -> int:
    """What to withhold of an amount, half up; of one below 0 as much is given back, but never more than is held.

    >>> to_withhold(1_050, 500, 0), to_withhold(-1_050, 500, 10_000), to_withhold(-1_050, 500, 20)
    (53, -53, -20)
    """
    fen = (abs(settled_fen) * bp + 5_000) // 10_000
    return fen if settled_fen >= 0 else -min(fen, held_fen)


def held_fen(region: str, scheme: str, fund: str, institution: str) -> int:
    """The deposit of an institution that is held out of one fund."""
    return -balance(AccountKey(DEPOSIT, region, scheme, fund, institution))


def post_withholding(key: tuple[str, str, str], institution: str, fen: int, reference: str) -> int:
    """Book what is withheld (below 0: given back) of a fund (region, scheme, fund); the entry's number."""
    now = clock.now()
    lines = ((AccountKey(PAYABLE, *key, institution), fen), (AccountKey(DEPOSIT, *key, institution), -fen))
    return post(NewEntry("withholding", now, now.date(), reference, lines))


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


@action(
    "deposit.release",
    may="payment.propose",
    decide="payment.decide",
    takes={
        "region": Text(12),
        "institution": Text(12),
        "scheme": Text(10),
        "fund": Text(100),
        "fen": Whole(1),
        "reason": Text(300),
    },
    place=_place,
    subject="institution",
)
def release(given: Given, decision: Decision) -> Done:
    """Give back a part of a deposit: it is owed again, and the next statement shows it."""
    region = region_of(given["region"])
    institution = Institution.objects.select_for_update(no_key=True).get(pk=known(given["institution"]).pk)
    key = (region.body.code, given["scheme"], given["fund"])
    held = held_fen(*key, institution.code)
    if given["fen"] > held:
        raise Problem("deposit too small", institution=institution.code, fen=given["fen"], held=held)
    fen = given["fen"]
    lines = (
        (AccountKey(DEPOSIT, *key, institution.code), fen),
        (AccountKey(PAYABLE, *key, institution.code), -fen),
    )
    reference = f"proposal {decision.proposal.pk}" if decision.proposal else "proposal"
    entry = post(NewEntry("release", decision.at, decision.at.date(), reference, lines))
    return Done({"entry": entry, "held_fen": held - fen})
