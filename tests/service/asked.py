"""A day at the county's window: replies of the platform itself, by transaction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from openyibao.service.people.models import Coverage, Person
from service.county import HOSPITAL, PHARMACY, Window, add_person, build

WIDE = {"begntime": "2026-01-01 00:00:00", "endtime": "2026-12-31 23:59:59"}
PAGE = {"updt_time": "2020-01-01 00:00:00", "page_num": 1, "page_size": 10}
FILES = ("1301", "1302", "1303", "1305", "1306", "1307", "1308", "1309", "1310", "1311", "1313", "1314", "1315")
PAGED = ("1304", "1312", "1316", "1317", "1318", "1319")


class Replies:
    """Replies of ours to one person's visits, kept by transaction."""

    def __init__(self, person: Person) -> None:
        self.window, self.person = Window(), person
        self.kept: dict[str, dict[str, Any]] = {}

    @classmethod
    def of_a_day(cls) -> Replies:
        """To somebody with an account and an identity, at a hospital that bears a quarter above price limits."""
        person = add_person(build(borne_bp=2_500), identity="2303", account_fen=10_000)
        Coverage.objects.filter(person=person).update(employer="测试单位")
        found = cls(person)
        found.outpatient()
        found.inpatient()
        found.others()
        return found

    def done(self, infno: str, given: Any) -> Any:
        reply = self.window.ask(infno, given)
        assert reply["infcode"] == 0, (infno, reply["err_msg"])
        self.kept[infno] = reply
        return reply["output"]

    def outpatient(self) -> None:
        window, person = self.window, self.person
        certificate = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate}
        self.done("1101", {"data": {**certificate, "psn_cert_type": "01", "certno": person.certificate}})
        about = {"psn_no": person.psn_no, "insutype": "390", "begntime": "2026-03-01 08:00:00", "ipt_otp_no": "O-1"}
        who = {"atddr_no": "D1", "dr_name": "医", "dept_code": "01", "dept_name": "内科", "caty": "A03"}
        visit = self.done("2201", {"data": {**about, **certificate, **who}})["data"]["mdtrt_id"]
        rows = [window.line(person, visit, item, "", "B1", count="3") for item in ("D-001", "D-002", "D-003")]
        lines = self.done("2204", {"feedetail": rows})["result"]
        given = {"data": window.settle_data(person, visit, lines, account=True)}
        self.done("2206", given)
        settled = self.done("2207", given)["setlinfo"]["setl_id"]
        self.done("2208", {"data": {"psn_no": person.psn_no, "mdtrt_id": visit, "setl_id": settled}})

    def inpatient(self) -> None:
        """A stay that three funds, the account, the hospital and the person pay."""
        window, person = self.window, self.person
        visit = window.admit(person, "2026-03-02 08:00:00")
        wrong = [window.line(person, visit, "D-003", "W-1", "B1")]
        self.done("2301", {"feedetail": wrong})
        self.done("2302", {"data": [{"feedetl_sn": "W-1", "mdtrt_id": visit, "psn_no": person.psn_no}]})
        bought = {"D-001": "40000", "D-002": "10", "D-003": "5", "S-001": "7"}
        rows = [window.line(person, visit, item, "", "B1", count=times) for item, times in bought.items()]
        lines = self.done("2301", {"feedetail": rows})["result"]
        left = {"mdtrt_id": visit, "psn_no": person.psn_no, "insutype": "390", "endtime": "2026-03-09 10:00:00"}
        where = {"dscg_dept_codg": "01", "dscg_dept_name": "内科", "dscg_way": "1"}
        self.done("2402", {"dscginfo": {**left, **where}, "diseinfo": []})
        given = {"data": window.settle_data(person, visit, lines, account=True)}
        self.done("2303", given)
        settled = self.done("2304", given)["setlinfo"]["setl_id"]
        self.done("2305", {"data": {"psn_no": person.psn_no, "mdtrt_id": visit, "setl_id": settled}})

    def others(self) -> None:
        person = self.person
        about = {"psn_no": person.psn_no, "insutype": "390", "opsp_dise_code": "M03900", "opsp_dise_name": "高血压"}
        where = {"ide_fixmedins_no": HOSPITAL, "ide_fixmedins_name": "机构", "hosp_ide_date": "2026-03-01"}
        when = {"diag_dr_codg": "D1", "diag_dr_name": "医", "begndate": "2026-03-01", "enddate": "2026-12-31"}
        more = {"insu_optins": "999999", "tel": "1", "addr": "a"}
        self.done("2503", {"data": {**about, **where, **when, **more}})
        self.done("5301", {"data": {"psn_no": person.psn_no}})
        self.done("9001", {"signIn": {"opter_no": "001", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}})

    def rest(self) -> None:
        """What remains of the list, but 3201, 3202 and 4101A."""
        self.without_visit()
        self.filings()
        self.purchase()
        self.visits_cancelled()
        self.queries()

    def without_visit(self) -> None:
        person = self.person
        self.done("1201", {"medinsinfo": {"fixmedins_code": HOSPITAL}})
        for infno in FILES:
            self.done(infno, {"data": {"ver": "v0000"}})
        for infno in PAGED:
            self.done(infno, {"data": PAGE})
        about = {"type": "INSUTYPE", "parentValue": "0", "admdvs": "999999", "date": "2026-03-01", "valiFlag": "1"}
        self.done("1901", {"data": about})
        asked = {"psn_no": person.psn_no, "insutype": "390", "fixmedins_code": HOSPITAL, "med_type": "21"}
        self.done("2001", {"data": {**asked, "begntime": "2026-03-02 08:00:00"}})
        own = {"fixmedins_hilist_id": "own-9", "list_type": "101", "med_list_codg": "D-004"}
        self.done(
            "3301",
            {"data": [{**own, "fixmedins_hilist_name": "丁", "begndate": "2026-01-01", "enddate": "2026-12-31"}]},
        )
        self.done("3302", {"data": {**own, "fixmedins_code": HOSPITAL}})
        sent = {"filename": "a.txt", "fixmedins_code": HOSPITAL, "in": [1, 2]}
        self.done("9101", {"fsUploadIn": sent})
        order = {"rx_id": "1", "hilist_code": "D-003", "hosplist_code": "own-D-003", "cnt": 1, "pric": 5, "sumamt": 5}
        when = {"drord_begn_date": "2026-03-02 09:00:00", "drord_dr_codg": "D1"}
        encounter = {"mdtrt_id": "M1", "insutype": "390", "fsi_order_dtos": [{**order, **when}]}
        patient = {"patn_id": "P1", "poolarea": "999999", "fsi_encounter_dtos": [encounter]}
        for infno in ("3101", "3102"):
            self.done(infno, {"data": {"syscode": "HIS", "patient_dtos": [patient]}})

    def filings(self) -> None:
        person = self.person
        who = {"psn_no": person.psn_no, "insutype": "390"}
        place = {"reflin_medins_no": "H88888800001", "reflin_medins_name": "外地", "mdtrtarea_admdvs": "888888"}
        why = {"diag_code": "I10", "diag_name": "高血压", "refl_type": "1", "refl_rea": "病情", "refl_opnn": "同意"}
        when = {"refl_date": "2026-03-02", "begndate": "2026-03-02", "enddate": "2026-03-31"}
        referral = self.done("2501", {"refmedin": {**who, **place, **why, **when}})["result"]["trt_dcla_detl_sn"]
        choice = {"biz_appy_type": "03", "begndate": "2026-01-01", "fix_srt_no": "1"}
        where = {"fixmedins_code": HOSPITAL, "fixmedins_name": "机构"}
        chosen = self.done("2505", {"data": {**who, **choice, **where}})["result"]["trt_dcla_detl_sn"]
        disease = self.kept["2503"]["output"]["result"]["trt_dcla_detl_sn"]
        self.done("5302", {"data": {"psn_no": person.psn_no, "biz_appy_type": "03"}})
        self.done("5304", {"data": {"psn_no": person.psn_no, **WIDE}})
        for infno, number in (("2502", referral), ("2504", disease), ("2506", chosen)):
            self.done(infno, {"data": {"trt_dcla_detl_sn": number, "psn_no": person.psn_no, "memo": "错"}})

    def purchase(self) -> None:
        person, hospital = self.person, self.window
        self.window = Window(PHARMACY)
        rows = [self.window.line(person, "", "D-001", "S-1", count="5")]
        about = {"psn_no": person.psn_no, "mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate}
        what = {"insutype": "390", "begntime": "2026-03-02 08:00:00", "medfee_sumamt": 5, "med_type": "41"}
        given = {"druginfo": {**about, **what, "acct_used_flag": "1"}, "drugdetail": rows}
        self.done("2101", given)
        info = self.done("2102", given)["setlinfo"]
        self.done("2103", {"data": {name: info[name] for name in ("psn_no", "mdtrt_id", "setl_id")}})
        self.window = hospital

    def visits_cancelled(self) -> None:
        person, window = self.person, self.window
        visit = window.register(person)
        which = {"psn_no": person.psn_no, "mdtrt_id": visit}
        about = {**which, "med_type": "11", "begntime": "2026-03-02 08:00:00", "birctrl_type": "0"}
        for infno in ("2203", "2203A"):
            self.done(infno, {"mdtrtinfo": about, "diseinfo": [diagnosis("1")]})
        window.upload(person, visit, {"D-001": "1"}, "2204")
        self.done("2205", {"data": {**which, "chrg_bchno": "B1"}})
        number = window.done("5201", {"data": {"psn_no": person.psn_no, "med_type": "11", "mdtrt_id": visit, **WIDE}})
        self.done("2202", {"data": {**which, "ipt_otp_no": number["mdtrtinfo"][0]["ipt_otp_no"]}})
        given = self.admission()
        msgid = window.msgid()
        stay = window.done("2401", given, msgid)["result"]["mdtrt_id"]
        self.done("Y601", {"data": {"omsgid": msgid, "oinfno": "2401"}})
        self.done("2601", {"data": {"psn_no": person.psn_no, "omsgid": msgid, "oinfno": "2401"}})
        stay = self.done("2401", given)["result"]["mdtrt_id"]
        same = {"mdtrt_id": stay, "psn_no": person.psn_no}
        self.done("5303", {"data": WIDE})
        self.done("2403", {"adminfo": {**given["mdtrtinfo"], **same, "adm_bed": "2"}, "diseinfo": []})
        window.discharge(person, stay)
        self.done("2405", {"data": same})
        self.done("2404", {"data": same})

    def admission(self) -> dict[str, Any]:
        about = {"psn_no": self.person.psn_no, "insutype": "390", "begntime": "2026-03-02 08:00:00", "med_type": "21"}
        shown = {"mdtrt_cert_type": "02", "mdtrt_cert_no": self.person.certificate, "ipt_no": "I-9"}
        who = {"atddr_no": "D1", "chfpdr_name": "医", "adm_diag_dscr": "诊断", "adm_dept_codg": "01", "adm_bed": "1"}
        what = {"adm_dept_name": "内科", "dscg_maindiag_code": "I10", "dscg_maindiag_name": "高血压"}
        row = {**diagnosis("1"), "psn_no": self.person.psn_no, "maindiag_flag": "1"}
        return {"mdtrtinfo": {**about, **shown, **who, **what}, "diseinfo": [row]}

    def queries(self) -> None:
        person, window = self.person, self.window
        visit = window.register(person)
        which = {"psn_no": person.psn_no, "mdtrt_id": visit}
        about = {**which, "med_type": "11", "begntime": "2026-03-02 08:00:00"}
        window.done("2203", {"mdtrtinfo": about, "diseinfo": [diagnosis("1")]})
        lines = window.upload(person, visit, {"D-001": "20", "D-003": "1"}, "2204")
        settled = window.done("2207", {"data": window.settle_data(person, visit, lines)})["setlinfo"]["setl_id"]
        self.done("5201", {"data": {"psn_no": person.psn_no, "med_type": "11", **WIDE}})
        self.done("5202", {"data": which})
        self.done("5203", {"data": {**which, "setl_id": settled}})
        self.done("5204", {"data": {**which, "setl_id": settled}})
        self.done("5205", {"data": {"psn_no": person.psn_no, **WIDE}})
        self.done("5206", {"data": {"psn_no": person.psn_no}})
        self.done(
            "9002", {"signOut": {"sign_no": self.kept["9001"]["output"]["signinoutb"]["sign_no"], "opter_no": "001"}}
        )


def diagnosis(number: str) -> dict[str, Any]:
    about = {"diag_type": "1", "diag_srt_no": Decimal(number), "diag_code": "I10", "diag_name": "高血压"}
    who = {"diag_dept": "内科", "dise_dor_no": "D1", "dise_dor_name": "医", "vali_flag": "1"}
    return {**about, **who, "diag_time": "2026-03-02 08:30:00"}
