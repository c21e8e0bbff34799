"""The published table of assistance standards beside what the files of the library have, as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

from openyibao.compare.assistance import Extreme, Standard, Total, audit, published
from openyibao.compare.report_patients import pad, wide
from openyibao.compare.words import pick
from openyibao.policy.model import Bilingual

SAY = {
    "head": (
        "医疗救助标准的最低和最高值：公布的表（{authors}，{journal}，doi {doi}；{unit}，截至{valid}）与已编码文件",
        "Lowest and highest standards of medical assistance: as published ({authors}, {journal}, doi {doi}; "
        "unit {unit}, valid at {valid}), and in the encoded files",
    ),
    "columns": ("项目|公布|当时|历年|说明", "standard|published|then|ever|why"),
    "then": (
        "“当时”为{valid}施行的文件，“历年”为全部文件；“-”为不封顶。",
        "`then`: the files in force on {valid}; `ever`: all files; `-`: no cap.",
    ),
    "nobody": (
        "有医疗救助数值的文件在当时都尚未施行。",
        "None of the files with assistance values was in force then.",
    ),
    "table 1": ("立法模式（按公布的表）", "Legislative models, as published"),
    "audit": ("核对：", "Audit:"),
    "adds up": ("{of}：{printed}，相符", "{of}: {printed}, adds up"),
    "differs": (
        "{of}：公布{printed}，各项之和{counted}，相差{by}",
        "{of}: printed {printed}, the parts come to {counted}, {by} apart",
    ),
}


def say(key: str, lang: str, /, **values: object) -> str:
    return SAY[key][lang != "zh"].format(**values)


def word(name: str, lang: str) -> str:
    return str(published()["words"][name][lang])


def standards_text(found: list[Standard], lang: str) -> str:
    """One line a cell of the published table; cells that neither side states are left out."""
    source, valid = published()["source"], published()["valid"]
    unit = published()["unit"][lang]
    out = [say("head", lang, **{key: source[key] for key in ("authors", "journal", "doi")}, unit=unit, valid=valid)]
    rows = [tuple(say("columns", lang).split("|"))]
    for one in found:
        if one.published or one.ever:
            name = " / ".join(word(key, lang) for key in (one.method, one.measure, one.group, one.bound))
            rows.append((name, one.published, one.shown(one.then), one.shown(one.ever), pick(one.because, lang)))
    widths = [max(wide(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [pad(text, width) for text, width in zip(row, widths, strict=False)]
        out.append(f"  {'  '.join(cells)}  {row[4]}")
    out.append(say("then", lang, valid=valid))
    if not any(one.then for one in found):
        out.append(say("nobody", lang))
    out += ["", *table_1(lang), say("audit", lang)]
    out += [f"  {_total(total, lang)}" for total in audit()]
    out += [f"  {remark[lang]}" for remark in published()["remarks"]]
    return "\n".join(out) + "\n"


def table_1(lang: str) -> list[str]:
    table = published()["table 1"]
    rows = [["", *(column[lang] for column in table["columns"])]]
    rows += [[row["name"][lang], *(str(number) for number in row["numbers"])] for row in table["rows"]]
    widths = [max(wide(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(pad(text, width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [say("table 1", lang), *(f"  {line}" for line in lines)]


def _total(total: Total, lang: str) -> str:
    key = "adds up" if total.printed == total.counted else "differs"
    by = abs(total.printed - total.counted)
    return say(key, lang, of=pick(total.of, lang), printed=total.printed, counted=total.counted, by=by)


def standards_json(found: list[Standard]) -> str:
    data = {
        "source": published()["source"],
        "valid": str(published()["valid"]),
        "unit": published()["unit"],
        "standards": [_standard(one) for one in found],
        "table 1": published()["table 1"],
        "remarks": published()["remarks"],
        "audit": [{"of": _text(one.of), "printed": one.printed, "counted": one.counted} for one in audit()],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _standard(one: Standard) -> dict[str, Any]:
    return {
        "method": one.method,
        "measure": one.measure,
        "group": one.group,
        "bound": one.bound,
        "published": one.published,
        "then": _extreme(one.then),
        "ever": _extreme(one.ever),
        "why": _text(one.because),
    }


def _extreme(one: Extreme | None) -> dict[str, Any] | None:
    if one is None:
        return None
    value = None if one.value is None else [one.value.numerator, one.value.denominator]
    return {"value": value, "no_cap": one.value is None, "policy": one.policy.id}


def _text(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
