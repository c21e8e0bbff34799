"""At the edges: what a policy may be called, what stands in its texts, what is kept, what a claim must be."""

from __future__ import annotations

import gc
from datetime import date
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

from openyibao import ClaimError, FileError, Rule, Uses, find_policy, read_policy, settle
from openyibao.bench.claims import as_claims, random_columns
from openyibao.policy import read_policy_text, write_policy
from openyibao.settlement import rule as rules
from openyibao.settlement.claim import Claim
from openyibao.settlement.columns import RowRule
from openyibao.settlement.emit import claim_text

XX = read_policy(Path(__file__).parent.parent / "policies" / "stays-only.yaml")
BASIS = "basis: {document: not identified, article: not identified, source: tests, sure: low}"
DAY = date(2013, 5, 5)
STAY = {"service": "inpatient", "grade": "primary", "tier": "cat 1"}


def policy_text(**parts: str) -> str:
    """A small policy with parts exchanged."""
    text = (
        "policy: edge\ntitle: {zh: 边, en: TITLE}\nregion: 999999\nscheme: resident\n"
        "in force: {from: 2013-01-01, before: 2014-01-01}\nrule of the date of: settlement\nWORDS"
        "documents: {}\nfacts: {service: [inpatient], grade: [primary]}\nAMOUNTS"
        "layers:\n  - basic insurance:\n      payer: pooled fund\n      of: in-scope cost\n"
        "      deductible per claim: DEDUCTIBLE\n      pays: 50%\n      BASIS\n"
    )
    filled = {"TITLE": "edge", "WORDS": "", "AMOUNTS": "", "DEDUCTIBLE": "100", "BASIS": BASIS} | parts
    for name, part in filled.items():
        text = text.replace(name, part)
    return text


def claim(**changes: object) -> Claim:
    values = {
        "id": "1",
        "person": "A",
        "admission": DAY,
        "discharge": DAY,
        "settlement": DAY,
        "in_scope_fen": 1_000_000,
    }
    return Claim(**(values | {"facts": STAY} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "title",
    ['"so \\"\\"\\" it ends"', '"back\\\\slash \\\\N"', '"two\\nlines\\n    in_scope_left = 0"', '"form\\x0cfeed"'],
)
def test_a_text_of_a_policy_never_becomes_code(title: str) -> None:
    article = '"x\\n    in_scope_left = 0; fully_self_paid_left = in_scope  #"'
    basis = f"basis: {{document: not identified, article: {article}, source: tests, sure: low}}"
    policy = read_policy_text(policy_text(TITLE=title, BASIS=basis))
    bill, _ = Rule(policy).settle(Uses(), claim())
    assert bill.paid_fen == 495_000
    RowRule(policy)


@pytest.mark.parametrize(
    "name", ["line cell", "use 0", "grade in", "paid out", "in scope left", "basic insurance paid", "benefit year", "p"]
)
def test_names_of_a_policy_never_meet_those_of_the_program(name: str) -> None:
    """An amount of any name beside one from a statistic whose cell, uses and columns have names too."""
    text = policy_text(
        WORDS=f"words:\n  - {{en: {name}, zh: 甲线}}\n  - {{en: line, zh: 乙线}}\n  - {{en: wage, zh: 工资}}\n"
        f"statistics: {{wage: {{2012: {{is: 7777, {BASIS}}}}}}}\n",
        AMOUNTS=f"amounts:\n  {name}: {{is: 5000, {BASIS}}}\n"
        f"  line: {{share: 10%, of: wage, year: the year before, {BASIS}}}\n",
        DEDUCTIBLE=name,
    )
    policy = read_policy_text(text)
    bill, _ = Rule(policy).settle(Uses(), claim())
    assert bill.paid_fen == 250_000
    columns = random_columns(policy, 20, 1)
    settled = RowRule(policy).settle(columns)
    for row, one in enumerate(as_claims(policy, columns)):
        assert Rule(policy).settle(Uses(), one)[0].personal_fen == settled.outputs["personal"][row]


def test_a_group_is_not_a_layer() -> None:
    """A cap whose group has the name of a layer does not share that layer's own cap."""
    text = policy_text(WORDS="words: [{en: second, zh: 第二层}]\n").replace(
        "pays: 50%", "pays: 50%\n      at most per year: 6000"
    )
    text += (
        "  - second:\n      payer: pooled fund\n      of: left of basic insurance\n      pays: 100%\n"
        f"      at most per year: {{is: 6000, group: basic insurance}}\n      {BASIS}\n"
    )
    bill, uses = Rule(read_policy_text(text)).settle(Uses(), claim())
    assert bill.paid_by_layer_fen() == {"basic insurance": 495_000, "second": 505_000}
    assert sorted(uses.values.values()) == [495_000, 505_000]


@pytest.mark.parametrize("value", ["300①", "500²", "10⁵", "７２²%", "-1", "1e3", "9" * 5000])
def test_footnote_marks_and_other_numbers_are_no_amounts(value: str) -> None:
    with pytest.raises(FileError, match="expected an amount"):
        read_policy_text(policy_text(DEDUCTIBLE=value))


@pytest.mark.parametrize("share", ["10000%", "9999.999%"])
def test_an_amount_from_a_statistic_keeps_within_the_bounds(share: str) -> None:
    text = policy_text(
        WORDS="words: [{en: line, zh: 乙线}, {en: wage, zh: 工资}]\n"
        f"statistics: {{wage: {{2012: {{is: 900000000, {BASIS}}}}}}}\n",
        AMOUNTS=f"amounts:\n  line: {{share: {share}, of: wage, year: the year before, {BASIS}}}\n",
        DEDUCTIBLE="line",
    )
    with pytest.raises(FileError, match=r"too large|a multiple such as"):
        read_policy_text(text)


@pytest.mark.parametrize(
    ("amount", "days", "paid"), [("50% of this layer's base", "0 to 90", 1_000_000), ("100", "0 to 100000", 30_000)]
)
def test_fixed_payments_for_many_units_stay_below_2_to_the_63(amount: str, days: str, paid: int) -> None:
    text = policy_text(DEDUCTIBLE="0").replace("pays: 50%", f"pays fixed: {{is: {amount}, for each: days}}")
    policy = read_policy_text(text.replace("grade: [primary]", f"days: {days}"))
    bill, _ = Rule(policy).settle(Uses(), claim(facts={"service": "inpatient", "days": 3}))
    assert bill.paid_fen == paid
    assert Rule(policy).largest_number < 2**63
    with pytest.raises(FileError, match="up to 100000"):
        read_policy_text(text.replace("grade: [primary]", "days: 0 to 999999999"))


def test_ratios_without_a_common_denominator_are_refused_by_the_reader() -> None:
    with pytest.raises(FileError, match="common denominator"):
        read_policy_text(policy_text().replace("pays: 50%", "pays: 1/999983"))


def test_a_region_may_start_with_nought() -> None:
    policy = read_policy_text(policy_text().replace("999999", "'012345'"))
    for form in ("en", "zh", "json"):
        assert read_policy_text(write_policy(policy, form), "x.json" if form == "json" else "x.yaml") == policy


@pytest.mark.parametrize(
    ("column", "value"), [("grade", 4), ("tier", -3), ("service", 1), ("year", 0), ("year", 10**17)]
)
def test_columns_hold_only_what_the_policy_has(column: str, value: int) -> None:
    columns = random_columns(XX, 10, 1)
    rule = RowRule(XX)
    if column == "year":
        columns["settlement"][:] = value
        faults = {rule.plan.program.faults[n].kind for n in rule.settle(columns).faults().tolist()}
        assert faults == {"day"}
        return
    columns[column][3] = value
    with pytest.raises(ValueError, match=f"row 3: {column} is {value}"):
        rule.settle(columns)


def test_a_claim_does_not_change() -> None:
    facts = dict(STAY)
    one = claim(facts=facts)
    bill, uses = settle(XX, Uses(), one)
    facts["grade"] = "tertiary"
    assert bill.claim.facts["grade"] == "primary"
    with pytest.raises(TypeError):
        uses.values["basic insurance / at most per year", 2013] = 0  # type: ignore[index]
    for wrong in ({"discharge": date(2013, 5, 4)}, {"settlement": date(2013, 5, 4)}):
        with pytest.raises(ValueError, match="must follow one another"):
            claim(**wrong)
    with pytest.raises(TypeError, match="whole fen"):
        claim(in_scope_fen=1.5)


def test_compiled_policies_are_let_go() -> None:
    last = None
    for number in range(rules.KEPT_RULES + 5):
        policy = read_policy_text(policy_text(DEDUCTIBLE=str(number)))
        last = last or ref(policy)
        settle(policy, Uses(), claim())
    del policy
    gc.collect()
    assert last is not None and last() is None
    assert len(rules._rules) <= rules.KEPT_RULES


def test_missing_facts_are_asked_in_every_layer() -> None:
    """A layer that did not apply has asked nothing for the layers after it."""
    policy = read_policy(find_policy("teaching/willow-county-2026"))
    day = date(2026, 5, 5)
    base = {"admission": day, "discharge": day, "settlement": day}
    with pytest.raises(ClaimError, match="class"):
        Rule(policy).settle(Uses(), claim(**base, facts={"service": "inpatient", "grade": "primary"}))
    bill, _ = Rule(policy).settle(Uses(), claim(**base, facts={"service": "outpatient", "class": "ordinary"}))
    assert bill.paid_by_layer_fen()["basic insurance"] == 0
    later = policy_text().replace("of: in-scope cost", "for: {service: inpatient}\n      of: in-scope cost")
    later = later.replace("[inpatient]", "[inpatient, outpatient]").replace("[primary]", "[primary, secondary]")
    later = later.replace("pays: 50%", "pays: {by: grade, primary: 50%, secondary: 40%}")
    second = later[later.index("  - basic") :].replace("basic insurance", "medical assistance")
    second = second.replace("for: {service: inpatient}\n      of: in-scope cost", "of: left of basic insurance")
    with pytest.raises(ClaimError, match="medical assistance / pays needs the fact 'grade'"):
        Rule(read_policy_text(later + second)).settle(Uses(), claim(facts={"service": "outpatient"}))


def test_the_cache_folder_may_be_missing_or_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    columns = random_columns(XX, 5, 1)
    for folder in (blocked / "below", tmp_path / "new" / "deep"):
        monkeypatch.setenv("YIBAO_CACHE", str(folder))
        assert int(RowRule(XX).settle(columns).fault.sum()) == 0
    assert np.all([path.suffix != ".tmp" for path in (tmp_path / "new" / "deep").iterdir()])


def test_comments_stand_on_one_line() -> None:
    for line in claim_text(Rule(XX).plan.program, 'a "title"\n\ttwo').splitlines():
        assert line.isprintable()
