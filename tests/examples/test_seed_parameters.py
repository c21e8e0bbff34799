"""What the study of XX District states is in its policies, or waits for the chapter on contributions.

`seed-001-parameters.csv` is the study's sections 2.2 and 2.3 as a table, with the corrected value of each row. Rates,
deductibles, ceilings and quotas are shown by settling a claim; what no claim can show is read from the policy.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from openyibao import Bill, Claim, ClaimError, Policy, Uses, find_policy, read_policy, settle
from openyibao.policy.model import Money, Table

DATA = Path(__file__).with_name("seed-001-parameters.csv")
with DATA.open(encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream))
POLICIES = {year: read_policy(find_policy(f"xx-district/resident-{year}")) for year in ("2007", "2013")}
FUNDING = {  # contributions belong to no layer: they wait for their chapter
    "funding total",
    "fiscal subsidy",
    "individual payment",
    "subsidy central",
    "subsidy municipal",
    "subsidy district",
}
GRADES = {"I": "primary", "II": "secondary", "III": "tertiary"}
LARGE_YUAN = 1_000_000
Row = dict[str, str]


def bill(year: str, in_scope_yuan: int, **facts: str) -> Bill:
    """The bill of somebody's only claim of the year: so much cost within the scope."""
    day = date(int(year), 11, 1)
    claim = Claim("1", "A", day, day, day, in_scope_fen=in_scope_yuan * 100, facts=facts)
    return settle(POLICIES[year], Uses(), claim)[0]


def stay(year: str, in_scope_yuan: int, grade: str, tier: str) -> Bill:
    return bill(year, in_scope_yuan, service="inpatient", grade=grade, tier=tier)


def paid(found: Bill) -> float:
    return found.paid_fen / 100


def tiers(row: Row) -> tuple[str, ...]:
    """The tiers that a row speaks of; of 2007 only the rates of tier 1 are stated."""
    if row["category"] == "all":
        return ("cat 1",) if row["year"] == "2007" else ("cat 1", "cat 2")
    return (f"cat {row['category']}",)


def cap_yuan(policy: Policy, layer: str, tier: str = "") -> float:
    """The one yearly cap of a layer, read from the policy: for the cases that no claim can reach."""
    (cap,) = next(one for one in policy.layers if one.name == layer).caps
    assert isinstance(cap.table, Table)
    by_tier = {value: cell for cell in cap.table.cells for key in cell.keys for value in getattr(key, "values", ())}
    cell = by_tier[tier] if tier else cap.table.cells[0]
    assert isinstance(cell.value, Money)
    return cell.value.fen / 100


def note(policy: Policy, layer: str) -> str:
    """The notes under a layer's bases, in English."""
    found = next(one for one in policy.layers if one.name == layer)
    bases = [found.basis, *(step.table.basis for step in found.steps)]
    return " ".join(basis.note.en for basis in bases if basis and basis.note)


def shows_quota(row: Row) -> bool:
    found = bill(row["year"], LARGE_YUAN, service="outpatient")
    return paid(found) == float(row["value_corrected"])


def shows_deductible(row: Row) -> bool:
    amount, grade = int(row["value_corrected"]), GRADES[row["hospital_grade"]]
    if row["year"] == "2010":  # between the two policies: said of the later one
        return f"grade III was lowered from 1,000 to {amount} yuan in 2010" in note(POLICIES["2013"], "basic insurance")
    years = {row["year"], *(("2007",) if "since 2007" in row["note"] else ())}
    return all(
        paid(stay(year, amount, grade, tier)) == 0 < paid(stay(year, amount + 1, grade, tier))
        for year in years
        for tier in tiers({**row, "year": year})
    )


def shows_ceiling(row: Row) -> bool:
    amount, tier = float(row["value_corrected"]), f"cat {row['category']}"
    if (row["year"], tier) == ("2007", "cat 2"):  # without a rate no claim gets as far as the ceiling
        with pytest.raises(ClaimError, match="the study states no rates of cat 2 for 2007"):
            stay("2007", LARGE_YUAN, "primary", tier)
        return cap_yuan(POLICIES["2007"], "basic insurance", tier) == amount
    return all(paid(stay(row["year"], LARGE_YUAN, grade, tier)) == amount for grade in GRADES.values())


def rate_percent(year: str, grade: str, tier: str) -> float:
    """What the fund pays of 10,000 yuan more of cost, in per cent: the rate, whatever the deductible."""
    return (paid(stay(year, 20_000, grade, tier)) - paid(stay(year, 10_000, grade, tier))) / 100


def shows_rate(row: Row) -> bool:
    rates = {rate_percent(row["year"], GRADES[row["hospital_grade"]], tier) for tier in tiers(row)}
    return rates == {float(row["value_corrected"])}


def shows_add_on(row: Row) -> bool:
    points = {rate_percent(row["year"], g, "cat 2") - rate_percent(row["year"], g, "cat 1") for g in GRADES.values()}
    return points == {float(row["value_corrected"])}


def shows_kinds(row: Row) -> bool:
    return note(POLICIES[row["year"]], "special diseases").startswith(f"{row['value_corrected']} kinds of disease")


def shows_special_limit(row: Row) -> bool:
    """The limit stands in the policy; a claim is not settled, as the study states no rate."""
    with pytest.raises(ClaimError, match="the study states no rate for special diseases"):
        bill(row["year"], LARGE_YUAN, service="chronic outpatient")
    return cap_yuan(POLICIES[row["year"]], "special diseases") == float(row["value_corrected"])


SHOWN: dict[str, Callable[[Row], bool]] = {
    "general outpatient quota": shows_quota,
    "deductible": shows_deductible,
    "annual ceiling": shows_ceiling,
    "reimbursement rate": shows_rate,
    "reimbursement rate add-on": shows_add_on,
    "special disease categories": shows_kinds,
    "special disease annual limit": shows_special_limit,
}


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row["parameter"] not in FUNDING],
    ids=lambda row: " ".join(row[name] for name in ("parameter", "category", "hospital_grade", "year")),
)
def test_parameter_is_in_the_policies(row: Row) -> None:
    assert SHOWN[row["parameter"]](row)


def test_every_parameter_has_its_place() -> None:
    assert {row["parameter"] for row in ROWS} == FUNDING | set(SHOWN)
    assert len(ROWS) == 33
    assert sum(row["parameter"] in FUNDING for row in ROWS) == 11


WHAT_IF = """
policy: test/special-diseases
variation of: xx-district/resident-{year}
title: {{zh: 假设特殊病门诊全额支付, en: What if special diseases were paid in full}}
changes:
  - at: layers / special diseases / pays
    to: {{is: 100%, basis: {{document: not identified, article: not identified, source: a what-if, sure: low}}}}
"""


@pytest.mark.parametrize(("year", "wanted"), [("2007", [400, 0, 100, 0]), ("2013", [400, 0, 400, 200])])
def test_the_special_disease_limit_binds_whatever_the_rate(year: str, wanted: list[int], tmp_path: Path) -> None:
    """At the highest rate there can be, claims of 400 yuan are paid up to the limit; the outpatient quota is apart."""
    path = tmp_path / "what-if.yaml"
    path.write_text(WHAT_IF.format(year=year), encoding="utf-8")
    policy, uses, amounts = read_policy(path), Uses(), []
    clinic, outpatient = {"service": "chronic outpatient"}, {"service": "outpatient"}
    for number, facts in enumerate((clinic, outpatient, clinic, clinic)):
        day = date(int(year), 10, 1 + number)
        found, uses = settle(policy, uses, Claim(str(number), "A", day, day, day, in_scope_fen=40_000, facts=facts))
        amounts.append(found.paid_by_layer_fen()["special diseases"] // 100)
    assert amounts == wanted
