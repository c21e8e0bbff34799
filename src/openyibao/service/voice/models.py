"""Questions, their answers, and ratings. Who asked and who rated stands nowhere.

A question's number is kept as a digest. Of ratings there are sums only: `Batch` adds up, `Rated` remembers which visits
have had theirs, and no row leads from one to the other.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

STATES = ("waiting", "published", "withdrawn", "refused", "taken back")
"""Waiting for the agency; shown with its answer; shown, but the answer was withdrawn; not shown; not shown any more."""
GONE = ("refused", "taken back")
"""The states in which the text of a question is destroyed."""
KINDS = ("question", "opinion")
QUESTIONS = ("attitude", "clarity", "waiting", "facilities", "overall")
"""The five questions of a rating, in the order in which `Batch.marks` holds them."""
MARKS = (1, 2, 3, 4, 5)
CELLS = len(QUESTIONS) * len(MARKS)


class Question(models.Model):
    """A question or opinion. `body` is to answer; `policy`: the id of a policy, or empty; `general`: about no place.

    `characters` is the length as it was asked, `edited` whether the text shown is a cut one. `asked` is a day: the hour
    would tell more of who it was than anybody needs.
    """

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=[(one, one) for one in KINDS])
    body = models.ForeignKey("organisation.Body", on_delete=models.PROTECT)
    policy = models.CharField(max_length=100, blank=True)
    general = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    characters = models.IntegerField()
    edited = models.BooleanField(default=False)
    asked = models.DateField()
    state = models.CharField(max_length=12, choices=[(one, one) for one in STATES], default="waiting")
    reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(state__in=GONE) & Q(text="")) | (~Q(state__in=GONE) & ~Q(text="")),
                name="question_gone_without_text",
            ),
        ]
        indexes = [
            models.Index(fields=["body", "state", "-id"], name="question_of_body"),
            models.Index(fields=["policy", "-id"], name="question_of_policy"),
        ]


class Answer(models.Model):
    """What the agency said: the role, at which body, on which day; never who. Empty text: shown without an answer.

    `state`: it stands, it was corrected by the next one, or it was withdrawn (`reason`). `proposal` leads to the two
    persons, for the agency's own audit.
    """

    STATES = [(one, one) for one in ("stands", "corrected", "withdrawn")]

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    number = models.IntegerField()
    text = models.TextField(blank=True)
    role = models.CharField(max_length=30)
    office = models.ForeignKey("organisation.Body", on_delete=models.PROTECT)
    day = models.DateField()
    state = models.CharField(max_length=12, choices=STATES, default="stands")
    ended = models.DateField(null=True)
    reason = models.CharField(max_length=20, blank=True)
    proposal = models.ForeignKey("organisation.Proposal", on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="answer_number"),
            models.UniqueConstraint(fields=["question"], condition=Q(state="stands"), name="answer_one_stands"),
            models.CheckConstraint(
                condition=Q(state="stands", ended=None) | (~Q(state="stands") & Q(ended__isnull=False)),
                name="answer_ended",
            ),
        ]


class Batch(models.Model):
    """Ratings of an institution added up: `marks` holds how often each mark was given, question by question.

    One batch of an institution is open at a time; it is shown, and changes no more, once it is `closed`. `first` and
    `last` are the first days of the months in which its ratings came.
    """

    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT)
    size = models.IntegerField(default=0)
    marks = ArrayField(models.IntegerField(), size=CELLS)
    first = models.DateField()
    last = models.DateField()
    closed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution"], condition=Q(closed=False), name="batch_one_open"),
        ]


class Rated(models.Model):
    """A visit that was rated, as a keyed digest."""

    digest = models.CharField(max_length=64, primary_key=True)


class Salt(models.Model):
    """The random salt of a day, for digests of addresses. It is destroyed on another day."""

    day = models.DateField(primary_key=True)
    salt = models.CharField(max_length=64)


class Count(models.Model):
    """How often somebody did something on a day; who it was stands here as a digest with the day's salt."""

    who = models.CharField(max_length=64, primary_key=True)
    day = models.DateField(db_index=True)
    count = models.IntegerField()
