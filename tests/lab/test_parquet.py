"""From Parquet to Parquet: the bills of memory, and a target that is whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.forms import DERIVED, STAYS, Claims, random_claims, replaced, single_form
from openyibao.lab.claims import ClaimColumnError
from openyibao.lab.parquet import Sizes, settle_parquet, write_batches
from openyibao.lab.stream import Receipt, TornPersonError

CLAIMS = random_claims(STAYS, 600, 9)
SMALL = Sizes(batch_rows=100)


def write(path: Path, *batches: Any, rows: int = 250) -> Path:
    table = pa.Table.from_batches(batches).unify_dictionaries()
    pq.write_table(table, path, row_group_size=rows)
    return path


def as_lists(path: Path, headers: list[str]) -> dict[str, list[int]]:
    table = pq.read_table(path)
    return {header: table.column(header).to_pylist() for header in headers}


@pytest.mark.parametrize("threads", [0, 1, 2])
@pytest.mark.parametrize("claims", [CLAIMS, random_claims(DERIVED, 600, 9)], ids=["stays", "derived"])
def test_the_same_bills_as_in_memory(claims: Claims, threads: int, tmp_path: Path) -> None:
    source, target = write(tmp_path / "claims.parquet", claims.batch), tmp_path / "bills.parquet"
    receipt = settle_parquet(claims.policy, source, target, sizes=Sizes(100, threads))
    expected = single_form(claims)
    assert as_lists(target, list(expected)) == expected
    assert pq.read_table(target).column("claim").to_pylist() == list(range(claims.rows))
    assert (receipt.rows, receipt.paid_fen) == (claims.rows, sum(expected["paid_fen"]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bills.parquet", "claims.parquet"]


def test_the_rows_settled_are_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    source = write(tmp_path / "claims.parquet", CLAIMS.batch)
    settle_parquet(
        STAYS, source, tmp_path / "bills.parquet", sizes=SMALL, progress=lambda _, done, of: told.append((done, of))
    )
    assert told == sorted(told) and told[-1] == (CLAIMS.rows, CLAIMS.rows) and len(told) > 5


def test_claims_written_by_the_lab_read_back(tmp_path: Path) -> None:
    write_batches(tmp_path / "claims.parquet", CLAIMS.batch.schema, iter([CLAIMS.batch]))
    settle_parquet(STAYS, tmp_path / "claims.parquet", tmp_path / "bills.parquet")
    expected = single_form(CLAIMS)
    assert as_lists(tmp_path / "bills.parquet", list(expected)) == expected


@pytest.mark.parametrize("name", ["claim", "no claim", "text"])
def test_the_ids_of_claims(name: str, tmp_path: Path) -> None:
    """A column `claim` comes back as it was, of whatever kind; there need be none."""
    text = pa.array([f"KJ{number:08}" for number in range(CLAIMS.rows)])
    column = {"claim": text.dictionary_encode(), "no claim": None, "text": text}[name]
    source = write(tmp_path / "claims.parquet", replaced(CLAIMS.batch, claim=column))
    settle_parquet(STAYS, source, tmp_path / "bills.parquet", sizes=SMALL)
    found = pq.read_table(tmp_path / "bills.parquet")
    assert ("claim" in found.column_names) == (column is not None)
    assert column is None or found.column("claim").to_pylist() == text.to_pylist()


def test_a_table_without_rows(tmp_path: Path) -> None:
    source = write(tmp_path / "claims.parquet", CLAIMS.batch.slice(0, 0))
    assert settle_parquet(STAYS, source, tmp_path / "bills.parquet") == Receipt()
    found = pq.read_table(tmp_path / "bills.parquet")
    assert found.num_rows == 0
    assert {"claim", "person", "paid_fen", "personal_fen", "fault"} <= set(found.column_names)


# The target


class StoppedError(Exception):
    pass


def stop(task: str, done: int, rows: int) -> None:
    if done > rows // 2:
        raise StoppedError


@pytest.mark.parametrize("threads", [0, 2])
def test_stopped_leaves_what_was_there(threads: int, tmp_path: Path) -> None:
    source, target = write(tmp_path / "claims.parquet", CLAIMS.batch), tmp_path / "bills.parquet"
    for before in (None, b"the bills of last year"):
        if before is not None:
            target.write_bytes(before)
        with pytest.raises(StoppedError):
            settle_parquet(STAYS, source, target, sizes=Sizes(100, threads), progress=stop)
        assert (target.read_bytes() if target.exists() else None) == before
        assert {path.name for path in tmp_path.iterdir()} <= {"bills.parquet", "claims.parquet"}


def test_a_person_torn_late_leaves_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "claims.parquet", CLAIMS.batch, CLAIMS.batch.slice(0, 1))
    with pytest.raises(TornPersonError, match="person 0 comes after person 599"):
        settle_parquet(STAYS, source, tmp_path / "bills.parquet", sizes=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["claims.parquet"]


def test_the_target_is_replaced_when_whole(tmp_path: Path) -> None:
    source, target = write(tmp_path / "claims.parquet", CLAIMS.batch), tmp_path / "bills.parquet"
    target.write_bytes(b"the bills of last year")
    seen: list[bytes] = []
    settle_parquet(STAYS, source, target, sizes=SMALL, progress=lambda *_: seen.append(target.read_bytes()[:9]))
    assert set(seen) == {b"the bills"}, "until the end the old file stands"
    assert pq.read_metadata(target).num_rows == CLAIMS.rows


def test_the_bills_do_not_replace_the_claims(tmp_path: Path) -> None:
    source = write(tmp_path / "claims.parquet", CLAIMS.batch)
    (tmp_path / "link.parquet").symlink_to(source)
    for target in (source, tmp_path / "link.parquet", tmp_path / "." / "claims.parquet"):
        with pytest.raises(ValueError, match="would replace the claims"):
            settle_parquet(STAYS, source, target)
    with pytest.raises(ValueError, match="this is a folder"):
        settle_parquet(STAYS, source, tmp_path)
    assert pq.read_metadata(source).num_rows == CLAIMS.rows


# The source


@pytest.mark.parametrize("content", [b"", b"claim,person\n1,2\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_file_that_is_no_parquet(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "claims.parquet").write_bytes(content)
    with pytest.raises(ClaimColumnError, match=r"claims.parquet: this is no Parquet file"):
        settle_parquet(STAYS, tmp_path / "claims.parquet", tmp_path / "bills.parquet")
    with pytest.raises(ClaimColumnError, match="there is no such file"):
        settle_parquet(STAYS, tmp_path / "nothing.parquet", tmp_path / "bills.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["claims.parquet"]


def test_a_file_that_lost_its_middle(tmp_path: Path) -> None:
    source = write(tmp_path / "claims.parquet", CLAIMS.batch)
    content = bytearray(source.read_bytes())
    content[400 : len(content) // 2] = bytes(len(content) // 2 - 400)
    source.write_bytes(content)
    with pytest.raises((OSError, ClaimColumnError)):
        settle_parquet(STAYS, source, tmp_path / "bills.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["claims.parquet"]


def test_a_column_that_lacks_is_told_before_the_work(tmp_path: Path) -> None:
    source = write(tmp_path / "claims.parquet", replaced(CLAIMS.batch, grade=None).slice(0, 0))
    with pytest.raises(ClaimColumnError, match="needs the column 'grade'; the claims have claim, person, "):
        settle_parquet(STAYS, source, tmp_path / "bills.parquet")
