"""What came over HTTP: the bytes of a message, or a form that carries the message beside a file (9101)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.message import MAX_BYTES
from openyibao.service.gateway.refusals import Refused

FORM = "multipart/form-data"
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


class Readable(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes: ...


def receive(request: HttpRequest) -> Received:
    """The body of a request. Raises Refused for one that is too large, breaks off, or is no form though it says so."""
    if request.content_type != FORM:
        return receive_message(request.META, request)
    stated = _stated(request.META)
    if stated > LARGEST_FORM:
        raise Refused("file too large", found=stated, most=LARGEST_FILE)
    try:
        return _form(request, request.read())
    except UnreadablePostError:
        raise _broken_off() from None


def receive_message(meta: Mapping[str, Any], source: Readable) -> Received:
    """The same of one that is no form, read from where its body comes."""
    stated = _stated(meta)
    if stated > MAX_BYTES:
        raise Refused("not json", found=Bilingual(f"报文超过 {MAX_BYTES} 字节", f"it has more than {MAX_BYTES} bytes"))
    try:
        body = source.read(stated)
    except OSError:  # Django's UnreadablePostError is one
        raise _broken_off() from None
    return Received(body, body)


def _stated(meta: Mapping[str, Any]) -> int:
    return int(meta.get("CONTENT_LENGTH") or 0)


def _broken_off() -> Refused:
    return Refused("not json", found=Bilingual("请求中断", "the request broke off"))


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
