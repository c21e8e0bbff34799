"""The pages of asking and telling: forms that nobody forges, text that stays text, errors that say what to do next."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from openyibao.service.voice import limits, questions
from openyibao.service.voice.models import QUESTIONS, Question
from openyibao.service.voice.ratings import rate
from openyibao.service.web import said, subjects
from openyibao.service.web.why import MOST_WRONG
from openyibao.service.web.words import Words
from openyibao.site.words import LANGS
from service.county import HOSPITAL, PHARMACY
from service.racing import Desk
from service.voices import POLICY, SAMPLE, Agency, Bill, Visitor, at_work, found, marks, settled, token

pytestmark = pytest.mark.xdist_group("web")
ABOUT = f"policy:{POLICY}"
PAGES = (
    "ask",
    "questions",
    "questions?q=%3Cb%3E&page=99999",
    "questions/mine",
    "rate",
    "ratings",
    f"ratings/{HOSPITAL}",
)
EVIL = "<script>alert(1)</script> \" onload='x' <b>粗</b> {{ 7*7 }} javascript:x &amp; 报多少？"


@pytest.fixture(scope="module")
def county(server: Any) -> Iterator[Agency]:
    yield from at_work(server)


def problems(page: str) -> str:
    return html.unescape(page.partition('class="problems"')[2].partition("</section>")[0])


def number_of(page: str) -> str:
    return re.search(r'class="number-told">([^<]+)<', page)[1]


@pytest.mark.parametrize("address", [f"/{lang}/{page}" for lang in LANGS for page in PAGES])
def test_a_page_loads_only_what_it_may(county: Agency, address: str) -> None:
    client = Client(SERVER_NAME="127.0.0.1")
    answer = client.get(address)
    page = answer.content.decode()
    assert answer.status_code == 200 and "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son\w+=|javascript:|<b>", page)
    with_form = 'method="post"' in page
    assert bool(answer.cookies) is with_form  # the token's cookie, where something is sent, and none elsewhere
    assert answer.headers["Referrer-Policy"] == ("same-origin" if with_form else "no-referrer")
    assert f'content="{answer.headers["Referrer-Policy"]}"' in page
    for loaded in re.findall(r'<(?:script|link|img)[^>]*?(?:src|href)="([^"]*)"', page):
        assert loaded.startswith("/assets/") and client.get(loaded).status_code == 200
    assert "nothing kept of what you enter" not in page and "不保存您填写的内容" not in page


# ------------------------------------------------------------ asking


@pytest.mark.parametrize("lang", LANGS)
def test_the_whole_way_of_a_question(county: Agency, lang: str) -> None:
    t, somebody = Words(lang), Visitor()
    answer = somebody.send(f"/{lang}/ask", kind="question", about=ABOUT, text=f"{SAMPLE} {lang}")
    page = answer.content.decode()
    number = number_of(page)
    assert answer.headers["Cache-Control"] == "no-store" and t("question.taken_text") in page
    one = found(number)
    assert (one.policy, one.body, one.state) == (POLICY, county.body, "waiting")
    mine = f"/{lang}/questions/mine"
    state = somebody.client.post(mine, {"number": number.lower()}).content.decode()
    assert t("asked.waiting") in state and one.text in state
    county.done("question.publish", one, answer="每次都算。")
    state = somebody.client.post(mine, {"number": number}).content.decode()
    assert t("asked.published") in state and "每次都算。" in state
    assert one.text in somebody.get(f"/{lang}/questions", about=ABOUT)
    taken = {"csrfmiddlewaretoken": token(state), "number": number, "take_back": "1"}
    gone = somebody.client.post(mine, taken, headers={"origin": "http://127.0.0.1"}).content.decode()
    assert t("asked.taken_back") in gone and one.text not in somebody.get(f"/{lang}/questions")
    assert t("asked.no_such") in somebody.client.post(mine, {"number": "0000"}).content.decode()


def test_nobody_sends_a_form_for_somebody_else(county: Agency) -> None:
    """Without the token, or with one of another browser, the form comes back filled in, and nothing is kept."""
    somebody, before = Visitor(), Question.objects.count()
    fields = {"kind": "opinion", "about": ABOUT, "text": "我没有写过这句话", "once": "x"}
    elsewhere = {"origin": "https://elsewhere.example"}
    stolen = token(Visitor().get("/zh/ask"))
    somebody.get("/zh/ask")
    for more, headers, told in (
        ({}, {}, "还没有提交"),
        ({"csrfmiddlewaretoken": stolen}, {}, "允许本站的Cookie"),
        ({"csrfmiddlewaretoken": stolen}, elsewhere, "允许本站的Cookie"),
    ):
        answer = somebody.client.post("/zh/ask", {**fields, **more}, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 200 and told in page and "我没有写过这句话" in page
    assert Question.objects.count() == before
    number = number_of(somebody.send("/zh/ask", about=ABOUT, text="不许别人替我撤回").content.decode())
    taken = somebody.client.post("/zh/questions/mine", {"number": number, "take_back": "1"}).content.decode()
    assert "不许别人替我撤回" in taken and found(number).state == "waiting"


def test_a_proxy_that_ends_https_is_no_stranger(county: Agency, settings_of_platform: Any) -> None:
    """Behind it the browser names https, and the platform sees http: taken where it is set up for HTTPS."""
    for secure in (True, False):
        settings_of_platform.CSRF_COOKIE_SECURE = secure
        somebody = Visitor("192.0.2.70")
        for origin, ours in (("https://127.0.0.1", secure), ("https://127.0.0.1.example", False), ("null", False)):
            fields = {"csrfmiddlewaretoken": token(somebody.get("/zh/ask")), "once": origin, "about": ABOUT}
            sent = somebody.client.post("/zh/ask", {**fields, "text": SAMPLE}, headers={"origin": origin}, secure=False)
            assert ("number-told" in sent.content.decode()) is ours, (secure, origin)


def test_the_form_below_the_law_leads_to_the_form_proper(county: Agency) -> None:
    """Here of a place, whose page is made quickly; of a policy in `test_web_browser`."""
    assert subjects.of_page(f"policies/{POLICY}.html") == ABOUT and subjects.of_page("changes.html") == ""
    about = "place:999999"
    for lang in LANGS:
        page = Visitor().get(f"/{lang}/law/regions/999999.html")
        aside = page.partition('<aside class="beside wide"')[2].partition("</aside>")[0]
        assert f'name="about" value="{about}"' in aside and f'action="/{lang}/ask" method="post"' in aside
        shown = Visitor().client.post(f"/{lang}/ask", {"about": about, "text": "照着填好的话"}).content.decode()
        assert f'<option value="{about}" selected>' in shown and "照着填好的话" in shown
    assert 'class="beside wide"' not in Visitor().get("/zh/law/about.html")


def test_a_policy_of_elsewhere_has_nobody_to_answer(county: Agency) -> None:
    page = Visitor().get("/en/ask", about="policy:chongqing/resident-2023")
    assert "No office of this platform answers" in page
    for wrong in ("policy:chongqing/resident-2023", "policy:none", "place:500000", "nonsense", "policy:" + "x" * 999):
        answer = Visitor().send("/zh/ask", about=wrong, text=SAMPLE)
        assert "请从列表中另选一项" in problems(answer.content.decode()), wrong
    general = number_of(Visitor().send("/zh/ask", about="", text=SAMPLE).content.decode())
    assert found(general).general and found(general).body == county.body


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("", "请写下您的提问或意见", "Write your question"),
        ("报", "请写明地区", "Say which place"),
        ("报" * 1001, "请删减后再提交", "Shorten it"),
        ("身份证99999919491231005X", "请删去证件号码：99999919491231005X", "Take out the identity number: 9999"),
        ("电话13800138000、023-67654321", "请删去手机号码：13800138000", "Take out the mobile number: 13800138000"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(county: Agency, text: str, zh: str, en: str) -> None:
    for lang, told in (("zh", zh), ("en", en)):
        page = Visitor().send(f"/{lang}/ask", about=ABOUT, text=text).content.decode()
        assert told in problems(page), (lang, problems(page))
        assert html.escape(text) in page and 'id="text"' in page  # nothing of what was written is lost


def test_after_too_many_the_text_is_kept_for_tomorrow(county: Agency) -> None:
    somebody = Visitor("192.0.2.50")
    for _ in range(limits.PER_ADDRESS):
        assert number_of(somebody.send("/zh/ask", about=ABOUT, text=SAMPLE).content.decode())
    answer = somebody.send("/zh/ask", about=ABOUT, text="第十一个问题怎么办？")
    page = answer.content.decode()
    assert answer.status_code == 429 and "明天再提交" in page and "第十一个问题怎么办？" in page


# ------------------------------------------------------------ what is shown


@pytest.mark.parametrize(
    "text", [EVIL, "𠮷㐂䶮𪚥 ﷽ 👨‍👩‍👧 报多少？", "长" * 990 + "报多少", "word" * 200 + " how much?"]
)
def test_text_is_text(county: Agency, text: str) -> None:
    one = county.answered(text, answer=f"{text}\n\n第二段")
    for address in ("/zh/questions", "/en/questions"):
        page = Visitor().get(address)
        assert html.escape(one.text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
        assert "<script>alert" not in page and "<b>" not in page and "49" not in problems(page)
        assert f'lang="{"en" if text.startswith("word") else "zh-CN"}"' in page
    county.done("question.refuse", one, reason="unclear")


def test_the_newest_first_page_by_page(county: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "PER_PAGE", 3)
    place, count = Words("zh"), 8
    made = [county.answered(f"第{number:02d}个翻页的提问", policy=POLICY) for number in range(count)]
    seen = []
    for page in range(1, 5):  # past the last one stands the last one
        body = Visitor().get("/zh/questions", q="翻页", page=str(page))
        seen.append([int(one) for one in re.findall(r"第(\d\d)个翻页的提问", body)])
        assert place("said.page", page=min(page, 3), last=3) in body and place("said.count", count=count) in body
        assert ('rel="next"' in body) is (page < 3) and ('rel="prev"' in body) is (page > 1)
    assert [*seen[0], *seen[1], *seen[2]] == list(reversed(range(count))) and seen[3] == seen[2]
    assert questions.shown(policy=POLICY, query="翻页").count() == questions.shown(county.body, "", "翻页").count()
    assert "没有公开的问答" in Visitor().get("/zh/questions", about="policy:chongqing/resident-2023")
    assert "翻页的提问" in Visitor().get(
        "/en/questions", q="起付线 翻页的"
    )  # a word of the answer, one of the question
    for one in made:
        county.done("question.refuse", one, reason="answered")


# ------------------------------------------------------------ telling


@pytest.mark.parametrize("lang", LANGS)
def test_the_whole_way_of_a_rating(county: Agency, lang: str) -> None:
    """From the bill that was explained to the form, and thanks; a second time it says why not."""
    t, somebody = Words(lang), Visitor()
    bill = settled(county.region, Desk())
    explained = somebody.client.post(f"/{lang}/bill", {"number": bill.number, "code": bill.code}).content.decode()
    form = explained.partition(f'action="/{lang}/rate"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    page = somebody.client.post(f"/{lang}/rate", hidden).content.decode()
    assert t("web.check") in page and f'value="{bill.number}"' in page and f'value="{bill.code}"' in page
    less = somebody.send(f"/{lang}/rate", **hidden, attitude="4").content.decode()
    assert all(t("rate.choose", what=t(f"rate.{one}")) in problems(less) for one in QUESTIONS[1:])
    assert re.search(r'name="attitude" value="4" required checked', less)
    done = somebody.send(f"/{lang}/rate", **hidden, **marks(4)).content.decode()
    assert t("rate.thanks") in done and f"/{lang}/ratings/{HOSPITAL}" in done
    again = somebody.send(f"/{lang}/rate", **hidden, **marks(4)).content.decode()
    assert t("rate.already") in problems(again)


def test_guessing_a_code_is_slowed_down(county: Agency) -> None:
    bill, somebody = settled(county.region, Desk()), Visitor("192.0.2.60")
    for _ in range(MOST_WRONG):
        page = somebody.send("/zh/rate", number=bill.number, code="00000-00000", **marks()).content.decode()
        assert "结算编号与校验码不符" in problems(page)
    waits = somebody.send("/zh/rate", number=bill.number, code=bill.code, **marks())
    assert waits.status_code == 429 and "请一小时后再试" in waits.content.decode()
    asked = somebody.client.post("/zh/bill", {"number": bill.number, "code": bill.code})
    assert asked.status_code == 429  # the same count for both doors
    assert "谢谢您的评价" in Visitor().send("/zh/rate", number=bill.number, code=bill.code, **marks()).content.decode()


def test_a_bill_taken_back_is_told_what_to_do(county: Agency) -> None:
    from service.racing import back

    desk = Desk()
    bill: Bill = settled(county.region, desk)
    desk.done("2208", back(bill.given, bill.settled))
    page = Visitor().send("/zh/rate", number=bill.number, code=bill.code, **marks()).content.decode()
    assert "请用新的结算编号评价" in problems(page)
    explained = Visitor().client.post("/zh/bill", {"number": bill.number, "code": bill.code}).content.decode()
    assert "已经撤销" in explained and 'action="/zh/rate"' not in explained
    empty = problems(Visitor().send("/en/rate", number="", code="", **marks()).content.decode())
    assert "printed on the receipt" in empty and "printed beside the number" in empty


def test_the_list_and_one_institution(county: Agency) -> None:
    shop = Desk(PHARMACY)
    for mark in (5, 5, 4, 4, 3):
        bill = settled(county.region, shop)
        rate(bill.number, bill.code, marks(mark, waiting=1))
    for lang in LANGS:
        t = Words(lang)
        table = Visitor().get(f"/{lang}/ratings").partition("<tbody>")[2]
        row = table.partition(PHARMACY)[2].partition("</tr>")[0]
        assert re.findall(r'class="number">([\d.]+)<', row) == ["5", "4.2", "4.2", "4.2", "1.0", "4.2"]
        page = Visitor().get(f"/{lang}/ratings/{PHARMACY}")
        overall = page.partition('id="q-1"')[2].partition("</ul>")[0]
        assert re.findall(r'class="sum">(\d+)', overall) == ["2", "2", "1", "0", "0"]
        assert t("ratings.mean", mean="4.2") in overall and t("ratings.size_of", size=5) in page
        few = Visitor().get(f"/{lang}/ratings")
        assert t("ratings.too_few") in few
    for wrong in ("H00000000000", "x" * 200, "%00", "'"):
        assert Visitor().client.get(f"/zh/ratings/{wrong}").status_code == 404
