"""Catalogues: files of a kind of items (1301 to 1315), paged queries (1304, 1312, 1316 to 1319), dictionaries (1901).

They state the catalogue of the region in which the institution lies: what is treated here is looked up here. A file
holds every version of every item whose version string is above the one stated, also one that holds only from a later
day. Kinds of which a catalogue has nothing (diseases, operations, tumours) are files without rows. Where a reply must
state what a catalogue does not know, a query says 0: no restriction is known, no other use is known.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files as resources
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.gateway import items, lookup
from openyibao.service.gateway.calls import ROOT, Call, Node, Output, answers
from openyibao.service.gateway.items import Listed
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.transactions import files
from openyibao.service.institutions.models import Mapping
from openyibao.service.settlements.claims import day_of
from openyibao.terms import all_dictionaries

FILES = {"1301": ("101",), "1302": ("102", "106"), "1303": ("103",), "1305": ("201", "501"), "1306": ("301",)}
"""The lists of each file that has rows."""
EMPTY = ("1307", "1308", "1309", "1310", "1311", "1313", "1314", "1315")
UNKNOWN = "0"


@cache
def columns(infno: str) -> tuple[str, ...]:
    """The columns of a catalogue's file, in order."""
    package = __package__.rpartition(".")[0]
    data = tomllib.loads(resources(package).joinpath("files.toml").read_text(encoding="utf-8"))
    return tuple(data[infno]["columns"])


@answers(*FILES, *EMPTY)
def catalogue_file(call: Call) -> Output:
    """A file with the versions of items above the version stated."""
    asked = call.node()["ver"].lower()
    _, catalogue = lookup.catalogue_here(call)
    kinds = FILES.get(call.infno, ())
    newer = [one for one in items.listed(catalogue) if one.list_type in kinds and one.ver > asked]
    newer.sort(key=lambda one: (one.ver, one.item.code))
    today = day_of(call.now)
    made, count = files.offer(call, f"{files.PREFIX}{call.infno}", (_cells(call.infno, one, today) for one in newer))
    return {
        ROOT: {
            "file_qury_no": made.number,
            "filename": made.name,
            "dld_end_time": day_of(made.expires),
            "data_cnt": Decimal(count),
        }
    }


def _cells(infno: str, one: Listed, today: date) -> Iterator[str]:
    name, unit, made = one.item.title.zh, one.item.unit.zh, f"{one.made:%Y-%m-%d %H:%M:%S}"
    known = {
        "医疗目录编码": one.item.code,
        **dict.fromkeys(("药品通用名", "注册名称", "单味药名称", "医疗服务项目名称", "耗材名称"), name),
        **dict.fromkeys(("最小计价单位", "计价单位", "计价单位名称", "包装单位"), unit),
        "国家医保药品目录甲乙类标识": one.level or "",
        **dict.fromkeys(("开始日期", "开始时间"), one.version.start.isoformat()),
        **dict.fromkeys(("结束日期", "结束时间"), one.last.isoformat() if one.last else ""),
        "生效时间": one.version.start.isoformat(),
        "失效时间": one.last.isoformat() if one.last else "",
        "有效标志": "1" if one.is_valid(today) else "0",
        "唯一记录号": one.rid(),
        "数据创建时间": made,
        "数据更新时间": made,
        "版本号": one.ver,
        "版本名称": one.ver,
    }
    return (known.get(column, "") for column in columns(infno))


Rows = Callable[[Listed, str, date], list[Node]]


def _query(call: Call, rows_of: Rows, filters: Sequence[str]) -> Output:
    """A page of rows about the versions of the region's items, filtered by what the node states."""
    node, today = call.node(), day_of(call.now)
    region, catalogue = lookup.catalogue_here(call)
    division = region.body.code[:6]
    since = lookup.as_moment(node["updt_time"])
    if node.get("insu_admdvs") not in (None, division):
        return _paged(node, [])
    found = []
    for one in items.listed(catalogue):
        if not _asked(one, node, since):
            continue
        for row in rows_of(one, division, today):
            if all(node.get(name) in (None, row.get(name)) for name in filters):
                found.append(row)
    return _paged(node, found)


def _asked(one: Listed, node: Node, since: Any) -> bool:
    name = node.get("hilist_name")
    return (
        one.made >= since
        and node.get("hilist_code") in (None, one.item.code)
        and node.get("med_list_codg") in (None, one.item.code)
        and (not name or name in one.item.title.zh)
        and (node.get("query_date") is None or one.version.holds(lookup.as_day(node["query_date"])))
        and node.get("begndate") in (None, one.version.start)
    )


def _paged(node: Node, found: list[Node]) -> Output:
    counts, shown = lookup.page(found, node["page_num"], node["page_size"])
    return {ROOT: counts, "data": shown}


@answers("1304")
def ethnic_medicines(call: Call) -> Output:
    """Ethnic-minority medicines of the catalogue."""
    return _query(call, _ethnic, ("vali_flag", "rid", "ver"))


def _ethnic(one: Listed, division: str, today: date) -> list[Node]:
    if one.list_type != "104":
        return []
    row = {
        "med_list_codg": one.item.code,
        "drug_genname": one.item.title.zh,
        "min_prcunt": one.item.unit.zh,
        **items.record(one, today),
        **dict.fromkeys(("crter_id", "opter_id"), UNKNOWN),
        **dict.fromkeys(("crter_name", "opter_name"), "-"),
        **dict.fromkeys(("crte_optins_no", "optins_no"), division),
        "opt_time": one.made,
        "ver": one.ver,
    }
    return [lookup.only("1304", "data", row)]


@answers("1312")
def insurance_items(call: Call) -> Output:
    """The items of the region's catalogue with their classes; one whose class is not known is left out."""
    filters = ("med_chrgitm_type", "chrgitm_lv", "lmt_used_flag", "list_type", "med_use_flag", "matn_used_flag")
    return _query(call, _insured, (*filters, "hilist_use_type", "lmt_cpnd_type", "vali_flag"))


def _insured(one: Listed, division: str, today: date) -> list[Node]:
    if one.level is None:
        return []
    row = {
        "hilist_code": one.item.code,
        "hilist_name": one.item.title.zh,
        "insu_admdvs": division,
        "med_chrgitm_type": one.charge_type,
        "chrgitm_lv": one.level,
        "list_type": one.list_type,
        "med_use_flag": "1",
        **dict.fromkeys(("lmt_used_flag", "matn_used_flag", "hilist_use_type", "lmt_cpnd_type"), UNKNOWN),
        **items.record(one, today),
        "poolarea_no": division,
    }
    return [row]


@answers("1316")
def matched_items(call: Call) -> Output:
    """Which item of the insurance catalogue a medical item is: here both have one code."""
    return _query(call, _matched, ("list_type", "vali_flag"))


def _matched(one: Listed, division: str, today: date) -> list[Node]:
    row = {
        "list_type": one.list_type,
        "insu_admdvs": division,
        "med_list_codg": one.item.code,
        "hilist_code": one.item.code,
        **items.record(one, today),
        "poolarea_no": division,
    }
    return [row]


@answers("1318")
def price_limits(call: Call) -> Output:
    """Price limits in yuan for a unit, case by case."""
    filters = ("hilist_lmtpric_type", "overlmt_dspo_way", "enddate", "vali_flag", "rid", "tabname", "poolarea_no")
    return _query(call, _limited, filters)


def _limited(one: Listed, division: str, today: date) -> list[Node]:
    return [
        {
            "hilist_code": one.item.code,
            "hilist_lmtpric_type": case.code,
            "overlmt_dspo_way": items.BORNE_BY_PERSON,
            "insu_admdvs": division,
            "hilist_pric_uplmt_amt": None if case.value is None else items.yuan(case.value),
            **items.record(one, today, "limit", case.code),
            "tabname": case.words[:100] or None,
            "poolarea_no": division,
        }
        for case in items.limits(one)
    ]


@answers("1319")
def prepaid_shares(call: Call) -> Output:
    """The shares that a person pays in advance, case by case."""
    filters = ("selfpay_prop_psn_type", "selfpay_prop_type", "enddate", "vali_flag", "rid", "tabname", "poolarea_no")
    return _query(call, _prepaid, filters)


def _prepaid(one: Listed, division: str, today: date) -> list[Node]:
    return [
        {
            "hilist_code": one.item.code,
            "selfpay_prop_psn_type": case.code,
            "selfpay_prop_type": items.EVERYBODY,
            "insu_admdvs": division,
            "selfpay_prop": None if case.value is None else items.ratio(case.value),
            **items.record(one, today, "share", case.code),
            "tabname": case.words[:100] or None,
            "poolarea_no": division,
        }
        for case in items.shares(one)
    ]


@answers("1317")
def mapped_items(call: Call) -> Output:
    """The institution's own mappings (3301)."""
    node, today = call.node(), day_of(call.now)
    lookup.own(call, node.get("fixmedins_code"))
    division = lookup.region_of(call.institution).body.code[:6]
    rows = Mapping.objects.filter(institution=call.institution).order_by("own_code", "period")
    if node.get("medins_list_codg"):
        rows = rows.filter(own_code=node["medins_list_codg"])
    if node.get("medins_list_name"):
        rows = rows.filter(own_name__icontains=node["medins_list_name"])
    if node.get("med_list_codg"):
        rows = rows.filter(item_code=node["med_list_codg"])
    if node.get("list_type"):
        rows = rows.filter(kind=node["list_type"])
    if node.get("begndate"):
        rows = rows.filter(period__startswith=lookup.as_day(node["begndate"]))
    if node.get("query_date"):
        rows = rows.filter(period__contains=lookup.as_day(node["query_date"]))
    if node.get("vali_flag"):
        valid = rows.filter(period__overlap=DateRange(today, None))
        rows = valid if node["vali_flag"] == "1" else rows.exclude(pk__in=valid.values("pk"))
    since = lookup.as_moment(node["updt_time"])
    if node.get("insu_admdvs") not in (None, division):
        rows = rows.none()
    made = [one for one in lookup.few(rows, MOST_MAPPINGS) if lookup.moment(one.period.lower) >= since]
    counts, shown = lookup.page(made, node["page_num"], node["page_size"])
    return {ROOT: counts, "data": [_mapped(one, call, division, today) for one in shown]}


MOST_MAPPINGS = 100_000
DETAILS = ("aprvno", "dosform", "exct_cont", "item_cont", "prcunt", "spec", "pacspec", "memo")


def _mapped(one: Mapping, call: Call, division: str, today: date) -> Node:
    upper = one.period.upper
    return {
        **{name: one.data.get(name) or None for name in DETAILS},
        "begndate": one.period.lower,
        "enddate": lookup.last_day(one.period),
        "list_type": one.kind,
        "insu_admdvs": division,
        "med_list_codg": one.item_code,
        "hilist_code": one.item_code,
        "vali_flag": "1" if upper is None or upper > today else "0",
        "rid": str(one.pk),
        "updt_time": lookup.moment(one.period.lower),
        "crte_time": lookup.moment(one.period.lower),
        "fixmedins_code": call.institution.code,
        "medins_list_codg": one.own_code,
        "medins_list_name": one.own_name,
        "poolarea_no": division,
    }


MADE = date(2026, 1, 1)
"""When the dictionaries were collected, as far as a reply must state a day."""


@answers("1901")
def dictionary(call: Call) -> Output:
    """The codes of a dictionary, in any letter case of its name. Families of codes (99xx) are no codes and left out.

    The dictionaries have no levels: every code lies below the parent that was asked for.
    """
    node = call.node()
    found = next((one for one in all_dictionaries() if one.id == node["type"].upper()), None)
    if found is None:
        known = ", ".join(one.id for one in all_dictionaries())
        raise Refused("unknown dictionary", asked=node["type"], known=known)
    parent = node["parentValue"]
    codes = [code for code in found if not code.pattern] if node["valiFlag"] == "1" else []
    return {
        "list": [
            {
                "type": node["type"],
                "label": code.zh[:50],
                "value": code.code,
                "parentValue": parent,
                "sort": Decimal(place),
                "valiFlag": "1",
                "createUser": "-",
                "createDate": MADE,
                "version": Decimal(1),
            }
            for place, code in enumerate(codes, 1)
        ]
    }
