"""Runs every flow against a live platform and prints what held and what did not.

    python -m client.run --address http://127.0.0.1:8080 --facts facts.json
        [--institution H...] [--shape one|paths|csb|hgs] [--auth none|x-tif|api|sm2 --key K --secret S]
        [--person CERTNO ...] [--only NAME ...] [--fresh] [--ahead SECONDS] [--verbose]

Without --person every person of the facts is used. --fresh: the platform holds no settlements of the institution of
today but those of this run, so that totals must be flat. --ahead: the platform's clock is so far ahead. The shape of
the facts is told in `client.facts`.
Exit code 0: all held; 1: something did not; 2: the arguments or the facts are wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from client import accounts, catalogue, clock, facts, filing, inpatient, outpatient, pharmacy
from client.checks import Wrong
from client.envelope import SHAPES, Connection, Failure, Institution, Lost, Malformed
from client.facts import Facts, Named, Somebody
from client.hospital import Hospital, Person, Sheet
from client.signing import KINDS, signer

Flow = Callable[[Hospital, Person], None]
# Once a run, then once a person, then once a run again: the ledger is full.
FIRST: dict[str, Flow] = {
    "sign-in": accounts.sign_in,
    "institution": accounts.institution,
    "unknown person": accounts.nobody,
    "catalogue files": catalogue.files,
    "no such file": catalogue.no_such_file,
    "catalogue queries": catalogue.queries,
    "catalogue items": catalogue.one_item,
    "dictionary": catalogue.dictionary,
    "mapping": catalogue.mapping,
}
CATALOGUES = ("catalogue files", "catalogue queries", "catalogue items", "mapping")
EACH: dict[str, Flow] = {
    "outpatient": outpatient.whole,
    "outpatient A, undone": outpatient.edition_a,
    "outpatient undone early": outpatient.before_settlement,
    "outpatient refusals": outpatient.wrong_sums,
    "outpatient lost reply": outpatient.lost,
    "outpatient cut line": outpatient.cut,
    "outpatient sent twice": outpatient.twice,
    "newest first": outpatient.newest_first,
    "inpatient and back": inpatient.whole,
    "inpatient mid-stay": inpatient.mid_stay,
    "inpatient lost reply": inpatient.lost,
    "inpatient": inpatient.stays_settled,
    "chronic disease": filing.chronic,
    "designated": filing.designated,
    "referral": filing.referral,
    "audit": accounts.audit,
    "settlement list": accounts.settlement_list,
    "status query": accounts.status,
    "refused stay": inpatient.refused,
}
NEEDS = {
    "chronic disease": "chronic",
    "inpatient": "inpatient",
    "outpatient": "outpatient",
    "newest first": "outpatient",
    "audit": "outpatient",
    "pharmacy": "pharmacy",
}


def insured(facts_read: Facts, somebody: Somebody, name: str) -> bool:
    """Whether a flow is for a person: the facts may say which kinds of care are insured, and who is refused."""
    if name == "refused stay":
        return bool(somebody.refused)
    if name in ("designated", "referral") and not somebody.insured:
        return False
    kind = NEEDS.get(name) or NEEDS.get(name.split(maxsplit=1)[0].rstrip(","))
    return not somebody.medical or kind is None or facts_read.med_types[kind] in somebody.medical


def connect(arguments: argparse.Namespace, known: Facts, place: Named) -> Hospital:
    """The institution's line; key and secret of the command line go before those of the facts."""
    operator = known.other.get("operator", {"no": "0001", "name": "经办甲"})
    institution = Institution(
        place.code, place.name, place.admdvs, operator["no"], operator["name"], known.other.get("system", "YBXT")
    )
    sign = signer(arguments.auth, arguments.key or place.key, arguments.secret or place.secret)
    return Hospital(Connection(arguments.address.rstrip("/"), institution, arguments.shape, sign), known)


def trial(h: Hospital, flow: Flow, person: Person | None, somebody: Somebody | None) -> Sheet:
    """One flow with a sheet of its own. What stops it is told as one more thing wrong."""
    h.sheet, known = Sheet(), h.facts
    try:
        if person is None and somebody is not None:
            if somebody.items:
                h.facts = replace(known, items=somebody.items, drugs=somebody.drugs)
            person = h.person(somebody)
        flow(h, person)  # type: ignore[arg-type]  # flows of the institution itself look at no person
    except (Failure, Malformed, Lost, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        step = h.sheet.steps[-1] if h.sheet.steps else "start"
        what = str(error) if isinstance(error, Failure | Malformed | Lost | ValueError) else f"{error!r} in the reply"
        h.sheet.wrong.append(Wrong(f"stopped at step {step}", "success", what))
    finally:
        h.facts = known
    return h.sheet


class Table:
    """The printed table and its count."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.verbose, self.only, self.good, self.bad = arguments.verbose, arguments.only, 0, 0
        print(f"{'flow':<28} {'person':<20} {'steps':>5}  result")

    def once(self, h: Hospital, flows: dict[str, Flow], who: str) -> None:
        """Flows of the institution itself."""
        for name, flow in flows.items():
            if not self.only or name in self.only:
                self.row(name, who, trial(h, flow, None, None))

    def each(self, h: Hospital, flows: dict[str, Flow], somebody: Somebody) -> None:
        """Flows of a person."""
        for name, flow in flows.items():
            if (not self.only or name in self.only) and insured(h.facts, somebody, name):
                self.row(name, somebody.what or somebody.certno, trial(h, flow, None, somebody))

    def row(self, name: str, who: str, sheet: Sheet) -> None:
        wrong = sorted(
            dict.fromkeys(str(each) for each in sheet.wrong), key=lambda each: not each.startswith("stopped")
        )
        self.good, self.bad = self.good + (not wrong), self.bad + bool(wrong)
        print(f"{name:<28} {who:<20} {len(sheet.steps):>5}  {'ok' if not wrong else f'{len(wrong)} wrong'}")
        for each in wrong if self.verbose else wrong[:12]:
            print(f"    {each}")
        if len(wrong) > 12 and not self.verbose:
            print(f"    and {len(wrong) - 12} more (--verbose)")
        if self.verbose:
            print("    " + " ".join(sheet.steps))
        for note in sheet.notes if self.verbose or any("not run" in note for note in sheet.notes) else []:
            print(f"    note: {note}")


def run(arguments: argparse.Namespace, known: Facts) -> int:
    place = known.hospital
    if arguments.institution and arguments.institution != place.code:
        place = Named(arguments.institution, place.name, place.admdvs, place.caty, place.key, place.secret)
    chosen = [each for each in known.persons if not arguments.person or each.certno in arguments.person]
    if not chosen:
        raise ValueError(f"--person: expected one of the facts, found {arguments.person}")
    table = Table(arguments)
    reconcile = partial(accounts.reconcile, only_ours=arguments.fresh)
    h = connect(arguments, known, place)
    first = {name: flow for name, flow in FIRST.items() if known.catalogues or name not in CATALOGUES}
    table.once(h, first, "")
    for somebody in chosen:
        table.each(h, EACH, somebody)
    table.once(h, {"file as bytes": accounts.bytes_upload, "reconciliation": reconcile}, "")
    if known.pharmacy:
        shop = connect(arguments, known, known.pharmacy)
        table.once(shop, {"sign-in": accounts.sign_in}, "pharmacy")
        for somebody in chosen:
            table.each(shop, {"pharmacy": pharmacy.whole}, somebody)
        table.once(shop, {"reconciliation": reconcile}, "pharmacy")
    print(f"{table.good + table.bad} flows: {table.good} ok, {table.bad} failed")
    return 1 if table.bad else 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="client.run", description=__doc__.splitlines()[0] if __doc__ else "")
    found.add_argument("--address", required=True)
    found.add_argument("--facts", type=Path, required=True)
    found.add_argument("--institution", default="")
    found.add_argument("--shape", choices=SHAPES, default="one")
    found.add_argument("--auth", choices=KINDS, default="none")
    found.add_argument("--key", default="")
    found.add_argument("--secret", default="")
    found.add_argument("--person", nargs="*", default=[])
    found.add_argument("--only", nargs="*", default=[])
    found.add_argument("--ahead", type=float, default=0.0)
    found.add_argument("--fresh", action="store_true")
    found.add_argument("--verbose", action="store_true")
    return found


def main(words: list[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    clock.set_ahead(arguments.ahead)
    try:
        return run(arguments, facts.read(arguments.facts))
    except (OSError, ValueError) as error:
        print(f"client.run: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
