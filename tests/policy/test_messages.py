"""Messages about files: every one is a template with its Chinese, and a file is answered in its own language."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import openyibao
from openyibao.cli import app
from openyibao.policy import FileError, read_policy_text
from openyibao.policy.messages import Message, say, templates
from openyibao.policy.problems import keys_language, language_of

PACKAGE = Path(openyibao.__file__).parent
ROOMS = ("policy", "catalogue", "settlement")
MESSAGE = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every call of `say` in the rooms that read files."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "openyibao.policy.messages import" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                    yield path, node


def gaps(template: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", template))


def test_every_message_is_a_template_and_every_template_is_used() -> None:
    used = set()
    for path, call in calls():
        where = f"{path.name}:{call.lineno}"
        assert len(call.args) == 1 and isinstance(call.args[0], ast.Constant), f"{where}: not one template"
        template = call.args[0].value
        assert isinstance(template, str) and template in templates(), f"{where}: {template!r} is not in messages.toml"
        assert sorted(str(word.arg) for word in call.keywords) == sorted(set(gaps(template))), f"{where}: {template!r}"
        used.add(template)
    assert len(used) > 400
    assert sorted(set(templates()) - used) == [], "in messages.toml, but said nowhere"


def test_no_message_is_made_of_english_alone() -> None:
    """A `Message` made by hand has words of the language, or names; a sentence stands in messages.toml."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message":
                    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                    assert not any(isinstance(text, str) and MESSAGE.search(text) for text in texts), path.name


@pytest.mark.parametrize("template", templates())
def test_a_template_has_its_chinese(template: str) -> None:
    chinese = templates()[template]
    assert gaps(chinese) == gaps(template)
    assert chinese.strip("{}") and (re.search(r"[\u4e00-\u9fff]", chinese) or gaps(chinese))
    plain = re.sub(r"“[^”]*”", "", chinese)
    assert not re.search(r"[\u4e00-\u9fff]\s*[,;?]", plain), "a sign that is not Chinese"
    if re.match(r"[A-Z`].*[.?]$", template) and " " in template:
        assert chinese[-1] in "。？}", "a sentence ends"


def test_a_part_is_put_in_by_its_language() -> None:
    found = say("a value of {name}", name=Message("年龄", "age"))
    assert (found.zh, found.en, found.text("zh"), bool(found), bool(Message("", ""))) == (
        "年龄的取值",
        "a value of age",
        "年龄的取值",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("政策: a\n名称: {zh: 甲, en: b}\nscheme: x\n统筹区: 1\n", "en"),  # three of six
        ("政策: a\n名称: {中文: 甲, 英文: b}\nscheme: x\n", "zh"),
        ('{"政策": "a", "名称": "b"}', "zh"),
        ("政策：a\n- 名称：b\n", "zh"),
        ("# 说明: 甲\npolicy: a\ntitle: {zh: 甲：乙, en: b}\n", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_file_is_that_of_most_keys(text: str, language: str) -> None:
    assert keys_language(text) == language


def test_a_file_that_cannot_be_read_is_answered_in_english(tmp_path: Path) -> None:
    assert language_of(str(tmp_path / "none.yaml")) == language_of("\0") == language_of(str(tmp_path)) == "en"


WRONG = {
    "mine.yaml": ("policy: a b\n", "mine.yaml:1:9: policy: found 'a b'; expected an id"),
    "wode.yaml": ("政策: a b\n", "wode.yaml第1行第5列，政策：现为“a b”；应为由字母"),
}


def yibao(*arguments: str) -> tuple[str, str, int]:
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(arguments, prog_name="yibao")
        except SystemExit as end:
            code = int(end.code or 0)
    return out.getvalue(), err.getvalue(), code


def test_the_command_line_answers_in_the_language_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, (text, _) in WRONG.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, (_, said) in WRONG.items():
        for verb in (("policy", "check", name), ("policy", "show", name), ("settle", name, "--policy", name)):
            out, err, code = yibao(*verb)
            assert (out, code) == ("", 2) and said in err, verb
    for name in WRONG:
        english = yibao("policy", "check", name, "--lang", "en")[1]
        chinese = yibao("settle", "cq-01", "--policy", name, "--lang", "zh")[1]
        assert "found 'a b'; expected" in english and "现为" not in english
        assert "现为“a b”；应为" in chinese and "found" not in chinese


def test_what_is_in_no_library_is_told_in_the_language_asked_for() -> None:
    assert "没有编号为“no/such”的政策" in yibao("policy", "check", "no/such", "--lang", "zh")[1]
    assert "No policy has the id 'no/such'" in yibao("policy", "check", "no/such")[1]


def test_the_words_of_a_file_stand_in_its_messages() -> None:
    words = "政策: a\n词语:\n  - {英文: top-up, 中文: 补充保障}\n"
    text = f"{words}保障层次:\n  - 补充保障:\n      支付方: top-up\n      每次: 1\n"
    with pytest.raises(FileError) as told:
        read_policy_text(text)
    assert "保障层次 / 补充保障 / 每次：无法识别键“每次”" in told.value.told("zh")
    assert "layers / top-up / 每次: found the key '每次'" in told.value.told("en")
