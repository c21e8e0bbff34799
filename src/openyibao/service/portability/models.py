"""What two platforms know of each other: peers and their keys, what was asked and what became of it, clearing.

An `Errand` is what this platform asked of the place that insures; a `Deed` is what it did for a place of care. Both
bear the same global id. A deed's verdict never changes, so whoever lost it can ask again.
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q

from openyibao.service.settlements.fields import KeptJSON


class Peer(models.Model):
    """A pooling region on another platform. `region` stands for it here, without policies: its persons treated here
    have their coverage in it, and the books keep its money under its code."""

    region = models.OneToOneField("organisation.Region", on_delete=models.PROTECT)
    division = models.CharField(max_length=6, unique=True)
    address = models.CharField(max_length=200)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(division__regex="^[0-9]{6}$"), name="peer_division")]


class PeerKey(models.Model):
    """A public SM2 key with which a peer signs, for a time: two may be in force while one follows the other."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="keys")
    identifier = models.CharField(max_length=100)
    public_key = models.CharField(max_length=130)
    period = DateRangeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "identifier"], name="peer_key_once")]


class PeerNonce(models.Model):
    """A signed request's nonce: a second request with it within the window is a replay."""

    key = models.ForeignKey(PeerKey, on_delete=models.CASCADE)
    nonce = models.CharField(max_length=64)
    seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="peer_nonce_once")]


class Guest(models.Model):
    """A person of a peer, mirrored here: the kind of certificate that they really have."""

    person = models.OneToOneField("people.Person", on_delete=models.PROTECT, primary_key=True)
    certificate_type = models.CharField(max_length=6)


class Care(models.Model):
    """A visit of one of our insured at a peer's institution, by the number that it has there."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT)
    mdtrt_id = models.CharField(max_length=30)
    visit = models.OneToOneField("settlements.Visit", on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "mdtrt_id"], name="care_once")]


class Deed(models.Model):
    """What this platform, which insures, did for a peer: its verdict, kept in the transaction of what was done.

    `void`: the peer asked what became of an id that had not arrived; should it arrive later, nothing is done.
    """

    STATES = [(one, one) for one in ("done", "refused", "void")]

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT)
    number = models.CharField(max_length=40)
    what = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=STATES)
    settlement = models.OneToOneField("settlements.Settlement", on_delete=models.PROTECT, null=True)
    day = models.DateField()
    verdict = KeptJSON(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "number"], name="deed_once")]
        indexes = [models.Index(fields=["peer", "day"], name="deed_of_day")]


class Errand(models.Model):
    """What this platform, where the care is given, asked of the place that insures, for a message of an institution.

    `asking`: the verdict is not known here; the visit takes no other change until it is. `settlement` is the mirror
    that was written, `of` the mirror that was to be reversed, `undoes` the message that a 2601 undid. `day` is the day
    of the settlement at the place that insures: both count it in its month.
    """

    STATES = [(one, one) for one in ("asking", "done", "refused", "void")]

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT)
    number = models.CharField(max_length=40, unique=True)
    what = models.CharField(max_length=10)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    msgid = models.CharField(max_length=40)
    infno = models.CharField(max_length=8)
    visit = models.ForeignKey("settlements.Visit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=STATES, default="asking")
    settlement = models.OneToOneField("settlements.Settlement", on_delete=models.PROTECT, null=True)
    of = models.ForeignKey("settlements.Settlement", on_delete=models.PROTECT, null=True, related_name="+")
    undoes = models.CharField(max_length=40, blank=True)
    day = models.DateField(null=True)
    data = models.JSONField(default=dict)
    verdict = KeptJSON(default=dict)
    begun = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    due = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit"], condition=Q(state="asking"), name="errand_one_of_visit"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(settlement__isnull=False, day__isnull=False), name="errand_done"
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "msgid"], name="errand_of_message"),
            models.Index(fields=["due"], condition=Q(state="asking"), name="errand_open"),
            models.Index(fields=["peer", "day"], name="errand_of_day"),
        ]


class Glimpse(models.Model):
    """That a peer was shown a person, or tried to be (`code`: why not): for the audit, by the pseudonym alone. Only for
    somebody who was shown to it may a peer settle."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT)
    institution = models.CharField(max_length=12)
    psn_no = models.CharField(max_length=30)
    code = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["peer", "psn_no"], name="glimpse_of_person")]


class Clearing(models.Model):
    """A month's settlements between this region and a peer, one way: `owed` to us as place of care, or `owes`, by us.

    `own` is our region, `rows` how many settlements and reversals, `totals` fen by scheme and fund, `digest` the SM3 of
    all rows. `differences` are what the side that owes found; while there is one nothing is paid. `transfer_fen` is
    what the bank moves after both ways are set off, `entry` the entry of the books in which the money moved.
    """

    SIDES = [(one, one) for one in ("owed", "owes")]
    STATES = [(one, one) for one in ("issued", "agreed", "differs", "paid", "received")]

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT)
    own = models.ForeignKey("organisation.Region", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=5, choices=SIDES)
    month = models.DateField()
    state = models.CharField(max_length=10, choices=STATES)
    rows = models.IntegerField()
    fen = models.BigIntegerField()
    totals = models.JSONField()
    digest = models.CharField(max_length=64)
    differences = models.JSONField(default=list)
    transfer_fen = models.BigIntegerField(null=True)
    entry = models.BigIntegerField(null=True)
    told = models.BooleanField(default=False)
    made = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["peer", "own", "side", "month"], name="clearing_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="clearing_month"),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "received"]) | Q(differences=[]), name="clearing_without_difference"
            ),
        ]
