"""docs/policy-reference.md: it has every word and phrase of the language, and its examples are run.

A block ```yaml base is a whole policy. The others are read and compiled in its place: ```yaml policy has keys that
replace its keys (`words` are added), ```yaml layers a list that replaces its layers, ```yaml layer the keys of one
layer, ```yaml claim keys of a claim, ```yaml variation a whole variation. A block ```text sums after one is a table of
claims of one person: its columns, two spaces apart, are keys of a claim, `claim` (more of them), `cost` (all in scope),
and what comes out: `pays`, the name of a layer (what it pays), or a part that the last layer leaves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from openyibao.policy import Policy, read_policy_text, vocabulary
from openyibao.policy.bases import OPEN_PARTS
from openyibao.settlement import Claim, Rule, Uses, read_claims

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "policy-reference.md"
DOCUMENTS = (REFERENCE, DOCS / "fee-lines.md")
"""Where a word of the language may stand: those of catalogues and fee lines stand in the second."""
MINE = (REFERENCE, DOCS / "policy-language.md")
LANGUAGE = Path(vocabulary.__file__).with_name("language.toml")
BLOCK = re.compile(r"^```(\w+) (\w+)\n(.*?)^```$(?:\n```text sums\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
BASIS = {"document": "not identified", "article": "not identified", "source": "an example", "sure": "low"}
PAYS = ("pays", "pays in bands", "pays fixed")
DAY = "2026-12-31"


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def dump(data: Any, path: Path) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(data, stream)
    return path


def table_rows(*documents: Path) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in documents]
    return [line for text in texts for line in text.splitlines() if line.startswith("|")]


def words_of_the_language() -> list[tuple[str, str]]:
    data = tomllib.loads(LANGUAGE.read_text(encoding="utf-8"))
    pairs = [*data["keys"].items(), *data["values"].items(), *data["words"].items()]
    for name, fact in data["facts"].items():
        pairs += [(name, fact["zh"]), *fact.get("values", {}).items()]
    return pairs


def test_every_word_of_the_language_is_there() -> None:
    rows = table_rows(*DOCUMENTS)
    missing = [
        pair
        for pair in words_of_the_language()
        if not any(f"`{pair[0]}`" in row and f"`{pair[1]}`" in row for row in rows)
    ]
    assert not missing, f"in no table row of the reference: {missing}"


def test_no_other_word_is_there() -> None:
    """In the rows of a table whose columns are a word and its Chinese, both are of the language."""
    known, wrong = set(words_of_the_language()), []
    known |= set(tomllib.loads(LANGUAGE.read_text(encoding="utf-8"))["kinds"].items())
    for row in table_rows(REFERENCE):
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        pair = [re.fullmatch(r"`([^`]+)`", cell) for cell in cells[:2]]
        if pair[0] and pair[1] and pair[0][1].isascii() and not pair[1][1].isascii():
            names = (pair[0][1], pair[1][1])
            phrase = any(all(found.match(name) for name in names) for found in phrases())
            wrong += [] if names in known or phrase else [names]
    assert wrong == []


def phrases() -> list[vocabulary.Phrase]:
    return [value for value in vars(vocabulary).values() if isinstance(value, vocabulary.Phrase)]


def test_every_phrase_is_there() -> None:
    rows = table_rows(REFERENCE)
    assert len(phrases()) >= 12
    for phrase in phrases():
        shown = [[cell for cell in re.findall(r"`([^`]+)`", row) if phrase.match(cell)] for row in rows]
        both = any({cell.isascii() for cell in cells} == {True, False} for cells in shown)
        assert both, f"{phrase.en} / {phrase.zh} is in no row, in both languages"


@pytest.mark.parametrize("path", MINE, ids=[path.name for path in MINE])
def test_lines_fit_a_page(path: Path) -> None:
    """But for tables and for what is printed."""
    text = re.sub(r"^```text.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")] == []


@pytest.mark.parametrize("path", MINE, ids=[path.name for path in MINE])
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", path.read_text(encoding="utf-8")):
        file = path.parent / target if target else path
        assert file.exists(), f"{path.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{path.name}: {target}#{anchor}"


# Examples -------------------------------------------------------------------------------------------------------


@cache
def examples() -> tuple[tuple[str, str, str], ...]:
    """Kind, text and sums of each example."""
    found = BLOCK.finditer(REFERENCE.read_text(encoding="utf-8"))
    return tuple((block[2], block[3], block[4] or "") for block in found if block[1] == "yaml")


@cache
def frame() -> dict[str, Any]:
    (text,) = [text for kind, text, _ in examples() if kind == "base"]
    return dict(load(text))


def whole(kind: str, text: str) -> dict[str, Any]:
    """The policy that an example makes of the whole file."""
    part = load(text)
    if kind == "layer":
        part = {"layers": [{"basic insurance": part}]}
    elif kind == "layers":
        part = {"layers": part}
    if "layers" in part:
        part["layers"] = [{name: filled(keys) for name, keys in layer.items()} for layer in part["layers"]]
    if "words" in part and kind != "base":
        part["words"] = [*frame()["words"], *part["words"]]
    return frame() | part


def filled(layer: dict[str, Any]) -> dict[str, Any]:
    rate = {} if any(key in layer for key in PAYS) else {"pays": "100%"}
    return {"payer": "pooled fund", "of": "in-scope cost", "basis": dict(BASIS)} | rate | layer


def policy_of(data: dict[str, Any], folder: Path) -> Policy:
    return read_policy_text(dump(data, folder / "policy.yaml").read_text(encoding="utf-8"))


POLICIES = [example for example in examples() if example[0] in ("base", "policy", "layer", "layers")]


@pytest.mark.parametrize("example", range(len(POLICIES)))
def test_examples_are_policies(example: int, tmp_path: Path) -> None:
    kind, text, sums = POLICIES[example]
    rule = Rule(policy_of(whole(kind, text), tmp_path))
    uses = Uses()
    for number, row in enumerate(rows_of(sums)):
        bill, uses = rule.settle(uses, claim_of(row, rule.policy, tmp_path / f"claim-{number}.yaml"))
        layers = bill.data()["layers"]
        found = {"pays": bill.paid_fen} | {layer["layer"]: layer["paid_fen"] for layer in layers}
        found |= {part: layers[-1]["parts"][part.replace(" ", "_").replace("-", "_")] for part in OPEN_PARTS}
        wanted = {name: round(float(cell) * 100) for name, cell in row.items() if name in found}
        assert wanted, row
        assert {name: found[name] for name in wanted} == wanted, row


def rows_of(sums: str) -> Iterator[dict[str, str]]:
    lines = [re.split(r"\s{2,}", line.strip()) for line in sums.splitlines()]
    for line in lines[1:]:
        yield dict(zip(lines[0], line, strict=True))


def claim_of(row: dict[str, str], policy: Policy, path: Path) -> Claim:
    """The claim of a row, by way of a file; its id is the name of the file."""
    day = row["settled"]
    claim = {
        "claim id": path.stem,
        "person": "A",
        "admission": row.get("admission", day),
        "discharge": day,
        "settlement": day,
        "facts": load(row.get("facts", "{}")),
        "money": {"total cost": row["cost"], "in-scope cost": row["cost"]},
        **load(row.get("claim", "{}")),
    }
    (found,) = read_claims(dump(claim, path), policy)
    return found


def test_claims_and_variations_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policy_of(frame(), tmp_path)
    dump(frame(), tmp_path / "frame.yaml")
    monkeypatch.chdir(tmp_path)
    for kind, text, _ in examples():
        if kind == "claim":
            claim_of({"settled": DAY, "cost": "100", "claim": text}, policy, tmp_path / "claim.yaml")
        elif kind == "variation":
            assert read_policy_text(text).layers != policy.layers
    assert {kind for kind, _, _ in examples()} == {"base", "policy", "layer", "layers", "claim", "variation"}
