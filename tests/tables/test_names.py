"""Columns under English, Chinese and national names, and what national codes mean."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from openyibao import find_policy, read_policy
from openyibao.policy.model import Fact
from openyibao.policy.vocabulary import Vocabulary, language
from openyibao.tables import TableError
from openyibao.tables.names import code_words, data, find_columns, fold, fund_field, names_of
from openyibao.tables.problems import REASONS
from openyibao.tables.summary import lines
from openyibao.terms import all_words, dictionary
from tables.making import GOOD, HEAD, PLAIN, bills, claims, rejects, settle_text

NATIONAL = (
    "setl_id,psn_no,begndate,enddate,setl_time,medfee_sumamt,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,"
    "inscp_scp_amt,med_type,tier,hosp_lv"
)
CHINESE = (
    "单据号,参保人,入院日期,出院日期,结算时间,医疗费总额（元）,全自费金额（元）,超限价自费费用（元）,先行自付金额（元）,"
    "符合政策范围金额（元）,医疗类别,缴费档次,医院等级"
)
CQ = read_policy(find_policy("chongqing/resident-2023"))
DOCS = Path(__file__).parents[2] / "docs" / "tables.md"


def heads(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return next(csv.reader(stream))


def one_bill(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return next(csv.DictReader(stream))


def test_chinese_names_give_chinese_bills(tmp_path: Path) -> None:
    row = GOOD.replace("inpatient,cat 1,primary", "住院,二档,一级")
    done = settle_text(tmp_path, claims(f"甲,张三,{row}", head=CHINESE))
    assert heads(done.target) == ["单据号", "参保人", "基本医疗保险支付额", "支付额合计", "个人负担"]
    assert bills(done.target) == {"甲": ("张三", "765.00", "765.00", "235.00")}
    assert done.target.read_bytes().startswith(b"\xef\xbb\xbf")  # so that Excel reads it as UTF-8


def test_national_names_and_codes_give_national_bills(tmp_path: Path) -> None:
    row = GOOD.replace("2013-01-06", "2013-01-06 10:11:12").replace("inpatient,cat 1,primary", "21,一档,{}")
    grades = {"10": "720.00", "05": "560.00", "3": "160.00", "三级乙等": "160.00", "primary": "720.00", "99": None}
    lines_of = [f"{n},P{n},{row.format(grade)}" for n, grade in enumerate(grades)]
    done = settle_text(tmp_path, claims(*lines_of, head=NATIONAL.upper()))
    assert heads(done.target) == ["setl_id", "psn_no", "hifp_pay", "fund_pay_sumamt", "psn_part_amt"]
    paid = {n: bill[1] for n, bill in bills(done.target).items()}
    assert paid == {str(n): fen for n, fen in enumerate(grades.values()) if fen}
    (left,) = rejects(done.target)
    assert (left["column"], left["found"]) == ("HOSP_LV", "99")


def test_layers_of_one_fund_are_one_national_column(tmp_path: Path) -> None:
    english = HEAD.replace("tier,grade", "tier,grade,class,district,age")
    national = NATIONAL.replace("tier,hosp_lv", "tier,hosp_lv,psn_idet_type,district,age")
    cells = GOOD.replace("2013", "2023").replace(",1000", ",200000")
    row = cells.replace("primary", "primary,low-income edge,Yubei,60")
    coded = cells.replace("inpatient", "21").replace("primary", "10,2305,Yubei,60")
    first = settle_text(tmp_path, claims(f"a,P,{row}", head=english), CQ)
    layers = one_bill(first.target)
    done = settle_text(tmp_path, claims(f"a,P,{coded}", head=national), CQ)
    found = one_bill(done.target)
    funds: dict[str, Decimal] = {}
    for layer, amount in zip(CQ.layers, list(layers.values())[2:-2], strict=True):
        field = fund_field(layer.payer, "resident")["field"]
        funds[field] = funds.get(field, Decimal(0)) + Decimal(amount)
    assert len(funds) < len(CQ.layers) and funds == {name: Decimal(found[name]) for name in funds}
    assert (found["fund_pay_sumamt"], found["psn_part_amt"]) == (layers["paid_yuan"], layers["personal_yuan"])
    said = "\n".join(lines(done, "en"))
    assert "psn_idet_type = class (medium)" in said and "psn_idet_type (empty) = ordinary (medium)" in said


def test_what_an_account_pays_is_nationally_borne_by_the_person(tmp_path: Path) -> None:
    """It is a layer of the policy, so the bill lists it among the payers; the interface says acct_pay is no fund's."""
    policy = read_policy(find_policy("zhenjiang/employee-2022"))
    facts = "outpatient,active,community institution,1500"
    row = f"2022-03-01,2022-03-01,2022-03-01,6000,0,0,0,6000,{facts}"
    names = NATIONAL.split(",tier", maxsplit=1)[0].split(",")
    english = HEAD.split(",service")[0].split(",")
    more = ["status", "institution", "account balance"]
    ours = one_bill(
        settle_text(tmp_path, claims(f"a,P,{row}", head=",".join([*english, "service", *more])), policy).target
    )
    found = one_bill(settle_text(tmp_path, claims(f"a,P,{row}", head=",".join([*names, *more])), policy).target)
    assert ours["personal_account_paid_yuan"] == found["acct_pay"] == "1500.00"
    assert Decimal(found["fund_pay_sumamt"]) == Decimal(found["hifp_pay"]) == Decimal(ours["paid_yuan"]) - 1500 > 0
    assert Decimal(found["psn_part_amt"]) == Decimal(ours["personal_yuan"]) + 1500


def test_several_identities_in_a_cell(tmp_path: Path) -> None:
    """Where the policy ranks them, the highest counts; else the row is not settled."""
    from openyibao.tables.facts import SEVERAL, FactReader
    from tables.test_settle import OWN

    ordered = read_policy(OWN / "time.yaml").fact("class")
    assert ordered.order
    reader = FactReader(ordered, find_column("class"), Vocabulary())
    high, low = ordered.values[0], ordered.values[-1]
    assert reader.number(f"{low}; {high}") == reader.number(high) == 0
    assert reader.number(f"{low}、nobody") == len(ordered.values) - 1
    assert reader.number("nobody;no one") == reader.number("nobody") == -2
    plain = FactReader(Fact("class", ordered.values), find_column("class"), Vocabulary())
    assert plain.number(f"{low};{high}") == SEVERAL and plain.number(f"{low};{low}") == len(ordered.values) - 1
    national = FactReader(ordered, find_column("psn_idet_type"), Vocabulary())
    assert national.words("2304；2303") == ["destitute", "minimum living allowance"]


def find_column(header: str):  # type: ignore[no-untyped-def]
    names = [field for field in HEAD.split(",") if field not in ("class", "grade", "tier", "service")]
    policy = read_policy(find_policy("teaching/willow-county-2026"))
    return find_columns("x", [*names, "service", "grade", header], policy, ()).read["class"]


def test_the_scheme_of_a_claim_must_be_the_policys(tmp_path: Path) -> None:
    rows = [f"{n},P,{GOOD},{code}" for n, code in enumerate(("390", "", "310", "resident", "城乡居民", "900"))]
    done = settle_text(tmp_path, claims(*rows, head=HEAD + ",insutype"))
    assert [(row["row"], row["found"], row["reason_en"]) for row in rejects(done.target)] == [
        ("4", "310", REASONS["scheme"][1]),
        ("7", "900", REASONS["scheme"][1]),
    ]


def test_a_visit_is_the_claim_or_the_episode() -> None:
    head = NATIONAL.split(",")
    both = find_columns("x", [*head, "mdtrt_id"], PLAIN, ("episode",))
    assert (both.header("claim_id"), both.header("episode")) == ("setl_id", "mdtrt_id")
    one = find_columns("x", ["mdtrt_id", *head[1:]], PLAIN, ("episode",))
    assert one.header("claim_id") == "mdtrt_id" and "episode" not in one.read


def test_the_preferred_of_two_national_fields_is_read() -> None:
    found = find_columns("x", [*NATIONAL.split(","), "dedc_hosp_lv", "begntime"], PLAIN, ())
    assert found.header("grade") == "dedc_hosp_lv" and set(found.unread) == {"hosp_lv", "begntime"}


def test_a_column_that_nearly_is_one_that_is_needed() -> None:
    found = find_columns("x", [*HEAD.split(","), "enrollment", "remark"], PLAIN, ("enrolment",))
    assert found.unread == {"enrollment": "enrolment", "remark": ""}
    with pytest.raises(TableError, match="no column grade"):
        find_columns("x", HEAD.replace(",grade", "").split(","), PLAIN, ())


def test_names_are_told_apart() -> None:
    """No name stands for two fields of one table, but for those that say which comes first."""
    names: dict[str, set[str]] = {}
    for field in data()["fields"]:
        for name in names_of(field):
            names.setdefault(fold(name.text), set()).add(field)
    for field, word in language().facts.items():
        fact = Fact(field, word.values)
        for name in names_of(field, fact):
            names.setdefault(fold(name.text), set()).add(field)
    assert {name for name, fields in names.items() if len(fields) > 1} == {"mdtrt_id", "就诊id"}


def test_what_stands_in_the_data() -> None:
    """Codes are codes of their dictionaries, words are words of the language, fields are known to the glossary."""
    for field, record in data()["codes"].items():
        values = set(language().facts[field].values) if field != "scheme" else {"resident", "employee"}
        codes = [code for item in record["words"] for code in item["codes"]]
        assert len(codes) == len(set(codes))
        for item in record["words"]:
            assert item["is"] in values and item["sure"] in ("high", "medium", "low")
            assert all(code in dictionary(record["dictionary"]) for code in item["codes"])
    assert set(data()["facts"]) <= set(language().facts)
    glossary = {word.code for word in all_words()}
    for item in [*data()["funds"]["payers"], data()["funds"]["other"]]:
        assert item["field"] in glossary
    assert "地方其他扩展人员" not in code_words("status")  # the Chinese name of codes of different words


def test_the_documentation_lists_the_data() -> None:
    """Each national field and each code in docs/tables.md, with its certainty, as in names.toml."""
    text = DOCS.read_text(encoding="utf-8")
    lines_of = [line.replace("`", "").split("|")[1:4] for line in text.splitlines() if "|" in line]
    rows = {tuple(cell.strip() for cell in cells) for cells in lines_of}
    for group in ("fields", "facts"):
        for field, record in data()[group].items():
            for item in record.get("national", ()):
                assert (item["field"], field, item["sure"]) in rows, item
    for field, record in data()["codes"].items():
        for item in record["words"]:
            codes = f"{record['dictionary']} {', '.join(item['codes'])}"
            assert (codes, item["is"], item["sure"]) in rows, (field, item)
