"""The work list: opened, explained, corrected, written off, closed when it is gone; and the clerk's command."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from typer.testing import CliRunner

from openyibao.cli import app
from openyibao.service.organisation.models import Body
from openyibao.service.reconciliation import work
from openyibao.service.reconciliation.items import standing_in
from openyibao.service.reconciliation.models import Item, Run, Step
from service.build import packed, settled, taken_back, upload
from service.county import HOSPITAL, Window, add_person, build, now
from service.desks import Desk
from service.offices import staff
from service.test_reconciliation import differences, text_of, today, totals


@pytest.fixture
def window(database: str) -> Window:
    return Window()


def live() -> dict[str, str]:
    """The state of each difference that stands, by kind."""
    return dict(Item.objects.exclude(state="corrected").values_list("kind", "state"))


def desks() -> tuple[Desk, Desk]:
    """A fund manager and a reviewer of the county."""
    county = Body.objects.get(code="999999")
    return Desk(staff("manager", "manager", county)), Desk(staff("reviewer", "reviewer", county))


def test_differences_open_stay_and_close(window: Window) -> None:
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 5)]
    wrong = dict(infos[1], medfee_sumamt=infos[1]["medfee_sumamt"] + 1)
    differences(window, [infos[0], infos[0], wrong, infos[2]])
    assert live() == {"missing_there": "open", "amount": "open", "twice": "open"}
    numbers = dict(Item.objects.values_list("kind", "pk"))

    differences(window, [wrong, infos[2], infos[0], infos[0]])  # the same in another order: the same differences
    assert {*Item.objects.values_list("pk", flat=True)} == {*numbers.values()}
    assert Item.objects.filter(last=Run.objects.latest("id")).count() == 3

    differences(window, [*infos[:3], dict(wrong, setl_id="9" * 20, mdtrt_id="8" * 20)])
    assert live() == {"missing_there": "open", "missing_here": "open"}
    closed = Step.objects.filter(item__kind="amount").get()
    assert (closed.state, closed.user, closed.run) == ("corrected", None, Run.objects.latest("id"))

    taken_back(window, infos[3])  # what was missing in the list is taken back here: nothing is missing any more
    differences(window, infos[:3])
    assert live() == {}
    gone = Item.objects.get(pk=numbers["missing_there"])
    assert gone.reference.startswith("2208 ") and gone.state == "corrected"
    with pytest.raises(DatabaseError), transaction.atomic():
        Step.objects.update(note="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        Item.objects.filter(state="corrected").update(state="open")


def test_what_changes_is_a_new_difference(window: Window) -> None:
    info = settled(window, add_person(build()))
    for more in (1, 1, 2):
        differences(window, [dict(info, medfee_sumamt=info["medfee_sumamt"] + more)])
    first, second = Item.objects.order_by("pk")
    assert (first.state, second.state) == ("corrected", "open")
    assert (second.stated_total_fen, second.total_fen) == (first.stated_total_fen + 100, first.total_fen)


def test_a_refused_list_changes_nothing(window: Window) -> None:
    info = settled(window, add_person(build()))
    sent = upload(window, packed(text_of([info])))
    node = totals([info, info], file_qury_no=sent["file_qury_no"], cash_payamt=info["psn_cash_pay"] * 2)
    window.refused("3202", {"data": node}, "Y7203")
    assert not Run.objects.exists()


def test_a_row_that_cannot_be_read_is_a_difference(window: Window) -> None:
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 3)]
    text = text_of(infos[:1]) + text_of(infos[1:]).replace("10.00", "1O.00")
    (found,) = differences(window, infos, text=text)
    assert (found["stmt_rslt"], found["diff_type"], found["setl_id"]) == ("103", "malformed", infos[1]["setl_id"])
    assert "第 2 行 medfee_sumamt 有误" in found["memo"]
    assert live() == {"malformed": "open"}


def test_months_that_overlap_are_told_apart(window: Window) -> None:
    """Stated in yesterday's list, settled today: a difference of the day in both periods, not a loss in one."""
    info = settled(window, add_person(build()))
    yesterday = f"{now() - timedelta(days=1):%Y-%m-%d}"
    (one,) = differences(window, [info], stmt_begndate=yesterday, stmt_enddate=yesterday)
    (two,) = differences(window, [])
    assert (one["diff_type"], one["stmt_rslt"]) == ("day", "102")
    assert (two["diff_type"], two["stmt_rslt"], two["setl_id"]) == ("day", "101", info["setl_id"])
    differences(window, [], stmt_begndate=yesterday, stmt_enddate=yesterday)
    assert differences(window, [info]) == [] and live() == {}


def test_too_many_differences_are_no_list(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 4)]
    differences(window, infos[:2])
    monkeypatch.setattr(work, "MOST_ITEMS", 2)
    assert len(differences(window, [])) == 3
    assert live() == {"missing_there": "open"} and not Run.objects.latest("id").listed


def test_staff_explain_correct_and_write_off(window: Window) -> None:
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 4)]
    manager, reviewer = desks()
    differences(window, [])
    shown = manager.get("reconciliation/differences", body="999999", institution=HOSPITAL, month=today(), state="open")
    assert [one["kind"] for one in shown["differences"]] == ["missing_there"] * 3 and not shown["more"]
    assert shown["differences"][0]["age_days"] == 0 and shown["differences"][0]["here"]["total_fen"] == 1000
    one, two, three = (item["number"] for item in shown["differences"])

    said = reviewer.post(f"reconciliation/differences/{one}/explain", {"note": "机构漏报，下月补报"})
    assert said["state"] == "explained" and said["steps"][0]["user"] == "reviewer"
    differences(window, [])
    assert Item.objects.get(pk=one).state == "explained"

    early = {"reference": infos[1]["setl_id"], "note": "已冲销"}
    assert manager.post(f"reconciliation/differences/{two}/correct", early, 409)["code"] == "S7002"
    back = taken_back(window, infos[1])
    right = {**early, "reference": back["setl_id"]}
    assert manager.post(f"reconciliation/differences/{two}/correct", right)["reference"] == back["setl_id"]
    assert manager.post(f"reconciliation/differences/{two}/explain", {"note": "x"}, 409)["code"] == "S7001"

    asked = manager.post("proposals/difference.write_off", {"number": three, "reason": "双方确认，金额不追"})
    given = {"proposal": asked["proposal"], "accept": True, "reason": "同意"}
    assert manager.post("proposals/difference.write_off/decide", given, 409)["code"] == "S5002"
    assert reviewer.post("proposals/difference.write_off/decide", given)["result"]["state"] == "written off"
    step = Step.objects.get(item_id=three)
    assert (step.user.username, step.second.username) == ("manager", "reviewer")
    assert standing_in(now().date()) == {"differences": 1, "institutions": 1}
    (row,) = manager.get("reconciliation/summary", body="999999", month=today())["rows"]
    assert (row["institution"], row["open"], row["explained"], row["total_fen"]) == (HOSPITAL, 0, 1, 1000)
    assert len(manager.get("reconciliation/runs", body="999999")["runs"]) == 2

    differences(window, [])  # what was written off is still there, and stays written off
    assert (
        Item.objects.get(pk=three).state == "written off"
        and Item.objects.filter(setl_id=infos[2]["setl_id"]).count() == 1
    )
    differences(window, [infos[0], infos[2]])
    assert live() == {"missing_there": "written off"}


def command(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["reconcile", *words])
    return done.exit_code, done.stdout, done.stderr


def test_a_clerk_compares_at_the_command_line(window: Window, tmp_path: Path) -> None:
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 3)]
    file, out = tmp_path / "list.txt", tmp_path / "differences.txt"
    file.write_text(text_of(infos), encoding="utf-8")
    about = ("--institution", HOSPITAL, "--month", today()[:7])
    code, said, _ = command(str(file), *about)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    assert code == 0 and found["differences"] == 0 and found["matched"] == 2 and not Run.objects.exists()

    file.write_bytes(packed(text_of([infos[0], infos[0]])))
    code, said, _ = command(str(file), *about, "--out", str(out), "--keep", "--lang", "zh")
    assert code == 1 and "机构重复报送" in said and "机构缺" in said
    assert json.loads(said.splitlines()[-1])["kinds"] == {"missing_there": 1, "twice": 1}
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3 and live() == {
        "missing_there": "open",
        "twice": "open",
    }
    assert Run.objects.get().source == "command"

    file.write_bytes("王\t".encode("gb18030"))
    for words, why in (
        ((str(file), *about), "GBK"),
        ((str(tmp_path / "none"), *about), "No such file"),
        ((str(file), "--institution", "H0", "--month", "2026-03"), "there is no institution H0"),
        ((str(file), "--institution", HOSPITAL, "--month", "March"), "the month March is wrong"),
    ):
        code, _, error = command(*words)
        assert code == 2 and why in error and "Traceback" not in error, error


def test_two_lists_of_a_period_at_once(window: Window) -> None:
    """One waits for the other: no difference is opened twice."""
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 4)]
    start = threading.Barrier(4)

    def compare(number: int) -> int:
        start.wait()
        try:
            return len(differences(Window(), infos[:1]))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compare, range(4))) == [2] * 4
    assert Run.objects.count() == 4 and Item.objects.count() == 2 and not Step.objects.exists()
