"""Designated institutions, their agreements, keys, and the codes that they use for catalogue items."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q


class Institution(models.Model):
    """A hospital, clinic or pharmacy. `kind` and `grade` are national codes (FIXMEDINS_TYPE, HOSP_LV).

    `facts` holds what policies ask of an institution beyond its grade, in the words of the policy.
    """

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=200)
    credit_code = models.CharField(max_length=50)
    kind = models.CharField(max_length=6)
    grade = models.CharField(max_length=6, blank=True)
    body = models.ForeignKey("organisation.Body", on_delete=models.PROTECT)
    facts = models.JSONField(default=dict)


class Agreement(models.Model):
    """The agreement of an institution with the agency: without one in force nothing is settled there.

    `over_limit_borne_bp`: which share of cost above a price limit the institution bears itself, in 1/10000.
    """

    STATES = [(one, one) for one in ("applied", "assessed", "in force", "suspended", "ended")]

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="agreements")
    number = models.CharField(max_length=50, unique=True)
    state = models.CharField(max_length=10, choices=STATES)
    period = DateRangeField()
    over_limit_borne_bp = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(over_limit_borne_bp__range=(0, 10_000)), name="agreement_share"),
            ExclusionConstraint(
                name="agreement_once",
                expressions=[("institution", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(state__in=["in force", "suspended"]),
            ),
        ]


class Key(models.Model):
    """What an institution proves itself with. `method`: `x-tif`, `api` (a shared secret) or `sm2` (a public key)."""

    METHODS = [(one, one) for one in ("x-tif", "api", "sm2")]

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="keys")
    method = models.CharField(max_length=10, choices=METHODS)
    identifier = models.CharField(max_length=100)
    secret = models.CharField(max_length=300)
    period = DateRangeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["method", "identifier"], name="key_identifier")]


class Mapping(models.Model):
    """Which national item an institution's own code stands for, from a day and before another."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    own_code = models.CharField(max_length=150)
    own_name = models.CharField(max_length=100)
    item_code = models.CharField(max_length=50)
    kind = models.CharField(max_length=3)
    period = DateRangeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="mapping_once",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("own_code", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]
