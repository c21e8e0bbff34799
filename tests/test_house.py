"""What the house promises about its own text: doctests run, no number of law stands in Python, files are small."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
from pathlib import Path

import django
import pytest

import openyibao
from balance import LONGEST, TESTS

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none?host=/nowhere")
os.environ.setdefault("YIBAO_SANDBOX", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
django.setup()  # the platform's models want it before they are imported

PACKAGE = Path(openyibao.__file__).parent
MODULES = [m.name for m in pkgutil.walk_packages([str(PACKAGE)], "openyibao.") if not m.name.endswith("__main__")]
CORE = [path for room in ("policy", "catalogue", "settlement") for path in sorted((PACKAGE / room).glob("*.py"))]

NUMBERS: dict[float, str] = {
    **dict.fromkeys(range(-2, 11), "counting, signs, columns, powers, dates and decimals of a text"),
    **dict.fromkeys((11, 13, 16, 17, 18, 19, 21, 24, 62, 63), "powers of a bound, digits, characters of a digest"),
    12: "months of a year, powers of a bound",
    15: "powers of a bound",
    1200: "a day as months of a hundred days",
    50_000_000: "uses kept at once",
    14: "words shown in a message",
    40: "words shown, depth of a file",
    100: "fen of a yuan, per cent, parsed files kept",
    110: "width of generated text",
    120: "width of a policy file",
    4096: "cells of a table",
    10_000: "a date as yyyymmdd",
    1_000_000: "wan yuan in fen",
    4_000_000: "bytes of a file",
    200_000: "periods",
    100_000: "the largest number of a fact",
    19000101: "the first day",
    99991231: "the last day",
    32: "compiled policies kept",
    0xFEE0: "from full-width letters to plain ones",
    0xFF01: "the first full-width letter",
    0xFF5F: "behind the last full-width letter",
    0.4: "likeness of words",
    0.6: "likeness of words",
    0.75: "likeness of words",
}


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("path", CORE, ids=[f"{path.parent.name}/{path.name}" for path in CORE])
def test_no_number_of_law_stands_in_python(path: Path) -> None:
    """Every whole number in the core is one of a short list, each with the reason why it is no number of law."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            assert node.value in NUMBERS, f"{path.name}:{node.lineno}: {node.value}"


def test_the_longest_tests_are_files_that_exist() -> None:
    assert [name for name in LONGEST if not (TESTS / name).is_file()] == []


def test_files_are_small() -> None:
    """Migrations aside: they are written by Django, and never changed afterwards."""
    written = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "migrations"]
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written}
    assert {path: length for path, length in lengths.items() if length > 400} == {}
