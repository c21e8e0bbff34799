"""The settlement list of a settlement (4101A): taken once it agrees with the visit and the settlement it is about."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.gateway import lookup
from openyibao.service.gateway.calls import ROOT, Call, Node, Output, answers
from openyibao.service.gateway.models import SettlementList
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.visits import plain
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.models import Settlement
from openyibao.service.settlements.store import as_it_stands

NURSING = ("spga_nurscare_days", "lv1_nurscare_days", "scd_nurscare_days", "lv3_nurscare_days")
WESTERN = "1"
AMOUNTS = {
    "medfee_sumamt": "total_fen",
    "fund_pay_sumamt": "funds_fen",
    "psn_cash_pay": "cash_fen",
    "fulamt_ownpay_amt": "fully_self_paid_fen",
}


@answers("4101A", writes=True)
def settlement_list(call: Call) -> Output:
    """Keep the list of a settlement that stands; sent again it takes the place of the one before, under its number."""
    info = call.node("setlinfo")
    visit = lookup.visit_of(call, info.get("mdtrt_id"), info.get("psn_no"))
    rows = Settlement.objects.select_for_update(of=("self",)).filter(setl_id=info.get("setl_id") or "", visit=visit)
    settlement = rows.select_related("visit").first()
    if settlement is None or settlement.reverses_id is not None:
        raise Refused("unknown settlement", setl_id=info.get("setl_id") or "-", psn_no=visit.person.psn_no)
    if Settlement.objects.filter(reverses=as_it_stands(settlement)).exists():
        raise Refused("not standing", setl_id=settlement.setl_id)
    wrong = list(_wrong(settlement, info, call.rows("diseinfo"), call.rows("icuinfo")))
    if wrong:
        zh, en = "；".join(one.zh for one in wrong), "; ".join(one.en for one in wrong)
        raise Refused("list differs", setl_id=settlement.setl_id, problems=Bilingual(zh, en))
    data = {name: plain(value) for name, value in call.input.items() if value}
    made, _ = SettlementList.objects.update_or_create(
        settlement=settlement,
        defaults={"data": data, "uploaded": call.now},
        create_defaults={
            "number": f"{call.now:%Y%m%d}{secrets.randbelow(10**16):016d}",
            "data": data,
            "uploaded": call.now,
        },
    )
    return {ROOT: {"setl_list_id": made.number}}


def _wrong(settlement: Settlement, info: Node, diagnoses: list[Node], wards: list[Node]) -> Iterator[Bilingual]:
    """What of the list contradicts the visit or itself. What was not stated contradicts nothing.

    4101A states no amounts of its own; where a client sends them all the same they must be those of the settlement.
    """
    visit = settlement.visit
    begun, settled = day_of(visit.begun), settlement.day
    ended = day_of(visit.ended) if visit.ended else settled
    if visit.kind == "inpatient":
        yield from _same("adm_time", info.get("adm_time"), begun)
        if visit.ended:
            yield from _same("dscg_time", info.get("dscg_time"), ended)
        nursing = sum(int(info[name]) for name in NURSING if info.get(name) is not None)
        most = (max(ended, settled) - begun).days + 1
        if nursing > most:
            yield Bilingual(
                f"护理天数合计 {nursing}，住院至多 {most} 天", f"{nursing} nursing days in a stay of {most}"
            )
    first, last = info.get("setl_begn_date"), info.get("setl_end_date")
    if first and last and last < first:
        yield Bilingual(f"结算结束日期 {last} 早于开始日期 {first}", f"setl_end_date {last} before {first}")
    if last and last > settled:
        yield Bilingual(
            f"结算结束日期 {last} 晚于结算日 {settled}", f"setl_end_date {last} after the settlement, {settled}"
        )
    main = [one for one in diagnoses if one["diag_type"] == WESTERN and one.get("maindiag_flag") == "1"]
    if visit.kind == "inpatient" and len(main) != 1:
        yield Bilingual(f"西医主诊断应有 1 个，实为 {len(main)} 个", f"{len(main)} western main diagnoses, expected 1")
    for place, ward in enumerate(wards, 1):
        if ward["scs_cutd_exit_time"] < ward["scs_cutd_inpool_time"]:
            yield Bilingual(f"icuinfo[{place}] 退出早于进入", f"icuinfo[{place}] ends before it begins")
    for name, ours in AMOUNTS.items():
        if info.get(name) is not None and info[name].scaleb(2) != getattr(settlement, ours):
            yield Bilingual(f"{name} 与结算不符", f"{name} differs from the settlement")


def _same(name: str, stated: Any, known: Any) -> Iterator[Bilingual]:
    if stated is not None and lookup.as_day(stated) != known:
        day = lookup.as_day(stated)
        yield Bilingual(f"{name} 为 {day}，就诊登记为 {known}", f"{name} is {day}, the visit has {known}")
