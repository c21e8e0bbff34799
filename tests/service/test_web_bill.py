"""A bill of the platform by its number and check code: shown to who holds the receipt, refused and slowed down else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from openyibao.service.settlements.check_code import check_code, holds
from openyibao.service.web.why import MOST_WRONG
from service.conftest import using


@pytest.fixture(scope="module")
def filled(server: Any) -> Iterator[None]:
    one = using(server)
    next(one)
    from openyibao.service.sandbox.fill import fill

    fill()
    yield
    next(one, None)


def ask(number: str, code: str, lang: str = "zh", **more: str) -> Any:
    return Client(SERVER_NAME="127.0.0.1").post(f"/{lang}/bill", {"number": number, "code": code}, **more)


def test_a_code_is_of_its_number_only() -> None:
    code = check_code("S1")
    assert len(code) == 11 and code[5] == "-" and holds("S1", code)
    assert holds("S1", f" {code.lower().replace('-', ' ')} ") and not holds("S2", code) and not holds("S1", "")
    assert not holds("S1", code[:-1]) and not holds("S1", f"{code}0") and not holds("S1", "０" * 10)
    assert len({check_code(f"S{number}") for number in range(2000)}) == 2000


@pytest.mark.usefixtures("filled")
def test_the_bill_is_shown_without_the_person() -> None:
    from openyibao.service.settlements.bills import bills_of
    from openyibao.service.settlements.models import Settlement
    from openyibao.service.web.words import Words

    found = [one for one in Settlement.objects.filter(reverses=None).select_related("visit") if one.total_fen]
    assert found
    for one in found[:3]:
        for lang in ("zh", "en"):
            page = ask(one.setl_id, check_code(one.setl_id), lang).content.decode()
            assert 'class="headline"' in page, page.partition('id="problems"')[2][:300]
            bills = bills_of(one)
            own = sum(bill["totals"]["personal_fen"] for bill in bills)
            assert Words(lang).money(own) in page
            assert bills[0]["claim"]["person"] not in page
            about = page.partition('id="bill-1"')[2].partition("</section>")[0].partition('class="hint"')[2]
            about = about.partition("</p>")[0]
            assert ("医院等级：" if lang == "zh" else "Grade: ") in about
            assert "1501" not in about and "余额" not in about and "balance" not in about
    for reversal in Settlement.objects.exclude(reverses=None)[:1]:
        page = ask(reversal.setl_id, check_code(reversal.setl_id)).content.decode()
        assert "结算编号与校验码不符" in page


@pytest.mark.usefixtures("filled")
def test_the_sandbox_tells_numbers_and_codes_to_try() -> None:
    """From the bill's page to the sandbox's own, and with what stands there back to an explained bill."""
    import re

    assert "/sandbox/#bills" in Client(SERVER_NAME="127.0.0.1").get("/zh/bill").content.decode()
    page = Client(SERVER_NAME="127.0.0.1").get("/sandbox/").content.decode()
    told = page.partition('id="bills"')[2].partition("</table>")[0]
    number, code = re.findall(r"<code>([^<]+)</code>", told)[:2]
    assert 'class="headline"' in ask(number, code).content.decode()


@pytest.mark.usefixtures("filled")
def test_guessing_is_refused_alike_and_then_slowed_down() -> None:
    """A number that does not exist and a wrong code get the same words; after some of them only a wait helps."""
    from django.db import connection

    from openyibao.service.settlements.models import Settlement

    number = Settlement.objects.filter(reverses=None).values_list("setl_id", flat=True)[0]
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    wrong = [ask(number, "00000-00000", **elsewhere), ask("S-NONE", check_code("S-ELSE"), **elsewhere)]
    texts = {one.content.decode().partition('id="problems"')[2].partition("</section>")[0] for one in wrong}
    assert len(texts) == 1 and "结算编号与校验码不符" in texts.pop()
    for _ in range(MOST_WRONG - 2):
        assert ask(number, "11111-11111", **elsewhere).status_code == 200
    right = ask(number, check_code(number), **elsewhere)
    assert right.status_code == 429 and "请一小时后再试" in right.content.decode()
    assert ask(number, check_code(number), REMOTE_ADDR="192.0.2.8").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT who FROM web_tried")
        assert all("192.0.2" not in who and len(who) == 64 for (who,) in cursor.fetchall())
