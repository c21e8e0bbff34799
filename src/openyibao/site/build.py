"""Building the site: every page in Chinese at the root and in English below `en/`, with local files only."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from openyibao.policy.model import Policy
from openyibao.site.library import Library, library_of
from openyibao.site.render import Pages, place_of
from openyibao.site.words import LANGS

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
        self.folder, self.rendered = folder, Pages(library, day)
        self.pages = 0

    def write(self, progress: Progress) -> None:
        """Every page in both languages, and what they load."""
        for name in STATIC:
            target = self.folder / "static" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files("openyibao.site").joinpath("static").joinpath(name).read_bytes())
        (self.folder / MARK).write_text("yibao policy publish\n", encoding="utf-8")
        for path in self.rendered.paths():
            policy = self.rendered.policy_at(path)
            if policy:
                progress(policy.id)
            for lang in LANGS:
                target = self.folder / place_of(path, lang)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(self.rendered.html(path, lang), encoding="utf-8")
                self.pages += 1
        progress("...")
