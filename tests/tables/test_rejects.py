"""Rows that are not settled: each reason, where it was found, in both languages; and that nothing else suffers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openyibao.tables import Sizes, TableError, settle_table
from openyibao.tables.problems import REASONS
from openyibao.tables.summary import lines
from tables.making import GOOD, PLAIN, SMALL, bills, claims, rejects, settle_text

LATER = GOOD.replace("1000", "200000").replace("2013-01", "2013-02")
NOT_SETTLED = [  # the row in the middle; the column that is named, what was found, the reason
    (f"b,P,{GOOD}".replace(",1000,0", ",1000.005,0"), "total_yuan", "1000.005", "decimals"),
    (f"b,P,{GOOD}".replace(",1000,0", ",-1,0"), "total_yuan", "-1", "negative"),
    (f"b,P,{GOOD}".replace(",1000,0", ",,0"), "total_yuan", "", "empty"),
    (f"b,P,{GOOD}".replace(",1000,0", ",1e3,0"), "total_yuan", "1e3", "amount"),
    (f"b,P,{GOOD}".replace(",1000,0", ",1 000,0"), "total_yuan", "1 000", "amount"),
    (f"b,P,{GOOD}".replace(",1000,0", ",0x3E8,0"), "total_yuan", "0x3E8", "amount"),
    (f"b,P,{GOOD}".replace(",1000,0", ",NaN,0"), "total_yuan", "NaN", "amount"),
    (f"b,P,{GOOD}".replace(",1000,0", f",{'9' * 11},0"), "total_yuan", "9" * 11, "large"),
    (f"b,P,{GOOD}".replace(",1000,0", f",{'9' * 400},0"), "total_yuan", "9" * 200, "large"),
    (f"b,P,{GOOD}".replace(",0,0,0,", ",0,0,x,"), "pre_self_paid_yuan", "x", "amount"),
    (f"b,P,{GOOD}".replace(",1000,0", ",1001,0"), "total_yuan", "1001", "sum"),
    (f"b,P,{GOOD}".replace("2013-01-05", "2013-02-30"), "discharge", "2013-02-30", "no day"),
    (f"b,P,{GOOD}".replace("2013-01-06", "06.01.2013"), "settlement", "06.01.2013", "no day"),
    (f"b,P,{GOOD}".replace("2013-01-06", "2013-01-06 25:00"), "settlement", "2013-01-06 25:00", "no day"),
    (f"b,P,{GOOD}".replace("2013-01-06", "41280"), "settlement", "41280", "no day"),
    (f"b,P,{GOOD}".replace("2013-01-01", "1899-12-31"), "admission", "1899-12-31", "no day"),
    (f"b,P,{GOOD}".replace("2013-01-01", "garbage"), "admission", "garbage", "no day"),
    (f"b,P,{GOOD}".replace("2013-01-06", ""), "settlement", "", "empty"),
    (f"b,P,{GOOD}".replace("2013-01-06", "2013-01-04"), "settlement", "2013-01-04", "settlement"),
    (f"b,P,{GOOD}".replace("2013-01-01", "2013-01-07"), "discharge", "2013-01-05", "discharge"),
    (f",P,{GOOD}", "claim_id", "", "empty"),
    (f"  ,P,{GOOD}", "claim_id", "  ", "empty"),
    (f"a,P,{GOOD}", "claim_id", "a", "repeated"),
    (f" a,P,{GOOD}", "claim_id", " a", "repeated"),
    (f"1.2E+17,P,{GOOD}", "claim_id", "1.2E+17", "shortened"),
    (f"b,P,{GOOD},more", "", f"b,P,{GOOD},more", "torn"),
    ("b,P", "", "b,P", "torn"),
]


@pytest.mark.parametrize("sizes", [Sizes(), SMALL], ids=["usual", "small"])
@pytest.mark.parametrize(("line", "column", "found", "reason"), NOT_SETTLED, ids=lambda value: str(value)[:20])
def test_a_row_that_cannot_be_read(
    tmp_path: Path, line: str, column: str, found: str, reason: str, sizes: Sizes
) -> None:
    """It is named with its reason, and the rows of the same person are settled as if it had never been."""
    done = settle_text(tmp_path, claims(f"a,P,{GOOD}", line, f"c,P,{LATER}", f"d,Q,{GOOD}"), sizes=sizes)
    (row,) = rejects(done.target)
    assert (row["row"], row["column"], row["found"]) == ("3", column, found)
    assert (row["reason_zh"], row["reason_en"]) == REASONS[reason]
    assert {one: bill[2] for one, bill in bills(done.target).items()} == {"a": "720.00", "c": "79280.00", "d": "720.00"}
    assert (done.tally.rows, done.tally.rejected, done.tally.persons_rejected) == (4, 1, int(reason != "torn"))


def test_what_the_policy_says(tmp_path: Path) -> None:
    """The sentences of `Rule.settle`, with the cell that they are about."""
    rows = (
        GOOD.replace("2013-", "2015-"),
        GOOD.replace("primary", "village"),
        GOOD.replace("primary", ""),
        GOOD.replace("primary", "secondary;tertiary"),
    )
    done = settle_text(tmp_path, claims(*(f"{n},P,{row}" for n, row in enumerate(rows)), f"good,P,{GOOD}"))
    found = [(row["column"], row["found"], row["reason_en"]) for row in rejects(done.target)]
    assert found[0][:2] == ("discharge", "2015-01-05") and "does not cover the discharge date" in found[0][2]
    assert found[1][:2] == ("grade", "village") and "the claim says 'village'" in found[1][2]
    assert found[2][:2] == ("grade", "") and "the claim does not state it" in found[2][2]
    assert found[3][:2] == ("grade", "secondary;tertiary") and found[3][2] == REASONS["several"][1]
    assert bills(done.target) == {"good": ("P", "720.00", "720.00", "280.00")}


def test_never_one_person_of_nobody(tmp_path: Path) -> None:
    rows = (f"a,,{GOOD}", f"b,NA,{GOOD}", f"c,nan,{GOOD}", f"d,null,{GOOD}", f"e,,{GOOD}", f"f,4.31E+17,{GOOD}")
    done = settle_text(tmp_path, claims(*rows))
    assert list(bills(done.target)) == ["b", "c", "d"]
    assert [row["column"] for row in rejects(done.target)] == ["person"] * 3
    assert (done.tally.nobody, done.tally.persons_rejected, done.tally.persons) == (2, 1, 4)


def test_an_id_that_comes_again_with_another_person_is_found(tmp_path: Path) -> None:
    """Wherever it stands: the first row of the file has the id, also if it is not settled itself."""
    first = GOOD.replace("primary", "village")
    rows = (f"x,P,{first}", f"y,P,{GOOD}", f"x,Q,{GOOD}", f"z,R,{GOOD}", f"x,R,{GOOD}", f"y,P,{GOOD}")
    for sizes in (Sizes(), SMALL, Sizes(1, 1, 0)):
        done = settle_text(tmp_path, claims(*rows), sizes=sizes)
        assert [(row["row"], row["column"]) for row in rejects(done.target)] == [
            ("2", "grade"),
            ("4", "claim_id"),
            ("6", "claim_id"),
            ("7", "claim_id"),
        ]
        assert list(bills(done.target)) == ["y", "z"]


def test_torn_rows_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    """Also many, first, last, with blank rows and line breaks inside cells between them."""
    lines_of = [
        "torn",
        f"a,P,{GOOD}",
        "",
        "torn,torn",
        f'"b\nb",P,{GOOD}',
        "",
        "torn",
        f"c,P,{GOOD.replace('1000', 'x')}",
        "t",
    ]
    for size in (1, 2, 3, 100):
        done = settle_text(tmp_path, claims(*lines_of), sizes=Sizes(size, 2, 0))
        assert [row["row"] for row in rejects(done.target)] == ["2", "5", "8", "9", "10"]
        assert list(bills(done.target)) == ["a", "b\nb"]
        assert (done.tally.rows, done.tally.rejected, done.blank) == (7, 5, 2)
        assert "1 line breaks stand inside cells" in "\n".join(lines(done, "en"))


def test_all_rows_may_be_bad(tmp_path: Path) -> None:
    done = settle_text(tmp_path, claims(*(f"{n},P{n},{GOOD.replace('2013', '2019')}" for n in range(50)), "torn"))
    assert (done.tally.settled, done.tally.rejected) == (0, 51)
    assert len(rejects(done.target)) == 51 and bills(done.target) == {}
    said = "\n".join(lines(done, "zh"))
    assert "50行：discharge: 不在政策施行期内" in said and "50名参保人有未结算的行" in said


def test_floats_are_accepted_only_if_they_are_amounts(tmp_path: Path) -> None:
    amounts = [1000.0, 1000.05, 0.1 + 0.2, None, 1e15, -5.0, float("nan"), 1000.001]
    cells = GOOD.split(",")
    names = claims().strip().split(",")[2:]
    table = pa.table(
        {
            "claim_id": pa.array([str(n) for n in range(len(amounts))]),
            "person": pa.array([float(n) for n in range(len(amounts))]),
            **{name: pa.array([cell] * len(amounts)) for name, cell in zip(names, cells, strict=True)},
            "total_yuan": pa.array(amounts, pa.float64()),
            "in_scope_yuan": pa.array(amounts, pa.float64()),
        }
    )
    pq.write_table(table, tmp_path / "claims.parquet")
    done = settle_table(PLAIN, tmp_path / "claims.parquet", tmp_path / "bills.csv")
    assert bills(done.target) == {"0": ("0", "720.00", "720.00", "280.00"), "1": ("1", "720.04", "720.04", "280.01")}
    reasons = [row["reason_en"] for row in rejects(done.target)]
    assert reasons == [REASONS[key][1] for key in ("decimals", "empty", "large", "negative", "empty", "decimals")]
    assert rejects(done.target)[0]["row"] == "3"  # the first claim of a Parquet file is row 1


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("total_yuan", pa.array([1000.0], pa.float32()), "total_yuan holds float; expected amounts in yuan"),
        ("total_yuan", pa.array([True]), "total_yuan holds bool"),
        ("settlement", pa.array([1.5]), "settlement holds double; expected dates"),
        ("settlement", pa.array([0], pa.timestamp("us", "UTC")), "times with a zone"),
        ("person", pa.array([True]), "person holds bool; expected text"),
        ("claim_id", pa.array([[1]]), "claim_id holds list"),
    ],
    ids=str,
)
def test_a_column_of_the_wrong_kind(tmp_path: Path, column: str, values: object, said: str) -> None:
    names = claims().strip().split(",")
    table = {name: pa.array([cell]) for name, cell in zip(names, f"a,P,{GOOD}".split(","), strict=True)}
    pq.write_table(pa.table({**table, column: values}), tmp_path / "claims.parquet")
    with pytest.raises(TableError, match=said):
        settle_table(PLAIN, tmp_path / "claims.parquet", tmp_path / "bills.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["claims.parquet"]
