"""A series holds one policy a day, and says which; a date without one is never settled under a neighbour."""

from __future__ import annotations

import dataclasses
import importlib.util
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from openyibao.history import History, HistoryError, Series, load_series, settle_all
from openyibao.history.series import series_files
from openyibao.policy import PolicyNotFoundError, find_policy, read_policy, write_policy
from openyibao.settlement import Claim, ClaimError, Rule

SPEC = importlib.util.spec_from_file_location("texts", Path(__file__).with_name("version_policies.py"))
assert SPEC and SPEC.loader
texts = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(texts)
AT = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C, D = (texts.policy(version, "settlement", "settlement") for version in "ABCD")


def claim(admission: date, discharge: date | None = None, settlement: date | None = None, name: str = "1") -> Claim:
    days = (admission, discharge or admission, settlement or discharge or admission)
    facts = {"service": "inpatient", "class": "ordinary"}
    return Claim(name, "P", *days, in_scope_fen=10_000_000, facts=facts)


def test_the_order_of_the_policies_does_not_matter() -> None:
    assert Series([C, A, D, B]).policies == (A, B, C, D)


@pytest.mark.parametrize("start", [date(2024, 6, 30), date(2024, 1, 1), date(2023, 12, 1)])
def test_an_overlap_is_an_error_when_loaded_and_names_both(start: date) -> None:
    other = dataclasses.replace(C, start=start, id="versions/other")
    with pytest.raises(HistoryError) as found:
        Series([A, B, D, other])
    assert found.value.kind == "overlap"
    for text in (found.value.text.zh, found.value.text.en):
        assert "versions/other" in text and ("versions/B" in text or "versions/A" in text), text


def test_other_things_that_make_no_series() -> None:
    for policies, kind in (
        ([], "empty"),
        ([B, B], "twice"),
        ([A, dataclasses.replace(B, region="999998")], "mixed"),
        ([A, dataclasses.replace(B, scheme="employee")], "mixed"),
    ):
        with pytest.raises(HistoryError) as found:
            Series(policies)
        assert found.value.kind == kind
        assert found.value.text.zh and str(found.value) == found.value.text.en


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2023, 6, 30), "none", "versions/A"),
        (date(2025, 1, 1), "versions/C", "versions/D"),
        (date(2025, 1, 31), "versions/C", "versions/D"),
        (date(2026, 1, 1), "versions/D", "none"),
    ],
)
def test_a_date_that_none_covers_names_the_nearest(day: date, before: str, after: str) -> None:
    with pytest.raises(ClaimError) as found:
        Series([A, B, C, D]).rule_for(claim(day))
    assert found.value.kind == "uncovered"
    english = found.value.text.en
    assert f"Nearest before: {before}" in english and f"nearest after: {after}" in english
    assert str(day) in english and str(day) in found.value.text.zh


def test_one_policy_says_itself_what_it_covers() -> None:
    with pytest.raises(ClaimError, match="versions/B does not cover the settlement date 2024-07-01"):
        Series([B]).settle_touching(History("P").uses, claim(date(2024, 7, 1)))


def test_two_policies_that_go_by_different_dates_may_both_hold_or_neither() -> None:
    by_admission = texts.policy("A", "admission", "settlement")
    with pytest.raises(ClaimError) as found:
        Series([by_admission, B]).rule_for(claim(date(2023, 12, 30), date(2024, 1, 2)))
    assert found.value.kind == "ambiguous"
    assert "admission date 2023-12-30" in found.value.text.en and "结算日期2024-01-02" in found.value.text.zh
    later = texts.policy("B", "admission", "settlement")
    with pytest.raises(ClaimError) as found:
        Series([A, later]).rule_for(claim(date(2023, 12, 30), date(2024, 1, 2)))
    assert found.value.kind == "uncovered"
    assert "settlement 2024-01-02, admission 2023-12-30" in found.value.text.en


def test_uses_of_a_year_go_on_across_a_change_of_policy() -> None:
    """The cap of 100,000 yuan a year: 60,000 under B, 40,000 left under C."""
    claims = [claim(date(2024, 6, 30), name="1"), claim(date(2024, 7, 1), name="2"), claim(date(2025, 2, 1), name="3")]
    history = settle_all(History("P"), Series([A, B, C, D]), claims, AT)
    assert [entry.policy[-1] for entry in history.counted()] == ["B", "C", "D"]
    paid = [entry.bill.paid_by_layer_fen()["basic insurance"] for entry in history.counted()]
    assert paid == [6_000_000, 4_000_000, 8_000_000]


def test_a_series_of_one_is_the_rule_alone() -> None:
    stay = claim(date(2024, 3, 1))
    bill, uses = Series([B]).settle(History("P").uses, stay)
    alone, after = Rule(B).settle(History("P").uses, stay)
    assert (bill.values, uses) == (alone.values, after)


def test_words_and_facts_of_all_policies_read_a_claim() -> None:
    one = read_policy(find_policy("chongqing/resident-2023"))
    reader = Series([dataclasses.replace(one, words=one.words[:3], facts=one.facts[:2])]).reader()
    later = dataclasses.replace(one, id="later", start=one.end, end=one.end.replace(year=2025))
    both = Series([one, later]).reader()
    assert reader.facts == one.facts[:2] and both.words == one.words and both.facts == one.facts


def test_names_of_series() -> None:
    found = [policy.id for policy in load_series(["chongqing/resident"]).policies]
    assert "chongqing/resident-2023" in found and "chongqing/resident-2023-as-published" not in found
    named = load_series(["chongqing/resident-2023-as-published"]).policies
    assert [policy.id for policy in named] == ["chongqing/resident-2023-as-published"]
    assert "willow-county-2026.yaml" in [path.name for path in series_files("teaching")]
    with pytest.raises(PolicyNotFoundError, match="chongqing/resident-2023"):
        load_series(["chongqing/residents-2023"])
    with pytest.raises(PolicyNotFoundError):
        load_series(["nowhere"])


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    for policy in (A, B, C, D):
        (tmp_path / f"{policy.id[-1]}.yaml").write_text(write_policy(policy, "zh"), encoding="utf-8")
    assert load_series([str(tmp_path)]).policies == (A, B, C, D)
    what_if = "policy: what-if\nvariation of: {}\ntitle: {{zh: 试算, en: What if}}\nchanges:\n  - {}\n"
    change = "{at: layers / basic insurance / payer, to: medical assistance fund}"
    (tmp_path / "E.yaml").write_text(what_if.format(tmp_path / "B.yaml", change), encoding="utf-8")
    assert load_series([str(tmp_path)]).policies == (A, B, C, D)
    with pytest.raises(HistoryError, match="in force on the same days"):
        load_series([str(tmp_path / "B.yaml"), str(tmp_path / "E.yaml")])
    employees = write_policy(dataclasses.replace(D, id="versions/E", scheme="employee"), "en")
    (tmp_path / "F.yaml").write_text(employees, encoding="utf-8")
    with pytest.raises(HistoryError) as found:
        load_series([str(tmp_path)])
    assert found.value.kind == "several"
    assert "999999 employee (versions/E)" in found.value.text.en and "999999职工（versions/E）" in found.value.text.zh


def test_a_variation_that_follows_its_base_is_part_of_the_series(tmp_path: Path) -> None:
    (tmp_path / "B.yaml").write_text(write_policy(B, "en"), encoding="utf-8")
    (tmp_path / "C.yaml").write_text(
        "policy: versions/next\nvariation of: " + str(tmp_path / "B.yaml") + "\n"
        "title: {zh: 下一个, en: The next}\nchanges:\n"
        "  - {at: in force, to: {from: 2024-07-01, before: 2025-01-01}}\n",
        encoding="utf-8",
    )
    policies = load_series([str(tmp_path)]).policies
    assert [policy.id for policy in policies] == ["versions/B", "versions/next"]
