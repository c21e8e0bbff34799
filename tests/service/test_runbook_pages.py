"""docs/runbooks.md and docs/beyond-one-node.md: their commands, settings and code are run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.backups import county
from service.databases import environment
from service.racing import ask

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.M | re.S)


def test_the_pages_say_the_same_commands() -> None:
    for name in ("runbooks", "beyond-one-node"):
        for language in ("sh", "sql", "toml", "python"):
            here, there_ = (
                [re.sub(r" +#.*", "", one) for one in blocks(f"{name}{end}", language)] for end in (".md", ".zh.md")
            )
            assert here == there_


def test_the_pages_commands_do_what_they_say(database: str, tmp_path: Path) -> None:
    """Every `./yibao` line of the page but `serve`, which other tests start, in the order of the page."""
    county(1)
    lines = [
        line
        for block in blocks("runbooks.md", "sh")
        for line in block.splitlines()
        if line.startswith("./yibao") and "serve" not in line and "--follow" not in line
    ]
    assert len(lines) == 5
    at = {
        "BACKUP": str(tmp_path / "backup"),
        "DATA": str(tmp_path / "data"),
        "SEALS": str(tmp_path / "seals"),
        "PYTHON": sys.executable,
    }
    for line in lines:
        if "restore" in line:
            at["TIME"] = datetime.now(UTC).isoformat()
            time.sleep(0.1)
            subprocess.run(
                [sys.executable, "-m", "openyibao", "backup", at["BACKUP"], "--wal-only"],
                check=True,
                env=environment(database),
            )
        command = line.replace("./yibao", '"$PYTHON" -m openyibao')
        done = subprocess.run(
            ["sh", "-ec", command], check=False, capture_output=True, text=True, env={**environment(database), **at}
        )
        assert done.returncode == 0, (line, done.stderr)
    assert "the seals are right" in done.stdout
    limits = tomllib.loads(blocks("runbooks.md", "toml")[0])
    (tmp_path / "rates.toml").write_text(blocks("runbooks.md", "toml")[0], encoding="utf-8")
    from openyibao.service.gateway import rates

    assert rates.limits(str(tmp_path / "rates.toml"))["H99999900001"].per_second == 20
    assert rates.limits("")["everyone"] == rates.Limit(**limits["everyone"])
    for statement in blocks("runbooks.md", "sql")[0].split(";")[1:2]:  # the setting itself is tried with a lost disk
        assert ask(statement) == [(True,)]


def test_the_pages_router_reads_where_it_is_told() -> None:
    space: dict[str, Any] = {}
    exec(blocks("beyond-one-node.md", "python")[0], space)
    router = space["ReportsRouter"]()
    with space["on_the_replica"]():
        assert router.db_for_read(None) == "replica"
    assert router.db_for_read(None) is None
    assert router.allow_migrate("default", "x") and not router.allow_migrate("replica", "x")
