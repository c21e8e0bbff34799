"""Asking, looking after one's question, taking it back; and what is shown of all of them.

ask(new, address) -> the number, which is told once          or NotTakenError
by_number(number) -> Question or None
take_back(number) -> whether there was one
shown(body, policy, query) -> the questions that are shown, the newest first
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from openyibao.service import clock
from openyibao.service.organisation.models import Body, Region
from openyibao.service.settlements.check_code import DIGITS, MEANT
from openyibao.service.voice import limits
from openyibao.service.voice.models import GONE, Question
from openyibao.service.voice.personal import Found, find
from openyibao.service.voice.wording import LONGEST, SHORTEST, clean

SALT = "openyibao.voice.question"
GROUPS, GROUP, BITS = 4, 4, 5
SHOWN = ("published", "withdrawn")


class NotTakenError(ValueError):
    """A question is not taken in. `why` is short, long, personal, nothing or often; `found`: what must be left out."""

    def __init__(self, why: str, found: tuple[Found, ...] = ()) -> None:
        self.why, self.found = why, found
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class New:
    """What somebody asks. `once` is a random text of the form: the same sent twice is one question."""

    kind: str
    body: Body
    text: str
    once: str
    policy: str = ""
    general: bool = False


def ask(new: New, address: str) -> str:
    """Keep a question until the agency decides, and give its number. Raises NotTakenError."""
    text = clean(new.text)
    check(text)
    number = _number(new.once)
    with transaction.atomic():
        if by_number(number) is not None:
            return number
        _, created = Question.objects.get_or_create(
            digest=_digest(number),
            defaults={
                "kind": new.kind,
                "body": new.body,
                "policy": new.policy,
                "general": new.general,
                "text": text,
                "characters": len(text),
                "asked": clock.today(),
            },
        )
        if created and not limits.within("question", address):
            raise NotTakenError("often")
    return number


def check(text: str) -> None:
    """Raise NotTakenError where a cleaned text is too short, too long, or holds numbers that tell who somebody is."""
    if not text:
        raise NotTakenError("nothing")
    if len(re.sub(r"\W", "", text)) < SHORTEST:
        raise NotTakenError("short")
    if len(text) > LONGEST:
        raise NotTakenError("long")
    found = find(text)
    if found:
        raise NotTakenError("personal", tuple(found))


def _number(once: str) -> str:
    """Sixteen letters and digits (80 bits) in groups: nobody guesses them, and the same form gives the same ones."""
    digest = salted_hmac(SALT, once, algorithm="sha256").digest()
    value = int.from_bytes(digest[:10], "big")
    text = "".join(DIGITS[value >> (BITS * place) & 31] for place in reversed(range(GROUPS * GROUP)))
    return "-".join(text[start : start + GROUP] for start in range(0, GROUPS * GROUP, GROUP))


def _digest(number: str) -> str:
    return hashlib.sha256(number.upper().translate(MEANT).encode()).hexdigest()


def by_number(number: str) -> Question | None:
    """The question with a number, as somebody typed it."""
    found: Question | None = Question.objects.select_related("body").filter(digest=_digest(number)).first()
    return found


def take_back(number: str) -> bool:
    """Destroy the text of one's question, whatever its state was; false where there is none or it is gone."""
    with transaction.atomic():
        found = Question.objects.select_for_update().filter(digest=_digest(number)).exclude(state__in=GONE).first()
        if found is None:
            return False
        found.state, found.text = "taken back", ""
        found.save(update_fields=["state", "text"])
        return True


# ------------------------------------------------------------ what is shown


def shown(body: Body | None = None, policy: str = "", query: str = "", *, general: bool = False) -> QuerySet[Question]:
    """The questions that are shown, the newest first: of a place and all below it, of a policy, with all words."""
    found = Question.objects.filter(state__in=SHOWN).select_related("body").prefetch_related("answers__office")
    if body is not None:
        found = found.filter(body__path__startswith=body.path, general=False)
    if policy:
        found = found.filter(policy=policy)
    if general:
        found = found.filter(general=True)
    for word in query.split()[:5]:
        with_word = Question.objects.filter(answers__state="stands", answers__text__icontains=word).values("pk")
        found = found.filter(text__icontains=word) | found.filter(pk__in=with_word)
    return found.order_by("-id")


def offices() -> list[Body]:
    """Who answers: the bodies of the pooling regions."""
    regions = Region.objects.select_related("body").order_by("body__code")
    return [one.body for one in regions]


def root() -> Body | None:
    """Who answers what is about no place: the first body that stands below none."""
    found: Body | None = Body.objects.filter(parent=None).order_by("code").first()
    return found
