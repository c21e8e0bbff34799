"""Population files and target tables: what is wrong is said with file, line and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openyibao.lab import Generator, LabFileError, Population, population_names, read_population
from openyibao.lab.build import age_given_role, layout, spread_evenly
from openyibao.lab.population import find_population
from openyibao.lab.targets import find_targets, read_targets

TEXT = find_population("xx-district-2013").read_text(encoding="utf-8")

TABLES = {
    "nation-employee-2023": "9e867834ca245a6b",
    "nation-resident-2023": "fb35006d5f29a741",
    "xx-district-2013": "5353caaa00ce5047",
}
"""Digests of the tables of the shipped populations. They change with a number of the file, as by a new fit, and then
stand here anew; elsewhere they must hold, or the claims are others than those the documentation speaks of."""


def test_every_shipped_population_reads_and_has_a_title() -> None:
    assert set(population_names()) == set(TABLES)
    for name in population_names():
        found = read_population(name)
        assert found.name == name and all(found.title) and found.persons > 0


WRONG = [
    ("persons: {is: 949921,", "persons: {is: -5,", "persons.is: -5; expected a number from 1"),
    ("persons: {is: 949921,", "people: {is: 949921,", "people: no such key; expected population"),
    ("    urban: [90, 10]", "    urban: [90, 10, 3]", "tiers.prior.urban.*expected a list of 2 numbers"),
    ("sizes: {1: 5,", "sizes: {1: 6,", "households of 60 persons together; they hold 61"),
    ("sizes: {1: 5,", "sizes: {9: 5,", "sizes from 1 to 5"),
    ("15-29: 20,", "16-29: 20,", "begin at 0 and follow each other"),
    ("15-29: 20,", "15 to 29: 20,", "an age group such as 15-29"),
    (
        "dispersion: {is: 0.8,",
        "dispersion: {is: 0.0001,",
        "kinds.inpatient.dispersion.is: 0.0001; expected a number from 0.05",
    ),
    ("stream: 2", "stream: 1", "expected each number once"),
    ("with cost: 0.6", "with cost: often", "kinds.inpatient.days.with cost: 'often'; expected a number from -0.95"),
    ("  tier: {from: tier}", "  tier: {from: rank}", "facts.tier.from: 'rank'; expected one of kind, grade"),
    (
        "sure: high}\n\nhouseholds",
        "sure: certain}\n\nhouseholds",
        "persons.sure: 'certain'; expected high, medium, low",
    ),
    ("  assumed: lengths of stay", "  note: lengths of stay", "kinds.inpatient.days.mean.primary.*has no grounds"),
    ("stream: 2\n", "stream: 2\n    stream: 3\n", "not readable as YAML"),
    ("year: 2013", "year: twenty", "year: 'twenty'; expected a number from 1990"),
    ("    rate: {is: 0.113694,", "    rates: {is: 0.113694,", "kinds.inpatient.rates: no such key"),
    ("  urban: 195872\n", "", "residence: the key 'urban' is missing"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG, ids=[new.strip() or old.strip() for old, new, _ in WRONG])
def test_wrong_files(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1
    file = tmp_path / "wrong.yaml"
    file.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(LabFileError, match=message) as found:
        read_population(file)
    assert re.match(r"wrong\.yaml:( not|\d+:)", str(found.value))


def test_the_line_of_a_complaint_is_the_right_one(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        TEXT.replace("severity with frailty: {is: 0.25,", "severity with frailty: {is: 2,"), encoding="utf-8"
    )
    with pytest.raises(LabFileError) as found:
        read_population(file)
    line = int(str(found.value).split(":")[1])
    assert "severity with frailty: {is: 2," in file.read_text(encoding="utf-8").splitlines()[line - 1]


def test_names_that_do_not_exist() -> None:
    with pytest.raises(LabFileError, match=r"no population 'atlantis'; there are .*xx-district-2013"):
        read_population("atlantis")
    with pytest.raises(LabFileError, match="the key 'colour' is missing"):
        read_population("xx-district-2013", {"kinds.inpatient.colour": 1.0})


def test_numbers_can_be_changed_by_their_path() -> None:
    changed = read_population("xx-district-2013", {"kinds.inpatient.in scope.share.tertiary": 0.5, "persons": 10.0})
    assert changed.persons == 10 and changed.kinds[2].scopes[2].share == 0.5


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_the_shipped_populations(name: str) -> None:
    assert Generator(read_population(name), persons=60).tables.digest == TABLES[name]


def test_ages_given_roles_meet_the_ages_of_the_file(district: Population) -> None:
    _, size, role = layout(district)
    assert size.sum() == len(role) == 60
    share = sum(age_given_role(district)[one] for one in role) / 60
    assert share == pytest.approx(list(district.age_shares), abs=1e-9)
    assert age_given_role(district)[0][0] == 0  # no child heads a household


def test_sizes_are_spread() -> None:
    order = spread_evenly({1: 5, 2: 10})
    assert len(order) == 15 and all(1 in order[n : n + 4] for n in range(12))


TARGETS = find_targets("xx-district-2013").read_text(encoding="utf-8")
WRONG_TARGETS = [
    ("figure: fund payment of stays", "figure: fund share of in-scope cost", "each figure once"),
    ("unit: million yuan", "unit: dollars", "unit: 'dollars'; expected %, persons"),
    ("rounding: 0.0005\n    role: fitted", "rounding: 0.0005\n    role: guessed", "role: 'guessed'; expected identity"),
    ("ratio: ratio of stays\n", "ratio: the ratio\n", "grade mix.ratio: 'the ratio'; expected the name of a figure"),
    ("    note: first reading of the printed ratio", "    moves: persons", "expected role: fitted"),
    ("    value: 193.877", "    valued: 193.877", "valued: no such key"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG_TARGETS)
def test_wrong_target_tables(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TARGETS.count(old) == 1
    file = tmp_path / "wrong-targets.yaml"
    file.write_text(TARGETS.replace(old, new), encoding="utf-8")
    with pytest.raises(LabFileError, match=message):
        read_targets(file)


def test_a_population_without_targets(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT, encoding="utf-8")
    with pytest.raises(LabFileError, match=r"expected mine-targets\.yaml beside it"):
        find_targets(str(file))
