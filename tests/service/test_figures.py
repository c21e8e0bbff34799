"""The pages of the reliability suite: rows of one run stand beside those of others, and what failed says so."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from service import figures

TESTS = Path(__file__).parents[1]
pytest_plugins = ["pytester"]


def row(number: str, test: str, **more: Any) -> dict[str, Any]:
    known = {"what": "one cap among all", "values": {"settlements": 12_800, "seed": 123_456}, "why": ""}
    return {"number": number, "test": test, "met": True, "passed": True, "seconds": 1.5, **known, **more}


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Path]:
    found = {lang: tmp_path / f"page.{lang}.md" for lang in ("en", "zh")}
    for page in found.values():
        page.write_text(f"before\n{figures.BEGIN}\nan older table\n{figures.END}\nafter\n", encoding="utf-8")
    return found


def test_rows_of_other_tests_stay(tmp_path: Path, pages: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "declared", lambda: {"T3": {"one cap among all"}, "T5": {"a", "b"}})
    data = tmp_path / "rows.json"
    earlier = row("T3", "a") | {"date": "2026-01-01", "commit": "abc", "machine": "2 x Z"}
    data.write_text(json.dumps([earlier, row("T4", "b") | {"date": "d", "commit": "c", "machine": "m"}]))
    figures.write(
        [row("T4", "b", passed=False), row("T28", "c", met=False, why="because"), row("T5", "e", what="a")], data, pages
    )
    kept = {one["test"]: one for one in json.loads(data.read_text())}
    assert kept["a"] == earlier and set(kept) == {"a", "b", "c", "e"}
    assert kept["b"]["date"] != "d" and kept["b"]["commit"] != "c"
    english, chinese = (pages[lang].read_text(encoding="utf-8") for lang in ("en", "zh"))
    assert english.startswith("before\n") and english.endswith("\nafter\n") and "an older table" not in english
    assert "| T3 | one cap among all | settlements 12,800, seed 123456 | reached | 2026-01-01, `abc`, 1.5 s" in english
    assert "| **failed** |" in english and "| **not reached**: because |" in english and "| **失败** |" in chinese
    states = dict(
        re.findall(r"^\| (T\d+) \|[^|]*\|[^|]*\| ([^|]*) \|[^|]*\|$", english.partition("What was run")[0], re.M)
    )
    expected = {"T3": "yes", "T4": "**no**", "T28": "**no**", "T1": "no figure yet", "T5": "so far as run"}
    assert {number: states[number] for number in expected} == expected
    figures.write([], data, pages)
    assert (english, chinese) == tuple(pages[lang].read_text(encoding="utf-8") for lang in ("en", "zh"))


def test_a_machine_is_told_without_its_name() -> None:
    import socket

    told = figures.machine()
    assert re.search(r"^\d+ x .+, \d+ GiB, PostgreSQL \d+.*, Python 3\.", told)
    assert socket.gethostname() not in told and "/" not in told


def test_an_unknown_text_or_word_is_refused() -> None:
    for call in (("T99", "one cap among all"), ("T3", "no such text")):
        with pytest.raises(KeyError, match="does not know"):
            figures.figure(*call)
    with pytest.raises(KeyError, match="no_such_word"):
        figures.figure("T3", "one cap among all", no_such_word=1)


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "with a worker"])
def test_what_tests_give_arrives(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: Any) -> None:
    """One passes, one fails before its figure, one is an expected failure, one is ordinary and leaves no row."""
    pytester.makeconftest(
        f"import json, os, pathlib, sys\nsys.path.insert(0, {str(TESTS)!r})\n"
        "from service import figures\n"
        "from service.figures import pytest_configure, pytest_runtest_logreport, pytest_runtest_makereport\n"
        "from service.figures import pytest_runtest_protocol\n"
        "def pytest_sessionfinish(session):\n"
        "    if not os.environ.get('PYTEST_XDIST_WORKER'):\n"
        "        pathlib.Path('rows.json').write_text(json.dumps(figures._found))\n"
    )
    pytester.makeini("[pytest]\nmarkers = long: long\n")
    pytester.makepyfile(
        """
        import pytest
        from service.figures import figure

        pytestmark = pytest.mark.reliability("T3", "one cap among all")

        @pytest.mark.long
        def test_good():
            figure(settlements=7)
            figure("T4", met=False, overruns=1)

        @pytest.mark.long
        def test_bad():
            assert False
            figure(settlements=7)

        @pytest.mark.long
        @pytest.mark.xfail(reason="known", strict=True)
        def test_known():
            assert False

        @pytest.mark.long
        def test_skipped():
            pytest.skip("not here")

        def test_ordinary():
            figure(settlements=7)

        @pytest.mark.reliability("T10", "one cap among all", full=True)
        def test_full():
            figure(refused=8)
        """
    )
    monkeypatch.delenv("YIBAO_LONG", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", *workers).assert_outcomes(
        passed=3, failed=1, xfailed=1, skipped=1
    )
    rows = json.loads((pytester.path / "rows.json").read_text())
    found = {(one["number"], one["test"].rpartition("::")[2]): one for one in rows}
    assert set(found) == {
        ("T3", "test_good"), ("T4", "test_good"), ("T3", "test_bad"), ("T3", "test_known"), ("T10", "test_full")
    }  # fmt: skip
    assert found["T3", "test_good"]["values"] == {"settlements": 7} and found["T3", "test_good"]["passed"]
    assert not found["T4", "test_good"]["met"] and not found["T3", "test_bad"]["passed"]
    assert not found["T3", "test_known"]["passed"] and found["T3", "test_known"]["why"] == "known"


def _named(tree: ast.AST) -> list[tuple[str, str]]:
    """The constants that marks and calls of figure() give: number and text."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.mark.reliability", "figure"):
            given = [one.value for one in node.args if isinstance(one, ast.Constant)]
            found.append((*given, "", "")[:2])
    return found


def test_every_number_has_its_tests_and_every_text_its_chinese() -> None:
    words, of = figures.words(), {}
    for path in sorted(TESTS.rglob("test_*.py")):
        if path.name == "test_figures.py":
            continue
        text = path.read_text(encoding="utf-8")
        for number, what in _named(ast.parse(text)) if "figure" in text or "reliability" in text else []:
            if number:
                of.setdefault(number, set()).add(path.relative_to(TESTS).as_posix())
            assert not what or what in words["texts"], f"reliability.toml lacks the Chinese of: {what} ({path.name})"
    assert not set(of) - set(words["tests"])
    lost = {number: sorted(set(about["files"]) - of.get(number, set())) for number, about in words["tests"].items()}
    there = {number: names for number, names in lost.items() if any((TESTS / name).exists() for name in names)}
    assert not there, f"these tests give no figure of their number: {there}"


def test_the_pages_show_the_rows_that_are_kept() -> None:
    rows = json.loads(figures.DATA.read_text(encoding="utf-8")) if figures.DATA.exists() else []
    for lang, page in figures.PAGES.items():
        shown = page.read_text(encoding="utf-8").partition(figures.BEGIN)[2].partition(figures.END)[0]
        assert shown == f"\n\n{figures.tables(rows, lang)}\n", f"{page.name} is not what docs/reliability.json says"


def test_the_full_sizes_are_found_by_their_marks() -> None:
    found = figures.declared()
    assert "one cap among all" in found["T3"] and "each kind of what cannot be reversed" in found["T10"]
    assert len(found["T26"]) >= 6
