"""The policies of versions.csv as text: see make_versions.py. One series for each date that may choose the rule."""

from __future__ import annotations

from functools import cache

from openyibao.history import Series
from openyibao.policy import Policy, read_policy_text

VERSIONS = {
    "A": ("2023-07-01", "2024-01-01", 50),
    "B": ("2024-01-01", "2024-07-01", 60),
    "C": ("2024-07-01", "2025-01-01", 70),
    "D": ("2025-02-01", "2026-01-01", 80),
}
AID = {"destitute": 40, "minimum living allowance": 20, "ordinary": 0}
"""How many of a hundred of what is left after basic insurance the assistance pays."""
BASIS = "basis: {document: not identified, article: not identified, source: tests, sure: low}"


def text(version: str, rule_date: str, as_of: str) -> str:
    """One version, as a policy file."""
    start, end, rate = VERSIONS[version]
    aid = ", ".join(f"{name}: {share}%" for name, share in AID.items())
    return f"""
policy: versions/{version}
title: {{zh: 测试用政策{version}, en: Version {version} of a policy for tests}}
region: 999999
scheme: resident
in force: {{from: {start}, before: {end}}}
rule of the date of: {rule_date}
documents: {{}}
facts:
  service: [inpatient]
  class: {{order: [{", ".join(AID)}], as of: {as_of}}}
layers:
  - basic insurance:
      payer: pooled fund
      of: in-scope cost
      pays: {rate}%
      at most per year: 100000
      {BASIS}
  - medical assistance:
      payer: medical assistance fund
      of: [left of basic insurance]
      pays: {{by: class, {aid}}}
      {BASIS}
"""


@cache
def policy(version: str, rule_date: str, as_of: str) -> Policy:
    return read_policy_text(text(version, rule_date, as_of), f"{version}.yaml")


@cache
def series(rule_date: str = "settlement", as_of: str = "settlement") -> Series:
    return Series(policy(version, rule_date, as_of) for version in VERSIONS)
