"""The site as files: complete, no broken link, nothing from outside, in two languages, with the bills' numbers."""

from __future__ import annotations

import itertools
import posixpath
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from typer.testing import CliRunner

from openyibao.cli import app
from openyibao.policy import find_policy, read_policy
from openyibao.policy.coverage import layer_tables
from openyibao.policy.model import Ratio, Table
from openyibao.settlement import Claim, Rule, Uses
from openyibao.site import SiteError, publish, seam
from openyibao.site.examples import examples_of
from openyibao.site.grid import grid_of, lookup
from openyibao.site.say import Say
from openyibao.site.view import Notes, Tables
from openyibao.site.words import LANGS, Words, _data, amount

pytestmark = pytest.mark.xdist_group("site")  # one process builds the site
MOST_SECONDS = 60
LOADS = {"src", "srcset", "poster", "data", "background", "action", "formaction", "style", "srcdoc"}
HAN = re.compile(r"[㐀-鿿]")
LATIN_WORD = re.compile(r"[A-Za-z]*[a-z]{2,}[A-Za-z]*")
LATIN_ALLOWED = {"admvs", "jiusong", "vmaya", "zuomama"}
"""A field of the national interface, and the names of web sites in notes."""


def test_it_is_built_in_time(built: Any) -> None:
    done = built.published
    print(f"{done.pages} pages of {done.policies} policies, {done.size / 1e6:.1f} MB, {done.seconds:.1f} s")
    assert done.seconds < MOST_SECONDS
    assert done.pages == len(built.pages)


def test_every_page_is_well_formed(built: Any) -> None:
    for name, page in built.pages.items():
        assert page.problems == [], name
        assert len(page.ids) == len(set(page.ids)), name


def test_every_link_leads_somewhere(built: Any) -> None:
    for name, page in built.pages.items():
        for element in page.all("a", "link", "script", "img"):
            target = element.attributes.get("href") or element.attributes.get("src") or ""
            parts = urlsplit(target)
            assert not parts.scheme and not parts.netloc, f"{name}: {target}"
            path = (
                posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
            )
            assert (built.folder / path).is_file(), f"{name}: {target}"
            if parts.fragment:
                assert parts.fragment in built.pages[path].ids, f"{name}: {target}"
        labels = {
            one.attributes[key]
            for one in page.elements
            for key in ("aria-labelledby", "aria-describedby", "for")
            if key in one.attributes
        }
        assert labels <= set(page.ids), name


def test_nothing_comes_from_outside(built: Any) -> None:
    for name, page in built.pages.items():
        for element in page.elements:
            loaded = {key: value for key, value in element.attributes.items() if key in LOADS or key.startswith("on")}
            if element.tag == "script":
                assert loaded.pop("src").endswith("static/site.js")
            assert loaded == {}, f"{name}: <{element.tag}> {loaded}"
            assert element.tag not in ("style", "iframe", "object", "embed", "base"), name
        policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes).attributes["content"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "style-src 'self'" in policy
    for path in (built.folder / "static").iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"^\s*//.*$|/\*.*?\*/", "", text, flags=re.MULTILINE | re.DOTALL), path.name
        assert "@import" not in text and "url(" not in text


def test_each_policy_has_its_page_in_both_languages(built: Any) -> None:
    for policy in built.policies:
        for prefix, lang in (("", "zh"), ("en/", "en")):
            page = built.pages[f"{prefix}policies/{policy.id}.html"]
            heading = [text for text, _, within in page.texts if "h1" in within]
            assert heading == [getattr(policy.title, lang)]


def test_every_page_is_there_in_the_other_language(built: Any) -> None:
    for name, page in built.pages.items():
        other = name.removeprefix("en/") if name.startswith("en/") else f"en/{name}"
        switch = next(one for one in page.all("a") if one.attributes.get("class") == "language")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(name), switch.attributes["href"]))
        assert found == other
        assert page.all("html")[0].attributes["lang"] == ("en" if name.startswith("en/") else "zh-CN")


def test_every_page_has_its_landmarks_and_titles(built: Any) -> None:
    titles: dict[str, str] = {}
    for name, page in built.pages.items():
        for tag in ("main", "header", "footer", "h1", "title"):
            assert len(page.all(tag)) == 1, f"{name}: {tag}"
        assert page.all("body")[0] and page.all("a")[0].attributes == {"class": "skip", "href": "#content"}
        title = next(text for text, _, within in page.texts if "title" in within)
        assert titles.setdefault(title, name) == name, title
        assert len(page.all("table")) == len(page.all("caption")), name
        assert all("scope" in one.attributes for one in page.all("th")), name
        levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4")]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name


def test_english_pages_hold_no_untold_chinese(built: Any) -> None:
    found = {
        (text, name)
        for name, page in built.pages.items()
        if name.startswith("en/")
        for text, lang, _ in page.texts
        if lang == "en" and HAN.search(text)
    }
    assert found == set()


def test_chinese_pages_hold_no_stray_english(built: Any) -> None:
    found = {
        (word, text[:80])
        for name, page in built.pages.items()
        if not name.startswith("en/")
        for text, lang, within in page.texts
        if lang.startswith("zh") and not {"code", "title"} & set(within)
        for word in LATIN_WORD.findall(text)
        if word not in LATIN_ALLOWED
    }
    assert found == set()


def test_every_text_has_both_languages() -> None:
    for section, texts in _data("words.toml").items():
        for key, pair in texts.items():
            assert len(pair) == len(LANGS), f"{section}.{key}"
            names = [set(re.findall(r"\{(\w+)", text)) for text in pair]
            assert names[0] == names[1] or not all(pair), f"{section}.{key}: {names}"
            assert not HAN.search(pair[1]) or key == "other_language", f"{section}.{key}"


def test_every_place_has_a_name(built: Any) -> None:
    for policy in built.policies:
        for lang in LANGS:
            assert policy.region not in Words(lang).place(policy.region), policy.id


@pytest.mark.parametrize("lang", LANGS)
def test_worked_examples_have_the_numbers_of_the_bills(built: Any, lang: str) -> None:
    """The claims of the examples are settled again, and every row of the page must be that bill's."""
    rows = 0
    for policy in built.policies:
        page = built.pages[f"{'' if lang == 'zh' else 'en/'}policies/{policy.id}.html"]
        shown = example_rows(page)
        for number, examples in enumerate(examples_of(policy), 1):
            for one, cells in zip(examples.examples, shown[f"example-{number}"], strict=True):
                if one.bill is None or one.down_to:
                    continue
                stated = {**examples.facts, **({examples.varied: one.value} if examples.varied else {})}
                claim = Claim(
                    "again", "again", *[examples.day] * 3, one.cost_fen, facts=stated, enrolment=one.claim.enrolment
                )
                bill, _ = Rule(policy).settle(Uses(), claim)
                totals = bill.data()["totals"]
                payers = [amount(payer["fen"]) for payer in totals["by_payer"] if payer["fen"]]
                assert cells["number person"] == [amount(totals["personal_fen"])], policy.id
                assert [text for text in cells["number"] if text != "0"] == payers, policy.id
                rows += 1
    print(f"{rows} rows")
    assert rows > 100


def example_rows(page: Any) -> dict[str, list[dict[str, list[str]]]]:
    """The cells of the tables of examples, by the class of the cell, row by row."""
    text = page.path.read_text(encoding="utf-8")
    out = {}
    for table in re.findall(r'<table class="examples" id="(example-\d+)">(.*?)</table>', text, re.DOTALL):
        body = table[1].partition("<tbody>")[2]
        rows = []
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
            cells: dict[str, list[str]] = {"number": [], "number person": []}
            for kind, inner in re.findall(r'<td[^>]*class="([^"]*)"[^>]*>(.*?)</td>', row, re.DOTALL):
                cells.setdefault(kind, []).append(re.sub(r"<[^>]+>", "", inner).strip())
            rows.append(cells)
        out[table[0]] = rows
    return out


def test_grids_say_what_the_tables_say(built: Any) -> None:
    """Every combination of values finds in the grid the cell that the table has for it."""
    combinations = 0
    for policy in built.policies:
        tables = Tables(policy, Say(policy, Words("en")), Notes(Say(policy, Words("en"))))
        for table in [one for layer in policy.layers for one in layer_tables(layer) if one.by]:
            combinations += agree(table, tables.facts)
    print(f"{combinations} combinations")
    assert combinations > 1000


def agree(table: Table, facts: dict[str, Any]) -> int:
    grid = grid_of(table, facts)
    count = 0
    for line_facts, cell in spread_out(grid, table, facts):
        assert lookup(table.cells, line_facts).value == cell.value, table.place
        count += 1
    return count


def spread_out(grid: Any, table: Table, facts: dict[str, Any]) -> Any:
    """Each line and column of a grid as combinations of values, with the cell that stands there."""
    from openyibao.site.grid import _values

    values = {name: _values(table, n, facts[name]) for n, name in enumerate(table.by)}
    current: dict[str, Any] = {}
    for heads, answers in grid.lines:
        for head in heads:
            current[head.fact] = head.group
        spans = [cell for answer in answers for cell in [answer.cell] * answer.columns]
        for across, cell in zip(grid.across or (None,), spans, strict=True):
            here = {**current, **({grid.column: across} if grid.column else {})}
            for combination in itertools.product(*values.values()):
                if all(inside(here.get(name), value) for name, value in zip(values, combination, strict=True)):
                    yield combination, cell


def inside(group: Any, value: Any) -> bool:
    if group is None:
        return True
    if isinstance(value, str):
        return value in group.values
    low, high = group.values[0]
    return bool(low <= value[0] and (high is None or (value[1] is not None and value[1] <= high)))


@pytest.mark.parametrize(("prefix", "told"), [("", "不是统筹区"), ("en/", "no pooling region")])
def test_a_model_is_shown_as_a_model(built: Any, prefix: str, told: str) -> None:
    """It has its page and its heading, but is not counted as a region and stands in no comparison."""
    models = [policy for policy in built.policies if policy.id.startswith("model/")]
    assert len(models) == 2
    (region,) = {policy.region for policy in models}
    texts = " ".join(text for text, _, _ in built.pages[f"{prefix}regions/{region}.html"].texts)
    assert told in texts
    linked = {one.attributes.get("href", "") for one in built.pages[f"{prefix}compare.html"].all("a")}
    assert not any("model/" in href for href in linked) and any("chongqing/" in href for href in linked)
    home = " ".join(text for text, _, _ in built.pages[f"{prefix}index.html"].texts)
    real = {policy.region for policy in built.policies if policy.region[:2] not in ("98", "99")}
    others = sum(1 for policy in built.policies if policy.region not in real)
    counted = [f"{len(real)}", f"{len(built.policies) - others}", f"{others}"]
    assert re.search(".*".join(counted if not prefix else [counted[1], counted[0], counted[2]]), home)


def test_tables_answer_as_the_settlement_does(built: Any) -> None:
    """The rate that a bill names is the one that the page's table has for the facts of the claim."""
    checked = 0
    for policy in built.policies:
        for examples in examples_of(policy):
            for one in [one for one in examples.examples if one.bill]:
                for layer, said in zip(policy.layers, one.bill.data()["layers"], strict=False):
                    paid = said.get("reimbursement") if said["applies"] else None
                    if not paid or paid["kind"] != "flat" or not isinstance(layer.pays, Table):
                        continue
                    facts = {**one.claim.facts, "admission number": 1}
                    if not set(layer.pays.by) <= set(facts):
                        continue
                    values = [facts[name] for name in layer.pays.by]
                    found = lookup(layer.pays.cells, tuple((v, v) if isinstance(v, int) else v for v in values)).value
                    if isinstance(found, Ratio):
                        ratio = paid["rate"]["ratio"]
                        assert (found.ratio.numerator, found.ratio.denominator) == (
                            ratio["numerator"],
                            ratio["denominator"],
                        )
                        checked += 1
    assert checked > 100


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SiteError, match="not empty"):
        publish([read_policy(find_policy("teaching/willow-county-2026"))], tmp_path)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_site_is_replaced_and_is_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026, 1, 31)
    policies = [read_policy(find_policy("teaching/willow-county-2026")), read_policy(find_policy("xian/resident-2023"))]

    def files() -> dict[str, bytes]:
        return {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    publish(policies, tmp_path, day)
    first = files()
    publish(policies[::-1], tmp_path, day)
    assert files() == first
    monkeypatch.setattr(seam, "ROOM", "openyibao.no_such_room")
    publish(policies, tmp_path, day)
    changed = {name for name, text in files().items() if text != first[name]}
    assert changed <= {"compare.html", "en/compare.html"}


def test_every_construct_of_the_language_has_its_words(tmp_path: Path, strict_page: Any) -> None:
    """The policies of the tests use every key: bands, fixed amounts, floors, sums, derived facts, carry-over."""
    policies = [read_policy(path) for path in sorted((Path(__file__).parents[1] / "policies").glob("*.yaml"))]
    publish(policies, tmp_path, date(2026, 1, 31))
    for path in tmp_path.rglob("*.html"):
        assert strict_page(path).problems == [], path
    texts = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("policies/**/*.html"))
    for key in ("layer.floor", "policy.sums", "policy.derived", "layer.carry_one", "layer.points"):
        assert Words("zh")(key) in texts, key


def test_main_values_are_those_of_the_published_example(built: Any) -> None:
    """CQ-01 and CQ-02: the critical line of 2023 is 16,901 yuan, half of it for the poor, paid at 60 % and 65 %."""
    text = built.pages["policies/chongqing/resident-2023.html"].path.read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(.*?)</tr>", text.partition('<table class="key">')[2].partition("</table>")[0], re.DOTALL)
    told = [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    assert [
        "普通参保人员、农村易返贫致贫人口、低保边缘家庭成员、因病致贫重病患者",
        "16,901年度",
        "60%",
        "200,000",
    ] in told
    assert ["特困人员、低保对象、返贫致贫人口", "8,450.50年度", "65%", "不封顶"] in told


def test_the_command_publishes_and_says_what_it_did(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "willow.yaml").write_bytes(find_policy("teaching/willow-county-2026").read_bytes())
    call = ["policy", "publish", str(tmp_path / "site"), "--policies", str(own), "--date"]
    run = CliRunner()
    done = run.invoke(app, [*call, "2026-01-31"])
    assert done.exit_code == 0 and "192 pages of 1 policies" in done.output, done.output
    assert "2026年1月31日" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert run.invoke(app, [*call, "31 January"]).exit_code == 2
    assert run.invoke(app, ["policy", "publish", str(own)]).exit_code == 2
    assert (own / "willow.yaml").is_file()
