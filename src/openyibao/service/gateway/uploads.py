"""The bytes of a message: the body itself, or the parts of a form that carries the message beside a file (9101)."""

from __future__ import annotations

import base64

from django.http import HttpRequest

from openyibao.service.gateway.exact import dumps
from openyibao.service.gateway.message import read_message

MESSAGE, FILE = "jsonStr", "file"


def message_of(request: HttpRequest) -> bytes:
    """The message of a request. A file beside it is put into its input, as if it had been sent there."""
    if request.content_type != "multipart/form-data":
        return request.body
    message = read_message(request.POST.get(MESSAGE, "").encode())
    upload = request.FILES.get(FILE)
    given = message.get("input")
    if upload is not None and isinstance(given, dict):
        node = next((value for value in given.values() if isinstance(value, dict)), given)
        node["in"] = base64.b64encode(upload.read()).decode()
        node.setdefault("filename", upload.name)
    return dumps(message).encode()
