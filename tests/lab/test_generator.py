"""People and claims: the same however they are cut, the totals of the file, dates in order, parts that add up."""

from __future__ import annotations

import dataclasses
import hashlib
from itertools import pairwise

import numpy as np
import pytest

from openyibao.lab import Generator, Population
from openyibao.lab.kernel import make_claims, make_people
from openyibao.lab.layout import Columns, People, empty_columns, empty_people, empty_room
from openyibao.lab.measure import chosen
from openyibao.lab.quantiles import frailty_edges

GOLDEN_TABLES = "13a361a5eaf92da8"
GOLDEN_CLAIMS = "f50abc56c461c772"
GOLDEN_PEOPLE = "19bf060e16825862"
"""Of the population of XX District with costs, shares and rates as in `plain`: these must hold on every machine."""


def plain(district: Population) -> Population:
    """The district without fitted numbers, so that a new fit does not change it."""
    kinds = []
    for kind in district.kinds:
        scopes = tuple(dataclasses.replace(scope, share=0.9) for scope in kind.scopes)
        kinds.append(dataclasses.replace(kind, grade_shares=(0.5, 0.4, 0.1), scopes=scopes))
    return dataclasses.replace(district, kinds=tuple(kinds))


def digest(rows: Columns | People) -> str:
    found = hashlib.sha256()
    for name, column in rows._asdict().items():
        found.update(name.encode() + column.astype("<i8").tobytes())
    return found.hexdigest()[:16]


def joined(pieces: list[Columns]) -> Columns:
    return Columns(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def test_golden_digests(district: Population) -> None:
    generator = Generator(plain(district), seed=2013)
    assert generator.tables.digest == GOLDEN_TABLES
    assert digest(generator.claims(0, 2000)) == GOLDEN_CLAIMS
    assert digest(generator.people(0, 2000)) == GOLDEN_PEOPLE


@pytest.mark.parametrize("parts", [2, 16, 997])
def test_claims_do_not_depend_on_cuts(generator: Generator, parts: int) -> None:
    last = 60_000
    edges = [last * n // parts for n in range(parts + 1)]  # also through clusters and households
    whole = generator.claims(0, last)
    assert digest(joined([generator.claims(a, b) for a, b in pairwise(edges)])) == digest(whole)
    people = [generator.people(a, b) for a, b in pairwise(edges)]
    assert digest(People(*(np.concatenate(c) for c in zip(*people, strict=True)))) == digest(generator.people(0, last))


def test_recycled_blocks_hold_the_same_claims(generator: Generator) -> None:
    out = empty_columns(5000)
    pieces = [Columns(*(column.copy() for column in block)) for block in generator.blocks(30, 30_030, out)]
    assert len(pieces) > 3
    assert digest(joined(pieces)) == digest(generator.claims(30, 30_030))


def test_plain_python_draws_the_same(generator: Generator) -> None:
    """The loop without its compiler: no overflow, no wrong index, no number that only a machine would give."""
    out, people = empty_columns(5000), empty_people(150)
    compiled = generator.claims(30, 180)
    rows, reached = make_claims.py_func(generator.tables.flat, *generator.key, 30, 180, empty_room(), out)  # type: ignore[attr-defined]
    assert reached == 180
    assert digest(Columns(*(column[:rows] for column in out))) == digest(compiled)
    make_people.py_func(generator.tables.flat, *generator.key, 30, 180, empty_room(), people)  # type: ignore[attr-defined]
    assert digest(people) == digest(generator.people(30, 180))


def test_another_seed_draws_others(district: Population, generator: Generator) -> None:
    assert digest(Generator(district, seed=1).claims(0, 600)) != digest(generator.claims(0, 600))
    assert digest(Generator(district, seed=1 << 40).claims(0, 600)) != digest(
        Generator(district, seed=0).claims(0, 600)
    )


def test_a_further_kind_leaves_the_others_alone(district: Population, generator: Generator) -> None:
    further = dataclasses.replace(district.kinds[0], word="pharmacy", stream=5)
    more = dataclasses.replace(district, kinds=(further, *district.kinds))
    both = Generator(more).claims(0, 6000)
    old = both.kind > 0
    before = generator.claims(0, 6000)
    for name in ("person", "settlement", "total", "in_scope", "pre_self_paid", "grade", "age"):
        assert (getattr(both, name)[old] == getattr(before, name)).all(), name
    assert (~old).sum() > 2000


def test_a_policy_or_sample_size_changes_nobody(district: Population, generator: Generator) -> None:
    sample = Generator(district, persons=3000)
    assert digest(sample.claims(0, 3000)) == digest(generator.claims(0, 3000))
    assert sample.weight == pytest.approx(district.persons / 3000)


def test_four_parts_add_up(claims: Columns) -> None:
    parts = (claims.fully_self_paid, claims.over_limit, claims.pre_self_paid, claims.in_scope)
    assert (sum(parts) == claims.total).all()
    assert min(int(part.min()) for part in parts) >= 0 and claims.total.min() >= 1


def test_claims_stand_in_order_inside_the_year(claims: Columns, district: Population) -> None:
    stay = np.array([kind.days is not None for kind in district.kinds])[claims.kind]
    assert (claims.admission[stay] < claims.discharge[stay]).all()
    assert (claims.admission[~stay] == claims.discharge[~stay]).all()
    assert (claims.discharge == claims.settlement).all()
    assert claims.admission.min() == 20130101 and claims.settlement.max() == 20131231
    same = claims.person[1:] == claims.person[:-1]
    assert (np.diff(claims.person) >= 0).all() and (np.diff(claims.settlement)[same] >= 0).all()
    assert (np.diff(claims.number.astype(int))[same] == 1).all() and (claims.number[1:][~same] == 0).all()
    day, kind = claims.settlement.astype(int), claims.kind.astype(int)
    assert (np.diff(kind)[same & (np.diff(day) == 0)] >= 0).all()


def test_margins_of_people(people: People, district: Population) -> None:
    count = len(people.person)
    for codes, shares, slack in (
        (people.residence, district.place_shares, 60),
        (people.tier, district.tier_shares, 150),
    ):  # rotations: nearly exact
        assert np.bincount(codes) == pytest.approx(np.array(shares) * count, abs=slack)
    bands = np.searchsorted([band.low for band in district.ages], people.age, side="right") - 1
    for codes, shares in (
        (bands, district.age_shares),
        (people.class_, district.class_shares),
        (people.quintile, (0.2,) * 5),
    ):
        wanted = np.array(shares)
        assert np.bincount(codes) / count == pytest.approx(wanted, abs=6 * np.sqrt(0.25 * 2.5 / count))
    men = [(people.sex[bands == group] == 0).mean() for group in range(len(district.ages))]
    assert men == pytest.approx(list(district.men_by_age), abs=0.01)


def test_households(people: People, district: Population) -> None:
    sizes = np.bincount(people.household)[:-1]
    share = np.bincount(sizes, minlength=6)[1:] / len(sizes)
    wanted = np.array([count for _, count in district.household_sizes])
    assert share == pytest.approx(wanted / wanted.sum(), abs=1e-4)
    new = np.flatnonzero(np.diff(people.household)) + 1
    for name in ("residence", "tier", "class_", "quintile", "income"):  # of households, not of persons
        assert (np.diff(getattr(people, name))[np.setdiff1d(np.arange(len(people.person) - 1), new - 1)] == 0).all()
    assert (people.role[np.r_[0, new]] == 0).all()


def test_frailty_and_income(people: People, district: Population) -> None:
    shares = np.diff(frailty_edges())
    seen = np.bincount(people.frailty, minlength=len(shares))
    wanted = shares * len(people.person)
    cells = wanted > 20
    assert ((seen - wanted)[cells] ** 2 / wanted[cells]).sum() < 207 + 6 * np.sqrt(2 * 207)
    for place, income in enumerate(district.income):
        yuan = people.income[people.residence == place] / 100
        assert yuan.mean() == pytest.approx(income.mean, rel=0.01)
        assert np.log(yuan).std() == pytest.approx(income.sigma, rel=0.02)
    rural = people.residence == 1
    frail, low = people.frailty[rural] > 180, people.quintile[rural] == 0
    assert 1.05 < low[frail].mean() / low.mean() < 2  # the sick are poorer


def test_rates_costs_grades_and_scope_come_out(claims: Columns, people: People, district: Population) -> None:
    count = len(people.person)
    for number, kind in enumerate(district.kinds):
        mine = claims.kind == number
        by_person = np.bincount(claims.person[mine], minlength=count)
        error = by_person.std() / np.sqrt(count)
        assert by_person.mean() == pytest.approx(kind.rate, abs=5 * error), kind.word
        for at, grade in enumerate(kind.grades):
            rows = mine & (claims.grade == district.grades.index(grade))
            cost = claims.total[rows] / 100
            assert rows.sum() / mine.sum() == pytest.approx(kind.grade_shares[at], abs=0.006)
            assert cost.mean() == pytest.approx(kind.costs[at].mean, abs=6 * cost.std() / np.sqrt(len(cost)))
            share = claims.in_scope[rows].sum() / claims.total[rows].sum()
            assert share == pytest.approx(kind.scopes[at].share, abs=0.006), (kind.word, grade)
        rest = (claims.total - claims.in_scope)[mine].sum()
        parts = [claims.fully_self_paid, claims.over_limit, claims.pre_self_paid]
        assert [part[mine].sum() / rest for part in parts] == pytest.approx(list(kind.rest), abs=0.01)


def test_counts_are_negative_binomial_within_a_profile(district: Population) -> None:
    """Against numpy: counts of one age, sex and residence, chi-square over 0..7 events, seed fixed."""
    one = dataclasses.replace(
        district.kinds[0], rate=1.2, by_age=(1.0,) * 6, women_by_age=(1.0,) * 6, urban=1.0, dispersion=0.5
    )
    generator = Generator(dataclasses.replace(district, kinds=(one,)), seed=99, persons=300_000)
    seen = np.bincount(np.bincount(generator.claims(0, 300_000).person, minlength=300_000), minlength=60)
    drawn = np.random.default_rng(5).negative_binomial(0.5, 0.5 / (0.5 + 1.2), 6_000_000)
    wanted = np.bincount(drawn, minlength=60)[:60] / 20
    cells = np.arange(60) < 16
    assert ((seen - wanted)[cells] ** 2 / wanted[cells]).sum() < 45  # 16 cells; beyond 45 once in 8,000


def test_illness_costs_and_grades_go_together(claims: Columns, people: People, district: Population) -> None:
    stays = claims.kind == [kind.word for kind in district.kinds].index("inpatient")
    frail = people.frailty[claims.person[stays]] > 190
    assert claims.total[stays][frail].mean() > 1.1 * claims.total[stays][~frail].mean()
    tertiary = claims.grade[stays] == district.grades.index("tertiary")
    urban = claims.residence[stays] == 0
    assert tertiary[urban].mean() > 1.5 * tertiary[~urban].mean()
    dear = claims.total[stays] > 20_000_00
    scope = claims.in_scope[stays] / claims.total[stays]
    assert scope[tertiary & dear].mean() < scope[tertiary & ~dear].mean()


def test_a_chronic_disease_belongs_to_a_person(claims: Columns, people: People, district: Population) -> None:
    number = [kind.word for kind in district.kinds].index("chronic outpatient")
    kind = district.kinds[number]
    assert kind.prevalence is not None
    having = np.unique(claims.person[claims.kind == number])
    bands = np.searchsorted([band.low for band in district.ages], people.age, side="right") - 1
    seen = np.bincount(bands[having], minlength=6) / np.bincount(bands)
    assert (seen <= np.array(kind.prevalence) * 1.03 + 1e-4).all()  # some of them have no visit in the year
    assert (seen >= np.array(kind.prevalence) * 0.4).all()


def test_bad_stretches_and_small_columns(generator: Generator, district: Population) -> None:
    with pytest.raises(ValueError, match="expected 0 to 949921"):
        generator.claims(5, 949_922)
    with pytest.raises(ValueError, match="expected 4096 at least"):
        generator.fill(0, 10, empty_columns(100))
    with pytest.raises(ValueError, match="the seed is -1"):
        Generator(district, seed=-1)


def test_claim_rows_that_a_figure_means(district: Population, claims: Columns, people: People) -> None:
    from openyibao.lab.targets import find_targets, read_targets

    targets = read_targets(find_targets(district.name))
    rows = chosen(targets.named("ratio of stays, tertiary"), district, claims, people)
    assert rows.sum() == ((claims.kind == 2) & (claims.grade == 2)).sum() > 0
