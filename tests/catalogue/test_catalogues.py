"""Catalogues: those that come with the package read, say the same in both languages, and are found by id."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from catalogue.cases_of_lines import BASIS, HEAD, ITEM, POLICY, catalogue_of_snippet
from openyibao.catalogue import (
    CatalogueNotFoundError,
    FeeLine,
    LinesError,
    catalogue_ids,
    find_catalogue,
    line_data,
    line_text,
    read_catalogue,
    read_catalogue_text,
    split_lines,
)
from openyibao.catalogue.library import catalogue_root
from openyibao.policy.model import Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement import Rule, Uses, read_claims
from openyibao.settlement.claim_file import read_lined_claims

EXAMPLES = catalogue_root().parent / "examples"
CHARGE = replace(POLICY, year_date="charge")


@pytest.mark.parametrize("name", catalogue_ids())
def test_catalogues_of_the_package_are_named_by_their_path_and_are_fictional_or_have_sources(name: str) -> None:
    catalogue = read_catalogue(find_catalogue(name))
    assert catalogue.id == name
    if catalogue.region == "999999":
        assert "fictional" in catalogue.title.en and "虚构" in catalogue.title.zh
        assert all("fictional" in document.title.en for document in catalogue.documents)
        return
    assert catalogue.gaps, "what a real catalogue lacks is said openly"
    assert all(document.number and document.source for document in catalogue.documents)
    for item in catalogue.items.values():
        assert all(version.basis.source != "not identified" for version in item.versions), item.code


def in_chinese(text: Any) -> Any:
    """The same, with every key and word that the language has in Chinese; codes and names as they are."""
    if isinstance(text, dict):
        return {Vocabulary().chinese(key): in_chinese(value) for key, value in text.items()}
    return [in_chinese(item) for item in text] if isinstance(text, list) else Vocabulary().chinese(text)


def test_a_catalogue_says_the_same_in_both_languages() -> None:
    bands = [{"up to": "5000", "share": "0%"}, {"above": {"by": "grade", "primary": "1/3", "otherwise": "not known"}}]
    versions = [
        {"from": "2026-01-01", "before": "2026-02-01", "catalogue class": "class A", "price limit": "no limit"},
        {
            "from": "2026-02-01",
            "catalogue class": "class B",
            "pre-pay in bands": {"decided by": "slices", "bands": bands},
        },
    ]
    item = {**ITEM, "versions": [{**version, "basis": BASIS} for version in versions]}
    whole = {**HEAD, "facts": {"grade": ["primary", "secondary"]}, "catalogue items": {"X-1": item}}
    english = read_catalogue_text(json.dumps(whole), "c.json")
    chinese = read_catalogue_text("\n" + json.dumps(in_chinese(whole), ensure_ascii=False, indent=1), "c.json")
    assert english == chinese
    assert english.digest == chinese.digest
    later = read_catalogue_text(json.dumps(whole).replace("5000", "5000.01"), "c.json")
    assert later != english and later.digest != english.digest


def test_an_unknown_catalogue_names_the_nearest() -> None:
    with pytest.raises(CatalogueNotFoundError, match="teaching/willow-county-2026"):
        find_catalogue("teaching/willow-county-2062")
    for name in ("", "nothing.yaml", "a" * 5000 + ".yaml", "\x00.yaml", ".."):
        with pytest.raises(CatalogueNotFoundError):
            find_catalogue(name)


def test_lines_of_ones_own_making_are_split_without_a_file() -> None:
    catalogue = catalogue_of_snippet({"items": {"B": {"catalogue class": "class B", "pre-pay share": "5%"}}})
    day = date(2026, 3, 2)
    line = FeeLine("1", day, Fraction(20), "B", Fraction(5455, 2))
    (split,) = split_lines(catalogue, [line], lambda _: {})
    assert (split.amount_fen, split.pre_self_paid_fen, split.in_scope_fen) == (54550, 2728, 51822)
    assert line_text(catalogue, split, "zh").startswith("明细1（2026-03-02）项目（B，乙类）27.275元/件 × 20 = 545.50元")
    assert line_data(catalogue, split)["pre_pay"]["share"] == "5%"
    with pytest.raises(LinesError) as told:
        split_lines(catalogue, [line, replace(line, count=Fraction(-1)), FeeLine("2", day, Fraction(0), "C")], dict)
    assert len(told.value.errors) == 2
    third = Fraction(1, 3)
    odd = [
        replace(line, count=third),
        replace(line, name="2", price_fen=-third),
        replace(line, name="3", price_fen=None),
    ]
    with pytest.raises(LinesError) as odder:
        split_lines(catalogue, odd, lambda _: {})
    assert [error.key for error in odder.value.errors] == ["count", "price", "price"]
    assert "line 1: found the line '1' a second time" in str(told.value)


def test_the_example_is_settled_and_every_fen_is_somewhere() -> None:
    (lined,) = read_lined_claims(EXAMPLES / "willow-lines.yaml", POLICY)
    bill, _ = Rule(POLICY).settle(Uses(), lined.claim)
    assert bill.paid_fen + bill.personal_fen == sum(line.amount_fen for line in lined.lines)
    assert read_claims(EXAMPLES / "willow-lines.yaml", POLICY) == [lined.claim]


def settle_all(path: Path, policy: Policy) -> list[dict[str, int]]:
    uses, rule, paid = Uses(), Rule(policy), []
    for claim in read_claims(path, policy):
        bill, uses = rule.settle(uses, claim)
        paid.append(bill.paid_by_layer_fen())
    return paid


def test_a_stay_in_two_years_bears_its_deductible_once(tmp_path: Path) -> None:
    """60 % of 3,000 less the deductible of 1,000, and 60 % of 2,000 without one."""
    path = tmp_path / "stay.yaml"
    path.write_text(
        """\
catalogue: teaching/willow-county-2026
claim id: X
person: P
admission: 2026-12-20
discharge: 2027-01-10
settlement: 2027-01-10
facts: {service: inpatient, grade: tertiary, class: ordinary}
lines:
  - {date: 2026-12-20, item: D-001, count: 3000, price: 1}
  - {date: 2027-01-09, item: D-001, count: 2000, price: 1}
""",
        encoding="utf-8",
    )
    policy = replace(CHARGE, end=date(2028, 1, 1))
    assert [paid["basic insurance"] for paid in settle_all(path, policy)] == [120_000, 120_000]


def test_a_catalogue_in_a_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = find_catalogue("teaching/willow-county-2026").read_text(encoding="utf-8")
    Path("own.yaml").write_text(own.replace("teaching/willow-county-2026", "own"), encoding="utf-8")
    stay = (EXAMPLES / "willow-lines.yaml").read_text(encoding="utf-8")
    Path("stay.yaml").write_text(stay.replace("teaching/willow-county-2026", "own.yaml"), encoding="utf-8")
    (lined,) = read_lined_claims("stay.yaml", POLICY)
    assert lined.catalogue is not None and lined.catalogue.id == "own"
    assert [lined.claim] == read_claims(EXAMPLES / "willow-lines.yaml", POLICY)
