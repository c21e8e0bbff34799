"""A word of the language that stands in quotation marks in a message is the word of that language, in both of them."""

from __future__ import annotations

import re

import pytest

from openyibao.policy import find_policy, policy_ids, read_policy, vocabulary
from openyibao.policy.messages import templates
from openyibao.policy.vocabulary import Phrase, Vocabulary
from openyibao.settlement.faults import SAY, what_is_meant
from openyibao.settlement.program import plan_policy

WORDS = Vocabulary()
PHRASES = sorted(
    (phrase for phrase in vars(vocabulary).values() if isinstance(phrase, Phrase)), key=lambda one: -len(one.en)
)
PLACEHOLDERS = {
    "NAME": "名称",
    "LAYER": "某层",
    "AMOUNT": "某标准",
    "RATE": "比例",
    "critical line": "大病起付标准",
    "...": "……",
    "x": "×",
}
"""What stands for something in an example, and for the sign of multiplication."""


def quoted(text: str, sign: str) -> set[str]:
    """The words between quotation marks: keys, values and phrases, without the signs of YAML around them."""
    spans = [re.sub(r"\{\{|\}\}|[\[\]]", "", span) for span in re.findall(sign, text)]
    pieces = [span if span in ("---", "...") else re.split(r":(?: |$)|, | / |^- ", span) for span in spans]
    return {piece.strip() for found in pieces for piece in ([found] if isinstance(found, str) else found)} - {""}


def chinese(english: str) -> str:
    """A word or phrase of the language in Chinese; a gap, a number or a command as it is."""
    if english in PLACEHOLDERS:
        return PLACEHOLDERS[english]
    if WORDS.knows(english):
        return WORDS.chinese(english)
    if not re.search("[a-z]", english) or re.fullmatch(r"\{\w+\}|yibao [a-z ]+", english):
        return english
    for phrase in PHRASES:
        parts = phrase.match(english)
        if parts and phrase.say("en", *parts) == english:
            return phrase.say("zh", *map(chinese, parts))
    return f"{english}: no word of the language"


def test_phrases_and_words_are_told_from_what_is_none() -> None:
    assert chinese("50% of the own share of active") == "在职自付比例的50%"
    assert chinese("half-up to 0.01 yuan") == "四舍五入到0.01元"
    assert chinese("whom it is for").endswith("no word of the language")


@pytest.mark.parametrize("template", [text for text in templates() if "`" in text or "“" in templates()[text]])
def test_the_same_words_are_quoted_in_both_languages(template: str) -> None:
    english = {chinese(word) for word in quoted(template, "`([^`]*)`")}
    said = quoted(templates()[template], "“([^”]*)”")
    if template.startswith("Remove the line `---`"):  # signs of YAML
        english = {"---", "..."}
    assert english - said <= {word for word in english if word in templates()[template]}
    if english or not all(re.fullmatch(r"\{\w+\}", word) for word in said):
        assert {word for word in said if not re.fullmatch(r"\{\w+\}", word)} <= english


def test_what_stands_in_quotation_marks_about_a_claim_is_a_word() -> None:
    known = {WORDS.chinese(word) for word in WORDS.words()}
    literals = {word for zh, _ in SAY.values() for word in quoted(zh, "“([^”]*)”") if not word.startswith("{")}
    assert "参保登记" in literals and literals <= known


def test_the_chinese_of_a_fault_names_its_key_in_chinese() -> None:
    seen = set()
    for name in policy_ids():
        policy = read_policy(find_policy(name))
        words = Vocabulary(policy.words)
        for fault in plan_policy(policy).program.faults:
            if fault.kind != "day":  # names a day of the claim instead
                said = what_is_meant(fault, words, "zh")
                assert not re.search(r"[a-z]{2}", said), (name, fault)
                seen.add((fault.what, said))
    assert {("for", "适用于"), ("band 1 pays", "第1段报销比例"), ("pays / points", "报销比例的加百分点")} <= seen
