"""The two courses, in English and in Chinese, are run: files written, commands executed, what they print compared.

In a document, a block ```yaml file=NAME is a whole file (`wrong`: one that is refused); ```yaml part=NAME is merged
into that file, and ```yaml now=NAME shows what some of its keys then say; ```sh is run in the folder of the files, with
the exit code of `exit=N` (0 where none is named); the ```text block right after it is what it prints, standard output
first. A line `...` stands for any lines. After a wanted change of what is printed,
`python tests/docs/test_policy_language.py` writes the new lines into the blocks that have no `...`.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "policy-language.md"
CHINESE = ROOT / "docs" / "policy-language.zh.md"
WHOLE = {"reed.yaml": "reed-whole.yaml", "workers.yaml": "workers-whole.yaml"}
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words after it, its text, and where the text starts in the document."""

    kind: str
    label: str
    text: str
    start: int

    def named(self, name: str) -> str:
        found = re.search(rf"\b{name}=(\S+)", self.label)
        return found[1] if found else ""


@dataclass(frozen=True)
class Printed:
    """A command of the document, what it printed when run, and the block that says what it prints."""

    command: str
    output: str
    code: int
    sh: Block
    expected: Block | None


def blocks(document: str) -> list[Block]:
    return [Block(m[1], m[2].strip(), m[3], m.start(3)) for m in BLOCK.finditer(document)]


def merge(target: Any, part: Any) -> None:
    """Put a part of a file in its place: keys into their mapping, layers by name, a layer with a payer whole."""
    for key, value in part.items():
        if key in ("layers", "保障层次"):
            for item in value:
                ((name, layer),) = item.items()
                same = next((i for i in target[key] if name in i), None)
                if same is None:
                    target[key].append(item)
                elif "payer" in layer or "支付方" in layer:
                    same[name] = layer
                else:
                    same[name].update(layer)
        elif key in target and isinstance(value, dict):
            target[key].update(value)
        else:
            target[key] = value


def merge_file(path: Path, part: str) -> None:
    yaml = YAML()
    yaml.width = 10_000
    tree = yaml.load(path.read_text(encoding="utf-8"))
    merge(tree, yaml.load(part))
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(tree, stream)


def yibao(arguments: list[str], folder: Path) -> tuple[str, int]:
    """What `yibao` prints when it is started in a folder, standard output first, and its exit code.

    In this process: tests/test_cli.py starts whole ones.
    """
    from openyibao.cli import app

    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(arguments, prog_name="yibao")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return out.getvalue() + err.getvalue(), code


def play(document: str, folder: Path) -> Iterator[Printed]:
    """Write the files and run the commands in the order of the document."""
    found = blocks(document)
    for number, block in enumerate(found):
        if name := block.named("file"):
            (folder / name).write_text(block.text, encoding="utf-8")
        elif name := block.named("part"):
            merge_file(folder / name, block.text)
        elif name := block.named("now"):
            yaml = YAML(typ="safe")
            whole = yaml.load((folder / name).read_text(encoding="utf-8"))
            for key, value in yaml.load(block.text).items():
                assert whole[key] == value, f"{name} / {key}"
        elif block.kind == "sh":
            words = shlex.split(block.text)
            assert words[0] == "../yibao", block.text
            after = found[number + 1] if number + 1 < len(found) else None
            expected = after if after and after.kind == "text" else None
            yield Printed(block.text.strip(), *yibao(words[1:], folder), block, expected)


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def matches(pattern: list[str], lines: list[str]) -> bool:
    """Whether the lines are those of the pattern; `...` stands for any lines, also none.

    >>> matches(["a", "...", "c"], ["a", "b", "c"]), matches(["a"], ["a", "b"])
    (True, False)
    """
    text = "".join(f"{line}\n" for line in lines)
    expression = "".join(r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in pattern)
    return re.fullmatch(expression, text) is not None


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Printed]]:
    return run_through(DOCUMENT, tmp_path_factory.mktemp("policy-language"))


@pytest.fixture(scope="module")
def played_in_chinese(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Printed]]:
    return run_through(CHINESE, tmp_path_factory.mktemp("policy-language-zh"))


def run_through(document: Path, folder: Path) -> tuple[Path, list[Printed]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FORCE_COLOR", raising=False)
        return folder, list(play(document.read_text(encoding="utf-8"), folder))


def check_printed(commands: list[Printed]) -> None:
    for run in commands:
        assert run.code == int(run.sh.named("exit") or 0), f"{run.command}\n{run.output}"
        assert run.expected is not None, f"no text block after {run.command}"
        shown = f"$ {run.command}\n--- the document\n{run.expected.text}\n--- printed\n{run.output}"
        assert matches(lines_of(run.expected.text), lines_of(run.output)), shown


def test_every_command_prints_what_the_document_says(played: tuple[Path, list[Printed]]) -> None:
    _, commands = played
    assert len(commands) > 20
    check_printed(commands)


def test_the_chinese_course_prints_what_it_says(played_in_chinese: tuple[Path, list[Printed]]) -> None:
    folder, commands = played_in_chinese
    assert len(commands) > 10
    check_printed(commands)
    check_usable(folder, commands)


def test_the_steps_lead_to_the_whole_files(played: tuple[Path, list[Printed]]) -> None:
    from openyibao.policy import read_policy

    folder, _ = played
    for mine, whole in WHOLE.items():
        assert read_policy(folder / mine) == read_policy(folder / whole), mine


def test_every_whole_example_is_usable(played: tuple[Path, list[Printed]]) -> None:
    check_usable(*played)


def check_usable(folder: Path, commands: list[Printed]) -> None:
    """Policies read, and read back from Chinese; claims can be settled at the end of the course as well."""
    from openyibao.policy import read_policy, read_policy_text, write_policy

    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "\nlayers:" in text or "\n保障层次:" in text:
            policy = read_policy(path)
            assert read_policy_text(write_policy(policy, "zh")) == policy
    last = {run.command: run.code for run in commands if " settle " in run.command}
    for command in [command for command, code in last.items() if code == 0]:
        output, code = yibao(shlex.split(command)[1:], folder)
        assert code == 0, f"{command}\n{output}"


def test_the_chinese_readme_says_what_is_run_elsewhere() -> None:
    """Its commands are those of README.md, which are run as a test; its policy is that of the course."""
    readme, course = (ROOT / "README.md").read_text(encoding="utf-8"), DOCUMENT.read_text(encoding="utf-8")
    found = blocks((ROOT / "README.zh.md").read_text(encoding="utf-8"))
    known = {line for block in blocks(readme) if block.kind == "sh" for line in lines_of(block.text)}
    commands = [line for block in found if block.kind == "sh" for line in lines_of(block.text)]
    assert commands
    assert set(commands) <= known
    assert all(block.text in course for block in found if block.kind == "yaml")


def rewrite(path: Path) -> None:
    """Write what the commands print into the text blocks that have no `...`."""
    document = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        commands = list(play(document, Path(folder)))
    for run in reversed(commands):
        block = run.expected
        if block and "..." not in lines_of(block.text):
            new = "".join(f"{line}\n" for line in lines_of(run.output))
            document = document[: block.start] + new + document[block.start + len(block.text) :]
    path.write_text(document, encoding="utf-8")


if __name__ == "__main__":
    rewrite(DOCUMENT)
    rewrite(CHINESE)
