"""Survey files through their mappings: what is read, recoded, dropped and told; and the claims made of people."""

from __future__ import annotations

import importlib.util
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bring.files import cfps, charls
from bring.stata import Variable, write_stata
from openyibao.lab.bring import policy_columns, read_mapping, read_people, survey_claims
from openyibao.lab.bring.mapping import CONCEPTS, SHIPPED, Claims, MappingError, find_mapping
from openyibao.lab.bring.report import CONCEPT, lines
from openyibao.lab.bring.visits import evenly
from openyibao.policy import find_policy, read_policy
from openyibao.settlement.columns import RowRule
from openyibao.tables import TableError

stata = pytest.mark.skipif(
    importlib.util.find_spec("pyreadstat") is None, reason="pyreadstat is not installed: requirements/survey.txt"
)


def shipped(name: str) -> Any:
    return read_mapping(find_mapping(name))


@stata
def test_charls(tmp_path: Path) -> None:
    charls(tmp_path / "H_CHARLS_D_Data.dta")
    people, report = read_people(tmp_path / "H_CHARLS_D_Data.dta", shipped("charls"))
    assert (report.rows, report.kept, report.encoding) == (7, 5, "GB18030")
    assert report.dropped == {"not in the wave": 1, "no weight": 1}
    found = people.to_pydict()
    assert found["person"] == [0, 1, 2, 3, 4] and found["person_id"][0] == "010104100102"
    assert found["household"] == [0, 0, 0, 0, 0] and set(found["household_id"]) == {"0101041000"}
    assert found["community_id"][4] == "0101041"
    assert found["age"] == [67, 71, 48, 80, None]
    assert found["sex"] == ["male", "female", "female", "male", "female"]
    assert found["urban"] == [False, True, False, False, True]
    assert found["income_fen"] == [2_400_000, 5_100_013, -30_000, None, 800_000]
    assert found["consumption_fen"] == [1_800_000, 4_000_000, 900_000, 700_050, 600_000]
    assert found["food_fen"] == [150 * 52 * 100, 400 * 52 * 100, 80 * 52 * 100, None, 313_300]
    assert found["public_insurance"] == [True, True, False, True, None]
    assert found["hospital_stays"] == [3, 0, 0, 1, 2]
    assert found["hospital_cost_fen"] == [1_000_000, 0, 0, None, 500_005]
    assert found["outpatient_visits"] == [0, 24, 12, 0, None]
    assert found["outpatient_cost_fen"] == [0, 360_000, None, 66_000, None]
    assert found["outpatient_out_of_pocket_fen"] == [0, 144_600, None, 66_000, None]
    assert found["weight"] == [1500.5, 800, 1200, 900, 700]
    told = report.concepts
    assert told["age"].missing == {".m": 1} and told["age"].label == "变量r4agey"
    assert told["income"].rounded == 1 and told["consumption"].rounded == 0
    assert told["sex"].recoded == {("1", "male"): 2, ("2", "female"): 3}
    assert told["hospital cost"].missing == {".d": 1}
    assert report.absent == {"household size": "h4hhres"}


@stata
def test_charls_is_told(tmp_path: Path) -> None:
    charls(tmp_path / "c.dta")
    people, report = read_people(tmp_path / "c.dta", shipped("charls"))
    english, chinese = ("\n".join(lines(report, lang)) for lang in ("en", "zh"))
    assert "7 rows: 5 kept." in english and "  1 rows dropped: no weight" in english
    assert "outpatient visits = r4doctim1m (变量r4doctim1m): 4 filled, of a month, times 12 for a year" in english
    assert "food = hh4cfood (变量hh4cfood): 4 filled, of the household, of a week, times 52 for a year" in english
    assert "recoded: 2 -> female 3, 1 -> male 2" in english
    assert (
        "共7行：保留5行。" in chinese
        and "每月的，乘以12折成一年" in chinese
        and "没有权重" in chinese
        and "把握：中" in chinese
    )
    assert set(CONCEPT) == set(CONCEPTS) and "文件中没有的：家庭人口 (h4hhres)" in chinese
    about = json.loads(people.schema.field("outpatient_cost_fen").metadata[b"survey"])
    assert (about["period"], about["times"], about["of"], about["unit"]) == ("month", "12", "person", "yuan")
    assert people.schema.metadata[b"year"] == b"2018"


@stata
def test_cfps(tmp_path: Path) -> None:
    cfps(tmp_path / "cfps2018famecon.dta")
    people, report = read_people(tmp_path / "cfps2018famecon.dta", shipped("cfps"))
    assert report.dropped == {"repeats an id": 1, "no weight": 1}
    found = people.to_pydict()
    assert found["household_id"] == ["100051", "100125", "100160"] and "person_id" not in found
    assert found["urban"] == [True, False, None] and found["household_size"] == [3, 5, 2]
    assert found["income_fen"] == [12_000_000, 3_650_075, None]
    assert found["food_fen"] == [3_000_000, 1_200_012, 500_000]
    assert found["medical_expenditure_fen"] == [600_000, 900_000, None]
    assert found["weight"] == [1.25, 0.75, 2]
    told = report.concepts
    assert told["urban"].missing == {"-8 (不适用)": 1}
    assert told["medical expenditure"].missing == {"-10 (无法判断)": 1}
    assert told["consumption"].name == "pce" and told["weight"].name == "fswt_natcs18n"
    assert set(report.absent) == {"person", "age", "sex"}


@stata
def test_another_wave_another_weight(tmp_path: Path) -> None:
    path = tmp_path / "f.dta"
    names = ("FID14", "fincome1", "fswt_natcs14", "mine")
    write_stata(path, [Variable(name, [7, 8]) for name in names])
    people, report = read_people(path, shipped("cfps"), "14")
    assert people["income_fen"].to_pylist() == [700, 800] and report.concepts["weight"].name == "fswt_natcs14"
    assert read_people(path, shipped("cfps"), "14", "mine")[1].concepts["weight"].name == "mine"
    with pytest.raises(TableError, match=r"no field for weight \(theirs\)"):
        read_people(path, shipped("cfps"), "14", "theirs")
    with pytest.raises(TableError, match=r"no field for household \(fid18 or fid\).*Is it wave 18 of cfps"):
        read_people(path, shipped("cfps"))
    with pytest.raises(ValueError, match=r"no wave '15'; it has 10, 12"):
        read_people(path, shipped("cfps"), "15")
    write_stata(path, [Variable("ID", [7, 8])])
    with pytest.raises(TableError, match="no field inw4, by which the mapping charls chooses"):
        read_people(path, shipped("charls"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no such file"):
        read_people(tmp_path / "none.dta", shipped("cfps"))
    (tmp_path / "a.doc").write_bytes(b"")
    with pytest.raises(TableError, match=r"a survey file is one of \.dta"):
        read_people(tmp_path / "a.doc", shipped("cfps"))


@stata
def test_stata_files_in_utf_8_and_damaged(tmp_path: Path) -> None:
    path = tmp_path / "f.dta"
    write_stata(path, [Variable("fid18", [7], "家户"), Variable("med", [-9], "医疗", {-9: "缺失"})], "utf-8")
    _, report = read_people(path, shipped("cfps"))
    assert report.encoding == "UTF-8" and report.concepts["household"].label == "家户"
    assert report.concepts["medical expenditure"].missing == {"-9 (缺失)": 1}
    path.write_bytes(b"no Stata file at all")
    with pytest.raises(TableError, match=r"f\.dta: is damaged"):
        read_people(path, shipped("cfps"))


def test_without_pyreadstat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cfps(tmp_path / "f.dta")
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(TableError, match=r"need the package pyreadstat\. Install the extra `survey`"):
        read_people(tmp_path / "f.dta", shipped("cfps"))


def test_the_same_people_from_csv_excel_parquet(tmp_path: Path) -> None:
    from openyibao.bench.claim_tables import write_xlsx

    table = pa.table({"fid18": [1, 2, 2], "urban18": [1, -8, 0], "med": [10.5, -1, 3], "fswt_natcs18n": [1, 2, 3]})
    pq.write_table(table, tmp_path / "a.parquet")
    write_xlsx(table, tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_text(
        "fid18,urban18,med,fswt_natcs18n\n1,1,10.50,1\n2,-8,-1,2\n2,0,3,3\n4,0\n", encoding="utf-8"
    )
    wanted = [[1050, None], [True, None], [1.0, 2.0]]
    for name in ("a.parquet", "a.xlsx", "a.csv"):
        people, report = read_people(tmp_path / name, shipped("cfps"))
        columns = ("medical_expenditure_fen", "urban", "weight")
        assert [people[column].to_pylist() for column in columns] == wanted, name
        assert report.dropped["repeats an id"] == 1 and report.dropped["torn row"] == (name == "a.csv")


def test_cells_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "fid18,urban18,med,fincome1,familysize18\n1,7,many,-5e3,2.5\n2,1,-400,x,-3.5\n", encoding="utf-8"
    )
    people, report = read_people(tmp_path / "a.csv", shipped("cfps"))
    assert people["urban"].to_pylist() == [None, True] and report.concepts["urban"].unusable == {"7": 1}
    assert people["medical_expenditure_fen"].to_pylist() == [None, None]
    assert report.concepts["medical expenditure"].unusable == {"many": 1, "-400": 1}
    assert people["income_fen"].to_pylist() == [-500_000, None]
    assert people["household_size"].to_pylist() == [2, None] and report.concepts["household size"].rounded == 1
    assert "cannot be used, left empty: many 1, -400 1" in "\n".join(lines(report, "en"))


# ---------------------------------------------------------------- claims of people


def made_claims(folder: Path) -> tuple[Any, Any, Any]:
    charls(folder / "c.dta")
    mapping = shipped("charls")
    people, _ = read_people(folder / "c.dta", mapping)
    claims, left = survey_claims(people, 2026, mapping.claims)
    return people, claims, left


@stata
def test_stays_and_visits_become_claims(tmp_path: Path) -> None:
    people, claims, left = made_claims(tmp_path)
    found = claims.to_pylist()
    stays = [one for one in found if one["service"] == "inpatient"]
    assert [(one["person"], one["total_fen"], one["reported_out_of_pocket_fen"]) for one in stays] == [
        (0, 333_334, 133_334),
        (0, 333_333, 133_333),
        (0, 333_333, 133_333),
        (4, 250_003, 50_000),
        (4, 250_002, 50_000),
    ]
    assert [one["discharge"].isoformat() for one in stays[:3]] == ["2026-03-02", "2026-07-02", "2026-11-01"]
    assert {(one["discharge"] - one["admission"]).days for one in stays} == {9}
    visits = [one for one in found if one["service"] == "outpatient"]
    assert {one["person"] for one in visits} == {1} and len(visits) == 24
    assert {one["total_fen"] for one in visits} == {15_000} and all(one["annualised"] for one in visits)
    assert not any(one["annualised"] for one in stays)
    assert {one["weight"] for one in visits} == {800} and {one["age"] for one in visits} == {71}
    told = {one.service: (one.no_cost, one.no_number) for one in left}
    assert told == {"inpatient": (1, 0), "outpatient": (1, 1)}
    assert len(people) == 5 and len({one["claim_id"] for one in found}) == len(found)


@stata
def test_a_policy_is_run_on_them(tmp_path: Path) -> None:
    """Two stays of 2,500.03 and 2,500.02 yuan in a secondary hospital of Willow County: 75 % of what is beyond 400."""
    policy = read_policy(find_policy("teaching/willow-county-2026"))
    _, claims, _ = made_claims(tmp_path)
    rule = RowRule(policy)
    settled = rule.settle(policy_columns(rule, claims))
    assert not settled.fault.any()
    mine = np.array(claims["person"]) == 4
    assert settled.outputs["paid"][mine].tolist() == [157_502, 157_502]
    assert (settled.outputs["paid"] + settled.outputs["personal"] == np.array(claims["total_fen"])).all()


@stata
def test_half_of_a_cost_in_scope(tmp_path: Path) -> None:
    people, _, _ = made_claims(tmp_path)
    claims, _ = survey_claims(people, 2026, Claims(Fraction(1, 2), 3, {"grade": "tertiary"}))
    assert claims["in_scope_fen"].to_pylist()[:3] == [166_667, 166_666, 166_666]
    assert claims["fully_self_paid_fen"].to_pylist()[:3] == [166_667, 166_667, 166_667]
    with pytest.raises(ValueError, match="neither hospital stays nor outpatient visits"):
        survey_claims(people.drop_columns(["hospital_stays", "outpatient_visits"]), 2026, Claims())


@given(st.integers(0, 10**12), st.integers(1, 400))
def test_an_even_split_loses_no_fen(total: int, times: int) -> None:
    shares = evenly(np.full(times, total), np.full(times, times), np.arange(times))
    assert shares.sum() == total and shares.max() - shares.min() <= 1


# ---------------------------------------------------------------- mapping files


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_mappings(name: str) -> None:
    mapping = shipped(name)
    assert mapping.id == name and mapping.title.zh and mapping.title.en and set(mapping.fields) <= set(CONCEPTS)


GOOD = """mapping: mine
title: {zh: 我的, en: mine}
waves: {1: 2020}
fields:
  person: {field: id}
  income: {field: inc, unit: yuan}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit: yuan", "unit: euro", r"m\.yaml:6:30: found 'euro'; expected one of yuan"),
        (", unit: yuan", "", "found no unit of income"),
        ("income:", "incom:", "found the key 'incom' \\(did you mean 'income'\\?\\)"),
        ("person: {field: id}", "age: {field: a}", "found neither person nor household"),
        ("waves: {1: 2020}", "waves: {1: soon}", "found 'soon'; expected a whole number from 1900"),
        ("waves: {1: 2020}\n", "", "the key 'waves' is missing"),
        ("{field: id}", "{of: person}", "found no field of person"),
        ("  income", "  sex: {field: s, values: {1: man}}\n  income", "found 'man'; expected one of male, female"),
        ("fields:", "wave: 2\nfields:", "found '2'; expected one of 1"),
        ("fields:", "rows: {field: in}\nfields:", "found only field"),
        ("fields:", "claims: {in scope: 110%}\nfields:", "found '110%'; expected a share"),
    ],
)
def test_wrong_mappings(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_mapping(path).fields["income"].unit == "yuan"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(MappingError, match=said):
        read_mapping(path)


def test_the_verb(tmp_path: Path) -> None:
    from openyibao.cli import app

    source, out = tmp_path / "a.csv", tmp_path / "people.parquet"
    source.write_text("fid18,med\n1,10\n", encoding="utf-8")
    for arguments, code in (
        ((source, "--out", out), 0),
        ((source, "--out", tmp_path / "people.csv"), 2),
        ((source, "--out", tmp_path / "none" / "people.parquet"), 2),
        ((source, "--out", out, "--wave", "9"), 2),
        ((tmp_path / "b.csv", "--out", out), 2),
        ((source, "--out", out, "--claims", tmp_path / "claims.parquet"), 2),
    ):
        with pytest.raises(SystemExit) as end:
            app(["lab", "survey", *map(str, arguments), "--mapping", "cfps"], prog_name="yibao")
        assert (end.value.code or 0) == code, arguments
    assert pq.read_table(out)["medical_expenditure_fen"].to_pylist() == [1000]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "people.parquet"]
