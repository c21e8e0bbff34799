"""More of the small county of `county.py`, for the queries: visits that are settled, and files."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from openyibao.service.people.models import Person
from service.county import Window


def shown(window: Window, person: Person, **more: Any) -> dict[str, Any]:
    """1101 by identity number."""
    node = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate, "psn_cert_type": "01", **more}
    return window.done("1101", {"data": node})


def settled(window: Window, person: Person, amounts: dict[str, str] | None = None) -> dict[str, Any]:
    """`setlinfo` of an outpatient visit with some items, settled."""
    visit = window.register(person)
    lines = window.upload(person, visit, amounts or {"D-001": "10"}, "2204")
    return window.done("2207", {"data": window.settle_data(person, visit, lines)})["setlinfo"]


def taken_back(window: Window, info: dict[str, Any]) -> dict[str, Any]:
    back = {"psn_no": info["psn_no"], "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}
    return window.done("2208", {"data": back})["setlinfo"]


def fetch(window: Window, number: str, name: str) -> list[list[str]]:
    """9102: the rows of a file."""
    node = {"file_qury_no": number, "filename": name, "fixmedins_code": window.institution}
    with zipfile.ZipFile(io.BytesIO(window.raw("9102", {"fsDownloadIn": node}))) as archive:
        (member,) = archive.namelist()
        text = archive.read(member).decode()
    return [line.split("\t") for line in text.split("\n")[:-1]]


def packed(text: str | bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.txt", text)
    return content.getvalue()


def upload(window: Window, content: bytes, name: str = "rows.zip") -> dict[str, Any]:
    """9101 with the file as an array of bytes."""
    node = {"filename": name, "fixmedins_code": window.institution, "in": list(content)}
    return window.done("9101", {"fsUploadIn": node})
