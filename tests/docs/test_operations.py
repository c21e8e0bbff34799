"""docs/operations.md and .zh.md: every setting that the code reads stands in their tables, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import openyibao

PACKAGE = Path(openyibao.__file__).parent
DOCS = PACKAGE.parent.parent / "docs"
READ = re.compile(
    r'(?:asked|flag|choice|seconds|whole|environ\.get|environ|setdefault)[(\[]\s*"((?:YIBAO|DATABASE|PROMETHEUS)_\w+)"'
)


def read_by_the_code() -> set[str]:
    return {name for path in (PACKAGE / "service").rglob("*.py") for name in READ.findall(path.read_text("utf-8"))}


def in_the_table(name: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(r"^\| `((?:YIBAO|DATABASE|PROMETHEUS)_\w+)` \|", text, re.MULTILINE)


def test_all_settings_are_documented_in_both_languages() -> None:
    read = read_by_the_code()
    assert {"DATABASE_URL", "YIBAO_LOG_LEVEL", "YIBAO_POSTGRES"} <= read
    for name in ("operations.md", "operations.zh.md"):
        listed = in_the_table(name)
        assert len(listed) == len(set(listed))
        assert set(listed) == read, name


def test_options_counters_and_failures_of_the_page_are_those_of_the_code() -> None:
    import service.conftest  # noqa: F401  (sets Django up)
    from openyibao import cli_service
    from openyibao.service.sandbox import failures

    counters = set(re.findall(r'"(yibao_\w+)"', (PACKAGE / "service" / "metrics.py").read_text("utf-8")))
    code = Path(cli_service.__file__).read_text("utf-8")
    for name in ("operations.md", "operations.zh.md"):
        text = (DOCS / name).read_text(encoding="utf-8")
        assert {found.removesuffix("_total") for found in re.findall(r"`(yibao_\w+)`", text)} == counters
        for option in ("sandbox", "folder", "reset", "policy", "clock", "migrate", "host", "port", "workers"):
            assert f"--{option}" in text and f"{option}:" in code
        assert f"`{failures.HEADER}`" in text
        for way in failures.WAYS.split(", "):
            assert way.split("=")[0] in text
