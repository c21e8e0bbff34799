"""The comparison with peers (benchmarks/peers): numpy's model against our bills, and the arithmetic of the table.

Here only the peers that need nothing but numpy run, as processes of their own; the others run in the driver.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
CLAIMS = 2_000
VARIANTS = {  # the most fen by which one amount may be off; persons off: none, or at least one
    "float64": (3, True),
    "half-up": (3, True),
    "int64": (0, False),
    "annual": (10, True),
}


def _figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("peers_figures", PEERS / "figures.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


figures = _figures()


def _run(*words: object) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("peers")
    _run(PEERS / "ours.py", "claims", place, "--claims", CLAIMS)
    return place


def _load(path: Path) -> dict[str, npt.NDArray[np.int64]]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def _race(folder: Path, script: str, *variant: str) -> dict[str, Any]:
    bills = f"{variant[-1]}.npz"
    words = (*variant, "--folder", folder, "--out", folder / bills, "--runs", 2)
    return {"bills": bills, "processes": [json.loads(_run(PEERS / script, *words))]}


def test_numpy_agrees_as_far_as_its_numbers_can(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole fen agree with every bill; binary fractions are off by some fen; the table says so."""
    results = {figures.OURS: _race(folder, "ours.py", "race", "checked")}
    results |= {name: _race(folder, "numpy_peer.py", name) for name in VARIANTS}
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    figures.report(folder)
    printed = capsys.readouterr().out.splitlines()
    last = json.loads(printed[-1])
    assert last["claims"] == len(_load(folder / "claims.npz")["person"]) > 0.9 * CLAIMS
    assert list(last["contestants"]) == [figures.OURS, *VARIANTS]
    for name, (most, some_off) in {figures.OURS: (0, False), **VARIANTS}.items():
        one = last["contestants"][name]
        assert one["most_fen"] <= most, name
        assert (one["persons_off"] > 0) == some_off, name
        assert one["claims_per_second"] > 0 and one["peak_megabytes"] > 1 and one["first_result_seconds"] > 0, name
        assert any(line.startswith(f"│ {name} ") for line in printed), name


def test_the_claims_reach_every_layer(folder: Path) -> None:
    """A comparison on claims of which no layer but the first pays would say little."""
    exact = _load(folder / "exact.npz")["bills"]
    assert (exact.sum(axis=0) > 0).all() and (exact[:, 1] > 0).sum() > 20 and (exact[:, 3] > 0).sum() > 5
    claims = _load(folder / "claims.npz")
    assert (exact.sum(axis=1) == claims["total"]).all()
    for fact in ("age", "tier", "class", "district"):
        persons = np.unique(np.stack([claims["person"], claims[fact]]), axis=1)
        assert persons.shape[1] == len(np.unique(claims["person"])), f"{fact} changes within a person"


def test_the_numbers_are_those_of_the_policy(folder: Path) -> None:
    """As chongqing/resident-2023.yaml has them, where each stands with its source."""
    numbers = json.loads((folder / "numbers.json").read_text(encoding="utf-8"))
    basic, critical, large, tilt = numbers["layers"]
    assert basic["deductible"]["values"] == [10_000, 30_000, 80_000]
    assert basic["rate"]["axes"][0] == {"fact": "age", "names": ["0 to 17", "18 to 130"], "from": [0, 18]}
    assert basic["rate"]["values"][1] == [["4/5", "7/10", "1/2"], ["17/20", "3/4", "11/20"]]
    assert critical["deductible"]["values"][:2] == [1_690_100, 845_050]
    assert critical["cap"]["values"][:2] == [20_000_000, "no limit"]
    assert large["deductible"] is None and large["rate"]["values"][2] == ["not known"] * 7
    assert tilt["for"]["class"] == numbers["facts"]["class"][1:]


def test_distance_counts_persons_and_fen() -> None:
    exact = np.array([[10, 5], [7, 3], [4, 4]])
    person = np.array([1, 1, 2])
    assert figures.distance(exact, exact, person) == figures.Distance(0, 0, 0)
    found = exact + np.array([[1, -1], [-3, 3], [0, 0]])
    assert figures.distance(exact, found, person) == figures.Distance(persons_off=1, most_fen=3, sum_fen=-2)
    totals = np.array([[17, 8], [5, 3]])
    assert figures.distance(exact, totals, person) == figures.Distance(persons_off=1, most_fen=1, sum_fen=1)
    with pytest.raises(ValueError, match="expected"):
        figures.distance(exact, exact[:1], person)


def test_summary_takes_medians_and_tells_first_starts_apart() -> None:
    rest = {"prepare_seconds": [0.5], "processor_seconds": [0.5]}
    processes = [
        {"settle_seconds": [9.0, 1.0], "first_result_seconds": 4.0, "peak_megabytes": 50.0, **rest},
        {"settle_seconds": [2.0], "first_result_seconds": 1.0, "peak_megabytes": 60.0, **rest},
    ]
    found = figures.summary(processes, 100, figures.Distance(1, 2, 3))
    assert (found["claims_per_second"], found["settle_seconds"], found["processor_seconds"]) == (50, 2.0, 0.5)
    assert found["peak_megabytes"] == 60
    assert (found["first_result_seconds"], found["first_result_again_seconds"]) == (4.0, 1.0)
    assert (found["persons_off"], found["most_fen"], found["sum_fen"]) == (1, 2, 3)


def test_nothing_of_the_package_imports_the_comparison() -> None:
    own = {path.stem for path in PEERS.glob("*.py")} | {"benchmarks", "openfisca_core", "policyengine_core"}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not own & {name.split(".")[0] for name in named}, path
