"""Files: 9101 takes one of an institution, 9102 gives it one. Both by a number that nobody can guess, for a time."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Iterable
from datetime import datetime, timedelta

from openyibao.service.gateway import lookup
from openyibao.service.gateway.calls import ROOT, Call, FileReply, Output, answers
from openyibao.service.gateway.models import File
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.uploads import LARGEST_FILE

KEPT = timedelta(days=7)
"""For how long a file is kept."""
MOST_UPLOADED = 100
CATALOGUE_NAME = "plc"
"""The name under which any file of a catalogue may be asked for, as the interface says."""
UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
"""What does not stand in the name of a reply's header, whatever the institution called its file."""
PREFIX = "cat_"
"""What the names of catalogue files begin with."""


@answers("9101", writes=True)
def upload(call: Call) -> Output:
    """Keep a file."""
    node = call.node("fsUploadIn")
    lookup.own(call, node["fixmedins_code"])
    content = bytes(node["in"])
    if len(content) > LARGEST_FILE:
        raise Refused("file too large", found=len(content), most=LARGEST_FILE)
    kept = File.objects.filter(institution=call.institution, uploaded=True, expires__gt=call.now).count()
    if kept >= MOST_UPLOADED:
        raise Refused("too many files", found=kept, most=MOST_UPLOADED)
    made = _keep(call, node["filename"][-100:], content, uploaded=True)
    return {
        ROOT: {
            "file_qury_no": made.number,
            "filename": node["filename"],
            "fixmedins_code": call.institution.code,
            "dld_endtime": f"{made.expires:%Y-%m-%d %H:%M:%S}",
        }
    }


@answers("9102")
def download(call: Call) -> Output:
    """A file of the institution, by its number and name."""
    node = call.node("fsDownloadIn")
    lookup.own(call, node["fixmedins_code"])
    found = held(call, node["file_qury_no"])
    by_fixed_name = node["filename"] == CATALOGUE_NAME and found.name.startswith(PREFIX)
    if not by_fixed_name and node["filename"][-100:] != found.name:
        raise Refused("unknown file", number=node["file_qury_no"])
    return FileReply(UNSAFE.sub("_", found.name), bytes(found.content))


def held(call: Call, number: str) -> File:
    """A file of the institution whose time is not over. Raises Refused."""
    found: File | None = File.objects.filter(number=number, institution=call.institution, expires__gt=call.now).first()
    if found is None:
        raise Refused("unknown file", number=number)
    return found


def offer(call: Call, name: str, rows: Iterable[Iterable[str]]) -> tuple[File, int]:
    """A zip of one tab separated text for download, and how many rows it has.

    The same rows under the same name are one file as long as it is kept: asking again does not fill the platform.
    """
    lines = ["\t".join(_cell(value) for value in row) for row in rows]
    text = "".join(f"{line}\n" for line in lines).encode()
    stem = f"{name}_{hashlib.sha256(text).hexdigest()[:12]}"
    full = f"{stem}.txt.zip"
    old = File.objects.filter(institution=call.institution, uploaded=False, name=full, expires__gt=_soon(call.now))
    found = old.first()
    return found or _keep(call, full, zipped(f"{stem}.txt", text), uploaded=False), len(lines)


def _soon(now: datetime) -> datetime:
    """A file that ends within a day is made anew."""
    return now + timedelta(days=1)


def _keep(call: Call, name: str, content: bytes, *, uploaded: bool) -> File:
    """A new file; those of the institution whose time is over are deleted."""
    File.objects.filter(institution=call.institution, expires__lte=call.now).delete()
    made: File = File.objects.create(
        number=secrets.token_hex(15),
        name=name,
        institution=call.institution,
        uploaded=uploaded,
        content=content,
        made=call.now,
        expires=call.now + KEPT,
    )
    return made


def _cell(value: str) -> str:
    """A value that can't break its row."""
    return " ".join(value.split()) if any(char in value for char in "\t\r\n") else value


def zipped(name: str, text: bytes) -> bytes:
    """A zip with one member, the same bytes for the same text."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
