"""What the replication prints: text for people, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from openyibao.compare.report_patients import pad, wide
from openyibao.compare.words import pick
from openyibao.evidence.model import Finding, Unit
from openyibao.evidence.numbers import shown
from openyibao.evidence.replicate import Result, Told, counts
from openyibao.evidence.rules import Answer
from openyibao.evidence.tables_read import library, word

SAY = {
    "columns": ("项目|印出|推算|相差|结论|类别|依据", "item|printed|computed|difference|verdict|kind|how"),
    "unit": ("（{unit}）", " ({unit})"),
    "item": ("{item}（{year}）", "{item} ({year})"),
    "corrected": ("订正为 {value}", "corrected: {value}"),
    "both": ("两种读法：{printed}（印出），{value}", "both readings kept: {printed} as printed, {value}"),
    "definition": ("按另一口径：{value}", "on the other definition: {value}"),
    "other": ("另一读法：{value} = {text}", "another reading: {value} = {text}"),
    "against": ("照印出的说法应为 {value}：{text}", "as worded it would be {value}: {text}"),
    "origin": ("印出的数来自：{value} = {text}", "where the print comes from: {value} = {text}"),
    "kinds": ("类别：{list}", "Kinds: {list}"),
    "verdicts": ("结论：{list}", "Verdicts: {list}"),
    "found": ("发现的问题：{list}", "Findings: {list}"),
    "rows": ("{count}行", "{count} rows"),
}
READINGS = {"error": "corrected", "ambiguous": "both", "definition": "definition"}
COLUMNS = (
    *("document", "table", "row", "item", "item_zh", "year", "unit", "printed", "read", "kind", "rule", "computed"),
    *("standard_error", "difference", "verdict", "findings", "how", "where", "sure"),
)


def say(key: str, lang: str, /, **values: object) -> str:
    return SAY[key][lang != "zh"].format(**values)


def in_unit(value: Fraction | None, result: Result) -> Fraction | None:
    """A number in plain units, in the unit of its row."""
    return None if value is None else value / units()[result.row.unit].times


def units() -> Mapping[str, Unit]:
    return library().units


def number(value: Fraction | None, result: Result) -> str:
    found = in_unit(value, result)
    return "" if found is None else shown(found)


def text(told: list[Told], lang: str) -> str:
    """Every table, then the counts; the last line is JSON."""
    out = [line for one in told for line in (*_table(one, lang), "")]
    return "\n".join([*out, *_totals(told, lang), json.dumps(summary(told), ensure_ascii=False)]) + "\n"


def _table(told: Told, lang: str) -> list[str]:
    document, table = told.document, told.table
    out = [
        f"{pick(table.title, lang)} [{table.name}] - {pick(document.title, lang)}",
        f"  {document.citation}",
    ]
    lines = [tuple(say("columns", lang).split("|"))] + [_cells(result, lang) for result in told.results]
    widths = [max(wide(line[column]) for line in lines) for column in range(6)]
    for line, remarks in zip(lines, [[], *(_remarks(result, lang) for result in told.results)], strict=True):
        cells = [pad(cell, width) for cell, width in zip(line, widths, strict=False)]
        out.append(f"  {'  '.join(cells)}  {line[6]}".rstrip())
        out += [f"      {remark}" for remark in remarks]
    return out


def _cells(result: Result, lang: str) -> tuple[str, ...]:
    row = result.row
    item = pick(row.item, lang)
    if row.year is not None and row.unit != "year":
        item = say("item", lang, item=item, year=row.year)
    unit = units()[row.unit].zh if lang == "zh" else row.unit
    computed = ""
    if result.computed is not None:
        computed = number(result.computed.value, result)
        if result.computed.role:
            computed += f" ± {number(Fraction(result.computed.error), result)}"
    rule = word("rules", result.rule, lang) if result.rule else ""
    how = f"{rule}: {pick(result.computed.text, lang)}" if result.computed else ""
    return (
        item + (say("unit", lang, unit=unit) if unit != "" else ""),
        row.printed,
        computed,
        "" if result.difference is None else number(result.difference, result),
        word("verdicts", result.verdict, lang),
        word("kinds", result.kind, lang),
        how,
    )


def _remarks(result: Result, lang: str) -> list[str]:
    """What stands under a row: its note, its corrected reading, other answers, the findings, and why."""
    out = [pick(result.row.note, lang)] if result.row.note.en else []
    status = result.spec.status
    if result.kind == "slip" and result.computed is not None and result.against is None:
        value = number(result.computed.value, result)
        out.append(say(READINGS[status], lang, value=value, printed=result.row.printed))
    for name, answer in (("other", result.other), ("against", result.against), ("origin", result.origin)):
        if answer is not None:
            out.append(say(name, lang, value=number(answer.value, result), text=pick(answer.text, lang)))
    out += [_finding(finding, lang) for finding in result.spec.findings]
    return [*out, pick(result.spec.why, lang)] if result.spec.why else out


def _finding(finding: Finding, lang: str) -> str:
    return f"{finding.name} {word('statuses', finding.status, lang)}: {pick(finding.why, lang)}"


def _totals(told: list[Told], lang: str) -> list[str]:
    joint = "，" if lang == "zh" else ", "
    kinds = counts(told, lambda result: result.kind)
    verdicts = counts(told, lambda result: result.verdict)
    found = findings(told)
    statuses = {status: sum(one.status == status for one in found) for status in READINGS}
    lists = {
        "kinds": [f"{word('kinds', name, lang)} {count}" for name, count in kinds.items()],
        "verdicts": [f"{word('verdicts', name, lang)} {count}" for name, count in verdicts.items()],
        "found": [f"{word('statuses', name, lang)} {count}" for name, count in statuses.items()],
    }
    rows = say("rows", lang, count=sum(kinds.values()))
    return [rows, *(say(key, lang, list=joint.join(some)) for key, some in lists.items())]


def findings(told: list[Told]) -> list[Finding]:
    """The findings on the rows of some tables, each once, in order."""
    found = {f.name: f for one in told for result in one.results for f in result.spec.findings}
    return list(found.values())


def summary(told: list[Told]) -> dict[str, Any]:
    """The counts: rows, numbers printed, kinds, verdicts, findings."""
    results = [result for one in told for result in one.results]
    return {
        "rows": len(results),
        "printed": sum(bool(result.row.printed) for result in results),
        "kinds": counts(told, lambda result: result.kind),
        "verdicts": counts(told, lambda result: result.verdict),
        "findings": {status: sum(f.status == status for f in findings(told)) for status in READINGS},
    }


def as_json(told: list[Told]) -> str:
    """All of it as data; numbers are texts, exact as fractions of the unit of their row."""
    tables = [
        {
            "document": one.document.name,
            "citation": one.document.citation,
            "table": one.table.name,
            "title": {"zh": one.table.title.zh, "en": one.table.title.en},
            "rows": [_row(result) for result in one.results],
        }
        for one in told
    ]
    return json.dumps({"tables": tables, "summary": summary(told)}, ensure_ascii=False, indent=1) + "\n"


def _row(result: Result) -> dict[str, Any]:
    row, computed = result.row, result.computed
    found: dict[str, Any] = {
        "row": row.name,
        "item": {"zh": row.item.zh, "en": row.item.en},
        "year": row.year,
        "unit": row.unit,
        "printed": row.printed or None,
        "read": _exact(row.read, result),
        "kind": result.kind,
        "verdict": result.verdict,
        "where": row.where,
        "sure": row.sure,
    }
    if computed is not None:
        found |= {"rule": result.rule, "inputs": sorted(result.inputs)} | _answer(computed, result)
        found["difference"] = _exact(result.difference, result)
    for name, answer in (("other", result.other), ("against", result.against), ("origin", result.origin)):
        if answer is not None:
            found[name] = _answer(answer, result)
    if result.spec.findings:
        found["findings"] = [
            {"number": f.name, "status": f.status, "zh": f.why.zh, "en": f.why.en} for f in result.spec.findings
        ]
    return found


def _answer(answer: Answer, result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "computed": _exact(answer.value, result),
        "how": {"zh": answer.text.zh, "en": answer.text.en},
    }
    if answer.role:
        found["standard_error"] = float(Fraction(answer.error) / units()[result.row.unit].times)
        found["role"] = answer.role
    return found


def _exact(value: Fraction | None, result: Result) -> str | None:
    found = in_unit(value, result)
    return None if found is None else str(found)


def as_csv(told: list[Told]) -> str:
    """One line a row; numbers in the unit of the row, to four decimals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in told:
        for result in one.results:
            row, computed = result.row, result.computed
            error = Fraction(computed.error) if computed and computed.role else None
            writer.writerow(
                (
                    *(one.document.name, one.table.name, row.name, row.item.en, row.item.zh, row.year, row.unit),
                    *(row.printed, _plain(row.read, result), result.kind, result.rule),
                    *(_plain(computed.value if computed else None, result), _plain(error, result)),
                    *(_plain(result.difference, result), result.verdict),
                    " ".join(finding.name for finding in result.spec.findings),
                    *(computed.text.en if computed else "", row.where, row.sure),
                )
            )
    return out.getvalue()


def _plain(value: Fraction | None, result: Result) -> str:
    return number(value, result).replace(",", "")
