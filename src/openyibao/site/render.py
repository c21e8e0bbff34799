"""Rendering: every page of the site by its path and language, wherever it goes: to a folder, or to a browser.

    pages = Pages(library, day)
    pages.paths()                      all pages, by their paths in Chinese (English lies below `en/`)
    pages.html(path, lang)             a whole page
    pages.main(path, lang)             what stands between the frames: the same in a frame of somebody else's

What several pages need is worked out once, when the first asks.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from openyibao import __version__
from openyibao.lint import Finding, lint
from openyibao.policy.model import Policy
from openyibao.site import change_page, construct_pages, pages
from openyibao.site.construct_pages import construct_page
from openyibao.site.examples import examples_of
from openyibao.site.library import Library, last_day, policy_page, region_page
from openyibao.site.policy_page import PolicyPage, measured_of
from openyibao.site.seam import answers, patients
from openyibao.site.words import Words, cited, first, pieces

MENU = ("home", "compare", "changes", "lint", "coverage", "glossary", "about")
Context = dict[str, Any]


class Pages:
    """All pages of one library as of one day."""

    def __init__(self, library: Library, day: date) -> None:
        self.library, self.day = library, day
        self._findings: dict[str, list[Finding]] = {}
        self._measured: dict[str, tuple[Any, Any]] = {}
        self._policies = {policy_page(policy): policy for policy in library.policies}
        self._regions = {region_page(code): code for code in library.regions}
        self.environment = Environment(
            loader=PackageLoader("openyibao.site"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def paths(self) -> list[str]:
        """Every page, those of policies first."""
        constructs = [construct_page(case.number) for case in construct_pages.all_cases()]
        return [*self._policies, *self._overviews(), *self._regions, *constructs]

    def policy_at(self, path: str) -> Policy | None:
        """The policy whose page this is."""
        return self._policies.get(path)

    def html(self, path: str, lang: str) -> str:
        """A whole page. Raises KeyError where there is none."""
        template, context = self._page(path, lang)
        return self._rendered(template, "base.html", path, lang, context)

    def main(self, path: str, lang: str) -> tuple[str, str]:
        """The title of a page, and what stands in its middle, as in the whole page. Raises KeyError."""
        template, context = self._page(path, lang)
        return str(context["title"]), self._rendered(template, "bare.html", path, lang, context).strip()

    def _rendered(self, template: str, frame: str, path: str, lang: str, context: Context) -> str:
        return self.environment.get_template(template).render(frame=frame, **self._shared(path, lang), **context)

    def _shared(self, path: str, lang: str) -> Context:
        """What every template has. Links are relative, so that pages work from any folder and from a disk."""
        here = place_of(path, lang)
        start = posixpath.dirname(here) or "."

        def url(target: str) -> str:
            page, mark, anchor = target.partition("#")
            return posixpath.relpath(place_of(page, lang), start) + mark + anchor

        return {
            "t": Words(lang),
            "lang": lang,
            "path": path,
            "url": url,
            "asset": lambda name: posixpath.relpath(f"static/{name}", start),
            "other_url": posixpath.relpath(place_of(path, "en" if lang == "zh" else "zh"), start),
            "menu": menu(),
            "pieces": lambda told: pieces(told, lang),
            "cited": lambda told: cited(told, lang),
            "last_day": last_day,
            "first": first,
            "built": self.day,
            "version": __version__,
        }

    def _page(self, path: str, lang: str) -> tuple[str, Context]:
        """The template of a page and what it alone shows."""
        texts = Words(lang)
        if path in self._policies:
            return "policy.html", self._policy(self._policies[path], texts)
        if path in self._regions:
            context = pages.region(self.library, self._regions[path], texts)
            return "region.html", {"title": texts("region.title", place=context["place"]), **context}
        if path in self._overviews():
            name = path.removesuffix(".html")
            key = "home" if name == "index" else name
            return f"{key}.html", {"title": texts(f"{key}.title"), **self._overviews()[path](texts)}
        for case in construct_pages.all_cases():
            if construct_page(case.number) == path:
                return "construct.html", construct_pages.construct(case, construct_pages.settled_case(case), texts)
        raise KeyError(path)

    def _policy(self, policy: Policy, texts: Words) -> Context:
        if policy.id not in self._measured:
            self._measured[policy.id] = measured_of(policy), examples_of(policy)
        measured, examples = self._measured[policy.id]
        return PolicyPage(policy, texts, self.library, measured, examples, self._lint(policy)).context()

    def _lint(self, policy: Policy) -> list[Finding]:
        if policy.id not in self._findings:
            self._findings[policy.id] = lint(policy)
        return self._findings[policy.id]

    def _overviews(self) -> dict[str, Callable[[Words], Context]]:
        """The pages beside those of policies and places."""
        return {
            "compare.html": self._compare,
            "index.html": lambda texts: pages.home(self.library, texts),
            "changes.html": lambda texts: change_page.context(self._changes, texts),
            "lint.html": lambda texts: pages.lint_page(
                self.library, {one.id: self._lint(one) for one in self.library.policies}, texts
            ),
            "coverage.html": lambda texts: pages.coverage_page(self.library, texts),
            "glossary.html": lambda texts: {**pages.glossary(texts), "constructs": construct_pages.index(texts)},
            "constructs.html": construct_pages.index,
            "about.html": lambda texts: {},
        }

    @cached_property
    def _comparison(self) -> pages.Comparison:
        return pages.Comparison(self.library)

    @cached_property
    def _answered(self) -> list[Any]:
        return answers(self.library)

    @cached_property
    def _changes(self) -> list[change_page.Series]:
        return change_page.all_series(self.library)

    def _compare(self, texts: Words) -> Context:
        return {"tables": self._comparison.tables(texts), "patients": patients(self._answered, texts)}


def menu() -> list[tuple[str, str]]:
    """The entries of the menu with their pages."""
    return [(key, "index.html" if key == "home" else f"{key}.html") for key in MENU]


def place_of(path: str, lang: str) -> str:
    """Where a page lies: Chinese at the root, English below `en`."""
    return path if lang == "zh" else f"en/{path}"
