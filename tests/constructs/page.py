"""docs/constructs.md, made from the cases: `python tests/constructs/page.py` writes it."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any

from ruamel.yaml import YAML

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from constructs.running import FILES, LACKS, OWN, number

PAGE = Path(__file__).parents[2] / "docs" / "constructs.md"
SECTIONS = {
    1: "Deductibles 起付线",
    21: "Rates 支付比例",
    36: "What counts as cost 费用范围",
    49: "Caps, and links between layers 封顶与层次衔接",
    61: "Assistance 医疗救助",
    73: "Enrolment, accounts, time 参保、账户与时间",
}
"""The first construct of each section of the survey."""
HEAD = """\
# Constructs of real policies, one by one

A survey of local rules found {all} constructs that a policy language must be able to say. Each is a case here, with the
figures of a place: {run} run, {wait} wait for something that the language cannot say yet. The cases are the files
`tests/constructs/NN-name.yaml`, which a test settles. This page is made from them: after a change of a case,
`.venv/bin/python tests/constructs/page.py` writes it again.

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

The numbers are those that the cases use. A case that runs may still leave a part of its construct to one of these.

| | What the language lacks | Cases that wait | In part |
|---|---|---|---|
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
    rows = [[about(c), costs(c), bill(c), str(c["why"])] for c in claims]
    return "| Claim | Cost | Bill | Arithmetic |\n|---|---|---|---|\n" + "".join(row(cells) for cells in rows)


def wrap(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def part(one: Any, whole: Any) -> Iterator[str]:
    """A policy and its claims; a contrast shows its policy only where it has one of its own."""
    if "policy" in one:
        yield f"```yaml\n{snippet(one['policy'])}```\n"
    if "catalogue" in one:
        yield f"The catalogue:\n\n```yaml\n{snippet(one['catalogue'])}```\n"
    yield table(one["claims"])


def case(path: Path) -> Iterator[str]:
    """The paragraphs of a case."""
    found = load(path)
    yield f"### {number(path)}. {found['title']['en']}\n"
    yield f"{found['title']['zh']}\n"
    yield wrap(found["rule"])
    if "waits for" in found:
        lacks = " and ".join(LACKS[name][0] for name in found["waits for"])
        yield wrap(f"**Waits for {lacks}.** Missing: {found['missing'].strip()}")
    else:
        yield from part(found, found)
        for one in found.get("contrast", []):
            yield wrap(one["says"])
            yield from part(one, found)
    yield from small_print(found)


def small_print(found: Any) -> Iterator[str]:
    """What is made up, what is left out, and the source."""
    if "not shown" in found:
        name = LACKS[found["not shown"]["needs"]][0]
        yield wrap(f"*Not shown* (waits for {name}): {found['not shown']['what'].strip()}")
    if "note" in found:
        yield wrap(f"*Note:* {found['note']}")
    if "made up" in found:
        yield wrap(f"*Made up:* {found['made up']}.")
    yield wrap(f"*Source:* {found['source']}. In force: {found['date']}. How sure: {found['sure']}.")


def index(cases: dict[int, Any]) -> Iterator[str]:
    """The table of all cases."""
    lines = ["| | Construct | 中文 | Runs |\n|---|---|---|---|\n"]
    for count, found in cases.items():
        anchor = heading_anchor(f"{count}. {found['title']['en']}")
        if "waits for" in found:
            runs = "waits for " + " and ".join(LACKS[name][0] for name in found["waits for"])
        else:
            runs = "in part" if "not shown" in found else "yes"
        lines.append(row([str(count), f"[{found['title']['en']}](#{anchor})", found["title"]["zh"], runs]))
    yield "## All constructs\n"
    yield "".join(lines)


def heading_anchor(heading: str) -> str:
    """The anchor that a heading has on the page."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def lacking(cases: dict[int, Any]) -> str:
    """The table of what the language lacks, with the cases that wait for it."""
    waiting = {name: [n for n, c in cases.items() if name in c.get("waits for", [])] for name in LACKS}
    partly = {name: [n for n, c in cases.items() if c.get("not shown", {}).get("needs") == name] for name in LACKS}
    rows = [
        [code, f"{name}: {what}", *(", ".join(map(str, found[code])) or "-" for found in (waiting, partly))]
        for code, (name, what) in LACKS.items()
    ]
    return LACK + "".join(row(cells) for cells in rows)


@cache
def page() -> str:
    """The whole page."""
    cases = {number(path): load(path) for path in FILES}
    count = Counter("wait" if "waits for" in found else "run" for found in cases.values())
    paragraphs = [HEAD.format(all=len(cases), **count), *index(cases), lacking(cases)]
    for path in FILES:
        if section := SECTIONS.get(number(path)):
            paragraphs.append(f"## {section}\n")
        paragraphs.extend(case(path))
    return "\n".join(paragraphs)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
