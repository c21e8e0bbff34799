"""What a settlement reads and writes, in SQL: the locked history, uses, settlements, and the history rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import orjson
from django.db import connection

from openyibao.history.data import claim_data, fact_data, keys_data, uses_data
from openyibao.history.person import Entry, History
from openyibao.history.state_read import claim_of
from openyibao.service.direct import Statement, as_json, run
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Account, Person
from openyibao.service.settlements.bills import DerivedBill, kept
from openyibao.service.settlements.models import History as Row
from openyibao.service.settlements.models import Settlement, Use, Visit
from openyibao.settlement import Bill, Claim, Uses
from openyibao.settlement.claim import UseKey

NEXT = Statement("next", "SELECT nextval($1::regclass)")


def history_of(person: Person, region: Region, scheme: str, *, lock: bool) -> Row:
    """The row of a person under a scheme, made when first needed, and locked if asked until the transaction ends.

    Without the lock a row that is not there is not made either.
    """
    about = {"person": person, "region": region, "scheme": scheme}
    if not lock:
        return Row.objects.filter(**about).first() or Row(**about)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO settlements_history (person_id, region_id, scheme, last_number) VALUES (%s, %s, %s, 0)"
            " ON CONFLICT DO NOTHING",
            [person.pk, region.pk, scheme],
        )
    return Row.objects.select_for_update().get(**about)


def uses_of(row: Row) -> Uses:
    """All that the person has used."""
    if row.pk is None:
        return Uses()
    found = Use.objects.filter(history=row).values_list("key", "fen")
    return Uses({key_of(key): fen for key, fen in found})


def key_text(key: UseKey) -> str:
    return as_json(key).decode()


def key_of(text: str) -> UseKey:
    return tuple(orjson.loads(text))


def write_uses(row: Row, before: Mapping[UseKey, int], after: Mapping[UseKey, int]) -> None:
    """Write the uses that changed; one that is none any more is deleted."""
    changed = [(key_text(key), fen) for key, fen in after.items() if before.get(key, 0) != fen]
    gone = [key_text(key) for key in before.keys() - after.keys()]
    with connection.cursor() as cursor:
        if changed:
            keys, fens = zip(*changed, strict=True)
            cursor.execute(
                "INSERT INTO settlements_use (history_id, key, fen) SELECT %s, * FROM unnest(%s::text[], %s::bigint[])"
                " ON CONFLICT (history_id, key) DO UPDATE SET fen = excluded.fen",
                [row.pk, list(keys), list(fens)],
            )
        if gone:
            cursor.execute("DELETE FROM settlements_use WHERE history_id = %s AND key = ANY(%s)", [row.pk, gone])


def next_id(sequence: str, division: str) -> str:
    """A new number of the platform: the division and 14 digits that are never used again."""
    return numbered(division, int(run([NEXT(f"settlements_{sequence}".encode())])[0].get_value(0, 0)))


def numbered(division: str, number: int) -> str:
    return f"{division}{number:014d}"


def entries_data(entries: Sequence[Entry], uses: Uses) -> dict[str, list[Any]]:
    """The entries of one settlement, settled on uses, as its columns hold them: lists of the same length."""
    return {
        "claim": [_claim_data(entry.claim) for entry in entries],
        "bill": kept(entries, uses),
        "read": [keys_data(entry.read) for entry in entries],
        "added": [uses_data(entry.added) for entry in entries],
    }


def _claim_data(claim: Claim) -> dict[str, Any]:
    """A claim as data, its facts in their own order, which its bill follows."""
    return {**claim_data(claim), "facts": {name: fact_data(value) for name, value in claim.facts.items()}}


def standing_from(row: Row, number: int) -> tuple[History, list[Settlement]]:
    """The history from a settling on: its entries (numbered from 1) and the settlements that they stand in."""
    settlements = list(
        Settlement.objects.filter(history=row, number__gte=number, reverses=None, reversed_by=None).order_by("number")
    )
    entries: list[Entry] = []
    for settlement in settlements:
        for place in range(len(settlement.claim)):
            entries.append(_entry(settlement, place, len(entries) + 1))
    uses = uses_of(row)
    numbers = tuple(entry.number for entry in entries)
    return History(row.person.psn_no, entries=tuple(entries), standing=numbers, uses=uses), settlements


def _entry(settlement: Settlement, place: int, number: int) -> Entry:
    """A kept entry, without its bill, which is made again only where somebody looks at it."""
    about = settlement.bill[place]
    law = about["policy"] if "layers" in about else {"id": about["policy"], "digest": about["digest"]}
    added = {tuple(one["use"]): one["fen"] for one in settlement.added[place]}
    return Entry(
        number,
        claim_of(settlement.claim[place], settlement.setl_id),
        law["id"],
        law["digest"],
        cast("Bill", DerivedBill(settlement, place)),
        frozenset(tuple(key) for key in settlement.read[place]),
        MappingProxyType(added),
    )


def settled_lines(visit: Visit | int) -> dict[int, int]:
    """The fee lines of a visit that are settled, by id: the id of the settlement that stands and holds each."""
    number = visit if isinstance(visit, int) else visit.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT line_id, settlement_id FROM settlements_settledline WHERE visit_id = %s", [number])
        return dict(cursor.fetchall())


def as_it_stands(settlement: Settlement) -> Settlement:
    """The settlement by the number that its institution knows, as it is now.

    Where a reversal of it was undone (2601), another settlement took its place. The caller has locked the visit.
    """
    return Settlement.objects.filter(original=settlement).order_by("-id").first() or settlement


def accounts_of(person: Person, region: Region, *, lock: bool, also: Iterable[int] = ()) -> list[Account]:
    """The accounts that pay for a person: the own one, then family accounts; locked in the order of their ids.

    `also`: the ids of others that are wanted all the same, such as those of a family that the person has left.
    """
    found = Account.objects.filter(region=region, family=False, owner=person) | Account.objects.filter(
        region=region, family=True, pk__in=person.family_accounts.values("pk")
    )
    rows = (found | Account.objects.filter(pk__in=tuple(also))).order_by("pk")
    return sorted(rows.select_for_update() if lock else rows, key=lambda account: (account.family, account.pk))


def move_accounts(taken: Mapping[int, int], times: int) -> None:
    """Take from accounts (times -1) or give back (times 1). The rows are locked already."""
    with connection.cursor() as cursor:
        for account, fen in sorted(taken.items()):
            cursor.execute(
                "UPDATE people_account SET balance_fen = balance_fen + %s WHERE id = %s", [times * fen, account]
            )
