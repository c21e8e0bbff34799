"""Claim files: keys of stays and episodes, identities with times, money and any text, and stays parted by the year."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from catalogue.cases_of_lines import POLICY, catalogue_of_snippet
from openyibao.catalogue import Catalogue
from openyibao.policy import FileError, Policy
from openyibao.policy.model import Cell, Fact, Fixed, MonthDay, Range, Table, Words
from openyibao.policy.nodes import parse_bytes
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement import Rule, Uses
from openyibao.settlement.claim import Claim, Held
from openyibao.settlement.claim_file import lined_claims_of
from openyibao.settlement.claim_stay import BenefitYear, LinedClaim, benefit_year

CATALOGUE = catalogue_of_snippet(
    {
        "items": {
            "A": {"catalogue class": "class A"},
            "B": {"catalogue class": "class B", "pre-pay share": "10%"},
        }
    }
)
DAYS = {"admission": "2023-12-20", "discharge": "2024-01-10", "settlement": "2024-01-12"}
MONEY = {"total cost": "100", "in-scope cost": "100"}
CHARGE = replace(POLICY, year_date="charge")


def read(
    claim: dict[str, Any],
    policy: Policy = POLICY,
    catalogue: Catalogue | None = None,
    year_of: BenefitYear = benefit_year,
) -> list[LinedClaim]:
    whole = {"claim id": "X", "person": "P", **DAYS, "facts": {}, **claim}
    node = parse_bytes(json.dumps(whole, ensure_ascii=False).encode(), "claim.json")
    return lined_claims_of(node, "claim.json", policy, catalogue, year_of)


def one(claim: dict[str, Any], policy: Policy = POLICY) -> Claim:
    (lined,) = read({"money": MONEY, **claim}, policy)
    return lined.claim


def refused(claim: dict[str, Any], policy: Policy = POLICY, catalogue: Catalogue | None = None) -> str:
    with pytest.raises(FileError) as told:
        read(claim, policy, catalogue)
    return str(told.value)


def line(day: str, item: str = "A", price: str = "100", **more: str) -> dict[str, str]:
    return {"date": day, "item": item, "count": "1", "price": price, **more}


def with_facts(*facts: Fact) -> Policy:
    return replace(POLICY, facts=facts)


# ---------------------------------------------------------------- keys


def test_a_claim_without_more_keys_is_its_own_stay_and_episode() -> None:
    claim = one({})
    assert (claim.stay, claim.episode, claim.charge, claim.enrolment) == ("X", "X", None, None)
    assert claim.first_of_stay and claim.last_of_stay


def test_all_keys_of_a_claim() -> None:
    more = {"stay": "S", "episode": "E", "charge": "2023-12-31", "enrolment": "2020-01-01"}
    claim = one({**more, "first of stay": "no", "last of stay": "yes"})
    assert (claim.stay, claim.episode) == ("S", "E")
    assert (claim.charge, claim.enrolment) == (date(2023, 12, 31), date(2020, 1, 1))
    assert (claim.first_of_stay, claim.last_of_stay) == (False, True)


def test_all_keys_of_a_claim_in_chinese() -> None:
    more = {"stay": "S", "episode": "E", "charge": "2023-12-31", "enrolment": "2020-01-01", "first of stay": "no"}
    english = {"claim id": "X", "person": "P", **DAYS, "facts": {}, "money": MONEY, **more}
    say = Vocabulary().chinese
    chinese = {say(key): say(value) if isinstance(value, str) else value for key, value in english.items()}
    assert not any(key.isascii() for key in chinese)
    node = parse_bytes(json.dumps(chinese, ensure_ascii=False).encode(), "claim.json")
    (lined,) = lined_claims_of(node, "claim.json", POLICY)
    assert lined.claim == one(more)


# ---------------------------------------------------------------- facts


def test_values_with_their_times() -> None:
    held = [{"is": "destitute", "from": "2023-01-01", "before": "2024-01-01"}, "ordinary"]
    assert one({"facts": {"class": held}}).facts["class"] == (
        Held("destitute", date(2023, 1, 1), date(2024, 1, 1)),
        Held("ordinary"),
    )
    assert one({"facts": {"class": {"is": "destitute", "from": "2023-01-01"}}}).facts["class"] == (
        Held("destitute", date(2023, 1, 1)),
    )
    assert one({"facts": {"class": ["ordinary"]}}).facts["class"] == "ordinary"
    parted = [{"is": "destitute", "before": "2023-01-01"}, {"is": "destitute", "from": "2024-01-01"}]
    assert len(one({"facts": {"class": parted}}).facts["class"]) == 2  # type: ignore[arg-type]


def test_money_any_text_and_what_is_worked_out() -> None:
    policy = with_facts(
        Fact("account balance", (), None, "money"),
        Fact("cap addition", (), None, "signed money"),
        Fact("disease", (), None, "any"),
        Fact("admission number", (), Range(0, 99), "admission number"),
    )
    facts = {"account balance": "3000.5", "cap addition": "-1,200元", "disease": "高血压 I10"}
    assert dict(one({"facts": facts}, policy).facts) == {
        "account balance": 300050,
        "cap addition": -120000,
        "disease": "高血压 I10",
    }
    for name, value, found in (
        ("account balance", "-1", "found '-1'; expected an amount in yuan, not negative"),
        ("cap addition", "1.234", "found '1.234'; expected an amount in yuan, such as"),
        ("cap addition", "-1000000001", "expected at most 1000000000 yuan"),
        ("disease", "", "found nothing; expected any text that names the disease"),
        ("admission number", "2", "found '2'; expected no value: it is worked out"),
        ("account balance", ["1"], "found a list; expected an amount in yuan"),  # type: ignore[list-item]
    ):
        assert found in refused({"money": MONEY, "facts": {name: value}}, policy)


def test_a_fact_that_nobody_declares_is_read_and_not_used() -> None:
    assert one({"facts": {"disease": "anything", "items": "3"}}).facts == {"disease": "anything", "items": 3}


def test_an_identity_with_its_time_settles() -> None:
    held = [{"is": "minimum living allowance", "before": "2026-03-01"}, {"is": "ordinary", "from": "2026-03-01"}]
    days = dict.fromkeys(DAYS, "2026-03-02")
    claim = one({"facts": {"service": "inpatient", "grade": "primary", "class": held}, **days})
    bill, _ = Rule(POLICY).settle(Uses(), claim)
    assert bill.paid_by_layer_fen()["medical assistance"] == 0


# ---------------------------------------------------------------- stays parted by the year


def test_lines_in_two_years_are_two_claims_of_one_stay() -> None:
    lines = [line("2024-01-02"), line("2023-12-20", "B"), line("2023-12-31", price="7"), line("2024-01-10", "B")]
    first, second = read({"lines": lines}, CHARGE, CATALOGUE)
    assert [(c.claim.id, c.claim.stay, c.claim.episode) for c in (first, second)] == [
        ("X (2023)", "X", "X"),
        ("X (2024)", "X", "X"),
    ]
    assert (first.claim.charge, second.claim.charge) == (date(2023, 12, 31), date(2024, 1, 10))
    assert (first.claim.first_of_stay, first.claim.last_of_stay) == (True, False)
    assert (second.claim.first_of_stay, second.claim.last_of_stay) == (False, True)
    assert (first.claim.in_scope_fen, first.claim.pre_self_paid_fen) == (9700, 1000)
    assert (second.claim.in_scope_fen, second.claim.pre_self_paid_fen) == (19000, 1000)
    assert [split.charge.line.name for split in first.lines] == ["2", "3"]


def test_three_years_and_a_stay_with_a_name_of_its_own() -> None:
    lines = [line("2022-12-31"), line("2023-05-01"), line("2024-01-01")]
    more = {"admission": "2022-12-31", "stay": "S", "episode": "E", "last of stay": "no"}
    found = [lined.claim for lined in read({"lines": lines, **more}, CHARGE, CATALOGUE)]
    assert [claim.id for claim in found] == ["X (2022)", "X (2023)", "X (2024)"]
    assert {claim.stay for claim in found} == {"S"}
    assert {claim.episode for claim in found} == {"E"}
    assert [claim.first_of_stay for claim in found] == [True, False, False]
    assert [claim.last_of_stay for claim in found] == [False, False, False]


def test_one_year_is_one_claim_whose_charge_is_its_last_line() -> None:
    (lined,) = read({"lines": [line("2024-01-02"), line("2024-01-01")]}, CHARGE, CATALOGUE)
    assert (lined.claim.id, lined.claim.charge) == ("X", date(2024, 1, 2))


def test_a_policy_that_counts_by_another_date_does_not_part() -> None:
    (lined,) = read({"lines": [line("2023-12-31"), line("2024-01-02")]}, POLICY, CATALOGUE)
    assert (lined.claim.id, lined.claim.total_fen) == ("X", 20000)


def test_a_refund_belongs_to_the_year_of_its_line() -> None:
    lines = [line("2023-12-31"), line("2024-01-01"), {"date": "2024-01-02", "refund of": "1", "count": "-1"}]
    first, second = read({"lines": lines}, CHARGE, CATALOGUE)
    assert (first.claim.total_fen, second.claim.total_fen) == (0, 10000)
    assert second.claim.charge == date(2024, 1, 1)


def test_a_benefit_year_that_starts_in_september() -> None:
    september = replace(CHARGE, year_start=Table((), (Cell((), MonthDay(9, 1)),)))
    lines = [line("2023-12-31"), line("2024-01-02")]
    assert len(read({"lines": lines}, september, CATALOGUE)) == 1
    lines = [line("2023-08-31"), line("2023-09-01")]
    found = read({"lines": lines, "admission": "2023-08-31"}, september, CATALOGUE)
    assert [lined.claim.id for lined in found] == ["X (2022)", "X (2023)"]


def test_a_benefit_year_that_differs_between_groups() -> None:
    cells = (Cell((Words(("active",)),), MonthDay(1, 1)), Cell((Words(("retired",)),), MonthDay(7, 1)))
    policy = replace(CHARGE, year_start=Table(("status",), cells), facts=(Fact("status", ("active", "retired")),))
    lines = [line("2023-12-31"), line("2024-01-02")]
    assert len(read({"lines": lines, "facts": {"status": "active"}}, policy, CATALOGUE)) == 2
    assert len(read({"lines": lines, "facts": {"status": "retired"}}, policy, CATALOGUE)) == 1
    said = refused({"lines": lines}, policy, CATALOGUE)
    assert "the fact 'status': the claim does not state it; expected one of active, retired" in said
    assert "the start of the benefit year asks" in said


def test_the_benefit_year_may_be_passed_in() -> None:
    def by_month(policy: Policy, claim: Claim, day: date) -> int:
        return day.year * 100 + day.month

    lines = [line("2024-01-02"), line("2023-12-31")]
    found = read({"lines": lines}, CHARGE, CATALOGUE, by_month)
    assert [lined.claim.id for lined in found] == ["X (202312)", "X (202401)"]


def test_days_that_a_layer_pays_for_cannot_be_parted() -> None:
    layer = replace(POLICY.layers[0], pays=Fixed(Table((), ()), "days"))
    policy = replace(CHARGE, layers=(layer,))
    lines = [line("2023-12-31"), line("2024-01-02")]
    said = refused({"lines": lines, "facts": {"days": "12"}}, policy, CATALOGUE)
    assert "lines of the benefit years 2023 and 2024; expected a claim of its own for each year" in said


def test_the_parts_of_a_claim_do_not_take_the_id_of_another() -> None:
    lines = [line("2023-12-31"), line("2024-01-02")]
    claims = [{"claim id": name, "person": "P", **DAYS, "facts": {}, "lines": lines} for name in ("X", "X (2024)")]
    claims[1]["lines"] = lines[:1]
    node = parse_bytes(json.dumps(claims).encode(), "claims.json")
    with pytest.raises(FileError, match=r"the claim 'X \(2024\)' a second time"):
        lined_claims_of(node, "claims.json", CHARGE, CATALOGUE)
