"""Detail audit of orders before (3101) and during (3102) care, by the catalogue and by arithmetic alone.

No rule here is medical: the catalogue states neither sex nor age nor what goes together. The rules:

    R01  the item is not in the region's catalogue
    R02  the catalogue has no version of the item on the day of the order
    R03  the price is above the price limit of the catalogue
    R04  the amount is not count x price, rounded half-up to the fen
    R05  the same order twice: the same identifier, or the same item, day, count, price and doctor in a group
    R06  the item is class C: the person pays all of it
    R07  the own code is not mapped to the item that is stated (3301)
    R08  the catalogue does not know what the line would be split by

`vola_amt` is the amount concerned: above the limit, the difference, or the whole line. Own codes, as the text names
none: vola_amt_stas 1 worked out, 0 not; sev_deg 1 note, 2 warning, 3 would be refused on upload; vola_bhvr_type 1 not
covered, 2 price, 3 arithmetic, 4 repeated, 5 mapping.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from openyibao.catalogue import Catalogue, FeeLine, LinesError, split_lines
from openyibao.service.gateway import lookup
from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.fees import LEVELS
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Mapping as Mapped
from openyibao.service.organisation.models import Region
from openyibao.service.settlements.claims import day_of, word
from openyibao.service.settlements.law import catalogue_of
from openyibao.service.settlements.lines import yuan

NOTE, WARNING, REFUSED = "1", "2", "3"
NOT_COVERED, PRICE, ARITHMETIC, REPEATED, MAPPING = "1", "2", "3", "4", "5"
MOST_ORDERS = 5000
FEN = Decimal("0.01")
BEYOND = Decimal(10) ** 14
"""An amount that the interface's 16 digits do not hold is not stated."""
SCHEMES = {"310": "employee", "390": "resident"}
BROKEN = "1"
"""vola_item_type: the order that breaks the rule (2 would be one that is concerned)."""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    severity: str
    behaviour: str


RULES = {
    "R01": Rule("项目不在医保目录", REFUSED, NOT_COVERED),
    "R02": Rule("当日目录无有效版本", REFUSED, NOT_COVERED),
    "R03": Rule("单价超过限价", WARNING, PRICE),
    "R04": Rule("金额不等于数量乘单价", REFUSED, ARITHMETIC),
    "R05": Rule("重复医嘱", WARNING, REPEATED),
    "R06": Rule("丙类项目，全额自费", NOTE, NOT_COVERED),
    "R07": Rule("机构编码未对照到该项目", REFUSED, MAPPING),
    "R08": Rule("目录未载明拆分依据", REFUSED, NOT_COVERED),
}


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    text: str
    amount: Decimal | None
    order: Node


@answers("3101", "3102")
def audit(call: Call) -> Output:
    """The findings of all orders of all patients, those of the rules that were asked for, else all."""
    node = call.node()
    wanted = frozenset(RULES) if node.get("trig_scen") or not node.get("rule_ids") else frozenset(node["rule_ids"])
    rows = []
    left = MOST_ORDERS
    for patient in node.get("patient_dtos") or ():
        for encounter in patient.get("fsi_encounter_dtos") or ():
            orders = encounter.get("fsi_order_dtos") or []
            left -= len(orders)
            if left < 0:
                raise Refused("too many rows", most=MOST_ORDERS)
            place = _Place.of(call, patient, encounter)
            found = (one for one in place.findings(orders) if one.rule in wanted)
            rows += [_row(one, patient, encounter, node) for one in found]
    return {"result": rows}


@dataclass(frozen=True, slots=True)
class _Place:
    """By what orders are audited: the catalogue where the patient is insured, the facts of the place, the mapping."""

    catalogue: Catalogue
    facts: Mapping[str, str]
    mapped: frozenset[tuple[str, str]]
    mapped_codes: frozenset[str]
    today: date

    @classmethod
    def of(cls, call: Call, patient: Node, encounter: Node) -> _Place:
        asked = Region.objects.select_related("body").filter(body__code=patient.get("poolarea") or "").first()
        region = asked or lookup.region_of(call.institution)  # the institution itself may lie in no region
        facts = {"locality": "local" if lookup.lies_in(call.institution, region) else "unfiled"}
        if call.institution.grade:
            facts["grade"] = word("grade", call.institution.grade)
        scheme = SCHEMES.get(encounter.get("insutype") or "")
        if scheme:
            facts["scheme"] = scheme
        own = {order.get("hosplist_code") or "" for order in encounter.get("fsi_order_dtos") or ()}
        today = day_of(call.now)
        pairs = Mapped.objects.filter(institution=call.institution, own_code__in=own, period__contains=today)
        known = frozenset(pairs.values_list("own_code", "item_code"))
        return cls(catalogue_of(region), facts, known, frozenset(code for code, _ in known), today)

    def findings(self, orders: list[Node]) -> Iterator[Finding]:
        seen: set[tuple[Any, ...]] = set()
        for order in orders:
            yield from self._arithmetic(order)
            yield from self._repeated(order, seen)
            yield from self._mapping(order)
            yield from self._covered(order)

    def _arithmetic(self, order: Node) -> Iterator[Finding]:
        if None in (order.get("cnt"), order.get("pric"), order.get("sumamt")):
            return
        expected = (order["cnt"] * order["pric"]).quantize(FEN, ROUND_HALF_UP)
        if expected != order["sumamt"]:
            text = f"{order['cnt']} × {order['pric']} = {expected}，而金额为 {order['sumamt']}"
            yield Finding("R04", text, abs(order["sumamt"] - expected), order)

    def _repeated(self, order: Node, seen: set[tuple[Any, ...]]) -> Iterator[Finding]:
        same = ("grpno", "hilist_code", "drord_begn_date", "cnt", "pric", "drord_dr_codg")
        keys = {("same", *(order.get(name) for name in same))}
        if order.get("rx_id"):
            keys.add(("id", order["rx_id"]))
        if keys & seen:
            text = f"与本次上传的另一条医嘱重复：{order.get('hilist_code') or '-'}，{order.get('rx_id') or '-'}"
            yield Finding("R05", text, order.get("sumamt"), order)
        seen |= keys

    def _mapping(self, order: Node) -> Iterator[Finding]:
        own, code = order.get("hosplist_code") or "", order.get("hilist_code") or ""
        if own and (own, code) not in self.mapped:
            text = f"机构编码 {own} 未对照到 {code or '-'}，请先做 3301"
            yield Finding("R07", text, order.get("sumamt"), order)

    def _covered(self, order: Node) -> Iterator[Finding]:
        code, amount = order.get("hilist_code") or "", order.get("sumamt")
        item = self.catalogue.items.get(code)
        if item is None:
            yield Finding("R01", f"目录 {self.catalogue.id} 没有项目 {code or '-'}", amount, order)
            return
        day = lookup.as_day(order["drord_begn_date"]) if order.get("drord_begn_date") else self.today
        version = item.version(day)
        if version is None:
            yield Finding("R02", f"目录 {self.catalogue.id} 在 {day} 没有项目 {code} 的有效版本", amount, order)
        elif LEVELS.get(str(version.item_class)) == "03":
            yield Finding("R06", f"{item.title.zh}（{code}）为丙类，全额自费", amount, order)
        else:
            yield from self._split(order, item.title.zh, day)

    def _split(self, order: Node, title: str, day: date) -> Iterator[Finding]:
        """What the split of the line says, where the order has a count and a price for it."""
        count, price = order.get("cnt"), order.get("pric")
        if count is None or price is None or count <= 0 or price < 0:
            return
        line = FeeLine("1", day, Fraction(count), order["hilist_code"], Fraction(price) * 100)
        facts = {fact.name: self.facts[fact.name] for fact in self.catalogue.facts if fact.name in self.facts}
        try:
            split = split_lines(self.catalogue, [line], lambda _: facts)[0]
        except LinesError as error:
            if len(facts) < len(self.catalogue.facts):  # perhaps only the request does not say what a table asks
                return
            yield Finding("R08", f"{title}：{error.errors[0].found.zh}", order.get("sumamt"), order)
            return
        if split.over_limit_fen and split.limit is not None:
            assert isinstance(split.limit.value, Fraction)
            limit = Decimal(split.limit.value.numerator) / Decimal(split.limit.value.denominator) / 100
            yield Finding("R03", f"{title}：单价 {price} 超过限价 {limit}", yuan(split.over_limit_fen), order)


def _row(one: Finding, patient: Node, encounter: Node, node: Node) -> Node:
    rule = RULES[one.rule]
    known = one.amount is not None and one.amount < BEYOND
    amount = (one.amount if known and one.amount else Decimal(0)).quantize(FEN, ROUND_HALF_UP)
    whose = {"patn_id": patient.get("patn_id"), "mdtrt_id": encounter.get("mdtrt_id")}
    return {
        "jr_id": secrets.token_hex(16),
        "rule_id": one.rule,
        "rule_name": rule.name,
        "vola_cont": one.text[:500],
        **whose,
        "vola_amt": amount,
        "vola_amt_stas": "1" if known else "0",
        "sev_deg": rule.severity,
        "vola_evid": None,
        "vola_bhvr_type": rule.behaviour,
        "task_id": node.get("task_id"),
        "judge_result_detail_dtos": [
            {
                "jrd_id": secrets.token_hex(16),
                **whose,
                "rx_id": one.order.get("rx_id"),
                "vola_item_type": BROKEN,
                "vola_amt": amount,
            }
        ],
    }
