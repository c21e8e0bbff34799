"""The function for one claim and the loop over rows are one arithmetic: equal to the last bit, faults included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from openyibao import ClaimError, Policy, Rule, Uses, find_policy, policy_ids, read_policy
from openyibao.bench.claims import Columns, as_claims, random_columns
from openyibao.settlement.columns import RowRule
from openyibao.settlement.emit import CELLS

SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
BLOCKS = 10
LONG = os.environ.get("YIBAO_LONG") == "1"
HISTORIES = int(os.environ.get("YIBAO_HISTORIES", "100000" if LONG else "10000"))
COMPARED = RowRule.ALL if LONG else ()
EVERY_FEATURE = str(Path(__file__).parent.parent / "policies" / "every-feature.yaml")
TIME = str(Path(EVERY_FEATURE).with_name("time.yaml"))
SPLIT = str(Path(EVERY_FEATURE).with_name("split.yaml"))
DERIVED = str(Path(EVERY_FEATURE).with_name("derived.yaml"))
EARNED = str(Path(EVERY_FEATURE).with_name("earned.yaml"))
GATHERED = str(Path(__file__).with_name("gathered.yaml"))  # beside those whose facts are drawn one by one
SHARED = str(Path(EVERY_FEATURE).with_name("shared-and-fixed.yaml"))
POLICIES = (
    EVERY_FEATURE,
    SHARED,
    TIME,
    SPLIT,
    DERIVED,
    EARNED,
    GATHERED,
    "teaching/willow-county-2026",
    "chongqing/resident-2023",
    "xx-district/resident-2013",
)


def histories(policy: Policy, count: int) -> Columns:
    """Claims of so many persons, in blocks: in each, some claims lack another fact, drawn by chance."""
    blocks = [random_columns(policy, count // BLOCKS, SEED + n, bad_share=0.02) for n in range(BLOCKS)]
    for n, block in enumerate(blocks):
        block["person"] += n * (count // BLOCKS)
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def differing_rows(
    rule: Rule, columns: Columns, literals: bool = True, outputs: tuple[str, ...] = RowRule.ALL
) -> tuple[int, int, set[str]]:
    """Rows settled by both forms; how many differ; the kinds of fault met."""
    rows = RowRule(rule.policy, outputs, literals=literals)
    settled = rows.settle(columns)
    program = rows.plan.program
    places = [1 + program.outputs.index(name) for name in rows.outputs]
    names = (*program.inputs, *program.texts, *program.keyed)
    inputs = [rows.column(columns, name, len(columns["person"])).tolist() for name in names]
    found = np.array([settled.outputs[name] for name in rows.outputs]).T.tolist()
    uses: dict[tuple[str | int, ...], int] = {}
    last, differing = -1, 0
    for row, person in enumerate(columns["person"].tolist()):
        if person != last:
            uses, last = {}, person
        result = rule.function(*(column[row] for column in inputs), uses)
        if result[0]:
            differing += int(settled.fault[row]) != result[0] * CELLS + result[1]
        else:
            differing += bool(settled.fault[row]) or [result[place] for place in places] != found[row]
    kinds = {program.faults[number].kind for number in np.unique(settled.faults())}
    return len(found), differing, kinds


@pytest.mark.parametrize("name", POLICIES)
def test_equal_on_random_histories(name: str) -> None:
    """On 10,000 histories of each policy, what a table has of a bill; with `--long`, every quantity on 100,000.

    Compiling every quantity as an output takes two or three times as long; see the next test for them.
    """
    print(f"seed {SEED}, {HISTORIES} histories; another: YIBAO_SEED=... YIBAO_HISTORIES=...")
    rule = Rule(read_policy(find_policy(name)))
    rows, differing, kinds = differing_rows(rule, histories(rule.policy, HISTORIES), outputs=COMPARED)
    print(f"{name}: {rows} claims, {differing} differ, faults met: {sorted(kinds)}")
    assert differing == 0
    assert rows > HISTORIES
    assert {"ok", "date", "negative", "sum"} <= kinds
    assert kinds & {"fact", "sub-part"}, "a claim that lacks something"
    if name == GATHERED:
        assert "refused" in kinds
    if name == EVERY_FEATURE:
        assert {"gap", "edges"} <= kinds


EVERY_POLICY = [*policy_ids(), EVERY_FEATURE, SHARED, TIME, SPLIT, DERIVED, EARNED, GATHERED]


@pytest.mark.parametrize("literals", [True, False], ids=["literals", "arguments"])
@pytest.mark.parametrize("name", EVERY_POLICY)
def test_the_text_is_equal(name: str, literals: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every quantity of every policy, the loop's text run by Python itself: compiling takes seconds a policy."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    rule = Rule(read_policy(find_policy(name)))
    columns = random_columns(rule.policy, 1000, SEED + 1, bad_share=0.02)
    rows, differing, _ = differing_rows(rule, columns, literals=literals)
    assert rows > 1000
    assert differing == 0


@pytest.mark.parametrize("name", [EVERY_FEATURE, SPLIT, EARNED, "xx-district/resident-2013"])
def test_equal_with_numbers_as_arguments(name: str) -> None:
    """Compiled, and what a table has of a bill; with `--long`, every policy and every quantity (below)."""
    rule = Rule(read_policy(find_policy(name)))
    columns = random_columns(rule.policy, 2000, SEED + 1, bad_share=0.02)
    _, differing, _ = differing_rows(rule, columns, literals=False, outputs=())
    assert differing == 0


@pytest.mark.long
@pytest.mark.parametrize("name", EVERY_POLICY)
def test_every_quantity_of_every_policy_is_equal_with_numbers_as_arguments(name: str) -> None:
    """Compiled, with all quantities as outputs: five seconds of compiling a policy."""
    rule = Rule(read_policy(find_policy(name)))
    _, differing, _ = differing_rows(rule, random_columns(rule.policy, 2000, SEED + 1, bad_share=0.02), literals=False)
    assert differing == 0


def test_equal_for_claim_objects() -> None:
    """Claim by claim through the public door, on the uses that the bill before left."""
    policy = read_policy(find_policy("teaching/willow-county-2026"))
    rule, columns = Rule(policy), random_columns(policy, 2000, SEED + 2)
    personal = RowRule(policy).settle(columns).outputs["personal"].tolist()
    uses: dict[str, Uses] = {}
    for claim, expected in zip(as_claims(policy, columns), personal, strict=True):
        bill, uses[claim.person] = rule.settle(uses.get(claim.person, Uses()), claim)
        assert bill.personal_fen == expected


def test_a_failed_claim_leaves_no_trace() -> None:
    policy = read_policy(find_policy("chongqing/resident-2023"))
    rule = Rule(policy)
    columns = random_columns(policy, 1, 1)
    claim = next(as_claims(policy, columns))
    gap = dict(claim.facts, **{"class": "destitute", "district": "elsewhere"})
    uses = Uses({("basic insurance / at most per year", 2023): 5})
    with pytest.raises(ClaimError):
        rule.settle(
            uses, type(claim)(**{name: getattr(claim, name) for name in claim.__slots__ if name != "facts"}, facts=gap)
        )
    assert dict(uses.values) == {("basic insurance / at most per year", 2023): 5}


@pytest.mark.parametrize(
    ("setting", "policies"),
    [
        ("NUMBA_DISABLE_JIT", "EVERY_FEATURE TIME SPLIT DERIVED EARNED GATHERED"),
        ("NUMBA_BOUNDSCHECK", "SPLIT DERIVED GATHERED"),  # compiling with checks takes half a minute a policy
        pytest.param("NUMBA_BOUNDSCHECK", "EVERY_FEATURE SHARED TIME", marks=pytest.mark.long),
    ],
)
def test_equal_without_compiler_and_with_bounds_checks(setting: str, policies: str, tmp_path: Path) -> None:
    """The loop's text run by Python itself, and the compiled loop with every index checked.

    Compiled, only what a table has of a bill is written: another column of results has no index of its own.
    """
    outputs = "()" if setting == "NUMBA_BOUNDSCHECK" else "('*',)"
    script = (
        "from openyibao import Rule, find_policy, read_policy\n"
        "from openyibao.bench.claims import random_columns\n"
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('forms', {__file__!r})\n"
        "forms = importlib.util.module_from_spec(spec); spec.loader.exec_module(forms)\n"
        f"for name in {policies.split()}:\n"
        "    name = getattr(forms, name)\n"
        "    rule = Rule(read_policy(find_policy(name)))\n"
        "    columns = random_columns(rule.policy, 500, 7, bad_share=0.02)\n"
        f"    print(forms.differing_rows(rule, columns, outputs={outputs})[1])\n"
    )
    environment = {**os.environ, setting: "1", "YIBAO_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["0"] * len(policies.split()), done.stderr
