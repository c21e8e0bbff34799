"""A stay that lies behind: settled in this process at an earlier moment, by the handlers of the interface."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import openyibao.service.gateway.transactions  # noqa: F401  (registers the handlers)
from openyibao.service.gateway.calls import HANDLERS, Call, FileReply, first_of
from openyibao.service.gateway.reader import read_envelope, read_input, read_message
from openyibao.service.gateway.spec import transaction
from openyibao.service.gateway.writer import write_reply
from openyibao.service.institutions.models import Institution
from openyibao.service.people.models import Coverage, Person
from openyibao.service.sandbox.drive import drive
from openyibao.service.sandbox.ready import BASKETS, STAY_DAYS, About


def settle_stay(person: Person, institution: str, amount_fen: int, begun: datetime) -> None:
    """Settle a stay of one item, all of it in scope. Raises Refused where the law does not settle it."""
    hospital = Institution.objects.select_related("body").get(code=institution)
    coverage = Coverage.objects.select_related("region__body").filter(person=person).latest("id")
    moment = begun + timedelta(days=STAY_DAYS)
    item = BASKETS[coverage.region.catalogue.split("/")[0]]["inpatient"][0][0]
    price = f"{amount_fen // 100}.{amount_fen % 100:02d}"
    about = About(person, coverage, hospital, "inpatient", moment, ((item, "1", price),))

    def send(message: dict[str, Any]) -> Mapping[str, Any]:
        return answer(message, hospital, moment)

    drive(about, send)


def answer(message: dict[str, Any], institution: Institution, moment: datetime) -> Mapping[str, Any]:
    """What a handler answers at a moment, as a message. Raises Refused."""
    read = read_message(json.dumps(message).encode())
    envelope = read_envelope(read, None)
    spec = transaction(envelope.infno)
    given = read_input(spec, envelope.input)
    call = Call(
        infno=spec.infno,
        msgid=envelope.msgid,
        institution=institution,
        operator=envelope.opter,
        sign_no="",
        insured=envelope.insuplc_admdvs,
        visited=envelope.mdtrtarea_admvs,
        input=given,
        now=moment,
        first=first_of(spec.infno, given, institution.code, moment.date()),
    )
    output = HANDLERS[spec.infno].handler(call)
    assert not isinstance(output, FileReply)
    reply: Mapping[str, Any] = json.loads(
        write_reply(spec, output, received=moment, now=moment, division="000000", serial=0, refusal=None)
    )
    return reply
