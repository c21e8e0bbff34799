"""Tables that cannot be used: what is said of them, and that nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from openyibao.bench.claim_tables import claim_table, write_csv, write_parquet, write_xlsx
from openyibao.bench.claims import random_columns
from openyibao.tables import TableError, rejects_path, settle_table
from openyibao.tables.summary import lines
from tables.making import GOOD, HEAD, PLAIN, SEED, SMALL, bills, claims, left_in, rejects, settle_arrow, settle_text

WRONG = [
    (HEAD.replace("person,", "person,person,") + "\n", "the column person stands twice"),
    (HEAD.replace("person,", "person,Person ,") + "\n", "the column person, again as Person , stands twice"),
    (HEAD.replace("person,", "person,psn_no,") + "\n", "the columns person and psn_no are the same thing"),
    ("\n" + claims(f"a,P,{GOOD}"), "the first line holds no column names"),
    (",,,\n1,2,3,4\n", "the first line holds no column names"),
    ("", "the first line holds no column names"),
    (HEAD.replace("grade", "gradee") + "\n", "no column grade, which may be named .*Did you mean the column gradee"),
    (HEAD.replace(",in_scope_yuan", "") + "\n", "no column in_scope.*inscp_scp_amt"),
    ("claim_id,person\na,b\n", "no column settlement.*\n.*no column total"),
    (HEAD.replace(",", ";") + "\n", "parted by semicolons"),
    (HEAD.replace(",", "\t") + "\n", "parted by tabs"),
    (claims(f'a,"P,{GOOD}', f"b,P,{GOOD}"), "a quotation mark is opened and not closed"),
    (claims(f"甲,P,{GOOD}").encode("gbk"), "not text in UTF-8 .*GBK.* as CSV UTF-8"),
    (("单据号,参保人\n" + claims()).encode("gb18030"), "not text in UTF-8"),
    (claims(f"a,P,{GOOD}").encode("utf-16"), "not text in UTF-8"),
    (claims(f"a,P\0,{GOOD}"), "not text in UTF-8"),
    (claims(f"a,P\udcff,{GOOD}").encode(errors="surrogateescape"), "not text in UTF-8"),
    (claims(f"a,P,{GOOD}", "torn\udce7").encode(errors="surrogateescape"), "not text in UTF-8"),
    (claims(f"a,P,{GOOD}").encode() + b"\xe7", "not text in UTF-8"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_a_csv_that_cannot_be_used(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(TableError, match=f"(?s){said}") as caught:
        settle_text(tmp_path, text)
    assert str(tmp_path / "claims.csv") in str(caught.value)
    assert left_in(tmp_path) == ["claims.csv"]


def test_files_that_are_not_what_they_seem(tmp_path: Path) -> None:
    for name, said in (
        ("claims.parquet", "is damaged, or not of the kind that its name says"),
        ("claims.xlsx", "cannot be read as an Excel workbook"),
        ("claims.xls", "a table is a .csv, .xlsx or .parquet file"),
    ):
        (tmp_path / name).write_text(claims(f"a,P,{GOOD}"), encoding="utf-8")
        with pytest.raises(TableError, match=said):
            settle_table(PLAIN, tmp_path / name, tmp_path / "bills.csv")
    with pytest.raises(TableError, match="there is no such file"):
        settle_table(PLAIN, tmp_path / "nothing.csv", tmp_path / "bills.csv")


def test_torn_files(tmp_path: Path) -> None:
    """A Parquet or Excel file cut anywhere is refused as a whole; of a CSV, the last row may be a torn one."""
    table = claim_table(PLAIN, random_columns(PLAIN, 40, SEED))
    for suffix, write in ((".parquet", write_parquet), (".xlsx", write_xlsx), (".csv", write_csv)):
        source = tmp_path / f"claims{suffix}"
        write(table, source)
        whole = source.read_bytes()
        for share in (0.3, 0.9, 0.999):
            source.write_bytes(whole[: int(len(whole) * share)])
            try:
                done = settle_table(PLAIN, source, tmp_path / "bills.csv")
            except TableError:
                assert not (tmp_path / "bills.csv").exists()
                continue
            assert suffix == ".csv" and done.tally.rejected <= 1 and done.tally.settled < table.num_rows
            done.target.unlink()
            rejects_path(done.target).unlink(missing_ok=True)


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    source = tmp_path / "claims.csv"
    source.write_text(claims(f"a,P,{GOOD}"), encoding="utf-8")
    rejected = tmp_path / "bills.csv-rejects.csv"
    rejected.write_text(claims(f"a,P,{GOOD}"), encoding="utf-8")
    for claims_file, target, said in (
        (source, source, "would replace the claims"),
        (rejected, tmp_path / "bills.csv", "would replace the claims"),
        (source, tmp_path / "bills.txt", "bills are written as .csv, .xlsx or .parquet"),
        (source, tmp_path / "no" / "bills.csv", "there is no folder"),
    ):
        with pytest.raises(TableError, match=said):
            settle_table(PLAIN, claims_file, target)
    assert left_in(tmp_path) == ["bills.csv-rejects.csv", "claims.csv"]


def test_tables_without_rows(tmp_path: Path) -> None:
    empty = claim_table(PLAIN, random_columns(PLAIN, 5, SEED)).slice(0, 0)
    for suffix in (".csv", ".xlsx", ".parquet"):
        done = settle_arrow(tmp_path, empty, suffix, PLAIN)
        assert bills(done.target) == {} and done.tally.rows == 0 and done.rejects is None
    assert pq.read_schema(tmp_path / "bills.parquet").names == [
        "claim_id",
        "person",
        "basic_insurance_paid_yuan",
        "paid_yuan",
        "personal_yuan",
    ]


def test_a_new_run_replaces_bills_and_rejected_rows(tmp_path: Path) -> None:
    first = settle_text(tmp_path, claims(f"a,P,{GOOD}", f"b,P,{GOOD}x"))
    assert len(rejects(first.target)) == 1
    second = settle_text(tmp_path, claims(f"c,P,{GOOD}"))
    assert list(bills(second.target)) == ["c"] and second.rejects is None
    assert left_in(tmp_path) == ["bills.csv", "claims.csv"]


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    done = settle_text(tmp_path, claims(f"a,P,{GOOD},x,y", head=HEAD + ",psn_name,episod"))
    assert done.reader.columns.unread == {"psn_name": "", "episod": ""}  # this policy needs no episode
    assert "Columns not read: psn_name, episod" in lines(done, "en")


def test_line_ends_of_every_kind(tmp_path: Path) -> None:
    """Also where rows have to be sorted, and with or without one at the end of the file."""
    text = claims(*(f"{n},P{n % 7},{GOOD}" for n in range(60)))
    for end in ("\n", "\r\n", "\r"):
        for whole in (text, text.rstrip()):
            done = settle_text(tmp_path, whole.replace("\n", end), sizes=SMALL)
            assert list(bills(done.target)) == [str(n) for n in range(60)] and not done.notes and not done.together


def test_columns_without_a_name_are_passed_over(tmp_path: Path) -> None:
    done = settle_text(tmp_path, claims(f"a,P,{GOOD},,1", head=HEAD + ",, "))
    assert list(bills(done.target)) == ["a"] and done.reader.columns.unread == {}


def test_a_second_sheet_is_named(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "claims.xlsx")) as book:
        for name in ("一月", "二月"):
            sheet = book.add_worksheet(name)
            for row, cells in enumerate((HEAD, f"a,P,{GOOD}")):
                for place, cell in enumerate(cells.split(",")):
                    sheet.write_string(row, place, cell)
    done = settle_table(PLAIN, tmp_path / "claims.xlsx", tmp_path / "bills.csv")
    assert bills(done.target) == {"a": ("P", "720.00", "720.00", "280.00")}
    assert "Please note: only the first sheet, 一月, is read; not 二月." in lines(done, "en")


def test_excel_cells_of_every_kind(tmp_path: Path) -> None:
    """Dates as dates, as text and with times; numbers as ids and amounts; long numbers that Excel has shortened."""
    from datetime import date, datetime

    import xlsxwriter

    good = GOOD.split(",")
    morning = datetime.fromisoformat("2013-01-05 08:00")
    rows: list[list[object]] = [
        [1, 1001, date(2013, 1, 1), morning, "2013/1/6", 1000, 0, 0, 0, 1000.0, *good[8:]],
        ["b", 431023198001011234, *good],
        [True, "Q", *good],
        ["d", "Q", 41280, *good[1:]],
        ["e", "Q", *good[:3], 0.305, *good[4:]],
        [],
        ["g", "Q", *good],
    ]
    with xlsxwriter.Workbook(str(tmp_path / "claims.xlsx")) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, HEAD.split(","))
        for row, cells in enumerate(rows, 1):
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(row, place, cell, day)
                else:
                    sheet.write(row, place, cell)
    done = settle_table(PLAIN, tmp_path / "claims.xlsx", tmp_path / "bills.csv")
    assert {one: bill[:2] for one, bill in bills(done.target).items()} == {
        "1": ("1001", "720.00"),
        "TRUE": ("Q", "720.00"),
        "g": ("Q", "720.00"),
    }
    assert [(row["row"], row["column"], row["found"]) for row in rejects(done.target)] == [
        ("3", "person", "4.31023198001011E+17"),
        ("5", "admission", "41280"),
        ("6", "total_yuan", "0.305"),
    ]
    assert done.blank == 1
