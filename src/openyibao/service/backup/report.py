"""What `yibao backup` and `yibao restore` say at the end: a page for people, and one line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from openyibao.service.backup.folder import Base, Folder
from openyibao.service.backup.prune import Pruned
from openyibao.service.backup.restore import Restored
from openyibao.service.clock import CHINA

TAKEN = {
    "zh": (
        "基础备份 {name}：{mb:,.0f} MB，{seconds:.1f} 秒",
        "可恢复到 {ended} 至 {covered} 之间的任一时刻；此后提交的要等下次取回预写日志（--wal-only 或 --follow）",
        "文件夹 {folder}：基础备份 {bases} 份，预写日志 {segments} 段",
        "已删除较早的基础备份 {removed} 份、预写日志 {files} 段，释放 {freed:,.0f} MB",
    ),
    "en": (
        "base backup {name}: {mb:,.0f} MB in {seconds:.1f} s",
        "restorable: any moment from {ended} to {covered}; what is committed later comes with the next fetching of the"
        " log (--wal-only or --follow)",
        "folder {folder}: {bases} base backups, {segments} segments of the log",
        "removed: {removed} older base backups and {files} segments of the log, {freed:,.0f} MB",
    ),
}
RESTORED = {
    "zh": {
        "where": "已恢复到 {into}（PostgreSQL {version}）",
        "to": "所要的时刻 {to}；最后一笔提交 {last}；备份覆盖到 {covered}",
        "from": "用基础备份 {base}（{mb:,.0f} MB）和预写日志 {segments} 段",
        "rpo to": "RPO 0 秒：{to} 之前已确认的提交全部在库",
        "rpo all": "{covered} 之前已确认的提交全部在库；之后的，以所收到的日志为限",
        "rto": "RTO {rto:.1f} 秒（复制 {copy:.1f}，重放 {replay:.1f}）；"
        "另核对文件 {verify:.1f} 秒，核对账目 {check:.1f} 秒",
        "counts": "人员 {persons:,}，就诊 {visits:,}，结算 {settlements:,}，凭证 {entries:,}，"
        "分录 {postings:,}，报文 {messages:,}；库大小 {mb:,.0f} MB",
        "seals": "封存 {seals:,} 条，链头 {head}；未封存凭证 {unsealed:,} 张",
        "ahead": "库外封存文件比恢复到的时刻多 {ahead:,} 条：它们属于之后的凭证。请先移走该文件再启动平台",
        "right": "封存核验无误；账实相符；试算平衡，差额 0.00",
        "hash": "状态散列 {hash}",
        "missing": "库表缺少 {n} 个迁移（属于较早的版本），未核对账目：请用该版本核对，或先迁移（{first} 等）",
    },
    "en": {
        "where": "restored into {into} (PostgreSQL {version})",
        "to": "moment asked for {to}; last commit {last}; the backup reaches until {covered}",
        "from": "from base backup {base} ({mb:,.0f} MB) and {segments} segments of the log",
        "rpo to": "RPO 0 s: every commit acknowledged before {to} is there",
        "rpo all": "every commit acknowledged before {covered} is there; of later ones, those whose log had arrived",
        "rto": "RTO {rto:.1f} s (copying {copy:.1f}, replaying {replay:.1f}); besides, checking files {verify:.1f} s"
        " and books {check:.1f} s",
        "counts": "persons {persons:,}, visits {visits:,}, settlements {settlements:,}, entries {entries:,}, postings"
        " {postings:,}, messages {messages:,}; database {mb:,.0f} MB",
        "seals": "{seals:,} seals, head {head}; {unsealed:,} entries not sealed yet",
        "ahead": "the file of seals outside has {ahead:,} more than the moment restored: they are of later entries."
        " Move that file away before the platform starts",
        "right": "the seals are right; the books agree with what they are kept for; trial balance 0.00",
        "hash": "state hash {hash}",
        "missing": "the tables lack {n} migrations (they are an older version's), so the books were not checked: check"
        " them with that version, or migrate ({first} ...)",
    },
}


def taken(folder: Folder, base: Base | None, lang: str, gone: Pruned | None = None) -> str:
    """The report of a backup; without a base, of the log alone. `gone`: what was not kept."""
    covered = folder.covered()
    first = min((one.ended for one in folder.all_bases()), default=None)
    said = {
        "ended": moment(first),
        "covered": moment(covered),
        "folder": folder.path,
        "bases": len(folder.all_bases()),
        "segments": len(folder.segments()),
        "removed": gone and gone.bases,
        "files": gone and gone.segments,
        "freed": (gone.bytes if gone else 0) / 1e6,
    }
    lines = [text.format(**said) for text in TAKEN[lang][1 : 4 if gone else 3]]
    if base is not None:
        lines.insert(0, TAKEN[lang][0].format(name=base.name, mb=base.size / 1e6, seconds=base.seconds))
    figures: dict[str, Any] = {"backup": str(folder.path), "covered": covered.isoformat() if covered else None}
    if base is not None:
        figures |= {"base": base.name, "bytes": base.size, "seconds": base.seconds}
    if gone is not None:
        figures |= {"removed": gone.bases, "removed_bytes": gone.bytes}
    return "\n".join([*lines, json.dumps(figures)])


def restored(done: Restored, lang: str) -> str:
    """The report of a restore; the last line is JSON."""
    words, found = RESTORED[lang], done.found
    times = {"to": moment(done.to), "last": moment(done.last), "covered": moment(done.covered)}
    lines = [
        words["where"].format(into=done.into, version=done.about.version),
        words["to"].format(**times),
        words["from"].format(base=done.base.name, mb=done.base.size / 1e6, segments=done.segments),
        words["rpo to" if done.to else "rpo all"].format(**times),
        words["rto"].format(
            rto=done.rto_s, copy=done.copy_s, replay=done.replay_s, verify=done.verify_s, check=done.check_s
        ),
    ]
    if found.migrations_missing:
        first = found.migrations_missing[0]
        lines.append(words["missing"].format(n=len(found.migrations_missing), first=first))
    else:
        lines.append(words["counts"].format(**found.counts, mb=found.size / 1e6))
        lines.append(words["seals"].format(seals=found.seals, head=found.head or "-", unsealed=found.unsealed))
        if found.ahead:
            lines.append(words["ahead"].format(ahead=found.ahead))
        which = 0 if lang == "zh" else 1
        wrong = [found.fault[which]] if found.fault else []
        wrong += [one[which] for one in found.differences]
        lines += wrong or [words["right"]]
    if found.hash:
        lines.append(words["hash"].format(hash=found.hash))
    lines.append(f"DATABASE_URL={done.url}")
    return "\n".join([*lines, json.dumps(figures(done))])


def figures(done: Restored) -> dict[str, Any]:
    """The figures of a restore."""
    found = asdict(done.found)
    texts = {name: getattr(done, name) for name in ("to", "covered", "last")}
    return {
        "restore": str(done.into),
        **{name: one.isoformat() if one else None for name, one in texts.items()},
        "base": done.base.name,
        "segments": done.segments,
        "rpo_s": 0 if done.to else None,
        "rto_s": done.rto_s,
        "verify_s": done.verify_s,
        "check_s": done.check_s,
        "bytes": found["size"],
        "counts": found["counts"],
        "head": found["head"],
        "hash": found["hash"],
        "faults": len(found["fault"]) + len(found["differences"]),
    }


def moment(given: datetime | None) -> str:
    """A moment as people here read it, to the millisecond."""
    return "-" if given is None else f"{given.astimezone(CHINA).isoformat(sep=' ', timespec='milliseconds')}"
