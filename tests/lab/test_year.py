"""A year settled block by block: the sums of one claim after the other, whoever cuts; stopped and resumed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openyibao.lab.bridge import Bridge
from openyibao.lab.generate import Generator
from openyibao.lab.layout import Columns
from openyibao.lab.measure import measure
from openyibao.lab.population_read import read_population
from openyibao.lab.targets import find_targets, read_targets
from openyibao.lab.year import Part, Year, YearStateError
from openyibao.lab.year_figures import year_figures
from openyibao.policy import find_policy, read_policy
from openyibao.settlement.columns import RowRule

NAME, POLICY, PERSONS = "xx-district-2013", "xx-district/resident-2013", 60_000


def part(persons: int = PERSONS, seed: int = 7) -> Part:
    generator = Generator(read_population(NAME), seed, persons)
    return Part(generator, read_policy(find_policy(POLICY)), "texts")


@pytest.fixture(scope="module")
def whole() -> Year:
    run = Year([part()])
    run.run(None)
    return run


def test_sums_are_those_of_the_claims(whole: Year) -> None:
    """All claims at once, settled by the rule and summed by numpy, without the tally."""
    one = part()
    claims: Columns = one.generator.claims(0, PERSONS)
    rule = RowRule(one.policy)
    settled = rule.settle(Bridge(one.generator.population, one.policy).columns(claims, rule.needs))
    good = settled.fault == 0
    sums, shape = whole.sums[0].sums.sum(axis=0), whole.sums[0].shape
    found = {name: sums[..., place] for place, name in enumerate(shape.measures)}
    assert not good.all() and good.any()
    for kind in range(len(shape.words[0])):
        mine = claims.kind == kind
        assert found["claims"][kind].sum() == mine.sum()
        assert found["settled"][kind].sum() == (mine & good).sum()
        assert found["total"][kind].sum() == claims.total[mine].sum()
        assert found["in_scope of settled"][kind].sum() == claims.in_scope[mine & good].sum()
        for name in rule.outputs:
            paid = settled.outputs[name]
            assert found[name][kind].sum() == paid[mine].sum()
            assert found[f"claims with {name}"][kind].sum() == (mine & (paid > 0)).sum()
    for name in rule.outputs:
        people = claims.person[good & (settled.outputs[name] > 0)]
        assert found[f"persons with {name}"].sum() == len(np.unique(people))
    tertiary = shape.words[1].index("tertiary")
    assert found["paid"][:, tertiary].sum() == settled.outputs["paid"][claims.grade == tertiary].sum() > 0


def test_days_are_real_days() -> None:
    """Stays over the ends of months count the days between."""
    one = part(6000)
    claims = one.generator.claims(0, 6000)
    run = Year([one])
    run.run(None)

    def days(column: np.ndarray) -> np.ndarray:
        return np.array([f"{n // 10000:04d}-{n // 100 % 100:02d}-{n % 100:02d}" for n in column], "datetime64[D]")

    expected = (days(claims.discharge) - days(claims.admission)).astype(int).sum()
    assert run.sums[0].sums[..., run.sums[0].shape.measures.index("days")].sum() == expected > 0


def test_threads_give_the_same(whole: Year) -> None:
    run = Year([part()])
    with ThreadPoolExecutor(6) as pool:
        run.run(pool)
    assert (run.sums[0].sums == whole.sums[0].sums).all()
    assert run.persons_done == PERSONS


def test_stopped_and_resumed(whole: Year, tmp_path: Path) -> None:
    state = tmp_path / "year.json"
    run = Year([part()])

    def stop(done: int, persons: int, claims: int) -> None:
        if done > persons // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(None, stop, state)
    assert 0 < run.persons_done < PERSONS
    again = Year([part()])
    again.resume(state)
    assert again.persons_done == run.persons_done
    again.run(None, None, state)
    assert (again.sums[0].sums == whole.sums[0].sums).all()
    assert list(tmp_path.iterdir()) == [state]


def test_a_state_of_another_run_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "year.json"
    Year([part()]).save(state)
    others = [part(seed=8), part(PERSONS + 60), replace(part(), digest="other texts")]
    for other in others:
        with pytest.raises(YearStateError, match="of another run"):
            Year([other]).resume(state)
    good = state.read_text(encoding="utf-8")
    changed = good.replace('"persons": [[0', '"persons": [[60')
    assert changed != good
    for text in ("", "{}", "[1]", good[:-5], changed, good.replace("[0, 0", f"[{10**25}, 0", 1)):
        state.write_text(text, encoding="utf-8")
        with pytest.raises(YearStateError, match="no state"):
            Year([part()]).resume(state)


def test_figures_are_those_of_the_calibration(whole: Year) -> None:
    """The sums give the same figures as the claims themselves; errors too, as the batches are the same."""
    targets = read_targets(find_targets(NAME))
    found = year_figures(whole.parts[0], whole.sums[0], targets)
    assert len(found.figures) >= 9
    assert found.beyond
    by_name = {one.target.name: one for one in measure(whole.parts[0].generator, targets.figures)}
    for figure in found.figures:
        other = by_name[figure.target.name]
        assert figure.value == pytest.approx(other.value, rel=1e-12), figure.target.name
        assert figure.error == pytest.approx(other.error, rel=1e-6, abs=1e-9)
        assert figure.left_out == pytest.approx(other.left_out)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "openyibao", "lab", "year", *words]


def test_command_stops_and_goes_on(tmp_path: Path) -> None:
    """Ctrl-C ends it with exit code 130; the same command goes on and prints what an undisturbed one prints."""
    state = tmp_path / "year.json"
    words = ["nation-employee-2023", "--share", "0.003"]
    kept = [*words, "--state", str(state)]
    with subprocess.Popen(command(*kept), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "Ctrl-C stops" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
    assert running.returncode == 130, said
    assert "the same command goes on" in said
    again = subprocess.run(command(*kept), capture_output=True, text=True, check=False, timeout=300)
    assert again.returncode == 0, again.stderr
    assert "going on after" in again.stderr
    fresh = subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=300)
    *table, _, line = again.stdout.splitlines()
    assert table == fresh.stdout.splitlines()[:-2]
    assert json.loads(line)["persons"] == json.loads(fresh.stdout.splitlines()[-1])["persons"]


def test_command_says_what_cannot_be() -> None:
    """A folder that is not there is said before the work, a population named twice, one that is not known."""
    for words, said in (
        (["xx-district-2013", "--state", "/nowhere/at/all.json"], "there is no folder /nowhere/at"),
        (["xx-district-2013", "--share", "0.0005"], "475 persons; expected 1,200 or more"),
        (["xx-district-2013", "xx-district-2013"], "named twice"),
        (["atlantis-2013"], "no population 'atlantis-2013'"),
    ):
        done = subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 2, words
        assert said in done.stderr and "Traceback" not in done.stderr
