"""A changed number is noticed; held-out numbers enter no fit; wrong data get a clear error."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from fractions import Fraction

import pytest

from evidence.replicating import changed, compute, results
from openyibao.evidence import figures, law, tables_read
from openyibao.evidence.figures import FITTED_TO, simulated
from openyibao.evidence.model import Library, ReplicationError, Spec
from openyibao.evidence.replicate import replicate
from openyibao.policy import find_policy, read_policy_text

AGREE = ("exact", "rounding", "closing")
FACTOR = Fraction(4)
BEFORE = results()
DERIVED = [name for name, one in BEFORE.items() if one.verdict in AGREE and one.inputs and one.rule != "nearest share"]
PRINTED = [name for name, one in BEFORE.items() if one.verdict in AGREE and one.row.read]
READS = {name: row.read for name, row in tables_read.library().rows().items() if row.read is not None}
SLIPS = [name for name, one in BEFORE.items() if one.verdict == "refuted" and one.inputs]


def moved(name: str) -> Fraction:
    """Another number in place of a print."""
    return READS[name] * FACTOR or Fraction(7)


@pytest.mark.parametrize("name", DERIVED)
def test_a_changed_input_makes_a_row_fail(name: str) -> None:
    verdicts = [compute(name, changed({one: moved(one)})).verdict for one in sorted(BEFORE[name].inputs)]
    assert "apart" in verdicts


@pytest.mark.parametrize("name", PRINTED)
def test_a_changed_print_makes_its_row_fail(name: str) -> None:
    another = moved(name)
    if BEFORE[name].rule == "nearest share":  # the print itself is the input: a share of no whole count
        another = Fraction(66, 1000)
    assert compute(name, changed({name: another})).verdict == "apart"


@pytest.mark.parametrize("name", SLIPS)
def test_a_correction_comes_out_of_other_numbers(name: str) -> None:
    """With other numbers around it the system comes to another reading, so that none stands in the data."""
    before = BEFORE[name].computed
    assert before is not None
    found = []
    for one in sorted({*BEFORE[name].inputs, name}):
        with contextlib.suppress(ReplicationError):
            answer = compute(name, changed({one: moved(one)})).computed
            found.append(answer and answer.value)
    assert set(found) - {before.value}


def test_a_print_without_its_slip_is_not_refuted() -> None:
    mended = {"assistance-people/income.from-24000.n": 32, "assistance-funds/raised.total": 1_860_000_000}
    for name, value in mended.items():
        assert compute(name, changed({name: Fraction(value)})).verdict == "not refuted"


def test_a_changed_policy_makes_a_row_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    path = find_policy("xx-district/resident-2013")
    text = path.read_text(encoding="utf-8").replace("secondary: 60%", "secondary: 61%")
    other = read_policy_text(text, str(path))
    known = law.policy_named
    monkeypatch.setattr(law, "policy_named", lambda name: other if name == other.id else known(name))
    assert compute("district-parameters/rate.cat-1.secondary.2013").verdict == "apart"
    assert compute("district-parameters/rate.cat-1.primary.2013").verdict == "exact"


def test_held_out_rows_enter_no_fit() -> None:
    found = results()
    held = {name for name, one in found.items() if one.kind == "held out"}
    fitted = {name for name, one in found.items() if one.kind == "fitted"}
    assert set(FITTED_TO.values()) & held == set()
    assert {name for name, figure in simulated().items() if figure.role == "fitted"} == set(FITTED_TO)
    for name in held | fitted:
        answer = found[name].computed
        assert answer is not None
        if found[name].rule != "library":
            assert answer.role == found[name].kind, name
    beside = {f"{found[name].row.table}/{found[name].spec.beside}" for name in fitted}
    assert set(FITTED_TO.values()) <= fitted | beside


def test_held_out_prints_change_nothing_else() -> None:
    """All of them changed at once: no other row comes to another number, and no figure does."""
    before = results()
    held = {name: one.row.read * FACTOR for name, one in before.items() if one.kind == "held out" and one.row.read}
    assert len(held) == 51
    figures.simulated.cache_clear()
    after = {one.row.id: one for told in replicate(data=changed(held)) for one in told.results}
    for name, one in before.items():
        assert after[name].computed == one.computed, name
        if one.kind != "held out":
            assert after[name].verdict == one.verdict, name


def test_the_fitted_figures_are_near_what_they_were_fitted_to() -> None:
    for name in ("primary", "secondary", "tertiary", "all"):
        one = compute(f"district-use/ratio.{name}")
        assert one.verdict == "within error" and one.kind == "fitted"
    assert compute("district-fund/spending.settled").verdict == "within error"


def test_the_back_cast_is_told_as_a_failure() -> None:
    """The same stays under the rules of 2007 come to some 42 %, eleven points above the print."""
    one = compute("district-use/ratio.2007")
    assert one.verdict == "misses" and one.difference is not None
    assert Fraction(8, 100) < one.difference < Fraction(14, 100)


def test_a_figure_far_away_misses() -> None:
    moved = {name: replace(one, value=one.value * FACTOR) for name, one in simulated().items()}
    assert compute("district-use/ratio.primary", figures=moved).verdict == "misses"


def with_rule(name: str, spec: Spec) -> Library:
    data = tables_read.library()
    return replace(data, specs={**data.specs, name: spec})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (Spec(rule={"sum": ["nowhere"]}), "no row assistance-people/nowhere"),
        (Spec(rule={"sum": ["nowhere.*"]}), "no row fits"),
        (Spec(rule={"share": ["n"]}), "share of 1 terms; it takes 2"),
        (Spec(rule={"simulated": "nothing"}), "no simulated figure 'nothing'"),
        (Spec(rule={"sum": [{"simulated": "ratio.all"}, "n"]}), "only a product with one simulated figure"),
        (Spec(rule={"library": ["outpatient", "cap", "middle", "other"]}), "no such standard"),
        (Spec(rule={"same": [{"reading": "sex.male.n"}]}), "computed from itself"),
    ],
)
def test_rules_that_cannot_be_computed(spec: Spec, message: str) -> None:
    with pytest.raises(ReplicationError, match=message):
        result = compute("assistance-people/sex.male.n", with_rule("assistance-people/sex.male.n", spec))
        raise AssertionError(result)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"layer": "no layer", "value": "rate"}, "no such layer"),
        ({"layer": "basic insurance", "value": "rate", "where": {"tier": "cat 1"}}, "depends on grade"),
        ({"layer": "basic insurance", "value": "ceiling", "where": {"tier": "cat 9"}}, "no answer"),
        ({"layer": "basic insurance", "value": "floor"}, "0 tables"),
        (
            {"layer": "basic insurance", "value": "rate", "where": {"tier": "cat 2", "grade": "primary"}},
            "no plain amount or rate",
        ),
    ],
)
def test_values_that_a_policy_does_not_state(asked: dict[str, object], message: str) -> None:
    with pytest.raises(ReplicationError, match=message):
        law.policy_value({"policy": "xx-district/resident-2007", **asked})


HEAD = ",".join(tables_read.COLUMNS)
UNITS = tables_read.library().units


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "the columns are"),
        (f"{HEAD}\nn,x,x,,acres,1,1,,,,high,,\n", "unit 'acres'"),
        (f"{HEAD}\nn,x,x,,persons,1,,,,,high,,\n", "go together"),
        (f"{HEAD}\nn,x,x,,persons,1,one,,,,high,,\n", "plain numbers"),
        (f"{HEAD}\nn,x,x,,persons,1,1,,,,maybe,,\n", "sure is 'maybe'"),
        (f"{HEAD}\nn,x,x,,persons,1,1,,,,high,,\nn,x,x,,persons,1,1,,,,high,,\n", "stands twice"),
    ],
)
def test_wrong_tables(text: str, message: str) -> None:
    with pytest.raises(ReplicationError, match=message):
        tables_read.read_rows("made-up", text, UNITS)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"people": {}}, "no table of the document"),
        ({"assistance-people": {"nobody": {}}}, "no row for"),
        ({"assistance-people": {"n": {"colour": "red"}}}, "is no key"),
        ({"assistance-people": {"n": {"kind": "guessed"}}}, "kind 'guessed'"),
        ({"assistance-people": {"n": {"findings": ["9.9"]}}}, "finding 9.9"),
        ({"assistance-people": {"n": {"rule": {"guess": ["n"]}}}}, "is no rule"),
    ],
)
def test_wrong_rules(entries: dict[str, dict[str, dict[str, object]]], message: str) -> None:
    document = tables_read.library().documents[0]
    with pytest.raises(ReplicationError, match=message):
        tables_read.read_specs(document, entries)
