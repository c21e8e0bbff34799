"""The site of the library, built once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from openyibao.policy import Policy, find_policy, policy_ids, read_policy
from openyibao.site import Published, publish

VOID = {"meta", "link", "input", "br", "hr", "img", "col"}
DAY = date(2026, 1, 31)


@dataclass(frozen=True)
class Element:
    tag: str
    attributes: dict[str, str]
    lang: str
    within: tuple[str, ...]


class Page(HTMLParser):
    """A page read strictly: every element closed in its order, no attribute and no id twice."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.problems: list[str] = []
        self.elements: list[Element] = []
        self.texts: list[tuple[str, str, tuple[str, ...]]] = []
        self.open: list[Element] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.problems += [f"<{one.tag}> is not closed" for one in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = [name for name, _ in attrs]
        if len(named) != len(set(named)):
            self.problems.append(f"<{tag}> has an attribute twice: {named}")
        attributes = {name: value or "" for name, value in attrs}
        lang = attributes.get("lang") or (self.open[-1].lang if self.open else "")
        element = Element(tag, attributes, lang, tuple(one.tag for one in self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1].tag != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes {[one.tag for one in self.open[-2:]]}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            lang = self.open[-1].lang if self.open else ""
            self.texts.append((data.strip(), lang, tuple(one.tag for one in self.open)))

    def all(self, *tags: str) -> list[Element]:
        return [one for one in self.elements if one.tag in tags]

    @property
    def ids(self) -> list[str]:
        return [one.attributes["id"] for one in self.elements if "id" in one.attributes]


@dataclass(frozen=True)
class Built:
    published: Published
    policies: tuple[Policy, ...]
    pages: dict[str, Page]

    @property
    def folder(self) -> Path:
        return self.published.folder


@pytest.fixture
def strict_page() -> type[Page]:
    return Page


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    policies = tuple(read_policy(find_policy(name)) for name in policy_ids())
    published = publish(policies, tmp_path_factory.mktemp("site"), DAY)
    pages = {
        path.relative_to(published.folder).as_posix(): Page(path) for path in sorted(published.folder.rglob("*.html"))
    }
    return Built(published, policies, pages)
