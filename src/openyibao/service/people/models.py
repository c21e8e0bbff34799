"""Persons and what is known of them with its time. Periods start with their first day and end before their last."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q


class Household(models.Model):
    number = models.CharField(max_length=30, unique=True)
    body = models.ForeignKey("organisation.Body", on_delete=models.PROTECT)


class Person(models.Model):
    """A person. `sex` and `ethnicity` are the national codes (GEND, NATY); `certificate` the identity number."""

    psn_no = models.CharField(max_length=30, unique=True)
    certificate_type = models.CharField(max_length=6, default="01")
    certificate = models.CharField(max_length=50)
    name = models.CharField(max_length=50)
    sex = models.CharField(max_length=6)
    ethnicity = models.CharField(max_length=3, default="01")
    born = models.DateField()
    household = models.ForeignKey(Household, on_delete=models.PROTECT, null=True)
    card = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certificate_type", "certificate"], name="person_certificate"),
            models.UniqueConstraint(fields=["card"], condition=~Q(card=""), name="person_card"),
        ]


class Coverage(models.Model):
    """Basic medical insurance of a person in a pooling region for a time: never two at once.

    `insurance` and `kind` are the national codes (INSUTYPE 310, 390; PSN_TYPE). `facts` holds what the region's policy
    asks of its insured beyond the national codes, in the words of the policy ({"tier": "cat 1"}); money in fen.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT)
    scheme = models.CharField(max_length=10, choices=[("resident", "resident"), ("employee", "employee")])
    insurance = models.CharField(max_length=6)
    kind = models.CharField(max_length=6)
    civil_servant = models.BooleanField(default=False)
    employer = models.CharField(max_length=200, blank=True)
    joined = models.DateField()
    period = DateRangeField()
    suspended = models.DateField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="coverage_once",
                expressions=[("person", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            )
        ]


class Identity(models.Model):
    """A special identity of a person (PSN_IDET_TYPE), such as a recipient of the minimum living allowance."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    code = models.CharField(max_length=6)
    level = models.CharField(max_length=3, blank=True)
    period = DateRangeField()
    memo = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="identity_once",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]


class Account(models.Model):
    """A personal account, or one that a family shares. `balance_fen` is the sum of its postings in the ledger."""

    number = models.CharField(max_length=30, unique=True)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT)
    family = models.BooleanField(default=False)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    members = models.ManyToManyField(Person, related_name="family_accounts")
    balance_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(balance_fen__gte=0), name="account_balance"),
            models.UniqueConstraint(fields=["owner", "region"], condition=Q(family=False), name="account_of_person"),
        ]


class Filing(models.Model):
    """A filing of a person: `referral` (2501), `chronic disease` (2503), `institution` (2505), `out of area`.

    `data` is what was filed, under the national field names.
    """

    KINDS = [(one, one) for one in ("referral", "chronic disease", "institution", "out of area")]

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=20, choices=KINDS)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT, null=True)
    code = models.CharField(max_length=30, blank=True)
    period = DateRangeField()
    data = models.JSONField(default=dict)
    cancelled = models.DateTimeField(null=True)
