"""Messages of institutions: what was asked, what was answered, what was refused; sign-ins and files."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    """A request that changed something, with its reply, kept in the same transaction as the change.

    `digest` is the SHA-256 of the business content: the same id with another content is refused. `void` is an id that
    was reversed (2601) before its request arrived: should it still arrive, it is refused.

    An id is taken by a lock (`messages.TAKE`) until its row is written with the reply, at the end of the transaction.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    msgid = models.CharField(max_length=40)
    infno = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    reply = models.BinaryField()
    received = models.DateTimeField()
    void = models.BooleanField(default=False)
    settlement = models.ForeignKey(
        "settlements.Settlement", on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    visit = models.ForeignKey(
        "settlements.Visit", on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    undone_by = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "msgid"], name="message_once")]


class Refusal(models.Model):
    """A request that was refused, for the audit: without personal data. `institution` is the code that it claimed."""

    received = models.DateTimeField()
    institution = models.CharField(max_length=40)
    msgid = models.CharField(max_length=60)
    infno = models.CharField(max_length=20)
    code = models.CharField(max_length=10)


class SignIn(models.Model):
    sign_no = models.CharField(max_length=30, unique=True)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    operator = models.CharField(max_length=30)
    begun = models.DateTimeField()
    ended = models.DateTimeField(null=True)


class File(models.Model):
    """A file for download (catalogues, differences) or one that was uploaded, kept until `expires`."""

    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    uploaded = models.BooleanField()
    content = models.BinaryField()
    made = models.DateTimeField()
    expires = models.DateTimeField()


class Nonce(models.Model):
    """A signed request's nonce: a second request with it within the window is a replay."""

    key = models.ForeignKey("institutions.Key", on_delete=models.CASCADE)
    nonce = models.CharField(max_length=100)
    seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="nonce_once")]


class SettlementList(models.Model):
    """The settlement list (4101A) of a settlement, as it was uploaded last."""

    number = models.CharField(max_length=30, unique=True)
    settlement = models.OneToOneField("settlements.Settlement", on_delete=models.PROTECT)
    data = models.JSONField()
    uploaded = models.DateTimeField()


class Presented(models.Model):
    """That a person showed their credential at an institution (1101), and when last: it may then ask by `psn_no`."""

    institution = models.ForeignKey("institutions.Institution", on_delete=models.CASCADE)
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE)
    seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "person"], name="presented_once")]
