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
import time
from dataclasses import dataclass
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
from openyibao.service.web.pdf import set_pdf
from openyibao.service.web.words import Words
from openyibao.site.words import LANGS, first

pytestmark = pytest.mark.xdist_group("web")
ROW = re.compile(r'<li class="(total|paid|nothing|own)">.*?<span class="sum">(.*?)</span>\n', re.DOTALL)
SUM = re.compile(r"\d[\d,]*\.\d\d")
PAYS = re.compile(r'<span class="pays">([^<]*)</span>')


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


@dataclass
class Compared:
    """What was compared: inputs that `yibao settle` answers and those that it does not, PDFs, single numbers."""

    answered: int = 0
    refused: int = 0
    pdfs: int = 0
    numbers: int = 0

    def equal(self, shown: list[Any], true: list[Any], about: object) -> None:
        assert shown == true, about
        self.numbers += len(true)


def compare(seed: int, count: int, folder: Path, *, pdfs: int) -> Compared:
    """Random inputs until so many have an answer; of the first so many the PDFs are read too, in both languages."""
    rng, client, done, started = random.Random(seed), Client(SERVER_NAME="127.0.0.1"), Compared(), time.monotonic()
    while done.answered < count:
        policy, claims, stated = ask(rng)
        bills = settled(policy, claims, folder)
        for lang in LANGS:
            about = (seed, done, policy.id, f"/{lang}/calculator?{urlencode(stated)}")
            page = client.get(f"/{lang}/calculator", stated).content.decode()
            pdf = client.get(f"/{lang}/calculator.pdf", stated) if done.answered < pdfs else None
            if bills is None:
                partly = Words(lang)("show.headline_partly").split("{")[1].partition("}")[2] in page
                assert partly or 'class="problems"' in page, about
                assert pdf is None or pdf.status_code == (200 if partly else 302), about
                continue
            same_page(done, page, bills, about)
            if pdf is not None:
                same_pdf(done, pdf_text(pdf.content), bills, lang, about)
        done.answered += bills is not None
        done.refused += bills is None
        if done.answered and done.answered % 100 == 0 and bills is not None:
            print(f"{done} after {time.monotonic() - started:.0f} s", flush=True)
    return done


def same_page(done: Compared, page: str, bills: list[Any], about: object) -> None:
    """The picture row by row, the layers' sums over their steps, the bills of the year: as the command gives them."""
    assert 'class="headline"' in page, about
    done.equal(rows(page), expected(bills[-1]), about)
    pays = [amount(text.partition(" " if "pays " in text else "付")[2]) for text in PAYS.findall(page)]
    done.equal(pays, layers_paid(bills[-1]), about)
    if len(bills) > 1:
        cells = re.findall(r'<td class="number">([\d,.]+)</td>', page.partition('<table class="year">')[2])
        done.equal(cells[: 3 * (len(bills) + 1)], year(bills), about)


def same_pdf(done: Compared, text: str, bills: list[Any], lang: str, about: object) -> None:
    """The same in the PDF: its text between two headings holds these sums, in this order."""
    t, totals = Words(lang), bills[-1]["totals"]
    head, _, rest = text.partition(f"\n{t('show.picture')}\n")
    drawn, _, steps = rest.partition(f"\n{t('show.steps')}\n")
    drawn, _, table = drawn.partition(f"\n{t('show.year')}\n")
    sums = [money(totals[key]) for key in ("total_fen", "paid_fen", "personal_fen")]
    done.equal(SUM.findall(head)[:3], sums, about)
    sums = [one for _, one in expected(bills[-1])]
    done.equal(SUM.findall(drawn)[: len(sums)], sums, about)
    done.equal(SUM.findall(table), year(bills) if len(bills) > 1 else [], about)
    names = [(first(one["name"][lang]), one["paid_fen"]) for one in bills[-1]["layers"]]
    said = [f"{n}. {name} {t('show.pays', fen=t.money(fen))}" for n, (name, fen) in enumerate(names, 1)]
    applied = [bare(one) for one, layer in zip(said, bills[-1]["layers"], strict=True) if layer["applies"]]
    done.equal([one for one in applied if one in bare(steps)], applied, about)
    done.pdfs += 1


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def layers_paid(bill: Any) -> list[str]:
    return [money(layer["paid_fen"]) for layer in bill["layers"] if layer["applies"]]


def year(bills: list[Any]) -> list[str]:
    """The table of the year, row by row: cost, paid, borne; the sums last."""
    keys = ("total_fen", "paid_fen", "personal_fen")
    lines = [[bill["totals"][key] for key in keys] for bill in bills]
    return [money(fen) for line in [*lines, [sum(column) for column in zip(*lines, strict=True)]] for fen in line]


def pdf_text(body: bytes) -> str:
    from pypdf import PdfReader

    assert body[:5] == b"%PDF-"
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    assert "\x00" not in text, "a box instead of a character"
    return text


def test_numbers_are_those_of_the_command(tmp_path: Path) -> None:
    pytest.importorskip("typst", reason="YIBAO_EXTRAS=pdf is not installed")
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    print(compare(seed, 36, tmp_path, pdfs=4))


@pytest.mark.long
def test_numbers_of_a_thousand_questions(tmp_path: Path) -> None:
    """A thousand random inputs with an answer: HTML and PDF, Chinese and English, each equal to `yibao settle`."""
    pytest.importorskip("typst", reason="YIBAO_EXTRAS=pdf is not installed")
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    done = compare(seed, 1000, tmp_path, pdfs=1000)
    print(done)
    assert (done.answered, done.pdfs) == (1000, 2000)


def test_rare_characters_are_no_boxes_in_a_pdf() -> None:
    """Rare ones of names are in the font; one that is in no font shows that a box would be noticed."""
    pytest.importorskip("typst", reason="YIBAO_EXTRAS=pdf is not installed")
    told = {"lang": "zh", "title": "", "for_whom": "", "notices": [], "sections": [], "footer": []}
    assert "𠮷㐂䶮龘" in pdf_text(set_pdf({**told, "headline": "𠮷㐂䶮龘"}))
    with pytest.raises(AssertionError, match="a box"):
        pdf_text(set_pdf({**told, "headline": "\U000f0000"}))


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
