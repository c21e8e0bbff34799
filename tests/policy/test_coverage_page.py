"""docs/coverage.md says what the library holds. `python tests/policy/test_coverage_page.py` writes it anew."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path

from openyibao.policy import Policy, find_policy, policy_ids, read_policy
from openyibao.policy.coverage import values
from openyibao.policy.model import NOT_IDENTIFIED, NotKnown

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
HEAD = """# What the library holds

Made from the policy files by a test, which tells when this page is stale
(`PYTHONPATH=src python tests/policy/test_coverage_page.py` writes it). Values are those of layers, named amounts and
statistics. *Sure* says how well they are known: read in the document itself or confirmed by a published example (high),
in one secondary source (medium), inferred or assumed (low). *Article* counts the values whose article is identified,
*not known* those that nobody knows: a claim that needs one is not settled. What a file leaves out, it names under
`gaps`; `./yibao policy show ID` prints it.

"""
NO_PLACE = ("teaching/", "model/")
MODELS = """## Models

The law of no place: each folds what differs between regions into one set of values, so that a year of the whole nation
can be settled. They count neither above nor as regions; a value that no national document sets is an assumption (low).

"""
SURE = "Sure: high / medium / low"
COLUMNS = ("Policy", "Region", "Scheme", "Years", "Layers", "Values", SURE, "Article", "Not known", "Gaps")
FULL = ("basic insurance", "critical illness insurance", "medical assistance")


def library() -> list[tuple[str, Policy]]:
    return [(name, read_policy(find_policy(name))) for name in policy_ids() if not name.startswith(NO_PLACE)]


def models() -> list[tuple[str, Policy]]:
    return [(name, read_policy(find_policy(name))) for name in policy_ids() if name.startswith("model/")]


def share(count: int, total: int) -> str:
    return f"{100 * count / total:.0f}%" if total else "-"


def row(name: str, policy: Policy) -> str:
    found = list(values(policy))
    sure = Counter(basis.sure for _, basis in found if basis)
    article = sum(1 for _, basis in found if basis and basis.article != NOT_IDENTIFIED)
    unknown = sum(1 for cell, _ in found if isinstance(cell.value, NotKnown))
    layers = ", ".join(layer.name for layer in policy.layers)
    last = policy.end.year if policy.end.month > 1 or policy.end.day > 1 else policy.end.year - 1
    years = f"{policy.start.year}" if policy.start.year == last else f"{policy.start.year}-{last}"
    shares = " / ".join(share(sure[word], len(found)) for word in ("high", "medium", "low"))
    return (
        f"| `{name}` | {policy.region} | {policy.scheme} | {years} | {layers} | {len(found)} | {shares} "
        f"| {share(article, len(found))} | {unknown} | {len(policy.gaps)} |"
    )


def answered(policy: Policy, layer: str) -> bool:
    """Whether a layer of the usual stack is there, or named as a gap."""
    words = {"basic insurance": "基本", "critical illness insurance": "大病", "medical assistance": "救助"}
    gaps = "".join(gap.zh for gap in policy.gaps)
    return any(one.name == layer for one in policy.layers) or words[layer] in gaps


def page() -> str:
    found = library()
    return f"{HEAD}{summary(found)}\n{table(found)}\n{MODELS}{table(models())}"


def table(found: list[tuple[str, Policy]]) -> str:
    rows = "\n".join(row(name, policy) for name, policy in found)
    return f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n{rows}\n"


def summary(found: list[tuple[str, Policy]]) -> str:
    regions = {policy.region for _, policy in found}
    stacks = sorted({policy.region for _, policy in found if full_stack(policy)})
    everything = [basis for _, policy in found for _, basis in values(policy) if basis]
    sure = Counter(basis.sure for basis in everything)
    article = sum(1 for basis in everything if basis.article != NOT_IDENTIFIED)
    told = ", ".join(f"{share(sure[word], len(everything))} {word}" for word in ("high", "medium", "low"))
    text = (
        f"{len(found)} policies of {len(regions)} regions; {len(stacks)} regions have a whole stack for stays of "
        "residents (basic insurance, and critical illness insurance and assistance or their declared gap). "
        f"{len(everything)} values: {told}; {share(article, len(everything))} with their article."
    )
    return textwrap.fill(text, 118) + "\n"


def full_stack(policy: Policy) -> bool:
    has_basic = any(layer.name == "basic insurance" for layer in policy.layers)
    return policy.scheme == "resident" and has_basic and all(answered(policy, layer) for layer in FULL)


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_models_are_no_regions() -> None:
    regions = {policy.region for _, policy in library()}
    assert len(models()) == 2
    for name, policy in models():
        assert policy.region not in regions
        assert "no place" in policy.title.en and "非任何统筹区" in policy.title.zh
        assert f"`{name}`" in page().partition(MODELS)[2]


def test_the_library_is_wide_enough() -> None:
    found = library()
    assert len({policy.region for _, policy in found}) >= 20
    assert len({policy.region for _, policy in found if full_stack(policy)}) >= 10


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
