"""The door of settlement: try, settle, reverse. One database transaction each, of the one who calls.

    try_settle(request) -> Outcome    what settling would give now; nothing is locked or written
    settle(request) -> Outcome        the visit's lines settled, every book written
    reverse(settlement, ...)          a settlement taken back, where no later one depends on it

The order of locks is always the same: visit, history of the person, accounts by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from django.db.models import Model

from openyibao.history import HistoryError, ReversalRefusedError
from openyibao.history import reverse as reverse_claim
from openyibao.history.person import Entry, settled
from openyibao.service.direct import Transaction, run
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Institution
from openyibao.service.settlements import elsewhere, lines, payers, postings, replies, store, written
from openyibao.service.settlements.bills import keep_law
from openyibao.service.settlements.case import Case, made
from openyibao.service.settlements.case import read as read_case
from openyibao.service.settlements.claims import PHARMACY, claim_of, day_of, knows_service, with_ordinary
from openyibao.service.settlements.law import Law, law_of
from openyibao.service.settlements.models import FeeLine, History, LayerPaid, Settlement, Visit
from openyibao.service.settlements.open_lines import Found, claims_of_lines, found_of
from openyibao.settlement import Bill, Claim, ClaimError, Uses
from openyibao.settlement.bill_text import layer_text
from openyibao.settlement.claim_parts import StayError


@dataclass(frozen=True, slots=True)
class Request:
    """What to settle. `batch`: the fee lines of one upload, or None for all that are not settled yet; `only`, if not
    empty, keeps those of these ids.

    `stated` holds the sums that the asker states, in fen by part (`total`, `in_scope` ...); one that differs is
    refused. `last`: whether the stay ends with this settlement. `undoes`: the reversal that it undoes. `extra` is kept
    beside the settlement. `case`: what was read of the visit already, under the same locks. `work`: the transaction
    that may write the settlement later, with its end.
    """

    visit: Visit
    moment: datetime
    msgid: str
    batch: str | None = None
    only: frozenset[int] = frozenset()
    use_account: bool = False
    stated: Mapping[str, int | None] = field(default_factory=dict)
    last: bool = True
    undoes: Settlement | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    case: Case | None = None
    work: Transaction | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What settling gives: who bears what, by which bills. `settlement` is None of a try.

    Of each bill `bills` has the `layers`, as far as paying needs them. `balance_fen` is what the person's own account
    holds afterwards.
    """

    request: Request
    payment: payers.Payment
    parts: lines.Parts
    entries: tuple[Entry, ...]
    bills: tuple[Mapping[str, Any], ...]
    balance_fen: int
    settlement: Settlement | None = None


def try_settle(request: Request) -> Outcome:
    """What settling would give now. Raises Refused as `settle` does."""
    return _work(request, keep=False)[0]


def settle(request: Request) -> Outcome:
    """Settle the lines of a visit. Raises Refused, with nothing written, where that cannot be done."""
    outcome, work = _work(request, keep=True)
    return replace(outcome, settlement=_write(outcome, work))


@dataclass(frozen=True, slots=True)
class _Work:
    case: Case
    found: Found
    after: Uses


def _work(request: Request, *, keep: bool) -> tuple[Outcome, _Work]:
    visit = request.visit
    coverage = visit.coverage
    if request.case is None and request.work is not None:
        request.work.send()
    case = request.case or read_case(visit, request.batch, day_of(request.moment), keep=keep)
    if request.work is not None:
        request.work.take(("visit", visit.pk), ("history", case.history.pk))
        request.work.take(*(("account", account.pk) for account in case.accounts))
    found = found_of(case, request.only)
    if not found.ids:
        raise _nothing_left(request)
    own = sum(account.balance_fen for account in case.accounts if not account.family)
    law = law_of(coverage.region, coverage.scheme)
    claim = _claim(request, case, own if request.use_account else 0)
    entries, after = _settle(request, law, claim, found, case)
    _check(request, found.parts)
    bills = tuple({"layers": cast("Bill", entry.bill).outline()} for entry in entries)
    payment = _pay(request, bills, found.parts, case)
    balance = own - sum(payment.accounts.get(one.pk, 0) for one in case.accounts if not one.family)
    return Outcome(request, payment, found.parts, entries, bills, balance), _Work(case, found, after)


def _nothing_left(request: Request) -> Refused:
    """Why a visit has no lines to settle. A stay whose lines were all settled in mid-stay still has its end to come,
    if its policy takes amounts per claim from the last part: what was settled last is then to be settled as the end.
    """
    visit = request.visit
    standing = Settlement.objects.filter(visit=visit, reverses=None, reversed_by=None).order_by("-number").first()
    if request.last and standing is not None and standing.facts.get("last") is False:
        policies = law_of(visit.coverage.region, visit.coverage.scheme).series.policies
        if any(policy.id == standing.policy and policy.per_claim_later for policy in policies):
            known = (standing.original or standing).setl_id
            return Refused("end not settled", mdtrt_id=visit.mdtrt_id, setl_id=known)
    return Refused("no lines", mdtrt_id=visit.mdtrt_id, batch=request.batch or "-")


def _claim(request: Request, case: Case, balance_fen: int) -> Claim:
    visit = request.visit
    return claim_of(
        visit,
        f"{visit.mdtrt_id}-{case.history.last_number + 1}",
        day_of(request.moment),
        first=not case.earlier or visit.kind != "inpatient",
        last=request.last,
        balance_fen=balance_fen,
        identities=case.identities,
    )


def _settle(request: Request, law: Law, claim: Claim, found: Found, case: Case) -> tuple[tuple[Entry, ...], Uses]:
    """The claims that the lines make, settled one after the other; the uses afterwards."""
    uses, number = case.uses, case.history.last_number
    if claim.facts["service"] == PHARMACY and not knows_service(law.series.policies, PHARMACY):
        return (), uses  # a purchase for which the law has no benefit: accounts and cash only
    entries: list[Entry] = []
    try:
        policy = law.series.rule_for(claim).policy
        claim = with_ordinary(claim, policy)
        for one in claims_of_lines(law, policy, claim, found):
            entry, uses = settled(number + len(entries) + 1, law.series, uses, one)
            entries.append(entry)
    except ClaimError as error:
        raise Refused("not settled", why=error.text) from None
    except StayError as error:
        raise Refused("not settled", why=error.found) from None
    return tuple(entries), uses


def _check(request: Request, parts: lines.Parts) -> None:
    """What the asker states must be what the lines hold, part by part."""
    held = {"total": parts.amount_fen, **{part: getattr(parts, f"{part}_fen") for part in lines.PARTS}}
    wrong = [
        f"{name}: {lines.yuan(fen)} ≠ {lines.yuan(held[name])}"
        for name, fen in request.stated.items()
        if fen is not None and fen != held[name]
    ]
    if wrong:
        raise Refused("sums differ", sums="; ".join(wrong))
    if parts.amount_fen < 0:
        raise Refused("sums differ", sums=f"{lines.yuan(parts.amount_fen)} < 0")


def _pay(request: Request, bills: tuple[Mapping[str, Any], ...], parts: lines.Parts, case: Case) -> payers.Payment:
    layers: list[payers.Layer] = []
    for data in bills:
        texts = {
            number: layer_text(data, number, "zh")
            for number, layer in enumerate(data["layers"], 1)
            if layer["paid_fen"]
        }
        layers += payers.layers_of(data, request.visit.coverage.scheme, texts)
    paid = sum(layer.paid_fen for layer in layers)
    accounts, use = case.accounts, request.use_account
    if request.visit.kind == "manual":  # the person has paid the institution all of it
        return payers.pay(parts.amount_fen, tuple(layers), 0, accounts, use_account=use)
    share = elsewhere.share_bp(request.visit) or case.share_bp or 0
    hospital = payers.borne_fen(parts.over_limit_fen, share, parts.amount_fen - paid)
    return payers.pay(parts.amount_fen, tuple(layers), hospital, accounts, use_account=use)


def _write(outcome: Outcome, work: _Work) -> Settlement:
    request, payment, case = outcome.request, outcome.payment, work.case
    visit, row = request.visit, case.history
    assert case.number is not None
    for entry in outcome.entries:
        keep_law(cast("Bill", entry.bill).plan.policy)
    setl_id = store.numbered(visit.coverage.region.body.code, case.number[1])
    first = request.undoes.reverses if request.undoes else None
    settlement = _settlement(
        id=case.number[0],
        setl_id=setl_id,
        history=row,
        number=row.last_number + 1,
        visit=visit,
        undoes=request.undoes,
        original=(first.original or first) if first else None,
        institution=visit.institution,
        msgid=request.msgid,
        batch=request.batch or "",
        settled=request.moment,
        day=day_of(request.moment),
        policy=outcome.entries[0].policy if outcome.entries else "",
        digest=outcome.entries[0].digest if outcome.entries else "",
        facts={
            "extra": dict(request.extra),
            "accounts": {str(key): fen for key, fen in payment.accounts.items()},
            "balance_fen": outcome.balance_fen,
            "last": request.last,
        },
        line_ids=list(work.found.ids),
        **store.entries_data(outcome.entries, case.uses),
        **_money(outcome),
        reply=replies.with_id(replies.reply_of(outcome), setl_id, request.moment),
    )
    row.last_number += max(1, len(outcome.entries))
    asks = [
        *written.settlement(settlement),
        written.history(row),
        *written.uses(row, case.uses.values, work.after.values),
        *written.layers(settlement, payment.layers),
        *written.accounts(payment.accounts, -1),
        *postings.of_settlement(settlement, payment, case.accounts),
    ]
    if request.work is not None:
        request.work.later(*asks)
    else:
        run(asks)
    return settlement


def _settlement(
    *,
    history: History,
    visit: Visit,
    undoes: Settlement | None,
    original: Settlement | None,
    institution: Institution,
    **values: Any,
) -> Settlement:
    """The row of a settlement, without the checks and defaults by which Django makes one."""
    related: dict[str, Model | None] = {"history": history, "visit": visit, "institution": institution}
    related |= {"undoes": undoes, "original": original}
    keys = {f"{name}_id": row.pk if row else None for name, row in related.items()}
    return made(Settlement, {**values, **keys, "reverses_id": None}, **related, reverses=None)


def _money(outcome: Outcome) -> dict[str, int]:
    payment, parts = outcome.payment, outcome.parts
    return {
        "total_fen": parts.amount_fen,
        **{f"{part}_fen": getattr(parts, f"{part}_fen") for part in lines.PARTS},
        **{f"{name}_fen": getattr(payment, f"{name}_fen") for name in ("funds", "hospital", "account", "family")},
        "cash_fen": payment.cash_fen,
    }


def reverse(settlement: Settlement, moment: datetime, msgid: str) -> Settlement:
    """Take a settlement back: uses, accounts and books as if it had never been, its lines unsettled again.

    Raises Refused where it was taken back already, or a later settlement depends on it. The caller has locked the
    visit.
    """
    row = (
        History.objects.select_for_update(of=("self",)).select_related("person", "region").get(pk=settlement.history_id)
    )
    if Settlement.objects.filter(reverses=settlement).exists():
        raise Refused("reversed already", setl_id=settlement.setl_id)
    accounts = {int(key): fen for key, fen in settlement.facts["accounts"].items()}
    held = store.accounts_of(settlement.visit.person, row.region, lock=True, also=accounts)
    history, standing = store.standing_from(row, settlement.number)
    before = history.uses
    for claim in reversed(settlement.claim):
        try:
            history = reverse_claim(history, claim["id"], moment, msgid).history
        except ReversalRefusedError as error:
            later = {one.entry.claim.id for one in error.claims}
            ids = [one.setl_id for one in standing if later & {claim["id"] for claim in one.claim}]
            raise Refused("later depends", setl_id=settlement.setl_id, later=", ".join(ids)) from None
        except HistoryError as error:
            raise Refused("not settled", why=error.text) from None
    own = sum(one.balance_fen + accounts.get(one.pk, 0) for one in held if not one.family)
    taken_back = _taken_back(settlement, row, moment, msgid, own)
    row.last_number += 1
    row.save(update_fields=["last_number"])
    store.write_uses(row, before.values, history.uses.values)
    for layer in settlement.layers.all():
        LayerPaid.objects.create(
            settlement=taken_back,
            position=layer.position,
            layer=layer.layer,
            payer=layer.payer,
            field=layer.field,
            paid_fen=-layer.paid_fen,
        )
    store.move_accounts(accounts, 1)
    postings.post_reversal(taken_back, settlement)
    return taken_back


def reinstate(taken_back: Settlement, moment: datetime, msgid: str) -> Settlement:
    """Undo a reversal: its lines are settled again. The institution, which is told no number, goes on with the old one.

    Raises Refused unless each payer then bears exactly what it bore before: nothing may have happened in between that
    changes it. The caller has locked the visit.
    """
    original = taken_back.reverses
    if original is None:
        raise Refused("unknown settlement", psn_no=taken_back.visit.person.psn_no, setl_id=taken_back.setl_id)
    if not _as_it_was(taken_back.visit, original):
        raise Refused("later depends", setl_id=taken_back.setl_id, later="-")
    request = Request(
        visit=taken_back.visit,
        moment=moment,
        msgid=msgid,
        only=frozenset(original.line_ids),
        use_account=bool(original.facts["accounts"]),
        last=original.facts["last"],
        undoes=taken_back,
        extra=original.facts["extra"],
    )
    again = settle(request).settlement
    assert again is not None
    if _borne(again) != _borne(original):
        raise Refused("later depends", setl_id=taken_back.setl_id, later="-")
    return again


def _as_it_was(visit: Visit, original: Settlement) -> bool:
    """Whether a visit still has all that a settlement settled, with nothing of it given back, and has ended as then."""
    if visit.kind == "inpatient" and original.facts["last"] and visit.state != "discharged":
        return False
    settled_already = store.settled_lines(visit)
    unsettled = {line.pk: line for line in FeeLine.objects.filter(visit=visit) if line.pk not in settled_already}
    then = set(original.line_ids)
    if then - unsettled.keys():
        return False
    numbers = {unsettled[pk].number for pk in then}
    return not any(line.data.get("refund_of") in numbers for pk, line in unsettled.items() if pk not in then)


def _borne(settlement: Settlement) -> tuple[object, ...]:
    """What each payer bears of a settlement, and each account."""
    sums = [getattr(settlement, f"{name}_fen") for name in MONEY]
    layers = settlement.layers.order_by("position").values_list("layer", "payer", "paid_fen")
    return sums, settlement.facts["accounts"], list(layers)


MONEY = ("total", *lines.PARTS, "funds", "hospital", "account", "family", "cash")


def _taken_back(settlement: Settlement, row: History, moment: datetime, msgid: str, balance_fen: int) -> Settlement:
    setl_id = store.next_id("setl_id", settlement.visit.coverage.region.body.code)
    made = Settlement.objects.create(
        setl_id=setl_id,
        history=row,
        number=row.last_number + 1,
        visit=settlement.visit,
        reverses_id=settlement.pk,
        institution=settlement.institution,
        msgid=msgid,
        batch=settlement.batch,
        settled=moment,
        day=day_of(moment),
        policy=settlement.policy,
        digest=settlement.digest,
        claim=[],
        bill=[],
        read=[],
        added=[],
        facts={"balance_fen": balance_fen},
        **{f"{name}_fen": -getattr(settlement, f"{name}_fen") for name in MONEY},
        reply=replies.reversed_reply(settlement.reply, setl_id, msgid, moment, balance_fen),
    )
    made._state.fields_cache["reverses"] = settlement  # `reverses=` would tell it to the original too: a ring
    return made
