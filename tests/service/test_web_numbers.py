"""The numbers on the pages are those of `yibao settle` for the same claim, in both languages, as HTML and as PDF.

The claims are made here from the policy's own facts, and written as a claim file by this test: nothing of the pages'
own reading is used.
"""

from __future__ import annotations

import html
import io
import json
import random
import re
import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from typer.testing import CliRunner

from openyibao.cli import app
from openyibao.policy import Policy
from openyibao.policy.values import money
from openyibao.service.web import shelf

pytestmark = pytest.mark.xdist_group("web")
ROW = re.compile(r'<li class="(total|paid|nothing|own)">.*?<span class="sum">(.*?)</span>\n', re.DOTALL)


def ask(rng: random.Random) -> tuple[Policy, list[dict[str, Any]], dict[str, str]]:
    """A random policy, the claims of a year as a file has them, and the same as an address."""
    policy = rng.choice([one for one in shelf.library().policies if not one.gatherings])
    length = (policy.end - policy.start).days
    days = sorted(policy.start + timedelta(days=rng.randrange(length)) for _ in range(rng.choice((1, 1, 1, 2, 3))))
    facts = {fact.name: value for fact in policy.facts if (value := some(fact, rng)) is not None}
    stated = {"at": f"{policy.region}.{policy.scheme}", "policy": policy.id, "day": days[-1].isoformat()}
    stated |= {f"f-{name.replace(' ', '-')}": str(value).replace(" ", "-") for name, value in facts.items()}
    claims = []
    for number, day in enumerate(days, 1):
        parts = [0 if rng.random() < 0.4 else rng.randrange(10 ** rng.randrange(3, 8)) for _ in range(3)]
        scope = 0 if rng.random() < 0.05 else rng.randrange(10 ** rng.randrange(4, 10))
        total = scope + sum(parts)
        last = number == len(days)
        prefix = "" if last else f"e{number}-"
        over, pre = (parts[1], parts[2]) if last else (0, 0)
        total -= 0 if last else parts[1] + parts[2]
        claims.append({"day": day, "scope": scope, "out": parts[0], "over": over, "pre": pre, "facts": facts})
        sums = {"total": total, "outside": parts[0], **({"over": over, "pre": pre} if last else {})}
        stated |= {f"{prefix}{name}": f"{fen // 100}.{fen % 100:02}" for name, fen in sums.items()}
        if not last:
            stated[f"{prefix}day"] = day.isoformat()
    return policy, claims, stated


def some(fact: Any, rng: random.Random) -> str | int | None:
    """A value of a fact, as somebody states it."""
    if fact.kind in ("admission number", "derived"):
        return None
    if fact.kind in ("money", "signed money"):
        return rng.choice((0, 100, 1234))
    if fact.range is not None:
        return rng.randint(fact.range.low or 0, min(fact.range.high or 100, 100))
    return rng.choice(fact.values) if fact.values else "any"


def written(claims: list[dict[str, Any]]) -> str:
    """The claims as a claim file."""
    told = [
        {
            "claim id": f"c{number}",
            "person": "p",
            **{name: one["day"].isoformat() for name in ("admission", "discharge", "settlement")},
            "facts": one["facts"],
            "money": {
                "total cost": yuan(one["scope"] + one["out"] + one["over"] + one["pre"]),
                "in-scope cost": yuan(one["scope"]),
                "pre-self-paid cost": yuan(one["pre"]),
                "over-limit cost": yuan(one["over"]),
                "fully self-paid cost": yuan(one["out"]),
            },
        }
        for number, one in enumerate(claims, 1)
    ]
    return json.dumps({"claims": told}, ensure_ascii=False)


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def settled(policy: Policy, claims: list[dict[str, Any]], folder: Path) -> list[Any] | None:
    """The bills that the command gives, None where it gives none for one of the claims."""
    file = folder / "claims.json"
    file.write_text(written(claims), encoding="utf-8")
    run = CliRunner().invoke(app, ["settle", str(file), "--policy", policy.id, "--format", "json"])
    if run.exit_code:
        return None
    found = json.loads(run.stdout)
    return found if isinstance(found, list) else [found]


def rows(page: str) -> list[tuple[str, str]]:
    """The rows of the picture: kind and amount as printed."""
    drawn = page.partition('<ol class="fall">')[2].partition("</ol>")[0]
    return [(kind, amount(text)) for kind, text in ROW.findall(drawn)]


def amount(text: str) -> str:
    return re.sub(r"<[^>]+>|−|元| yuan", "", html.unescape(text)).strip()


def expected(bill: Any) -> list[tuple[str, str]]:
    totals = bill["totals"]
    layers = [("paid" if one["paid_fen"] else "nothing", money(one["paid_fen"])) for one in bill["layers"]]
    return [("total", money(totals["total_fen"])), *layers, ("own", money(totals["personal_fen"]))]


def compare(seed: int, count: int, folder: Path, *, pdfs: int) -> tuple[int, int]:
    """So many random questions; how many had an answer, how many PDFs were read."""
    rng, client, answered, read = random.Random(seed), Client(SERVER_NAME="127.0.0.1"), 0, 0
    for number in range(count):
        policy, claims, stated = ask(rng)
        bills = settled(policy, claims, folder)
        for lang in ("zh", "en"):
            page = client.get(f"/{lang}/calculator", stated).content.decode()
            about = (seed, number, policy.id, f"/{lang}/calculator?{urlencode(stated)}")
            if bills is None:
                partly = "已查明的部分" in page or "what is known pays" in page
                assert partly or 'class="problems"' in page, about
                continue
            assert 'class="headline"' in page, about
            assert rows(page) == expected(bills[-1]), about
            if len(bills) > 1:
                own = [money(bill["totals"]["personal_fen"]) for bill in bills]
                shown = re.findall(r'<td class="number">([\d,.]+)</td></tr>', page)
                assert shown[: len(own)] == own, about
            if pdfs > read // 2:
                text = re.sub(r"\s", "", pdf_text(client.get(f"/{lang}/calculator.pdf", stated).content))
                assert all(sum_.replace(" ", "") in text for _, sum_ in expected(bills[-1])), about
                read += 1
        answered += bills is not None
    return answered, read


def pdf_text(body: bytes) -> str:
    from pypdf import PdfReader

    assert body[:5] == b"%PDF-"
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)


def test_numbers_are_those_of_the_command(tmp_path: Path) -> None:
    pytest.importorskip("typst", reason="YIBAO_EXTRAS=pdf is not installed")
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    answered, read = compare(seed, 50, tmp_path, pdfs=4)
    print(f"{answered} of 50 answered, {read} PDFs read")
    assert answered > 20 and read >= 4


@pytest.mark.long
def test_numbers_of_a_thousand_questions(tmp_path: Path) -> None:
    pytest.importorskip("typst", reason="YIBAO_EXTRAS=pdf is not installed")
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    answered, read = compare(seed, 1000, tmp_path, pdfs=1000)
    print(f"{answered} of 1000 answered, {read} PDFs read")
    assert answered > 400


def test_the_claim_file_settles_to_the_same(tmp_path: Path) -> None:
    """What the page offers to check it with is the claim that it settled."""
    rng = random.Random(7)
    client, checked = Client(SERVER_NAME="127.0.0.1"), 0
    while checked < 5:
        policy, claims, stated = ask(rng)
        bills = settled(policy, claims, tmp_path)
        if bills is None:
            continue
        answer = client.get("/zh/claim.yaml", stated)
        file = tmp_path / "claim.yaml"
        file.write_bytes(answer.content)
        run = CliRunner().invoke(app, ["settle", str(file), "--policy", policy.id, "--format", "json"])
        assert run.exit_code == 0, run.output
        found = json.loads(run.stdout)
        last = found[-1] if isinstance(found, list) else found
        assert [one["paid_fen"] for one in last["layers"]] == [one["paid_fen"] for one in bills[-1]["layers"]]
        assert last["totals"] == bills[-1]["totals"]
        checked += 1


def test_the_ends_of_the_scale() -> None:
    """Nothing, one fen, ten million yuan."""
    client = Client(SERVER_NAME="127.0.0.1")
    asked = {"at": "999999.resident", "day": date(2026, 6, 1).isoformat(), "f-grade": "tertiary"}
    for total, own in (("0", "0.00"), ("0.01", "0.01"), ("1000万", "9,600,000.00")):
        page = client.get("/zh/calculator", {**asked, "total": total}).content.decode()
        assert rows(page)[-1] == ("own", own), (total, rows(page))
