"""Ready requests of the national interface for a person at an institution, made from the interface's specification.

message("2201", about)                 what can be sent as it is
message("2207", about, mdtrt_id=...)   with what earlier replies gave; without it, a place to fill in: `<mdtrt_id>`
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from openyibao.service.gateway.spec import Field, Node, transaction
from openyibao.service.institutions.models import Institution
from openyibao.service.people.models import Coverage, Person

STAY_DAYS = 5
FLOWS = {
    "outpatient": ("2201", "2203", "2204", "2206", "2207"),
    "inpatient": ("2401", "2301", "2402", "2303", "2304"),
    "pharmacy": ("2102",),
}
CARE = {"outpatient": "11", "inpatient": "21", "pharmacy": "41"}
BASKETS: dict[str, dict[str, tuple[tuple[str, str, str], ...]]] = {
    "teaching": {
        "outpatient": (("D-001", "20", "5"),),
        "inpatient": (("D-001", "1000", "9.875"), ("S-001", "5", "25")),
        "pharmacy": (("D-001", "10", "5"),),
    },
    "chongqing": {
        "outpatient": (("CQ-DRUG-A", "2", "50"),),
        "inpatient": (("CQ-DRUG-A", "100", "100"),),
        "pharmacy": (("CQ-DRUG-A", "1", "50"),),
    },
}
"""Item, count and price (yuan) of what is charged, by the folder of the region's catalogue and the kind of visit."""
PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
_serial = count(secrets.randbelow(10_000))


def _next() -> str:
    """Four digits that differ from those before; where they begin differs between processes."""
    return f"{next(_serial) % 10_000:04d}"


@dataclass(frozen=True)
class About:
    """Who is treated where, when and how; `kind` is outpatient, inpatient or pharmacy."""

    person: Person
    coverage: Coverage
    institution: Institution
    kind: str
    moment: datetime
    basket: tuple[tuple[str, str, str], ...] = ()
    serial: str = field(default_factory=_next)

    @property
    def charged(self) -> tuple[tuple[str, str, str], ...]:
        return self.basket or BASKETS[self.coverage.region.catalogue.split("/")[0]][self.kind]

    @property
    def total(self) -> str:
        from decimal import Decimal

        return f"{sum(Decimal(number) * Decimal(price) for _, number, price in self.charged):.2f}"

    @property
    def begun(self) -> datetime:
        return self.moment - timedelta(days=STAY_DAYS) if self.kind == "inpatient" else self.moment


def message_id(about: About) -> str:
    """A message id as the interface wants it: the institution, the moment, four digits."""
    return f"{about.institution.code}{about.moment:%Y%m%d%H%M%S}{_next()}"


def message(infno: str, about: About, msgid: str = "", **known: Any) -> dict[str, Any]:
    """The whole message of a transaction; what it needs of earlier replies is `known`, or stands as `<name>`."""
    spec = transaction(infno)
    values = {**_values(about, infno), **known}
    content: dict[str, Any] = {}
    for name, node in spec.inputs.items():
        if node.regional:
            continue
        rows = _rows(name, node, about, values)
        if rows:
            content[name] = rows if node.many else rows[0]
    return {
        "infno": infno,
        "msgid": msgid or message_id(about),
        "mdtrtarea_admvs": about.institution.body.code[:6],
        "insuplc_admdvs": about.coverage.region.body.code[:6],
        "recer_sys_code": "YBXT",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0001",
        "opter_name": "沙箱经办",
        "inf_time": f"{about.moment:%Y-%m-%d %H:%M:%S}",
        "fixmedins_code": about.institution.code,
        "fixmedins_name": about.institution.name,
        "sign_no": "",
        "input": content,
    }


def _rows(name: str, node: Node, about: About, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if name in ("feedetail", "drugdetail"):
        return [_row(node, {**values, **_charge(number, one)}) for number, one in enumerate(about.charged, 1)]
    return [_row(node, values)]


def _charge(number: int, one: tuple[str, str, str]) -> dict[str, Any]:
    from decimal import Decimal

    item, amount, price = one
    return {
        "feedetl_sn": str(number),
        "med_list_codg": item,
        "medins_list_codg": f"OWN-{item}",
        "cnt": float(amount) if "." in amount else int(amount),
        "pric": float(price) if "." in price else int(price),
        "det_item_fee_sumamt": float(Decimal(amount) * Decimal(price)),
    }


def _row(node: Node, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row: those that are known, and for the others that are required something that fits."""
    found: dict[str, Any] = {}
    for one in node.fields.values():
        if one.regional:
            continue
        if one.name in values:
            found[one.name] = values[one.name]
        elif one.required:
            found[one.name] = _filler(one, values)
    return found


def _filler(field: Field, values: Mapping[str, Any]) -> Any:
    if field.type == "datetime":
        return values["now"]
    if field.type == "date":
        return values["now"][:10]
    if field.type == "number":
        return 0
    return "1" if field.coded or field.length < len("示例") else "示例"[: field.length]


def _values(about: About, infno: str) -> dict[str, Any]:
    """What the fields of the interface are for this person, place and day, by their names."""
    person, now = about.person, f"{about.moment:%Y-%m-%d %H:%M:%S}"
    number = f"SB{about.moment:%Y%m%d%H%M%S}{about.serial}"
    begun = f"{about.begun:%Y-%m-%d %H:%M:%S}"
    inpatient = about.kind == "inpatient"
    return {
        "now": now,
        "psn_no": person.psn_no,
        "psn_name": person.name,
        "psn_cert_type": person.certificate_type,
        "certno": person.certificate,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person.certificate,
        "insutype": about.coverage.insurance,
        "med_type": CARE[about.kind],
        "begntime": begun,
        "endtime": now,
        "fee_ocur_time": now,
        "diag_time": begun,
        "ipt_otp_no": number,
        "ipt_no": number,
        "mdtrt_id": "<mdtrt_id>",
        "setl_id": "<setl_id>",
        "chrg_bchno": number,
        "medfee_sumamt": float(about.total),
        **{part: f"<{part}>" for part in PARTS},
        "psn_setlway": "01",
        "acct_used_flag": "0",
        "mid_setl_flag": "0",
        "diag_code": "J18.900",
        "diag_name": "肺炎",
        "diag_type": "1",
        "diag_srt_no": 1,
        "maindiag_flag": "1",
        "vali_flag": "1",
        "dscg_maindiag_code": "J18.900",
        "dscg_maindiag_name": "肺炎",
        "adm_diag_dscr": "肺炎",
        "main_cond_dscr": "示例",
        "dscg_way": "1",
        "hosp_appr_flag": "0",
        "rx_circ_flag": "0",
        "oinfno": "2304" if inpatient else "2207",
        "omsgid": "<omsgid>",
        "fixmedins_code": about.institution.code,
        "fixmedins_name": about.institution.name,
        "fixmedins_type": about.institution.kind,
        "opter_no": "0001",
        "caty": "A03",
    }
