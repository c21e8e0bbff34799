"""The room's door: the institution of a code, and the agreement under which it settles.

in_force(institution, day) -> Agreement      or Refused("no agreement")
"""

from __future__ import annotations

from datetime import date

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Agreement, Institution
from openyibao.service.organisation.problems import Problem

STATES = {
    "applied": Bilingual("已申请", "applied for"),
    "assessed": Bilingual("已评估", "assessed"),
    "in force": Bilingual("生效", "in force"),
    "suspended": Bilingual("中止", "suspended"),
    "ended": Bilingual("解除", "ended"),
}
NONE = Bilingual("无协议", "no agreement")
OUTSIDE = Bilingual("不在协议期内", "outside its period")


def in_force(institution: Institution, day: date) -> Agreement:
    """The agreement under which an institution settles on a day. Raises Refused("no agreement") and says why not."""
    found = list(Agreement.objects.filter(institution=institution).order_by("-id"))
    for one in found:
        if one.state == "in force" and holds(one, day):
            return one
    said = NONE
    if found:
        nearest = next((one for one in found if holds(one, day)), found[0])
        said = OUTSIDE if nearest.state == "in force" else STATES[nearest.state]
    raise Refused("no agreement", institution=institution.code, day=day, state=said)


def holds(agreement: Agreement, day: date) -> bool:
    """Whether a day lies in the period of an agreement, whatever its state."""
    return day in agreement.period


def known(code: str) -> Institution:
    """The institution with a code. Raises Problem("not known")."""
    found: Institution | None = Institution.objects.select_related("body").filter(code=code).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"机构 {code}", f"institution {code}"))
    return found
