"""Statements, disputes, payment orders, bank files and what banks confirm. Money in fen.

What a statement says is appended and never changed (triggers); orders, transfers and confirmations are never deleted.
`entry` is the number of an entry of the books.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

NO_ENTRY = Q(entry=None)


class BankAccount(models.Model):
    """A bank account from a moment on: of an institution, which is paid; or of a fund, which pays.

    `bank` is the bank's number in China's payment systems (CNAPS, 12 digits). Changed by two persons only.
    """

    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT, null=True)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT, null=True)
    scheme = models.CharField(max_length=10, blank=True)
    fund = models.CharField(max_length=100, blank=True)
    holder = models.CharField(max_length=140)
    bank = models.CharField(max_length=12)
    number = models.CharField(max_length=34)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(institution__isnull=False, region=None, scheme="", fund="")
                | Q(institution=None, region__isnull=False) & ~Q(scheme="") & ~Q(fund=""),
                name="bank_account_owner",
            ),
            models.UniqueConstraint(
                fields=["institution"], condition=Q(until=None, institution__isnull=False), name="bank_account_payee"
            ),
            models.UniqueConstraint(
                fields=["region", "scheme", "fund"],
                condition=Q(until=None, region__isnull=False),
                name="bank_account_payer",
            ),
        ]


class DepositShare(models.Model):
    """Which share of what funds owe an institution its agreement lets the agency withhold, in 1/10000.

    The newest row holds; an agreement without a row withholds nothing. `source` says where the agreement has it.
    """

    agreement = models.ForeignKey("institutions.Agreement", on_delete=models.PROTECT)
    share_bp = models.IntegerField()
    source = models.CharField(max_length=200)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(share_bp__range=(0, 10_000)), name="deposit_share")]


class Statement(models.Model):
    """What a region's funds owe an institution up to a day: all that no earlier statement has."""

    number = models.CharField(max_length=40, unique=True)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT)
    through = models.DateField()
    made_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "region", "through"], name="statement_once")]


class Part(models.Model):
    """One fund of a statement: what was open before, what the items add, what was withheld as a deposit."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="parts")
    scheme = models.CharField(max_length=10)
    fund = models.CharField(max_length=100)
    brought_fen = models.BigIntegerField()
    items_fen = models.BigIntegerField()
    withheld_fen = models.BigIntegerField()
    entry = models.BigIntegerField(null=True, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "scheme", "fund"], name="statement_part")]

    @property
    def closing_fen(self) -> int:
        return self.brought_fen + self.items_fen - self.withheld_fen


class Item(models.Model):
    """What one entry of the books owes the institution out of one fund; below 0 for a reversal or a deduction.

    `kind` is that of the entry, or of the entry that it `reverses`; `account` the account of the books.
    """

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="items")
    entry = models.BigIntegerField()
    account = models.BigIntegerField()
    reverses = models.BigIntegerField(null=True)
    scheme = models.CharField(max_length=10)
    fund = models.CharField(max_length=100)
    kind = models.CharField(max_length=30)
    reference = models.CharField(max_length=60)
    day = models.DateField()
    fen = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "account"], name="item_once")]
        indexes = [models.Index(fields=["reverses"], condition=Q(reverses__isnull=False), name="item_reverses")]


class Dispute(models.Model):
    """A line of a statement that the institution, or the agency, does not agree with.

    One that `holds` keeps the line out of orders; one raised after the order does not, and is corrected later. An
    accepted one either deducts (`entry`) or waits for the settlement to be taken back.
    """

    SIDES = [(one, one) for one in ("institution", "agency")]
    STATES = [(one, one) for one in ("open", "accepted", "rejected")]

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="disputes")
    item_entry = models.BigIntegerField()
    reference = models.CharField(max_length=60)
    side = models.CharField(max_length=12, choices=SIDES)
    reason = models.CharField(max_length=500)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="disputes")
    raised_at = models.DateTimeField()
    holds = models.BooleanField()
    state = models.CharField(max_length=10, choices=STATES, default="open")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)
    entry = models.BigIntegerField(null=True, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item_entry"], condition=Q(state__in=["open", "accepted"]), name="dispute_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="dispute_decided",
            ),
        ]


class Deduction(models.Model):
    """What an accepted dispute deducts from one fund's part of the line."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="deductions")
    scheme = models.CharField(max_length=10)
    fund = models.CharField(max_length=100)
    fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "scheme", "fund"], name="deduction_once"),
            models.CheckConstraint(condition=Q(fen__gt=0), name="deduction_fen"),
        ]


class Batch(models.Model):
    """Transfers that went to the bank in one file. `digest` is the file's SHA-256: it can be written again."""

    number = models.CharField(max_length=30, unique=True)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT)
    format = models.CharField(max_length=30)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    transfers_count = models.IntegerField()
    fen = models.BigIntegerField()
    digest = models.CharField(max_length=64)


class Order(models.Model):
    """An order to pay an institution what a statement left open, or a person a manual reimbursement.

    The payee's bank account is that of the moment of approval. Its amounts by fund are the transfers.
    """

    number = models.CharField(max_length=30, unique=True)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="orders")
    reimbursement = models.ForeignKey(
        "reimbursements.Reimbursement", on_delete=models.PROTECT, null=True, related_name="orders"
    )
    payee = models.CharField(max_length=140)
    payee_bank = models.CharField(max_length=12, blank=True)
    payee_account = models.CharField(max_length=50)
    approved_at = models.DateTimeField()
    proposal = models.ForeignKey("organisation.Proposal", on_delete=models.PROTECT, null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(statement=None, reimbursement__isnull=False)
                | Q(statement__isnull=False, reimbursement=None),
                name="order_payee",
            )
        ]


class Transfer(models.Model):
    """What one fund pays in an order: one line of a bank file.

    `paid_fen` is what the bank has paid and not given back, `rejected_fen` what it did not pay or gave back; the rest
    is under way. An order that is cancelled has its transfers rejected.
    """

    number = models.CharField(max_length=30, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="transfers")
    scheme = models.CharField(max_length=10)
    fund = models.CharField(max_length=100)
    fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField(default=0)
    rejected_fen = models.BigIntegerField(default=0)
    payer = models.ForeignKey(BankAccount, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="transfers")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "scheme", "fund"], name="transfer_part"),
            models.CheckConstraint(
                condition=Q(fen__gt=0, paid_fen__gte=0, rejected_fen__gte=0)
                & Q(fen__gte=F("paid_fen") + F("rejected_fen")),
                name="transfer_fen",
            ),
            models.CheckConstraint(condition=Q(paid_fen=0) | Q(batch__isnull=False), name="transfer_sent"),
        ]
        indexes = [
            models.Index(
                fields=["scheme", "fund"],
                condition=Q(fen__gt=F("paid_fen") + F("rejected_fen")),
                name="transfer_under_way",
            )
        ]

    @property
    def under_way_fen(self) -> int:
        return self.fen - self.paid_fen - self.rejected_fen


class Confirmation(models.Model):
    """A file of the bank about transfers. The same file (SHA-256) is taken in once and booked once."""

    number = models.CharField(max_length=30, unique=True)
    region = models.ForeignKey("organisation.Region", on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=30)
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    booked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "digest"], name="confirmation_once")]


class Report(models.Model):
    """One line of a confirmation. What was refused is an item of the work list until somebody closes it.

    `what`: paid (all that was under way), partly (less), rejected (never paid), returned (came back).
    """

    WHATS = [(one, one) for one in ("paid", "partly", "rejected", "returned")]

    confirmation = models.ForeignKey(Confirmation, on_delete=models.PROTECT, related_name="reports")
    line = models.IntegerField()
    transfer = models.CharField(max_length=50)
    what = models.CharField(max_length=10, choices=WHATS)
    fen = models.BigIntegerField()
    day = models.DateField()
    bank_reference = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    problem = models.CharField(max_length=30, blank=True)
    entry = models.BigIntegerField(null=True, unique=True)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    closed_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["confirmation", "line"], name="report_line"),
            models.CheckConstraint(condition=Q(problem="") | NO_ENTRY, name="report_refused"),
        ]
        indexes = [models.Index(fields=["transfer"], name="report_transfer")]


class Speaker(models.Model):
    """A user who speaks for an institution from a day and before another: sees its statements, disputes lines."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    start = models.DateField()
    end = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end=None) | Q(end__gt=F("start")), name="speaker_period")]
