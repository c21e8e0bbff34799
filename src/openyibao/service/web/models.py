"""How often somebody tried something within an hour. Who it was stands here as a keyed digest only."""

from __future__ import annotations

from django.db import models


class Tried(models.Model):
    """One who, one hour (whole hours since 1970), how many tries."""

    who = models.CharField(max_length=64)
    hour = models.IntegerField()
    count = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["who", "hour"], name="tried_once_an_hour")]
        indexes = [models.Index(fields=["hour"], name="tried_by_hour")]
