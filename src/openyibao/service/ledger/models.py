"""The funds' books: accounts, entries and postings, closed months, seals. Appended, never changed (triggers).

Money in fen: a debit is positive, a credit negative. Each entry's postings sum to 0 (a deferred constraint trigger).
A posting refers to its entry and its account without a foreign key: checking one would lock the account's row in every
settlement. The trigger that checks them instead takes no lock, because neither an account nor an entry can go away.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

MOST_FEN = 10**15


class Account(models.Model):
    """An account of the chart (chart.toml). `region` is the code of a pooling region's place."""

    kind = models.CharField(max_length=30)
    region = models.CharField(max_length=12)
    scheme = models.CharField(max_length=10, default="")
    fund = models.CharField(max_length=100, default="")
    owner = models.CharField(max_length=100, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "region", "scheme", "fund", "owner"], name="ledger_account_once")
        ]


class Entry(models.Model):
    """What happened. The database gives `id`, the entry's number, and `tx`, the transaction that posted it.

    Numbers rise; one whose transaction was undone is left out. `day` is the accounting day, `reference` what the entry
    belongs to (a setl_id).
    """

    id = models.BigIntegerField(primary_key=True)
    tx = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    moment = models.DateTimeField()
    day = models.DateField()
    reference = models.CharField(max_length=60)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    memo = models.CharField(max_length=500, default="")

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="ledger_entry_day"),
            models.Index(fields=["reference"], name="ledger_entry_reference"),
        ]


class Posting(models.Model):
    pk = models.CompositePrimaryKey("entry_id", "line")
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    line = models.SmallIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(fen__range=(-MOST_FEN, MOST_FEN)) & ~Q(fen=0), name="ledger_fen"),
            models.CheckConstraint(condition=Q(line__gte=1), name="ledger_line"),
        ]
        indexes = [models.Index(fields=["account", "entry"], include=["fen"], name="ledger_of_account")]


class ClosedMonth(models.Model):
    """A month, by its first day, on whose days and earlier ones nothing is posted any more."""

    month = models.DateField(primary_key=True)
    closed = models.DateTimeField()
    last_entry = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="ledger_first_of_month")]


class Carried(models.Model):
    """What an account stood at when a month was closed: the sum of all its postings up to that month's last day."""

    pk = models.CompositePrimaryKey("month_id", "account_id")
    month = models.ForeignKey(ClosedMonth, on_delete=models.PROTECT, related_name="carried", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    fen = models.BigIntegerField()


class Seal(models.Model):
    """A seal over the entries numbered from `first` to `last` (`entries` of them), chained to the seal before it.

    `leaves` holds, for each entry in the order of their numbers, 8 bytes of its number and 32 of its leaf's hash.
    """

    number = models.BigIntegerField(primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    entries = models.IntegerField()
    leaves = models.BinaryField()
    root = models.BinaryField()
    head = models.BinaryField()
    made = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="ledger_seal_range"),
            models.CheckConstraint(condition=Q(number__gte=1) & Q(entries__gte=1), name="ledger_seal_number"),
        ]


class Balance(models.Model):
    """The sum of an account's postings up to entry `Fold.through`. Kept by the worker; readers add what came after."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, db_constraint=False)
    fen = models.BigIntegerField()


class Fold(models.Model):
    """How far balances are folded: one row, made by the migration."""

    id = models.IntegerField(primary_key=True)
    through = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="ledger_fold_once")]
