"""Manual reimbursements with their invoices. Money in fen; the fee lines stand with the visit."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Reimbursement(models.Model):
    """A person's application with what came of it: entered, settled, paid; or withdrawn before it was settled.

    `bank_account` is where to pay; it is shown to nobody who does not pay.
    """

    STATES = [(one, one) for one in ("entered", "settled", "paid", "withdrawn")]

    number = models.CharField(max_length=30, unique=True)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT)
    body = models.ForeignKey("organisation.Body", on_delete=models.PROTECT)
    visit = models.OneToOneField("settlements.Visit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=STATES, default="entered")
    bank_account = models.CharField(max_length=50)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    entered_at = models.DateTimeField()
    settlement = models.OneToOneField("settlements.Settlement", on_delete=models.PROTECT, null=True)
    paid_at = models.DateTimeField(null=True)
    payment = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["entered", "withdrawn"], settlement=None)
                | Q(state__in=["settled", "paid"], settlement__isnull=False),
                name="reimbursement_settled",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at=None)),
                name="reimbursement_paid",
            ),
        ]


class Invoice(models.Model):
    """An invoice, on paper or electronic. `code` is the issuing code (empty where the kind has none).

    One that is not void stands in one reimbursement only; those of a withdrawn one are void.
    """

    reimbursement = models.ForeignKey(Reimbursement, on_delete=models.PROTECT, related_name="invoices")
    code = models.CharField(max_length=20, blank=True)
    number = models.CharField(max_length=30)
    issuer = models.CharField(max_length=50)
    day = models.DateField()
    amount_fen = models.BigIntegerField()
    void = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "code", "issuer"], condition=Q(void=False), name="invoice_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="invoice_amount"),
        ]
