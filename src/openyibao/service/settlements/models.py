"""Visits with their fee lines, the history of each person, and the settlements: appended, never changed.

Money in fen. A settlement and its layers can neither be changed nor deleted (a trigger); a reversal is a settlement
of its own with the opposite amounts.

What every settlement writes refers without a foreign key to rows that cannot go away: triggers refuse to delete them.
Checking such a key would lock, and so rewrite, the row of the institution in every settlement there.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from openyibao.service.settlements.fields import KeptJSON


class History(models.Model):
    """A person under one scheme of one region. Whoever settles for the person locks this row first.

    `last_number` counts all settlings of the person from 1.
    """

    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT, db_constraint=False, db_index=False)
    scheme = models.CharField(max_length=10)
    last_number = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "region", "scheme"], name="history_once")]


class Use(models.Model):
    """What a person has used of a deductible, limit or cap. `key` is the use's key as JSON."""

    history = models.ForeignKey(
        History, on_delete=models.PROTECT, related_name="uses", db_constraint=False, db_index=False
    )
    key = models.TextField()
    fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["history", "key"], name="use_once"),
            models.CheckConstraint(condition=Q(fen__range=(0, 10**13)), name="use_range"),
        ]


class Visit(models.Model):
    """A registration or an admission. `data` holds what was uploaded about it, under the national names."""

    KINDS = [(one, one) for one in ("outpatient", "inpatient", "pharmacy", "manual")]
    STATES = [(one, one) for one in ("open", "discharged", "cancelled")]

    mdtrt_id = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=KINDS)
    state = models.CharField(max_length=10, choices=STATES, default="open")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT)
    coverage = models.ForeignKey("people.Coverage", on_delete=models.PROTECT)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT, db_constraint=False)
    med_type = models.CharField(max_length=6)
    number = models.CharField(max_length=30)  # of the institution: ipt_otp_no, ipt_no
    disease = models.CharField(max_length=30, blank=True)
    begun = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "kind", "number"], condition=~Q(state="cancelled"), name="visit_number"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(kind="inpatient", state="open"), name="visit_one_admission"
            ),
        ]


class Settlement(models.Model):
    """A bill that counts, or its reversal with the opposite amounts.

    `number` is that of the settling in the person's history; a reversal names what it `reverses` (once only).
    `undoes` is a reversal that this settlement undid, so that `original` stands again: the institution knows it by that
    one's number alone.
    `claim`, `bill`, `read` and `added` are what `openyibao.history` needs to rebuild the history, each a list with one
    item for each claim that was settled. Of a bill its policy and the uses before it are kept: `bills.bills_of` makes
    the bill of them. `line_ids` are the fee lines that were settled. `cash` is what is left to pay at the window,
    `hospital` what the institution bears.
    """

    setl_id = models.CharField(max_length=30, unique=True)
    history = models.ForeignKey(History, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    number = models.IntegerField()
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, db_constraint=False)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    original = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="again", db_index=False)
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    msgid = models.CharField(max_length=40)
    batch = models.CharField(max_length=30, blank=True)
    settled = models.DateTimeField()
    day = models.DateField()
    policy = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    claim = KeptJSON()
    bill = KeptJSON()
    read = KeptJSON()
    added = KeptJSON()
    facts = models.JSONField(default=dict)
    line_ids = ArrayField(models.BigIntegerField(), default=list)
    total_fen = models.BigIntegerField()
    fully_self_paid_fen = models.BigIntegerField()
    over_limit_fen = models.BigIntegerField()
    pre_self_paid_fen = models.BigIntegerField()
    in_scope_fen = models.BigIntegerField()
    funds_fen = models.BigIntegerField()
    hospital_fen = models.BigIntegerField()
    account_fen = models.BigIntegerField()
    family_fen = models.BigIntegerField()
    cash_fen = models.BigIntegerField()
    reply = KeptJSON(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["history", "number"], name="settlement_number"),
            models.CheckConstraint(
                condition=Q(
                    total_fen=F("fully_self_paid_fen")
                    + F("over_limit_fen")
                    + F("pre_self_paid_fen")
                    + F("in_scope_fen")
                ),
                name="settlement_parts",
            ),
            models.CheckConstraint(
                condition=Q(
                    total_fen=F("funds_fen") + F("hospital_fen") + F("account_fen") + F("family_fen") + F("cash_fen")
                ),
                name="settlement_payers",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "day"]),
            models.Index(fields=["history", "settled"]),
        ]


class LayerPaid(models.Model):
    """What a layer paid of a settlement, beside what its caps had left: the one may not exceed the other.

    One that paid nothing has no row; `position` counts all layers of the settlement's bills, from 1.
    """

    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="layers", db_constraint=False, db_index=False
    )
    position = models.IntegerField()
    layer = models.CharField(max_length=100)
    payer = models.CharField(max_length=100)
    field = models.CharField(max_length=20)
    paid_fen = models.BigIntegerField()
    left_fen = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["settlement", "position"], name="layer_once"),
            models.CheckConstraint(condition=Q(left_fen=None) | Q(paid_fen__lte=F("left_fen")), name="layer_within"),
        ]


class FeeLine(models.Model):
    """A charged item of a visit, split by the catalogue when it was uploaded; settled once at most.

    Which settlement a line is part of stands in that settlement (`line_ids`), so that settling rewrites no line:
    `store.settled_lines` tells. `data` is what was uploaded beyond the columns; `refund_of` in it names the line that
    this one takes back (a negative count). `price` is yuan with up to six decimals. `split_by` is a digest of all that
    the split depends on beside the line itself: the same digest later means the same parts.
    """

    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    number = models.CharField(max_length=30)
    batch = models.CharField(max_length=30, blank=True)
    charged = models.DateTimeField()
    item_code = models.CharField(max_length=50)
    own_code = models.CharField(max_length=150)
    count = models.DecimalField(max_digits=16, decimal_places=4)
    price = models.DecimalField(max_digits=16, decimal_places=6)
    amount_fen = models.BigIntegerField()
    fully_self_paid_fen = models.BigIntegerField()
    over_limit_fen = models.BigIntegerField()
    pre_self_paid_fen = models.BigIntegerField()
    in_scope_fen = models.BigIntegerField()
    reply = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    split_by = models.CharField(max_length=32, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "number"], name="line_number"),
            models.CheckConstraint(
                condition=Q(
                    amount_fen=F("fully_self_paid_fen")
                    + F("over_limit_fen")
                    + F("pre_self_paid_fen")
                    + F("in_scope_fen")
                ),
                name="line_parts",
            ),
        ]


class Law(models.Model):
    """The canonical text of a policy by which something was settled, by its digest: what settled once can be told for
    ever, whatever becomes of the policy's file.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    policy = models.CharField(max_length=100)
    text = models.TextField()
