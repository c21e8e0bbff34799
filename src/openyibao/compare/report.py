"""Policies side by side, and changes over time, as text in Chinese or English and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openyibao.compare.align import Row, Said
from openyibao.compare.changes import Change, Changes
from openyibao.compare.items import LAYERS
from openyibao.compare.words import Words, pick
from openyibao.policy.model import Basis, Bilingual, Policy

SAY = {
    "none": ("（无）", "(none)"),
    "general": ("总体", "In general"),
    "same count": ("相同{same}项，不同{different}项。", "{same} the same, {different} different."),
    "from to": ("{id}（{start}起，{end}前）", "{id} (from {start}, before {end})"),
    "step": ("{earlier} → {later}", "{earlier} -> {later}"),
    "nothing": ("没有不同。", "nothing differs."),
    "one file": ("这段时间都由同一文件规定：{id}。", "one file covers all this time: {id}."),
    "others": (
        "同期另有未采用的文件：{ids}。",
        "files of the same time that were passed over: {ids}.",
    ),
    "gap": ("{end}至{start}之间没有文件。", "No file covers {end} to {start}."),
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def say(key: str, lang: str, /, **values: object) -> str:
    return SAY[key][lang != "zh"].format(**values)


def comparison_text(policies: Sequence[Policy], rows: Sequence[Row], lang: str) -> str:
    """A value that is the same in all stands once; one that differs stands for each policy, with its basis."""
    words = [Words(policy) for policy in policies]
    names = [LETTERS[number] if number < len(LETTERS) else str(number) for number in range(len(policies))]
    out = [f"{name}  {policy.id}  {pick(policy.title, lang)}" for name, policy in zip(names, policies, strict=True)]
    heading = ""
    for row in rows:
        in_layer = row.path[0] == LAYERS and row.path != (LAYERS, "order")
        title = pick(row.label[0], lang) if in_layer else say("general", lang)
        if title != heading:
            heading = title
            out += ["", f"[{title}]"]
        label = row.title(lang, skip=int(in_layer))
        if row.same and row.said[0] is not None:
            out.append(f"  {label}: {pick(row.said[0].text, lang)}")
            continue
        out.append(f"≠ {label}")
        for name, said, one in zip(names, row.said, words, strict=True):
            out.append(f"    {name}  {_with_basis(said, one, lang)}")
    same = sum(1 for row in rows if row.same)
    out += ["", say("same count", lang, same=same, different=len(rows) - same)]
    return "\n".join(out) + "\n"


def _with_basis(said: Said | None, words: Words, lang: str) -> str:
    if said is None:
        return say("none", lang)
    basis = pick(words.basis(said.basis), lang)
    return pick(said.text, lang) + (f"  [{basis}]" if basis else "")


def comparison_json(policies: Sequence[Policy], rows: Sequence[Row]) -> str:
    data = {
        "policies": [{"id": policy.id, "title": _text(policy.title)} for policy in policies],
        "rows": [
            {
                "path": list(row.path),
                "label": [_text(part) for part in row.label],
                "facts": [{"fact": _text(name), "values": _text(values)} for name, values in row.facts],
                "same": row.same,
                "values": [_said(one) for one in row.said],
            }
            for row in rows
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def changes_text(found: Changes, lang: str) -> str:
    """One sentence a change, under the files it lies between."""
    out: list[str] = []
    for step in found.steps:
        ends = [
            say("from to", lang, id=policy.id, start=policy.start, end=policy.end)
            for policy in (step.earlier, step.later)
        ]
        out.append(say("step", lang, earlier=ends[0], later=ends[1]))
        if step.gap is not None:
            out.append("  " + say("gap", lang, end=step.gap, start=step.later.start))
        out += [f"  {pick(change.text, lang)}" for change in step.changes] or ["  " + say("nothing", lang)]
    if not found.steps:
        out.append(say("one file", lang, id=found.first.id))
    if found.others:
        out.append(say("others", lang, ids=", ".join(found.others)))
    return "\n".join(out) + "\n"


def changes_json(found: Changes) -> str:
    data = {
        "first": found.first.id,
        "last": found.last.id,
        "passed_over": list(found.others),
        "steps": [
            {
                "earlier": step.earlier.id,
                "later": step.later.id,
                "day": str(step.day),
                "no_file_from": str(step.gap) if step.gap else None,
                "changes": [_change(change) for change in step.changes],
            }
            for step in found.steps
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "path": list(change.path),
        "text": _text(change.text),
        "before": _said(change.before),
        "after": _said(change.after),
    }


def _said(said: Said | None) -> dict[str, Any] | None:
    if said is None:
        return None
    ratio = None if said.ratio is None else list(said.ratio)
    return {"text": _text(said.text), "fen": said.fen, "ratio": ratio, "basis": _basis(said.basis)}


def _basis(basis: Basis | None) -> dict[str, str] | None:
    if basis is None:
        return None
    return {"document": basis.document, "article": basis.article, "source": basis.source, "sure": basis.sure}


def _text(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
