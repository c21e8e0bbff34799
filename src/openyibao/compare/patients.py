"""Standard patients as data: who they are, and their claims counted in days from a first day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from openyibao.policy.model import Bilingual
from openyibao.policy.values import parse_fen
from openyibao.settlement import Claim
from openyibao.settlement.claim import FactValue

PATIENTS = "patients.yaml"
PARTS = ("in scope", "pre-self-paid", "over limit", "fully self-paid")
PATIENT_KEYS = {"patient", "title", "who", "scheme", "enrolled years", "facts", "claims", "needs", "exact"}
CLAIM_KEYS = {*PARTS, "day", "days", "times", "every"}
"""Keys of a claim that are no facts; `days` is both, the length of a stay."""
DAYS_OF_A_YEAR = 365

Wishes = dict[str, tuple[str | int, ...]]
"""Facts with the values that a patient could have, the best first: a policy takes the first that it lists."""


class PatientError(ValueError):
    """A standard patient that is not written as it must be, or that does not exist."""


@dataclass(frozen=True)
class Treatment:
    """One claim of a patient: days after the first day, facts, and the four parts in fen (in the order of PARTS)."""

    day: int
    days: int
    facts: Wishes
    parts_fen: tuple[int, int, int, int]

    def claim(self, number: int, first: date, enrolled_days: int, facts: dict[str, FactValue]) -> Claim:
        admission = first + timedelta(days=self.day)
        discharge = admission + timedelta(days=self.days)
        enrolment = first - timedelta(days=enrolled_days)
        return Claim(
            str(number), "patient", admission, discharge, discharge, *self.parts_fen, facts=facts, enrolment=enrolment
        )


@dataclass(frozen=True)
class Patient:
    """A made-up patient. `needs` are facts that a policy must ask, `exact` those of which it must list the value."""

    name: str
    title: Bilingual
    who: Bilingual
    schemes: tuple[str, ...]
    enrolled_days: int
    facts: Wishes
    treatments: tuple[Treatment, ...]
    needs: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()

    @property
    def total_fen(self) -> int:
        return sum(sum(one.parts_fen) for one in self.treatments)

    @property
    def length(self) -> int:
        """The number of days that the claims need."""
        return max(one.day + one.days for one in self.treatments) + 1


@cache
def standard_patients() -> tuple[Patient, ...]:
    """The patients of the file, in its order.

    >>> standard_patients()[0].title.en
    "A child's pneumonia in a county hospital"
    """
    return tuple(read_patient(record) for record in _file()["patients"])


def find_patient(name: str) -> Patient:
    """A patient by name; raises PatientError, naming all of them."""
    for patient in standard_patients():
        if patient.name == name:
            return patient
    names = ", ".join(patient.name for patient in standard_patients())
    raise PatientError(f"no standard patient is named {name!r}; there are {names}")


def local_words() -> tuple[str, ...]:
    """The facts that places word in their own way."""
    return tuple(_file()["local words"])


def is_place(region: str) -> bool:
    """Whether a region exists."""
    return region not in _file()["no place"]


def never(age: int) -> dict[str, tuple[str, ...]]:
    """Values of facts that nobody of this age has."""
    grown = age >= _file()["adult from"]
    return {fact: tuple(values) for fact, values in _file()["adults never"].items()} if grown else {}


@cache
def _file() -> dict[str, Any]:
    text = files("openyibao.compare").joinpath(PATIENTS).read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def read_patient(record: dict[str, Any]) -> Patient:
    """A patient from plain data; raises PatientError, naming the patient and the key."""
    name = record.get("patient", "?")
    for key in set(record) - PATIENT_KEYS:
        raise PatientError(f"patient {name}: the key {key!r} is not known")
    try:
        treatments = [one for claim in record["claims"] for one in _treatments(claim)]
        return Patient(
            name,
            Bilingual(**record["title"]),
            Bilingual(**record["who"]),
            tuple(record["scheme"]),
            record["enrolled years"] * DAYS_OF_A_YEAR,
            _wishes(record["facts"]),
            tuple(sorted(treatments, key=lambda one: (one.day + one.days, one.day))),
            tuple(record.get("needs", ())),
            tuple(record.get("exact", ())),
        )
    except (KeyError, TypeError) as error:
        raise PatientError(f"patient {name}: {error}") from None


def _treatments(record: dict[str, Any]) -> list[Treatment]:
    fen = [parse_fen(str(record.get(part, 0))) for part in PARTS]
    if None in fen:
        raise TypeError(f"an amount of {record} is none")
    parts: Any = tuple(fen)
    days, every = record.get("days", 0), record.get("every", 0)
    facts = {key: value for key, value in record.items() if key not in CLAIM_KEYS} | {"days": days}
    return [
        Treatment(record["day"] + number * every, days, _wishes(facts), parts)
        for number in range(record.get("times", 1))
    ]


def _wishes(facts: dict[str, Any]) -> Wishes:
    return {fact: tuple(value) if isinstance(value, list) else (value,) for fact, value in facts.items()}
