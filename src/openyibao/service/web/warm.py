"""What the first visitor of a process would otherwise wait for, made ready in the background."""

from __future__ import annotations

import os
import threading

from openyibao.service import clock
from openyibao.service.web import asked, calculator, law, pages, search, shelf
from openyibao.service.web.words import Words
from openyibao.site.words import LANGS

LONGEST = ("index.html", "compare.html", "lint.html", "changes.html")
"""Pages of the law that take longest."""
TEMPLATES = ("home", "calculator", "beside", "why", "search", "law")
SWITCH = "YIBAO_WARM_PAGES"
"""Set by `yibao serve --sandbox`; a sandbox that a test starts does without."""


def wanted(*, sandbox: bool) -> bool:
    return not sandbox or os.environ.get(SWITCH) == "1"


def warm(after: threading.Thread | None = None) -> threading.Thread:
    """Read the policies, the templates, the words of the search and the pages that take longest, `after` another."""

    def work() -> None:
        if after is not None:
            after.join()
        library = shelf.library()
        for name in TEMPLATES:
            pages.environment().get_template(f"web/{name}.html")
        for lang in LANGS:
            search.entries(lang)
        example = {"at": f"{library.policies[0].region}.{library.policies[0].scheme}", "total": "1"}
        question = asked.read(example, Words(LANGS[0]), clock.today())
        if question.ready:
            calculator.shown(calculator.answered(question), Words(LANGS[0]))
        for path in LONGEST:
            for lang in LANGS:
                law.main(path, lang, clock.today())

    thread = threading.Thread(target=work, name="warm pages", daemon=True)
    thread.start()
    return thread
