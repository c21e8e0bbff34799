"""A small county for tests: a hospital, a pharmacy, persons, and the requests of the national interface."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from openyibao.service.institutions.models import Agreement, Institution, Mapping
from openyibao.service.organisation.models import Body, Region
from openyibao.service.people.models import Account, Coverage, Identity, Person

HOSPITAL, PHARMACY = "H99999900001", "P99999900001"
YEAR = DateRange(date(2026, 1, 1), date(2027, 1, 1))
ALWAYS = DateRange(date(2020, 1, 1), None)
ITEMS = {"D-001": "1.00", "D-002": "10.00", "D-003": "5.00", "S-001": "40.00"}
_ids = count(1)


def build(policy: str = "teaching/willow-county-2026", borne_bp: int = 0) -> Region:
    """The county, with its law, its two institutions, and every item of ITEMS mapped."""
    body = Body.objects.create(
        code="999999", name_zh="柳县", name_en="Willow County", level="district", path="/999999/"
    )
    region = Region.objects.create(body=body, policies={"resident": policy}, catalogue="teaching/willow-county-2026")
    for code, kind, grade in ((HOSPITAL, "1", "05"), (PHARMACY, "2", "")):
        about = {"name": f"机构{code}", "credit_code": f"91{code}", "kind": kind, "grade": grade}
        one = Institution.objects.create(code=code, body=body, **about)
        Agreement.objects.create(
            institution=one, number=f"A-{code}", state="in force", period=ALWAYS, over_limit_borne_bp=borne_bp
        )
        for item in ITEMS:
            Mapping.objects.create(
                institution=one, own_code=f"own-{item}", own_name=item, item_code=item, kind="101", period=ALWAYS
            )
    return region


def add_person(
    region: Region,
    number: int = 1,
    *,
    identity: str = "",
    account_fen: int | None = None,
    family_fen: int | None = None,
) -> Person:
    """An insured adult; the certificate's region does not exist."""
    person = Person.objects.create(
        psn_no=f"P{number:09d}",
        certificate=f"99999919800101{number:04d}",
        name=f"测试{number}",
        sex="1",
        born=date(1980, 1, 1),
    )
    Coverage.objects.create(
        person=person,
        region=region,
        scheme="resident",
        insurance="390",
        kind="1501",
        joined=date(2020, 1, 1),
        period=YEAR,
    )
    if identity:
        Identity.objects.create(person=person, code=identity, period=ALWAYS)
    for family, fen in ((False, account_fen), (True, family_fen)):
        if fen is not None:
            account = Account.objects.create(
                number=f"{'F' if family else 'A'}{number}", region=region, family=family, owner=person, balance_fen=fen
            )
            if family:
                account.members.add(person)
    return person


class Window:
    """A hospital's window: builds envelopes and asks."""

    def __init__(self, institution: str = HOSPITAL) -> None:
        self.client, self.institution = Client(), institution

    def msgid(self) -> str:
        second, serial = divmod(next(_ids), 10_000)
        return f"{self.institution}20261122{120000 + second:06d}{serial:04d}"

    def raw(self, infno: str, given: Any, msgid: str | None = None, **more: Any) -> bytes:
        message = {
            "infno": infno,
            "msgid": msgid or self.msgid(),
            "mdtrtarea_admvs": "999999",
            "insuplc_admdvs": "999999",
            "recer_sys_code": "T",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "001",
            "opter_name": "测试",
            "inf_time": "2026-11-22 12:00:00",
            "fixmedins_code": self.institution,
            "fixmedins_name": "机构",
            "sign_no": "1",
            "input": given,
            **more,
        }
        body = json.dumps(message, ensure_ascii=False, default=str).encode()
        path = "/fsi/api/rsfComIfsService/callService"
        return self.client.post(path, body, content_type="application/json").content

    def ask(self, infno: str, given: Any, msgid: str | None = None) -> dict[str, Any]:
        """The reply, with exact numbers."""
        return json.loads(self.raw(infno, given, msgid), parse_float=Decimal)

    def done(self, infno: str, given: Any, msgid: str | None = None) -> dict[str, Any]:
        """The output of a request that must be carried out."""
        reply = self.ask(infno, given, msgid)
        assert reply["infcode"] == 0, reply["err_msg"]
        return reply["output"]

    def refused(self, infno: str, given: Any, code: str, msgid: str | None = None) -> str:
        """The text of a request that must be refused with a code."""
        reply = self.ask(infno, given, msgid)
        assert reply["infcode"] == -1 and reply["err_msg"].startswith(code), reply
        return reply["err_msg"]

    # -- whole steps

    def register(self, person: Person, day: str = "2026-03-02 08:00:00") -> str:
        given = {
            "psn_no": person.psn_no,
            "insutype": "390",
            "begntime": day,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate,
            "ipt_otp_no": f"O{next(_ids)}",
            "atddr_no": "D1",
            "dr_name": "医",
            "dept_code": "01",
            "dept_name": "内科",
            "caty": "A03",
        }
        return self.done("2201", {"data": given})["data"]["mdtrt_id"]

    def admit(self, person: Person, day: str = "2026-03-02 08:00:00") -> str:
        given = {
            "psn_no": person.psn_no,
            "insutype": "390",
            "begntime": day,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate,
            "med_type": "21",
            "ipt_no": f"I{next(_ids)}",
            "atddr_no": "D1",
            "chfpdr_name": "医",
            "adm_diag_dscr": "诊断",
            "adm_dept_codg": "01",
            "adm_dept_name": "内科",
            "adm_bed": "1",
            "dscg_maindiag_code": "I10",
            "dscg_maindiag_name": "高血压",
        }
        return self.done("2401", {"mdtrtinfo": given, "diseinfo": []})["result"]["mdtrt_id"]

    def line(self, person: Person, visit: str, item: str, number: str, batch: str = "", **more: Any) -> dict[str, Any]:
        price = Decimal(more.pop("price", None) or ITEMS[item])
        times = Decimal(more.pop("count", "1"))
        return {
            "feedetl_sn": f"L{next(_ids)}",
            "mdtrt_id": visit,
            "psn_no": person.psn_no,
            "chrg_bchno": batch,
            "rx_circ_flag": "0",
            "fee_ocur_time": "2026-03-02 09:00:00",
            "med_list_codg": item,
            "med_type": "21",
            "medins_list_codg": f"own-{item}",
            "det_item_fee_sumamt": (price * times).quantize(Decimal("0.01"), ROUND_HALF_UP),
            "cnt": times,
            "pric": price,
            "bilg_dept_codg": "01",
            "bilg_dept_name": "内科",
            "bilg_dr_codg": "D1",
            "bilg_dr_name": "医",
            "hosp_appr_flag": "1",
            **({"feedetl_sn": number} if number else {}),
            **more,
        }

    def upload(self, person: Person, visit: str, amounts: dict[str, str], infno: str, batch: str = "B1") -> list[Any]:
        rows = [self.line(person, visit, item, "", batch, count=times) for item, times in amounts.items()]
        return self.done(infno, {"feedetail": rows})["result"]

    def discharge(self, person: Person, visit: str, day: str = "2026-03-09 10:00:00") -> None:
        given = {
            "mdtrt_id": visit,
            "psn_no": person.psn_no,
            "insutype": "390",
            "endtime": day,
            "dscg_dept_codg": "01",
            "dscg_dept_name": "内科",
            "dscg_way": "1",
        }
        self.done("2402", {"dscginfo": given, "diseinfo": []})

    def settle_data(self, person: Person, visit: str, lines: list[Any], *, account: bool = False) -> dict[str, Any]:
        fields = {
            "fulamt_ownpay_amt": "fulamt_ownpay_amt",
            "overlmt_selfpay": "overlmt_amt",
            "preselfpay_amt": "preselfpay_amt",
            "inscp_scp_amt": "inscp_scp_amt",
            "medfee_sumamt": "det_item_fee_sumamt",
        }
        sums = {name: sum(Decimal(line[field]) for line in lines) for name, field in fields.items()}
        return {
            "psn_no": person.psn_no,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate,
            "med_type": "11",
            "psn_setlway": "01",
            "mdtrt_id": visit,
            "chrg_bchno": "B1",
            "insutype": "390",
            "mid_setl_flag": "0",
            "acct_used_flag": "1" if account else "0",
            **sums,
        }


def now() -> datetime:
    from openyibao.service.clock import now as clock

    return clock()
