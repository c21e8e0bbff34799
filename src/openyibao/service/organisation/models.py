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
