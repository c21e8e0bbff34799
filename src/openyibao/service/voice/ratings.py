"""A rating after a visit: by who holds the bill's check code, once for each visit, added to sums at once.

rate(number, code, marks) -> the institution                or NotRatedError
summaries(body) -> what is shown of each institution        ratings are shown in batches of so many, see `Batch`

No rating is kept by itself, so none can be changed, withdrawn or led back to a bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from openyibao.service import clock
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Body
from openyibao.service.settlements.check_code import holds
from openyibao.service.settlements.models import Settlement, Visit
from openyibao.service.voice.models import CELLS, MARKS, QUESTIONS, Batch

SALT = "openyibao.voice.rated"
WITHIN_DAYS = 365
"""How long after its settlement a visit can be rated."""
SHOWN_MONTHS = 24
"""Of how many months the ratings are shown."""
TRIES = 20


class NotRatedError(ValueError):
    """A rating is not taken in. `why`: no_such, reversed, not_over, too_old, already."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def rate(number: str, code: str, marks: Mapping[str, int]) -> Institution:
    """Add a mark for each question to the sums of the bill's institution. Raises NotRatedError, ValueError."""
    if set(marks) != set(QUESTIONS) or not set(marks.values()) <= set(MARKS):
        raise ValueError("a mark from 1 to 5 for each question")
    visit = rateable(number, code)
    with transaction.atomic():
        _once(visit)
        _add(visit.institution, [marks[question] for question in QUESTIONS])
    found: Institution = visit.institution
    return found


def rateable(number: str, code: str) -> Visit:
    """The visit of a bill that stands. Raises NotRatedError; a wrong number and a wrong code are told alike."""
    found = Settlement.objects.filter(setl_id=number, reverses=None).select_related("visit__institution").first()
    if found is None or not holds(number, code):
        raise NotRatedError("no_such")
    if not _stands(found):
        raise NotRatedError("reversed")
    if found.visit.kind == "inpatient" and found.visit.state == "open":
        raise NotRatedError("not_over")
    if found.day < clock.today() - timedelta(days=WITHIN_DAYS):
        raise NotRatedError("too_old")
    visit: Visit = found.visit
    return visit


def _stands(one: Settlement) -> bool:
    """Whether a bill was not taken back, or the taking back was undone."""
    if not Settlement.objects.filter(reverses=one).exists():
        return True
    original = one.original_id or one.pk
    return Settlement.objects.filter(original_id=original, reverses=None, reversed_by=None).exists()


def _once(visit: Visit) -> None:
    """Remember that a visit was rated. Raises NotRatedError if it was; two at once wait for each other here."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac(SALT, visit.mdtrt_id, secret=key, algorithm="sha256").hexdigest() for key in keys]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM voice_rated WHERE digest = ANY(%s)", [digests])
        if cursor.fetchone() is None:
            cursor.execute("INSERT INTO voice_rated (digest) VALUES (%s) ON CONFLICT DO NOTHING", digests[:1])
            if cursor.rowcount == 1:
                return
    raise NotRatedError("already")


def _add(institution: Institution, marks: list[int]) -> None:
    month = clock.today().replace(day=1)
    for _ in range(TRIES):
        batch = _open_batch(institution, month)
        if batch is not None:
            break
    else:
        raise RuntimeError(f"no batch for {institution.code}")  # so many were closed by others in a moment
    for question, mark in enumerate(marks):
        batch.marks[question * len(MARKS) + mark - 1] += 1
    batch.size += 1
    batch.last = max(batch.last, month)
    batch.closed = batch.size >= settings.LEAST_RATINGS
    batch.save(update_fields=["marks", "size", "last", "closed"])


def _open_batch(institution: Institution, month: date) -> Batch | None:
    """The open batch, locked; None where another one closed it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO voice_batch (institution_id, size, marks, first, last, closed)"
            " VALUES (%s, 0, %s, %s, %s, false) ON CONFLICT (institution_id) WHERE NOT closed DO NOTHING",
            [institution.pk, [0] * CELLS, month, month],
        )
    found: Batch | None = Batch.objects.select_for_update().filter(institution=institution, closed=False).first()
    return found


# ------------------------------------------------------------ what is shown


@dataclass(frozen=True, slots=True)
class Summary:
    """The ratings of an institution that are shown: how many, of which months, how often each mark was given."""

    institution: int
    code: str
    size: int
    marks: tuple[int, ...]
    first: date | None
    last: date | None

    def counts(self, question: str) -> tuple[int, ...]:
        """How often 1, 2, 3, 4 and 5 were given."""
        start = QUESTIONS.index(question) * len(MARKS)
        return self.marks[start : start + len(MARKS)]

    def sum(self, question: str) -> int:
        return sum(mark * count for mark, count in zip(MARKS, self.counts(question), strict=True))

    def tenths(self, question: str) -> int:
        """The mean in tenths, half up, in whole numbers only."""
        return (2 * 10 * self.sum(question) + self.size) // (2 * self.size)


def summaries(body: Body | None = None, code: str = "") -> list[Summary]:
    """Of all institutions of a body and below it, or of one: by the mean of the overall mark, then by how many ratings
    there are; those with too few come last, by their codes."""
    institutions = Institution.objects.order_by("code")
    if body is not None:
        institutions = institutions.filter(body__path__startswith=body.path)
    if code:
        institutions = institutions.filter(code=code)
    sums = _sums(code)
    none = (0, None, None, (0,) * CELLS)
    found = []
    for number, name in institutions.values_list("pk", "code"):
        size, first, last, marks = sums.get(number, none)
        found.append(Summary(number, name, size, marks, first, last))
    return sorted(found, key=_order)


def _sums(code: str) -> dict[int, tuple[int, date | None, date | None, tuple[int, ...]]]:
    """Size, first and last month and marks of the closed batches, by institution; of all, or of one code."""
    marks = ", ".join(f"sum(marks[{number}])" for number in range(1, CELLS + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT institution_id, sum(size), min(first), max(last), {marks} FROM voice_batch"
            " WHERE closed AND last >= %s AND (%s = '' OR institution_id ="
            " (SELECT id FROM institutions_institution WHERE code = %s)) GROUP BY institution_id",
            [_since(), code, code],
        )
        return {row[0]: (int(row[1]), row[2], row[3], tuple(map(int, row[4:]))) for row in cursor.fetchall()}


def _order(one: Summary) -> tuple[bool, int, int]:
    """By the mean as it is shown, so that nobody stands above another for what cannot be seen."""
    return (not one.size, -one.tenths("overall") if one.size else 0, -one.size)


def _since() -> date:
    today = clock.today()
    months = today.year * 12 + today.month - 1 - SHOWN_MONTHS
    return date(months // 12, months % 12 + 1, 1)
