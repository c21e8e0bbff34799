"""The public pages without a browser: headers, texts in both languages, the law as published, bills, limits."""

from __future__ import annotations

import hashlib
import html
import json
import re
import string
import subprocess
import sys
import time
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from openyibao.service.web import assets, law, shelf, urls
from openyibao.service.web.bill_check import NotABillError, read_bills
from openyibao.service.web.words import Words, texts
from openyibao.settlement import Claim, Uses, settle
from openyibao.site.render import Pages
from openyibao.site.words import HAN, LANGS
from service.databases import environment
from service.web_server import CHONGQING, FARMER, POOR, WILLOW, calculator

pytestmark = pytest.mark.xdist_group("web")
WEB = files("openyibao.service.web")
PAGES = ("", "calculator", "bill", "law/", "law/changes.html", "search", "search?q=a", "nothing-here")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
LATIN_ALLOWED = {
    "PDF",
    "English",
    "JSON",
    "yibao",
    "settle",
    "format",
    "json",
    "policy",
    "MB",
    "ABCDE",
    "Cookie",
    "claim",
    "yaml",
}


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="127.0.0.1")


def addresses() -> list[str]:
    found = [f"/{lang}/{page}" for lang in LANGS for page in PAGES]
    return found + [calculator(lang, one) for lang in LANGS for one in (FARMER, POOR, WILLOW, CHONGQING)]


@pytest.mark.parametrize("address", addresses())
def test_a_page_loads_only_what_it_may(client: Client, address: str) -> None:
    """The headers, and nothing in the page that the policy would refuse."""
    answer = client.get(address)
    assert answer.status_code == (404 if "nothing-here" in address else 200)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son\w+=|javascript:", page)
    for loaded in re.findall(r'<(?:script|link|img)[^>]*?(?:src|href)="([^"]*)"', page):
        assert client.get(loaded).status_code == 200 and loaded.startswith("/assets/"), loaded
    assert not answer.cookies


def test_what_is_not_ours_is_unchanged_and_has_its_licence() -> None:
    vendor = WEB.joinpath("static").joinpath("vendor")
    listed = tomllib.loads(vendor.joinpath("vendor.toml").read_text(encoding="utf-8"))["file"]
    for one in listed:
        assert hashlib.sha256(vendor.joinpath(one["name"]).read_bytes()).hexdigest() == one["sha256"], one["name"]
        assert len(vendor.joinpath(one["licence_file"]).read_text(encoding="utf-8")) > 200
    here = {path.name for path in vendor.iterdir()}
    assert here == {"vendor.toml", *(one["name"] for one in listed), *(one["licence_file"] for one in listed)}


# ------------------------------------------------------------ texts


def test_every_text_is_there_in_both_languages_and_used() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for room in (WEB, WEB.joinpath("templates").joinpath("web"))
        for path in room.iterdir()
        if path.name.endswith((".py", ".html"))
    )
    for section, found in texts().items():
        for name, forms in found.items():
            key = f"{section}.{name}"
            assert len(forms) in (2, 4) and all(forms), key
            fields = [{field for _, field, _, _ in string.Formatter().parse(form) if field} for form in forms]
            assert all(one == fields[0] for one in fields[:2]) and all(one <= fields[0] for one in fields), key
            for form in forms[1::2]:
                assert not HAN.search(form) or key == "web.language" or "pdf_other" in key, key
            for form in forms[::2]:
                bare = re.sub(r"\{\w+\}|yibao settle --format json|YIBAO_EXTRAS=pdf ./yibao serve", "", form)
                assert not set(LATIN_WORD.findall(bare)) - LATIN_ALLOWED, key
            if section not in ("facts", "plain", "year", "why", "find"):
                assert re.search(rf"""["']{section}\.{re.escape(name)}["']""", sources) or built(key, sources), key


def built(key: str, sources: str) -> bool:
    """Whether a key is put together in a template or in code: `web.` ~ key and the like."""
    section, _, name = key.partition(".")
    heads = re.findall(rf"""["']{section}\.(\w*)["'] ~|f["']{section}\.(\w*)\{{""", sources)
    tails = ("", "_text", "_hint", "_left", "_left_hint")
    return any(name.startswith(head) for pair in heads for head in pair) or any(
        name.endswith(tail) for tail in tails[1:]
    )


def shown(page: str) -> str:
    """The text of a page outside elements that say they are in another language, and outside code."""
    main = page.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    main = re.sub(r'<(\w+)[^>]*\slang="[^"]*"[^>]*>.*?</\1>', " ", main, flags=re.DOTALL)
    main = re.sub(r"<(code|textarea|script)\b.*?</\1>", " ", main, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", main))


@pytest.mark.parametrize("stated", [FARMER, POOR, WILLOW, CHONGQING, {}])
def test_an_english_page_holds_no_chinese_and_the_other_way_round(client: Client, stated: dict[str, str]) -> None:
    """But official numbers and articles, which are marked, and what a policy's own source is called."""
    english = shown(client.get(calculator("en", stated)).content.decode())
    assert not HAN.search(english), HAN.findall(english)[:5]
    chinese = shown(client.get(calculator("zh", stated)).content.decode())
    chinese = re.sub(r"t\d{8}_\d+|CQ-\d\d|chongqing/\S+|teaching/\S+", "", chinese)
    assert set(LATIN_WORD.findall(chinese)) <= LATIN_ALLOWED


def test_simple_words_and_large_type_are_remembered(client: Client) -> None:
    usual = client.get(calculator("zh", POOR)).content.decode()
    assert "门槛费" not in usual and 'class="large' not in usual
    page = client.get(calculator("zh", {**POOR, "size": "large", "words": "simple"})).content.decode()
    assert "门槛费" in page and 'class="large simple"' in page
    answer = client.get("/look", {"size": "large", "words": "simple", "back": "/zh/search?q=1"})
    assert answer.headers["Location"] == "/zh/search?q=1"
    assert 'class="large simple"' in client.get("/zh/").content.decode()
    for elsewhere in ("https://example.org/", "//example.org", "javascript:1", "\\\\example.org"):
        assert client.get("/look", {"back": elsewhere}).headers["Location"] == "/"


def test_the_language_is_the_browsers_and_a_switch_keeps_the_question(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/zh/"
    assert client.get("/", headers={"accept-language": "en-GB,zh;q=0.5"}).headers["Location"] == "/en/"
    page = client.get(calculator("zh", FARMER)).content.decode()
    assert html.escape(calculator("en", FARMER)) in page


# ------------------------------------------------------------ the law


def middle(page: str) -> str:
    return page.partition('<main id="content" class="wrap" tabindex="-1">')[2].partition("</main>")[0].strip()


LAW = (
    "index.html",
    "regions/500000.html",
    "policies/chongqing/resident-2023.html",
    "policies/teaching/willow-county-2026.html",
    "compare.html",
    "changes.html",
    "lint.html",
    "coverage.html",
    "glossary.html",
    "constructs.html",
    "constructs/36.html",
    "about.html",
)


def same_as_published(client: Client, pages: Pages, path: str, lang: str) -> None:
    body = client.get(f"/{lang}/law/{path}").content.decode()
    live = re.search(r'<div class="body">\n(.*)\n</div>\s*</main>', body, re.DOTALL)
    assert live and live[1] == middle(pages.html(path, lang)), (path, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_the_law_reads_as_published(client: Client, lang: str) -> None:
    from openyibao.service import clock

    pages = Pages(shelf.library(), clock.today())
    for path in LAW:
        same_as_published(client, pages, path, lang)
    assert client.get(f"/{lang}/law/policies/none.html").status_code == 404


@pytest.mark.long
def test_the_law_is_what_the_command_publishes(client: Client, tmp_path: Path) -> None:
    """Every file that `yibao policy publish` writes, beside the page served live: the middle is the same bytes."""
    from typer.testing import CliRunner

    from openyibao.cli import app
    from openyibao.service import clock

    day = clock.today()
    done = CliRunner().invoke(app, ["policy", "publish", str(tmp_path / "site"), "--date", day.isoformat()])
    assert done.exit_code == 0, done.output
    compared = 0
    for file in sorted((tmp_path / "site").rglob("*.html")):
        path = file.relative_to(tmp_path / "site").as_posix()
        lang, path = ("en", path.removeprefix("en/")) if path.startswith("en/") else ("zh", path)
        live = client.get(f"/{lang}/law/{path}")
        if live.status_code == 404:
            assert path == "404.html", path
            continue
        body = re.search(rb'<div class="body">\n(.*)\n</div>\s*</main>', live.content, re.DOTALL)
        written = middle(file.read_text(encoding="utf-8")).encode()
        assert body and body[1] == written, (lang, path)
        compared += 1
    print(f"{compared} pages served live equal those of `yibao policy publish`")
    assert compared > 300


def test_links_of_the_law_lead_somewhere(client: Client) -> None:
    known = set(Pages(shelf.library(), date(2026, 1, 31)).paths())
    for path in LAW:
        body = law.main(path, "zh", date(2026, 1, 31))[1]
        for link in re.findall(r'href="([^"#]+)', body):
            folder = path.rpartition("/")[0].split("/") if "/" in path else []
            for part in link.split("/"):
                folder = folder[:-1] if part == ".." else [*folder, part]
            assert "/".join(folder) in known, (path, link)


def test_search_finds_in_either_language(client: Client) -> None:
    for lang in LANGS:
        for query, found in (("chongqing", "policies/chongqing/resident-2026"), ("起付", "glossary"), ("50%", "lint")):
            page = client.get(f"/{lang}/search", {"q": query}).content.decode()
            assert f"/{lang}/law/{found}" in page, (lang, query)
    assert "没有找到" in client.get("/zh/search", {"q": "zzzz"}).content.decode()


# ------------------------------------------------------------ bills


def willow_bills() -> list[dict[str, Any]]:
    policy, bills, uses = shelf.policy("teaching/willow-county-2026"), [], Uses()
    assert policy is not None
    for number, cost in enumerate((5_000_000, 15_000_000, 2_800_033), 1):
        day = date(2026, number, 3)
        facts = {"service": "inpatient", "grade": "tertiary", "class": "minimum living allowance"}
        bill, uses = settle(policy, uses, Claim(f"W-{number}", "somebody", day, day, day, cost, 1_000, facts=facts))
        bills.append(bill.data())
    return bills


@pytest.mark.parametrize("lang", LANGS)
def test_a_bill_is_explained_and_checked(client: Client, lang: str) -> None:
    bills, t = willow_bills(), Words(lang)
    page = client.post(f"/{lang}/bill", {"bill": json.dumps(bills)}).content.decode()
    for bill in bills:
        assert t.money(bill["totals"]["personal_fen"]) in page and bill["claim"]["id"] in page
    assert "somebody" not in page and 'class="fails"' not in page
    assert t("why.policy_same") in page


def test_a_bill_that_does_not_add_up_is_told(client: Client) -> None:
    bill = willow_bills()[0]
    bill["totals"]["personal_fen"] += 1
    bill["layers"][0]["reimbursement"]["fen"] -= 1
    page = client.post("/zh/bill", {"bill": json.dumps(bill)}).content.decode()
    failed = re.findall(r'<li class="fails">(.*?)</li>', page, re.DOTALL)
    assert len(failed) == 2 and all("复核" in one for one in failed)
    own = Words("zh").money(bill["totals"]["personal_fen"])
    assert f"个人负担写的是{own}" in failed[0] and "基本医疗保险" in failed[1]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{", "why.not_json"),
        ("[" * 100_000, "why.not_json"),
        ("[]", "why.not_a_bill"),
        ('{"bill_version": 4, "paid_fen": 1.5}', "why.not_a_bill"),
        ('{"claims": []}', "why.a_claim"),
        ("claims:\n  - claim id: 1\n", "why.a_claim"),
        ("单据列表:\n", "why.a_claim"),
        ("# a year in Willow County\n\n# three stays\nclaims:\n", "why.a_claim"),
        ('[{"bill_version": 3}]', "why.other_version"),
        (json.dumps([{"bill_version": 4}] * 13), "why.too_many"),
        (" " * 2_000_001, "why.too_large"),
    ],
)
def test_what_is_no_bill_is_refused(text: str, key: str) -> None:
    with pytest.raises(NotABillError) as caught:
        read_bills(text)
    assert caught.value.key == key
    assert Words("en")(key)


def test_a_bill_of_the_right_mark_and_the_wrong_form_is_refused(client: Client) -> None:
    whole = willow_bills()[0]
    for broken in ({"claim": []}, {"layers": [{}]}, {"totals": None}, {"policy": {"id": 3}}):
        page = client.post("/zh/bill", {"bill": json.dumps({**whole, **broken})}).content.decode()
        assert "不是本系统的结算单" in page, broken


# ------------------------------------------------------------ weight and time


def test_the_first_load_is_light(client: Client) -> None:
    """All that the calculator loads, compressed: at most 300 KB."""
    page = client.get(calculator("zh", POOR), headers={"accept-encoding": "gzip"})
    size = len(page.content)
    for loaded in re.findall(
        r'(?:src|href)="/assets/[0-9a-f]+/([^"]+)"', client.get(calculator("zh", POOR)).content.decode()
    ):
        size += len(assets.asset(loaded).packed)
    print(f"first load {size / 1000:.0f} KB")
    assert size <= 300_000


def test_an_answer_is_quick(client: Client) -> None:
    """The time of this server for an answer; the bound is wide here, because the machine has other work."""
    client.get(calculator("zh", POOR))
    seconds = []
    for number in range(40):
        started = time.perf_counter()
        client.get(calculator("zh", {**POOR, "total": str(200_000 + number)}))
        seconds.append(time.perf_counter() - started)
    p95 = sorted(seconds)[37]
    print(f"p95 {p95 * 1000:.0f} ms")
    assert p95 < 0.6


def test_every_address_is_below_a_language() -> None:
    told = {str(one.pattern) for one in urls.patterns}
    assert {one for one in told if not one.startswith(("zh", "en"))} == {"", "look", "assets/<str:mark>/<path:name>"}


def test_the_pages_do_not_import_numba() -> None:
    """A worker of the web server starts quickly: nothing of a page needs the column engine."""
    program = (
        "import django; django.setup(); from django.test import Client; import sys;"
        f"page = Client(SERVER_NAME='127.0.0.1').get({calculator('zh', WILLOW)!r}); assert page.status_code == 200;"
        "assert 'numba' not in sys.modules"
    )
    env = environment("postgresql://nobody@/none")
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
