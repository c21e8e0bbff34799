"""The pages of the constructs: each with the amounts worked out by hand, in two languages."""

from __future__ import annotations

import posixpath
import re
from typing import Any

import pytest

from openyibao.constructs import cases, sections
from openyibao.policy.nodes import Mapping, parse_bytes
from openyibao.settlement.claim_file import PARTS as COST
from openyibao.site.construct_pages import PartPage, Settled, construct_page, printed
from openyibao.site.say import Say
from openyibao.site.words import LANGS, Words, amount, first

pytestmark = pytest.mark.xdist_group("site")  # one process builds the site


@pytest.mark.parametrize("lang", LANGS)
def test_every_construct_has_its_page_with_the_amounts_worked_out_by_hand(built: Any, lang: str) -> None:
    """The bills of the page, made when the site was, hold each amount that the case states, under its name."""
    texts, shown = Words(lang), 0
    for case in cases():
        page = built.pages[f"{'' if lang == 'zh' else 'en/'}{construct_page(case.number)}"]
        told = {" ".join(text.split()) for text, _, _ in page.texts}
        assert getattr(case.rule, lang) in told and getattr(case.title, lang) in " ".join(told)
        source = page.path.read_text(encoding="utf-8")
        claims = re.findall(r'<li class="claim">(.*?)</li>', source, re.DOTALL)
        said = [(part, claim) for part in case.parts for claim in part.claims]
        for html, (part, claim) in zip(claims, said, strict=True):
            rows = dict(re.findall(r"<div class=\"\w+\"><dt>(.*?)</dt><dd>(.*?)</dd></div>", html))
            say = Say(case.policy(part), texts)
            for name, fen in claim.amounts.items():
                assert rows[html_text(label(name, say, texts))] == amount(fen), f"{case.name}: {name} in {rows}"
                shown += 1
            assert html_text(printed(getattr(claim.why, lang))) in html, case.name
    print(f"{shown} amounts")
    assert shown > len(cases())


def label(name: str, say: Say, texts: Words) -> str:
    """What stands before an amount: a layer pays, a part of a layer, a part of the cost."""
    owner, _, part = name.rpartition("'s ")
    if owner:
        return first(f"{say.word(owner)}的{say.word(part)}" if texts.lang == "zh" else name)
    if name == "personal":
        return texts("constructs.personal")
    return first(say.word(name) if name in COST else texts("constructs.pays", layer=say.word(name)))


def html_text(text: str) -> str:
    return text.replace("'", "&#39;").replace('"', "&#34;")


def test_the_constructs_are_listed_by_section_and_follow_each_other(built: Any) -> None:
    for prefix, lang in (("", "zh"), ("en/", "en")):
        page = built.pages[f"{prefix}constructs.html"]
        headings = [text for text, _, within in page.texts if "h2" in within]
        assert headings[: len(sections())] == [getattr(section.title, lang) for section in sections()]
        listed = [one.attributes["data-search"] for one in page.all("li") if one.attributes.get("class") == "term"]
        assert [int(text.split()[0]) for text in listed] == [case.number for case in cases()]
        number = 1
        while True:
            page = built.pages[f"{prefix}{construct_page(number)}"]
            after = [one.attributes["href"] for one in page.all("a") if one.attributes.get("rel") == "next"]
            if not after:
                break
            assert after == [posixpath.basename(construct_page(number + 1))]
            number += 1
        assert number == len(cases())
        assert any(
            one.attributes["href"].endswith("constructs.html") for one in built.pages[f"{prefix}index.html"].all("a")
        )


def test_whatever_a_claim_of_a_construct_states_is_told() -> None:
    """Days, names, yes and no, and keys that hold several: each in the language of the page."""
    case = next(case for case in cases() if case.parts)
    page = PartPage(Settled(case.parts[0], case.policy(case.parts[0]), ()), Words("zh"))
    stated = parse_bytes(
        b"{enrolment: 2021-03-01, stay: S, last of stay: no, where: {grade: [primary, tertiary]}}", "claim"
    )
    assert isinstance(stated, Mapping)
    assert [text for _, text in page.stated(stated)] == ["2021年3月1日", "S", "否", "医院等级 一级、三级"]
