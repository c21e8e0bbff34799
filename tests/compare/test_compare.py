"""Policies side by side and over time, on counties that do not exist: each expectation is worked out by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from openyibao.compare.align import Row, compare
from openyibao.compare.changes import SeriesError, changes, read_day
from openyibao.compare.report import changes_json, changes_text, comparison_json, comparison_text
from openyibao.policy import Policy, find_policy, policy_ids, read_policy
from openyibao.policy.model import Bilingual

HERE = Path(__file__).parent / "policies"
DEDUCTIBLE = ("layers", "basic insurance", "deductible per claim")
PAYS = ("layers", "basic insurance", "pays")


def policy(name: str) -> Policy:
    return read_policy(HERE / f"{name}.yaml")


def rows(path: tuple[str, ...], *names: str) -> list[tuple[str, tuple[str | None, ...]]]:
    """The rows of a path: for which facts, and what each policy says."""
    found = [row for row in compare([policy(name) for name in names]) if row.path == path]
    return [
        (
            "; ".join(f"{name.en} {values.en}" for name, values in row.facts),
            tuple(None if said is None else said.text.en for said in row.said),
        )
        for row in found
    ]


def test_cells_are_aligned_by_facts_that_only_one_policy_asks() -> None:
    """The facts of the first come first. Fern tells township centres and classes apart, Reed does not."""
    assert rows(DEDUCTIBLE, "reed-2020", "fern-2020") == [
        ("grade primary; class destitute", ("200 yuan", "0 yuan")),
        ("grade primary; class ordinary", ("200 yuan", "200 yuan")),
        ("grade secondary, tertiary; class destitute", ("500 yuan", "0 yuan")),
        ("grade secondary, tertiary; class ordinary", ("500 yuan", "600 yuan")),
        ("grade township centre; class destitute", (None, "0 yuan")),
        ("grade township centre; class ordinary", (None, "100 yuan")),
    ]


def test_points_are_part_of_the_rate() -> None:
    assert rows(PAYS, "reed-2020", "reed-2022") == [
        ("grade primary; tier cat 1", ("70%", "80%")),
        ("grade primary; tier cat 2", ("75%", "75%")),
        ("grade secondary; tier cat 1", ("60%", "60%")),
        ("grade secondary; tier cat 2", ("65%", "65%")),
        ("grade tertiary; tier cat 1", ("50%", "50%")),
        ("grade tertiary; tier cat 2", ("55%", "55%")),
    ]


def test_a_layer_that_one_policy_lacks_stands_behind_the_one_it_follows() -> None:
    found = compare([policy("fern-2020"), policy("reed-2022")])
    layers = list(dict.fromkeys(row.path[1] for row in found if row.path[0] == "layers"))
    assert layers == ["order", "basic insurance", "critical illness insurance"]
    critical = [row for row in found if row.path[1:2] == ("critical illness insurance",)]
    assert all(row.said[0] is None and row.said[1] is not None for row in critical)
    assert not any(row.same for row in critical)


def test_a_policy_is_the_same_as_itself() -> None:
    for name in policy_ids():
        law = read_policy(find_policy(name))
        assert all(row.same for row in compare([law, law])), name


def test_text_shows_what_is_the_same_once_and_what_differs_with_its_basis() -> None:
    policies = [policy("reed-2020"), policy("fern-2020")]
    text = comparison_text(policies, compare(policies), "zh")
    assert "  支付方: 统筹基金\n" in text
    lines = (
        "≠ 每次起付线（医院等级：二级、三级；救助对象类别：普通参保人员）\n"
        "    A  500元  [芦县医保办法第三条；可靠程度：高]\n"
        "    B  600元  [文件未查明；可靠程度：低]\n"
    )
    assert lines in text
    assert "    A  未知  [芦县医保办法第三条；可靠程度：高]\n    B  60000元" in text


def test_json_has_the_numbers() -> None:
    policies = [policy("reed-2020"), policy("fern-2020")]
    data = json.loads(comparison_json(policies, compare(policies)))
    row = next(one for one in data["rows"] if one["path"] == list(DEDUCTIBLE))
    assert [value["fen"] for value in row["values"]] == [20000, 0]
    assert row["values"][0]["basis"]["article"] == "第三条"
    rate = next(one for one in data["rows"] if one["path"] == list(PAYS))
    assert rate["values"][0]["ratio"] == [7, 10]


WORKED_OUT = """\
  amounts / line: 10000 yuan
  amounts / line / share: 50%
  quantities / own burden: left of basic insurance + pre-self-paid cost - basic insurance's deductible
  derived facts / number of the stay / of: earlier episodes
  derived facts / number of the stay / over: a year
  derived facts / number of the stay / where / service: inpatient
  derived facts / number of the stay / first stay / below: 1
  of: in-scope cost, pre-self-paid cost×50%
  order: limit per month, deductible per claim
  limit per month / carry over: one
  deductible per claim (number of the stay: first stay): 500 yuan
  deductible per claim (number of the stay: later stay): 250 yuan
  deductible per claim / annual maximum: 1000 yuan
  pays in bands / counted: from zero
  band 1 up to: 10000 yuan
  band 1 pays (status: active): 72%
  band 1 pays (status: retired): 87%
  band 2 pays: 90%
  at most per year / group: fund cap
  at most per year / per: status
  pays: 60% + 0.1% x age, at most 70%
  at least: 10% of own burden, at most 5000 yuan
"""


def test_everything_that_a_layer_keeps_and_works_out_is_shown() -> None:
    """Half of 20,001 is cut to 10,000; the retired bear half of 30 %, and both get 2 points more."""
    law = policy("derived-2024")
    lines = comparison_text([law, law], compare([law, law]), "en").splitlines()
    assert [line for line in WORKED_OUT.splitlines() if line not in lines] == []
    assert lines[-1] == "47 the same, 0 different."


REED = (date(2020, 6, 1), date(2022, 6, 1))


def test_changes_are_told_one_by_one_over_the_gap() -> None:
    found = changes("reed/resident", *REED, [policy("reed-2020"), policy("reed-2022")])
    (step,) = found.steps
    assert (step.day, step.gap) == (date(2022, 1, 1), date(2021, 1, 1))
    since = Bilingual(
        "最迟自2022-01-01起（2021-01-01至该日没有文件），",
        "From 2022-01-01 on at the latest (no file covers 2021-01-01 to that day), ",
    )
    texts = [
        ("“基本医疗保险”的报销比例（医院等级：一级；缴费档次：一档）由70%改为80%（芦县医保办法第四条；可靠程度：中）。",
         "basic insurance, pays (grade: primary; tier: cat 1) is 80%, before 70% "
         "(Reed County rule, 第四条; sure: medium)."),
        ("“基本医疗保险”的年度最高支付为60000元，此前未查到（芦县医保办法第四条；可靠程度：中）。",
         "basic insurance, at most per year is 60000 yuan; before, it is not known "
         "(Reed County rule, 第四条; sure: medium)."),
        ("文件新列保障层次“大病保险”。", "the file has a new layer: critical illness insurance."),
        ("新增“大病保险”的支付方：大病保险资金（芦县医保办法；可靠程度：低）。",
         "new: critical illness insurance, payer: critical illness fund (Reed County rule; sure: low)."),
        ("新增“大病保险”的基数：基本医疗保险后的个人负担（芦县医保办法；可靠程度：低）。",
         "new: critical illness insurance, of: left of basic insurance (Reed County rule; sure: low)."),
        ("新增“大病保险”的年度起付线：1000元（芦县医保办法；可靠程度：低）。",
         "new: critical illness insurance, deductible per year: 1000 yuan (Reed County rule; sure: low)."),
        ("新增“大病保险”的报销比例：50%（芦县医保办法；可靠程度：低）。",
         "new: critical illness insurance, pays: 50% (Reed County rule; sure: low)."),
    ]  # fmt: skip
    assert [change.text for change in step.changes] == [Bilingual(since.zh + zh, since.en + en) for zh, en in texts]
    kinds = [change.kind for change in step.changes]
    assert kinds == ["changed", "found", "layer added", "added", "added", "added", "added"]


def test_backwards_what_was_known_is_lost_and_the_layer_is_gone() -> None:
    earlier = policy("reed-2022")
    later = policy("reed-2020")
    from dataclasses import replace

    moved = replace(later, start=date(2023, 1, 1), end=date(2024, 1, 1))
    (step,) = changes("reed", date(2022, 1, 1), date(2023, 6, 1), [earlier, moved]).steps
    assert step.gap is None
    assert [change.text.zh for change in step.changes] == [
        "自2023-01-01起，“基本医疗保险”的报销比例（医院等级：一级；缴费档次：一档）由80%改为70%（芦县医保办法第三条；可靠程度：高）。",
        "自2023-01-01起，“基本医疗保险”的年度最高支付未查到，此前为60000元（芦县医保办法第四条；可靠程度：中）。",
        "自2023-01-01起，文件不再列有保障层次“大病保险”；是取消还是未查到，见文件缺口。",
    ]


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (date(2021, 5, 1), date(2022, 5, 1), "no file covers 2021-05-01. The files of the series cover 2020-01-01"),
        (date(2020, 5, 1), date(2024, 5, 1), "no file covers 2024-05-01."),
        (date(2022, 5, 1), date(2020, 5, 1), "the first day 2022-05-01 lies after the last, 2020-05-01."),
    ],
)
def test_days_that_no_file_covers_are_refused(start: date, end: date, says: str) -> None:
    with pytest.raises(SeriesError) as error:
        changes("reed", start, end, [policy("reed-2020"), policy("reed-2022")])
    assert str(error.value).startswith(says)
    assert error.value.text.zh


def test_other_mistakes_are_told() -> None:
    with pytest.raises(SeriesError, match="no policy has an id that begins with 'nowhere'"):
        changes("nowhere", *REED)
    with pytest.raises(SeriesError, match="888801 resident, 888802 resident"):
        changes("x", *REED, [policy("reed-2020"), policy("fern-2020")])
    with pytest.raises(SeriesError, match="'2020-13' is no date"):
        read_day("2020-13")


def test_one_file_and_files_passed_over_are_named() -> None:
    from dataclasses import replace

    other = replace(policy("reed-2020"), id="reed/resident-2020-other")
    found = changes("reed", date(2020, 2, 1), date(2020, 3, 1), [other, policy("reed-2020")])
    assert changes_text(found, "en") == (
        "one file covers all this time: reed/resident-2020.\n"
        "files of the same time that were passed over: reed/resident-2020-other.\n"
    )
    assert json.loads(changes_json(found))["passed_over"] == ["reed/resident-2020-other"]


def test_the_series_of_the_library_can_be_told() -> None:
    """Every two files of one place: no error, in both languages, and the same as data."""
    found = changes("xx-district/resident", date(2007, 11, 1), date(2013, 5, 1))
    assert [step.gap for step in found.steps] == [date(2008, 1, 1)]
    for lang in ("zh", "en"):
        assert len(changes_text(found, lang).splitlines()) == len(found.steps[0].changes) + 2
    kinds = [one["kind"] for one in json.loads(changes_json(found))["steps"][0]["changes"]]
    assert kinds == [change.kind for change in found.steps[0].changes]


def test_titles_are_the_same_length_in_both_languages() -> None:
    row = Row(
        ("a",), (Bilingual("甲", "A"), Bilingual("乙", "B")), ((Bilingual("丙", "C"), Bilingual("丁", "D")),), (None,)
    )
    assert row.title("zh") == "甲 / 乙（丙：丁）"
    assert row.title("en", skip=1) == "B (C: D)"
