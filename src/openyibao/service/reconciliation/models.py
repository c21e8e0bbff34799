"""The work list: periods that are compared, each time it was done, and the differences that remain."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

STATES = ("open", "explained", "corrected", "written off")
LIVE = ("open", "explained", "written off")
"""States in which a difference stands. One that is corrected does not come back: it would be a new one."""


class Period(models.Model):
    """What an institution compares: days, with one office ("": all), of one clearing category ("": any)."""

    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    office = models.CharField(max_length=6, blank=True)
    clearing = models.CharField(max_length=6, blank=True)
    first = models.DateField()
    last = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "office", "clearing", "first", "last"], name="reconciled_period_once"
            ),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="reconciled_period_order"),
        ]


class Run(models.Model):
    """One reconciliation. `listed`: whether the work list follows it; a list that differs nearly everywhere is of
    something else, and changes nothing there."""

    SOURCES = [(one, one) for one in ("3202", "command")]

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="runs")
    made = models.DateTimeField()
    source = models.CharField(max_length=10, choices=SOURCES)
    rows = models.IntegerField()
    matched = models.IntegerField()
    counts = models.JSONField(default=dict)
    sums_agree = models.BooleanField()
    listed = models.BooleanField()


class Item(models.Model):
    """A difference, first shown by the run `opened` and last by `last`. Money in fen; null where a side has no row.

    `key` names it within its period, `content` is a digest of all that differs. `reference` is the settlement or
    reversal that corrected it, where one did.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="items")
    key = models.CharField(max_length=100)
    content = models.CharField(max_length=32)
    state = models.CharField(max_length=12, choices=[(one, one) for one in STATES], default="open")
    kind = models.CharField(max_length=20)
    setl_id = models.CharField(max_length=40, blank=True)
    mdtrt_id = models.CharField(max_length=40, blank=True)
    psn_no = models.CharField(max_length=40, blank=True)
    fields = models.CharField(max_length=120, blank=True)
    other = models.CharField(max_length=40, blank=True)
    line = models.IntegerField(null=True)
    day = models.DateField(null=True)
    stated_total_fen = models.BigIntegerField(null=True)
    total_fen = models.BigIntegerField(null=True)
    stated_funds_fen = models.BigIntegerField(null=True)
    funds_fen = models.BigIntegerField(null=True)
    stated_account_fen = models.BigIntegerField(null=True)
    account_fen = models.BigIntegerField(null=True)
    stated_cash_fen = models.BigIntegerField(null=True)
    cash_fen = models.BigIntegerField(null=True)
    opened = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="opened")
    last = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="shown")
    reference = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "key"], condition=Q(state__in=LIVE), name="difference_once"),
        ]
        indexes = [models.Index(fields=["setl_id"], name="difference_of_settlement")]


class Step(models.Model):
    """A change of a difference's state: appended, never changed. By a user, or by a run that shows it no more."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    state = models.CharField(max_length=12)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(user=None) ^ Q(run=None), name="difference_step_by"),
            models.CheckConstraint(
                condition=~Q(state="written off") | (Q(second__isnull=False) & ~Q(second=F("user"))),
                name="difference_two_persons",
            ),
        ]
