"""What the verbs `policy compare`, `diff`, `patients` and `standards` of the command line print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openyibao.compare.align import compare
from openyibao.compare.assistance import assistance_table
from openyibao.compare.changes import changes, read_day
from openyibao.compare.measures import explained, spread
from openyibao.compare.patients import find_patient, standard_patients
from openyibao.compare.report import changes_json, changes_text, comparison_json, comparison_text
from openyibao.compare.report_assistance import standards_json, standards_text
from openyibao.compare.report_patients import Told, patients_csv, patients_json, patients_text
from openyibao.compare.settle import settle_patient
from openyibao.compare.svg import chart
from openyibao.policy import Policy
from openyibao.settlement import Rule


def comparison(policies: Sequence[Policy], form: str, lang: str) -> str:
    """Policies side by side. Raises ValueError where there are fewer than two."""
    if len(policies) < 2:
        raise ValueError("请写出两项以上政策。" if lang == "zh" else "Name two policies or more.")
    rows = compare(policies)
    return comparison_json(policies, rows) if form == "json" else comparison_text(policies, rows, lang)


def differences(prefix: str, start: str, end: str, form: str, lang: str) -> str:
    """What changed between two dates. Raises SeriesError where a date is none or no file covers it."""
    found = changes(prefix, read_day(start), read_day(end))
    return changes_json(found) if form == "json" else changes_text(found, lang)


def patients(policies: Sequence[Policy], name: str | None, form: str, lang: str, svg: Path | None = None) -> str:
    """Standard patients under some policies. Raises PatientError where there is none of the name."""
    rules = {policy: Rule(policy) for policy in policies}
    found = []
    for patient in (find_patient(name),) if name else standard_patients():
        answered = settle_patient(patient, rules.values())
        found.append(Told(answered, spread(answered), explained(patient, rules, answered)))
    if svg is not None:
        svg.write_text(chart(found, lang), encoding="utf-8")
    if form == "json":
        return patients_json(found)
    return patients_csv(found, lang) if form == "csv" else patients_text(found, lang)


def standards(policies: Sequence[Policy], form: str, lang: str) -> str:
    """The published table of assistance standards beside the policies."""
    found = assistance_table(policies)
    return standards_json(found) if form == "json" else standards_text(found, lang)
