"""Local knowledge of a run, read from one JSON file (`--facts`): who and what the platform under test knows.

    {"admdvs": "999901",                       division of the institutions (mdtrtarea_admvs)
     "hospital": {"code": "H...", "name": "...", "key": "", "secret": "", "admdvs": "" (else as above)},
     "pharmacy": {"code": "P...", "name": "...", "key": "", "secret": ""},    optional
     "operator": {"no": "0001", "name": "..."}, "system": "YBXT",             optional
     "persons": [{"certno": "...", "name": "...", "insutype": "310", "what": "employee",
                  "medical": ["11", "21"] (optional: only these med_type are insured),
                  "refused": "Y5004" (optional: every stay is refused, with an err_msg that begins so),
                  "insured": false (optional: nothing is filed for them),
                  "drugs": [...], "services": [...], "consumables": [...] (optional: instead of those below)}],
     "drugs": [{"code": "X...", "own": "D1", "name": "...", "price": "12.50", "list_type": "101"}],
     "services": [...], "consumables": [...],  the same; list_type 201 and 301 unless given
     "diagnoses": [{"code": "I10", "name": "..."}],
     "chronic": {"code": "M03900", "name": "..."},          disease of 2503; optional: no filing without
     "department": {"code": "...", "name": "...", "caty": "A03"}, "doctor": {"code": "...", "name": "..."},
     "receiving": {"code": "H...", "name": "...", "admdvs": "..."},  hospital of referrals; optional: no 2501 without
     "med_types": {"outpatient": "11", "chronic": "14", "inpatient": "21", "pharmacy": "41"},   as here unless given
     "account": "1",                           acct_used_flag of the flows; "1" unless given
     "catalogues": ["1301", ...],              those that have files; all of 1301-1315 unless given; []: the
                                               institution lies where no catalogue holds
     "mapping": {"own": "NEW1", "name": "...", "list_type": "101", "code": "X..."},   for 3301; optional
     "reconciliation": ["setl_id", "mdtrt_id", ...],  columns of the file of 3202, fields of setlinfo; optional
     "optins": "999999",                       setl_optins of 3201; clr_optins of the settlements unless given
     "dictionary": {"type": "insutype", "parent": "..."},     for 1901; type in upper case of this
     "status": {"infno": "....", "node": "data", "msgid": "omsgid", "number": "oinfno"}}  status query; optional

Prices are text in yuan. Keys and secrets may also be given on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from client import envelope

FILES = ("1301", "1302", "1303", "1305", "1306", "1307", "1308", "1309", "1310", "1311", "1313", "1314", "1315")


@dataclass(frozen=True)
class Item:
    code: str  # national
    own: str  # of the institution
    name: str
    price: Decimal
    list_type: str


@dataclass(frozen=True)
class Named:
    code: str
    name: str
    admdvs: str = ""
    caty: str = ""
    key: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Somebody:
    certno: str
    name: str
    insutype: str
    what: str = ""
    medical: tuple[str, ...] = ()  # empty: every kind of care
    insured: bool = True
    refused: str = ""  # how the err_msg begins with which every stay is refused
    drugs: tuple[Item, ...] = ()  # empty: those of the institution
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Facts:
    hospital: Named
    pharmacy: Named | None
    persons: tuple[Somebody, ...]
    items: tuple[Item, ...]  # drugs first
    drugs: tuple[Item, ...]
    diagnoses: tuple[Named, ...]
    chronic: Named | None
    department: Named
    doctor: Named
    receiving: Named | None
    med_types: dict[str, str]
    account: str
    catalogues: tuple[str, ...]
    other: dict[str, Any] = field(default_factory=dict)  # what is used as it stands

    @property
    def admdvs(self) -> str:
        return self.hospital.admdvs


def named(value: Any, where: str, admdvs: str = "") -> Named:
    try:
        words = {key: str(value[key]) for key in ("caty", "key", "secret", "admdvs") if key in value}
        return Named(str(value["code"]), str(value["name"]), **{"admdvs": admdvs, **words})
    except (KeyError, TypeError):
        raise ValueError(f"facts.{where}: expected an object with code and name, found {value!r}") from None


def items(values: list[dict[str, Any]], list_type: str, where: str) -> tuple[Item, ...]:
    found = []
    for place, value in enumerate(values):
        try:
            kind = str(value.get("list_type", list_type))
            found.append(Item(value["code"], value["own"], value["name"], Decimal(str(value["price"])), kind))
        except (KeyError, ArithmeticError):
            raise ValueError(f"facts.{where}[{place}]: expected code, own, name and price, found {value!r}") from None
    return tuple(found)


def charged(raw: dict[str, Any]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The drugs, and everything that is charged."""
    drugs = items(raw.get("drugs", []), "101", "drugs")
    rest = items(raw.get("services", []), "201", "services") + items(raw.get("consumables", []), "301", "consumables")
    return drugs, drugs + rest


def somebody(raw: dict[str, Any]) -> Somebody:
    medical = tuple(raw.get("medical", ()))
    told = (raw.get("what", ""), medical, bool(raw.get("insured", True)), raw.get("refused", ""))
    return Somebody(raw["certno"], raw["name"], str(raw["insutype"]), *told, *charged(raw))


def read(path: Path) -> Facts:
    """The facts of a file. Raises ValueError with the place of what is missing."""
    raw = envelope.loads(path.read_bytes())
    return of(raw)


def of(raw: dict[str, Any]) -> Facts:
    for key in ("admdvs", "hospital", "persons", "drugs"):
        if not raw.get(key):
            raise ValueError(f"facts.{key}: expected a value, found none")
    admdvs = str(raw["admdvs"])
    drugs, every = charged(raw)
    persons = tuple(somebody(each) for each in raw["persons"])
    diagnoses = raw.get("diagnoses") or [{"code": "I10.x00", "name": "原发性高血压"}]

    def perhaps(key: str) -> Named | None:
        return named(raw[key], key, admdvs) if raw.get(key) else None

    return Facts(
        hospital=named(raw["hospital"], "hospital", admdvs),
        pharmacy=perhaps("pharmacy"),
        persons=persons,
        items=every,
        drugs=drugs,
        diagnoses=tuple(named(each, "diagnoses") for each in diagnoses),
        chronic=perhaps("chronic"),
        department=named(raw.get("department") or {"code": "0301", "name": "内科", "caty": "A03"}, "department"),
        doctor=named(raw.get("doctor") or {"code": "D999901000001", "name": "医师甲"}, "doctor"),
        receiving=perhaps("receiving"),
        med_types={
            "outpatient": "11",
            "chronic": "14",
            "inpatient": "21",
            "pharmacy": "41",
            **raw.get("med_types", {}),
        },
        account=str(raw.get("account", "1")),
        catalogues=tuple(raw.get("catalogues", FILES)),
        other={key: raw[key] for key in OTHER if raw.get(key)},
    )


OTHER = ("mapping", "reconciliation", "optins", "dictionary", "status", "operator", "system")
