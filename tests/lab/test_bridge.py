"""Generated claims in the words of a policy: settled as columns they give the same bills as settled one by one."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from openyibao.lab import Generator, Population
from openyibao.lab.batches import Writer, claims_batch, write_claims
from openyibao.lab.bridge import Bridge, BridgeError
from openyibao.lab.layout import MAX_CLAIMS, Columns
from openyibao.lab.population import Answer
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.settlement import Claim, ClaimError, Rule, Uses
from openyibao.settlement.columns import RowRule


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(find_policy("xx-district/resident-2013"))


def day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)


def test_columns_settle_like_single_claims(generator: Generator, policy: Policy) -> None:
    claims = generator.claims(0, 3000)
    population = generator.population
    rows = RowRule(policy)
    settled = rows.settle(Bridge(population, policy).columns(claims, rows.needs))
    rule, uses, person, paid = Rule(policy), Uses(), -1, 0
    for at in range(len(claims.person)):
        if claims.person[at] != person:
            uses, person = Uses(), claims.person[at]
        claim = Claim(
            id=str(at),
            person=str(person),
            facts={
                "service": population.kinds[claims.kind[at]].word,
                "grade": population.grades[claims.grade[at]],
                "tier": population.tiers[claims.tier[at]],
            },
            admission=day(int(claims.admission[at])),
            discharge=day(int(claims.discharge[at])),
            settlement=day(int(claims.settlement[at])),
            in_scope_fen=int(claims.in_scope[at]),
            pre_self_paid_fen=int(claims.pre_self_paid[at]),
            over_limit_fen=int(claims.over_limit[at]),
            fully_self_paid_fen=int(claims.fully_self_paid[at]),
        )
        try:
            bill, uses = rule.settle(uses, claim)
        except ClaimError:
            assert settled.fault[at] != 0
            continue
        assert settled.fault[at] == 0
        assert bill.paid_fen == settled.outputs["paid"][at]
        paid += int(settled.outputs["paid"][at])
    assert paid > 0


def answered(population: Population, **facts: Answer) -> Population:
    return dataclasses.replace(population, facts=(*population.facts, *facts.items()))


def test_bands_constants_and_words(district: Population, policy: Policy, claims: Columns) -> None:
    chongqing = read_policy(find_policy("chongqing/resident-2023"))
    words = (("other difficulty", "low-income edge"),)
    more = answered(
        district,
        **{"class": Answer("class", None, words, ()), "district": Answer(None, "Yubei", (), ())},
        age=Answer("age", None, (), ()),
    )
    bridge = Bridge(more, chongqing)
    assert set(bridge.left_out) == {"outpatient", "chronic outpatient"}
    columns = bridge.columns(claims, RowRule(chongqing).needs)
    low_income = next(f for f in chongqing.facts if f.name == "class").values.index("low-income edge")
    assert ((columns["class"] == low_income) == (claims.class_ == 3)).all()
    assert (columns["age"] == claims.age).all() and not columns["district"].any()
    banded = answered(more, tier=Answer("age", None, (), ((0, "cat 1"), (60, "cat 2"))))
    assert ((Bridge(banded, policy).columns(claims, ("tier",))["tier"] == 1) == (claims.age >= 60)).all()


def test_what_a_population_does_not_answer(district: Population, policy: Policy) -> None:
    with pytest.raises(BridgeError, match=r"asks for 'class' .* answers service, tier, grade: add it"):
        Bridge(district, read_policy(find_policy("chongqing/resident-2023")))
    renamed = dataclasses.replace(district, tiers=("low", "high"))
    with pytest.raises(BridgeError, match=r"answers 'tier' with 'low'; .* lists cat 1, cat 2: map the word"):
        Bridge(renamed, policy)


def test_batches_name_what_the_codes_mean(generator: Generator, district: Population) -> None:
    batch, claims = claims_batch(generator, 600, 1800), generator.claims(600, 1800)
    assert batch.schema.equals(Writer(district).schema) and batch.num_rows == len(claims.person)
    table = batch.to_pydict()
    assert table["claim"] == (claims.person * MAX_CLAIMS + claims.number).tolist()
    assert table["discharge"] == [day(number) for number in claims.discharge.tolist()]
    assert table["service"] == [district.kinds[code].word for code in claims.kind]
    assert table["class"] == [district.classes[code] for code in claims.class_]
    assert table["total_fen"] == claims.total.tolist() and min(table["quintile"]) == 1


def test_a_file_of_claims(generator: Generator, policy: Policy, district: Population, tmp_path: Path) -> None:
    out, seen = tmp_path / "claims.parquet", []
    bridge = Bridge(district, policy)
    rows = write_claims(generator, 0, 70_000, out, bridge, lambda stage, done, whole: seen.append((done, whole)))
    table = pq.read_table(out)
    assert table.num_rows == rows and seen == [(30_000, 70_000), (60_000, 70_000), (70_000, 70_000)]
    assert table.column_names[-3:] == ["service", "tier", "grade"]
    whole = generator.claims(0, 70_000)
    assert np.array_equal(table["in_scope_fen"].to_numpy(), whole.in_scope)
    assert pq.read_schema(out).metadata[b"seed"] == b"2013"
    assert not (tmp_path / "claims.parquet.part").exists()


def test_a_stopped_file_leaves_nothing(generator: Generator, tmp_path: Path) -> None:
    def stop(stage: str, done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_claims(generator, 0, 70_000, tmp_path / "claims.parquet", progress=stop)
    assert list(tmp_path.iterdir()) == []
