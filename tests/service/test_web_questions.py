"""Questions to the public pages without a browser: wrong ones, what is not known, a bill a month, two places."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from django.test import Client

from openyibao.service.web import shelf
from openyibao.service.web.words import texts
from openyibao.settlement import Claim, Uses, settle
from openyibao.site.words import LANGS
from service.test_web_pages import WEB, shown
from service.web_server import FARMER, WILLOW, calculator

pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="127.0.0.1")


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"at": "nowhere"}, "从列表中选择"),
        ({**FARMER, "day": "2030-13-01"}, "请写成2026-06-01的样子"),
        ({**FARMER, "day": "2035-01-01"}, "请改选其中的日期"),
        ({**FARMER, "total": "many"}, "请填写金额，如50000"),
        ({**FARMER, "total": "-5"}, "请填写金额，如50000"),
        ({**FARMER, "total": "999999999999"}, "是否多写了零"),
        ({**FARMER, "outside": "60000"}, "请核对"),
        ({**FARMER, "f-grade": ""}, "请选择“医院等级”"),
        ({**FARMER, "f-grade": "<b>"}, "请重新选择“医院等级”"),
        ({**FARMER, "f-age": "200"}, "0至130的整数"),
        ({**FARMER, "case": "nobody"}, "没有这个病例"),
        ({**FARMER, "policy": "none/such"}, "地址里写的政策没有收录"),
        ({**FARMER, "e1-total": "10"}, "请填写这次费用的日期"),
        ({**FARMER, "e1-total": "10", "e1-day": "2023-12-01"}, "请把日期改为2023年6月1日或更早"),
        ({**FARMER, "e1-total": "10", "e1-day": "2022-12-01"}, "请填写2023年1月1日以后的费用"),
        ({**FARMER, "e1-total": "10", "e1-day": "2023-01-05", "e1-times": "7"}, "最后一笔会到2023年7月5日"),
        ({**FARMER, "e1-total": "10", "e1-day": "2023-01-05", "e1-times": "13"}, "1至12的整数"),
    ],
)
def test_a_wrong_question_is_told_what_to_do(client: Client, stated: dict[str, str], told: str) -> None:
    page = client.get("/zh/calculator", {name: value for name, value in stated.items() if value}).content.decode()
    problems = page.partition('class="problems"')[2].partition("</section>")[0]
    assert told in problems, problems
    for field in re.findall(r'<a href="#([^"]+)"', problems):
        assert f'id="{field}"' in page or field == "policy", field
    assert 'class="headline"' not in page and "<b>" not in page


def test_every_error_says_what_to_do_next() -> None:
    """In both languages: an error asks for something, or names who can be asked."""
    verbs = "choose|print|write|enter|check|change|remove|put|ask|start|bring|settle|use|keep|try|have"
    asks = re.compile(rf"\b({verbs})\b", re.IGNORECASE)
    errors = [("wrong", name) for name in texts()["wrong"] if name not in ("title", "no_answer")]
    errors += [("why", name) for name in texts()["why"] if name.endswith("_not") or name in refusals()]
    errors += [("why", name) for name in ("reversed", "policy_other", "policy_unknown")]
    errors += [("show", name) for name in ("no_rule", "down_to", "unknown_do", "older")]
    errors += [("web", "error_text"), ("find", "nothing"), ("pdf", "none_do"), ("ask", "no_locality")]
    assert len(errors) > 30
    for section, name in errors:
        zh, en = texts()[section][name][:2]
        assert "请" in zh and asks.search(en), (section, name)


def refusals() -> set[str]:
    """The names of the texts with which a bill is refused, as the code has them."""
    sources = "".join(WEB.joinpath(name).read_text(encoding="utf-8") for name in ("why.py", "bill_check.py"))
    return set(re.findall(r'NotABillError\("why\.(\w+)"\)', sources))


def test_what_is_not_offered_is_not_shown_as_chosen(client: Client) -> None:
    """A browser shows the first option where none is marked: an empty one stands there instead."""
    page = client.get("/zh/calculator", {**FARMER, "f-service": "chronic-outpatient"}).content.decode()
    assert "请重新选择“医疗类别”" in page
    field = page.partition('id="f-service"')[2].partition("</select>")[0]
    assert '<option value="">请选择</option>' in field and "selected" not in field


def test_a_bill_a_month_counts_as_so_many_bills(client: Client) -> None:
    """Eleven months of dialysis in one line are eleven bills, each on its day."""
    asked = {"at": "980000.resident", "day": "2023-12-31", "f-service": "chronic-outpatient", "f-grade": "secondary"}
    one = {f"e{n}-day": f"2023-{n:02}-{28 if n == 2 else 30 if n in (4, 6, 9, 11) else 31}" for n in range(1, 12)}
    each = {f"e{n}-total": "5200" for n in range(1, 12)}
    together = {"e1-day": "2023-01-31", "e1-total": "5200", "e1-times": "11"}
    pages = [
        client.get("/zh/calculator", {**asked, "total": "5200", **more}).content.decode()
        for more in (one | each, together)
    ]
    years = [re.findall(r'<td class="number">([\d,.]+)</td>', page) for page in pages]
    assert years[0] == years[1] and len(years[0]) == 3 * 13
    assert years[0][-3] == "62,400.00"


def test_why_there_is_no_answer_is_said_plainly(client: Client) -> None:
    """No line number, no key of the policy language; what lacks, and who can be asked."""
    asked = {"at": "500000.resident", "day": "2026-06-01", "total": "50000", "f-grade": "secondary"}
    asked |= {"f-tier": "cat-1", "f-class": "minimum-living-allowance", "f-district": "Yubei"}
    chronic = {**asked, "f-service": "chronic-outpatient", "f-kind-of-special-disease": "major-kind"}
    for stated, zh, en in (
        (asked, "没有查到“大额费用救助”的支付比例。", "The rate of payment of large-cost assistance was not found."),
        (
            chronic,
            "没有查到“慢性病特殊病”的支付比例。",
            "The rate of payment of chronic special diseases was not",
        ),
    ):
        for lang, told in (("zh", zh), ("en", en)):
            page = shown(client.get(calculator(lang, stated)).content.decode())
            assert told in page and "12393" in page, page[:1500]
            assert not re.search(r"`not known`|第\d+行|\(line \d|政策文件", page)


def test_a_place_whose_policy_says_nothing_of_care_elsewhere_says_so(client: Client) -> None:
    for at, said in (("500000.resident", True), ("360100.employee", False)):
        page = client.get("/zh/calculator", {"at": at}).content.decode()
        assert ("没有异地就医和转诊的规定" in page) is said, at


def test_two_places_are_what_each_is_alone(client: Client) -> None:
    """Side by side stand the sums that each place's own page gives; facts both ask with one value are asked once."""
    asked = {"total": "50000", "outside": "4000", "f-grade": "tertiary"}
    own = {"with": "420500.resident", "w-f-locality": "unfiled"}
    for lang in LANGS:
        pair = client.get(f"/{lang}/beside", {"at": "420100.resident", **asked, **own}).content.decode()
        drawn = re.findall(r'<li class="own">.*?<span class="sum">([^<]+)</span>', pair, re.DOTALL)
        alone = [
            client.get(f"/{lang}/calculator", {"at": at, "day": "2024-12-31", **asked, **more}).content.decode()
            for at, more in (("420100.resident", {}), ("420500.resident", {"f-locality": "unfiled"}))
        ]
        sums = [re.findall(r'<li class="own">.*?<span class="sum">([^<]+)</span>', one, re.DOTALL)[0] for one in alone]
        assert drawn == sums and sums[0] != sums[1]
        headline = pair.partition('class="headline">')[2].partition("</p>")[0]
        assert all(one in headline for one in sums)
        assert 'name="w-f-grade"' not in pair and 'name="w-f-locality"' in pair


def test_two_places_say_why_they_may_not_be_compared(client: Client) -> None:
    asked = {"at": "500000.resident", "total": "50000", "f-grade": "secondary", "with": "420100.resident"}
    page = client.get("/zh/beside", asked).content.decode()
    assert "请选择“缴费档次”" in page and 'class="headline"' not in page
    page = client.get("/zh/beside", {**asked, "f-tier": "cat-1"}).content.decode()
    assert "不是同一时期的" in page and "待遇项目不一样" in page
    page = client.get(
        "/zh/beside", {**asked, "f-tier": "cat-1", "f-class": "minimum-living-allowance"}
    ).content.decode()
    assert "相差多少说不准" in page and "不超过" in page
    page = client.get("/zh/beside").content.decode()
    assert 'id="with"' in page and 'class="problems"' not in page
    page = client.get("/zh/calculator", {**FARMER}).content.decode()
    assert 'action="/zh/beside"' in page and '<input type="hidden" name="total" value="50000">' in page


def test_an_upper_bound_is_called_one_everywhere(client: Client) -> None:
    """In the headline, beside the bar, over the parts, and in what would change it."""
    page = client.get("/zh/calculator", {**FARMER, "f-class": "destitute"}).content.decode()
    assert (
        "您自己付不超过" in page and "您最多自己付</span>" in re.sub(r"\s*</", "</", page) and "您最多自己付的" in page
    )
    rows = re.findall(r"<li[^>]*>.*?</li>", page.partition('id="changes"')[2].partition("</section>")[0], re.DOTALL)
    grades = [row for row in rows if ">一级<" in row or ">二级<" in row or ">三级<" in row]
    assert len(grades) == 3 and all("不超过" in row for row in grades)


def test_amounts_may_be_written_as_people_do(client: Client) -> None:
    for total in ("50000", "50,000", "50000.00", "5万", "５００００", "¥50000", "50000元"):
        page = client.get("/zh/calculator", {**FARMER, "total": total}).content.decode()
        assert "50,000.00元的医疗费" in page, total


def test_what_a_policy_does_not_say_is_shown_as_such(client: Client) -> None:
    """The tilt assistance of Yubei for the destitute is not known: an upper bound, and why."""
    page = client.get("/zh/calculator", {**FARMER, "f-class": "destitute"}).content.decode()
    assert "已查明的部分支付" in page and "您自己付不超过" in page and "倾斜救助" in page
    page = client.get("/en/calculator", {**FARMER, "total": "50000"}).content.decode()
    assert "at most" in page.partition('id="changes"')[2]


def test_a_variation_is_what_the_page_says_for_it(client: Client) -> None:
    """Following a link of `what would change it` shows the sum that stood beside it."""
    page = client.get("/zh/calculator", FARMER).content.decode()
    items = re.findall(r'<li>\s*<span class="name"><a href="\?([^"]*)".*?<span class="sum">([^<]*)</span>', page, re.S)
    assert len(items) > 5
    for query, told in items:
        other = client.get(f"/zh/calculator?{html.unescape(query)}").content.decode()
        headline = other.partition('class="headline">')[2].partition("<")[0]
        assert told.removeprefix("不超过") in headline.replace("您自己付不超过", "您自己付"), (query, told, headline)


def test_lines_and_caps_after_the_bill_are_the_uses(client: Client) -> None:
    """What is said of the year is what the settlement kept."""
    policy = shelf.policy("teaching/willow-county-2026")
    assert policy is not None
    day = date(2026, 6, 1)
    facts = {"service": "inpatient", "grade": "tertiary", "class": "ordinary"}
    uses = Uses()
    for number in (1, 2):
        _, uses = settle(policy, uses, Claim(str(number), "p", day, day, day, 6_000_000, facts=facts))
    page = client.get("/zh/calculator", {**WILLOW, "e1-day": "2026-06-01", "e1-total": "60000"}).content.decode()
    for group, name in (
        ("basic insurance / at most per year", "基本医疗保险：年度最高支付限额"),
        ("critical illness insurance / deductible per year", "大病保险：年度起付线"),
    ):
        fen = uses.of(group, 2026)
        said = page.partition(name)[2].partition('<span class="says">')[2].partition("</span>")[0]
        assert fen and f"{fen / 100:,.2f}元" in said, (name, said)


def test_rare_characters_and_long_names_do_not_break_a_page(client: Client) -> None:
    odd = "𠮷㐂龘" * 12
    page = client.get("/zh/search", {"q": odd}).content.decode()
    assert odd[:60] in page
    page = client.get("/zh/calculator", {**FARMER, "total": odd}).content.decode()
    assert odd in html.unescape(page)
