"""A bar chart of what patients bear under each policy, as a plain SVG file."""

from __future__ import annotations

from html import escape

from openyibao.compare.report_patients import Told, borne, say, share
from openyibao.compare.words import pick

WIDTH, LEFT, RIGHT = 900, 270, 190
BAR, GAP, HEAD, FOOT = 14, 6, 46, 18
PAID_BY_ALL, CERTAIN, OPEN, TEXT, QUIET = "#e8ecef", "#31688e", "#8fb8d0", "#222222", "#666666"
FONT = "font-family='Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif'"


def chart(found: list[Told], lang: str) -> str:
    """One panel a patient: a bar is the share of the cost that the person bears, its light end a range."""
    panels, top = [], 0
    for told in found:
        if told.answered.outcomes:
            panels.append(_panel(told, lang, top))
            top += HEAD + FOOT + len(told.answered.outcomes) * (BAR + GAP)
    note = _text(10, top + 14, f"{say('bars', lang)}{say('made up', lang)}", 11, QUIET)
    size = f"width='{WIDTH}' height='{top + 24}' viewBox='0 0 {WIDTH} {top + 24}'"
    white = "<rect width='100%' height='100%' fill='#ffffff'/>"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>"
    return "\n".join([head, white, *panels, note, "</svg>"]) + "\n"


def _panel(told: Told, lang: str, top: int) -> str:
    patient = told.answered.patient
    span = WIDTH - LEFT - RIGHT
    out = [
        _text(10, top + 20, pick(patient.title, lang), 15, TEXT, "font-weight='bold'"),
        _text(10, top + 36, pick(patient.who, lang), 11, QUIET),
    ]
    for number, one in enumerate(told.answered.outcomes):
        y = top + HEAD + number * (BAR + GAP)
        low, high = (way.borne_fen / patient.total_fen * span for way in (one.low, one.high))
        out += [
            _text(LEFT - 8, y + BAR - 3, one.policy.id, 11, TEXT, "text-anchor='end'"),
            _bar(LEFT, y, span, PAID_BY_ALL),
            _bar(LEFT, y, high, OPEN),
            _bar(LEFT, y, low, CERTAIN),
            _text(LEFT + span + 8, y + BAR - 3, f"{share(one.share)}  {borne(one)}", 11, TEXT),
        ]
    return "\n".join(out)


def _bar(x: float, y: float, width: float, fill: str) -> str:
    return f"<rect x='{x:g}' y='{y:g}' width='{width:.1f}' height='{BAR}' fill='{fill}'/>"


def _text(x: float, y: float, text: str, size: int, fill: str, more: str = "") -> str:
    return f"<text x='{x:g}' y='{y:g}' font-size='{size}' fill='{fill}' {more}>{escape(text)}</text>"
