"""The public pages in a browser: every page once, twelve ways through them, and with --long all of it in both sizes.

Nothing from elsewhere, no error on the console, no serious finding of axe, nothing wider than a phone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from openyibao.service import clock
from openyibao.service.institutions.models import Institution
from openyibao.service.voice.models import QUESTIONS, Batch
from openyibao.service.web.gallery import serving
from openyibao.site.words import LANGS
from service.county import HOSPITAL, PHARMACY
from service.racing import Desk
from service.test_web_pages import willow_bills
from service.voices import Agency, at_work, settled
from service.voices import found as question_of
from service.web_server import DIALYSIS, FARMER, POOR, WILLOW, calculator

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium fonts-noto-cjk"),
    pytest.mark.xdist_group("web"),
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
EARLIER = {**WILLOW, "e1-day": "2026-02-03", "e1-total": "30000"}
BESIDE = {**FARMER, "day": "2024-06-01", "with": "420100.resident"}
MONTHS = {**WILLOW, "f-service": "inpatient", "e1-day": "2026-01-31", "e1-total": "5200", "e1-times": "4"}
WRONG = {**FARMER, "total": "much"}
PAGES = (
    "/{}/",
    "/{}/calculator",
    "/{}/bill",
    "/{}/search?q=50%25",
    "/{}/search?q=zzzz",
    "/{}/law/",
    "/{}/law/regions/500000.html",
    "/{}/law/policies/chongqing/resident-2023.html",
    "/{}/law/compare.html",
    "/{}/law/changes.html",
    "/{}/law/lint.html",
    "/{}/law/coverage.html",
    "/{}/law/glossary.html",
    "/{}/law/constructs.html",
    "/{}/law/constructs/36.html",
    "/{}/law/about.html",
    calculator("{}", BESIDE, "beside"),
    calculator("{}", MONTHS),
    *(calculator("{}", one) for one in (FARMER, POOR, WILLOW, EARLIER, WRONG, DIALYSIS)),
    calculator("{}", {**POOR, "size": "large", "words": "simple"}),
    calculator("{}", {**POOR, "total": "10000000"}),
    calculator("{}", {**POOR, "total": "0", "outside": "0"}),
)

ASKING = (
    "/{}/ask?about=policy:teaching/willow-county-2026",
    "/{}/questions",
    "/{}/questions/mine",
    "/{}/rate",
    "/{}/ratings",
    f"/{{}}/ratings/{HOSPITAL}",
    f"/{{}}/ratings/{PHARMACY}",
)
"""Pages that ask the database."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def asking(server: Any) -> Iterator[Agency]:
    """A county with an answered question, an edited one, and ratings of its hospital."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser's loop runs in this thread; the tests wait for both
    for agency in at_work(server):
        agency.done("question.correct", agency.answered("起付线一年算几次？"), number=1, answer="每次住院算一次。")
        agency.done(
            "question.publish", agency.ask("我叫𠮷三，能报多少？"), answer="见“算一算”。", text="我叫某某，能报多少？"
        )
        day = clock.today()
        hospital = Institution.objects.get(code=HOSPITAL)
        Batch.objects.create(institution=hospital, size=7, marks=[0, 1, 1, 2, 3] * 5, first=day, last=day, closed=True)
        yield agency
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page on a phone; at the end there was no error and no request to anywhere else."""
    yield from watched(browser, address)


def watched(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    context = browser.new_context(viewport=PHONE, base_url=address, **options)
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    page.on("console", lambda told: wrong.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(request.url))
    yield page
    context.close()
    assert wrong == []


def looked_at(page: Any, path: str, size: dict[str, int]) -> None:
    """No serious finding of axe, and nothing wider than the page."""
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size(size)
    answer = page.goto(path)
    assert answer.status == 200
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    found = Axe().run(page).response["violations"]
    told = [(one["id"], one["impact"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]
    assert [one for one in told if one[1] in ("serious", "critical")] == [], path


def test_pages_are_accessible_and_fit(page: Any) -> None:
    """Each page once: one in Chinese on a phone, the next in English on a desk. Bodies of the law: `tests/site`."""
    bodies = [path for path in PAGES if "/law/" in path][2:]
    for number, path in enumerate(path for path in PAGES if path not in bodies):
        looked_at(page, path.format(LANGS[number % 2]), PHONE if number % 2 == 0 else DESK)


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES)
def test_every_page_in_both_languages_and_sizes(page: Any, path: str) -> None:
    for lang in LANGS:
        for size in (PHONE, DESK):
            looked_at(page, path.format(lang), size)


def test_pages_that_ask_the_database_are_accessible_and_fit(page: Any, asking: Agency) -> None:
    for number, path in enumerate(ASKING):
        looked_at(page, path.format(LANGS[number % 2]), PHONE if number % 2 == 0 else DESK)


@pytest.mark.long
@pytest.mark.parametrize("path", ASKING)
def test_every_page_that_asks_the_database(page: Any, asking: Agency, path: str) -> None:
    for lang in LANGS:
        for size in (PHONE, DESK):
            looked_at(page, path.format(lang), size)
            looked_at(page, f"{path.format(lang)}{'&' if '?' in path else '?'}size=large", size)


# ------------------------------------------------------------ twelve ways


def headline(page: Any) -> str:
    return str(page.locator(".headline").first.inner_text())


def test_1_a_farmers_family_asks_about_a_stay(page: Any) -> None:
    """From the front page to the answer, with mouse and keyboard only."""
    page.goto("/zh/")
    page.select_option("#at", "500000.resident")
    page.click("text=开始计算")
    page.fill("#day", "2023-06-01")
    page.dispatch_event("#day", "change")
    page.wait_for_selector("text=重庆市城乡居民医疗保障（2023年）")
    page.select_option("#f-grade", "secondary")
    page.select_option("#f-tier", "cat-1")
    page.select_option("#f-district", "Yubei")
    page.fill("#total", "5万")
    page.click("button:has-text('计算')")
    assert headline(page) == "50,000.00元的医疗费，医保支付34,790.00元，您自己付15,210.00元"
    assert "day=2023-06-01" in page.url and "e1-" not in page.url


def test_2_a_worker_elsewhere_sees_what_filing_would_change(page: Any) -> None:
    page.goto("/zh/calculator?at=360100.employee&day=2025-06-01&total=30000&f-grade=tertiary&f-locality=unfiled")
    before = headline(page)
    page.locator("#changes ~ .others a", has_text="已备案").click()
    assert "f-locality=filed" in page.url and headline(page) != before


def test_3_a_year_of_dialysis(page: Any) -> None:
    page.goto("/zh/")
    page.click("text=一年的血液透析")
    page.wait_for_selector("table.year")
    assert page.locator("table.year tbody tr").count() >= 12
    assert "62,400.00元" in headline(page) and page.locator(".meters li").count() > 0


def test_4_a_clerk_checks_a_complaint(page: Any) -> None:
    page.goto("/zh/bill")
    page.fill("#bill", json.dumps(willow_bills(), ensure_ascii=False))
    page.locator("form:has(#bill) button").click()
    page.wait_for_selector(".step")
    assert page.locator("section:has(> h3.layer-name), .step").count() == 9
    assert page.locator(".checked .holds").count() == 15 and page.locator(".checked .fails").count() == 0


def test_5_a_journalist_compares_two_cities(page: Any) -> None:
    page.goto("/en/")
    page.click("nav.main >> text=The law")
    page.click(".sub-menu >> text=Comparison")
    row = page.locator("table.compare tr", has_text="Wuhan").first
    assert "%" in row.inner_text()
    row.locator("a").click()
    assert "Wuhan" in page.locator("h1").inner_text()


def test_6_without_scripts_in_large_type(browser: Any, address: str) -> None:
    """The whole way without scripts; the look stays from page to page."""
    for page in watched(browser, address, java_script_enabled=False):
        page.goto("/zh/")
        page.click("text=大字")
        page.click("text=通俗说法")
        page.select_option("#at", "999999.resident")
        page.click("text=开始计算")
        page.select_option("#f-grade", "tertiary")
        page.fill("#total", "60000")
        page.click("button:has-text('计算')")
        assert "门槛费" in page.locator(".answer").inner_text()
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "21px"


def test_7_the_keyboard_alone(page: Any) -> None:
    page.goto("/zh/calculator?at=999999.resident&day=2026-06-01")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "to-content"
    page.keyboard.press("Enter")
    page.focus("#f-grade")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.focus("#total")
    page.keyboard.type("60000")
    page.keyboard.press("Enter")
    page.wait_for_selector(".headline")
    assert "60,000.00元" in headline(page)


def test_8_a_mistake_is_found_and_mended(page: Any) -> None:
    page.goto(calculator("zh", WRONG))
    page.locator(".problems a").first.click()
    assert page.evaluate("location.hash") == "#total"
    page.fill("#total", "50000")
    page.click("button:has-text('计算')")
    page.wait_for_selector(".headline")  # counting does not wait for the page
    assert page.locator(".problems").count() == 0 and page.locator(".headline").count() == 1


def test_9_the_answer_in_the_other_language_and_on_paper(page: Any) -> None:
    pytest.importorskip("typst", reason="YIBAO_EXTRAS=pdf is not installed")
    page.goto(calculator("zh", POOR))
    page.click(".look >> text=English")
    assert headline(page).startswith("Of 200,000.00 yuan")
    with page.expect_download() as waited:
        page.click(".actions >> text=PDF >> nth=0")
    with open(waited.value.path(), "rb") as file:  # noqa: PTH123  (a path of the browser's)
        assert file.read(5) == b"%PDF-"
    page.emulate_media(media="print")
    assert not page.locator("header.head").is_visible() and page.locator(".fall").is_visible()


def test_10_a_word_is_looked_up(page: Any) -> None:
    page.goto("/en/search")
    page.fill("#q", "deductible")
    page.keyboard.press("Enter")
    page.wait_for_selector(".found")
    page.locator(".found a").first.click()
    assert "/en/law/" in page.url


def test_11_a_question_from_the_law_to_its_answer(browser: Any, address: str, asking: Agency) -> None:
    """Without scripts: written below a policy, a number taken out, sent, answered, found again."""
    for page in watched(browser, address, java_script_enabled=False):
        page.goto("/zh/law/policies/teaching/willow-county-2026.html")
        page.fill(".beside textarea", "大病保险的起付线是多少？我的电话是138 0013 8000")
        page.click(".beside button")
        assert "还没有提交" in page.locator("main").inner_text()
        page.click("button:has-text('提交')")
        assert "请删去手机号码：138 0013 8000" in page.locator(".problems").inner_text()
        page.fill("#text", "大病保险的起付线是多少？")
        page.click("button:has-text('提交')")
        number = page.locator(".number-told").inner_text()
        asking.done("question.publish", question_of(number), answer="一年1万元，见柳县办法第五条。")
        page.click("a:has-text('查看处理情况')")
        page.fill("#number", number.lower())
        page.click("button:has-text('查询')")
        assert "已经公开" in page.locator("main").inner_text()
        page.click("text=柳县居民医疗保障")
        page.click("text=看这项政策的问答")
        assert "一年1万元" in page.locator(".said").inner_text()


def test_12_a_visit_is_rated_with_the_keyboard(page: Any, asking: Agency) -> None:
    """From the bill that is explained to thanks, by keys alone; a second time it says why not."""
    bill = settled(asking.region, Desk())
    for told in ("Thank you", "This visit has been rated"):
        page.goto("/en/bill")
        page.focus("#number")
        page.keyboard.type(bill.number)
        page.keyboard.press("Tab")
        page.keyboard.type(bill.code.lower())
        page.keyboard.press("Enter")
        page.wait_for_selector(".headline")
        page.focus(".rate-this button")
        page.keyboard.press("Enter")
        page.wait_for_selector("#attitude")
        page.focus("#code")
        for _ in QUESTIONS:
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")  # from very good to good
        page.keyboard.press("Enter")
        page.wait_for_selector(f"text={told}")
    assert Batch.objects.get(institution__code=HOSPITAL, closed=False).marks == [0, 0, 0, 1, 0] * len(QUESTIONS)


def test_another_place_asks_other_questions_without_a_new_page(page: Any) -> None:
    """With scripts, choosing a place changes the questions in place."""
    page.goto("/zh/calculator?at=500000.resident")
    page.evaluate("window.here = true")
    page.select_option("#at", "360100.employee")
    page.wait_for_selector("#f-locality")
    assert page.evaluate("window.here") and page.locator("#f-district").count() == 0


def held(page: Any, part: str) -> list[Any]:
    """The requests to addresses with a part, as they come: each waits until it is continued."""
    late: list[Any] = []

    def hold(route: Any) -> None:
        late.append(route)

    page.route(lambda url: part in url, hold)
    return late


def test_what_is_chosen_while_the_questions_are_renewed_stays(page: Any) -> None:
    """A slow network: whoever goes on filling in the form loses nothing, and the last day and place count."""
    page.goto("/zh/calculator?at=500000.resident&f-grade=primary&total=100")
    late = held(page, "/zh/calculator")
    page.fill("#day", "2023-05-01")
    page.fill("#day", "2023-06-01")
    page.select_option("#f-grade", "secondary")
    page.fill("#total", "5万")
    page.click("#ask details summary >> nth=0")
    page.fill("#outside", "1")
    page.focus("#total")
    assert "day=2023-05-01" in late[0].request.url and "day=2023-06-01" in late[-1].request.url
    for one in late:
        one.continue_()
    page.unroute_all()
    page.wait_for_selector('#day[value="2023-06-01"]')
    told = {name: page.input_value(f"#{name}") for name in ("day", "f-grade", "total", "outside")}
    assert told == {"day": "2023-06-01", "f-grade": "secondary", "total": "5万", "outside": "1"}
    assert page.locator("#outside").is_visible() and page.evaluate("document.activeElement.id") == "total"


def test_what_is_chosen_before_the_scripts_are_there_counts(page: Any) -> None:
    """And so does what the browser fills in again when a page is loaded once more."""
    late = held(page, "htmx")
    page.goto("/zh/calculator?at=500000.resident&day=2025-06-01", wait_until="commit")
    page.select_option("#at", "360100.employee")
    assert page.locator("#f-locality").count() == 0
    while not late:
        page.wait_for_timeout(10)
    late[0].continue_()
    page.wait_for_selector("#f-locality")
    assert page.input_value("#at") == "360100.employee" and page.input_value("#day") == "2025-06-01"


def test_what_the_server_says_of_a_wrong_day_stays(page: Any) -> None:
    page.goto("/zh/calculator?at=500000.resident&day=2023-02-31&total=100&f-grade=primary", wait_until="load")
    page.wait_for_timeout(500)
    assert "2023-02-31" in page.locator("#day-error").inner_text() and page.locator(".problems a").count() > 0
