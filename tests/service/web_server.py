"""The public pages over HTTP in this process, and what is asked of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

CHONGQING = {"at": "500000.resident", "day": "2023-06-01", "f-tier": "cat-1", "f-district": "Yubei"}
FARMER = CHONGQING | {"total": "50000", "outside": "4000", "f-grade": "secondary"}
POOR = CHONGQING | {
    "total": "200000",
    "outside": "20000",
    "f-grade": "secondary",
    "f-district": "district-of-CQ-02",
    "f-class": "minimum-living-allowance",
    "f-age": "52",
}
DIALYSIS = {"at": "330100.resident", "case": "dialysis-year", "f-grade": "secondary"}
WILLOW = {"at": "999999.resident", "day": "2026-06-01", "total": "60000", "f-grade": "tertiary"}


def calculator(lang: str, stated: dict[str, str], page: str = "calculator") -> str:
    return f"/{lang}/{page}?{urlencode(stated)}"


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server whose requests run in threads of this process."""
    from django.core.wsgi import get_wsgi_application

    web = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=_Threaded, handler_class=_Quiet)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
