"""docs/lint.md lists every rule as the file has it. `python tests/lint/test_document.py` writes the list anew."""

from __future__ import annotations

from pathlib import Path

from openyibao.lint.national import NationalRule, national_documents, national_rules

DOCUMENT = Path(__file__).parents[2] / "docs" / "lint.md"
START, END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def row(rule: NationalRule) -> str:
    time = f"{rule.start} to {rule.end}" if rule.end else f"from {rule.start}"
    strength = f"{rule.strength}, tolerance {float(rule.tolerance):.0%}" if rule.tolerance else rule.strength
    article = "" if rule.basis.article == "not identified" else f", {rule.basis.article}"
    return (
        f"| `{rule.id}` | {rule.says.en}<br>{rule.says.zh} | {rule.basis.document}{article} "
        f"| {time} | {strength} | {rule.basis.sure} |"
    )


def listed() -> str:
    head = "| Rule | Says | Document | In force | Strength | Sure |\n|---|---|---|---|---|---|\n"
    rules = "".join(f"{row(rule)}\n" for rule in national_rules())
    cited = {rule.basis.document for rule in national_rules()}
    documents = "".join(
        f"| {name} | {one.title.zh}<br>{one.title.en} | {one.date} | {one.source} |\n"
        for name, one in national_documents().items()
        if name in cited
    )
    return f"{head}{rules}\n| Document | Title | Date | Read at |\n|---|---|---|---|\n{documents}"


def with_list(text: str) -> str:
    before, _, rest = text.partition(START)
    return f"{before}{START}{listed()}{END}{rest.partition(END)[2]}"


def test_the_list_is_fresh() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_list(text) == text


def test_every_document_is_cited() -> None:
    assert {rule.basis.document for rule in national_rules()} == set(national_documents())


if __name__ == "__main__":
    DOCUMENT.write_text(with_list(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
