"""Sign-in and sign-out of an operator: 9001, 9002."""

from __future__ import annotations

import secrets

from openyibao.service.gateway.calls import Call, Output, answers
from openyibao.service.gateway.models import SignIn
from openyibao.service.gateway.refusals import Refused


@answers("9001", writes=True)
def sign_in(call: Call) -> Output:
    """A new sign-in number, which nobody can guess. Earlier ones stay: an operator may have several windows."""
    number = f"{call.now:%Y%m%d}{secrets.token_hex(11)}"
    operator = call.node("signIn")["opter_no"]
    SignIn.objects.create(sign_no=number, institution=call.institution, operator=operator, begun=call.now)
    return {"signinoutb": {"sign_time": call.now, "sign_no": number}}


@answers("9002", writes=True)
def sign_out(call: Call) -> Output:
    """End the sign-in that the node names, or the one of the envelope."""
    node = call.node("signOut")
    number, operator = node.get("sign_no") or call.sign_no, node["opter_no"]
    mine = SignIn.objects.filter(sign_no=number, institution=call.institution, operator=operator, ended=None)
    if not mine.update(ended=call.now):
        raise Refused("sign-in", number=number or "-", operator=operator)
    return {"signoutoutb": {"sign_time": call.now}}
