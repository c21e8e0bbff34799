"""The comparison of two tables: every fault of cases.yaml; and random faults among many rows (T20)."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from openyibao.policy.model import Bilingual
from openyibao.service.reconciliation.compare import compare
from openyibao.service.reconciliation.faults import agreeing, inject, made, sign
from openyibao.service.reconciliation.found import Found
from openyibao.service.reconciliation.kinds import kinds
from openyibao.service.reconciliation.rows import HELD, MONEY, STATED, Difference, Malformed
from service.figures import figure

CASES = YAML(typ="safe").load(
    Path(__file__).parent.joinpath("reconciliation", "cases.yaml").read_text(encoding="utf-8")
)
DAY = date(2026, 3, 2)


def row(text: str) -> dict[str, Any]:
    setl_id, mdtrt_id, psn_no, *rest = text.split()
    money = {
        name: None if cell == "-" else int(Decimal(cell) * 100) for name, cell in zip(MONEY, rest[:4], strict=True)
    }
    words = dict(word.partition("=")[::2] for word in " ".join(rest[4:]).replace("not due", "not_due").split())
    return {"setl_id": setl_id, "mdtrt_id": mdtrt_id, "psn_no": psn_no, **money, "words": words}


def theirs(line: int, text: str) -> dict[str, Any]:
    found = row(text)
    words = found.pop("words")
    day = {"day": date.fromisoformat(words["day"])} if "day" in words else {}
    assert words.keys() <= {"reversed", "day"}
    return {"line": line, **found, "reversed": "reversed" in words, **day}


def ours(text: str) -> dict[str, Any]:
    found = row(text)
    words = found.pop("words")
    assert words.keys() <= {"outside", "elsewhere", "reversal", "back", "not_due", "day"}
    return {
        **found,
        "day": date.fromisoformat(words["day"]) if "day" in words else DAY,
        "inside": "outside" not in words,
        "here": "elsewhere" not in words,
        "due": "not_due" not in words,
        "reversal": "reversal" in words,
        "back_id": words.get("back"),
    }


def bad(text: str) -> Malformed:
    line, setl_id, mdtrt_id = (cell.replace("-", "") for cell in text.split())
    return Malformed(int(line), Bilingual("坏", "bad"), setl_id, mdtrt_id)


def said(one: Difference) -> str:
    words = [one.kind, one.text("setl_id") or "-"]
    words += [",".join(one.fields)] if one.fields else []
    words += [f"other={one.other}"] if one.other else []
    words += [f"balanced={one.balanced.replace(' ', '_')}"] if one.balanced else []
    return " ".join(words)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_fault(case: dict[str, Any]) -> None:
    stated = pa.Table.from_pylist([theirs(line, text) for line, text in enumerate(case["stated"], 1)], schema=STATED)
    held = pa.Table.from_pylist([ours(text) for text in case["held"]], schema=HELD)
    malformed = [bad(text) for text in case.get("malformed", [])]
    found = compare(stated, held, malformed, case.get("stated elsewhere", []))
    differences = list(found.differences())
    assert sorted(said(one) for one in differences) == sorted(case["differences"])
    assert len(found) == len(differences) == sum(found.counts().values())
    places = [kinds()[one.kind].place for one in differences]
    assert places == sorted(places)
    if "sums agree" in case:
        assert found.sums_agree == case["sums agree"]


def test_every_kind_is_among_the_cases() -> None:
    assert {text.split()[0] for case in CASES for text in case["differences"]} == set(kinds())


def check(found: Found, wanted: list[Any]) -> None:
    """Every fault that was injected, in its kind, and nothing else."""
    seen = sorted(sign(one) for one in found.differences())
    missed, more = Counter(wanted) - Counter(seen), Counter(seen) - Counter(wanted)
    assert not missed and not more, (list(missed)[:5], list(more)[:5])


@pytest.mark.reliability("T20", "faults among the settlements of an institution")
@pytest.mark.parametrize("count", [5_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_random_faults_are_found_and_nothing_else(count: int) -> None:
    """T20: faults of every sort among many rows; then none at all."""
    seed = int(os.environ.get("YIBAO_SEED", secrets.randbelow(10**9)))
    print(f"seed {seed}")
    world = made(count, seed)
    wrong = inject(world, max(20, count // 2_000), seed)
    assert {one[0] for one in wrong.expected} == set(kinds())
    start = time.perf_counter()
    found = compare(wrong.stated, world, wrong.malformed)
    seconds = time.perf_counter() - start
    check(found, wrong.expected)
    flat = compare(agreeing(world), world)
    assert len(flat) == 0 and flat.matched == agreeing(world).num_rows and flat.sums_agree
    assert seconds <= 60
    figure(rows=world.num_rows, faults=len(wrong.expected), false_found=0, elapsed_s=seconds, seed=seed)


@pytest.mark.parametrize("trials", [40, pytest.param(2_000, marks=pytest.mark.long)])
def test_many_small_lists(trials: int) -> None:
    """Small lists, where faults are many beside the rows that agree."""
    seed = int(os.environ.get("YIBAO_SEED", secrets.randbelow(10**9)))
    print(f"seed {seed}")
    for trial in range(seed, seed + trials):
        world = made(random.Random(trial).randrange(120, 400), trial)
        wrong = inject(world, 3, trial)
        check(compare(wrong.stated, world, wrong.malformed), wrong.expected)
