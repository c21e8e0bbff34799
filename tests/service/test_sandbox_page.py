"""The sandbox's page in a browser: accessible, narrow enough for a phone, nothing from outside; its requests work."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.test import Client

from service.conftest import using

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium fonts-noto-cjk")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ADDRESS = "/fsi/api/rsfComIfsService/callService"


def client() -> Client:
    """A client that asks this machine, as a browser does."""
    return Client(SERVER_NAME="127.0.0.1")


@pytest.fixture(scope="module")
def filled(server: Any) -> Iterator[None]:
    one = using(server)
    next(one)
    from openyibao.service.sandbox.fill import fill

    fill()
    yield
    next(one, None)


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(filled: None) -> Iterator[str]:
    """The page over HTTP: one server in this process, its requests one after the other in one thread."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    web: WSGIServer = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)

    def work() -> None:
        web.serve_forever()
        connections.close_all()  # of this thread

    thread = threading.Thread(target=work)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join()
    web.server_close()


@needs_browser
def test_the_page_is_accessible_and_fits(address: str) -> None:
    """No finding of axe but minor ones, nothing wider than the page, no request to anywhere else, no error."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=PHONE)
        page.on("console", lambda told: wrong.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith((address, "data:")) else wrong.append(one.url))
        for query, size in (("", PHONE), ("?lang=en", DESK)):
            page.set_viewport_size(size)
            page.goto(f"{address}/sandbox/{query}")
            page.locator("details").first.locator("summary").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["impact"], one["nodes"][0]["html"][:120]) for one in found] == []
        page.locator("select[name=person]").select_option(index=1)
        page.locator("form button").click()
        assert "psn_no" in page.content() and page.url.endswith("#requests")
        browser.close()
    assert wrong == []


@pytest.mark.usefixtures("filled")
def test_requests_of_the_page_can_be_sent_as_they_stand() -> None:
    """The JSON of 1101, 2201 and 2401 is taken out of the page and accepted; the curl line holds the same."""
    from html import unescape

    from openyibao.service.gateway.calls import HANDLERS
    from openyibao.service.people.models import Person

    person = Person.objects.get(name="柳一")
    page = client().get(f"/sandbox/?lang=en&person={person.psn_no}&institution=H99999900001").content.decode()
    ready = {infno: unescape(text) for infno, text in re.findall(r'aria-label="(\w+) JSON">([^<]*)<', page)}
    lines = {infno: unescape(text) for infno, text in re.findall(r'aria-label="(\w+) curl">([^<]*)<', page)}
    assert set(ready) == set(lines) == set(HANDLERS)
    for infno in ("1101", "2201", "2401"):
        if infno not in HANDLERS:
            continue
        assert ready[infno] in lines[infno] and lines[infno].startswith("curl -sS http://")
        reply = client().post(ADDRESS, ready[infno], content_type="application/json").json()
        assert reply["infcode"] in (0, "0"), (infno, reply["err_msg"])


@pytest.mark.usefixtures("filled")
def test_every_person_and_every_code_stands_on_the_page() -> None:
    from openyibao.service.gateway.refusals import reasons
    from openyibao.service.sandbox.data import persons

    for lang in ("zh", "en"):
        page = client().get(f"/sandbox/?lang={lang}").content.decode()
        assert all(one.name in page for one in persons())
        assert all(f"<code>{one.code}</code>" in page for one in reasons().values())
    assert client().get("/").headers["Location"] == "/zh/"


@pytest.mark.usefixtures("filled")
def test_failures_on_demand() -> None:
    """A lost reply is carried out; the same message again gets the kept reply. Others are not carried out."""
    from openyibao.service.clock import now
    from openyibao.service.gateway.models import Message
    from openyibao.service.institutions.models import Institution
    from openyibao.service.people.models import Coverage, Person
    from openyibao.service.sandbox.ready import About, message

    person = Person.objects.get(name="柳六")
    coverage = Coverage.objects.select_related("region__body").get(person=person)
    hospital = Institution.objects.select_related("body").get(code="H99999900003")

    def send(text: str, way: str) -> Any:
        return client().post(ADDRESS, text, content_type="application/json", headers={"x-sandbox": way})

    def kept(text: str) -> bool:
        return Message.objects.filter(msgid=json.loads(text)["msgid"]).exists()

    def new() -> str:
        return json.dumps(message("2201", About(person, coverage, hospital, "outpatient", now())))

    text = new()
    lost = send(text, "lose-reply")
    with pytest.raises(ConnectionAbortedError):
        b"".join(lost.streaming_content)
    assert kept(text), send(text, "slow=0").content.decode()
    assert send(text, "slow=0.01").json()["output"]["data"]["psn_no"] == person.psn_no
    text = new()
    refused = send(text, "refuse=Y3002").json()
    assert refused["infcode"] == "-1" and refused["err_msg"].startswith("Y3002") and not kept(text)
    away = send(text, "unavailable")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5") and not kept(text)
    assert "expected" in send(text, "explode").json()["err_msg"] and not kept(text)


def test_there_is_none_of_it_outside_the_sandbox() -> None:
    """Settings of a real platform have neither the page nor the header."""
    import subprocess
    import sys

    from service.databases import environment

    program = (
        "import django; django.setup(); from django.conf import settings; from openyibao.service.urls import *;"
        "print([one for one in settings.MIDDLEWARE if 'sandbox' in one],"
        " [p.name for p in urlpatterns if getattr(p, 'name', '')])"
    )
    none = {"YIBAO_SANDBOX": "0", "YIBAO_CLOCK": "", "YIBAO_SECRET_KEY": "x" * 50}
    env = environment("postgresql://nobody@/none", **none)
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "[]" and "sandbox" not in done.stdout
    env |= {"YIBAO_CLOCK": "+60"}
    refused = subprocess.run([sys.executable, "-c", program], check=False, env=env, capture_output=True)
    assert b"no sandbox" in refused.stderr
