"""The vocabulary: complete, without duplicates, and found under every name a reader may use."""

from __future__ import annotations

import dataclasses
import doctest
import re
import subprocess
import sys

import pytest

from openyibao import terms
from openyibao.terms import (
    Entry,
    VocabularyError,
    all_dictionaries,
    all_words,
    dictionary,
    find,
    finding,
    sources,
    suggest,
    vocabulary,
)

CODES_OF_DICTIONARY = {
    # Number of codes (families of codes included) of every dictionary, counted in the source tables.
    "INSUTYPE": 14,  # insurance schemes, 310 to 510
    "MED_TYPE": 22,  # 13 of two digits in the national list, 4 local ones, 4 Hunan sub-codes, the family 99xx
    "PSN_TYPE": 24,  # the groups 11 to 16 and their sub-codes
    "PSN_INSU_STAS": 5,
    "MDTRT_CERT_TYPE": 7,  # three national ones, three local ones, other
    "PSN_CERT_TYPE": 20,  # 01 to 17, 90, 91, 99
    "GEND": 4,  # GB/T 2261.1
    "NATY": 59,  # GB/T 3304: 56 ethnic groups, 97 and 98; and 99
    "CVLSERV_FLAG": 2,
    "PSN_IDET_TYPE": 42,  # 36 codes of the table, 31 to 36 written out, the family 6001-6008 as one
    "HOSP_LV": 11,  # ten classes and ungraded
    "FIXMEDINS_TYPE": 5,
    "MED_CHRGITM_TYPE": 14,  # the fourteen headings of a medical bill
    "CHRGITM_LV": 3,  # class A, B, C
    "LIST_TYPE": 9,
    "PSN_SETLWAY": 4,
    "SETL_TYPE": 3,
    "SETL_CAL_TYPE": 2,
    "PAY_LOC": 4,
    "FUND_PAY_TYPE": 25,  # 24 funds and the family 99999xxx
    "CLR_TYPE": 6,  # five national ones and a Hebei family
    "CLR_WAY": 15,  # seven of one digit, eight of Hebei
    "ADMDVS": 8,  # two divisions and six families of codes
    "ADMDVS_LV": 5,
    "REFL_TYPE": 3,
    "OUT_FIL_TYPE": 7,
    "RLOC_TYPE": 3,
    "OUT_ONLN_OPEN_TYPE": 3,
    "BIZ_APPY_TYPE": 22,  # 01 to 21, and 99
    "AGNTER_RLTS": 9,  # 1 to 9
    "DIAG_TYPE": 3,
    "DISE_TYPE_CODE": 7,
    "DSCG_WAY": 6,
    "ADM_COND": 4,
    "MATN_TYPE": 12,  # eight national ones, four local ones
    "BIRCTRL_TYPE": 12,  # nine national ones, three local ones
    "TRT_CHK_TYPE": 2,
    "TRT_ENJYMNT_FLAG": 2,
    "OPTER_TYPE": 3,
    "ACCT_USED_FLAG": 2,
    "MID_SETL_FLAG": 2,
    "VALI_FLAG": 3,
    "REFD_SETL_FLAG": 2,
    "HOSP_APPR_FLAG": 3,
    "RX_CIRC_FLAG": 2,
    "TCMDRUG_USED_WAY": 2,
    "LMT_USED_FLAG": 2,
    "INHOSP_STAS": 2,
    "DCLA_SOUC": 6,
    "MEDINS_STMT_FLAG": 2,
    "STMT_RSLT": 5,
    "CUM_TYPE_CODE": 6,  # four accumulators, one family a fund, one suffix
}

NEEDED_WORDS = """
total cost, fully self-paid cost, over-limit cost, pre-self-paid cost, in-scope cost, deductible, deductible
paid, copay, over-cap, beyond limit, paid, cap, band, rate, share, floor, limit, base, pooled fund, critical
illness insurance, medical assistance, tilt assistance, large-cost assistance, personal account, family
account, handling agency, pooling region, designated institution, primary, secondary, tertiary, cat 1, cat 2,
destitute, minimum living allowance, back in poverty, low-income edge, monitored, illness-poor, local, filed,
referred, emergency, unfiled, outpatient, chronic outpatient, inpatient, episode, day, month, quarter, benefit
year, calendar year, lifetime, settlement, reversal, pre-settlement, one-stop settlement, filing, class A,
class B, class C, fee line, claim, bill, layer, uses, policy, disposable income per head, carry-over,
clearing, enrolment
"""

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def names(entry: Entry) -> tuple[str, ...]:
    return (entry.en, entry.zh, *entry.also)


def repeated(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


# --- the glossary ---


def test_the_words_the_house_speaks_are_all_defined() -> None:
    needed = {" ".join(word.split()) for word in NEEDED_WORDS.split(",")}
    assert needed - {word.en for word in all_words()} == set()


def test_every_word_has_both_languages_and_one_sentence_of_meaning_in_each() -> None:
    for word in all_words():
        assert CHINESE.search(word.zh), word
        assert word.en and not CHINESE.search(word.en), word
        assert re.fullmatch(r"[A-Z][^。]*\.", word.meaning_en) and not CHINESE.search(word.meaning_en), word
        assert CHINESE.search(word.meaning_zh) and word.meaning_zh.endswith("。"), word
        assert word.meaning_zh.count("。") == 1, word


def test_no_name_and_no_code_belongs_to_two_words() -> None:
    all_names = [name for word in all_words() for name in {finding._fold(name) for name in names(word)}]
    assert repeated(all_names) == []
    assert repeated([word.code for word in all_words() if word.code]) == []


def test_a_code_of_a_word_is_an_interface_field_or_stands_in_its_dictionary() -> None:
    for word in all_words():
        if " " in word.code:
            id, code = word.code.split(" ")
            assert code in dictionary(id), word
        elif word.code:
            assert re.fullmatch(r"[a-z][a-z_]*[a-z]", word.code), word


def test_every_kind_of_word_is_used() -> None:
    assert {word.kind for word in all_words()} == set(vocabulary.WORD_KINDS)


# --- the dictionaries ---


def test_dictionaries_are_complete() -> None:
    assert {each.id: len(each) for each in all_dictionaries()} == CODES_OF_DICTIONARY


def test_every_dictionary_and_code_has_both_languages() -> None:
    for each in all_dictionaries():
        assert CHINESE.search(each.zh) and each.en and each.sources, each.id
        for code in each:
            assert code.zh and code.en and not CHINESE.search(code.en), (each.id, code)
            assert "?" not in code.zh, (each.id, code)


def test_no_code_stands_twice_in_a_dictionary() -> None:
    assert {each.id: repeated([code.code for code in each]) for each in all_dictionaries()} == {
        id: [] for id in CODES_OF_DICTIONARY
    }


def test_every_source_letter_is_explained_and_used() -> None:
    used = {letter for each in all_dictionaries() for letter in each.sources}
    assert used == set(sources())


def test_a_dictionary_resting_on_general_knowledge_alone_is_of_low_certainty() -> None:
    alone = [each for each in all_dictionaries() if each.sources == ("K",)]
    assert [each.certainty for each in alone] == ["low"]


@pytest.mark.parametrize(
    ("id", "code", "zh"),
    [
        ("INSUTYPE", "310", "职工基本医疗保险"),
        ("MED_TYPE", "14", "门诊慢特病"),
        ("NATY", "01", "汉族"),
        ("NATY", "56", "基诺族"),
        ("AGNTER_RLTS", "3", "女"),
        ("FUND_PAY_TYPE", "610100", "医疗救助基金"),
    ],
)
def test_well_known_codes(id: str, code: str, zh: str) -> None:
    assert dictionary(id)[code].zh == zh


def test_a_code_may_be_less_certain_than_its_dictionary() -> None:
    credentials = dictionary("MDTRT_CERT_TYPE")
    assert (credentials.certainty, credentials["01"].certainty, credentials["99"].certainty) == ("high", "high", "low")


def test_a_family_of_codes_is_listed_but_is_no_code() -> None:
    med_type = dictionary("MED_TYPE")
    assert [code.code for code in med_type if code.pattern] == ["99xx"]
    assert "99xx" not in med_type
    with pytest.raises(KeyError, match="MED_TYPE"):
        med_type["99xx"]


def test_codes_that_are_no_literals_are_marked_as_families() -> None:
    odd = re.compile(r"[x<>]|\d-\d|p")
    for each in all_dictionaries():
        for code in each:
            assert code.pattern == bool(odd.search(code.code)), (each.id, code)


def test_an_unknown_code_or_dictionary_names_what_there_is() -> None:
    with pytest.raises(KeyError, match=r"CHRGITM_LV.*'09'.*01, 02, 03"):
        dictionary("CHRGITM_LV")["09"]
    with pytest.raises(KeyError, match=r"nearest: .*MED_TYPE"):
        dictionary("MED_TYP")


# --- finding ---


def test_a_word_is_found_first_under_each_of_its_names() -> None:
    for word in all_words():
        for name in names(word):
            assert find(name)[0] == word, (name, word.en)


def test_a_word_is_found_under_its_code() -> None:
    for word in all_words():
        if word.code:
            assert find(word.code)[0] == word, word.code


def test_every_code_is_found_under_its_dictionary_and_code() -> None:
    for each in all_dictionaries():
        for code in each:
            hits = [(hit.dictionary, hit.code, hit.zh) for hit in find(f"{each.id} {code.code}")]
            assert (each.id, code.code, code.zh) in hits


def test_exact_stands_before_prefix_before_substring() -> None:
    def rank(hit: Entry) -> int:
        folded = [finding._fold(name) for name in names(hit)]
        if "deductible" in folded:
            return 0
        return 1 if any(name.startswith("deductible") for name in folded) else 2

    ranks = [rank(hit) for hit in find("deductible")]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


def test_among_equals_words_stand_before_dictionaries_before_codes() -> None:
    kinds = [hit.kind for hit in find("医疗类别")]
    assert kinds[:2] == ["fact", "dictionary"]
    assert [hit.kind for hit in find("普通门诊")] == ["value", "code"]


def test_a_dictionary_id_gives_the_dictionary_and_then_its_codes() -> None:
    hits = [hit for hit in find("PSN_SETLWAY") if hit.dictionary == "PSN_SETLWAY"]
    assert [hit.kind for hit in hits] == ["dictionary", "code", "code", "code", "code"]


@pytest.mark.parametrize("query", ["IN-SCOPE COST", "in_scope_cost", "in scope cost", "  In-Scope   Cost "])
def test_capitals_hyphens_and_blanks_make_no_difference(query: str) -> None:
    assert find(query)[0].code == "inscp_scp_amt"


def test_full_width_brackets_make_no_difference() -> None:
    assert [hit.code for hit in find("按病种分值（DIP）")] == ["3"]


def test_codes_match_only_as_a_whole() -> None:
    assert find("medfee_sum") == []
    assert {hit.code for hit in find("31010")} == set()
    assert {(hit.dictionary, hit.code) for hit in find("310")} == {("INSUTYPE", "310")}


def test_a_hit_on_a_code_carries_its_note_certainty_and_sources() -> None:
    (hit,) = find("CLR_TYPE 9902-9936")
    assert (hit.certainty, hit.meaning_en, hit.source) == ("medium", "Hebei", "A, B2, H")


@pytest.mark.parametrize("query", ["", "   ", "-_-", "xyzzy", "不存在的词"])
def test_nothing_is_found_for_nothing(query: str) -> None:
    assert find(query) == []


# --- near misses ---


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("deductable", "deductible"),
        ("起付钱", "起付线"),
        ("FUND_PAY_TYP", "FUND_PAY_TYPE"),
        ("preselfpay", "preselfpay_amt"),
        ("critical ilness insurance", "critical illness insurance"),
    ],
)
def test_a_near_miss_is_suggested_and_the_suggestion_is_found(query: str, expected: str) -> None:
    assert find(query) == []
    near = suggest(query)
    assert near[0] == expected
    assert all(find(name) for name in near)


def test_no_suggestion_for_nonsense_or_nothing() -> None:
    assert suggest("qqqqzzzz") == []
    assert suggest("") == []
    assert suggest("deductable", limit=0) == []


def test_not_more_suggestions_than_asked_for() -> None:
    assert len(suggest("settlemen", limit=2)) == 2


# --- the files are checked when they are read ---

WORD = {"en": "cap", "zh": "封顶线", "kind": "money", "means_en": "A cap.", "means_zh": "封顶。"}
DICTIONARY = {"zh": "性别", "en": "sex", "certainty": "high", "sources": ["A"], "codes": []}


def test_a_word_with_a_missing_unknown_or_wrong_key_is_refused() -> None:
    assert vocabulary._word(WORD, 1).en == "cap"
    with pytest.raises(VocabularyError, match=r"words.toml, word 7 \(cap\): zh is missing"):
        vocabulary._word({key: value for key, value in WORD.items() if key != "zh"}, 7)
    with pytest.raises(VocabularyError, match=r"unknown key meaning; known: .*means_en"):
        vocabulary._word({**WORD, "meaning": "x"}, 1)
    with pytest.raises(VocabularyError, match="kind is 'thing'; expected one of money"):
        vocabulary._word({**WORD, "kind": "thing"}, 1)


def test_a_dictionary_with_an_unexplained_source_or_certainty_is_refused() -> None:
    letters = {"A": "a source"}
    assert vocabulary._dictionary("GEND", DICTIONARY, letters).zh == "性别"
    with pytest.raises(VocabularyError, match="GEND: sources is 'Z'"):
        vocabulary._dictionary("GEND", {**DICTIONARY, "sources": ["Z"]}, letters)
    with pytest.raises(VocabularyError, match="GEND: certainty is 'sure'"):
        vocabulary._dictionary("GEND", {**DICTIONARY, "certainty": "sure"}, letters)
    with pytest.raises(VocabularyError, match="GEND 1: en is missing"):
        vocabulary._dictionary("GEND", {**DICTIONARY, "codes": [{"code": "1", "zh": "男"}]}, letters)


def test_a_key_written_twice_in_the_file_is_refused() -> None:
    with pytest.raises(VocabularyError, match="GEND stands twice"):
        vocabulary._once("dictionaries.json", [("GEND", {}), ("GEND", {})])


def test_one_entry_a_line_so_that_changes_are_readable() -> None:
    lines = vocabulary._read("dictionaries.json").splitlines()
    assert sum('{"code": ' in line for line in lines) == sum(CODES_OF_DICTIONARY.values())
    assert max(line.count('"code": ') for line in lines) == 1


# --- the door ---


def test_the_public_names_are_there_and_entries_cannot_be_changed() -> None:
    assert all(hasattr(terms, name) for name in terms.__all__)
    with pytest.raises(dataclasses.FrozenInstanceError):
        all_words()[0].en = "other"  # type: ignore[misc]


def test_importing_reads_no_file_and_loads_nothing_heavy() -> None:
    script = (
        "import sys, openyibao; before = set(sys.modules); import openyibao.terms;"
        "print(*sorted(set(sys.modules) - before)); print(openyibao.terms.vocabulary.all_words.cache_info().misses)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules, reads = run.stdout.splitlines()
    assert "openyibao.terms.finding" in modules.split()
    assert {"numpy", "rich", "tomllib", "json", "difflib", "importlib.resources"} & set(modules.split()) == set()
    assert reads == "0"


@pytest.mark.parametrize("module", [terms, vocabulary, finding])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted > 0
    assert results.failed == 0
