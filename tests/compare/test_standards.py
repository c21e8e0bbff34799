"""The published table of assistance standards beside policies: sorted, measured and explained."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

from openyibao.compare.assistance import GROUPS, METHODS, Standard, assistance_table, audit, published
from openyibao.compare.report_assistance import standards_json, standards_text
from openyibao.policy import Policy, find_policy, policy_ids, read_policy, read_policy_text

POLICY = """
policy: reed/assistance
title: {{zh: 芦县救助（虚构）, en: Assistance of Reed County (fictional)}}
region: "888801"
scheme: resident
in force: {{from: {start}, before: 2030-01-01}}
rule of the date of: discharge
documents: {{}}
facts:
  service: [inpatient, outpatient]
  class: {{order: [destitute, low-income edge, illness-poor, ordinary]}}
layers:
  - medical assistance:
      payer: medical assistance fund
      for: {{service: inpatient, class: [destitute, low-income edge, illness-poor]}}
      of: in-scope cost
      deductible per year: {{by: class, destitute: 0, low-income edge: 2000, illness-poor: 6000, otherwise: not known}}
      pays in bands:
        counted: from zero
        over: a year
        bands:
          - {{up to: 10000, pays: {{by: class, destitute: 85%, otherwise: 60%}}}}
          - above: {{by: class, destitute: 100%, otherwise: 95%}}
      at most per year: {{by: class, destitute: no limit, otherwise: 30000}}
      basis: {{document: not identified, article: not identified, source: made up, sure: low}}
  - tilt assistance:
      payer: medical assistance fund
      for: {{service: inpatient, class: illness-poor}}
      of: left of medical assistance
      deductible per year: 5000
      pays: 50%
      at most per year: 20000
      basis: {{document: not identified, article: not identified, source: made up, sure: low}}
"""


def policy(start: date) -> Policy:
    return read_policy_text(POLICY.format(start=start), "reed.yaml")


def cell(found: list[Standard], method: str, measure: str, bound: str, group: str) -> Standard:
    wanted = (method, measure, bound, group)
    return next(one for one in found if (one.method, one.measure, one.bound, one.group) == wanted)


def test_standards_are_measured_and_sorted() -> None:
    found = assistance_table([policy(date(2022, 1, 1))])
    assert len(found) == len(METHODS) * 2 * 3 * len(GROUPS)
    expected = {
        ("inpatient", "threshold", "lowest", "priority"): ("0.5", "0", "has no threshold"),
        ("inpatient", "threshold", "lowest", "low-income"): ("3", "0.2", "was in force on 2022-12-31"),
        ("inpatient", "threshold", "highest", "other"): ("", "0.6", "The table has none"),
        ("inpatient", "ratio", "lowest", "priority"): ("80%", "85%", "Inside the published range"),
        ("inpatient", "ratio", "highest", "priority"): ("100%", "100%", "The same."),
        ("inpatient", "ratio", "highest", "low-income"): ("90%", "95%", "was in force on 2022-12-31"),
        ("inpatient", "ratio", "lowest", "other"): (
            "30%",
            "60%",
            "Inside the published range: the files are of few places (1)",
        ),
        ("inpatient", "cap", "highest", "priority"): ("18", "-", "has no cap"),
        ("inpatient", "cap", "lowest", "low-income"): ("1", "3", "Inside"),
        ("major disease", "threshold", "lowest", "other"): ("3", "0.5", "was in force on 2022-12-31"),
        ("major disease", "cap", "highest", "other"): ("15≥", "2", "Inside"),
        ("outpatient", "ratio", "lowest", "other"): ("50%", "", "None of the encoded places (1)"),
        ("outpatient", "threshold", "highest", "other"): ("", "", "Neither"),
        ("enrolment", "ratio", "lowest", "other"): ("50%", "", "is no part of a bill"),
    }
    for key, (printed, ever, why) in expected.items():
        one = cell(found, *key)
        assert (one.published, one.shown(one.ever)) == (printed, ever), key
        assert one.shown(one.then) == ever, key
        assert why in one.because.en, key


def test_a_file_of_later_years_is_not_of_the_time() -> None:
    found = assistance_table([policy(date(2024, 1, 1))])
    one = cell(found, "inpatient", "ratio", "highest", "low-income")
    assert one.then is None
    assert one.ever is not None and one.ever.value == Fraction(95, 100)
    assert one.because.zh == "超出公布的范围：文件reed/assistance自2024-01-01起施行，晚于表的截止日2022-12-31。"


def test_the_audit_of_the_first_table() -> None:
    """Rows and columns add up; the counts of texts are 8 short of 964."""
    found = audit()
    assert [(one.printed, one.counted) for one in found[-2:]] == [(964, 956), (964, 956)]
    assert all(one.printed == one.counted for one in found[:-2])
    assert len(found) == 5 + 4 + 2


def test_the_whole_library_beside_the_table() -> None:
    found = assistance_table([read_policy(find_policy(name)) for name in policy_ids()])
    for lang in ("zh", "en"):
        assert standards_text(found, lang).count("\n") > 60
    data = json.loads(standards_json(found))
    assert len(data["standards"]) == len(found)
    assert data["source"]["doi"] == published()["source"]["doi"]
    assert all(one.because.zh and one.because.en for one in found)


def test_every_class_of_an_assistance_layer_is_sorted() -> None:
    """A class that nobody sorted is a hole in the table; those of which nobody knows who they are are listed."""
    known = {name for names in published()["groups"].values() for name in names} | set(published()["unnamed"])
    for name in policy_ids():
        law = read_policy(find_policy(name))
        for layer in law.layers:
            if layer.payer == published()["payer"]:
                for condition in (one for one in layer.conditions if one.fact == "class"):
                    assert set(getattr(condition.key, "values", ())) <= known, (name, layer.name)
