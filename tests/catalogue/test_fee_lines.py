"""The cases in `cases/`: each comes to what it says, to the fen, and says why in both languages."""

from __future__ import annotations

import json
import re

import pytest

from catalogue.cases_of_lines import Case, all_cases, expected_fen, found_fen, settled_as
from openyibao.catalogue import line_data, line_text
from openyibao.policy import FileError

CASES = list(all_cases())
SPLIT = [case for case in CASES if "expect" in case.text]
REFUSED = [case for case in CASES if "refused" in case.text]


def name(case: Case) -> str:
    return f"{case.file.stem}: {case.name}"


@pytest.mark.parametrize("case", SPLIT, ids=name)
def test_lines_come_to_what_the_case_says(case: Case) -> None:
    (lined,) = settled_as(case)
    assert found_fen(lined) == expected_fen(case)
    assert sum(line.amount_fen for line in lined.lines) == lined.claim.total_fen
    assert lined.claim.charge == max(line.day for line in lined.lines)


@pytest.mark.parametrize("case", SPLIT, ids=name)
def test_every_line_is_explained_in_one_sentence_of_each_language(case: Case) -> None:
    (lined,) = settled_as(case)
    for line in lined.lines:
        data = line_data(case.catalogue, line)
        assert json.loads(json.dumps(data, ensure_ascii=False)) == data
        zh, en = line_text(case.catalogue, line, "zh"), line_text(case.catalogue, line, "en")
        assert zh.endswith("。") and zh.count("。") == 1
        assert en.endswith(".") and not re.search(r"[\u4e00-\u9fff]", en.replace(data["item"]["code"], ""))
        assert not re.search(r"[a-z]{2}", zh.replace(data["item"]["code"], "").replace(data["line"], "")), zh
        assert data["item"]["code"] in zh and data["item"]["code"] in en


@pytest.mark.parametrize("case", REFUSED, ids=name)
def test_lines_are_refused_with_the_message_that_the_case_says(case: Case) -> None:
    with pytest.raises(FileError) as told:
        settled_as(case)
    assert len(told.value.problems) == 1, str(told.value)
    assert case.text["refused"] in str(told.value)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40
    assert len({name(case) for case in CASES}) == len(CASES)
