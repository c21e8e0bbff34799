"""T22: a backup is restored to a random moment while settlements ran; and what can't be restored is said."""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from openyibao.service.backup import folder as folders
from openyibao.service.backup import prune, report, take
from openyibao.service.backup.folder import BackupError, Folder
from openyibao.service.backup.restore import choose
from service.backups import back, command, county, hash_at, moment, settle, settling, there
from service.figures import figure
from service.racing import Desk, seeded
from service.test_ledger_seals import seal_all


@pytest.mark.reliability("T22", "a random moment while settlements ran")
def test_what_was_acknowledged_before_a_moment_is_restored(database: str, tmp_path: Path) -> None:
    seed, dice = seeded()
    persons, desk = county(4), Desk()
    before = [settle(desk, one) for one in persons]
    seal_all()
    kept = Folder(tmp_path / "backup")
    base = take.base(database, kept)
    assert base.size > 1_000_000 and kept.all_bases() == [base]
    still, hashed = time.time(), hash_at(database)
    with settling(persons) as done:
        while len(done) < 4:
            time.sleep(0.05)
        begun = time.time()
        while len(done) < 12:
            time.sleep(0.05)
        target = dice.uniform(begun, time.time())
        time.sleep(0.2)
    covered = take.fetch(database, kept)
    assert covered.timestamp() > done[-1].acknowledged

    then = back(kept, tmp_path / "still", still, hashed=True)
    assert then.found.hash == hashed != hash_at(database)
    assert then.found.right and then.found.counts["settlements"] == len(before) and then.found.seals == 1

    during = back(kept, tmp_path / "during", target)
    found = there(during.into, "yibao", during.about.database)
    acknowledged = {one.setl_id for one in [*before, *done] if one.acknowledged < target}
    possible = {one.setl_id for one in [*before, *done] if one.asked < target}
    assert acknowledged <= found <= possible
    assert during.found.right and during.last is not None and during.last.timestamp() <= target
    for lang in ("zh", "en"):
        said = report.restored(during, lang).splitlines()
        figures = json.loads(said[-1])
        assert (figures["rpo_s"], figures["faults"]) == (0, 0) and 0 < figures["rto_s"] < 60
        assert any("0.00" in line for line in said) and any("RPO 0" in line for line in said)
    figure(seed=seed, moments=1, acknowledged=len(acknowledged), lost=0, hashes_differ=0, rto_s=during.rto_s)


@pytest.mark.long
@pytest.mark.reliability("T22", "a random moment while settlements ran")
def test_many_random_moments(database: str, tmp_path: Path) -> None:
    """Twenty moments of one backup, each restored; and a quiet one in the middle, whose hash is known."""
    seed, dice = seeded()
    persons = county(20)
    kept = Folder(tmp_path / "backup")
    take.base(database, kept)
    done, begun = [], time.time()
    for _ in range(2):
        with settling(persons) as part:
            while len(part) < 200:
                time.sleep(0.05)
        done += part
        quiet_at, hashed = time.time(), hash_at(database)
        take.base(database, kept)  # a second base in the middle: each moment takes the one before it
    end = time.time()
    take.fetch(database, kept)
    lost, slowest = 0, 0.0
    moments = [dice.uniform(max(begun, kept.all_bases()[0].ended.timestamp()), end) for _ in range(20)]
    for number, target in enumerate(moments):
        found = back(kept, tmp_path / f"into{number}", target)
        there_now = there(found.into, "yibao", found.about.database)
        lost += len({one.setl_id for one in done if one.acknowledged < target} - there_now)
        assert there_now <= {one.setl_id for one in done if one.asked < target}
        assert found.found.right
        slowest = max(slowest, found.rto_s)
        shutil.rmtree(found.into)
    last = back(kept, tmp_path / "quiet", quiet_at, hashed=True)
    assert last.found.hash == hashed
    figure(seed=seed, moments=20, settlements=len(done), lost=lost, hashes_differ=0, rto_s=slowest)
    assert lost == 0


def test_the_hash_is_of_the_rows_and_not_of_their_order(database: str) -> None:
    def hashes(*statements: str) -> str:
        for statement in statements:
            connection.execute(statement)
        return hash_at(database)

    with psycopg.connect(database, autocommit=True) as connection:
        first = hashes("CREATE TABLE things (a int, b text)", "INSERT INTO things VALUES (1, 'x'), (2, 'y'), (3, NULL)")
        assert hashes("TRUNCATE things", "INSERT INTO things VALUES (3, NULL), (1, 'x'), (2, 'y')") == first
        assert hashes("UPDATE things SET b = b") == first
        different = {
            first,
            hashes("UPDATE things SET b = CASE a WHEN 1 THEN 'y' WHEN 2 THEN 'x' END"),
            hashes("TRUNCATE things", "INSERT INTO things VALUES (1, 'x'), (2, 'y'), (3, '')"),
            hashes("TRUNCATE things", "INSERT INTO things VALUES (1, 'x'), (2, 'y'), (3, NULL), (3, NULL)"),
            hashes("DELETE FROM things WHERE a = 3"),
            hashes("DROP TABLE things", "CREATE TABLE other (a int, b text)", "INSERT INTO other VALUES (1, 'x')"),
        }
        assert len(different) == 6
        assert hashes("INSERT INTO django_session VALUES ('key', 'data', now())") in different


def test_all_that_arrived_is_restored_without_a_moment(database: str, tmp_path: Path) -> None:
    """By the commands, as a person would; with the file of seals, which is ahead of the moment restored."""
    from openyibao.service.ledger.seal import export

    persons, desk, seals = county(1), Desk(), tmp_path / "seals"
    settle(desk, persons[0])
    seal_all()
    export(seals)
    said = command(database, "backup", str(tmp_path / "backup"), "--lang", "zh")
    assert "可恢复到" in said
    early = time.time()
    settle(desk, persons[0])
    seal_all()
    export(seals)
    said = command(database, "backup", str(tmp_path / "backup"), "--wal-only")
    assert json.loads(said.splitlines()[-1])["covered"] > moment(early).isoformat()

    arguments = ("--into", str(tmp_path / "all"), "--seals", str(seals), "--hash", "--lang", "zh")
    said = command(database, "restore", str(tmp_path / "backup"), *arguments)
    assert hash_at(database) in said and "封存核验无误" in said and "结算 2" in said
    to = moment(early).isoformat()
    arguments = ("--into", str(tmp_path / "early"), "--seals", str(seals), "--to", to)
    said = command(database, "restore", str(tmp_path / "backup"), *arguments)
    assert "settlements 1" in said and "has 1 more" in said and "the seals are right" in said


@pytest.fixture(scope="module")
def backup(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A backup with four segments of the log behind its base, of a database without settlements."""
    from service.databases import copy

    kept = Folder(tmp_path_factory.mktemp("kept") / "backup")
    url = server.url(copy(server))
    take.base(url, kept)
    for _ in range(4):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(true, 'test', 'segment')")
            connection.execute("SELECT pg_switch_wal()")
        take.fetch(url, kept)
    return kept


@pytest.fixture
def own(backup: Folder, tmp_path: Path) -> Folder:
    """A copy of that backup, to be spoilt."""
    shutil.copytree(backup.path, tmp_path / "backup")
    return Folder(tmp_path / "backup")


def test_missing_and_cut_off_log_is_named(own: Folder, tmp_path: Path) -> None:
    segments = [one for one in own.segments() if one.number > own.all_bases()[0].last // own.known().segment_bytes]
    gone = segments[1].path
    data = gone.read_bytes()
    gone.unlink()
    with pytest.raises(BackupError, match=f"{gone.name} is missing") as caught:
        back(own, tmp_path / "into", None)
    assert gone.name in caught.value.text.zh and "缺少" in caught.value.text.zh
    gone.write_bytes(data[:-1])
    with pytest.raises(BackupError, match=f"{gone.name} is cut off"):
        back(own, tmp_path / "into", None)
    # bytes that are no log: the server itself ends there, before the moment asked for, and nothing stays
    gone.write_bytes(bytes(len(data)))
    covered = own.covered()
    assert covered is not None
    with pytest.raises(BackupError, match="breaks off before the moment"):
        back(own, tmp_path / "into", covered.timestamp())
    assert not (tmp_path / "into").exists()


def test_older_bases_go_with_the_log_that_only_they_need(own: Folder, tmp_path: Path) -> None:
    """A second base after the first two segments, by its description alone: pruning looks at nothing else."""
    (old,), each = own.all_bases(), own.known().segment_bytes
    behind = [one for one in own.segments() if one.number > old.last // each]
    later = replace(old, name="later", first=behind[2].number * each, last=behind[2].number * each, ended=own.covered())
    shutil.copytree(own.bases / old.name, own.bases / "later")
    own.write_base(later)
    with pytest.raises(BackupError, match="at least 1"):
        prune.prune(own, 0)
    assert prune.prune(own, 2) == prune.Pruned(0, 0, 0) and len(own.all_bases()) == 2
    data = behind[3].path.read_bytes()
    behind[3].path.write_bytes(data[:-1])
    with pytest.raises(BackupError, match="is cut off"):  # what would be kept is not whole: nothing goes
        prune.prune(own, 1)
    assert len(own.all_bases()) == 2
    behind[3].path.write_bytes(data)
    before = own.segments()
    gone = prune.prune(own, 1)
    assert own.all_bases() == [later] and not (own.bases / old.name).exists()
    assert [one.number for one in own.segments()] == [one.number for one in before if one.number >= behind[2].number]
    assert (gone.bases, gone.segments) == (1, len(before) - len(own.segments()))
    said = report.taken(own, None, "zh", gone), report.taken(own, None, "en", gone)
    assert "已删除较早的基础备份 1 份" in said[0] and "removed: 1 older base backups" in said[1]
    with pytest.raises(BackupError, match="nothing earlier can be restored"):
        choose(own, old.ended)


def test_moments_that_cannot_be_restored_are_refused(own: Folder, tmp_path: Path) -> None:
    (base,), covered = own.all_bases(), own.covered()
    assert covered is not None
    with pytest.raises(BackupError, match="nothing earlier can be restored"):
        choose(own, base.ended - timedelta(milliseconds=1))
    assert choose(own, base.ended) == base
    with pytest.raises(BackupError, match="reaches until"):
        choose(own, covered + timedelta(milliseconds=1))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(BackupError, match="is not empty"):
        back(own, tmp_path / "full", None)
    assert (tmp_path / "full" / "x").exists()
    for place in (tmp_path / "full", tmp_path / "nowhere"):
        with pytest.raises(BackupError, match="is no backup folder"):
            back(Folder(place), tmp_path / "into", None)
    (own.bases / f"{base.name}.json").unlink()
    with pytest.raises(BackupError, match="no whole base backup"):
        back(own, tmp_path / "into", None)


def test_a_damaged_base_and_another_version_are_refused(
    own: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openyibao.service.postgres import PostgresError

    about = json.loads((own.path / folders.ABOUT).read_text())
    (own.path / folders.ABOUT).write_text(json.dumps({**about, "version": "9"}))
    with pytest.raises(PostgresError, match="PostgreSQL 9 is needed"):
        back(own, tmp_path / "into", None)
    (own.path / folders.ABOUT).write_text(json.dumps(about))
    (base,) = own.all_bases()
    spoilt = own.bases / base.name / "base" / "1" / "PG_VERSION"
    spoilt.write_bytes(b"99\n")
    with pytest.raises(BackupError, match=r"base/1/PG_VERSION"):
        back(own, tmp_path / "into", None)
    (own.path / folders.ABOUT).write_text("{")
    with pytest.raises(BackupError, match="is damaged"):
        back(own, tmp_path / "into", None)


def test_what_cannot_be_backed_up_is_refused(server: Any, own: Folder, tmp_path: Path, database: str) -> None:
    about = own.known()
    own.write_about(type(about)("1", about.version, about.database, about.user, about.segment_bytes))
    with pytest.raises(BackupError, match="the backup of another server"):
        take.fetch(database, own)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "letter").touch()
    with pytest.raises(BackupError, match="holds something else"):
        take.base(database, Folder(tmp_path / "x"))
    with pytest.raises(BackupError, match="can't be reached"):
        take.base("postgresql://nobody@/none?host=/nowhere", Folder(tmp_path / "y"))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE ROLE clerk LOGIN")
    try:
        with pytest.raises(BackupError, match="may not replicate"):
            take.base(database.replace("//yibao@", "//clerk@"), Folder(tmp_path / "z"))
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP ROLE clerk")


def test_log_that_the_server_threw_away_is_said(database: str, own: Folder) -> None:
    """The slot of a folder is gone, or was never this folder's: what was written since the last time is not there."""
    with pytest.raises(BackupError, match="there is a gap"):
        take.fetch(database, own)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("restore", "{}", "--to", "noon"), "expected a moment"),
        (("restore", "{}", "--to", "noon", "--lang", "zh"), "应为时刻"),
        (("backup", "{}", "--wal-only"), "is no backup folder"),
        (("backup", "{}", "--sandbox", "{}"), "There is no sandbox"),
    ],
)
def test_the_commands_say_what_can_be_mended(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    filled = [one.format(tmp_path / "none") for one in arguments]
    assert said in command("postgresql://nobody@/none?host=/nowhere", *filled, code=2)


def test_every_text_has_both_languages() -> None:
    for texts in (report.RESTORED,):
        assert texts["zh"].keys() == texts["en"].keys()
        for name, text in texts["zh"].items():
            assert sorted(re.findall(r"\{\w+", text)) == sorted(re.findall(r"\{\w+", texts["en"][name])), name
    assert len(report.TAKEN["zh"]) == len(report.TAKEN["en"])
