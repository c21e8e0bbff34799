"""The law, to read: the pages of the published site, made from the same library when somebody asks for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date

from django.http import HttpRequest, HttpResponse

from openyibao.service import clock
from openyibao.service.voice.wording import LONGEST
from openyibao.service.web import front, pages, shelf, subjects
from openyibao.service.web.words import Words
from openyibao.site.render import Pages, menu

MOST_KEPT = 600
"""So many pages are kept in a process; all pages of the library in both languages are fewer."""
_lock = threading.Lock()
_made: dict[date, Pages] = {}
_kept: OrderedDict[tuple[date, str, str], tuple[str, str]] = OrderedDict()


def show(request: HttpRequest, lang: str, path: str = "") -> HttpResponse:
    """A page of the law; below it the same addresses as in the published site."""
    path = path or "index.html"
    try:
        title, body = main(path, lang, clock.today())
    except KeyError:
        return front.missing(request, lang)
    context = {
        "title": title,
        "body": body,
        "path": path,
        "entries": entries(lang),
        "about": subjects.of_page(path),
        "longest": LONGEST,
    }
    return pages.page(request, lang, "law.html", context, here="law")


def main(path: str, lang: str, day: date) -> tuple[str, str]:
    """Title and middle of a page as of a day, kept once made. Raises KeyError where there is no such page."""
    key = (day, path, lang)
    with _lock:  # one at a time: several asking for the same page would each work it out
        if key not in _kept:
            if day not in _made:
                _made.clear()
                _kept.clear()
                _made[day] = Pages(shelf.library(), day)
            _kept[key] = _made[day].main(path, lang)
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
        return _kept[key]


def entries(lang: str) -> list[tuple[str, str, str]]:
    """The menu of these pages: page, address, name."""
    t = Words(lang)
    return [(page, f"/{lang}/law/{page}", t("law.all" if key == "home" else f"site.{key}")) for key, page in menu()]
