"""Replies against the tables of the text: required fields, types, lengths, code values. Unknown fields are ignored."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from client import tables
from client.checks import Wrong, number
from client.tables import Field, Node

# Declared shorter than what lives (dictionary INSU_FEATURE_LENGTHS).
LONGER = {"psn_no", "cum_type_code", "psn_idet_type", "err_msg"}
# Coded fields whose dictionary has another name.
NAMED = {
    "valiflag": "VALI_FLAG",
    "agnter_cert_type": "PSN_CERT_TYPE",
    "hilist_lv": "CHRGITM_LV",
    "lmtpric_hosp_lv": "HOSP_LV",
    "dedc_hosp_lv": "HOSP_LV",
    "insu_admdvs": "ADMDVS",
    "poolarea_no": "ADMDVS",
}
# Declared coded in the text by a slip of the columns: an id is no code.
NO_CODES = {"mdtrt_id", "psn_no"}
# The text itself says that there are local codes beside these.
LOCAL = {"FUND_PAY_TYPE", "PSN_IDET_TYPE", "MED_TYPE", "CLR_TYPE"}
DIVISION = re.compile(r"\d{6}")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
SPELLINGS = {"parent_value": "parentValue", "vali_flag": "valiFlag", "create_user": "createUser"}
SPELLINGS["create_date"] = "createDate"


def code_fits(dictionary: str, value: str) -> bool:
    """Whether a value is of a dictionary, whose codes may be ranges (01-56) or patterns (99xx)."""
    if dictionary in ("ADMDVS", "CLR_OPTINS"):
        return bool(DIVISION.fullmatch(value))
    codes = tables.dictionaries()[dictionary]
    for code in codes:
        low, dash, high = code.partition("-")
        if code == value:
            return True
        if dash and value.isdecimal() and len(value) == len(low) and low <= value <= high:
            return True
        if "x" in code and re.fullmatch(code.replace("x", r"\d"), value):
            return True
    if dictionary == "FUND_PAY_TYPE":  # the code of a pool area ends in 1
        return value[:-1] + "0" in codes or bool(re.fullmatch(r"99999\d+|\d{6}", value))
    if dictionary == "PSN_TYPE":  # six digits: a local extension of a code of four
        return len(value) == 6 and value[:4] in codes
    return dictionary in LOCAL and value.isdecimal() and value[:2] in {code[:2] for code in codes}


def of_text(field: Field, value: Any) -> str:
    """What is wrong with a value of a text field; "" if nothing."""
    if field.name == "hifdm_pay":  # declared as text with the length of a number
        return of_number(field, value)
    if not isinstance(value, str):
        return "text"
    if field.length.isdecimal() and len(value) > int(field.length) and field.name not in LONGER:
        return f"at most {field.length} characters"
    name = field.name.lower()
    dictionary = NAMED.get(name, name.upper())
    known = field.coded and field.name not in NO_CODES and dictionary in tables.dictionaries()
    return f"a code of {dictionary}" if known and not code_fits(dictionary, value) else ""


def of_number(field: Field, value: Any) -> str:
    try:
        found = number(value)
    except ValueError:
        return "a number"
    if isinstance(value, str) and field.kind != "string":
        return "a JSON number, not text"
    if found is None or not re.fullmatch(r"\d+(,\d+)?", field.length):
        return "" if found is not None else "a number"
    digits, _, decimals = field.length.partition(",")
    if field.kind == "BigDecimal" and not decimals:  # the text states no decimals of these, and a limit has some
        return "" if abs(found) < 10 ** int(digits) else f"a number of {field.length} digits"
    places = int(decimals or 0)
    exponent = Decimal(found).normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        return f"at most {places} decimals"
    return "" if abs(found) < 10 ** (int(digits) - places) else f"a number of {field.length} digits"


def of_date(field: Field, value: Any) -> str:
    """Dates are yyyy-MM-dd, moments yyyy-MM-dd HH:mm:ss; what the text calls a date may have a time of day."""
    if isinstance(value, str) and (MOMENT.fullmatch(value) or (field.kind == "date" and DATE.fullmatch(value))):
        try:
            datetime.datetime.fromisoformat(value)
            return ""
        except ValueError:
            return "a day of the calendar"
    return "yyyy-MM-dd" if field.kind == "date" else "yyyy-MM-dd HH:mm:ss"


def of_value(field: Field, value: Any) -> str:
    if field.kind == "string":
        return of_text(field, value)
    if field.kind in ("number", "BigDecimal"):
        return of_number(field, value)
    if field.kind == "整型":
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    return of_date(field, value) if field.kind in ("date", "datetime") else ""


def row(infno: str, node: Node, found: dict[str, Any], where: str) -> list[Wrong]:
    wrong = []
    for field in node.fields:
        value = found.get(field.name)
        if value is None or value == "":
            other = next((a if b == field.name else b for a, b in SPELLINGS.items() if field.name in (a, b)), "")
            spelled = infno == "1901" and found.get(other) is not None
            if field.required in ("Y", "y") and not field.regional and field.name not in found and not spelled:
                wrong.append(Wrong(f"{where}.{field.name}", "a value (required)", "nothing"))
            elif field.required in ("Y", "y") and not field.regional and value is None and not spelled:
                wrong.append(Wrong(f"{where}.{field.name}", "a value (required)", "null"))
            elif value == "" and field.required == "Y" and infno != "1901":
                wrong.append(Wrong(f"{where}.{field.name}", "a value (required)", "empty text"))
        elif expected := of_value(field, value):
            wrong.append(Wrong(f"{where}.{field.name}", expected, repr(value)[:80]))
    return wrong


def places(output: Any, path: list[str], where: str) -> Iterator[tuple[str, Any]]:
    """Every value that lies at a dotted place; lists on the way are gone through."""
    if isinstance(output, list) and path:
        for index, each in enumerate(output):
            yield from places(each, path, f"{where}[{index}]")
    elif not path:
        yield where, output
    elif isinstance(output, dict):
        yield from places(output.get(path[0]), path[1:], f"{where}.{path[0]}")
    else:
        yield where, None


def reply(infno: str, output: Any) -> list[Wrong]:
    """The output of a transaction against the nodes of the text."""
    known = tables.transactions().get(infno)
    if known is None:
        return []
    wrong: list[Wrong] = []
    for node in known.output:
        path = [] if node.name == "(root)" else node.name.split(".")
        for where, found in places(output, path, infno):
            wrong += one_node(infno, node, where, found, nested=len(path) > 1)
    return wrong


def one_node(infno: str, node: Node, where: str, found: Any, nested: bool) -> list[Wrong]:
    if found is None and (nested or not any(field.required in ("Y", "y") for field in node.fields)):
        return []
    if node.many:
        if found is None:  # a list without rows may be left out
            return []
        if not isinstance(found, list):
            return [Wrong(where, "a list", type(found).__name__)]
        wrong: list[Wrong] = []
        for index, each in enumerate(found):
            if isinstance(each, dict):
                wrong += row(infno, node, each, f"{where}[{index}]")
            else:
                wrong.append(Wrong(f"{where}[{index}]", "an object", type(each).__name__))
        return wrong
    if not isinstance(found, dict):
        return [Wrong(where, "an object", type(found).__name__)]
    return row(infno, node, found, where)


def header(envelope: dict[str, Any]) -> list[Wrong]:
    """The envelope of a reply (section 2.2)."""
    wrong = []
    if str(envelope.get("infcode")) == "0" and not re.fullmatch(
        r"\d{6}\d{14}\d{1,10}", str(envelope.get("inf_refmsgid"))
    ):
        wrong.append(Wrong("inf_refmsgid", "division, yyyyMMddHHmmss, serial", repr(envelope.get("inf_refmsgid"))))
    for name in ("refmsg_time", "respond_time"):
        value = envelope.get(name)
        if value not in (None, "") and not re.fullmatch(r"\d{17}", str(value)):
            wrong.append(Wrong(name, "yyyyMMddHHmmssSSS", repr(value)))
    if "output" not in envelope:
        wrong.append(Wrong("output", "a key of the envelope", "nothing"))
    return wrong
