"""Bank accounts: of institutions, which are paid, and of funds, which pay. Two persons change them, and the earlier
account stays in the table with the moment when it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openyibao.service.clearing.models import BankAccount
from openyibao.service.institutions.doors import known as known_institution
from openyibao.service.institutions.models import Institution
from openyibao.service.ledger.books import ACCOUNTS
from openyibao.service.organisation.fields import Given, Kind, Text, Wrong
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.certificates import masked
from openyibao.service.people.coverage import region_of

CNAPS_DIGITS = 12
ACCOUNT_DIGITS = range(6, 33)


@dataclass(frozen=True)
class Digits(Kind):
    """Digits only, of one of some lengths."""

    lengths: range = ACCOUNT_DIGITS

    def read(self, value: Any) -> str:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in self.lengths):
            first, last = self.lengths[0], self.lengths[-1]
            said = str(first) if first == last else f"{first}-{last}"
            raise Wrong(f"应为 {said} 位数字", f"expected {said} digits")
        return value


@dataclass(frozen=True)
class OneLine(Text):
    """A text without line breaks or other control characters, as it stands in a bank file."""

    def read(self, value: Any) -> str:
        found = super().read(value)
        if not found.isprintable():
            raise Wrong("不得含换行等控制字符", "expected no control characters")
        return found


ACCOUNT = {
    "holder": OneLine(140),
    "bank": Digits(range(CNAPS_DIGITS, CNAPS_DIGITS + 1)),
    "bank_account": Digits(),
    "reason": Text(300),
}


def _place_of_institution(given: Given) -> Body:
    return known_institution(given["institution"]).body


def _place_of_region(given: Given) -> Body:
    return region_of(given["region"]).body


def _change(given: Given, at: datetime, **owner: Any) -> Done:
    """End the account that holds now, if there is one, and begin the new one."""
    for old in BankAccount.objects.select_for_update().filter(until=None, **owner):
        old.until = at
        old.save(update_fields=["until"])
    made = BankAccount.objects.create(
        **owner, holder=given["holder"], bank=given["bank"], number=given["bank_account"], since=at
    )
    return Done({"account": masked(made.number)})


@action(
    "bank.payee",
    may="bank.change",
    decide="bank.decide",
    takes={"institution": Text(12), **ACCOUNT},
    place=_place_of_institution,
    subject="institution",
)
def change_payee(given: Given, decision: Decision) -> Done:
    """Let an institution be paid to another account, from the decision on; orders approved before keep theirs."""
    institution = Institution.objects.select_for_update(no_key=True).get(pk=known_institution(given["institution"]).pk)
    return _change(given, decision.at, institution=institution)


@action(
    "bank.payer",
    may="bank.change",
    decide="bank.decide",
    takes={"region": Text(12), "scheme": Text(10), "fund": Text(100), **ACCOUNT},
    place=_place_of_region,
    subject="region",
)
def change_payer(given: Given, decision: Decision) -> Done:
    """Let a fund pay from another account, from the decision on."""
    region = Region.objects.select_for_update(no_key=True).get(pk=region_of(given["region"]).pk)
    if given["scheme"] not in region.policies:
        raise Problem("unknown code", dictionary="scheme", code=given["scheme"])
    return _change(given, decision.at, region=region, scheme=given["scheme"], fund=given["fund"])


def payee_of(institution: Institution) -> BankAccount:
    """The account to which an institution is paid now. Raises Problem("no bank account")."""
    found: BankAccount | None = BankAccount.objects.filter(institution=institution, until=None).first()
    if found is None:
        raise Problem("no bank account", owner=institution.code)
    return found


def payers_of(region: Region) -> dict[tuple[str, str], BankAccount]:
    """The accounts from which the funds of a region pay now, by scheme and fund."""
    return {(one.scheme, one.fund): one for one in BankAccount.objects.filter(region=region, until=None)}


def payer_of(found: dict[tuple[str, str], BankAccount], region: Region, scheme: str, fund: str) -> BankAccount:
    """The account from which a fund pays. Raises Problem("no bank account")."""
    if (scheme, fund) not in found:
        raise Problem("no bank account", owner=f"{region.body.code} {scheme} {fund}")
    return found[scheme, fund]


def is_fund(fund: str) -> bool:
    """Whether what is owed is a fund's money; what persons' accounts paid is theirs."""
    return fund not in ACCOUNTS
