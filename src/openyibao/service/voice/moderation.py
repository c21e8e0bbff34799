"""What the agency does with a question, always by two persons: show it with an answer, refuse it, correct or withdraw
the answer. Each is a proposal (`organisation.proposals`): one drafts, another one decides, and nothing is shown before.
"""

from __future__ import annotations

from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.organisation.fields import Given, OneOf, Text, Whole
from openyibao.service.organisation.models import Body, Grant
from openyibao.service.organisation.permissions import permissions
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.organisation.tree import inside
from openyibao.service.people.certificates import masked
from openyibao.service.voice.models import GONE, STATES, Answer, Question
from openyibao.service.voice.personal import find
from openyibao.service.voice.questions import NotTakenError, check
from openyibao.service.voice.wording import LONGEST, LONGEST_ANSWER, clean, only_cut, reasons

DRAFT, DECIDE = "question.change", "question.decide"
REFUSALS, WITHDRAWALS = tuple(reasons("refuse")), tuple(reasons("withdraw"))
STATE_NAMES = dict(
    zip(
        STATES,
        (
            Bilingual("待处理", "waiting"),
            Bilingual("已公开", "published"),
            Bilingual("答复已撤回", "shown without its answer, which was withdrawn"),
            Bilingual("不予公开", "refused"),
            Bilingual("提问人已撤回", "taken back by who asked"),
        ),
        strict=True,
    )
)


def known_question(number: int | str, *, lock: bool = False) -> Question:
    """The question with a number of the agency's list. Raises Problem("not known")."""
    rows = Question.objects.select_related("body")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    exact = int(number) if str(number).isdecimal() and len(str(number)) < 19 else 0
    found: Question | None = rows.filter(pk=exact).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"提问 {str(number)[:20]}", f"question {str(number)[:20]}"))
    return found


def _place(given: Given) -> Body:
    return known_question(given["question"]).body


def _in_state(number: int, *states: str) -> Question:
    """The question, locked, if it is in one of some states. Raises Problem("question state")."""
    found = known_question(number, lock=True)
    if found.state not in states:
        raise Problem("question state", number=number, state=STATE_NAMES[found.state])
    return found


def _answer_text(given: str | None) -> str:
    """What an answer says, cleaned. Raises Problem where it names somebody's numbers."""
    text = clean(given or "")
    found = find(text, office=True)
    if found:
        raise Problem("personal data", found=", ".join(masked(one.text) for one in found))
    return text


def _cut(question: Question, given: str | None) -> str:
    """The text to show: the original, or what the agency left of it. Raises Problem."""
    if given is None:
        return str(question.text)
    text = clean(given)
    if not only_cut(question.text, text):
        raise Problem("edited adds", number=question.pk)
    try:
        check(text)
    except NotTakenError as error:
        told = ", ".join(masked(one.text) for one in error.found) or error.why
        raise Problem("personal data", found=told) from None
    return text


def _new_answer(question: Question, text: str, decision: Decision) -> Answer:
    role, office = _role(decision.user, question.body)
    made: Answer = Answer.objects.create(
        question=question,
        number=question.answers.count() + 1,
        text=text,
        role=role,
        office=office,
        day=clock.today(),
        proposal=decision.proposal,
    )
    return made


def _role(user: Any, body: Body) -> tuple[str, Body]:
    """By which role somebody decides about a body: the one held nearest to it; and where it is held."""
    today, allowed = clock.today(), permissions().allowed
    grants = Grant.objects.filter(user=user, start__lte=today).exclude(end__lte=today).select_related("body")
    held = [one for one in grants if inside(body, one.body) and (one.role, DECIDE, one.body.level) in allowed]
    nearest = max(held, key=lambda one: (len(one.body.path), -one.pk), default=None)
    return (nearest.role, nearest.body) if nearest else ("", body)  # none while a draft is only tried


def _end(answer: Answer, state: str, reason: str = "") -> None:
    answer.state, answer.ended, answer.reason = state, clock.today(), reason
    answer.save(update_fields=["state", "ended", "reason"])


def _standing(question: Question, number: int) -> Answer:
    """The answer that stands, if it is the one meant. Raises Problem("question state")."""
    found: Answer | None = question.answers.filter(state="stands", number=number).first()
    if found is None:
        raise Problem("question state", number=question.pk, state=Bilingual("答复已变动", "answered otherwise by now"))
    return found


@action(
    "question.publish",
    may=DRAFT,
    decide=DECIDE,
    takes={
        "question": Whole(1),
        "answer": Text(LONGEST_ANSWER, optional=True),
        "text": Text(LONGEST, optional=True),
    },
    place=_place,
    subject="question",
)
def publish(given: Given, decision: Decision) -> Done:
    """Show a question with an answer; an opinion may be shown without one. `text`: the question with parts cut out; the
    original is then destroyed. Both lengths stand in the result."""
    found = _in_state(given["question"], "waiting", "withdrawn")
    said = _answer_text(given["answer"])
    if not said and found.kind == "question":
        raise Problem("no answer", number=found.pk)
    before, text = len(found.text), _cut(found, given["text"])
    found.edited = found.edited or text != found.text
    found.state, found.text = "published", text
    found.save(update_fields=["state", "text", "edited"])
    made = _new_answer(found, said, decision)
    return Done({"answer": made.number, "characters_before": before, "characters_shown": len(text)})


@action(
    "question.refuse",
    may=DRAFT,
    decide=DECIDE,
    takes={"question": Whole(1), "reason": OneOf(REFUSALS)},
    place=_place,
    subject="question",
)
def refuse(given: Given, decision: Decision) -> Done:
    """Do not show a question, or show it no longer, for a stated reason. Its text is destroyed."""
    found = _in_state(given["question"], *(one for one in STATES if one not in GONE))
    before = len(found.text)
    found.state, found.text, found.reason = "refused", "", given["reason"]
    found.save(update_fields=["state", "text", "reason"])
    return Done({"characters_before": before})


@action(
    "question.correct",
    may=DRAFT,
    decide=DECIDE,
    takes={"question": Whole(1), "number": Whole(1), "answer": Text(LONGEST_ANSWER)},
    place=_place,
    subject="question",
)
def correct(given: Given, decision: Decision) -> Done:
    """Answer anew in place of the answer with a number, which stays in sight as corrected."""
    found = _in_state(given["question"], "published")
    _end(_standing(found, given["number"]), "corrected")
    return Done({"answer": _new_answer(found, _answer_text(given["answer"]), decision).number})


@action(
    "question.withdraw",
    may=DRAFT,
    decide=DECIDE,
    takes={"question": Whole(1), "number": Whole(1), "reason": OneOf(WITHDRAWALS)},
    place=_place,
    subject="question",
)
def withdraw(given: Given, decision: Decision) -> Done:
    """Take an answer out of sight, for a stated reason. The question stays and can be answered again."""
    found = _in_state(given["question"], "published")
    _end(_standing(found, given["number"]), "withdrawn", given["reason"])
    found.state = "withdrawn"
    found.save(update_fields=["state"])
    return Done({"question": found.pk, "state": "withdrawn"})
