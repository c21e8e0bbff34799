"""What standard patients bear, place by place: as text, JSON, CSV, and as a chart."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from openyibao.compare.measures import DECIMALS, Explained, Spread
from openyibao.compare.settle import Answered, Outcome, Way
from openyibao.compare.words import Words, pick
from openyibao.policy.model import Bilingual
from openyibao.policy.values import money, yuan

SAY = {
    "title": ("{title}（{name}）  医疗费总额{total}元", "{title} ({name})  total cost {total} yuan"),
    "head": ("个人负担（元）", "borne (yuan)"),
    "share": ("占比", "share"),
    "file": ("文件", "file"),
    "layers": ("适用的保障层次", "layers that applied"),
    "low": ("最低：{facts}", "lowest: {facts}"),
    "high": ("最高：{facts}", "highest: {facts}"),
    "untold": ("{tried}种情形中{untold}种不能测算：{why}", "{untold} of {tried} cases without an answer: {why}"),
    "bare": (
        "{claims}张单据中{bare}张没有适用的保障层次，全由个人负担",
        "no layer applies to {bare} of {claims} claims, borne in full",
    ),
    "without": ("不能测算：", "No answer:"),
    "spread": (
        "离散程度（{places}个地方）：最低{low}，最高{high}，极差{range}个百分点，平均{mean}，变异系数{variation}，泰尔指数{theil}",
        "Spread over {places} places: lowest {low}, highest {high}, range {range} points, mean {mean}, "
        "coefficient of variation {variation}, Theil index {theil}",
    ),
    "explained": (
        "方差来源（{places}个地方）：地方{place}，医院等级{grade}，身份{group}，三者共同{together}",
        "Variance explained ({places} places): place {place}, hospital grade {grade}, class {group}, "
        "together {together}",
    ),
    "nobody": ("没有文件能够测算该患者。", "No file has an answer for this patient."),
    "bars": (
        "条形为个人负担（元）占医疗费总额的比例，浅色部分视未填明的事实而定。",
        "Bars: what the person bears (yuan) of the total cost, the light part by facts left open. ",
    ),
    "made up": (
        "患者均为虚构。各文件所含保障层次不同，比较时请注意“适用的保障层次”。",
        "All patients are made up. Files hold different layers: mind which ones applied.",
    ),
}
COLUMNS = (
    *("patient", "policy", "region", "scheme", "first_day", "total_yuan", "lowest_yuan", "highest_yuan"),
    *("mean_share", "cases", "cases_without_answer", "layers", "lowest_for", "highest_for", "reason"),
)


@dataclass(frozen=True)
class Told:
    """One patient with all that was found out."""

    answered: Answered
    spread: Spread | None
    explained: Explained | None


def say(key: str, lang: str, /, **values: object) -> str:
    return SAY[key][lang != "zh"].format(**values)


def wide(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def pad(text: str, width: int) -> str:
    return text + " " * max(0, width - wide(text))


def share(value: object) -> str:
    return f"{float(value):.1%}"  # type: ignore[arg-type]


def measure(value: float) -> str:
    return f"{value:.{DECIMALS}f}"


def patients_text(found: list[Told], lang: str) -> str:
    out: list[str] = []
    for told in found:
        out += [*patient_lines(told, lang), ""]
    return "\n".join([*out, say("made up", lang)]) + "\n"


def patient_lines(told: Told, lang: str) -> list[str]:
    """One patient: a table ordered by what the person bears, who has no answer and why, and the measures."""
    answered = told.answered
    patient = answered.patient
    title = pick(patient.title, lang)
    out = [say("title", lang, title=title, name=patient.name, total=money(patient.total_fen)), pick(patient.who, lang)]
    if not answered.outcomes:
        out.append("  " + say("nobody", lang))
    else:
        rows = [(say("head", lang), say("share", lang), say("file", lang), say("layers", lang))]
        rows += [(borne(one), share(one.share), one.policy.id, layers(one, lang)) for one in answered.outcomes]
        widths = [max(wide(row[column]) for row in rows) for column in range(3)]
        cells = [[pad(text, width) for text, width in zip(row, widths, strict=False)] + [row[3]] for row in rows]
        out.append(f"  {'  '.join(cells[0])}")
        for one, row in zip(answered.outcomes, cells[1:], strict=True):
            out += [f"  {'  '.join(row)}", *(f"      {line}" for line in _remarks(one, lang))]
    out += _without(answered, lang) + _measures(told, lang)
    return out


def borne(one: Outcome) -> str:
    low, high = money(one.low.borne_fen), money(one.high.borne_fen)
    return low if low == high else f"{low} - {high}"


def layers(one: Outcome, lang: str) -> str:
    return pick(Words(one.policy).listed(one.layers), lang)


def facts(one: Outcome, way: Way, lang: str) -> str:
    """The open facts of a way, those that make a difference."""
    words = Words(one.policy)
    told = [(name, value) for name, value in way.facts if _matters(one, name)]
    joint, colon = ("，", "：") if lang == "zh" else (", ", ": ")
    return joint.join(
        f"{pick(words.say(name), lang)}{colon}{pick(words.say(str(value)), lang)}" for name, value in told
    )


def _matters(one: Outcome, name: str) -> bool:
    """Whether two ways that differ in this fact only come to different sums; true where none is so alike."""
    sums: dict[object, set[int]] = {}
    for way in one.ways:
        rest = tuple(pair for pair in way.facts if pair[0] != name)
        sums.setdefault(rest, set()).add(way.borne_fen)
    alone = all(len([way for way in one.ways if dict(way.facts)[name] == value]) == 1 for value in _values(one, name))
    several = len(_values(one, name)) > 1
    return several and (any(len(found) > 1 for found in sums.values()) or (alone and len(sums) > 1))


def _values(one: Outcome, name: str) -> set[object]:
    return {value for way in one.ways for fact, value in way.facts if fact == name}


def _remarks(one: Outcome, lang: str) -> list[str]:
    out = []
    if one.low.borne_fen != one.high.borne_fen:
        low, high = (facts(one, way, lang) for way in (one.low, one.high))
        out.append(say("low", lang, facts=low) + ("；" if lang == "zh" else "; ") + say("high", lang, facts=high))
    if one.low.bare:
        out.append(say("bare", lang, claims=one.claims, bare=one.low.bare))
    if one.why is not None:
        out.append(say("untold", lang, tried=one.tried, untold=one.untold, why=pick(one.why, lang)))
    return out


def _without(answered: Answered, lang: str) -> list[str]:
    """The policies without an answer, those of one reason together."""
    reasons: dict[Bilingual, list[str]] = {}
    for policy, why in answered.without:
        reasons.setdefault(why, []).append(policy.id)
    if not reasons:
        return []
    colon = "：" if lang == "zh" else ": "
    lines = [f"    {', '.join(names)}{colon}{pick(why, lang)}" for why, names in reasons.items()]
    return ["  " + say("without", lang), *lines]


def _measures(told: Told, lang: str) -> list[str]:
    out = []
    if told.spread is not None:
        one = told.spread
        text = say(
            "spread",
            lang,
            places=one.places,
            low=share(one.low),
            high=share(one.high),
            range=f"{float(one.range) * 100:.1f}",
            mean=share(one.mean),
            variation=measure(one.variation),
            theil=measure(one.theil),
        )
        out.append("  " + text)
    if told.explained is not None:
        found = told.explained
        parts = {name: share(getattr(found, name)) for name in ("place", "grade", "group", "together")}
        out.append("  " + say("explained", lang, places=found.places, **parts))
    return out


def patients_json(found: list[Told]) -> str:
    """Money in fen, shares as numerator and denominator; the measures as floats."""
    return json.dumps({"patients": [_patient(told) for told in found]}, ensure_ascii=False, indent=2) + "\n"


def _patient(told: Told) -> dict[str, Any]:
    patient, one, why = told.answered.patient, told.spread, told.explained
    parts = ("place", "grade", "group", "together")
    return {
        "patient": patient.name,
        "title": _text(patient.title),
        "who": _text(patient.who),
        "total_fen": patient.total_fen,
        "outcomes": [_outcome(outcome) for outcome in told.answered.outcomes],
        "without": [{"policy": policy.id, "why": _text(why)} for policy, why in told.answered.without],
        "spread": one
        and {
            "places": one.places,
            "lowest": [one.low.numerator, one.low.denominator],
            "highest": [one.high.numerator, one.high.denominator],
            "mean": round(one.mean, DECIMALS),
            "coefficient_of_variation": round(one.variation, DECIMALS),
            "theil": round(one.theil, DECIMALS),
        },
        "explained": why and {"places": why.places} | {name: round(getattr(why, name), DECIMALS) for name in parts},
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    return {
        "policy": one.policy.id,
        "first_day": str(one.first),
        "lowest_fen": one.low.borne_fen,
        "highest_fen": one.high.borne_fen,
        "mean_share": [one.share.numerator, one.share.denominator],
        "cases": one.tried,
        "without_answer": one.untold,
        "why": _text(one.why) if one.why else None,
        "claims": one.claims,
        "claims_without_layer": one.low.bare,
        "layers": list(one.layers),
        "lowest_for": dict(one.low.facts),
        "highest_for": dict(one.high.facts),
    }


def _text(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def patients_csv(found: list[Told], lang: str) -> str:
    """One line for each patient and policy."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(COLUMNS)
    for told in found:
        patient = told.answered.patient
        head = (patient.name, yuan(patient.total_fen))
        for one in told.answered.outcomes:
            write.writerow(_line(one, *head, lang))
        for policy, why in told.answered.without:
            blank = ("",) * 8
            write.writerow((head[0], policy.id, policy.region, policy.scheme, "", head[1], *blank, pick(why, lang)))
    return out.getvalue()


def _line(one: Outcome, name: str, total: str, lang: str) -> tuple[object, ...]:
    policy = one.policy
    place = (name, policy.id, policy.region, policy.scheme, one.first, total)
    sums = (yuan(one.low.borne_fen), yuan(one.high.borne_fen), measure(float(one.share)), one.tried, one.untold)
    why = pick(one.why, lang) if one.why else ""
    return (*place, *sums, layers(one, lang), facts(one, one.low, lang), facts(one, one.high, lang), why)
