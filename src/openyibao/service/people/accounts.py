"""Personal accounts, accounts that a family shares, and who may draw on these."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.fields import Flag, Given, OneOf, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.people.coverage import region_of
from openyibao.service.people.find import known, place_of
from openyibao.service.people.models import Account, Person
from openyibao.service.people.register import next_number

OPENING = {"region": Text(12), "family": Flag(optional=True)}
MEMBER = {"psn_no": Text(30), "change": OneOf(("add", "remove"))}


def known_account(number: str, lock: bool = False) -> Account:
    """The account with a number. Raises Problem("not known")."""
    asked = Account.objects.select_for_update(of=("self",)) if lock else Account.objects
    found: Account | None = asked.select_related("owner__household__body", "region__body").filter(number=number).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"账户 {number}", f"account {number}"))
    return found


def place_of_account(number: str) -> Body:
    """Where the owner of an account belongs, else the account's region."""
    account = known_account(number)
    return place_of(account.owner) or account.region.body


def open_account(person: Person, given: Given) -> Account:
    """A new account with nothing in it. A person has one of their own in a region, and may own one for the family."""
    region, family = region_of(given["region"]), bool(given["family"])
    with transaction.atomic():
        known(person.psn_no, lock=True)
        for one in Account.objects.filter(owner=person, region=region, family=family):
            raise Problem("account exists", number=one.number)
        made: Account = Account.objects.create(
            number=next_number(region.body), region=region, family=family, owner=person
        )
        if family:
            made.members.add(person)
        return made


def change_member(number: str, given: Given) -> Account:
    """Let a person draw on a family account, or no longer."""
    with transaction.atomic():
        account, person = known_account(number, lock=True), known(given["psn_no"])
        why = None
        if not account.family:
            why = Bilingual("不是家庭共济账户", "it is no family account")
        elif given["change"] == "remove" and not account.members.filter(pk=person.pk).exists():
            why = Bilingual("不是成员", "no member")
        elif given["change"] == "remove" and account.owner_id == person.pk:
            why = Bilingual("账户所有人不能移除", "its owner stays")
        if why is not None:
            raise Problem("not in family", psn_no=person.psn_no, number=number, why=why)
        (account.members.add if given["change"] == "add" else account.members.remove)(person)
        return account


def listed(person: Person) -> list[dict[str, Any]]:
    """The accounts that a person owns or may draw on. Money in fen."""
    found = Account.objects.filter(Q(owner=person) | Q(family=True, members=person)).select_related(
        "region__body", "owner"
    )
    return [
        {
            "number": one.number,
            "region": one.region.body.code,
            "family": one.family,
            "owner": one.owner.psn_no,
            "members": sorted(one.members.values_list("psn_no", flat=True)) if one.family else [],
            "balance_fen": one.balance_fen,
        }
        for one in found.distinct().order_by("id")
    ]
