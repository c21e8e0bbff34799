"""Search over places, policies, words of the field, constructs and national rules: no script, no index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest, HttpResponse

from openyibao.lint import national_rules
from openyibao.service.web import pages, shelf
from openyibao.service.web.words import Words
from openyibao.site import construct_pages
from openyibao.site.construct_pages import construct_page
from openyibao.site.library import policy_page, region_page
from openyibao.site.words import LANGS, first
from openyibao.terms import all_words

MOST = 60
LONGEST = 60
"""Of a query so many characters are looked at."""


@dataclass(frozen=True)
class Entry:
    """What can be found: its kind, its name, a line about it, where it stands, and in which words it is found."""

    kind: str
    name: str
    about: str
    address: str
    words: str


def show(request: HttpRequest, lang: str) -> HttpResponse:
    """The search page."""
    t = pages.words_of(request, lang)
    query = request.GET.get("q", "").strip()[:LONGEST]
    found = find(query, lang) if query else []
    context = {"title": t("find.title"), "query": query, "found": found[:MOST], "count": len(found), "most": MOST}
    return pages.page(request, lang, "search.html", context, here="search")


def find(query: str, lang: str) -> list[Entry]:
    """What has all words of a query; names that begin with it come first."""
    words = query.lower().split()
    hits = [one for one in entries(lang) if all(word in one.words for word in words)]
    start = words[0] if words else ""
    return sorted(hits, key=lambda one: (start not in one.name.lower(), not one.name.lower().startswith(start)))


@cache
def entries(lang: str) -> tuple[Entry, ...]:
    return tuple(_entries(Words(lang)))


def _entries(t: Words) -> Iterator[Entry]:
    library, law = shelf.library(), f"/{t.lang}/law/"
    both = [Words(lang) for lang in LANGS]
    for region in library.regions:
        name = " ".join(f"{one.place(region)} {one.province(region)}" for one in both)
        yield _entry("place", t.place(region), t.province(region), law + region_page(region), f"{name} {region}")
    for policy in library.policies:
        title = f"{policy.title.zh} {policy.title.en} {policy.id}"
        about = t("policy.time_short", start=t.day(policy.start), end=t.day(policy.end))
        yield _entry("policy", t.pick(policy.title), about, law + policy_page(policy), title)
    for word in all_words():
        meaning = word.meaning_zh if t.lang == "zh" else word.meaning_en
        told = " ".join((word.zh, word.en, word.code, *word.also))
        yield _entry("term", first(t.pick(word)), meaning, f"{law}glossary.html", told)
    for case in construct_pages.all_cases():
        title = f"{case.number} {case.title.zh} {case.title.en}"
        yield _entry("construct", t.pick(case.title), t.pick(case.rule), law + construct_page(case.number), title)
    for rule in national_rules():
        said = f"{rule.says.zh} {rule.says.en} {rule.basis.document}"
        yield _entry("rule", t.pick(rule.says), rule.basis.document, f"{law}lint.html#by-rule", said)


def _entry(kind: str, name: str, about: str, address: str, words: str) -> Entry:
    return Entry(kind, name, about, address, words.lower())
