"""What the verbs of the command line do. Problems go to standard error; exit code 1: not settled, 2: not usable."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from openyibao.policy import FileError, Policy, PolicyNotFoundError, find_policy, policy_ids, read_policy, write_policy
from openyibao.policy.problems import language_of
from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses, read_claims, settle

if TYPE_CHECKING:
    from openyibao.history.person import KeptBill
    from openyibao.settlement.claim_stay import LinedClaim

EXAMPLES = Path(__file__).parent / "examples"
WIDTH = 118
TABLES = (".csv", ".xlsx", ".parquet")
STOPPED = 130
"""The exit code of a command that was stopped by a signal."""


@contextmanager
def told(lang: str | None = None, page: str = "en") -> Iterator[None]:
    """What a person can mend is said plainly, without a traceback: see `said`."""
    try:
        yield
    except (FileError, PolicyNotFoundError, OverflowError, ValueError) as error:
        print(said(error, lang, page), file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:  # a folder that is not there, a right that is lacking, a full disk
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
        raise SystemExit(2) from None


def said(error: Exception, lang: str | None, page: str = "en") -> str:
    """An error in the language that was asked for.

    Where none was, what is wrong with a file is said in the language of the file, all else in that of the page.
    """
    if isinstance(error, FileError):
        return error.told(lang)
    return str(getattr(getattr(error, "text", None), lang or page, error))


def load(name: str) -> Policy:
    return read_policy(find_policy(name))


def find_claims(file: Path) -> Path:
    """A file of one's own, or an example that comes with the program, by its name."""
    shipped = EXAMPLES / f"{file.name}.yaml"
    return shipped if not file.exists() and shipped.exists() and file.parent == Path() else file


@dataclass(frozen=True)
class KeptIn:
    """The state file on which claims are settled, and whether it keeps the outcome."""

    path: Path
    save: bool
    time: str | None
    accept_changed: bool


def settle_file(
    file: Path, policies: list[str], explain: str | None, form: str, lang: str | None, kept: KeptIn | None = None
) -> None:
    """Settle the claims of a file. The page is in the language of the explanation, or in `lang`, or of the file."""
    from openyibao.history import State, load_series
    from openyibao.history.commands import close_state, moment, open_state, settle_kept
    from openyibao.history.series import read_series_claims

    file = find_claims(file)
    page = explain or lang or language_of(str(file))
    with told(lang, page):
        series = load_series(policies)
        lined = read_series_claims(file, series)
        claims = [claim.claim for claim in lined]
        before = open_state(kept.path, kept.accept_changed, new=True) if kept else State()
        at = moment(kept.time if kept else None)
        state, bills, errors = settle_kept(before, series, claims, at, page)
    if form == "json":
        data = [bill.data() for bill in bills]
        if data or len(claims) > 1:
            print(json.dumps(data[0] if len(claims) == 1 else data, ensure_ascii=False, indent=2))
    else:
        print_bills(bills, explain, page, {claim.claim.id: claim for claim in lined})
    for error in errors:
        print(failed(file, error, page), file=sys.stderr)
        later = after_failure(error.claim, claims, {bill.data()["claim"]["id"] for bill in bills})
        if later:
            print(not_counted(error.claim, later, page), file=sys.stderr)
    if kept:
        with told(lang, page):
            close_state(kept.path, before, state, kept.save, page, accepted=kept.accept_changed)
    if errors:
        raise SystemExit(1)


def failed(file: Path, error: ClaimError, lang: str) -> str:
    """Why a claim was not settled, with its file and its id, each once."""
    claim, text = (f"单据{error.claim}", error.text.zh) if lang == "zh" else (f"claim {error.claim}", error.text.en)
    about = "" if text.startswith(claim) else f"{claim}：" if lang == "zh" else f"{claim}: "
    return f"{file}: {about}{text}"


def after_failure(failed: str, claims: Sequence[Claim], settled: set[str]) -> list[str]:
    """The bills of the same person that were settled after a claim that was not."""
    one = next((claim for claim in claims if claim.id == failed), None)
    if one is None:
        return []
    order = [claim for claim in claims if claim.person == one.person]
    order.sort(key=lambda claim: claim.settlement)
    return [claim.id for claim in order[order.index(one) + 1 :] if claim.id in settled]


def not_counted(failed: str, later: list[str], lang: str) -> str:
    """A bill after a claim that was not settled may come out otherwise once that is settled."""
    if lang == "zh":
        return f"注意：{'、'.join(later)}在其后结算，未计入{failed}的累计和次数；{failed}结算后须重新结算。"
    which = f"{', '.join(later)} {'was' if len(later) == 1 else 'were'}"
    return f"Note: {which} settled after it, as if {failed} had not been; settle anew once it can be settled."


def print_bills(
    bills: Sequence[Bill | KeptBill],
    explain: str | None,
    lang: str,
    lined: Mapping[str, LinedClaim] = MappingProxyType({}),
) -> None:
    from rich.console import Console

    from openyibao.settlement.bill_text import bill_text
    from openyibao.settlement.bill_view import print_bill

    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    for bill in bills:
        data = bill.data()
        print_bill(data, lang, console)
        if explain:
            print_lines(lined.get(data["claim"]["id"]), explain)
            print(bill_text(data, explain))


def print_lines(lined: LinedClaim | None, lang: str) -> None:
    """What each fee line of a claim came to, one sentence a line."""
    from openyibao.catalogue import line_text

    for line in lined.lines if lined else ():
        if lined and lined.catalogue:
            print(line_text(lined.catalogue, line, lang))


def settle_table(file: Path, policy: str, out: Path | None, asked: str | None, progress: bool | None) -> None:
    """Settle a table of claims. Stopped by Ctrl-C, or by SIGTERM, it leaves nothing behind."""
    lang = asked or "en"
    from openyibao.tables import TableError
    from openyibao.tables import settle_table as settle
    from openyibao.tables.progress import progress_shown, stoppable
    from openyibao.tables.summary import lines

    target = out or file.with_name(f"{file.stem}-bills{file.suffix}")
    if out is None and target.exists():
        print(f"{target} exists already. Name another file with --out, or this one to replace it.", file=sys.stderr)
        raise SystemExit(2)
    with told(asked):
        law = load(policy)
    try:
        with told(asked), progress_shown(progress, lang) as show, stoppable(show) as watched:
            found = settle(law, file, target, progress=watched)
    except (TableError, OSError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print(
            "已停止，未写出任何文件。" if lang == "zh" else "Stopped. No bills were written.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(STOPPED)  # a reader stopped half-way can abort the process in the usual clearing up
    print("\n".join(lines(found, lang)))
    if found.rejects:
        raise SystemExit(1)


def list_policies() -> None:
    with told():
        for name in policy_ids():
            policy = load(name)
            print(f"{name:<40} {policy.start} to {policy.end}  {policy.title.zh}  {policy.title.en}")


def show_policy(name: str, form: str, lang: str | None) -> None:
    with told(lang):
        print(write_policy(load(name), form), end="")


def check_policies(names: list[str], lang: str | None) -> None:
    """Say of each policy what is wrong with it, or how well it is known: in this language, or in that of its file."""
    bad = False
    for name in names or policy_ids():
        try:
            policy = load(name)
            Rule(policy)
        except (FileError, PolicyNotFoundError, OverflowError, ValueError) as error:
            print(said(error, lang), file=sys.stderr)
            bad = True
            continue
        from openyibao.policy.coverage import coverage

        page = lang or language_of(policy.file)
        good = f"{name}：检查通过。" if page == "zh" else f"{name}: good. "
        print(f"{good}{coverage(policy, page)}")
    if bad:
        raise SystemExit(2)


def lint_policies(names: list[str], everything: bool, form: str, lang: str, strict: bool) -> None:
    """What the national rules say of policies."""
    from openyibao.lint import lint
    from openyibao.lint.report import Teller, as_json, as_sarif

    if everything == bool(names):
        print("Name the policies, or write --all.", file=sys.stderr)
        raise SystemExit(2)
    with told(lang):
        found = {name: lint(load(name)) for name in names or policy_ids()}
    text = {"json": as_json, "sarif": lambda one: as_sarif(one, lang), "text": Teller(lang).text}[form](found)
    print(text, end="")
    if strict and any(finding.answer == "departs" for findings in found.values() for finding in findings):
        raise SystemExit(1)


def compare_policies(names: list[str], form: str, lang: str) -> None:
    from openyibao.compare.commands import comparison

    with told(lang):
        print(comparison([load(name) for name in names], form, lang), end="")


def diff_policies(place: str, start: str, end: str, form: str, lang: str) -> None:
    from openyibao.compare.commands import differences

    with told(lang):
        print(differences(place, start, end, form, lang), end="")


def settle_patients(
    names: list[str], everything: bool, patient: str | None, form: str, lang: str, svg: Path | None
) -> None:
    """What standard patients bear."""
    from openyibao.compare.commands import patients

    if everything == bool(names):
        print("Name the policies, or write --all.", file=sys.stderr)
        raise SystemExit(2)
    with told(lang):
        print(patients([load(name) for name in names or policy_ids()], patient, form, lang, svg), end="")


def assistance_standards(names: list[str], form: str, lang: str) -> None:
    from openyibao.compare.commands import standards

    with told(lang):
        print(standards([load(name) for name in names or policy_ids()], form, lang), end="")


def publish_site(folder: Path, day: str | None, policies: Path | None) -> None:
    """Build the site of the library, or of a folder of policies."""
    from datetime import date

    from openyibao.site import publish

    with told():
        files = [find_policy(name) for name in policy_ids()] if policies is None else sorted(policies.rglob("*.yaml"))
        made = date.fromisoformat(day) if day else None
        done = publish([read_policy(file) for file in files], folder, made)
    print(
        f"{done.pages} pages of {done.policies} policies in {folder}: {done.size / 1e6:.1f} MB, {done.seconds:.1f} s."
    )


def print_code(name: str, rows: bool, literals: bool) -> None:
    from openyibao.settlement.emit import claim_text, rows_text
    from openyibao.settlement.program import plan_policy

    with told():
        policy = load(name)
        plan = plan_policy(policy)
    title = f"{policy.id}: {policy.title.en}"
    paid = (*(layer.paid for layer in plan.layers), "paid", "personal")
    text = rows_text(plan.program, title, paid, literals) if rows else claim_text(plan.program, title, literals)
    print(text, end="")
    if not literals:
        for number, parameter in enumerate(plan.program.parameters):
            print(f"# p[{number}] = {parameter.value}  {parameter.label} ({parameter.kind})")


def print_terms(query: str | None) -> None:
    from openyibao import terms

    if query is None:
        for word in terms.all_words():
            print(f"{word.en:<32} {word.zh}  {word.code or ''}".rstrip())
        return
    found = terms.find(query)
    if not found:
        near = ", ".join(terms.suggest(query)) or "`yibao terms` lists them"
        print(f"No term matches {query!r}. Near: {near}.", file=sys.stderr)
        raise SystemExit(1)
    for entry in found:
        where = f"{entry.dictionary} {entry.code}" if entry.dictionary else entry.code or ""
        print(f"{entry.en}  {entry.zh}  [{entry.kind}] {where}".rstrip())
        for meaning in (entry.meaning_en, entry.meaning_zh):
            if meaning:
                print(f"    {meaning}")


def demo(keep: bool = False, port: int = 0) -> None:
    """The main job, end to end: published examples to the fen, explained; then the platform with two visits."""
    from rich.console import Console

    from openyibao.settlement.bill_text import bill_text
    from openyibao.settlement.bill_view import print_bill

    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    for title, name, file, lang in (
        (
            "1. CQ-01, as published by Yubei district: 34,790.00 + 0.00 + 10,647.00 + 937.80",
            "chongqing/resident-2023",
            "cq-01",
            "en",
        ),
        (
            "2. CQ-02, as published (its source leaves out the annual cap of basic insurance)",
            "chongqing/resident-2023-as-published",
            "cq-02",
            "en",
        ),
        ("3. CQ-02 again, with the annual cap", "chongqing/resident-2023", "cq-02", "en"),
        ("4. 某区2013年二级医院住院一次", "xx-district/resident-2013", "xx-stay", "zh"),
    ):
        with told():
            law = load(name)
            bill, _ = settle(law, Uses(), read_claims(EXAMPLES / f"{file}.yaml", law)[0])
        console.rule(title, align="left", style="dim")
        data = bill.data()
        print_bill(data, lang, console)
        print(bill_text(data, lang))
    sys.stdout.flush()
    from openyibao.service.postgres import PostgresError
    from openyibao.service.run import RunError

    try:
        from openyibao.service.demo import run

        run(keep, console, port)
    except (PostgresError, RunError) as error:
        print(f"yibao: the bills above need nothing more; the platform does: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    print_next_steps()


def print_next_steps() -> None:
    print("Where to go next:")
    for command, what in (
        ("yibao policy show chongqing/resident-2023 --lang zh", "the law these bills came from, in Chinese"),
        ("yibao policy code chongqing/resident-2023", "what it compiles to"),
        ("yibao settle cq-01 --policy chongqing/resident-2023 --explain zh", "a claim, explained in Chinese"),
        ("yibao terms 起付线", "what a word means"),
        ("docs/policy-language.md", "how to write a policy"),
        ("yibao serve --sandbox", "the platform, to try the national interface against"),
    ):
        wide = sum(2 if ord(letter) > 0x2E7F else 1 for letter in command)
        print(f"  {command}{' ' * (66 - wide)} {what}")
