"""T22: how long it takes to restore large databases. Long runs only; they need gigabytes of disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openyibao.service.backup import take
from openyibao.service.backup.folder import Folder
from openyibao.service.postgres import Server
from service.backups import back, command, hash_at
from service.databases import environment
from service.figures import figure


@pytest.mark.long
@pytest.mark.reliability("T22", "a large database, from a base backup and by the log alone")
def test_how_long_a_large_database_takes(tmp_path: Path) -> None:
    """As many settlements as YIBAO_RTO_SETTLEMENTS says, restored from a base behind them and from one before them."""
    wanted = int(os.environ.get("YIBAO_RTO_SETTLEMENTS", "100000"))
    kept = Folder(tmp_path / "backup")
    with empty_platform(tmp_path / "pg") as url:
        before = take.base(url, kept)
        filled = fill(url, wanted)
        middle = take.fetch(url, kept)
        take.base(url, kept)
        hashed = hash_at(url)
    whole = back(kept, tmp_path / "whole", None, hashed=True)
    assert whole.found.hash == hashed and whole.base.name != before.name
    shutil.rmtree(whole.into)
    replayed = back(kept, tmp_path / "replayed", middle.timestamp(), hashed=True)
    assert replayed.found.hash == hashed and replayed.base.name == before.name
    counts = {"settlements": filled["settlements"], "bytes": whole.found.size}
    log = sum(one.path.stat().st_size for one in kept.segments())
    print(
        f"copying {whole.copy_s} s, replaying {whole.replay_s} s; by the log {replayed.copy_s} + {replayed.replay_s} s"
    )
    figure(
        **counts,
        rto_s=whole.rto_s,
        replayed_s=replayed.rto_s,
        log_bytes=log,
        hashes_differ=0,
        met=False,
        why="10 M settlements do not fit the disk; the time grows with the bytes",
    )


@pytest.mark.long
@pytest.mark.reliability("T22", "a larger database whose server is gone, from its base backup")
def test_how_long_a_larger_database_takes_whose_server_is_gone(tmp_path: Path) -> None:
    """As many settlements as YIBAO_RTO_LARGER says. Of so many the disk holds two copies, so the first goes."""
    wanted = int(os.environ.get("YIBAO_RTO_LARGER", "1000000"))
    kept = Folder(tmp_path / "backup")
    with empty_platform(tmp_path / "pg") as url:
        filled = fill(url, wanted)
        base = take.base(url, kept)
        hashed = hash_at(url)
    shutil.rmtree(tmp_path / "pg")
    found = back(kept, tmp_path / "into", None, hashed=True)
    assert found.found.right and found.found.hash == hashed
    assert found.found.counts["settlements"] == filled["settlements"]
    print(f"taken in {base.seconds} s; copying {found.copy_s} s, replaying {found.replay_s} s, check {found.check_s} s")
    figure(
        settlements=filled["settlements"],
        bytes=found.found.size,
        rto_s=found.rto_s,
        verify_s=found.verify_s,
        hashes_differ=0,
        met=filled["settlements"] >= 10_000_000 and found.rto_s <= 15 * 60,
        why="" if filled["settlements"] >= 10_000_000 else "10 M settlements do not fit the disk twice",
    )


@contextmanager
def empty_platform(folder: Path) -> Iterator[str]:
    """The address of a server with the platform's tables, while the block runs."""
    with Server(folder, settings={"max_wal_size": "2GB"}) as own:
        prepare = "from openyibao.service.run import prepare; prepare(migrate=True)"
        subprocess.run([sys.executable, "-c", prepare], check=True, env=environment(own.url()))
        yield own.url()


def fill(url: str, settlements: int) -> dict[str, Any]:
    """What `yibao bench fill` says of itself: there may be more settlements than asked for."""
    asked = ["bench", "fill", "--settlements", str(settlements), "--histories", "200", "--no-check"]
    said: dict[str, Any] = json.loads(command(url, *asked).splitlines()[-1])
    return said
