"""The fee lines that a settlement settles, and the claims that they make.

Lines were split when they were uploaded, and each keeps a digest of all that its split depends on beside itself
(`Digests`). Where nothing of that has changed, splitting them again would give the same parts, so their sums are
taken as they are; of lines with refunds, those are split again. Lines without such a digest, and lines of which a
policy asks more than their sums, are split again one by one; a sum that then comes out otherwise is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import openyibao
from openyibao.policy.model import Policy
from openyibao.service.gateway.refusals import Refused
from openyibao.service.settlements import elsewhere, lines
from openyibao.service.settlements.case import Case, Lines
from openyibao.service.settlements.law import Law
from openyibao.service.settlements.lines import Parts
from openyibao.service.settlements.models import FeeLine, Visit
from openyibao.settlement import Claim
from openyibao.settlement.claim_facts import facts_on
from openyibao.settlement.claim_stay import CHARGE, benefit_year, claims_of_stay


@dataclass(frozen=True, slots=True)
class Found:
    """The lines to settle: their ids in order, their parts added up, and by day; `rows` where they were read."""

    visit: Visit
    ids: tuple[int, ...]
    parts: Parts
    by_day: tuple[Lines, ...]
    rows: tuple[FeeLine, ...] = ()


def found_of(case: Case, only: frozenset[int]) -> Found:
    """The lines of a case, or of these those with given ids; perhaps none."""
    ids = sorted(pk for group in case.lines for pk in group.ids)
    if only:
        rows = tuple(FeeLine.objects.filter(pk__in=only.intersection(ids)).order_by("id"))
        return Found(case.visit, tuple(row.pk for row in rows), lines.sums(rows), (), rows)
    return Found(case.visit, tuple(ids), _sums(case.lines), case.lines)


def _sums(groups: Iterable[Lines]) -> Parts:
    groups = tuple(groups)
    return Parts(*(sum(getattr(group, f"{part}_fen") for group in groups) for part in lines.PARTS))


def claims_of_lines(law: Law, policy: Policy, claim: Claim, found: Found) -> list[Claim]:
    """The claims that lines make. Raises Refused where they would be split otherwise now, StayError."""
    if _unchanged(law, policy, claim, found):
        return [_added_up(claim, found)]
    rows = found.rows or tuple(FeeLine.objects.filter(pk__in=found.ids).order_by("id"))
    if elsewhere.given_there(found.visit) is None:
        splits = lines.split(law, policy, claim, [lines.charged(line) for line in rows])
    else:
        splits = elsewhere.splits(rows)
    if lines.sums(splits) != found.parts:
        raise Refused("lines changed", mdtrt_id=found.visit.mdtrt_id)
    return [one.claim for one in claims_of_stay(claim, splits, policy, benefit_year)]


def _unchanged(law: Law, policy: Policy, claim: Claim, found: Found) -> bool:
    """Whether the lines' sums say all: split as they would be now, of one benefit year, in no parts of the policy's."""
    groups = _charges(found)
    if not groups or not all(group.split_by for group in groups):
        return False
    if any(all(one.lines is not None for one in division.into) for division in policy.divisions):
        return False
    digest = Digests(law, policy, claim)
    if any(group.split_by != digest.on(group.day) for group in groups):
        return False
    if policy.year_date == CHARGE and len({benefit_year(policy, claim, group.day) for group in groups}) > 1:
        return False
    return _refunds_unchanged(law, policy, claim, found)


def _charges(found: Found) -> list[Lines]:
    """All but the refunds: these have no digest, and what they leave counts on the day of what they refund."""
    return [group for group in found.by_day if not group.refunds]


def _refunds_unchanged(law: Law, policy: Policy, claim: Claim, found: Found) -> bool:
    """Whether refunds, and the lines that they refund, would be split as they are, whose digests are right."""
    ids = [pk for group in found.by_day if group.refunds for pk in group.ids]
    if not ids:
        return True
    refunds = list(FeeLine.objects.filter(pk__in=ids))
    if not all(row.data.get("refund_of") for row in refunds):
        return False  # among them is a line without a digest
    refunded = FeeLine.objects.filter(visit=found.visit, number__in=[row.data["refund_of"] for row in refunds])
    among = set(found.ids)
    rows = sorted([*refunds, *(row for row in refunded if row.pk in among)], key=lambda row: int(row.pk))
    return lines.sums(lines.split(law, policy, claim, [lines.charged(row) for row in rows])) == lines.sums(rows)


def _added_up(claim: Claim, found: Found) -> Claim:
    """As `claims_of_stay` adds up lines of one year."""
    return replace(
        claim,
        charge=max(group.day for group in _charges(found)),
        in_scope_fen=found.parts.in_scope_fen,
        pre_self_paid_fen=found.parts.pre_self_paid_fen,
        over_limit_fen=found.parts.over_limit_fen,
        fully_self_paid_fen=found.parts.fully_self_paid_fen,
    )


class Digests:
    """What a split depends on beside its line, as a digest, for the days of a claim's lines."""

    def __init__(self, law: Law, policy: Policy, claim: Claim) -> None:
        self._facts_on = facts_on(policy, claim)
        self._names = sorted(fact.name for fact in law.catalogue.facts)
        self._law = f"{openyibao.__version__} {law.catalogue_digest}"

    def on(self, day: date) -> str:
        """The digest for lines of a day: of this program, the catalogue, and the facts that its tables can ask."""
        facts = self._facts_on(day)
        about = repr((self._law, [(name, facts.get(name)) for name in self._names]))
        return hashlib.sha256(about.encode()).hexdigest()[:32]
