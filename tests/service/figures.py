"""The figures of the reliability suite: what its tests found, kept in docs/reliability.json and shown in two pages.

    @pytest.mark.long
    @pytest.mark.reliability("T3", "one cap among 64 settlements")
    def test_...() -> None:
        ...
        figure(settlements=200 * 64, overruns=0, seed=seed)

A test of the suite names its number and what it runs; `figure` adds what it found. A test may give rows of more
numbers: `figure("T4", "another thing", balance=0)`. Every text and every word of a value stands in reliability.toml in
both languages, else `figure` fails. `met=False, why="..."` is a figure that was not reached, with its reason.

`./yibao test --long` writes the pages; other runs never touch them. A row is written for each test that is marked
`long`, or `reliability(..., full=True)` where the ordinary form is the full one. A test that fails writes its row as
failed. Rows of earlier runs stay, each with its own date, commit and machine, until the same test runs again.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "docs" / "reliability.json"
PAGES = {"en": ROOT / "docs" / "reliability.md", "zh": ROOT / "docs" / "reliability.zh.md"}
BEGIN, END = "<!-- figures: written by ./yibao test --long -->", "<!-- end of figures -->"
KEY = "reliability"
Row = dict[str, Any]


@dataclass
class _Now:
    """The test that runs, and the rows it has given so far: values by number and text."""

    number: str = ""
    what: str = ""
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)


_now = _Now()
_found: list[Row] = []


@cache
def words() -> dict[str, Any]:
    """reliability.toml: the numbers with their bars, and every text and word in both languages."""
    return tomllib.loads((Path(__file__).parent / "reliability.toml").read_text(encoding="utf-8"))


def figure(number: str = "", what: str = "", *, met: bool = True, why: str = "", **values: int | float | str) -> None:
    """Keep what the running test found. The number and the text are those of its mark unless given."""
    number, what = number or _now.number, what or _now.what
    _known(number, what, why, *values)
    row = _now.rows.setdefault((number, what), {"met": True, "why": "", "values": {}})
    row["values"] |= {name: round(value, 2) if isinstance(value, float) else value for name, value in values.items()}
    row["met"], row["why"] = row["met"] and met, why or row["why"]
    told = ", ".join(f"{name} {value}" for name, value in row["values"].items())
    print(f"\n{number} {what}: {told}{'' if row['met'] else '; not reached: ' + row['why']}")


def _known(number: str, what: str, why: str, *values: str) -> None:
    data = words()
    lost = [number] if number not in data["tests"] else []
    lost += [text for text in filter(None, (what, why)) if text not in data["texts"]]
    lost += [name for name in values if name not in data["words"]]
    if lost or not what:
        raise KeyError(f"tests/service/reliability.toml does not know {', '.join(lost) or 'what this test runs'}")


# -- pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "reliability(number, what, full=False): a test of the reliability suite")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The test that begins; what it gives goes with its report, from a worker to the process that writes."""
    mark = item.get_closest_marker("reliability")
    _now.number, _now.what = (mark.args if mark else ("", ""))[:2]
    _now.rows = {}
    if mark:
        _now.rows[_now.number, _now.what] = {"met": True, "why": "", "values": {}}
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    mark = item.get_closest_marker("reliability")
    written = item.get_closest_marker("long") or (mark and mark.kwargs.get("full"))
    if written and _now.rows and (report.when == "call" or report.failed):
        rows = [{"number": number, "what": what, **row} for (number, what), row in _now.rows.items()]
        report.user_properties.append((KEY, json.dumps(rows, ensure_ascii=False)))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    for name, text in report.user_properties:
        if name == KEY and (report.when == "call" or report.failed):
            known = hasattr(report, "wasxfail")
            if report.skipped and not known:
                continue  # an earlier run's row stays
            for row in json.loads(text):
                row |= {"test": report.nodeid, "seconds": round(report.duration, 1), "passed": report.passed}
                row["why"] = row["why"] or (getattr(report, "wasxfail", "") if known else "")
                _found.append(row)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _found and os.environ.get("YIBAO_LONG") == "1" and not os.environ.get("PYTEST_XDIST_WORKER"):
        write(_found)


# -- the pages


def write(found: list[Row], data: Path = DATA, pages: dict[str, Path] = PAGES) -> None:
    """Put rows beside those of other tests, and make the pages from all of them."""
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit(), "machine": machine()}
    kept: dict[tuple[str, str, str], Row] = {}
    for row in [*(json.loads(data.read_text(encoding="utf-8")) if data.exists() else []), *found]:
        kept[row["number"], row["test"], row["what"]] = row if "date" in row else row | about
    rows = sorted(kept.values(), key=lambda row: (_order(row["number"]), row["test"], row["what"]))
    lines = ",".join("\n" + json.dumps(row, ensure_ascii=False) for row in rows)
    data.write_text(f"[{lines}\n]\n", encoding="utf-8")
    for lang, page in pages.items():
        text = page.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        page.write_text(f"{head}{BEGIN}\n\n{tables(rows, lang)}\n{END}{tail}", encoding="utf-8")


def _order(number: str) -> int:
    return int(number.removeprefix("T"))


@cache
def declared() -> dict[str, set[str]]:
    """By number, what its tests of full size run: read from their marks, so that nothing is missed by not running."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "mark.reliability(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            marks = [ast.unparse(one) for one in getattr(node, "decorator_list", ())]
            for mark in marks:
                about = re.match(r"pytest\.mark\.reliability\('(T\d+)', '([^']*)'(, full=True)?\)", mark)
                if about and (about[3] or any("pytest.mark.long" in one for one in marks)):
                    found.setdefault(about[1], set()).add(about[2])
    return found


def _state(number: str, rows: list[Row]) -> str:
    own = [row for row in rows if row["number"] == number]
    if not all(row["passed"] and row["met"] for row in own):
        return "no"
    missing = declared().get(number, set()) - {row["what"] for row in own}
    return "no figure" if not own else "partly" if missing else "yes"


def tables(rows: list[Row], lang: str) -> str:
    """One table of all numbers with their bars and whether they are met, and one of what each test found."""
    data, machines = words(), sorted({row["machine"] for row in rows})
    said = data["page"]
    lines = [_line(*(said[name][lang] for name in ("number", "test", "bar", "met", "where"))), _line(*["---"] * 5)]
    for number, about in data["tests"].items():
        state = _state(number, rows)
        files = ", ".join(f"`{name}`" for name in about["files"])
        lines.append(_line(number, about[lang], about[f"bar_{lang}"], said[state][lang], files))
    lines += ["", _line(*(said[name][lang] for name in ("number", "run", "found", "outcome", "when")))]
    lines.append(_line(*["---"] * 5))
    for row in rows:
        values = (f"{data['words'][name][lang]} {_shown(name, value)}" for name, value in row["values"].items())
        reached = "failed" if not row["passed"] else "reached" if row["met"] else "not reached"
        why = data["texts"].get(row["why"], {}).get(lang, row["why"]) if lang != "en" else row["why"]
        outcome = said[reached][lang] + (f": {why}" if why else "")
        what = row["what"] if lang == "en" else data["texts"].get(row["what"], {}).get(lang, row["what"])
        place = chr(ord("A") + machines.index(row["machine"]))
        when = f"{row['date']}, `{row['commit']}`, {row['seconds']:,} s, {place}"
        lines.append(_line(row["number"], what, said["comma"][lang].join(values), outcome, when))
    lines += ["", *(f"- {chr(ord('A') + place)}: {one}" for place, one in enumerate(machines)), ""]
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _shown(name: str, value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and name != "seed" else str(value)


def commit() -> str:
    """The commit of the checkout, with a `+` where files differ from it."""
    done = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/reliability*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout.strip() or "?") + ("+" if changed.stdout.strip() else "")


@cache
def machine() -> str:
    """Cores, processor, memory, PostgreSQL and Python: nothing that tells whose machine it is."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.*)$", info.read_text(), re.M) if info.exists() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = model[1].strip() if model else platform.machine()
    return f"{cores} x {name}, {memory:.0f} GiB, PostgreSQL {_postgres()}, Python {platform.python_version()}"


def _postgres() -> str:
    from openyibao.service.postgres import PostgresError, find_binaries

    try:
        done = subprocess.run([find_binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, PostgresError, subprocess.CalledProcessError):
        return "?"
    return done.stdout.split()[2]
