"""Policies of the library: they read, they are written in three forms that read back, and every value has a basis."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openyibao import FileError, find_policy, policy_ids, read_policy
from openyibao.policy import read_policy_text, write_policy
from openyibao.policy.coverage import values
from openyibao.policy.library import library_root
from openyibao.policy.values import parse_fen, parse_ratio, percent, yuan
from openyibao.policy.vocabulary import Vocabulary, language
from openyibao.terms import all_words

EVERY_FEATURE = str(Path(__file__).parent.parent / "policies" / "every-feature.yaml")
SHARED = str(Path(EVERY_FEATURE).with_name("shared-and-fixed.yaml"))
POLICIES = [*policy_ids(), EVERY_FEATURE, SHARED]


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("form", ["en", "zh", "json"])
def test_written_policy_reads_back(name: str, form: str) -> None:
    policy = read_policy(find_policy(name))
    text = write_policy(policy, form)
    again = read_policy_text(text, f"policy.{'json' if form == 'json' else 'yaml'}")
    assert again == policy
    assert again.digest == policy.digest


@pytest.mark.parametrize("name", POLICIES)
def test_chinese_form_has_no_english_keys(name: str) -> None:
    policy = read_policy(find_policy(name))
    english = {*language().words} | {word.en for word in policy.words}
    for line in write_policy(policy, "zh").splitlines():
        key, colon, _ = line.strip().removeprefix("- ").partition(":")
        assert not colon or key not in english, line


@pytest.mark.parametrize("name", POLICIES)
def test_every_value_has_a_basis(name: str) -> None:
    policy = read_policy(find_policy(name))
    for cell, basis in values(policy):
        assert basis is not None and basis.document and basis.article and basis.source and basis.sure, cell


def test_ids_are_paths() -> None:
    for name in policy_ids():
        assert read_policy(find_policy(name)).id == name
    assert {path.suffix for path in library_root().rglob("*") if path.is_file()} == {".yaml"}


def test_unknown_policy_names_the_nearest() -> None:
    with pytest.raises(LookupError, match="chongqing/resident-2023"):
        find_policy("chongqing/residnt-2023")


def test_variation_changes_one_thing_only() -> None:
    law, varied = (read_policy(find_policy(f"chongqing/resident-2023{end}")) for end in ("", "-as-published"))
    assert law.layers[1:] == varied.layers[1:]
    assert law.layers[0].caps != varied.layers[0].caps
    assert law.layers[0].pays == varied.layers[0].pays
    assert law.digest != varied.digest


def test_what_a_file_says_counts_not_how() -> None:
    policy = read_policy(find_policy("xx-district/resident-2013"))
    text = write_policy(policy, "zh").replace("80000", "8万元").replace("城乡居民\n", "resident\n", 1)
    assert read_policy_text(text) == policy
    assert read_policy_text(text.replace("8万元", "80001元")) != policy


FOLDED = ">-\n      left out:\n      the account"
AS_IT_STANDS = "|-\n      left out: the account"


@pytest.mark.parametrize("written", [FOLDED, AS_IT_STANDS, "'left out: the account'"])
def test_a_folded_text_is_the_text(written: str) -> None:
    """However a text is laid out in the file, it reads the same, without a mark where lines were joined."""
    text = write_policy(read_policy(find_policy("xx-district/resident-2013")))
    policy = read_policy_text(f"{text}  - zh: 未收个人账户\n    en: {written}\n")
    assert policy.gaps[-1].en == "left out: the account"


def test_language_agrees_with_the_glossary() -> None:
    """One Chinese name for one English name. `deductible` is the line in the glossary, a part of the cost here."""
    glossary = {word.en: word.zh for word in all_words()}
    here = {"deductible"}
    words = {word: zh for word, zh in language().words.items() if word in glossary and word not in here}
    keys = {"policy", "claim", "day", "month", "quarter", "share", "settlement", "discharge", "admission", "class"}
    differing = {word: (zh, glossary[word]) for word, zh in words.items() if zh != glossary[word] and word not in keys}
    assert differing == {}
    assert len(words) > 30


def test_language_is_one_to_one() -> None:
    words = language().words
    assert len(set(words.values())) == len(words)
    vocabulary = Vocabulary()
    for english, chinese in words.items():
        assert vocabulary.english(chinese) == english
        assert vocabulary.chinese(english) == chinese


@given(st.integers(0, 10**11))
def test_yuan_read_back(fen: int) -> None:
    assert parse_fen(yuan(fen)) == fen


@given(st.fractions(0, 1, max_denominator=10**6))
def test_ratios_read_back(ratio: Fraction) -> None:
    assert parse_ratio(percent(ratio)) == ratio


@given(st.text(max_size=12))
def test_amounts_and_ratios_never_crash(text: str) -> None:
    fen, ratio = parse_fen(text), parse_ratio(text)
    assert fen is None or fen >= 0
    assert ratio is None or ratio >= 0


def broken_lines() -> Iterator[tuple[int, str]]:
    lines = write_policy(read_policy(find_policy("teaching/willow-county-2026")), "en").splitlines()
    for number in range(len(lines)):
        yield number, "\n".join([*lines[:number], *lines[number + 1 :]]) + "\n"


def test_a_lost_line_is_an_error_or_another_policy() -> None:
    """No line of a policy is without effect: without it the file is wrong, or says something else.

    The one exception is `year of the date of: settlement`, which says what holds without it.
    """
    policy = read_policy(find_policy("teaching/willow-county-2026"))
    for number, text in broken_lines():
        try:
            if "year of the date of" in text:
                assert read_policy_text(text) != policy, f"line {number + 1}"
        except FileError as error:
            assert error.problems and all(problem.place.line >= 1 for problem in error.problems)
