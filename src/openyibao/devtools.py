"""The checks of a checkout: ``./yibao test`` and ``./yibao lint``.

``run_tests`` runs every stage in turn (ruff, format, mypy, imports, pytest, readme), goes on after a failure,
prints a table and ends with the plain line ``N passed, N failed, N skipped``, in which each command of
README.md counts as a test. ``run_lint`` runs the first four. Both take the words after the verb and return
an exit code: 0 all well, 1 a stage failed, 2 called wrongly or outside a checkout.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

README_TIMEOUT_SECONDS = 300
README_BLOCKS_AT_ONCE = 2
KNOWN_FAULT = "known fault: "
MAY_BE_SKIPPED = ("YIBAO_EXTRAS=", "beside this checkout", KNOWN_FAULT)
"""Reasons for which CI takes a test that did not pass: an extra that nobody asked for, data that do not come with the
project, a fault that the test itself names (it fails as soon as the fault is mended)."""
LINT_STAGES = ("ruff", "format", "mypy", "imports")


@dataclass(frozen=True)
class Options:
    """What the person asked for."""

    ci: bool
    long: bool
    only: str | None
    pytest_arguments: tuple[str, ...]


@dataclass
class Counts:
    """Tests passed and failed, and the name and reason of each one skipped."""

    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Add the counts of another stage."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def line(self) -> str:
        """Return the closing line."""
        return f"{self.passed} passed, {self.failed} failed, {len(self.skipped)} skipped"


@dataclass(frozen=True)
class Outcome:
    """How one stage ended."""

    ok: bool
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True)
class Result:
    """One row of the closing table."""

    stage: str
    outcome: Outcome
    seconds: float


Stage = Callable[[Path, Options], Outcome]


def find_checkout() -> Path | None:
    """Return the root of the checkout that this package lies in, or None when it was installed."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "pyproject.toml").is_file() and (folder / "tests").is_dir():
            return folder
    return None


def say(text: str = "") -> None:
    """Print at once, so that the order is kept among the output of the tools."""
    print(text, flush=True)


def run_tool(root: Path, options: Options, *arguments: str) -> int:
    """Run ``python ARGUMENTS`` in the checkout with its output shown; return its exit code."""
    environment = dict(os.environ)
    if options.long:
        environment["YIBAO_LONG"] = "1"
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


# ---------------------------------------------------------------- the stages before the tests


def check_ruff(root: Path, options: Options) -> Outcome:
    """Look for mistakes and bad style."""
    return Outcome(run_tool(root, options, "-m", "ruff", "check", ".") == 0)


def check_format(root: Path, options: Options) -> Outcome:
    """Check that ``ruff format`` would change nothing."""
    return Outcome(run_tool(root, options, "-m", "ruff", "format", "--check", ".") == 0)


def check_types(root: Path, options: Options) -> Outcome:
    """Check the types of the package (what to check stands in pyproject.toml)."""
    return Outcome(run_tool(root, options, "-m", "mypy", "--strict") == 0)


def check_imports(root: Path, options: Options) -> Outcome:
    """Check that the rooms import each other in the allowed direction only."""
    command = "from importlinter.cli import lint_imports_command as run; run(['--no-logo'])"
    return Outcome(run_tool(root, options, "-c", command) == 0)


# ---------------------------------------------------------------- pytest


def run_pytest(root: Path, options: Options) -> Outcome:
    """Run the tests; a run that ended badly without a failed test counts as one failed."""
    with tempfile.TemporaryDirectory(prefix="yibao-test-") as scratch:
        report = Path(scratch) / "report.xml"
        arguments = ["-m", "pytest", "-n", "2", "--dist", "loadgroup", f"--junitxml={report}", *pytest_choices(options)]
        code = run_tool(root, options, *arguments, *options.pytest_arguments)
        counts = read_report(report) if report.is_file() else Counts()
    if code != 0 and counts.failed == 0:
        say(f"pytest ended with exit code {code} and no failed test")
        counts.failed += 1
    if counts.skipped:
        say("skipped:")
        for name in counts.skipped:
            say(f"  {name}")
    refused = [name for name in counts.skipped if not any(reason in name for reason in MAY_BE_SKIPPED)]
    if options.ci and refused:
        say("in CI no test may be skipped but those of extras, of what lies beside the checkout, and known faults")
    return Outcome(code == 0 and not (options.ci and refused), counts)


def pytest_choices(options: Options) -> list[str]:
    """Return the arguments that decide which tests run and with which random examples."""
    choices = [] if options.long else ["-m", "not long"]
    if options.ci:
        return [*choices, "--hypothesis-profile=ci"]
    seed = random.SystemRandom().randrange(2**32)
    if not any(word.startswith("--hypothesis-seed") for word in options.pytest_arguments):
        say(f"hypothesis seed {seed} (again with: ./yibao test -- --hypothesis-seed={seed})")
        choices.append(f"--hypothesis-seed={seed}")
    return choices


def read_report(report: Path) -> Counts:
    """Count the test cases of a JUnit report; an expected failure counts as skipped."""
    counts = Counts()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif skipped is not None:
            known = KNOWN_FAULT if skipped.get("type") == "pytest.xfail" else ""
            counts.skipped.append(f"{name}: {known}{skipped.get('message') or 'no reason given'}")
        else:
            counts.passed += 1
    return counts


# ---------------------------------------------------------------- the commands of README.md

FENCE = re.compile(r"^(?P<indent> *)```+ *(?P<language>[A-Za-z]*)")
NOT_RUN = re.compile(r"^\s*<!--\s*not run:\s*(?P<reason>.*?)\s*-->\s*$")
LEFT_OUT = re.compile(r"^(\./yibao test\b|git clone\b|cd\b)|\bpip install\b")


@dataclass(frozen=True)
class Block:
    """One fenced block of shell commands."""

    line: int
    language: str
    lines: tuple[str, ...]
    not_run: str | None


def shell_blocks(text: str) -> Iterator[Block]:
    """Yield the sh, bash and console blocks of a Markdown text."""
    lines = text.splitlines()
    above = ""
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence is None:
            above = lines[at] if lines[at].strip() else above
            at += 1
            continue
        start = at
        at += 1
        while at < len(lines) and not lines[at].lstrip().startswith("```"):
            at += 1
        if fence["language"] in {"sh", "bash", "console"}:
            inside = tuple(line.removeprefix(fence["indent"]) for line in lines[start + 1 : at])
            reason = NOT_RUN.match(above)
            yield Block(start + 1, fence["language"], inside, reason["reason"] if reason else None)
        above = ""
        at += 1


def commands(block: Block) -> list[str]:
    """Return the commands of a block, each on one line, without prompts, comments and (console) output."""
    found: list[str] = []
    joined = ""
    for line in block.lines:
        text = line.strip()
        if joined:
            text = joined + text.removeprefix("> ").lstrip()
        elif text.startswith("$ "):
            text = text.removeprefix("$ ").lstrip()
        elif block.language == "console":
            continue
        joined = ""
        if text.endswith("\\"):
            joined = text[:-1].rstrip() + " "
        elif text and not text.startswith("#") and not LEFT_OUT.search(text):
            found.append(text)
    return found


def run_command(root: Path, command: str) -> str:
    """Run one command with bash; return "" when it exits with 0, else what happened and its last lines."""
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=README_TIMEOUT_SECONDS)
        happened = f"exit code {process.returncode}" if process.returncode else ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        happened = f"not done after {README_TIMEOUT_SECONDS} s"
    if not happened:
        return ""
    tail = output.decode(errors="replace").rstrip().splitlines()[-20:]
    return "\n".join([happened, *(f"    | {line}" for line in tail)])


def run_block(root: Path, block: Block) -> Counts:
    """Run the commands of a block one after the other."""
    counts = Counts()
    for command in commands(block):
        started = time.monotonic()
        trouble = run_command(root, command)
        say(f"README.md:{block.line}: {command}  [{time.monotonic() - started:.1f} s] {trouble or 'ok'}")
        counts.add(Counts(failed=1) if trouble else Counts(passed=1))
    return counts


def run_readme(root: Path, options: Options) -> Outcome:
    """Run every shell command of README.md as it stands there, two blocks beside each other."""
    del options
    readme = root / "README.md"
    if not readme.is_file():
        say("README.md is missing")
        return Outcome(False, Counts(failed=1))
    counts, blocks = Counts(), []
    for block in shell_blocks(readme.read_text(encoding="utf-8")):
        if block.not_run is not None:
            say(f"README.md:{block.line}: not run: {block.not_run}")
        else:
            blocks.append(block)
    with ThreadPoolExecutor(README_BLOCKS_AT_ONCE) as pool:
        for found in pool.map(lambda block: run_block(root, block), blocks):
            counts.add(found)
    if counts == Counts():
        say("README.md holds no command to run: a reader has nothing to try")
        counts.failed += 1
    return Outcome(counts.failed == 0, counts)


# ---------------------------------------------------------------- the verbs

STAGES: dict[str, Stage] = {
    "ruff": check_ruff,
    "format": check_format,
    "mypy": check_types,
    "imports": check_imports,
    "pytest": run_pytest,
    "readme": run_readme,
}


def run_stage(name: str, root: Path, options: Options) -> Result:
    """Run one stage between two lines that say so."""
    say(f"== {name}: {(STAGES[name].__doc__ or '').splitlines()[0]}")
    started = time.monotonic()
    outcome = STAGES[name](root, options)
    seconds = time.monotonic() - started
    say(f"== {name}: {'ok' if outcome.ok else 'FAILED'} in {seconds:.1f} s\n")
    return Result(name, outcome, seconds)


def read_arguments(arguments: list[str]) -> Options:
    """Read the words after ``test``; what is not known here goes on to pytest, as does all after ``--``."""
    border = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(
        prog="yibao test",
        allow_abbrev=False,
        description="Run all checks of a checkout. Other arguments, and all after --, go on to pytest.",
    )
    parser.add_argument(
        "--ci", action="store_true", help="a skipped test is a failure, but for extras; the same examples each time"
    )
    parser.add_argument("--long", action="store_true", help="also the tests that take minutes (YIBAO_LONG=1)")
    parser.add_argument("--only", metavar="NAME", choices=tuple(STAGES), help=f"one stage: {', '.join(STAGES)}")
    known, unknown = parser.parse_known_args(arguments[:border])
    to_pytest = (*unknown, *arguments[border + 1 :])
    return Options(ci=known.ci, long=known.long, only=known.only, pytest_arguments=to_pytest)


def print_table(results: list[Result]) -> None:
    """Print one row a stage."""
    say(f"{'stage':<10}{'result':<8}{'seconds':>8}  tests")
    for result in results:
        tests = "" if result.outcome.counts == Counts() else result.outcome.counts.line()
        say(f"{result.stage:<10}{'ok' if result.outcome.ok else 'FAILED':<8}{result.seconds:>8.1f}  {tests}".rstrip())


def checkout_or_message() -> Path | None:
    """Return the checkout; say what to do when there is none."""
    root = find_checkout()
    if root is None:
        print(
            "yibao: the tests need a checkout of the repository (pyproject.toml and tests/ beside src/); "
            "this openyibao was installed without them. Clone the repository and run ./yibao test there.",
            file=sys.stderr,
        )
    return root


def run_tests(args: list[str]) -> int:
    """Run all stages, or the one asked for; the last line printed is ``N passed, N failed, N skipped``."""
    options = read_arguments(args)
    root = checkout_or_message()
    if root is None:
        return 2
    results = [run_stage(name, root, options) for name in ([options.only] if options.only else STAGES)]
    print_table(results)
    total = Counts()
    for result in results:
        total.add(result.outcome.counts)
    say(total.line())
    return 0 if all(result.outcome.ok for result in results) else 1


def run_lint(args: list[str]) -> int:
    """Run the stages that need no test: ruff, format, mypy, imports."""
    if args:
        print("yibao: lint takes no arguments", file=sys.stderr)
        return 2
    root = checkout_or_message()
    if root is None:
        return 2
    options = Options(ci=False, long=False, only=None, pytest_arguments=())
    results = [run_stage(name, root, options) for name in LINT_STAGES]
    print_table(results)
    return 0 if all(result.outcome.ok for result in results) else 1
