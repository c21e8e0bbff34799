"""Questions: what is taken in, that nothing is shown before two persons decided, what the agency may do with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from openyibao.service.organisation.models import Proposal
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import decide
from openyibao.service.voice import limits, questions
from openyibao.service.voice.models import GONE, Answer, Question
from openyibao.service.voice.personal import find
from openyibao.service.voice.wording import clean, only_cut
from service.offices import staff
from service.racing import ask as sql
from service.racing import together
from service.voices import SAMPLE, Agency, Visitor, at_work, found, later

pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture(scope="module")
def county(server: Any) -> Iterator[Agency]:
    yield from at_work(server)


def shown() -> str:
    return Visitor().get("/zh/questions") + Visitor().get("/en/questions")


# ------------------------------------------------------------ what is taken in


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("身份证99999919491231005X，能报吗", "identity"),
        ("身份证 999999 1949 1231 005X", "identity"),
        ("老号码999999491231005", "identity"),
        ("护照E12345678", "identity"),
        ("电话１３８００１３８０００", "mobile"),
        ("打138-0013-8000找我", "mobile"),
        ("打+86 138 0013 8000找我", "mobile"),
        ("一三八零零一三八零零零", "mobile"),
        ("幺三八零零幺三八零零零", "mobile"),
        ("1 3 8 0 0 1 3 8 0 0 0", "mobile"),
        ("138\u200b0013\u200b8000", "mobile"),
        ("①③⑧⓪⓪①③⑧⓪⓪⓪", "mobile"),
        ("电话023-67654321", "telephone"),
        ("电话（023）67654321", "telephone"),
        ("卡号6222 0212 3456 7890 128", "card"),
        ("卡号6222 0212 3456 7890 127", "number"),
        ("卡号4111111111111111", "card"),
        ("结算编号999999000000000000000000000012", "number"),
        ("校验码ABC0E-12345", "code"),
        ("写信到somebody@example.com", "mail"),
        ("加微信：zhang_san88", "chat"),
        ("我的QQ是12345678", "chat"),
    ],
)
def test_numbers_of_persons_are_found(text: str, kind: str) -> None:
    assert [one.kind for one in find(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01至2026-12-31住院两次，2026-03-01 2026-04-01各一次",
        "花了50000.00元，起付线800.00 900.00 1000.00，一亿元是100000000.00元",
        "请拨打12393，或者12345",
        "国药准字H20203456能报吗",
        "H50011200001这家医院",
        "渝府发〔2025〕123号第12条",
        "wechat payment and qq music are fine",
        "一个人一年一次，三四五六月都去过",
        "𠮷㐂䶮 <b>&amp;</b> 👨‍👩‍👧",
    ],
)
def test_what_is_no_number_of_a_person_passes(text: str) -> None:
    assert find(text) == []


def test_an_office_may_name_its_telephone() -> None:
    assert find("请致电023-67654321、02367654321或写信到office@example.gov.cn", office=True) == []
    assert [one.kind for one in find("请致电13800138000", office=True)] == ["mobile"]


@pytest.mark.parametrize(
    ("edited", "may"),
    [
        ("我叫张三，住柳河镇，能报多少？", True),
        ("我叫某某，能报多少？", True),
        ("我叫□□，住……能报多少？", True),
        ("能报多少？", True),
        ("能报不少？", False),
        ("多少能报？", False),
        ("我叫张三，住柳河镇，能报多少？谢谢", False),
    ],
)
def test_an_edited_text_only_leaves_out(edited: str, may: bool) -> None:
    assert only_cut("我叫张三，住柳河镇，能报多少？", edited) is may


def test_what_turns_or_hides_a_text_goes_and_rare_characters_stay() -> None:
    assert clean("\u202e倒\u2066着\u200b\ufeff\x00\x1b[0m") == "倒着[0m"
    for text in ("𠮷㐂䶮𪚥", "👨‍👩‍👧", "第一行\n\n第二行"):
        assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        (" \n\u200b ", "nothing"),
        ("？？？？？？？", "short"),
        ("报" * 1001, "long"),
        ("电话13800138000", "personal"),
    ],
)
def test_what_is_not_taken_in_leaves_nothing(county: Agency, text: str, why: str) -> None:
    before = Question.objects.count()
    with pytest.raises(questions.NotTakenError) as caught:
        county.ask(text)
    assert (caught.value.why, Question.objects.count()) == (why, before)
    assert county.ask("报" * 1000).characters == 1000


def test_a_form_sent_twice_is_one_question(county: Agency) -> None:
    new = questions.New("question", county.body, SAMPLE, "the same form")
    numbers = together(8, 4, lambda _: questions.ask(new, "192.0.2.9"))
    assert len(set(numbers)) == 1 and len(numbers[0]) == 19
    one = found(numbers[0].lower().replace("-", " ").replace("0", "o"))
    assert one.digest not in numbers and Question.objects.filter(digest=one.digest).count() == 1
    assert sql("SELECT 1 FROM voice_question q WHERE q::text LIKE %s", f"%{numbers[0]}%") == []


# ------------------------------------------------------------ limits


def test_so_many_a_day_from_an_address_whoever_counts(county: Agency) -> None:
    """Threads with connections of their own, as processes have: no more than the limit, and others may go on."""

    def one(number: int) -> bool:
        try:
            new = questions.New("question", county.body, SAMPLE, f"flood {number}")
            return bool(questions.ask(new, "192.0.2.77"))
        except questions.NotTakenError as error:
            assert error.why == "often"
            return False

    assert sum(together(limits.PER_ADDRESS + 6, 6, one)) == limits.PER_ADDRESS
    county.ask(address="192.0.2.78")


def test_so_many_a_day_in_all(county: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    today = sum(row[0] for row in sql("SELECT count(*) FROM voice_question"))
    monkeypatch.setattr(limits, "IN_ALL", 0)
    with pytest.raises(questions.NotTakenError, match="often"):
        county.ask()
    assert sum(row[0] for row in sql("SELECT count(*) FROM voice_question")) == today


def test_an_address_cannot_be_found_again(county: Agency, settings_of_platform: Any) -> None:
    """No row holds an address or a digest of it alone; on another day salt and counts of before are gone."""
    county.ask(address="192.0.2.99")
    rows = str(sql("SELECT * FROM voice_count")) + str(sql("SELECT * FROM voice_question"))
    for digest in ("192.0.2.99", hashlib.sha256(b"192.0.2.99").hexdigest()):
        assert digest not in rows
    (before,) = sql("SELECT salt FROM voice_salt")
    settings_of_platform.CLOCK = later(1)
    county.ask(address="192.0.2.99")
    (after,) = sql("SELECT salt FROM voice_salt")
    assert before != after and sql("SELECT count(*) FROM voice_count") == [(2,)]


# ------------------------------------------------------------ moderation


def test_nothing_is_shown_before_another_person_decides(county: Agency) -> None:
    """Over the staff's door: a clerk drafts, cannot decide, a reviewer does; the page names role, place and day."""
    one = county.ask("转诊要提前几天办理？")
    clerk, reviewer = Client(), Client()
    clerk.force_login(county.clerk)
    reviewer.force_login(county.reviewer)

    def post(client: Client, path: str, **given: Any) -> Any:
        return client.post(f"/api/{path}", json.dumps(given), content_type="application/json")

    waiting = clerk.get("/api/questions", {"body": county.body.code}).json()["questions"]
    assert {"question": one.pk, "text": one.text, "state": "waiting"}.items() <= waiting[-1].items()
    assert one.text not in shown()
    assert post(reviewer, "proposals/question.publish", question=one.pk, answer="三天").status_code == 403
    answer = "转诊当天办理即可。电话023-67654321。"
    draft = post(clerk, "proposals/question.publish", question=one.pk, answer=answer).json()["proposal"]
    assert one.text not in shown() and answer not in shown()
    assert post(clerk, "proposals/question.publish/decide", proposal=draft, accept=True).status_code == 403
    done = post(reviewer, "proposals/question.publish/decide", proposal=draft, accept=True).json()
    assert done["result"] == {"answer": 1, "characters_before": len(one.text), "characters_shown": len(one.text)}
    page = shown()
    assert page.count(one.text) == page.count(answer) == 2
    assert "柳县医保经办机构复核人员" in page and "Answered by a reviewer of the agency of Willow County" in page
    assert county.clerk.username not in page and county.reviewer.username not in page


def test_nobody_decides_on_a_draft_of_their_own(county: Agency) -> None:
    both = staff("both", "clerk", county.body)
    from openyibao.service.organisation.models import Grant
    from openyibao.service.organisation.proposals import propose
    from service.offices import date

    Grant.objects.create(user=both, role="reviewer", body=county.body, start=date(2026, 1, 1))
    number = propose(both, "question.publish", {"question": county.ask().pk, "answer": "可以。"}).pk
    with pytest.raises(Problem, match="S5002"):
        decide(both, number, accept=True)


def test_a_name_is_cut_out_and_the_original_destroyed(county: Agency) -> None:
    original, cut = "我叫欧阳晓明，住院花了2万元，能报多少？", "我叫某某，住院花了2万元，能报多少？"
    one = county.ask(original)
    for given, code in (
        ({"answer": "", "text": cut}, "S9103"),
        ({"answer": "可以。", "text": "我叫某某，住院花了2万元，能全报多少？"}, "S9104"),
        ({"answer": "请联系13800138000。", "text": cut}, "S9102"),
    ):
        with pytest.raises(Problem, match=code) as caught:
            county.drafted("question.publish", one, **given)
        assert "13800138000" not in str(caught.value)
    number = county.drafted("question.publish", one, answer="见“算一算”。", text=cut)
    done = county.decided(number)
    assert done.result == {"answer": 1, "characters_before": len(original), "characters_shown": len(cut)}
    tables = ("voice_question", "voice_answer", "organisation_proposal", "organisation_access")
    assert not any("欧阳晓明" in str(row) for table in tables for row in sql(f"SELECT t::text FROM {table} t"))
    page = shown()
    assert cut in page and "公开时删去了个人信息等内容" in page


def test_what_is_refused_is_destroyed_and_the_asker_told_why(county: Agency) -> None:
    one = county.ask("某某医院的李医生骂人，要处分他")
    assert county.done("question.refuse", one, reason="abusive").text == ""
    assert (one.state, one.reason, one.characters) == ("refused", "abusive", 15)
    published = county.answered("公开以后才发现的个人情况")
    assert "公开以后才发现" in shown()
    county.done("question.refuse", published, reason="personal data")
    assert "公开以后才发现" not in shown()
    with pytest.raises(Problem, match="S9101"):
        county.drafted("question.publish", one, answer="可以。")
    with pytest.raises(Problem, match="S1001"):
        county.drafted("question.refuse", county.ask(), reason="因为不喜欢")


def test_a_corrected_answer_stays_in_sight_and_a_withdrawn_one_goes(county: Agency) -> None:
    one = county.answered("年度限额是多少？", answer="限额是八万元。")
    stale = county.drafted("question.correct", one, number=1, answer="限额是九万元。")
    county.done("question.correct", one, number=1, answer="限额是十万元。")
    page = Visitor().get("/zh/questions", q="年度限额是多少")
    assert page.index("限额是十万元") < page.index("更正前的答复") < page.index("限额是八万元")
    with pytest.raises(Problem, match="S9101"):
        county.decided(stale)
    county.done("question.withdraw", one, number=2, reason="outdated")
    page = Visitor().get("/en/questions", q="年度限额是多少")
    assert one.state == "withdrawn" and "限额是十万元" not in page
    assert "This answer was withdrawn on" in page and "no longer holds" in page
    county.done("question.publish", one, answer="限额以新政策为准。")
    assert "限额以新政策为准" in shown() and one.answers.filter(state="stands").count() == 1


def test_an_opinion_may_be_shown_without_an_answer(county: Agency) -> None:
    county.done("question.publish", county.ask("希望结算单写得明白些", kind="opinion"))
    page = Visitor().get("/zh/questions", q="写得明白些")
    assert "公开，未另作答复" in page


@pytest.mark.parametrize("state", ["waiting", "published", "withdrawn"])
def test_the_asker_takes_it_back_whatever_its_state(county: Agency, state: str) -> None:
    text = f"我不想再公开的话 {state}"
    new = questions.New("question", county.body, text, f"back {state}")
    number = questions.ask(new, f"back {state}")
    one = found(number)
    draft = county.drafted("question.publish", one, answer="可以。")
    if state != "waiting":
        county.decided(draft)
    if state == "withdrawn":
        county.done("question.withdraw", one, number=1, reason="wrong")
    assert questions.take_back(number) and not questions.take_back(number)
    assert text not in shown() and found(number).state == "taken back"
    assert text not in str(sql("SELECT q::text FROM voice_question q"))
    if state == "waiting":
        with pytest.raises(Problem, match="S9101"):
            county.decided(draft)
    assert not questions.take_back("0000-0000-0000-0000")


def test_two_moderators_at_once_answer_once(county: Agency) -> None:
    one = county.ask("两个人同时处理会怎样？")
    others = [staff(f"decides {number}", "reviewer", county.body) for number in range(4)]
    drafts = [county.drafted("question.publish", one, answer=f"答复{number}。") for number in range(3)]
    drafts.append(county.drafted("question.refuse", one, reason="unclear"))

    def work(number: int) -> str:
        try:
            decide(others[number], drafts[number], accept=True)
        except Problem as problem:
            return problem.kind.code
        return "ok"

    told = sorted(together(4, 4, work))
    one.refresh_from_db()
    if one.state == "refused" and told.count("ok") == 2:  # answered first, then refused: both may be
        assert Answer.objects.filter(question=one).count() == 1 and told == ["S9101", "S9101", "ok", "ok"]
    else:
        assert told == ["S9101", "S9101", "S9101", "ok"]
    assert Proposal.objects.filter(pk__in=drafts, accepted=True).count() == told.count("ok")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE voice_answer SET text = 'other'",
        "UPDATE voice_answer SET role = 'clerk'",
        "DELETE FROM voice_answer",
        "DELETE FROM voice_question",
        "UPDATE voice_question SET state = 'waiting' WHERE state = 'published'",
        "UPDATE voice_question SET text = 'x' WHERE state = 'refused'",
        "UPDATE voice_question SET text = '' WHERE state = 'published'",
    ],
)
def test_the_database_keeps_it(county: Agency, statement: str) -> None:
    from django.db import IntegrityError, transaction

    county.answered()
    county.done("question.refuse", county.ask(), reason="unclear")
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(statement)
    assert not Question.objects.filter(state__in=GONE).exclude(text="").exists()
