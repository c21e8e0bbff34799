"""What the independent client is told of a sandbox: institutions, keys, items, persons and what is written of them.

    PYTHONPATH=src:tests python -m service.live --folder FOLDER --institution H99999900001 --auth x-tif > facts.json

prints the facts (`client.facts`) of a running sandbox kept in a folder. Without --institution it lists the institutions
at which documented persons are treated.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service.databases import environment

START_SECONDS = 180

# Item, price in yuan and kind of list. Prices lie below, above and at the limits of the catalogue of Willow County.
ITEMS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "999999": (
        ("D-001", "9.875", "101"),
        ("D-002", "37.40", "101"),
        ("D-003", "12.01", "101"),
        ("D-004", "0.0533", "101"),
        ("S-001", "32.00", "201"),
        ("S-002", "1234.56", "201"),
        ("M-001", "41000", "301"),
    ),
    # Chongqing's lists have no shares and limits that are known: class A and class C remain.
    "500000": (
        ("CQ-DRUG-A", "50", "101"),
        ("CQ-DRUG-C", "33.335", "101"),
        ("CQ-REGISTRATION", "7.50", "201"),
        ("CQ-MEALS", "40", "201"),
        ("CQ-COSMETIC", "0.01", "201"),
    ),
}
GROUPS = {"101": "drugs", "201": "services", "301": "consumables"}
PHARMACIES = {"H99999900001": "P99999900001", "H50011200002": "P50011200001"}  # one hospital's persons go to each
ELSEWHERE = ("H99990000001", "H50011200001")  # receive referrals; never from themselves
DISEASES = ({"code": "I10.x00", "name": "原发性高血压"}, {"code": "J18.900", "name": "肺炎"})
CHRONIC = {"code": "M03900", "name": "高血压"}
NOT_INSURED = "Y3002"
STATUS = {"infno": "Y601", "node": "data", "msgid": "omsgid", "number": "oinfno"}
# Kinds of care that the persons' law settles; by docs/national-interface.md med_type 14 needs a benefit of its own.
CARE = ("11", "21", "41")


def institutions() -> list[str]:
    """Those at which persons are documented to be treated, in order."""
    from openyibao.service.sandbox.data import persons

    return sorted({one.inpatient["institution"] for one in persons() if one.inpatient})


def facts(institution: str, auth: str = "none", refused: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The facts of an institution and of the persons documented to be treated there, from the sandbox's database.

    `refused`: who is refused and how, instead of what is written for the sandbox's own year.
    """
    from openyibao.service.institutions.models import Institution
    from openyibao.service.sandbox.data import persons

    own = Institution.objects.select_related("body").get(code=institution)
    here = [one for one in persons() if one.inpatient and one.inpatient["institution"] == institution]
    receiving = next(code for code in ELSEWHERE if code != institution)
    region = "500000" if own.body.code.startswith("50") else "999999"
    pharmacy = PHARMACIES.get(institution)
    return {
        "admdvs": own.body.code[:6],
        "hospital": _place(institution, auth),
        **({"pharmacy": _place(pharmacy, auth)} if pharmacy else {}),
        **({} if own.body.code[:6] in ITEMS or own.body.code[:2] == "50" else {"catalogues": []}),
        "persons": [
            _person(one, region, _refused(one) if refused is None else refused.get(one.id, "")) for one in here
        ],
        **_items(region),
        "diagnoses": list(DISEASES),
        "chronic": CHRONIC,
        "receiving": _place(receiving, "none"),
        "mapping": {"own": "NEW-1", "name": "新编码", "list_type": "101", "code": ITEMS[region][0][0]},
        "status": STATUS,
    }


def _place(code: str, auth: str) -> dict[str, str]:
    from openyibao.service.institutions.models import Institution, Key
    from openyibao.service.sandbox.fill import sm2_private

    own = Institution.objects.select_related("body").get(code=code)
    found = {"code": code, "name": own.name, "admdvs": own.body.code[:6]}
    if auth != "none":
        key = Key.objects.get(institution=own, method=auth)
        found |= {"key": key.identifier, "secret": sm2_private(code).hex() if auth == "sm2" else key.secret}
    return found


def _items(region: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {name: [] for name in GROUPS.values()}
    for code, price, kind in ITEMS[region]:
        found[GROUPS[kind]].append({"code": code, "own": f"OWN-{code}", "name": code, "price": price})
    return found


def _refused(one: Any) -> str:
    return str(one.inpatient.get("refused", ""))


def _person(one: Any, region: str, refused: str) -> dict[str, Any]:
    from openyibao.service.people.models import Coverage, Person

    person = Person.objects.get(name=one.name)
    coverage = Coverage.objects.filter(person=person).order_by("-id").first()
    found: dict[str, Any] = {
        "certno": person.certificate,
        "name": person.name,
        "insutype": coverage.insurance,
        "what": one.id,
        "medical": list(CARE),
    }
    if refused:
        found |= {"medical": ["-"], "refused": refused}
    if refused == NOT_INSURED:
        found["insured"] = False
    if one.region != region:  # settled by the catalogue of the place that insures
        found |= _items(one.region)
        # D-004 has no share for who is filed as living elsewhere: a line with it is refused.
        found["drugs"] = [item for item in found["drugs"] if item["code"] != "D-004"]
    return found


@contextmanager
def serving(url: str, said: Path, **environ: str) -> Iterator[str]:
    """The platform as processes of its own on a filled database: its address. It must end in order, without errors."""
    env = environment(url, YIBAO_PRIVATE_LINE="1", YIBAO_LOG_LEVEL="WARNING", **environ)
    command = [sys.executable, "-m", "openyibao", "serve", "--port", "0", "--workers", "1"]
    with said.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=env)
    try:
        yield _address(process, said)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    text = said.read_text(encoding="utf-8")
    errors = [line for line in text.splitlines() if '"level": "error"' in line or "Traceback" in line]
    assert code == 0 and not errors, errors[:5] or text


def _address(process: subprocess.Popen[bytes], said: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", said.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(said.read_text(encoding="utf-8"))


def use(folder: Path) -> None:
    """Let Django of this process use the database of a sandbox that runs in a folder."""
    os.environ["DATABASE_URL"] = f"postgresql://yibao@/yibao?host={quote(str(folder.absolute() / 'sockets'), safe='')}"
    os.environ["YIBAO_SANDBOX"] = "1"
    os.environ["DJANGO_SETTINGS_MODULE"] = "openyibao.service.settings"
    import django

    django.setup()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--institution", default="")
    parser.add_argument("--auth", choices=("none", "x-tif", "api", "sm2"), default="none")
    parser.add_argument("--refused", nargs="*", default=None, metavar="PERSON=CODE")
    arguments = parser.parse_args()
    use(arguments.folder)
    if not arguments.institution:
        print("\n".join(institutions()))
        return
    refused = None if arguments.refused is None else dict(one.split("=") for one in arguments.refused)
    print(json.dumps(facts(arguments.institution, arguments.auth, refused), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
