"""Standard patients: settled by hand on counties that do not exist, and the measures against numbers worked out."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from openyibao.compare.measures import explained, latest, shares_of_variance, spread, theil, variation
from openyibao.compare.patients import Patient, PatientError, find_patient, read_patient, standard_patients
from openyibao.compare.report_patients import COLUMNS, Told, patients_csv, patients_json, patients_text
from openyibao.compare.settle import Answered, settle_patient
from openyibao.compare.svg import chart
from openyibao.policy import Policy, find_policy, policy_ids, read_policy, read_policy_text
from openyibao.settlement import Rule

HERE = Path(__file__).parent / "policies"
NAMES = ("reed-2020", "reed-2022", "fern-2020", "levels-2020")
STAY: dict[str, Any] = {"service": "inpatient", "grade": "secondary", "day": 10, "days": 5, "in scope": 2500}


@pytest.fixture(scope="module")
def rules() -> dict[Policy, Rule]:
    """The counties, with the cap of Reed 2020, which its file does not know, as it is later."""
    texts = [(HERE / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES]
    policies = [read_policy_text(text.replace("year: not known", "year: 60000"), "county.yaml") for text in texts]
    return {policy: Rule(policy) for policy in policies}


@pytest.fixture(scope="module")
def library() -> dict[Policy, Rule]:
    policies = [read_policy(find_policy(name)) for name in policy_ids()]
    return {policy: Rule(policy) for policy in policies}


def patient(*claims: dict[str, Any], **more: Any) -> Patient:
    record: dict[str, Any] = {
        "patient": "somebody",
        "title": {"zh": "某人", "en": "Somebody"},
        "who": {"zh": "虚构", "en": "made up"},
        "scheme": ["resident"],
        "enrolled years": 2,
        "facts": {"class": "ordinary", "age": 40},
        "claims": list(claims or [STAY | {"fully self-paid": 500}]),
    }
    return read_patient(record | more)


def yuan(answered: Answered) -> dict[str, tuple[float, float]]:
    return {one.policy.id: (one.low.borne_fen / 100, one.high.borne_fen / 100) for one in answered.outcomes}


def test_what_is_borne_in_each_county(rules: dict[Policy, Rule]) -> None:
    """2,500 in scope and 500 out of it, in a secondary hospital.

    Reed 2020: 60 or 65 % of 2,000 are 1,200 or 1,300, borne 1,800 or 1,700. Reed 2022: of the 1,300 or 1,200 that are
    left in scope, 1,000 are the line, and half of 300 or 200 is paid: 1,650 or 1,600. Fern: 60 % of 1,900 are 1,140.
    Moss: 90 or 40 % of 2,500 are 2,250 or 1,000.
    """
    answered = settle_patient(patient(), rules.values())
    assert yuan(answered) == {
        "moss/resident-2020": (750, 2000),
        "reed/resident-2022": (1600, 1650),
        "reed/resident-2020": (1700, 1800),
        "fern/resident-2020": (1860, 1860),
    }
    assert answered.outcomes[0].policy.id == "moss/resident-2020"
    reed = next(one for one in answered.outcomes if one.policy.id == "reed/resident-2020")
    assert dict(reed.low.facts) == {"tier": "cat 2"}
    assert reed.mean_fen == 175000
    assert reed.share == Fraction(1750, 3000)
    assert reed.layers == ("basic insurance",)


def test_uses_go_from_claim_to_claim(rules: dict[Policy, Rule]) -> None:
    """Twice: of Reed 2022, the line of critical illness insurance is met on the first stay, so that the second pays
    half of 1,300 or 1,200: borne 1,650 + 500 + 650, or 1,600 + 500 + 600."""
    answered = settle_patient(patient(STAY | {"fully self-paid": 500, "times": 2, "every": 30}), rules.values())
    assert yuan(answered)["reed/resident-2022"] == (2700, 2800)


def test_of_several_values_the_first_that_is_listed(rules: dict[Policy, Rule]) -> None:
    """In a township centre Fern pays 80 % of 2,400; elsewhere it is a primary hospital."""
    answered = settle_patient(patient(STAY | {"grade": ["township centre", "primary"]}), rules.values())
    assert yuan(answered)["fern/resident-2020"] == (580, 580)
    assert yuan(answered)["reed/resident-2020"] == (2500 - 0.75 * 2300, 2500 - 0.7 * 2300)


def test_who_cannot_answer_says_why(rules: dict[Policy, Rule]) -> None:
    def why(who: Patient) -> dict[str, tuple[str, str]]:
        return {policy.id: (text.zh, text.en) for policy, text in settle_patient(who, rules.values()).without}

    assert why(patient(needs=["class"]))["reed/resident-2020"] == (
        "文件不区分“救助对象类别”",
        "the file does not ask the class",
    )
    assert why(patient(facts={"class": "low-income edge"}))["fern/resident-2020"] == (
        "文件的“救助对象类别”没有“低保边缘家庭成员”",
        "the file knows no class low-income edge",
    )
    outpatient = why(patient(STAY | {"service": "outpatient"}))
    assert outpatient["reed/resident-2020"][1] == "the file knows no service outpatient"
    assert outpatient["fern/resident-2020"][1] == "no layer of the file applies"
    assert why(patient(STAY | {"day": 300}))["moss/resident-2020"] == (
        "文件施行92天，该患者的就医需要306天",
        "the file is in force for 92 days, and the claims of this patient need 306",
    )
    assert why(patient(STAY | {"grade": "ungraded"}))["fern/resident-2020"][1] == "the file knows no grade ungraded"


def test_a_claim_without_a_layer_is_borne_in_full(rules: dict[Policy, Rule]) -> None:
    """Fern knows outpatient care, and pays nothing for it: 2,500 less 60 % of 1,900, and 300."""
    visit = {"service": "outpatient", "grade": "primary", "day": 5, "in scope": 300}
    found = {one.policy.id: one for one in settle_patient(patient(STAY, visit), rules.values()).outcomes}
    assert list(found) == ["fern/resident-2020"]
    fern = found["fern/resident-2020"]
    assert (fern.low.borne_fen, fern.low.bare, fern.claims) == (2500_00 - 1140_00 + 300_00, 1, 2)


def test_a_gap_of_some_cases_leaves_the_others() -> None:
    text = (HERE / "reed-2020.yaml").read_text(encoding="utf-8")
    partly = text.replace("year: not known", "year: {by: tier, cat 1: 60000, cat 2: not known}")
    (one,) = settle_patient(patient(), [Rule(read_policy_text(partly, "partly.yaml"))]).outcomes
    assert (one.low.borne_fen, one.high.borne_fen, one.tried, one.untold) == (180000, 180000, 2, 1)
    assert one.why is not None and "not known" in one.why.en
    answered = settle_patient(patient(), [Rule(read_policy_text(text, "reed.yaml"))])
    assert answered.outcomes == ()
    assert spread(answered) is None
    assert "at most per year has no value for any claim" in answered.without[0][1].en


def test_days_are_counted_from_the_first_benefit_year(rules: dict[Policy, Rule]) -> None:
    found = {one.policy.id: one.first for one in settle_patient(patient(), rules.values()).outcomes}
    assert found["moss/resident-2020"] == date(2020, 7, 1)
    assert found["fern/resident-2020"] == date(2020, 1, 1)


def test_measures_of_spread() -> None:
    """0.2, 0.3 and 0.7: mean 0.4, variance (0.04 + 0.01 + 0.09) / 3.

    Theil: (0.5 ln 0.5 + 0.75 ln 0.75 + 1.75 ln 1.75) / 3 = (-0.3466 - 0.2158 + 0.9793) / 3.
    """
    values = [Fraction(2, 10), Fraction(3, 10), Fraction(7, 10)]
    assert round(variation(values), 4) == 0.5401
    assert round(theil(values), 4) == 0.1390
    assert (variation([Fraction(1, 3)] * 4), theil([Fraction(1, 3)] * 4)) == (0, 0)
    assert (variation([Fraction(0)] * 2), theil([Fraction(0)] * 2)) == (0, 0)
    assert round(theil([Fraction(0), Fraction(1)]), 4) == 0.6931  # ln 2: one bears all


def test_each_place_counts_once(rules: dict[Policy, Rule]) -> None:
    """Of Reed the later file: 1,625 of 3,000. Fern 1,860, Moss the mean of 750 and 2,000, 1,375."""
    answered = settle_patient(patient(), rules.values())
    assert {one.policy.id for one in latest(answered.outcomes)} == {
        "moss/resident-2020",
        "reed/resident-2022",
        "fern/resident-2020",
    }
    found = spread(answered)
    assert found is not None
    assert (found.places, found.low, found.high) == (3, Fraction(1375, 3000), Fraction(1860, 3000))
    assert found.mean == pytest.approx((1375 + 1860 + 1625) / 9000)


def test_a_model_is_no_place(rules: dict[Policy, Rule]) -> None:
    """Models of the nation are settled like any policy, and do not enter the measures."""
    model = read_policy(find_policy("model/national-resident-2023"))
    stay = {**STAY, "in scope": 25000}
    answered = settle_patient(patient(stay), [*rules.values(), Rule(model)])
    assert model.id in {one.policy.id for one in answered.outcomes}
    assert model.id not in {one.policy.id for one in latest(answered.outcomes)}
    assert spread(answered) == spread(settle_patient(patient(stay), rules.values()))


def test_shares_of_variance_by_hand() -> None:
    """Two places, three grades: 0 1 2 and 3 4 5. Mean 2.5, total 17.5; places 6 x 1.5^2 = 13.5, grades 4 x 1 = 4."""
    design = {(place, grade): Fraction(3 * n + m) for n, place in enumerate("ab") for m, grade in enumerate("xyz")}
    assert shares_of_variance(design) == pytest.approx([13.5 / 17.5, 4 / 17.5])
    assert shares_of_variance({("a", "x"): Fraction(1), ("b", "x"): Fraction(1)}) == [0, 0]


def test_variance_explained_over_two_counties(rules: dict[Policy, Rule]) -> None:
    """Reed 2022 and Fern by grade (primary, secondary, tertiary); Fern pays the destitute without a deductible.

    Of 2,500, Reed with the mean of both tiers: primary 2,300 at 77.5 % = 1,782.50 (critical: nothing above the line),
    so 717.50; secondary 800 and 700 of line and rate, half above 1,000: 2,500 - 1,200 = 1,300, less 150, 1,150, and
    1,200 less 100, 1,100; tertiary 1,500 less 250, 1,250, and 1,400 less 200, 1,200. Means 717.5, 1,125, 1,225.
    Fern: ordinary 2,500 - 0.7 x 2,300 = 890, - 0.6 x 1,900 = 1,360, - 0.5 x 1,900 = 1,550; destitute 750, 1,000, 1,250.
    """
    answered = settle_patient(patient(STAY), rules.values())
    found = explained(patient(STAY), rules, answered)
    assert found is not None
    assert found.places == 2
    reed, ordinary, destitute = [717.5, 1125, 1225], [890, 1360, 1550], [750, 1000, 1250]
    cells = [(place, grade, group, value) for place, rows in (
        ("reed", [reed] * 4), ("fern", [ordinary] * 3 + [destitute])
    ) for group, row in enumerate(rows) for grade, value in enumerate(row)]  # fmt: skip
    mean = sum(cell[3] for cell in cells) / len(cells)
    total = sum((cell[3] - mean) ** 2 for cell in cells)
    shares = []
    for factor in range(3):
        levels = {cell[factor] for cell in cells}
        groups = [[cell[3] for cell in cells if cell[factor] == level] for level in levels]
        shares.append(sum(len(of) * (sum(of) / len(of) - mean) ** 2 for of in groups) / total)
    assert [found.place, found.grade, found.group] == pytest.approx(shares)
    assert found.together == pytest.approx(1 - sum(shares))


def test_reports_say_the_same(rules: dict[Policy, Rule]) -> None:
    answered = settle_patient(patient(), rules.values())
    told = [Told(answered, spread(answered), explained(patient(), rules, answered))]
    text = patients_text(told, "zh")
    assert "  1,700.00 - 1,800.00  58.3%  reed/resident-2020  基本医疗保险\n" in text
    assert "最低：缴费档次：二档；最高：缴费档次：一档" in text
    data = json.loads(patients_json(told))["patients"][0]
    assert [(one["lowest_fen"], one["highest_fen"]) for one in data["outcomes"]][2] == (170000, 180000)
    assert data["spread"]["places"] == 3
    lines = list(csv.reader(io.StringIO(patients_csv(told, "en"))))
    assert tuple(lines[0]) == COLUMNS
    assert all(len(line) == len(COLUMNS) for line in lines)
    assert lines[3][:3] == ["somebody", "reed/resident-2020", "888801"]


def test_the_chart_is_svg_with_a_bar_for_each_policy(rules: dict[Policy, Rule]) -> None:
    answered = settle_patient(patient(), rules.values())
    root = ElementTree.fromstring(chart([Told(answered, None, None)], "zh"))
    assert len(root.findall("{http://www.w3.org/2000/svg}rect")) == 1 + 3 * len(answered.outcomes)


def test_patients_of_the_file_are_well_written() -> None:
    assert len(standard_patients()) >= 12
    assert len({one.name for one in standard_patients()}) == len(standard_patients())
    for one in standard_patients():
        assert one.title.zh and one.title.en and one.who.zh and one.who.en
        assert one.length <= 366
        assert one.total_fen > 0
    with pytest.raises(PatientError, match="no standard patient is named 'nobody'"):
        find_patient("nobody")
    with pytest.raises(PatientError, match="patient somebody: the key 'wish' is not known"):
        patient(wish=1)
    with pytest.raises(PatientError, match="somebody"):
        patient({"day": 1, "in scope": "1.234"})


@pytest.mark.parametrize("name", [one.name for one in standard_patients()])
def test_every_patient_is_answered(name: str, library: dict[Policy, Rule]) -> None:
    """By one policy of the library at least; what is borne lies between what no policy covers and the whole cost."""
    who = find_patient(name)
    answered = settle_patient(who, library.values())
    assert answered.outcomes
    for one in answered.outcomes:
        assert 0 <= one.low.borne_fen <= one.high.borne_fen <= who.total_fen
        assert one.tried == len(one.ways) + one.untold
    for _, why in answered.without:
        assert why.zh and why.en


def test_all_patients_under_all_policies_take_seconds(library: dict[Policy, Rule]) -> None:
    start = time.perf_counter()
    for who in standard_patients():
        explained(who, library, settle_patient(who, library.values()))
    took = time.perf_counter() - start
    print(f"{len(standard_patients())} patients under {len(library)} policies: {took:.2f} s")
    assert took < 20
