"""Lists that come in: read by blocks as row by row, and what is none is refused with a reason."""

from __future__ import annotations

import io
import os
import random
import secrets
import zipfile
from datetime import date
from typing import Any

import pytest

from openyibao.service.reconciliation import sheet, sheet_blocks
from openyibao.service.reconciliation.faults import agreeing, inject, made
from openyibao.service.reconciliation.lists import text_of, zip_of
from openyibao.service.reconciliation.sheet_rows import SheetError

ROW = "P1\tV1\tS1\t10.00\t6.00\t0\t4.00\n"
NAMES = "setl_id psn_no name mdtrt_id medfee_sumamt fund_pay_sumamt acct_pay cash_payamt refd_setl_flag setl_time"
HEADING = NAMES.replace(" ", "\t") + "\n"


def read(text: str | bytes) -> sheet.Sheet:
    return sheet.read_zip(zip_of(text.encode() if isinstance(text, str) else text))


def refused(content: bytes) -> str:
    with pytest.raises(SheetError) as caught:
        sheet.read_zip(content)
    assert caught.value.text.zh and caught.value.text.en
    return caught.value.text.en


def values(text: str | bytes) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in read(text).stated.to_pylist()]


def test_a_list_without_a_heading() -> None:
    assert values(ROW) == [(1, "S1", "V1", "P1", 1000, 600, 0, 400, False, None)]
    assert values("\ufeff" + ROW.replace("\n", "\r\n") + "\r\n \t \r\n" + ROW)[1][0] == 4
    assert values("P1\tV1\tS1\t10\t6.5\t-0.25") == [(1, "S1", "V1", "P1", 1000, 650, -25, None, False, None)]
    assert values(" P1 \tV1\t S1\t+10.1000\t6\t0\t4\tmore\tand more")[0][:5] == (1, "S1", "V1", "P1", 1010)
    assert len(read("")) == len(read("\n\n")) == 0 and read("").sums()["cash_fen"] == 0


def test_a_list_with_a_heading() -> None:
    rows = "S1\tP1\t王\u3000某\tV1\t10\t6\t0\t4\t1\t2026-03-02 10:00:00\nS2\tP2\t\tV2\t20\t6\t0\t14\t\t\n"
    assert values(HEADING + rows) == [
        (2, "S1", "V1", "P1", 1000, 600, 0, 400, True, date(2026, 3, 2)),
        (3, "S2", "V2", "P2", 2000, 600, 0, 1400, False, None),
    ]
    assert "lacks acct_pay" in refused(zip_of(b"setl_id\tpsn_no\tmdtrt_id\tmedfee_sumamt\tfund_pay_sumamt\n"))
    assert "twice" in refused(zip_of(HEADING.replace("\tname", "\tsetl_id").encode()))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("P1\tV1\tS2", "row 2 of 3 columns lacks medfee_sumamt"),
        ("P1\tV1\t\t1\t1\t0", "row 2 of 6 columns lacks setl_id"),
        ("P1\tV1\tS2\t1O\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t1.001\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t1e3\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t1_0\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t１０\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t1,000.00\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t99999999999\t1\t0", "row 2: medfee_sumamt is wrong"),
        ("P1\tV1\tS2\t1\t1\t0\tnone", "row 2: psn_cash_pay is wrong"),
        (f"P1\tV1\t{'S' * 41}\t1\t1\t0", "row 2: setl_id is wrong"),
        ("P1\tV\x00\tS2\t1\t1\t0", "row 2: mdtrt_id is wrong"),
        ("P1\tV1\tS2\t1\t1\t0\r4", "row 2: acct_pay is wrong"),
    ],
)
def test_a_row_that_cannot_be_read(row: str, why: str) -> None:
    found = read(ROW + row + "\n" + ROW.replace("S1", "S3"))
    (bad,) = found.malformed
    assert bad.line == 2 and bad.why.en == why and bad.why.zh.startswith("第 2 行")
    assert bad.setl_id in ("S2", "") and found.stated["line"].to_pylist() == [1, 3]


def test_a_list_that_is_none_is_refused() -> None:
    assert (
        "no zip" in refused(b"") and "no zip" in refused(b"no zip") and "no zip" in refused(zip_of(ROW.encode())[:-9])
    )
    assert "GBK/GB18030" in refused(zip_of((ROW + "王某\t\t\n").encode("gb18030")))
    assert "row 2 is no text in UTF-8" in refused(zip_of((ROW + "王某\t\t\n").encode("gb18030")))
    assert "UTF-16" in refused(zip_of(ROW.encode("utf-16")))
    assert "row 1 is no text in UTF-8 (save" in refused(zip_of(b"\xff\x80\x30\xff"))
    assert "lacks" in refused(zip_of(b"one\ntwo\n")) and "a row is too long" in refused(zip_of(b"P" * 2**20))
    many = "".join(f"P\tV\tS{n}\tx\t0\t0\n" for n in range(sheet.MOST_MALFORMED))
    assert refused(zip_of((ROW + many).encode())).count(";") == sheet.SHOWN - 1
    assert f"more than {sheet.MOST_ROWS} rows" in refused(zip_of(ROW.encode() + b"\n" * (sheet.MOST_ROWS + 1)))


def test_zips_that_would_burst_are_refused_before_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "LARGEST", 2**20)
    bomb = zip_of(ROW.encode() * 100_000)
    assert len(bomb) < 20_000 and "when unpacked" in refused(bomb)
    size = len(ROW) * 100_000  # a zip that lies about its size
    lying = bomb.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != bomb and "no zip" in refused(lying)
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("b", "1")
    assert "2 files in the zip" in refused(two.getvalue())
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(2_000):
            archive.writestr(str(number), "")
    assert "2000 files in the zip" in refused(many.getvalue())
    locked = bytearray(zip_of(ROW.encode()))
    for start, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(start) + place] |= 1
    assert "password" in refused(bytes(locked))


def test_blocks_are_read_as_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random lists, in blocks of random sizes, give the same as one row after the other."""
    seed = int(os.environ.get("YIBAO_SEED", secrets.randbelow(10**9)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    quick = sheet_blocks.read_block
    used = []
    for trial in range(60):
        world = made(chance.randrange(10, 60), seed + trial)
        text = text_of(agreeing(world), seed=trial).decode()
        rows = text.split("\n")[:-1]
        for _ in range(chance.randrange(4)):
            place, cells = (
                chance.randrange(len(rows)),
                ["", " ", "1", "x", "\r", "-0.5", "2026-02-30", "王", "\u3000", "\x1f"],
            )
            rows[place] = "\t".join(
                chance.choice([cell, cell, cell, chance.choice(cells)]) for cell in rows[place].split("\t")
            )
        body = "\n".join(rows).encode()
        monkeypatch.setattr(sheet, "SMALL", chance.choice((100, 1_000, 2**23)))
        monkeypatch.setattr(sheet, "BLOCK", chance.randrange(200, 5_000))
        outcomes = []
        for way in (quick, lambda block, columns, first: None):
            monkeypatch.setattr(sheet, "read_block", lambda *given, way=way: used.append(way(*given)) or used[-1])
            try:
                found = read(body)
                outcomes.append((found.stated.to_pylist(), found.malformed))
            except SheetError as error:
                outcomes.append(error.text)
        assert outcomes[0] == outcomes[1]
    quickly, partly = (sum(bool(test(one)) for one in used if one) for test in (bool, lambda one: one.unusual))
    assert quickly > 60 and partly > 10 and used.count(None) > 60


def test_a_list_is_read_as_it_was_written() -> None:
    world = made(500, 1)
    wrong = inject(world, 5, 1)
    found = read(text_of(wrong.stated, wrong.malformed, 3))
    assert found.stated.drop(["line"]).to_pylist() == wrong.stated.drop(["line"]).to_pylist()
    assert {row.setl_id for row in found.malformed} == {row.setl_id for row in wrong.malformed}
    assert found.sums()["total_fen"] == sum(wrong.stated["total_fen"].to_pylist())
