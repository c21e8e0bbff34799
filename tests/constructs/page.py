"""docs/constructs.md, made from the cases: `python tests/constructs/page.py` writes it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any

from ruamel.yaml import YAML

from openyibao import constructs
from openyibao.constructs import Case, cases, lacks, sections
from openyibao.constructs.case import OWN

PAGE = Path(__file__).parents[2] / "docs" / "constructs.md"
FOLDER = Path(constructs.__file__).parent
HEAD = """\
# Constructs of real policies, one by one

A survey of local rules found {all} constructs that a policy language must be able to say. Each is a case here, with the
figures of a place: {whole} run, and {partly} run in part. The cases are the files
`src/openyibao/constructs/NN-name.yaml`, which a test settles; the [site](site.md) shows them in Chinese too. This page
is made from them: after a change of a case, `.venv/bin/python tests/constructs/page.py` writes it again.

**How to read a case.** The snippet is the part of a policy that the construct needs. Around it belong the keys that
every policy has, and each layer needs its basis: see [a whole file](policy-reference.md#a-whole-file). Below it stand
claims in the order in which they are settled, each with the day of settlement. Claims are those of one person, A, where
no other is named. Cost is all in scope where nothing else is said. Of each bill the table names some amounts in yuan:
what a layer pays stands under its name, what it left under the name of the part, and *person* is what the person bears
in all. The arithmetic was done by hand; a test redoes it.

**What is made up.** Persons, days and costs, always; what else, stands with the case. Sources are pages and texts as
they were found, not the documents themselves; how sure is said.
"""
LACK = """\
## What some cases wait for

| | What the language lacks | Cases that run in part |
|---|---|---|
"""


def load(path: Path) -> Any:
    yaml = YAML()
    yaml.preserve_quotes = True  # type: ignore[assignment]
    return yaml.load(path.read_text(encoding="utf-8"))


def snippet(node: Any) -> str:
    """A part of a case as it stands in the file, moved to the margin."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 118
    stream = io.StringIO()
    yaml.dump(node, stream)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def english(told: Any) -> str:
    """The English of a text, or the text that serves both languages."""
    return str(told["en"] if isinstance(told, dict) else told)


def plain(value: Any) -> str:
    """A value of a fact in words."""
    if isinstance(value, dict):
        times = "".join(f" {name} {value[name]}" for name in ("from", "before") if name in value)
        return f"{value['is']}{times}"
    return ", ".join(plain(item) for item in value) if isinstance(value, list) else str(value)


def money(value: Any) -> str:
    """An amount in yuan as it is written, with commas."""
    whole, _, fen = str(value).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}" + (f".{fen:0<2}" if fen.strip("0") else "")


def costs(claim: Any) -> str:
    """What a claim costs, or its fee lines."""
    if "cost" in claim:
        return money(claim["cost"])
    if "lines" in claim:
        return "; ".join(f"{line['count']} x {line['item']} at {money(line['price'])}" for line in claim["lines"])
    parts = claim.get("money", {})
    return "; ".join(f"{name.removesuffix(' cost')} {money(value)}" for name, value in parts.items())


def about(claim: Any) -> str:
    """Day, person, and all else that a claim states."""
    if "again" in claim:
        return f"*{claim['again']}*, settled again because of that"
    lead = [f"*{claim['claim id']}*:"] if "claim id" in claim else []
    lead += [f"*{claim['corrects']}*, corrected:"] if "corrects" in claim else []
    lead += [str(claim["settlement"])]
    lead += [str(claim["person"])] if "person" in claim else []
    known = OWN | {"claim id", "settlement", "person", "facts", "money", "lines"}
    more = [f"{name} {value}" for name, value in claim.items() if name not in known]
    more += [f"{name}: {plain(value)}" for name, value in claim.get("facts", {}).items()]
    return " ".join(lead) + "".join(f"; {one}" for one in more)


def bill(claim: Any) -> str:
    if "refused" in claim:
        return "refused"
    names = {"personal": "person"}
    return "; ".join(f"{names.get(name, name)} **{money(value)}**" for name, value in claim["bill"].items())


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |\n"


def table(claims: Any) -> str:
    rows = [[about(c), costs(c), bill(c), english(c["why"])] for c in claims]
    return "| Claim | Cost | Bill | Arithmetic |\n|---|---|---|---|\n" + "".join(row(cells) for cells in rows)


def wrap(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def part(one: Any) -> Iterator[str]:
    """A policy and its claims; a contrast shows its policy only where it has one of its own."""
    if "policy" in one:
        yield f"```yaml\n{snippet(one['policy'])}```\n"
    if "catalogue" in one:
        yield f"The catalogue:\n\n```yaml\n{snippet(one['catalogue'])}```\n"
    yield table(one["claims"])


def case(one: Case) -> Iterator[str]:
    """The paragraphs of a case."""
    found = load(FOLDER / f"{one.name}.yaml")
    yield f"### {one.number}. {one.title.en}\n"
    yield f"{one.title.zh}\n"
    yield wrap(one.rule.en)
    for said, shown in zip(one.parts, [found, *found.get("contrast", [])], strict=True):
        if said.says:
            yield wrap(said.says.en)
        yield from part(shown)
    yield from small_print(one)


def small_print(one: Case) -> Iterator[str]:
    """What is made up, what is left out, and the source."""
    if one.not_shown and one.not_shown_needs:
        yield wrap(f"*Not shown* (waits for {one.not_shown_needs.name.en}): {one.not_shown.en}")
    if one.note:
        yield wrap(f"*Note:* {one.note.en}")
    if one.made_up:
        yield wrap(f"*Made up:* {one.made_up.en}.")
    yield wrap(f"*Source:* {one.source.en}. In force: {one.date.en}. How sure: {one.sure}.")


def index() -> Iterator[str]:
    """The table of all cases."""
    lines = ["| | Construct | 中文 | Runs |\n|---|---|---|---|\n"]
    for one in cases():
        anchor = heading_anchor(f"{one.number}. {one.title.en}")
        lines.append(row([str(one.number), f"[{one.title.en}](#{anchor})", one.title.zh, one.runs]))
    yield "## All constructs\n"
    yield "".join(lines)


def heading_anchor(heading: str) -> str:
    """The anchor that a heading has on the page."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def lacking() -> str:
    """The table of what the language lacks, with the cases that wait for it."""
    rows = []
    for lack in lacks().values():
        partly = [str(one.number) for one in cases() if one.not_shown_needs == lack]
        rows.append([lack.code, f"{lack.name.en}: {lack.what.en}", ", ".join(partly)])
    return LACK + "".join(row(cells) for cells in rows)


@cache
def page() -> str:
    """The whole page."""
    partly = sum(one.runs == "in part" for one in cases())
    paragraphs = [HEAD.format(all=len(cases()), whole=len(cases()) - partly, partly=partly), *index(), lacking()]
    titles = {section.first: section.title for section in sections()}
    for one in cases():
        if title := titles.get(one.number):
            paragraphs.append(f"## {title.en} {title.zh}\n")
        paragraphs.extend(case(one))
    return "\n".join(paragraphs)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
