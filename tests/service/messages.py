"""Messages for tests: values, rows and nodes that fit the specification, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from openyibao.service.clock import CHINA
from openyibao.service.gateway.spec import Field, Node

LETTERS = st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"])
ENVELOPE = {
    "infno": "1101",
    "msgid": "H99999900001202601020304050001",
    "mdtrtarea_admvs": "999999",
    "insuplc_admdvs": "999999",
    "recer_sys_code": "YBXT",
    "infver": "V1.0",
    "opter_type": "1",
    "opter": "0001",
    "opter_name": "测试人员",
    "inf_time": "2026-01-02 03:04:05",
    "fixmedins_code": "H99999900001",
    "fixmedins_name": "柳县人民医院",
    "sign_no": "1",
    "input": {},
}
"""An envelope that is read; of a county that does not exist."""


def value(field: Field) -> st.SearchStrategy[Any]:
    """A value of the field's type and within its bounds."""
    if field.type == "number":
        part = field.decimals if field.decimals is not None else 2
        whole = min((field.length or 12) - part, 12)
        most = 10 ** (whole + part) - 1
        return st.integers(-most, most).map(lambda number: Decimal(number).scaleb(-part))
    if field.type == "date":
        return st.dates(date(1800, 1, 1), date(9999, 12, 31))
    if field.type == "datetime":
        moments = st.datetimes(datetime(1800, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001
        return moments.map(lambda moment: moment.replace(microsecond=0, tzinfo=CHINA))
    if field.type == "bytes":
        return st.binary(min_size=1, max_size=20)
    texts = st.text(LETTERS, min_size=1, max_size=min(field.length or 20, 20))
    return st.lists(texts, min_size=1, max_size=3) if field.type == "texts" else texts


@st.composite
def row(draw: st.DrawFn, node: Node) -> dict[str, Any]:
    """A row with all required fields and some of the others; what is not drawn is None."""
    found: dict[str, Any] = {}
    for name, field in node.fields.items():
        found[name] = draw(value(field)) if field.required or draw(st.booleans()) else None
    for name, inner in node.nodes.items():
        found[name] = draw(content(inner))
    return found


def content(node: Node) -> st.SearchStrategy[Any]:
    return st.lists(row(node), max_size=2) if node.many else row(node)


def nodes(given: Mapping[str, Node]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: content(node) for name, node in given.items()})


def written(found: Any) -> Any:
    """Values as a client writes them in JSON, by the interface's own forms."""
    if isinstance(found, dict):
        return {name: written(each) for name, each in found.items() if each is not None}
    if isinstance(found, list):
        return [written(each) for each in found]
    if isinstance(found, bytes):
        return list(found)
    if isinstance(found, datetime):
        return found.strftime("%Y-%m-%d %H:%M:%S")
    return found.isoformat() if isinstance(found, date) else found
