"""A database filled for measuring: its rows are what the platform itself would have written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from openyibao.service.bulk.checks import check
from openyibao.service.bulk.commands import fill
from openyibao.service.bulk.seeds import numbers_of_originals, seed
from openyibao.service.ledger.seal import Sealer
from openyibao.service.ledger.verify import verify
from openyibao.service.postgres import Server
from openyibao.service.settlements.models import History, Settlement, Use
from service.conftest import using
from service.filled import template as filled_template

SEED = 20261122


def rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def template(server: Server) -> Iterator[str]:
    yield from filled_template(server, 600, 24, SEED, ())


@pytest.fixture
def filled(server: Server, template: str) -> Iterator[str]:
    yield from using(server, template)


def test_copies_keep_every_constraint_and_balance_and_can_be_sealed(filled: str) -> None:
    assert Settlement.objects.count() >= 600
    assert check() == []
    entries = rows("SELECT count(*) FROM ledger_entry")[0][0]
    sealer = Sealer()
    while sealer.step():
        pass
    verdict = verify()
    assert verdict.fault is None and verdict.entries == entries
    reversals = Settlement.objects.exclude(reverses=None).select_related("reverses__history")
    assert reversals and all(one.reverses.history_id == one.history_id for one in reversals)


def test_copies_without_fee_lines(database: str) -> None:
    print("seed", SEED)
    done = fill(100, 9, SEED, lines=False, only=("980003",))
    assert done.settlements >= 100 and done.histories == 9 and done.persons > 9
    assert check() == []
    assert rows("SELECT count(DISTINCT visit_id) FROM settlements_feeline")[0][0] < done.settlements


def test_each_copy_has_its_own_names_and_none_of_the_originals(filled: str) -> None:
    last = Settlement.objects.filter(reverses=None).exclude(policy="").latest("id")
    mark = last.history.person.psn_no[:10]
    assert mark.startswith("BULK") and mark != "BULK000000"
    for text in (last.claim, last.bill, last.reply, last.facts, last.msgid):
        assert "BULK000000" not in str(text)
    assert last.claim[0]["person"] == last.history.person.psn_no
    assert last.claim[0]["id"].startswith(last.visit.mdtrt_id)
    assert last.reply["setlinfo"]["setl_id"] == last.setl_id
    assert last.line_ids and set(last.line_ids) <= set(last.visit.lines.values_list("pk", flat=True))


def test_a_copy_goes_on_as_the_original_does(filled: str) -> None:
    """The uses of a copy let its next settlement be reversed, and the platform's numbers go on below the copies'."""
    from openyibao.service.gateway.refusals import Refused
    from openyibao.service.settlements import door, store

    copied = History.objects.filter(person__psn_no__startswith="BULK000001")
    done = 0
    for history in copied:
        last = Settlement.objects.filter(history=history, reverses=None, reversed_by=None).order_by("number").last()
        if last is None:
            continue
        added = {store.key_text(tuple(one["use"])): one["fen"] for part in last.added for one in part}
        before = dict(Use.objects.filter(history=history).values_list("key", "fen"))
        try:
            with transaction.atomic():
                taken = door.reverse(last, last.settled, f"T{history.pk}")
        except Refused:
            continue
        after = dict(Use.objects.filter(history=history).values_list("key", "fen"))
        assert {key: fen - after.get(key, 0) for key, fen in before.items() if fen != after.get(key, 0)} == added
        assert not taken.setl_id[6:].startswith("70")
        done += 1
    assert done
    assert check() == []


def test_a_filled_database_grows_by_further_copies(filled: str) -> None:
    before = Settlement.objects.count()
    done = fill(1_500, 99, SEED)
    assert done.settlements >= 1_500 > before and done.histories == 24
    assert check() == []
    assert rows("SELECT count(DISTINCT setl_id) = count(*) FROM settlements_settlement")[0][0]
    assert fill(1_500, 99, SEED).settlements == done.settlements


def test_originals_are_settled_once(database: str) -> None:
    seed(9, SEED, only=("980003",))
    with pytest.raises(RuntimeError, match="take a new one"):
        seed(9, SEED, only=("980003",))


def test_the_platforms_own_numbers_go_on_where_they_were(database: str) -> None:
    before = rows("SELECT last_value, is_called FROM settlements_setl_id")
    with numbers_of_originals():
        rows("SELECT nextval('settlements_setl_id')")
    assert rows("SELECT last_value, is_called FROM settlements_setl_id") == before
