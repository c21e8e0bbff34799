"""What changed in a place from one date to another: its dated files, and one sentence for each value that differs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from openyibao.compare.align import Row, Said, compare
from openyibao.compare.items import LAYERS
from openyibao.compare.words import Words, pick
from openyibao.policy import Policy, find_policy, policy_ids, read_policy
from openyibao.policy.model import Bilingual

SAY = {
    "since": ("自{day}起，", "From {day} on, "),
    "since gap": (
        "最迟自{day}起（{end}至该日没有文件），",
        "From {day} on at the latest (no file covers {end} to that day), ",
    ),
    "changed": ("{what}由{before}改为{after}（{source}）。", "{what} is {after}, before {before} ({source})."),
    "added": ("新增{what}：{after}（{source}）。", "new: {what}: {after} ({source})."),
    "removed": ("不再规定{what}，原为{before}（{source}）。", "no longer stated: {what}, before {before} ({source})."),
    "found": ("{what}为{after}，此前未查到（{source}）。", "{what} is {after}; before, it is not known ({source})."),
    "lost": ("{what}未查到，此前为{before}（{source}）。", "{what} is not known; before, it was {before} ({source})."),
    "asks": ("{what}的分类由{before}改为{after}。", "{what} is now one of {after}, before {before}."),
    "asks too": ("新增按{what}区分：{after}。", "what is paid now also depends on {what}: {after}."),
    "asks no more": ("不再按{what}区分。", "what is paid no longer depends on {what}."),
    "layer added": ("文件新列保障层次“{what}”。", "the file has a new layer: {what}."),
    "layer removed": (
        "文件不再列有保障层次“{what}”；是取消还是未查到，见文件缺口。",
        "the file no longer has the layer {what}; whether it ended or was not found, its gaps say.",
    ),
    "no such": (
        "没有以“{prefix}”开头的政策文件。",
        "no policy has an id that begins with {prefix!r}.",
    ),
    "uncovered": (
        "{day}没有文件。本系列文件的施行期：{spans}。",
        "no file covers {day}. The files of the series cover {spans}.",
    ),
    "no date": ("“{text}”不是日期，应写作2012-06-01。", "{text!r} is no date; write it as 2012-06-01."),
    "several": (
        "文件属于几个统筹区或险种：{found}。请写全前缀。",
        "the files are of several places or schemes: {found}. Name one.",
    ),
    "backwards": ("起始日期{day}晚于截止日期{end}。", "the first day {day} lies after the last, {end}."),
}
NOT_COMPARED = ("statistics",)
"""Published figures of other years are no change of a rule; what amounts come to is compared."""


class SeriesError(ValueError):
    """A series that cannot be asked; `text` says why in both languages."""

    def __init__(self, text: Bilingual) -> None:
        self.text = text
        super().__init__(text.en)


@dataclass(frozen=True)
class Change:
    """One value that differs: `kind` is a key of SAY, `before` and `after` what the two files say."""

    kind: str
    path: tuple[str, ...]
    text: Bilingual
    before: Said | None = None
    after: Said | None = None


@dataclass(frozen=True)
class Step:
    """From one file to the next: `day` is the first day of the later one, `gap` the last file's end where days lack."""

    earlier: Policy
    later: Policy
    day: date
    gap: date | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Changes:
    """What changed between two days; `others` are files of the same days that were passed over."""

    first: Policy
    last: Policy
    steps: tuple[Step, ...]
    others: tuple[str, ...]


def say(key: str, /, **values: object) -> Bilingual:
    zh, en = SAY[key]
    return Bilingual(zh.format(**values), en.format(**values))


def changes(prefix: str, start: date, end: date, policies: Iterable[Policy] | None = None) -> Changes:
    """What changed from one day to another in the files whose id begins with `prefix`, such as chongqing/resident.

    Raises SeriesError where no file covers one of the two days.
    """
    if start > end:
        raise SeriesError(say("backwards", day=start, end=end))
    found = _files(prefix) if policies is None else list(policies)
    if not found:
        raise SeriesError(say("no such", prefix=prefix))
    series, others = _series(found)
    used = [policy for policy in series if policy.start <= end and start < policy.end]
    for day in (start, end):
        if not any(policy.start <= day < policy.end for policy in used):
            spans = ", ".join(f"{policy.start} - {policy.end}" for policy in series)
            raise SeriesError(say("uncovered", day=day, spans=spans))
    steps = tuple(_step(earlier, later) for earlier, later in itertools.pairwise(used))
    passed = tuple(policy.id for policy in others if policy.start <= end and start < policy.end)
    return Changes(used[0], used[-1], steps, passed)


def read_day(text: str) -> date:
    """A date as written on the command line; raises SeriesError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SeriesError(say("no date", text=text)) from None


def _files(prefix: str) -> list[Policy]:
    """The files of the library whose id is the prefix, or goes on behind it with a `-` or a `/`."""
    names = [name for name in policy_ids() if re.match(re.escape(prefix.rstrip("/")) + r"($|[-/])", name)]
    return [read_policy(find_policy(name)) for name in names]


def _series(policies: Sequence[Policy]) -> tuple[list[Policy], list[Policy]]:
    """The files by their dates; of two that overlap the one with the shorter id stays. The others come second.

    Raises SeriesError where the files are of several schemes.
    """
    schemes = sorted({f"{policy.region} {policy.scheme}" for policy in policies})
    if len(schemes) > 1:
        zh, en = (
            "文件属于几个统筹区或险种：{0}。请写全前缀。",
            "the files are of several places or schemes: {0}. Name one.",
        )
        raise SeriesError(Bilingual(zh.format("、".join(schemes)), en.format(", ".join(schemes))))
    kept: list[Policy] = []
    others = []
    for policy in sorted(policies, key=lambda one: (len(one.id), one.id)):
        if any(policy.start < one.end and one.start < policy.end for one in kept):
            others.append(policy)
        else:
            kept.append(policy)
    return sorted(kept, key=lambda one: one.start), others


def _step(earlier: Policy, later: Policy) -> Step:
    gap = earlier.end if earlier.end < later.start else None
    since = say("since gap" if gap else "since", day=later.start, end=gap)
    words = (Words(earlier), Words(later))
    names = [{layer.name for layer in policy.layers} for policy in (earlier, later)]
    found: list[Change] = []
    told: set[str] = set()
    common = [[layer.name for layer in one.layers if layer.name in names[0] & names[1]] for one in (earlier, later)]
    for row in compare((earlier, later)):
        if row.path == (LAYERS, "order") and common[0] != common[1]:
            found.append(_change(row, since, words))
        if row.same or row.path[0] in NOT_COMPARED or row.path == (LAYERS, "order"):
            continue
        if all(one is None or one.unknown for one in row.said):
            continue
        layer = row.path[1] if row.path[0] == LAYERS else ""
        lone = layer and (layer in names[0]) != (layer in names[1])
        if lone and layer not in told:
            told.add(layer)
            kind = "layer added" if layer in names[1] else "layer removed"
            name = row.label[0]
            text = Bilingual(say(kind, what=name.zh).zh, say(kind, what=name.en).en)
            found.append(Change(kind, row.path[:2], _join(since, text)))
        if not lone or layer in names[1]:
            found.append(_change(row, since, words))
    return Step(earlier, later, later.start, gap, tuple(found))


def _kind(row: Row) -> str:
    before, after = row.said
    if row.path[0] == "facts":
        return "asks too" if before is None else "asks no more" if after is None else "asks"
    if before is None or after is None:
        return "added" if before is None else "removed"
    return "found" if before.unknown else "lost" if after.unknown else "changed"


def _change(row: Row, since: Bilingual, words: tuple[Words, Words]) -> Change:
    before, after = row.said
    kind = _kind(row)
    told = before if kind in ("removed", "lost") else after
    source = words[0 if told is before else 1].basis(told.basis if told else None)
    texts = []
    for lang, template in zip(("zh", "en"), SAY[kind], strict=True):
        values = {
            "what": _what(row, lang),
            "before": "" if before is None else pick(before.text, lang),
            "after": "" if after is None else pick(after.text, lang),
            "source": pick(source, lang),
        }
        texts.append(_tidy(template.format(**values)))
    return Change(kind, row.path, _join(since, Bilingual(*texts)), before, after)


def _what(row: Row, lang: str) -> str:
    """Which value it is, as a clause: the layer, the value, and for whom."""
    of_no_layer = row.path[0] != LAYERS and len(row.label) > 1  # the name of a part of the file tells nobody anything
    title = row.title(lang, skip=int(row.path[0] == "facts" or of_no_layer))
    if lang == "zh":
        layer, _, rest = title.partition(" / ")
        return f"“{layer}”的{rest.replace(' / ', '的')}" if rest else layer
    return title.replace(" / ", ", ")


def _tidy(text: str) -> str:
    """Without the brackets of a source that nobody stated."""
    return text.replace("（）", "").replace(" ()", "")


def _join(since: Bilingual, text: Bilingual) -> Bilingual:
    return Bilingual(since.zh + text.zh, since.en + text.en)
