"""The schema for editors: it is fresh, it accepts what the reader accepts, and it sees many mistakes by itself."""

from __future__ import annotations

import json
import os
import random
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from typer.testing import CliRunner

from openyibao import FileError, policy_ids, read_policy
from openyibao.cli import app
from openyibao.policy import find_policy, read_policy_text, schema_patterns, values, variation, write_policy
from openyibao.policy.keys import parse_range
from openyibao.policy.nodes import Mapping, Node, Place, Sequence, Text
from openyibao.policy.read import read_tree
from openyibao.policy.schema import policy_schema, schema_text
from openyibao.policy.schema_keys import EDITOR, PLACES, PROBE, Asked, keys_of
from openyibao.policy.vocabulary import Vocabulary, language

TESTS = Path(__file__).parent.parent
PUBLISHED = TESTS.parent / "docs" / "policy.schema.json"
PACKAGE = Path(str(files("openyibao.policy")))
POLICIES = [*policy_ids(), *map(str, sorted((TESTS / "policies").glob("*.yaml"))), str(PACKAGE / PROBE)]
WRONG = sorted((TESTS / "wrong" / "policies").glob("*.yaml"))
SEEN = 89
VARIATION = """\
政策: 教学/变更
变更自: teaching/willow-county-2026
名称: {中文: 柳县（测算）, 英文: Willow County (what if)}
词语: [{英文: what-if line, 中文: 测算线}]
变更:
  - 位置: layers / basic insurance / at most per year
    改为: {为: 15万, 依据: {文件: 未查明, 条款: 未查明, 来源: 测算, 把握: 低}}
"""
SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
TRIES = 300
VALUES: list[Any] = [
    *(
        "300",
        300,
        8450.5,
        "8万元",
        "１，３００ 元",
        "50% of low line",
        "低线的50%",
        "line",
        "30% of total cost",
        "no limit",
        "不封顶",
    ),
    *(
        "70%",
        "66.5％",
        "1/3",
        "80% of the own share of active",
        "75% - 0.2% x age",
        "75%+0.2%×年龄",
        "not known",
        "未知",
    ),
    *("+5%", "-10%", "09-01", "0 to 5", "6至17", 18, "under 18", "discharge", "出院", "all", "一期", "account balance"),
    *(["disease"], ["status", "等级"], "disease", ["destitute", "普通参保人员"], "left of quota", "quota后的个人负担"),
    {"by": "status", "active": 5, "退休": 6, "group": "second fund"},
    {"is": "30% of this layer's base", "least": 5, "most": "9元"},
    {
        "by": "grade",
        "primary": "50%",
        "otherwise": {"is": "60%"},
        "points": [{"by": "status", "active": "5%", "其他": "0%"}],
    },
]
FREE = {
    "for",
    "where",
    "quantities",
    "derived facts",
    "documents",
    "statistics",
    "amounts",
}  # their keys are names; so are those of tables


@cache
def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(policy_schema())


def accepts(data: Any) -> bool:
    return bool(validator().is_valid(data))


def as_editors_read(text: str) -> Any:
    """YAML 1.2 as an editor sees it: numbers are numbers, dates are texts, keys are texts."""

    def plain(node: Any) -> Any:
        if isinstance(node, MappingNode):
            return {key.value: plain(value) for key, value in node.value}
        if not isinstance(node, ScalarNode):
            return [plain(item) for item in node.value]
        kinds = {"int": int, "float": float, "null": lambda _: None, "bool": lambda word: word == "true"}
        return kinds.get(str(node.tag).rpartition(":")[2], str)(node.value)

    return plain(YAML(typ="rt", pure=True).compose(text))


def test_the_published_schema_is_fresh() -> None:
    """After a change on purpose: `yibao policy schema > docs/policy.schema.json`."""
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text()
    assert json.loads(schema_text()) == policy_schema()
    jsonschema.Draft7Validator.check_schema(policy_schema())


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(app, ["policy", "schema"]).stdout == schema_text()


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_is_valid_in_every_form(name: str) -> None:
    path = find_policy(name)
    policy = read_policy(path)
    forms = [path.read_text(encoding="utf-8"), *(write_policy(policy, form) for form in ("en", "zh", "json"))]
    for data in map(as_editors_read, forms):
        validator().validate(data)


def test_a_variation_is_valid_in_chinese_too() -> None:
    assert read_policy_text(VARIATION).id == "教学/变更"
    data = as_editors_read(VARIATION)
    validator().validate(data)
    assert not accepts({**data, "统筹区": 999999})
    assert not accepts({key: value for key, value in data.items() if key != "变更"})


def test_it_sees_many_mistakes() -> None:
    rejected = []
    for path in WRONG:
        try:
            data = as_editors_read(path.read_text(encoding="utf-8"))
        except (YAMLError, UnicodeDecodeError, AttributeError):
            continue  # no YAML: the editor says so itself
        if not accepts(data):
            rejected.append(path.name)
    assert len(rejected) >= SEEN, rejected


def mappings(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from mappings(value, (*path, key))


def tree(data: Any) -> Node:
    """What the parser makes of JSON, without its text."""
    place = Place(1, 1)
    if isinstance(data, dict):
        return Mapping(tuple((Text(key, place), tree(value)) for key, value in data.items()), place)
    return Sequence(tuple(map(tree, data)), place) if isinstance(data, list) else Text(str(data), place)


def is_free(node: dict[str, Any], path: tuple[str | int, ...], tables: set[tuple[str | int, ...]]) -> bool:
    """Whether the keys of a mapping are names: a list of named things, or a level of a table."""
    return path[-1:] in {(name,) for name in FREE} or (
        not {"is", "not known", "zh", "document"} & set(node) and any(path[: len(table)] == table for table in tables)
    )


def test_an_unheard_of_key_is_seen_wherever_keys_are_known() -> None:
    data = json.loads(write_policy(read_policy(TESTS / "policies" / "time.yaml"), "json"))
    tables = {path for path, node in mappings(data) if "by" in node}
    places = [(path, node) for path, node in mappings(data) if not is_free(node, path, tables)]
    for path, node in places:
        node["unheard of"] = "something"
        assert not accepts(data), path
        with pytest.raises(FileError, match=r"unheard of|keys and values"):
            read_tree(tree(data), "policy.json")
        del node["unheard of"]
    assert accepts(data)
    assert len(places) > 50


def test_what_the_reader_accepts_it_accepts() -> None:
    """Values put where others stood: most are wrong there, and those that are right are right for editors too."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    data = json.loads(write_policy(read_policy(TESTS / "policies" / "time.yaml"), "json"))
    found = ((node, key, value) for _, node in mappings(data) for key, value in node.items())
    places = [(node, key) for node, key, value in found if not isinstance(value, dict)]
    good = 0
    for _ in range(TRIES):
        node, key = rng.choice(places)
        before, node[key] = node[key], rng.choice(VALUES)
        try:
            read_tree(tree(data), "policy.json")
        except FileError:
            pass
        else:
            good += 1
            validator().validate(data)
        node[key] = before
    assert good > TRIES // 20


def test_a_key_stands_once_in_one_language() -> None:
    data = json.loads(write_policy(read_policy(find_policy("teaching/willow-county-2026")), "json"))
    vocabulary = Vocabulary()
    count = 0
    for path, node in list(mappings(data)):
        for key in [key for key in node if key in set(keys_of("policy").all) | set(keys_of("layer").all)]:
            node[vocabulary.chinese(key)] = node[key]
            assert not accepts(data), (path, key)
            del node[key]
            assert accepts(data), (path, key)
            count += 1
    assert count > 30


def test_every_key_has_one_line_in_each_language() -> None:
    """What an editor says stands in editor.toml: for every key that the reader asks for, and for no other."""
    told: dict[str, dict[str, list[str]]] = tomllib.loads((PACKAGE / EDITOR).read_text(encoding="utf-8"))
    periods = told.pop("periods")
    assert set(told) == {*PLACES, "variation", "change", "facts", "table", "leaf", "rate"}
    for kind, lines in told.items():
        known = {f"{key} {period}" for key in lines if key.endswith(" per") for period in periods}
        assert known | {key for key in lines if not key.endswith(" per")} == set(keys_of(kind).all), kind
    for en, zh in (pair for lines in (periods, *told.values()) for pair in lines.values()):
        assert "\n" not in en + zh
        assert not re.search(r"[\u4e00-\u9fff]", en) and re.search(r"[\u4e00-\u9fff]", zh), (en, zh)
    assert all(en.endswith(".") and zh.endswith("。") for lines in told.values() for en, zh in lines.values())


def test_keys_of_variations_are_those_that_the_reader_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Asked] = []

    class Noted(Asked):
        def __init__(self, file: str, vocabulary: Vocabulary, _root: object = None) -> None:
            super().__init__(file, vocabulary)
            made.append(self)

    monkeypatch.setattr(variation, "Reading", Noted)
    read_policy_text(VARIATION)
    assert made[0].keys[""] == [keys_of("variation")]
    assert made[0].keys["changes"] == [keys_of("change")]


def patterns(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "pattern" and isinstance(value, str):
            yield value
        yield from patterns(value)


def test_patterns_hold_in_ecmascript_too() -> None:
    """No groups with names, no classes whose meaning differs, nothing escaped that needs no escape."""
    for pattern in set(patterns(policy_schema())) - {r"^\S+$"}:
        assert pattern.startswith("^(?:") or pattern == "^[0-9]{6}$"
        assert "(?P" not in pattern
        assert not re.search(r"\\[^$^\\.*+?()\[\]{}|/]", pattern), pattern


@given(st.from_regex(values._YUAN, fullmatch=True) | st.from_regex(values._WAN, fullmatch=True), st.booleans())
def test_amounts_that_the_reader_reads(text: str, full: bool) -> None:
    assert re.fullmatch(schema_patterns.PLAIN, widened(text) if full else text)


@given(st.from_regex(values._PERCENT, fullmatch=True) | st.from_regex(values._FRACTION, fullmatch=True), st.booleans())
def test_ratios_that_the_reader_reads(text: str, full: bool) -> None:
    ratio = values.parse_ratio(text)
    text = widened(text) if full else text
    assert re.fullmatch(schema_patterns.MULTIPLE, text)
    if ratio is not None and ratio <= 1:
        assert re.fullmatch(schema_patterns.RATIO, text)
    elif ratio is not None and not full and "%" in text:
        assert not re.fullmatch(schema_patterns.RATIO, text)


def widened(text: str) -> str:
    """With the digits and signs of a Chinese keyboard."""
    full = {plain: code for code, plain in values.FULL_WIDTH.items()}
    return text.translate({ord(sign): full[ord(sign)] for sign in "0123456789,.%/"})


@given(st.from_regex(schema_patterns.RANGE, fullmatch=True))
def test_ranges_are_those_of_the_reader(text: str) -> None:
    assert parse_range(text.strip()) is not None


def test_words_are_those_of_the_language() -> None:
    """Nothing that an editor offers is unknown to the reader."""
    known = {text for pair in language().words.items() for text in pair}
    offered = {word for node in enums(policy_schema()) for word in node}
    assert offered <= known
    assert len(offered) > 400


def enums(node: Any) -> Iterator[list[str]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "enum":
            yield value
        yield from enums(value)
