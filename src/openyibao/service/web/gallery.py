"""`yibao gallery`: pictures of the public pages, made with Chromium from the pages as they are served.

Each picture is looked at by somebody before it is kept: what is ugly is mended in the page, not in the picture.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from openyibao.commands import EXAMPLES
from openyibao.site.words import LANGS

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
TALLEST = 4200
QUALITY = 45
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETTINGS = "openyibao.service.settings"


class GalleryError(RuntimeError):
    """The pictures cannot be made; says what to do."""


@dataclass(frozen=True)
class Shot:
    """One page: its name, its address below the language, and the bills to bring to it.

    `fill`: fields of its form (by CSS) to fill in before it is sent; `database`: whether it asks the database.
    """

    name: str
    path: str
    stated: tuple[tuple[str, str], ...] = ()
    sizes: tuple[str, ...] = ("phone", "desk")
    bill: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    database: bool = False

    def address(self, lang: str) -> str:
        return f"/{lang}/{self.path}" + (f"?{urlencode(self.stated)}" if self.stated else "")


def _with(first: dict[str, str], **more: str) -> tuple[tuple[str, str], ...]:
    return tuple({**first, **more}.items())


CHONGQING = {"at": "500000.resident", "day": "2023-06-01", "f-tier": "cat-1", "f-district": "Yubei"}
STAY = {**CHONGQING, "total": "50000", "outside": "4000", "f-grade": "secondary"}
POOR = {**STAY, "total": "200000", "outside": "20000", "f-class": "minimum-living-allowance", "f-age": "52"}
POOR |= {"f-district": "district-of-CQ-02"}
WILLOW = {"at": "999999.resident", "day": "2026-06-01", "f-grade": "tertiary"}
MONTHS = {"at": "980000.resident", "day": "2023-12-31", "f-service": "chronic-outpatient", "f-grade": "secondary"}
MONTHS |= {"total": "5200", "e1-day": "2023-01-31", "e1-total": "5200", "e1-times": "11"}
PERSONAL = "我叫某某，身份证99999919491231005X，电话１３８００１３８０００，住院能报多少？"
RARE = "𠮷家村的㐂老人在柳河镇卫生院住院，起付线是多少？"
SHOTS = (
    Shot("front", ""),
    Shot("form", "calculator", _with(CHONGQING)),
    Shot("stay", "calculator", _with(STAY)),
    Shot("poor-family", "calculator", _with(POOR)),
    Shot("large-and-simple", "calculator", _with(POOR, size="large", words="simple"), ("phone",)),
    Shot("upper-bound", "calculator", _with(STAY, **{"f-class": "destitute"}), ("desk",)),
    Shot(
        "bills-of-a-year", "calculator", _with(WILLOW, total="60000", **{"e1-day": "2026-02-03", "e1-total": "90000"})
    ),
    Shot("dialysis", "calculator", _with({"at": "980000.resident", "day": "2023-06-01", "case": "dialysis-year"})),
    Shot("nothing", "calculator", _with(WILLOW, total="0"), ("phone",)),
    Shot("ten-million", "calculator", _with(WILLOW, total="10000000"), ("phone",)),
    Shot("mistakes", "calculator", _with(STAY, total="五万", **{"f-age": "200"})),
    Shot(
        "no-answer",
        "calculator",
        _with({"at": "500000.resident", "day": "2026-06-01", "case": "dialysis-year"}),
        ("phone",),
    ),
    Shot("bill-form", "bill"),
    Shot("bill", "bill", bill="willow-year"),
    Shot("bill-refused", "bill", sizes=("phone",), bill="no bill"),
    Shot("two-places", "beside", _with(STAY, **{"day": "2024-06-01", "with": "420100.resident"})),
    Shot("two-places-form", "beside", sizes=("phone",)),
    Shot("dialysis-by-month", "calculator", _with(MONTHS), ("phone",)),
    Shot("law", "law/", sizes=("desk",)),
    Shot("policy", "law/policies/chongqing/resident-2023.html"),
    Shot("compare", "law/compare.html", sizes=("desk",)),
    Shot("changes", "law/changes.html"),
    Shot("lint", "law/lint.html", sizes=("desk",)),
    Shot("search", "search", (("q", "起付"),)),
    Shot("search-nothing", "search", (("q", "𠮷㐂䶮龘" * 8),), ("phone",)),
    Shot("missing", "no-such-page", sizes=("phone",)),
    Shot("questions", "questions", database=True),
    Shot("questions-none", "questions", (("q", "没有人问过"),), ("phone",), database=True),
    Shot("ask", "ask", database=True),
    Shot("ask-personal", "ask", sizes=("phone",), fill=(("#text", PERSONAL),), database=True),
    Shot("asked", "ask", sizes=("phone",), fill=(("#text", RARE),), database=True),
    Shot("my-question", "questions/mine", fill=(("#number", "0000-0000-0000-0000"),), sizes=("phone",), database=True),
    Shot("rate", "rate", database=True),
    Shot("rate-refused", "rate", fill=(("#number", "S1"), ("#code", "ABCDE-12345")), sizes=("phone",), database=True),
    Shot("ratings", "ratings", (("place", "999999"),), database=True),
    Shot("institution", "ratings/H99999900001", database=True),
    Shot("too-few", "ratings/H99999900004", sizes=("phone",), database=True),
)


def make(folder: Path, only: str = "") -> list[Path]:
    """All pictures, as WebP below a folder, and a page that lists them. Raises GalleryError."""
    chromium = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if chromium is None:
        raise GalleryError("there is no Chromium here: apt-get install chromium fonts-noto-cjk")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise GalleryError("playwright is not installed: ./yibao gallery of a checkout installs it") from None
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    shots = [shot for shot in SHOTS if only in shot.name]
    with (
        database() if any(shot.database for shot in shots) else nullcontext(),
        serving() as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for shot in shots:
            for lang in LANGS:
                for size in shot.sizes:
                    made.append(_take(browser, address, shot, lang, size, folder))
        browser.close()
    return made


def _take(browser: Any, address: str, shot: Shot, lang: str, size: str, folder: Path) -> Path:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, base_url=address)
    page = context.new_page()
    page.goto(shot.address(lang))
    if shot.bill:
        page.fill("#bill", bills(shot.bill))
        page.locator("form:has(#bill) button").click()
        page.wait_for_selector(".headline, .problems")
    for field, text in shot.fill:
        page.fill(field, text)
    if shot.fill:
        page.evaluate("document.querySelector('main form').noValidate = true")
        with page.expect_navigation():
            page.locator("main form button").first.click()
    tall = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    clip = {"x": 0, "y": 0, "width": width, "height": tall, "scale": 1}
    asked = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    found = context.new_cdp_session(page).send("Page.captureScreenshot", asked)
    target = folder / f"{shot.name}-{lang}-{size}.webp"
    target.write_bytes(base64.b64decode(found["data"]))
    context.close()
    return target


def bills(name: str) -> str:
    """The bills of an example that comes with the program, as `yibao settle --format json` prints them; or no bill."""
    from openyibao.service.web import shelf
    from openyibao.settlement import Uses, read_claims, settle

    if name == "no bill":
        return "claims:"
    policy, uses, found = shelf.policy("teaching/willow-county-2026"), Uses(), []
    assert policy is not None
    for claim in read_claims(EXAMPLES / f"{name}.yaml", policy):
        bill, uses = settle(policy, uses, claim)
        found.append(bill.data())
    return json.dumps(found, ensure_ascii=False)


@contextmanager
def database() -> Iterator[None]:
    """A database for a while, with the places, institutions, questions and ratings of the sandbox. Raises
    GalleryError."""
    from openyibao.service.postgres import PostgresError, Server
    from openyibao.service.run import RunError, prepare

    try:
        with Server(durable=False) as server:
            os.environ["DATABASE_URL"] = server.url()
            _environment()
            prepare(migrate=True)
            from openyibao.service.sandbox.fill import fill

            fill()
            yield
    except (PostgresError, RunError) as error:
        raise GalleryError(str(error)) from None


def _environment() -> None:
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none?host=/nowhere")
    os.environ.setdefault("YIBAO_SECRET_KEY", "for pictures only")
    os.environ.setdefault("YIBAO_LOG_LEVEL", "ERROR")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One request; its thread ends afterwards, and with it the connection to the database."""
        from django.db import connections

        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """The address of the pages, served by threads of this process. Most need no database."""
    _environment()
    import django

    django.setup()
    from django.core.wsgi import get_wsgi_application

    web = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=_Threaded, handler_class=_Quiet)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
