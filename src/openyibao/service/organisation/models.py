"""The tree of places, the pooling regions with their policies, and the roles that people hold within a subtree."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Body(models.Model):
    """A place of the handling agency's tree. `path` holds the codes from the root, each between slashes."""

    LEVELS = [(one, one) for one in ("nation", "province", "city", "district", "town", "village")]

    code = models.CharField(max_length=12, unique=True)
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    level = models.CharField(max_length=10, choices=LEVELS)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=100, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(path__startswith="/") & Q(path__endswith="/"), name="body_path"),
        ]


class Region(models.Model):
    """A pooling region: whose funds pay, and by which law.

    `policies` names, for each scheme, what `openyibao.history.load_series` takes (`chongqing/resident`); the policy
    is then chosen by the day of each claim. `catalogue` is the id of the catalogue that splits fee lines.
    """

    body = models.OneToOneField(Body, on_delete=models.PROTECT)
    policies = models.JSONField(default=dict)
    catalogue = models.CharField(max_length=100)


class Grant(models.Model):
    """A role that somebody holds over a place and all below it, from a day and before another."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    role = models.CharField(max_length=30)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    start = models.DateField()
    end = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end=None) | Q(end__gt=F("start")), name="grant_period")]


class Proposal(models.Model):
    """Something that changes money, identity or access: one user proposes it and another one decides.

    `action` names what would be done, `data` with which values, `body` where. The result is that of the decision; it
    never holds a secret. A trigger lets nothing change but the one decision, and nothing be deleted.
    """

    action = models.CharField(max_length=40)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    subject = models.CharField(max_length=100)
    data = models.JSONField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposed")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="decided"
    )
    decided_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="proposal_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None, accepted=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, accepted__isnull=False),
                name="proposal_decision",
            ),
        ]
        indexes = [models.Index(fields=["body", "proposed_at"])]


class Access(models.Model):
    """Who did or tried what, when, about whom (a pseudonym or a number, never a name): appended only."""

    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    route = models.CharField(max_length=60)
    item = models.CharField(max_length=40)
    body = models.ForeignKey(Body, on_delete=models.PROTECT, null=True)
    subject = models.CharField(max_length=100)
    status = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["body", "at"])]


class Attempt(models.Model):
    """An attempt to sign in, under the SHA-256 of the user name that was given."""

    name = models.CharField(max_length=64)
    at = models.DateTimeField()
    good = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["name", "at"])]
