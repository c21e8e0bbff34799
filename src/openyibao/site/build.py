"""Building the site: every page in Chinese at the root and in English below `en/`, with local files only."""

from __future__ import annotations

import posixpath
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from openyibao import __version__
from openyibao.lint import lint
from openyibao.policy.model import Policy
from openyibao.site import construct_pages, pages
from openyibao.site.construct_pages import construct_page
from openyibao.site.examples import examples_of
from openyibao.site.library import Library, last_day, library_of, policy_page, region_page
from openyibao.site.policy_page import PolicyPage, measured_of
from openyibao.site.seam import answers, patients
from openyibao.site.words import LANGS, Words, cited, first, pieces

MENU = ("home", "compare", "lint", "coverage", "glossary", "about")
STATIC = ("site.css", "site.js", "icon.svg")
MARK = "made-by-yibao.txt"
Progress = Callable[[str], None]


class SiteError(ValueError):
    """The site cannot be written there; says why and what to do."""


@dataclass(frozen=True)
class Published:
    """What was written: pages, policies, bytes, and how long it took."""

    folder: Path
    pages: int
    policies: int
    size: int
    seconds: float


def publish(
    policies: Sequence[Policy], folder: Path, day: date | None = None, progress: Progress = lambda _: None
) -> Published:
    """Write the site of some policies into a folder; one that holds an earlier site is replaced.

    `day` is printed as the day of making and decides which policies are past; without it, today. Raises SiteError if
    the folder holds anything else.
    """
    began = time.perf_counter()
    _clear(folder)
    site = Site(library_of(policies), folder, day or date.today())  # noqa: DTZ011
    site.write(progress)
    written = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in written)
    return Published(folder, site.pages, len(policies), size, time.perf_counter() - began)


def _clear(folder: Path) -> None:
    """Make the folder ready: new, empty, or an earlier site, which is removed."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise SiteError(f"{folder} is not empty and holds no site of ours. Name a new or empty folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


class Site:
    """Writes all pages of one library."""

    def __init__(self, library: Library, folder: Path, day: date) -> None:
        self.library, self.folder, self.day = library, folder, day
        self.pages = 0
        self.environment = Environment(
            loader=PackageLoader("openyibao.site"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, progress: Progress) -> None:
        """Every page in both languages, and what they load."""
        for name in STATIC:
            target = self.folder / "static" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files("openyibao.site").joinpath("static").joinpath(name).read_bytes())
        (self.folder / MARK).write_text("yibao policy publish\n", encoding="utf-8")
        findings = {}
        for policy in self.library.policies:
            progress(policy.id)
            findings[policy.id] = lint(policy)
            measured, examples = measured_of(policy), examples_of(policy)
            for lang in LANGS:
                page = PolicyPage(policy, Words(lang), self.library, measured, examples, findings[policy.id])
                self.page(policy_page(policy), "policy.html", lang, page.context())
        progress("...")
        constructs = construct_pages.settled_cases()
        comparison, answered = pages.Comparison(self.library), answers(self.library)
        for lang in LANGS:
            texts = Words(lang)
            tables = {"tables": comparison.tables(texts), "patients": patients(answered, texts)}
            self.page("compare.html", "compare.html", lang, {"title": texts("compare.title"), **tables})
            self.overviews(texts, findings)
            for case, parts in constructs:
                context = construct_pages.construct(case, parts, texts)
                self.page(construct_page(case.number), "construct.html", lang, context)

    def overviews(self, texts: Words, findings: dict[str, Any]) -> None:
        """The pages beside those of policies."""
        lang = texts.lang
        self.page("index.html", "home.html", lang, {"title": texts("home.title"), **pages.home(self.library, texts)})
        for code in self.library.regions:
            context = pages.region(self.library, code, texts)
            title = texts("region.title", place=context["place"])
            self.page(region_page(code), "region.html", lang, {"title": title, **context})
        for name, context in (
            ("lint", pages.lint_page(self.library, findings, texts)),
            ("coverage", pages.coverage_page(self.library, texts)),
            ("glossary", {**pages.glossary(texts), "constructs": construct_pages.index(texts)}),
            ("constructs", construct_pages.index(texts)),
            ("about", {}),
        ):
            self.page(f"{name}.html", f"{name}.html", lang, {"title": texts(f"{name}.title"), **context})

    def page(self, path: str, template: str, lang: str, context: dict[str, Any]) -> None:
        """Write one page; links in it are relative, so that the site works from any folder and from a disk."""
        texts = Words(lang)
        here = place_of(path, lang)
        start = posixpath.dirname(here) or "."

        def url(target: str) -> str:
            page, mark, anchor = target.partition("#")
            return posixpath.relpath(place_of(page, lang), start) + mark + anchor

        text = self.environment.get_template(template).render(
            **context,
            t=texts,
            lang=lang,
            path=path,
            url=url,
            asset=lambda name: posixpath.relpath(f"static/{name}", start),
            other_url=posixpath.relpath(place_of(path, "en" if lang == "zh" else "zh"), start),
            menu=[(key, "index.html" if key == "home" else f"{key}.html") for key in MENU],
            pieces=lambda told: pieces(told, lang),
            cited=lambda told: cited(told, lang),
            last_day=last_day,
            first=first,
            built=self.day,
            version=__version__,
        )
        target = self.folder / here
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        self.pages += 1


def place_of(path: str, lang: str) -> str:
    """Where a page lies: Chinese at the root, English below `en`."""
    return path if lang == "zh" else f"en/{path}"
