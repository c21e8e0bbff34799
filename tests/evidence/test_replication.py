"""Every number of the published tables stands in the data, has a kind, and is computed where a rule can."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from evidence.replicating import compute, results
from openyibao.compare.assistance import published
from openyibao.evidence.model import KINDS, STATUSES
from openyibao.evidence.numbers import numeral
from openyibao.evidence.replicate import replicate
from openyibao.evidence.report import findings, summary
from openyibao.evidence.tables_read import library

LINES = {
    "assistance-people": 14,
    "assistance-funds": 25,
    "assistance-procedures": 6,
    "assistance-policies": 6,
    "assistance-paths": 2,
    "district-coverage": 8,
    "district-parameters": 33,
    "district-fund": 11,
    "district-use": 12,
    "district-survey": 26,
    "district-benefits": 30,
    "district-convenience": 15,
    "district-agency": 10,
    "texts-counts": 10,
    "texts-models": 5,
    "texts-standards": 8,
    "history-figures": 3,
    "integration-shandong": 18,
    "integration-figures": 22,
    "statistics": 0,
}
"""Lines of the transcribed tables, counted in the documents."""

FOUND = {
    "error": "0.1 0.2 0.3 1.3 1.4 1.5 1.6 1.7 1.9 1.17 1.18 1.20 3.1 4.1 4.4 4.6 4.8",
    "ambiguous": "0.4 1.8 1.10 1.14 1.22 1.25 2.2",
    "definition": "0.6 0.9 0.10 0.12 1.11 1.12 1.13 1.21 2.3 2.5 4.2 4.5 4.9 4.12",
}
"""What an audit of the documents found: errors with a derivable correction, ambiguous readings, other definitions."""

CORRECTED = {
    "assistance-people/income.from-24000.n": 32,
    "assistance-people/text.from-12000.n": 67,
    "assistance-funds/raised.total": 1_860_000_000,
    "district-fund/income.total": 322_840_000,
    "district-fund/income.of.central": 178_410_000,
    "district-fund/income.of.civil": 2_459_000,
    "district-fund/spending.special": 79_600_000,
    "district-fund/spending.inpatient": 193_877_000,
    "district-survey/hukou.rural.n": 96,
    "district-survey/rural.male.n": 51,
    "district-survey/rural.female.n": 55,
    "district-survey/tier.cat-1.n": 123,
    "district-survey/tier.cat-2.n": 58,
    "district-benefits/items.vs.n": 7,
    "texts-counts/texts": 956,
    "history-figures/drop": 8_067_000,
    "integration-figures/insured.2018": 1_344_500_000,
    "integration-figures/rural-staff.2016": 1_000_324,
    "integration-figures/grassroots.2018": 943_113,
    "integration-figures/insured.more": 11_121_000,
    "integration-figures/catalogue.more": 108,
}
"""Readings worked out by hand; the system must come to the same from the other rows."""


@pytest.mark.parametrize("table", library().tables(), ids=lambda table: table.name)
def test_every_line_of_every_table_is_covered(table: Any) -> None:
    assert table.lines == LINES[table.name]
    covered = {int(row.line.split(":")[0]) for row in table.rows if row.line}
    assert covered == set(range(1, table.lines + 1))
    cells = [row.line for row in table.rows if row.line]
    assert len(set(cells)) == len(cells)


def test_kinds_and_verdicts_add_up() -> None:
    told = replicate()
    found = summary(told)
    assert {table.name for table in library().tables()} == set(LINES)
    assert set(found["kinds"]) == set(KINDS)
    assert sum(found["kinds"].values()) == sum(found["verdicts"].values()) == found["rows"]
    assert found["rows"] == sum(len(table.rows) for table in library().tables())
    assert found["printed"] == sum(row.printed != "" for row in library().rows().values())
    assert "not refuted" not in found["verdicts"]


def test_every_finding_appears_on_a_row() -> None:
    shown = {finding.name: finding.status for finding in findings(replicate())}
    assert set(FOUND) == set(STATUSES)
    for status, names in FOUND.items():
        assert {name for name, one in shown.items() if one == status} == set(names.split())
    written = {finding.name for document in library().documents for finding in document.findings}
    assert written == set(shown)


def test_errors_and_ambiguous_readings_are_slips() -> None:
    slips = {name for one in results().values() if one.kind == "slip" for name in _names(one)}
    for status in ("error", "ambiguous"):
        assert set(FOUND[status].split()) <= slips


def _names(one: Any) -> list[str]:
    return [finding.name for finding in one.spec.findings]


def test_a_slip_is_refuted_and_nothing_else_is_called_one() -> None:
    for name, one in results().items():
        if one.kind != "slip":
            assert one.verdict not in ("refuted", "renamed"), name
            continue
        assert one.row.printed and one.spec.findings, name
        if one.verdict == "renamed":
            assert one.row.note.en and one.computed is None, name
        else:
            assert one.verdict == "refuted", name


def test_corrected_readings() -> None:
    found = results()
    for name, value in CORRECTED.items():
        assert found[name].computed is not None and found[name].computed.value == value, name


def test_some_prints_are_explained() -> None:
    """A number printed for another year or place comes out exactly, to its rounding, of that other one."""
    origins = [one for one in results().values() if one.origin is not None]
    assert len(origins) == 4
    for one in origins:
        assert one.origin and one.origin.value is not None and one.row.read is not None
        assert abs(one.origin.value - one.row.read) <= one.row.step / 2, one.row.id


def test_what_does_not_agree_is_explained() -> None:
    for name, one in results().items():
        if one.verdict in ("apart", "misses"):
            assert one.spec.why or one.spec.findings, name
        if one.verdict == "outside":
            assert one.computed and one.computed.text.zh and one.computed.text.en, name


def test_all_rates_deductibles_and_ceilings_of_the_study_are_those_of_the_policy_files() -> None:
    found = [one for one in results().values() if one.rule == "policy value"]
    assert len(found) == 21
    assert all(one.difference == 0 for one in found)


def test_numbers_are_read_as_they_are_printed() -> None:
    """What is read is what is printed, times a power of ten for million, billion and the like."""
    units = library().units
    for name, row in library().rows().items():
        if row.read is None:
            continue
        digits = numeral(row.printed)
        read = row.read / units[row.unit].times
        if "/" in row.printed:
            share = Fraction(row.printed.split()[-1])
            assert row.read == share, name
        elif digits and Fraction(digits):
            factor = abs(read) / Fraction(digits)
            words = {"million": {10**6, 1}, "billion": {10**9, 10**3}, "trillion": {10**12}}
            said = next((powers for word, powers in words.items() if f" {word}" in row.printed), {1})
            assert factor in said, name
        assert row.step > 0, name


def test_the_tables_of_texts_are_those_of_the_room_compare() -> None:
    rows = library().rows()
    names = {"major disease": "major"}
    for method, bounds in published()["table 2"].items():
        for bound, measures in bounds.items():
            for measure, cells in measures.items():
                for group, cell in zip(("priority", "low-income", "other"), cells, strict=True):
                    name = f"texts-standards/{names.get(method, method)}.{bound}.{measure}.{group}"
                    assert (rows[name].printed if name in rows else "") == cell, name
    for row in published()["table 1"]["rows"]:
        region = row["name"]["en"].lower()
        cells = [
            rows[f"texts-models/{region}.{column}"] for column in ("special", "embedded", "decentralized", "total")
        ]
        assert [int(cell.printed) for cell in cells] == row["numbers"]
    counts = published()["counts"]
    assert rows["texts-counts/texts"].read == counts["texts"]
    assert [rows[f"texts-counts/level.{level}"].read for level in ("regulation", "rule", "normative")] == counts[
        "by level"
    ]
    assert [rows[f"texts-counts/subject.{one}"].read for one in ("single", "joint")] == counts["by subject"]


def test_both_readings_of_the_balance() -> None:
    """7.96 million leave more than a quarter of the income, 79.6 million about a twentieth."""
    low, high = (compute(f"district-fund/balance.{one}.share") for one in ("low", "high"))
    assert low.computed and low.computed.value and high.computed and high.computed.value
    assert Fraction(26, 100) < low.computed.value < Fraction(27, 100)
    assert Fraction(5, 100) < high.computed.value < Fraction(51, 1000)
