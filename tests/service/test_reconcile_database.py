"""Lists beside a database: what is read from it, the files that come in, the answer that goes out."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import transaction

from openyibao.service.reconciliation import held
from openyibao.service.reconciliation.compare import compare
from openyibao.service.reconciliation.faults import DAYS, FIRST, agreeing, inject, made, sign
from openyibao.service.reconciliation.fill import fill
from openyibao.service.reconciliation.scope import Scope
from openyibao.service.settlements.models import Settlement
from service.build import settled
from service.county import Window, add_person, build
from service.databases import environment
from service.figures import figure


def scope_of(one: Settlement) -> Scope:
    return Scope(one.institution_id, "999999", FIRST, FIRST + timedelta(days=DAYS - 1), "11")


@pytest.mark.usefixtures("database")
def test_the_platform_holds_what_was_made() -> None:
    """What `held` reads of a filled database is what it was filled with; a list of it is flat or has its faults."""
    seed = int(os.environ.get("YIBAO_SEED", secrets.randbelow(10**9)))
    print(f"seed {seed}")
    settled(Window(), add_person(build()))
    template = Settlement.objects.get()
    world = made(3_000, seed)
    start = time.perf_counter()
    fill(world, template)
    print(f"filled in {time.perf_counter() - start:.1f} s")
    wrong = inject(world, 20, seed)
    with transaction.atomic():
        found = held.rows(scope_of(template), agreeing(world))
        assert len(compare(agreeing(world), found)) == 0
        found = held.rows(scope_of(template), wrong.stated)
    names = set(found["setl_id"].to_pylist())
    kept = [row for row in world.sort_by("setl_id").to_pylist() if row["setl_id"] in names]
    assert found.sort_by("setl_id").to_pylist() == kept and len(kept) > 3_000
    assert sorted(sign(one) for one in compare(wrong.stated, found, wrong.malformed).differences()) == wrong.expected


@pytest.mark.long
@pytest.mark.reliability("T20", "a month in a database beside an uploaded file")
def test_a_million_settlements_beside_a_file() -> None:
    """`yibao bench reconcile`: from the file and the database to the file of differences and the work list."""
    command = [sys.executable, "-m", "openyibao", "bench", "reconcile", "--rows", "1000000"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment(""))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["missed"], found["false"]) == (0, 0) and found["faults"] > 5_000
    assert found["seconds"] <= 60
    figure(rows=found["rows"], faults=found["faults"], false_found=found["false"], elapsed_s=found["seconds"])
