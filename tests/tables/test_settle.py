"""Bills of tables: those of `Rule`, whatever the kind of file, the order of the rows and the size of the batches."""

from __future__ import annotations

from pathlib import Path

import pytest

from openyibao import ClaimError, Rule, Uses, find_policy, read_policy
from openyibao.bench.claim_tables import claim_table
from openyibao.bench.claims import Columns, as_claims, random_columns
from openyibao.policy.model import Policy
from openyibao.policy.values import money
from openyibao.tables import Sizes
from tables.making import GOOD, SEED, SMALL, bills, claims, left_in, rejects, settle_arrow, settle_text, shuffled

OWN = Path(__file__).parent.parent / "policies"
POLICIES = (
    *(str(OWN / f"{name}.yaml") for name in ("every-feature", "shared-and-fixed", "split", "time")),
    "teaching/willow-county-2026",
    "chongqing/resident-2023",
    "xx-district/resident-2013",
)


def by_rule(policy: Policy, columns: Columns) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """What `Rule.settle` makes of the claims: the bills as a table has them, and what it says of the others."""
    rule, uses, found, said = Rule(policy), {}, {}, {}
    totals, parts = columns["total"].tolist(), sum(columns[name] for name in columns if name in PARTS).tolist()
    lowest = [min(row) for row in zip(*(columns[name].tolist() for name in PARTS), strict=True)]
    for row, claim in enumerate(as_claims(policy, columns)):
        if totals[row] != parts[row] or lowest[row] < 0:  # no object can say so
            said[claim.id] = ""
            continue
        try:
            bill, uses[claim.person] = rule.settle(uses.get(claim.person, Uses()), claim)
        except ClaimError as error:
            said[claim.id] = f"{error.text.zh}\n{error.text.en}"
            continue
        amounts = [fen for _, fen in bill.paid_by_layer_fen().items()]
        found[claim.id] = (
            claim.person,
            *(money(fen).replace(",", "") for fen in (*amounts, bill.paid_fen, bill.personal_fen)),
        )
    return found, said


PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")


@pytest.mark.parametrize("name", POLICIES, ids=[Path(name).stem for name in POLICIES])
def test_a_table_gives_the_bills_of_the_rule(tmp_path: Path, name: str) -> None:
    """Every kind of file, sorted and unsorted, gives the bills of one claim after the other, and says the same."""
    print(f"seed {SEED}; another: YIBAO_SEED=...")
    policy = read_policy(find_policy(name))
    columns = sound(random_columns(policy, 120, SEED, bad_share=0.05))
    expected, said = by_rule(policy, columns)
    table = claim_table(policy, columns)
    for suffix in (".csv", ".xlsx", ".parquet"):
        for rows in (table, shuffled(table, SEED)):
            done = settle_arrow(tmp_path, rows, suffix, policy)
            assert bills(done.target) == expected
            assert list(bills(done.target)) == [one for one in rows["claim_id"].to_pylist() if one in expected]
            assert (done.tally.rows, done.tally.settled) == (table.num_rows, len(expected))
            assert {row["claim_id"] for row in rejects(done.target)} == set(said)
            for row in rejects(done.target):
                assert said[row["claim_id"]] in (f"{row['reason_zh']}\n{row['reason_en']}", "")
            assert done.together == (rows is table)
    assert len(left_in(tmp_path)) == 9  # claims, bills, rejects: nothing else


@pytest.mark.parametrize("name", POLICIES, ids=[Path(name).stem for name in POLICIES])
def test_sentences_made_once_are_true_of_every_row(tmp_path: Path, name: str) -> None:
    """Of thousands of rejected rows: what each says is what `Rule.settle` says of its claim, in both languages."""
    print(f"seed {SEED}; another: YIBAO_SEED=...")
    policy = read_policy(find_policy(name))
    columns = sound(random_columns(policy, 1000, SEED + 1, bad_share=0.5))
    _, said = by_rule(policy, columns)
    done = settle_arrow(tmp_path, claim_table(policy, columns), ".parquet", policy)
    found = {row["claim_id"]: f"{row['reason_zh']}\n{row['reason_en']}" for row in rejects(done.target)}
    assert set(found) == set(said)
    assert {one for one, text in said.items() if text and text != found[one]} == set()


def sound(columns: Columns) -> Columns:
    """The rows whose days are in order: no object can be made of the others."""
    kept = (columns["admission"] <= columns["discharge"]) & (columns["discharge"] <= columns["settlement"])
    return {name: column[kept] for name, column in columns.items()}


def test_the_size_of_the_batches_makes_no_difference(tmp_path: Path) -> None:
    print(f"seed {SEED}; another: YIBAO_SEED=...")
    policy = read_policy(find_policy(str(OWN / "time.yaml")))
    table = claim_table(policy, random_columns(policy, 15, SEED, bad_share=0.1))
    whole = {}
    for rows in (table, shuffled(table, SEED + 1)):
        for size in (*range(1, 12), table.num_rows - 1, table.num_rows):
            for threads in (0, 2):
                done = settle_arrow(tmp_path, rows, ".parquet", policy, Sizes(size, 3 * size, threads))
                found = (bills(done.target), rejects(done.target))
                assert found == whole.setdefault(done.together, found)
    assert whole[True][0] == whole[False][0] and set(whole) == {True, False}


def test_times_of_the_day_order_the_claims_of_a_day(tmp_path: Path) -> None:
    early, late = (GOOD.replace("2013-01-06", f"2013-01-06 {hour}:00:00") for hour in ("08", "17"))
    large = late.replace("1000", "200000")
    for lines in ((f"a,P,{early}", f"b,P,{large}"), (f"b,P,{large}", f"a,P,{early}")):
        done = settle_text(tmp_path, claims(*lines), sizes=SMALL)
        found = bills(done.target)
        assert (found["a"][1], found["b"][1]) == ("720.00", "79280.00")  # 80,000 a year: the later one meets the cap
