"""What an institution's own people see: the statements of the institutions for which they speak, and no others.

A role does not reach here: who speaks for an institution is granted by name (`speaker.grant`).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from openyibao.service.clearing import disputes, speakers, statements
from openyibao.service.clearing.models import Statement
from openyibao.service.clearing.statement_files import statement_file
from openyibao.service.organisation.problems import Problem
from openyibao.service.staff.clearing_views import LANG, MOST, PAGE, first_of, shown
from openyibao.service.staff.routes import SIGNED_IN, Asked, denied, route
from openyibao.service.staff.serve import file_reply


def _own(asked: Asked) -> Statement:
    """The statement of the address, if the user speaks for its institution; else the answer of all that is denied."""
    try:
        found = statements.known_statement(asked.names["number"])
    except Problem:
        raise denied("statement.find") from None
    if found.institution not in speakers.institutions_of(asked.user, asked.day):
        raise denied("statement.find")
    return found


@route("GET", "own/statements", item=SIGNED_IN)
def own_statements(asked: Asked) -> dict[str, Any]:
    """The statements of the user's institutions, newest first, at most 500; none for who speaks for none."""
    spoken = speakers.institutions_of(asked.user, asked.day)
    found = Statement.objects.filter(institution__in=spoken).select_related("institution", "region__body")
    return {
        "institutions": [one.code for one in spoken],
        "statements": [
            {
                "number": one.number,
                "institution": one.institution.code,
                "region": one.region.body.code,
                "through": one.through,
                "closing_fen": sum(part.closing_fen for part in one.parts.all()),
            }
            for one in found.prefetch_related("parts").order_by("-id")[:MOST]
        ],
    }


@route("GET", "own/statements/<number>", item=SIGNED_IN, takes=PAGE)
def own_statement(asked: Asked) -> dict[str, Any]:
    return shown(_own(asked), first_of(asked))


@route("GET", "own/statements/<number>/file", item=SIGNED_IN, takes=LANG)
def own_statement_as_file(asked: Asked) -> HttpResponse:
    return file_reply(*statement_file(_own(asked), asked.given["lang"] or "zh"))


@route("POST", "own/statements/<number>/disputes", item=SIGNED_IN, takes=disputes.RAISED)
def dispute_a_line(asked: Asked) -> dict[str, Any]:
    """Dispute a line of one's own statement. The agency decides, by two persons."""
    return disputes.show(disputes.raise_dispute(_own(asked), asked.user, "institution", asked.given))
