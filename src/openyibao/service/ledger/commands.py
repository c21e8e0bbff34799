"""`yibao verify`: the sealed chain of the books held against the heads that were exported.

Exit code 0 where nothing differs, 1 where something does, 2 where it can't be asked (no database, no such file).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from openyibao.service import named
from openyibao.service.run import RunError

if TYPE_CHECKING:
    from openyibao.service.ledger.verify import Verdict

TEXTS = {
    "seals": (
        "已核验封存 {seals:,} 条、凭证 {entries:,} 张；未封存 {unsealed:,} 张；链头 {head}",
        "verified {seals:,} seals over {entries:,} entries; {unsealed:,} not sealed yet; head {head}",
    ),
    "right": ("封存链与凭证相符。", "The chain of seals is right."),
    "whole": (
        "库外文件与全部 {seals:,} 条封存一致。",
        "The file outside says the same as all {seals:,} seals.",
    ),
    "shorter": (
        "库外文件只有 {outside:,} 条，与前 {outside:,} 条封存一致；其后 {rest:,} 条只有数据库自身为证。"
        "请换用更新的副本。",
        "The file outside has {outside:,} seals, the same as the first {outside:,}; for the {rest:,} behind them the"
        " database alone vouches. Take a newer copy.",
    ),
    "no file": (
        "未与库外文件核对：若有人重写了整条链，这里看不出来。请用 --file 指明另处保存的封存文件。",
        "Not held against a file outside: were the whole chain rewritten, this would not show. Name the file that was"
        " kept elsewhere with --file.",
    ),
    "broken": ("首个不符之处：{fault}", "The first broken place: {fault}"),
    "books": ("账实核对：差额 0.00", "The books agree with what they are kept for: difference 0.00"),
}


def say(name: str, lang: str, **details: object) -> str:
    """A text in a language."""
    return TEXTS[name][lang != "zh"].format(**details)


def run(file: Path | None, lang: str, *, whole: bool, books: bool) -> bool:
    """Print what was verified, and the first broken place; whether all is right.

    Without a file, that of the platform's settings (YIBAO_SEAL_FILE). `whole`: a file with fewer seals than the
    database is wrong too. `books`: what they are kept for is held against them as well. Raises RunError.
    """
    named.platform()
    from django.conf import settings

    from openyibao.service.bulk.progress import shown
    from openyibao.service.ledger.checks import check_books
    from openyibao.service.ledger.verify import verify

    path = file or (Path(settings.SEAL_FILE) if settings.SEAL_FILE else None)
    if path is not None and not path.is_file():
        raise RunError(f"{path}: no such file of exported seals / 没有这个封存文件")
    verdict = verify(path, shown())
    right = verdict.fault is None
    print(say("seals", lang, **{**asdict(verdict), "head": verdict.head or "-"}))
    if verdict.fault is not None:
        print(say("broken", lang, fault=verdict.fault.text(lang)))
    else:
        print(say("right", lang))
        print(_outside(verdict, path, lang))
        right = not whole or verdict.outside == verdict.seals
    differences = check_books() if books else []
    for one in differences:
        print(one.text(lang))
    if books and not differences:
        print(say("books", lang))
    found = {**asdict(verdict), "file": path is not None, "differences": len(differences) if books else None}
    print(json.dumps({"verify": found}, ensure_ascii=False))
    return right and not differences


def _outside(verdict: Verdict, path: Path | None, lang: str) -> str:
    if path is None:
        return say("no file", lang)
    rest = verdict.seals - verdict.outside
    return say("shorter" if rest else "whole", lang, seals=verdict.seals, outside=verdict.outside, rest=rest)
