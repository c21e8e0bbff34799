"""The site in a browser: nothing from outside, no error, accessible, and the way from the front page to a policy."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium fonts-noto-cjk"),
    pytest.mark.xdist_group("site"),
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PAGES = (
    "index.html",
    "regions/500000.html",
    "policies/chongqing/resident-2023.html",
    "policies/nanchang/employee-2025.html",
    "policies/teaching/willow-county-2026.html",
    "compare.html",
    "lint.html",
    "coverage.html",
    "glossary.html",
    "constructs.html",
    "constructs/36.html",
    "constructs/67.html",
    "constructs/83.html",
    "about.html",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(built: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built.folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def watched(browser: Any, address: str) -> Iterator[Any]:
    """A page on a phone; at the end there was no error and no request to anywhere else."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda told: wrong.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(request.url))
    # what was still loading when the page was left is no failure
    page.on(
        "requestfailed",
        lambda request: None if request.failure == "net::ERR_ABORTED" else wrong.append(f"failed: {request.url}"),
    )
    yield page
    context.close()
    assert wrong == []


@pytest.mark.parametrize("both", [False, pytest.param(True, marks=pytest.mark.long)], ids=["in turn", "both"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_accessible_and_fit(watched: Any, address: str, name: str, both: bool) -> None:
    """Nothing wider than the page, Chinese on a phone and English on a desk; no serious finding of axe, on one of them
    in turn or on both.
    """
    from axe_playwright_python.sync_playwright import Axe

    for turn, (prefix, size) in enumerate((("", PHONE), ("en/", DESK)), PAGES.index(name)):
        watched.set_viewport_size(size)
        watched.goto(f"{address}/{prefix}{name}")
        assert watched.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if turn % 2 and not both:
            continue
        found = Axe().run(watched).response["violations"]
        told = [(one["id"], one["impact"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
        assert [one for one in told if one[1] in ("serious", "critical")] == []


def test_two_clicks_to_a_policy(watched: Any, address: str) -> None:
    watched.goto(f"{address}/index.html")
    watched.select_option("#place", "500000")
    watched.select_option("#scheme", "resident")
    watched.fill("#date", "2023-06-01")
    links = watched.locator("#found a")
    assert links.first.inner_text() == "重庆市城乡居民医疗保障（2023年）"
    links.first.click()
    assert watched.locator("h1").inner_text() == "重庆市城乡居民医疗保障（2023年）"
    assert watched.locator("table.key").is_visible()
    watched.locator("a.language").click()
    assert watched.locator("h1").inner_text() == "Medical security of Chongqing residents, 2023"


def test_a_date_without_a_policy_says_so(watched: Any, address: str) -> None:
    watched.goto(f"{address}/en/index.html")
    watched.select_option("#place", "610100")
    watched.fill("#date", "2030-01-01")
    assert "No policy in force on that day" in watched.locator("#found").inner_text()
    assert watched.locator("#found a").count() == 1
    watched.click("#clear-date")
    assert "The newest in the collection" in watched.locator("#found").inner_text()


def test_the_glossary_is_searched(watched: Any, address: str) -> None:
    watched.goto(f"{address}/glossary.html")
    everything = watched.locator(".term:visible").count()
    watched.fill("#query", "起付线")
    some = watched.locator(".term:visible").count()
    assert 0 < some < everything
    assert watched.locator("#term-count").inner_text() == f"找到{some}条"


def test_a_construct_is_found_by_its_title(watched: Any, address: str) -> None:
    """On the page of the constructs, and by the search of the glossary, where they show only when asked for."""
    watched.goto(f"{address}/constructs.html", wait_until="networkidle")
    watched.fill("#query", "跨年度")
    assert watched.locator(".term:visible").count() == 1
    assert watched.locator("#term-count").inner_text() == "找到1种"
    watched.goto(f"{address}/en/glossary.html", wait_until="networkidle")
    assert watched.locator(".constructs:visible").count() == 0
    watched.fill("#query", "turn of the year")
    watched.locator(".constructs a:visible").click()
    assert watched.locator("h1").inner_text() == "81. A stay over the turn of the year in three ways"


def test_the_keyboard_reaches_the_content(watched: Any, address: str) -> None:
    watched.goto(f"{address}/index.html")
    watched.keyboard.press("Tab")
    skip = watched.locator("a.skip")
    assert skip.evaluate("one => one === document.activeElement && one.getBoundingClientRect().left >= 0")
    watched.keyboard.press("Enter")
    assert watched.evaluate("document.activeElement.id") == "content"


def test_it_reads_without_scripts(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/index.html")
    assert not page.locator("#finder").is_visible()
    assert page.locator(".shelf a").count() > 50
    page.goto(f"{address}/glossary.html")
    assert not page.locator("#search").is_visible() and page.locator(".term:visible").count() > 100
    page.goto(f"{address}/constructs.html")
    assert not page.locator("#search").is_visible() and page.locator(".term:visible").count() == 86
    context.close()


def test_print_leaves_the_navigation_out(watched: Any, address: str) -> None:
    watched.goto(f"{address}/policies/chongqing/resident-2023.html")
    watched.emulate_media(media="print")
    assert not watched.locator("header.site").is_visible()
    assert watched.locator("table.key").is_visible()
    assert watched.pdf(format="A4")[:5] == b"%PDF-"


def test_it_works_from_a_disk(browser: Any, built: Any) -> None:
    """Opened as a file, style and script are there."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda told: wrong.append(told.text))
    page.goto((built.folder / "index.html").as_uri())
    assert page.locator("#finder").is_visible()
    assert page.locator("header.site").evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(26, 79, 139)"
    page.close()
    assert wrong == []
