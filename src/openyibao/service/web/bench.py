"""`yibao bench pages`: how long this machine takes for an answer, and how much a first visit loads."""

from __future__ import annotations

import json
import os
import re
import time

from openyibao.service.web.gallery import POOR, SETTINGS, STAY, WILLOW
from openyibao.site.words import LANGS

FIRST_LOAD = re.compile(r'(?:src|href)="/assets/[0-9a-f]+/([^"]+)"')


def run(count: int) -> str:
    """Ask so many questions, each a new one, in one process without a network; the last line is JSON."""
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none?host=/nowhere")
    os.environ.setdefault("YIBAO_SECRET_KEY", "for measuring only")
    os.environ.setdefault("YIBAO_LOG_LEVEL", "ERROR")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()
    from django.test import Client

    from openyibao.service.web import assets

    client = Client(SERVER_NAME="127.0.0.1", headers={"accept-encoding": "gzip"})
    questions = [STAY, POOR, {**WILLOW, "e1-day": "2026-02-03", "e1-total": "90000"}]
    for one in questions:
        client.get("/zh/calculator", {**one, "total": "1000"})  # reads and compiles the policies
    milliseconds, size = [], 0
    for number in range(count):
        lang, stated = LANGS[number % 2], {**questions[number % 3], "total": str(30_000 + 37 * number)}
        started = time.perf_counter()
        answer = client.get(f"/{lang}/calculator", stated)
        milliseconds.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, answer.status_code
        size = max(size, len(answer.content))
    plain = Client(SERVER_NAME="127.0.0.1").get("/zh/calculator", POOR).content.decode()
    size += sum(len(assets.asset(name).packed) for name in FIRST_LOAD.findall(plain))
    milliseconds.sort()
    figures = {
        "bench": "pages",
        "answers": count,
        "p50_ms": round(milliseconds[count // 2], 1),
        "p95_ms": round(milliseconds[min(count * 95 // 100, count - 1)], 1),
        "first_load_kb": round(size / 1000),
    }
    return json.dumps(figures)
