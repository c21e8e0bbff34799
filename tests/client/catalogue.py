"""Catalogues: files by 13xx and 9102, paged queries, dictionaries, mapping of the institution's codes."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from client.envelope import Failure, Malformed, Message
from client.hospital import Hospital, Person, day

# Columns of each file and the place of the version, counted from 1 (appendix A).
COLUMNS = {
    "1301": (97, 83),
    "1302": (33, 18),
    "1303": (83, 71),
    "1305": (19, 15),
    "1306": (71, 70),
    "1307": (24, 23),
    "1308": (24, 23),
    "1309": (16, 10),
    "1310": (15, 10),
    "1311": (15, 8),
    "1313": (11, 10),
    "1314": (14, 13),
    "1315": (14, 13),
}
FILE_OF = {"101": "1301", "102": "1302", "103": "1303", "201": "1305", "301": "1306"}  # list_type -> file
PAGED = ("1304", "1312", "1316", "1317", "1318", "1319")
FIRST = "v0000"
FIXED = "plc"  # the filename with which 9102 asks for a file of 1301 to 1319


def table(content: bytes) -> list[list[str]]:
    """The rows of a downloaded file: tab-separated text in a zip. Raises ValueError for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise ValueError(f"expected one text in the zip, found {names}")
            text = archive.read(names[0]).decode("utf-8")
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ValueError(f"expected a zip of UTF-8 text, found {type(error).__name__}: {content[:40]!r}") from None
    return [line.split("\t") for line in text.replace("\r\n", "\n").split("\n") if line]


def fetch(h: Hospital, number: str, filename: str) -> list[list[str]]:
    """9102."""
    h.sheet.steps.append("9102")
    node = {"file_qury_no": number, "filename": filename, "fixmedins_code": h.line.institution.code}
    if h.seen:
        h.seen("9102", {"fsDownloadIn": node}, "")
    return table(h.line.download({"fsDownloadIn": node}))


def files(h: Hospital, person: Person) -> None:
    """Every catalogue file from the first version on; from the last version on there is nothing more."""
    for infno in h.facts.catalogues:
        answer = h.call(infno, {"data": {"ver": FIRST}})
        rows = fetch(h, answer.output["file_qury_no"], FIXED)
        columns, version = COLUMNS[infno]
        odd = {len(row) for row in rows} - {columns}
        h.check(f"{infno} file", not odd, f"{columns} columns (appendix A)", sorted(odd))
        if answer.output.get("data_cnt") is not None:
            h.expect(f"{infno} data_cnt", int(answer.output["data_cnt"]), len(rows))
        codes = {row[0] for row in rows}
        for item in h.facts.items:
            if FILE_OF.get(item.list_type) == infno:
                h.check(f"{infno} file states {item.code}", item.code in codes, "a row", f"none of {len(rows)}")
        if rows and not odd:
            newest = max(row[version - 1] for row in rows)
            h.sheet.notes.append(f"{infno}: {len(rows)} rows up to {newest}")
            nothing_newer(h, infno, newest)


def nothing_newer(h: Hospital, infno: str, version: str) -> None:
    """From the highest version on: a refusal, or a file without rows."""
    try:
        answer = h.call(infno, {"data": {"ver": version}})
        rows = fetch(h, answer.output["file_qury_no"], FIXED)
    except Failure as failure:
        h.check(f"{infno} from {version}", bool(failure.message), "an err_msg", "none")
    else:
        h.expect(f"{infno} rows newer than {version}", 0, len(rows))


def no_such_file(h: Hospital, person: Person) -> None:
    """9102 of an unknown number answers an envelope, not a file."""
    try:
        fetch(h, "0", FIXED)
    except Failure as failure:
        h.check("9102 of an unknown number", bool(failure.message), "an err_msg", "none")
    else:
        h.expect("9102 of an unknown number", "a refusal", "a file")


def page(h: Hospital, infno: str, number: int, size: int, **more: Any) -> tuple[Message, list[Message]]:
    """One page of a query: the counts and the rows."""
    data = {"updt_time": "1900-01-01", "page_num": number, "page_size": size, **more}
    answer = h.call(infno, {"data": data})
    if not isinstance(answer.output, dict):
        raise Malformed(infno, answer.status, answer.body)
    return answer.output, answer.output.get("data") or []


def queries(h: Hospital, person: Person) -> None:
    """The paged queries: pages do not overlap and together are all."""
    for infno in PAGED:
        counts, first = page(h, infno, 1, 3)
        h.check(f"{infno} page 1", len(first) <= 3, "at most 3 rows", len(first))
        if counts.get("recordCounts") is None:
            h.sheet.notes.append(f"{infno} has no recordCounts")
            continue
        total = int(counts["recordCounts"])
        h.expect(f"{infno} rows of page 1", min(3, total), len(first))
        if counts.get("pages") is not None:
            known = {-(-total // 3)} if total else {0, 1}  # nothing is no page, or one that is empty
            h.check(f"{infno} pages", int(counts["pages"]) in known, f"{known}", counts["pages"])
        seen = {str(row.get("rid")) for row in first}
        _, second = page(h, infno, 2, 3)
        h.expect(f"{infno} rows of page 2", max(0, min(3, total - 3)), len(second))
        again = seen & {str(row.get("rid")) for row in second if row.get("rid")}
        h.check(f"{infno} page 2", not again, "other rows than page 1", sorted(again))
        h.sheet.notes.append(f"{infno}: {total} rows")


def one_item(h: Hospital, person: Person) -> None:
    """1312 of each item of the facts states it once in force, with codes of the dictionaries."""
    for item in h.facts.items[:6]:
        _, rows = page(h, "1312", 1, 10, hilist_code=item.code)
        odd = [row.get("hilist_code") for row in rows if row.get("hilist_code") != item.code]
        h.check(f"1312 of {item.code}", bool(rows) and not odd, "rows of this code only", odd or "no row")


def dictionary(h: Hospital, person: Person) -> None:
    """1901."""
    asked = h.facts.other.get("dictionary", {"type": "INSUTYPE", "parent": "0"})
    data = {
        "type": asked["type"],
        "parentValue": asked.get("parent", "0"),
        "admdvs": h.facts.admdvs,
        "date": day(),
        "valiFlag": "1",
    }
    rows = h.call("1901", {"data": data}).node("list")
    h.check("1901 list", bool(rows), "at least one row", rows)
    for row in rows:
        h.expect("1901 list.type", asked["type"], row.get("type"))


def mapping(h: Hospital, person: Person) -> None:
    """3301 -> 1317 -> 3302."""
    asked = h.facts.other.get("mapping")
    if not asked:
        h.sheet.notes.append("facts.mapping: none, not run")
        return
    own, code, kind = asked["own"], asked["code"], asked["list_type"]
    row = {
        "fixmedins_hilist_id": own,
        "fixmedins_hilist_name": asked["name"],
        "list_type": kind,
        "med_list_codg": code,
        "begndate": day(),
        "enddate": "2099-12-31",
        "memo": "",
    }
    h.call("3301", {"data": [row]})
    mine = {"fixmedins_code": h.line.institution.code, "medins_list_codg": own}
    _, rows = page(h, "1317", 1, 10, **mine)
    found = [(each.get("medins_list_codg"), each.get("med_list_codg")) for each in rows if each.get("vali_flag") != "0"]
    h.expect("1317 after 3301", [(own, code)], found)
    data = {
        "fixmedins_hilist_id": own,
        "fixmedins_code": mine["fixmedins_code"],
        "list_type": kind,
        "med_list_codg": code,
    }
    h.call("3302", {"data": data})
    _, rows = page(h, "1317", 1, 10, **mine)
    h.expect("1317 after 3302", [], [each for each in rows if each.get("vali_flag") != "0"])
