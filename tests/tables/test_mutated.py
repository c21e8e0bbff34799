"""Mutated tables: whatever is done to the bytes or the cells, the answer is bills, rejected rows, or a TableError."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from openyibao.bench.claim_tables import claim_table, write_csv
from openyibao.bench.claims import random_columns
from openyibao.tables import Sizes, TableError, settle_table
from tables.making import HEAD, PLAIN, SEED, WRITERS, bills, rejects

SEED_OF_RUN = int(os.environ.get("YIBAO_SEED", SEED))
LONG, PARTS = 100_000, 4
CELLS = (
    *(
        "",
        " ",
        "0",
        "-0",
        "1",
        "-1",
        "1e9",
        "1.005",
        "99999999999",
        "9" * 30,
        "0x10",
        "NaN",
        "inf",
        "１２",
        "8万",
        "1,300",
    ),
    *("2013-02-30", "2013-13-01", "0000-00-00", "9999-12-31", "20130105", "2013/1/5 7:00", "2013-01-05T25:00", "41280"),
    *(
        "null",
        "NULL",
        "None",
        "é" * 50,
        "甲乙",
        "'",
        '"',
        "a;b",
        "a、b",
        "primary;tertiary",
        "\t",
        "\x7f",
        "=1+1",
        "1E+17",
    ),
)
BYTES = (
    b'"',
    b"\n",
    b"\r",
    b"\r\n",
    b",",
    b"\0",
    b"\xff",
    b"\xe7\x94",
    b"\xef\xbb\xbf",
    b" ",
    b"9",
    b"-",
    b"'",
    b"\\",
    b";",
)


def mutated_bytes(whole: bytes, source: random.Random) -> bytes:
    """Some bytes replaced, put in, taken out, cut or doubled."""
    made = bytearray(whole)
    for _ in range(source.randint(1, 4)):
        at, length = source.randrange(len(made) + 1), source.randint(1, 30)
        kind = source.randrange(5)
        if kind == 0:
            made[at : at + length] = b""
        elif kind == 1:
            made[at:at] = source.choice(BYTES) * source.randint(1, 3)
        elif kind == 2:
            made[at : at + 1] = bytes([source.randrange(256)])
        elif kind == 3:
            made[at:at] = made[at : at + length]
        else:
            made = made[:at]
        if not made:
            break
    return bytes(made)


def mutated_cells(whole: bytes, source: random.Random) -> bytes:
    """Some cells replaced, also those of the first line."""
    rows = [line.split(",") for line in whole.decode().split("\n")]
    for _ in range(source.randint(1, 6)):
        row = source.choice(rows)
        row[source.randrange(len(row))] = source.choice(CELLS)
    return "\n".join(",".join(row) for row in rows).encode()


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_mutated_files_of_other_kinds(tmp_path: Path, suffix: str) -> None:
    print(f"seed {SEED_OF_RUN}; another: YIBAO_SEED=...")
    source = tmp_path / f"claims{suffix}"
    WRITERS[suffix](claim_table(PLAIN, random_columns(PLAIN, 20, SEED_OF_RUN)), source)
    whole, refused = source.read_bytes(), 0
    for number in range(100):
        source.write_bytes(mutated_bytes(whole, random.Random(SEED_OF_RUN + number)))
        try:
            settle_table(PLAIN, source, tmp_path / "bills.csv", sizes=Sizes(threads=0))
        except TableError:
            refused += 1
        except BaseException:
            print(f"mutant {number}")
            raise
    assert refused


def settle_mutants(folder: Path, numbers: range) -> dict[str, int]:
    """How the mutants of these numbers ended."""
    write_csv(claim_table(PLAIN, random_columns(PLAIN, 6, SEED_OF_RUN)).select(HEAD.split(",")), folder / "claims.csv")
    whole = (folder / "claims.csv").read_bytes().replace(b'"', b"")
    ended = {"all settled": 0, "some rejected": 0, "refused": 0}
    for number in numbers:
        source = random.Random(SEED_OF_RUN * 1_000_003 + number)
        mutant = (mutated_bytes if number % 2 else mutated_cells)(whole, source)
        (folder / "claims.csv").write_bytes(mutant)
        sizes = Sizes(source.choice((1, 3, 1000)), source.choice((2, 1000)), 0)
        try:
            done = settle_table(PLAIN, folder / "claims.csv", folder / "bills.csv", sizes=sizes)
        except TableError:
            ended["refused"] += 1
            continue
        except BaseException:
            print(f"mutant {number} of seed {SEED_OF_RUN}: {mutant!r}")
            raise
        assert len(rejects(done.target)) == done.tally.rejected
        assert len(bills(done.target)) == done.tally.settled
        ended["some rejected" if done.rejects else "all settled"] += 1
    return ended


def test_mutants(tmp_path: Path) -> None:
    print(f"seed {SEED_OF_RUN}; another: YIBAO_SEED=...")
    ended = settle_mutants(tmp_path, range(300))
    print(ended)
    assert all(ended.values())


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_mutants(tmp_path: Path, part: int) -> None:
    """In parts, so that several processes share them (`pytest -n2`)."""
    print(f"seed {SEED_OF_RUN}; another: YIBAO_SEED=...")
    print(settle_mutants(tmp_path, range(part * LONG // PARTS, (part + 1) * LONG // PARTS)))
