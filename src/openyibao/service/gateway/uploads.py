"""What came over HTTP: the bytes of a message, or a form that carries the message beside a file (9101)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.message import MAX_BYTES
from openyibao.service.gateway.refusals import Refused

MESSAGE, FILE = "jsonStr", "file"
LARGEST_FILE = 32 * 1024 * 1024
LARGEST_FORM = LARGEST_FILE + MAX_BYTES


@dataclass(frozen=True, slots=True)
class Received:
    """`text`: the message; `signed`: the body as it was sent, which a signature covers; the file beside the message."""

    text: bytes = b""
    signed: bytes = b""
    file: bytes | None = None
    name: str = ""

    def put_file(self, message: dict[str, Any]) -> None:
        """Put the file into the message's input, as if it had been sent there."""
        given = message.get("input")
        if self.file is None or not isinstance(given, dict):
            return
        node = next((value for value in given.values() if isinstance(value, dict)), given)
        node["in"] = self.file
        node.setdefault("filename", self.name)


def receive(request: HttpRequest) -> Received:
    """The body of a request. Raises Refused for one that is too large, breaks off, or is no form though it says so."""
    form = request.content_type == "multipart/form-data"
    stated, most = int(request.META.get("CONTENT_LENGTH") or 0), LARGEST_FORM if form else MAX_BYTES
    if stated > most:
        if form:
            raise Refused("file too large", found=stated, most=LARGEST_FILE)
        raise Refused("not json", found=Bilingual(f"报文超过 {most} 字节", f"it has more than {most} bytes"))
    try:
        if not form:
            return Received(request.body, request.body)
        return _form(request, request.read())
    except UnreadablePostError:
        raise Refused("not json", found=Bilingual("请求中断", "the request broke off")) from None


def _form(request: HttpRequest, body: bytes) -> Received:
    about = {**request.META, "CONTENT_LENGTH": str(len(body))}
    try:
        fields, files = MultiPartParser(about, io.BytesIO(body), request.upload_handlers, "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation, ValueError):
        found = Bilingual("表单不合 multipart/form-data 的格式", "its form is no multipart/form-data")
        raise Refused("not json", found=found) from None
    text = str(fields.get(MESSAGE, "")).encode("utf-8", "surrogatepass")
    upload = files.get(FILE)
    content, name = (upload.read(), upload.name or "") if upload else (None, "")
    for _, several in files.lists():
        for one in several:
            one.close()
    return Received(text, body, content, name)
