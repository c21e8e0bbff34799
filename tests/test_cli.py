"""The command line as a person uses it: whole processes, what they print, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import openyibao
from openyibao import policy_ids

PACKAGE = Path(openyibao.__file__).parent
EXAMPLES = PACKAGE / "examples"


def yibao(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "openyibao", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)


def test_demo_prints_the_published_payments() -> None:
    done = yibao("demo")
    assert done.returncode == 0, done.stderr
    for amount in (
        "34,790.00",
        "10,647.00",
        "937.80",
        "125,790.00",
        "29,743.68",
        "17,126.42",
        "2,687.93",
        "59,507.18",
        "28,344.97",
        "6,053.50",
        "2,625.00",
    ):
        assert amount in done.stdout, amount
    for said in ("2207  infcode 0", "2304  infcode 0", "fund_pay_sumamt=9160", "debit - credit = 0.00"):
        assert said in done.stdout, said
    published, capped = done.stdout.split("2. CQ-02")[1].split("3. CQ-02 again")
    assert "leaves out the annual cap of basic insurance; this variation follows it" in published
    assert "Cost over the annual cap of basic insurance is assumed to enter critical illness insurance" in capped


def test_settle_as_json_is_the_bill() -> None:
    done = yibao("settle", EXAMPLES / "cq-01.yaml", "--policy", "chongqing/resident-2023", "--format", "json")
    bill = json.loads(done.stdout)
    assert bill["bill_version"] == 4
    assert bill["totals"]["personal_fen"] == 562520


def test_settle_several_claims_and_explain() -> None:
    done = yibao("settle", EXAMPLES / "willow-year.yaml", "--policy", "teaching/willow-county-2026", "--explain", "zh")
    assert done.returncode == 0
    assert done.stdout.count("个人负担") >= 6 and "19,100.23" in done.stdout


def test_settle_a_policy_file_of_ones_own(tmp_path: Path) -> None:
    shown = yibao("policy", "show", "xx-district/resident-2013", "--lang", "zh").stdout
    own = tmp_path / "own.yaml"
    own.write_text(shown.replace("60%", "61%"), encoding="utf-8")
    done = yibao("settle", EXAMPLES / "xx-stay.yaml", "--policy", own, "--lang", "zh")
    assert done.returncode == 0, done.stderr
    assert "2,668.75" in done.stdout  # (4675 - 300) x 61 %


def test_a_claim_that_meets_a_gap_says_so(tmp_path: Path) -> None:
    claim = tmp_path / "claim.yaml"
    claim.write_text(
        (EXAMPLES / "cq-01.yaml").read_text(encoding="utf-8").replace("Yubei\n", "elsewhere\n"), encoding="utf-8"
    )
    done = yibao("settle", claim, "--policy", "chongqing/resident-2023")
    assert done.returncode == 1
    assert "large-cost assistance / pays has no value for elsewhere, low-income edge" in done.stderr


def test_problems_are_said_plainly(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("policy: x\ntitel: y\n", encoding="utf-8")
    for arguments, part in (
        (("settle", EXAMPLES / "cq-01.yaml", "--policy", "nowhere"), "No policy has the id 'nowhere'"),
        (("settle", tmp_path / "none.yaml", "--policy", "chongqing/resident-2023"), "no readable file"),
        (("policy", "check", wrong), "wrong.yaml:2:1: titel: found the key 'titel'"),
        (("policy", "show", wrong), "Did you mean 'title' (名称)?"),
        (("policy", "code", "teaching/nothing"), "teaching/willow-county-2026"),
    ):
        done = yibao(*arguments)
        assert done.returncode == 2, arguments
        assert part in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_policy_list_and_check_name_all() -> None:
    listed, checked = yibao("policy", "list").stdout, yibao("policy", "check").stdout
    for name in policy_ids():
        assert name in listed and (f"{name}: good. " in checked or f"{name}：检查通过。共" in checked)


def test_a_good_policy_is_told_in_the_language_asked_for_or_in_that_of_its_file() -> None:
    english, chinese = "teaching/willow-county-2026", "ningbo/resident-2023"
    for arguments, said in (
        ((english,), f"{english}: good. 18 values: 18 high; 18 with article; 0 not known.\n"),
        ((english, "--lang", "zh"), f"{english}：检查通过。共18项数值：把握高18项；写明条款18项；未知0项。\n"),
        ((chinese,), f"{chinese}：检查通过。共"),
        ((chinese, "--lang", "en"), f"{chinese}: good. "),
    ):
        assert yibao("policy", "check", *arguments).stdout.startswith(said), arguments


def test_code_is_what_runs() -> None:
    text = yibao("policy", "code", "xx-district/resident-2013").stdout
    space: dict[str, object] = {}
    exec(compile(text, "code", "exec"), space)
    assert "# basic insurance, paid by the pooled fund" in text and "section 2.3.2" in text
    rows = yibao("policy", "code", "xx-district/resident-2013", "--rows", "--arguments").stdout
    assert "def settle_rows(" in rows and "p[0] = 10000" in rows


def test_terms() -> None:
    assert "deductible" in yibao("terms", "起付线").stdout
    assert "medfee_sumamt" in yibao("terms", "total cost").stdout
    missing = yibao("terms", "deductibel")
    assert missing.returncode == 1 and "deductible" in missing.stderr


def test_csv(tmp_path: Path) -> None:
    source = tmp_path / "claims.csv"
    source.write_text(
        "claim_id,person,admission,discharge,settlement,total_yuan,fully_self_paid_yuan,over_limit_yuan,"
        "pre_self_paid_yuan,in_scope_yuan,service,tier,grade\n"
        "a,P1,2013-01-01,2013-01-05,2013-01-05,4968,293,0,0,4675,inpatient,cat 1,secondary\n",
        encoding="utf-8",
    )
    done = yibao("settle", source, "--policy", "xx-district/resident-2013", "--out", tmp_path / "bills.csv")
    assert done.returncode == 0, done.stderr
    assert "1 claims: 1 settled" in done.stdout
    assert '"a","P1",2625.00,0.00,0.00,2625.00,2343.00' in (tmp_path / "bills.csv").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs() -> None:
    root = PACKAGE.parent.parent
    text = (root / "README.md").read_text(encoding="utf-8")
    block = text.split("```python\n")[1].split("```")[0]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, cwd=root, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "'tilt assistance': 93780} 562520" in done.stdout


def test_a_narrow_page_breaks_no_amount() -> None:
    from io import StringIO

    from rich.console import Console

    from openyibao import Uses, find_policy, read_claims, read_policy, settle
    from openyibao.settlement.bill_view import print_bill

    policy = read_policy(find_policy("chongqing/resident-2023"))
    bill, _ = settle(policy, Uses(), read_claims(EXAMPLES / "cq-02.yaml", policy)[0])
    for width in (80, 100, 118):
        for lang in ("zh", "en"):
            page = StringIO()
            print_bill(bill.data(), lang, Console(file=page, width=width))
            for amount in ("180,000.00", "80,000.00", "59,507.18", "28,344.97", "6,053.50", "26,094.35"):
                assert amount in page.getvalue(), (width, lang, page.getvalue())


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    table = tmp_path / "claims.csv"
    table.write_text("claim_id\n", encoding="utf-8")
    for arguments in ((table, "--explain", "zh"), (table, "--format", "json"), ("cq-01", "--out", tmp_path / "x")):
        done = yibao("settle", *arguments, "--policy", "chongqing/resident-2023")
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert yibao("--version").stdout.startswith("yibao 0.")


def test_bills_after_a_claim_that_was_not_settled_are_named(tmp_path: Path) -> None:
    claims = tmp_path / "claims.yaml"
    head = "  person: P\n  money: {total cost: 1000, in-scope cost: 1000}\n"
    days = "  admission: 2013-0{0}-01\n  discharge: 2013-0{0}-05\n  settlement: 2013-0{0}-05\n"
    facts = "  facts: {{service: inpatient, tier: cat 1{}}}\n"
    text = f"- claim id: A\n{head}{days.format(3)}{facts.format('')}"
    text += f"- claim id: B\n{head}{days.format(4)}{facts.format(', grade: primary')}"
    claims.write_text(text, encoding="utf-8")
    done = yibao("settle", claims, "--policy", "xx-district/resident-2013")
    assert done.returncode == 1 and "B " in done.stdout
    assert "Note: B was settled after it, as if A had not been" in done.stderr
    done = yibao("settle", claims, "--policy", "xx-district/resident-2013", "--lang", "zh")
    assert "注意：B在其后结算，未计入A的累计和次数" in done.stderr


def test_an_extra_that_there_is_not() -> None:
    """Said before anything is installed."""
    script = Path(__file__).parent.parent / "yibao"
    environment = {**os.environ, "YIBAO_EXTRAS": "spark flink"}
    done = subprocess.run(
        [sys.executable, str(script), "--version"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("yibao: YIBAO_EXTRAS names flink; there is spark")
