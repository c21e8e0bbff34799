"""The answer as a PDF, set by typst in the fonts that come as packages; nothing of the system is needed."""

from __future__ import annotations

import importlib
import importlib.util
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from openyibao.policy.values import money
from openyibao.service import clock
from openyibao.service.web import asked as asking
from openyibao.service.web import calculator, pages
from openyibao.service.web.answer import NoAnswerError
from openyibao.service.web.picture import WIDE, Picture
from openyibao.service.web.plain import LayerSaid, Source
from openyibao.service.web.words import Words

SETTER, FONTS = "typst", "noto_cjk_sans_otc"
Data = dict[str, Any]


class NoPdfError(RuntimeError):
    """The packages that set a PDF are not installed."""


def available() -> bool:
    """Whether this machine can set a PDF (the extra `pdf`)."""
    return all(importlib.util.find_spec(name) is not None for name in (SETTER, FONTS))


def show(request: HttpRequest, lang: str) -> HttpResponse:
    """The calculator's answer as a PDF; a question without an answer leads back to the form."""
    t = pages.words_of(request, lang)
    asked = asking.read(request.GET, t, clock.today())
    form = HttpResponseRedirect(f"/{lang}/calculator?{request.GET.urlencode()}")
    if not asked.ready:
        return form
    if not available():
        return pages.page(request, lang, "sorry.html", {"title": t("pdf.none"), "text": t("pdf.none_do")}, status=501)
    try:
        found = calculator.answered(asked)
    except NoAnswerError:
        return form
    shown, notices = calculator.shown(found, t), calculator.notices(asked, found, t)
    body = set_pdf(document(shown, notices, request.build_absolute_uri(form["Location"]), t))
    return pages.respond(request, body, "application/pdf", name=f"yibao-{lang}.pdf")


def set_pdf(data: Data) -> bytes:
    """A document set. Raises NoPdfError."""
    if not available():
        raise NoPdfError("the extra `pdf` is not installed")
    typst = importlib.import_module(SETTER)
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    body = typst.compile(_source(), font_paths=[str(_fonts())], ignore_system_fonts=True, sys_inputs=inputs)
    return bytes(body)


@cache
def _source() -> bytes:
    return files("openyibao.service.web").joinpath("answer.typ").read_bytes()


@cache
def _fonts() -> Path:
    found = importlib.import_module(FONTS)
    assert found.__file__ is not None
    return Path(found.__file__).parent


def document(shown: Data, notices: list[str], address: str, t: Words) -> Data:
    """All that the document says, as texts and numbers."""
    drawn: Picture = shown["picture"]
    down_to = [shown["down_to"]] if shown["down_to"] else []
    return {
        "lang": t.lang,
        "title": t("ask.title"),
        "headline": shown["headline"],
        "for_whom": shown["for_whom"],
        "notices": [*notices, *down_to, *([t("show.no_rule")] if drawn.no_rule else [])],
        "sections": [
            {"kind": "picture", "title": t("show.picture"), "rows": _rows(drawn, t), "own": _own(drawn, t)},
            *([_year(shown["year"], t)] if shown["year"] else []),
            {
                "kind": "steps",
                "title": t("show.steps"),
                "layers": [_layer(one, t) for one in shown["layers"]],
            },
            *([_changes(shown, t)] if shown["changes"] else []),
            *([_meters(shown, t)] if shown["meters"] else []),
            *([{"kind": "list", "title": t("show.unknown"), "lines": shown["gaps"]}] if shown["gaps"] else []),
        ],
        "footer": [t("web.footer"), t("pdf.made", day=t.day(clock.today()), policy=shown["policy"].id), address],
    }


def _rows(drawn: Picture, t: Words) -> list[Data]:
    return [
        {
            "kind": row.kind,
            "label": row.label,
            "sub": row.sub,
            "sum": ("−" if row.kind == "paid" else "") + t.money(row.fen),
            "start": row.start / WIDE,
            "width": row.width / WIDE,
            "colour": row.colour,
        }
        for row in drawn.rows
    ]


def _own(drawn: Picture, t: Words) -> Data:
    if len(drawn.own) < 2:
        return {"title": "", "lines": []}
    title = t("show.own_parts_partly" if drawn.partly else "show.own_parts", own=t.money(drawn.personal_fen))
    return {"title": title, "lines": [[label, t.money(fen)] for label, fen in drawn.own]}


def _year(lines: list[calculator.Line], t: Words) -> Data:
    heads = [t(f"show.{key}") for key in ("year_day", "year_total", "year_paid", "year_own")]
    cells = [[name, *(money(fen) for fen in sums)] for name, *sums in lines]
    return {"kind": "table", "title": t("show.year"), "heads": heads, "lines": cells}


def _layer(one: LayerSaid, t: Words) -> Data:
    steps: list[Data] = []
    before: Source | None = None
    for step in one.steps:
        said = (
            "" if step.source is None else t("show.as_above") if step.source == before else _source_text(step.source, t)
        )
        steps.append({"text": step.text, "source": said})
        before = step.source
    rests = [(t("show.assumption"), text) for text in one.assumptions] + [(t("show.gap"), text) for text in one.gaps]
    return {
        "name": f"{one.number}. {one.name}",
        "pays": t("show.pays", fen=t.money(one.paid_fen)) if one.applies else "",
        "steps": steps,
        "rests": [f"{head}{'：' if t.lang == 'zh' else ': '}{text}" for head, text in rests],
    }


def _source_text(source: Source, t: Words) -> str:
    title = source.title or t("show.no_document", read_at=source.read_at)
    named = " ".join(part for part in (t("show.source"), title, source.number) if part)
    return t.comma.join((named, source.article or t("show.no_article"), t(f"sure.{source.sure}")))


def _changes(shown: Data, t: Words) -> Data:
    lines = []
    for change in shown["changes"]:
        for n, other in enumerate(change.others):
            if other.personal_fen is None:
                cells = [t("show.not_told"), ""]
            elif other.at_most:
                now = t("show.now") + t.semicolon if other.now else ""
                cells = [t("show.at_most", fen=t.money(other.personal_fen)), now + other.why]
            else:
                cells = [t.money(other.personal_fen), calculator.difference(other, t)]
            lines.append([change.fact if n == 0 else "", other.value, *cells])
    heads = [t("pdf.what"), t("pdf.value"), t("show.own"), ""]
    return {"kind": "table", "title": t("show.changes"), "heads": heads, "lines": lines, "words": True}


def _meters(shown: Data, t: Words) -> Data:
    colon = "：" if t.lang == "zh" else ": "
    rows = [
        {
            "label": f"{one.layer}{colon}{one.name}",
            "sub": "" if one.amount_fen is None else t("show.meter_of", amount=t.money(one.amount_fen)),
            "says": one.says,
            "width": None if one.amount_fen is None else one.width / WIDE,
        }
        for one in shown["meters"]
    ]
    return {"kind": "meters", "title": t("show.meters"), "rows": rows}
