"""Two platforms on one machine: Willow County insures, Poplar City treats. Each has its own database and processes.

What goes between them passes a line that can be told to lose a request or a reply.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.gateway import sm2
from openyibao.service.postgres import Server
from service.county import ALWAYS, ITEMS, Window, build
from service.databases import copy, drop, environment

HOME, AWAY = "999999", "888888"
HOSPITAL = "H88888800001"
START_SECONDS = 120
PATH = "/fsi/api/rsfComIfsService/callService"
CATALOGUE = Path(__file__).parents[2] / "src" / "openyibao" / "catalogues" / "teaching" / "willow-county-2026.yaml"
TIMEOUT_S = 2
NUMBERS = count(1)


@contextmanager
def on(url: str) -> Iterator[None]:
    """Django of this process on a database."""
    from django.db import connection, connections

    from openyibao.service.portability import peers
    from openyibao.service.settings import database as read

    connections.close_all()
    old = dict(connection.settings_dict)
    connection.settings_dict.update(read(url))
    peers.forget()
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(old)
        peers.forget()


class Line:
    """A TCP line to a platform. `fate(number, body)` says of each request: "", "request" or "reply" (what is lost)."""

    def __init__(self) -> None:
        self.target = ("127.0.0.1", 0)
        self.fate: Callable[[int, bytes], str] = lambda number, body: ""
        self.count, self.lost, self.cut = 0, 0, False
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        """One request and its reply. What is lost is lost by closing the line, as a network that breaks does."""
        with client, contextlib.suppress(OSError):
            request = _message(client)
            self.count += 1
            fate = "request" if self.cut else self.fate(self.count, request)
            if fate == "request" or not request:
                self.lost += 1
                return
            with socket.create_connection(self.target, timeout=30) as server:
                server.sendall(request)
                reply = _message(server)
            if fate == "reply":
                self.lost += 1
                return
            client.sendall(reply)

    def close(self) -> None:
        self.socket.close()


def _message(line: socket.socket) -> bytes:
    """A whole HTTP message with a length."""
    line.settimeout(30)
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(65536)
        if not more:
            return data
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    length = 0
    for row in head.split(b"\r\n")[1:]:
        name, _, value = row.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(rest) < length:
        more = line.recv(65536)
        if not more:
            break
        rest += more
    return head + b"\r\n\r\n" + rest


@dataclass
class Site:
    """A platform: its database, its key, its processes."""

    url: str
    name: str
    private: bytes = field(default_factory=sm2.new_private)
    port: int = 0
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return environment(
            self.url,
            YIBAO_PRIVATE_LINE="1",
            YIBAO_LOG_LEVEL="WARNING",
            YIBAO_REGION_KEY=f"{self.name}-1:{self.private.hex()}",
            YIBAO_REGION_TIMEOUT_S=str(TIMEOUT_S),
        )

    def start(self, *parts: str) -> None:
        if not self.port:
            with socket.socket() as found:
                found.bind(("127.0.0.1", 0))
                self.port = int(found.getsockname()[1])
        commands = {
            "web": "granian --interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 8 --log-level error"
            f" --no-ws --port {self.port} openyibao.service.wsgi:application",
            "worker": "openyibao.service.ledger.worker",
        }
        with (self.folder / f"{self.name}.log").open("ab") as said:
            for part in parts or commands:
                self.children[part] = subprocess.Popen(
                    [sys.executable, "-m", *commands[part].split()],
                    env=self.environment(),
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )

    def ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(line):
                line.request("GET", "/ready")
                if line.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{self.name}.log").read_text()[-3000:])

    def kill(self, *parts: str) -> None:
        """kill -9 of a part with all its processes."""
        for part in parts or tuple(self.children):
            child = self.children.pop(part)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@dataclass
class Two:
    """Both platforms and the lines between them: `there` leads to the insurer, `back` to the place of care."""

    home: Site
    away: Site
    there: Line
    back: Line

    def heal(self) -> None:
        for line in (self.there, self.back):
            line.cut, line.fate = False, lambda number, body: ""


@contextmanager
def two(server: Server, folder: Path, *, start: bool = True) -> Iterator[Two]:
    names = copy(server), copy(server)
    both = Two(Site(server.url(names[0]), "home"), Site(server.url(names[1]), "away"), Line(), Line())
    both.home.folder = both.away.folder = folder
    with on(both.home.url):
        build()
        _peer(AWAY, "杨市", "Poplar City", both.back.address, both.away)
    with on(both.away.url):
        build_away(folder)
        _peer(HOME, "柳县", "Willow County", both.there.address, both.home)
    sites = (both.home, both.away)
    try:
        if start:
            for site in sites:
                site.start()
            for site in sites:
                site.ready()
            both.there.target = ("127.0.0.1", both.home.port)
            both.back.target = ("127.0.0.1", both.away.port)
        yield both
    finally:
        for site in sites:
            site.kill()
        both.there.close()
        both.back.close()
        for name in names:
            drop(server, name)


def build_away(folder: Path) -> None:
    """Poplar City: a catalogue of its own (injection B asks for a share of 30 %), a hospital that bears 50 % of cost
    above price limits."""
    from openyibao.service.institutions.models import Agreement, Institution, Mapping
    from openyibao.service.organisation.models import Body, Region

    text = CATALOGUE.read_text(encoding="utf-8").replace("teaching/willow-county-2026", "teaching/poplar-city-2026")
    text = text.replace("pre-pay share: 5%", "pre-pay share: 30%").replace("pre-pay share: 10%", "pre-pay share: 30%")
    catalogue = folder / "poplar.yaml"
    catalogue.write_text(text, encoding="utf-8")
    body = Body.objects.create(code=AWAY, name_zh="杨市", name_en="Poplar City", level="district", path=f"/{AWAY}/")
    Region.objects.create(body=body, policies={"resident": "teaching/willow-county-2026"}, catalogue=str(catalogue))
    about = {"name": "杨市医院", "credit_code": "91POPLAR", "kind": "1", "grade": "05"}
    hospital = Institution.objects.create(code=HOSPITAL, body=body, **about)
    Agreement.objects.create(
        institution=hospital, number="A-1", state="in force", period=ALWAYS, over_limit_borne_bp=5_000
    )
    for item in ITEMS:
        Mapping.objects.create(
            institution=hospital, own_code=f"own-{item}", own_name=item, item_code=item, kind="101", period=ALWAYS
        )


def _peer(division: str, zh: str, en: str, address: str, site: Site) -> None:
    from openyibao.service.portability.peers import add_peer

    peer = add_peer(division, zh, en, address)
    period = DateRange(date(2020, 1, 1), None)
    peer.keys.create(identifier=f"{site.name}-1", public_key=sm2.public_of(site.private).hex(), period=period)


class Desk(Window):
    """The hospital's window of Poplar City, over HTTP, for persons whom Willow County insures."""

    def __init__(self, site: Site, insured: str = HOME) -> None:
        super().__init__(HOSPITAL)
        self.site, self.insured = site, insured

    def msgid(self) -> str:
        return f"{HOSPITAL}{next(NUMBERS):018d}"

    def raw(self, infno: str, given: Any, msgid: str | None = None, **more: Any) -> bytes:
        who = {"opter_type": "1", "opter": "001", "opter_name": "测试", "sign_no": "1"}
        where = {"mdtrtarea_admvs": AWAY, "insuplc_admdvs": self.insured, "fixmedins_code": HOSPITAL}
        about = {"infver": "V1.0", "inf_time": "2026-11-22 12:00:00", "recer_sys_code": "T", "fixmedins_name": "机构"}
        message = {"infno": infno, "msgid": msgid or self.msgid(), **who, **where, **about, "input": given, **more}
        body = json.dumps(message, ensure_ascii=False, default=str).encode()
        line = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=60)
        try:
            line.request("POST", PATH, body, {"content-type": "application/json"})
            return line.getresponse().read()
        finally:
            line.close()

    def show(self, person: Any) -> dict[str, Any]:
        node = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate, "psn_cert_type": "01"}
        return self.done("1101", {"data": node})

    def bring(self, person: Any, amounts: dict[str, str], *, account: bool = False) -> dict[str, Any]:
        """Register and upload: what 2207 is then asked with."""
        visit = self.register(person)
        lines = self.upload(person, visit, amounts, "2204")
        return self.settle_data(person, visit, lines, account=account)


def same(both: Two) -> None:
    """Both sides hold the same: each settlement and reversal once on either, fund by fund, and books that balance."""
    from openyibao.service.ledger.checks import check_books

    with on(both.home.url):
        there = rows("SELECT msgid, total_fen, funds_fen, account_fen, cash_fen, day FROM settlements_settlement")
        owed = rows(OWED, "payable to region", AWAY, -1)
        assert check_books() == []
    with on(both.away.url):
        here = rows(
            "SELECT facts->'out of area'->>'number', total_fen, funds_fen, account_fen, cash_fen, day"
            " FROM settlements_settlement"
        )
        due = rows(OWED, "receivable from region", HOME, 1)
        assert check_books() == []
        assert rows("SELECT 1 FROM portability_errand WHERE state = 'asking'") == []
        assert rows("SELECT 1 FROM gateway_message WHERE reply = '' AND NOT void") == []
        assert rows("SELECT 1 FROM settlements_visit WHERE data ? 'pending'") == []
    assert sorted(there) == sorted(here)
    assert sorted(owed) == sorted(due)


OWED = (
    "SELECT a.region, a.scheme, a.fund, sum(p.fen * x.sign)::bigint FROM ledger_posting p"
    " JOIN ledger_account a ON a.id = p.account_id, (SELECT %s::text AS kind, %s::text AS owner, %s AS sign) x"
    " WHERE a.kind = x.kind AND a.owner = x.owner GROUP BY 1, 2, 3"
)


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()
