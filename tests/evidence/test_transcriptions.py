"""The tables beside independent transcriptions of the same documents, where these lie beside the checkout."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from evidence.replicating import results
from openyibao.evidence.model import Row
from openyibao.evidence.numbers import numeral, shown
from openyibao.evidence.tables_read import library

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "seed-tables"
FILES = {
    "assistance-people": "seed000_table1_demographics",
    "assistance-funds": "seed000_sec3_2_3_3_funds",
    "assistance-procedures": "seed000_table2_understanding_procedures",
    "assistance-policies": "seed000_table3_understanding_policies",
    "assistance-paths": "seed000_figure1_text_values",
    "district-coverage": "seed001_sec2_1_coverage",
    "district-parameters": "seed001_sec2_2_2_3_policy_parameters",
    "district-fund": "seed001_sec2_5_fund_2013",
    "district-use": "seed001_sec2_5_utilisation_2013",
    "district-survey": "seed001_survey_counts",
    "district-benefits": "seed001_table1_benefits",
    "district-convenience": "seed001_table2_convenience",
    "district-agency": "seed001_table3_agency",
    "texts-counts": "seed002_sec3_counts",
    "texts-models": "seed002_table1_legislative_models",
    "texts-standards": "seed002_table2_assistance_standards",
    "history-figures": "seed003_text_figures",
    "integration-shandong": "seed004_table1_shandong",
    "integration-figures": "seed004_text_figures",
}
PRINTED = {"value_printed", "n_printed", "pct_printed", "growth_pct_printed", "total_printed"}
COUNTED = {
    "special",
    "embedded",
    "decentralized",
    "population_10k",
    "insured_10k",
    "health_institutions",
    "health_staff",
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the transcriptions are not beside this checkout")
@pytest.mark.parametrize(("table", "file"), FILES.items(), ids=FILES)
def test_the_table_is_the_transcription(table: str, file: str) -> None:
    with (FOLDER / f"{file}.csv").open(encoding="utf-8", newline="") as text:
        lines = list(csv.DictReader(text))
    mine = {row.line: row for row in library().rows().values() if row.table == table and row.line}
    (found,) = (one for one in library().tables() if one.name == table)
    assert found.lines == len(lines)
    for number, line in enumerate(lines, 1):
        for column, text_ in line.items():
            if text_ and is_printed(table, column):
                row = mine[f"{number}:{column}"]
                assert same(row, text_), (row.id, text_)


def is_printed(table: str, column: str) -> bool:
    """Whether a column of a transcription holds what a document prints."""
    standards = table == "texts-standards" and column not in ("assistance_type", "min_or_max")
    return standards or column in PRINTED | COUNTED


def same(row: Row, text: str) -> bool:
    """What was read or, where nothing is printed, what the system computes, is the number of the transcription."""
    unit = library().units[row.unit].times
    value = row.read
    if value is None:
        answer = results()[row.id].computed
        assert answer is not None and answer.value is not None
        value = answer.value
    if " trillion" in text:
        return shown(value / 10**12) == numeral(text)
    return value / unit == Fraction(numeral(text)) * (-1 if text.startswith("-") else 1)
