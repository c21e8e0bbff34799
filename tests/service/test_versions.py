"""T19 on the platform: the stays of tests/history/versions.csv, admitted, discharged and settled by its clock.

The table's answers come from a calendar that knows nothing of the product (tests/history/make_versions.py). Where the
engine asks for a class, the platform knows that a person without any special identity on the day is ordinary.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from history import make_versions, version_policies
from history.test_versions import TABLE
from service.county import add_person, build
from service.figures import figure
from service.racing import Desk, Hands, ask, fen
from service.test_try import old_catalogue

CODES = {"destitute": "2304", "minimum living allowance": "2303"}
STAY_YUAN = 1_000
REASONS = {"no policy": "Y5004", "not insured": "Y5004"}


@pytest.fixture
def region(database: str, tmp_path: Path) -> Any:
    found = build()
    found.catalogue = old_catalogue(tmp_path)
    return found


def under(region: Any, folder: Path, rule: str, as_of: str) -> None:
    """Let the region settle by the four versions, chosen by one date and asking the class as of another."""
    paths = []
    for version in version_policies.VERSIONS:
        path = folder / f"{version} {rule} {as_of}.yaml".replace(" ", "-")
        path.write_text(version_policies.text(version, rule, as_of), encoding="utf-8")
        paths.append(str(path))
    region.policies = {"resident": " ".join(paths)}
    region.save()


def insured(region: Any, number: int, row: dict[str, str]) -> Any:
    """The person of a case: insured at all times, joined when the case says, with the identities of its class."""
    from openyibao.service.people.models import Identity

    person = add_person(region, number)
    joined = date.fromisoformat(row["enrolment"] or "2000-01-01")
    person.coverage_set.update(period=DateRange(date(2000, 1, 1), None), joined=joined)
    for word in row["class"].split(" + "):
        name, _, span = word.rpartition(" ") if ".." in word else (word, "", "..")
        first, last = (date.fromisoformat(day) if day else None for day in span.split(".."))
        if name in CODES:
            until = last + timedelta(1) if last else None
            Identity.objects.create(person=person, code=CODES[name], period=DateRange(first, until))
    return person


def expected(row: dict[str, str]) -> str:
    if row["expected"] != "no class":
        return row["expected"]
    return f"{make_versions.CALENDAR[row[row['rule date']]]} ordinary"


def found(desk: Desk, hands: Hands, person: Any, row: dict[str, str]) -> str:
    """What became of the stay: version and class as the amounts show, or why it was refused."""
    # fees are uploaded under the law of that day: the last of the stay, or of settlement where that day decides
    hands.set(f"{row['settlement' if row['rule date'] == 'settlement' else 'discharge']} 12:00:00")
    visit = desk.admit(person, f"{row['admission']} 00:00:01")
    line = desk.line(person, visit, "D-001", "", "B1", count=STAY_YUAN, fee_ocur_time=f"{row['admission']} 00:00:02")
    uploaded = desk.ask("2301", {"feedetail": [line]})  # split by what the policy says, so it may be refused already
    if uploaded["infcode"] != 0:
        return str(uploaded["err_msg"])
    lines = uploaded["output"]["result"]
    desk.discharge(person, visit, f"{row['discharge']} 11:59:59")
    hands.set(f"{row['settlement']} 12:00:00")
    reply = desk.ask("2304", {"data": desk.settle_data(person, visit, lines)})
    if reply["infcode"] != 0:
        return str(reply["err_msg"])
    info = reply["output"]["setlinfo"]
    basic, aid = fen(info["hifp_pay"]), fen(info["maf_pay"])
    names = [
        f"{version} {name}"
        for version, (_, _, rate) in version_policies.VERSIONS.items()
        for name, share in version_policies.AID.items()
        if basic == STAY_YUAN * rate and aid == (STAY_YUAN * 100 - basic) * share // 100
    ]
    ((policy,),) = ask("SELECT policy FROM settlements_settlement WHERE setl_id = %s", info["setl_id"])
    return names[0] if len(names) == 1 and policy == f"versions/{names[0][0]}" else f"{policy}: {basic} and {aid}"


@pytest.mark.reliability("T19", "stays by the clock of the platform, through the national interface")
@pytest.mark.parametrize("every", [29, pytest.param(1, marks=pytest.mark.long)], ids=["short", "long"])
def test_the_right_version_at_the_counter(
    region: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """The long form takes about 90 s."""
    hands, desk, count, wrong = Hands(monkeypatch), Desk(), Counter[str](), []
    for number, row in list(enumerate(TABLE, 1))[::every]:
        under(region, tmp_path, row["rule date"], row["as of"])
        told = found(desk, hands, insured(region, number, row), row)
        wanted = expected(row)
        count[wanted] += 1
        if told != wanted and not (wanted in REASONS and told.startswith(REASONS[wanted])):
            wrong.append((row, told))
    assert not wrong, f"{len(wrong)} of {count.total()}: {wrong[:3]}"
    figure(cases=count.total(), differences=0, refused=sum(count[name] for name in REASONS))
