"""Policies side by side: value by value, from one date to another, and by what the same patients bear under each.

compare(policies) -> list[Row]                 every value of several policies, aligned by layer and by facts
changes(prefix, day, day) -> Changes           what changed in a place from one date to another, one sentence a change
standard_patients() -> tuple[Patient, ...]     made-up patients, as data
settle_patient(patient, rules) -> Answered     what a patient bears under each policy that can answer
spread(answered) -> Spread | None              how far the places lie apart
assistance_table(policies) -> list[Standard]   lowest and highest standards of assistance, beside a published table
"""

from openyibao.compare.align import Row, compare
from openyibao.compare.assistance import Standard, assistance_table
from openyibao.compare.changes import Changes, changes
from openyibao.compare.measures import Spread, spread
from openyibao.compare.patients import Patient, standard_patients
from openyibao.compare.settle import Answered, settle_patient

__all__ = [
    "Answered",
    "Changes",
    "Patient",
    "Row",
    "Spread",
    "Standard",
    "assistance_table",
    "changes",
    "compare",
    "settle_patient",
    "spread",
    "standard_patients",
]
