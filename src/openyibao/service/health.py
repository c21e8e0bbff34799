"""Whether the platform is up (`/health`) and whether it can work (`/ready`)."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, JsonResponse

from openyibao.policy.model import Bilingual
from openyibao.service import logs

if TYPE_CHECKING:
    from openyibao.service.organisation.models import Region

RETRY_SECONDS = 5


class NotReady(Exception):
    """Why the platform cannot work yet."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Bilingual(zh, en)
        super().__init__(en)


def health(request: HttpRequest) -> HttpResponse:
    """The process is up."""
    return JsonResponse({"status": "up"})


def ready(request: HttpRequest) -> HttpResponse:
    """The database can be reached, its tables are those of this version, all policies are compiled."""
    try:
        check()
    except NotReady as why:
        _tell(why.text.en)
        return unavailable(why.text)
    _tell("")
    return JsonResponse({"status": "ready"})


_told: list[str] = [""]


def _tell(why: str) -> None:
    """A line in the log when readiness changes, not at each question."""
    if _told[0] != why:
        _told[0] = why
        logs.write("not ready" if why else "ready", why=why)


def unavailable(why: Bilingual) -> HttpResponse:
    """503, with the time after which to ask again. The body also reads as a reply of the national interface."""
    body = {"infcode": "-1", "err_msg": f"{why.zh} {why.en}", "status": "unavailable"}
    answer = JsonResponse(body, status=503, json_dumps_params={"ensure_ascii": False})
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def check() -> None:
    """Raise NotReady with the first thing that is wrong."""
    from django.db import Error, connection

    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close()
        raise NotReady("数据库暂时无法连接，请稍后重试。", "The database can't be reached; try again later.") from None
    waiting = unapplied()
    if waiting:
        names = ", ".join(waiting)
        raise NotReady(f"数据库缺少迁移：{names}。", f"The database lacks the migrations {names}.")
    compile_policies()


_migrated = threading.Event()


def unapplied() -> list[str]:
    """The migrations that the database lacks. Once it has all, this process asks no more."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if _migrated.is_set():
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        _migrated.set()
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


_compiling = threading.Lock()
_compiled: dict[str, str] = {}
"""What each law came to: nothing, or what is wrong with it."""


def compile_policies() -> None:
    """Compile the law of every region, once in a process. Raises NotReady where one can't be, or it still goes on."""
    from openyibao.service.organisation.models import Region

    regions = list(Region.objects.select_related("body"))
    wanted = {(_law_name(region, scheme)): (region, scheme) for region in regions for scheme in region.policies}
    missing = sorted(wanted.keys() - _compiled.keys())
    if missing:
        if not _compiling.acquire(blocking=False):
            raise NotReady("正在编译政策，请稍候。", "Policies are being compiled; wait a moment.")
        try:
            for name in missing:
                _compiled[name] = _compile(*wanted[name])
        finally:
            _compiling.release()
    for name in sorted(wanted):
        why = _compiled[name]
        if why:
            del _compiled[name]  # a file may be mended: look again next time
            raise NotReady(f"{name}：无法使用：{why}", f"{name}: can't be used: {why}")


def _law_name(region: Region, scheme: str) -> str:
    return f"{region.body.code} {scheme} ({region.policies[scheme]}; {region.catalogue})"


def _compile(region: Region, scheme: str) -> str:
    """Compile a law where settling will find it; what is wrong with it, or ""."""
    from openyibao.catalogue import CatalogueNotFoundError
    from openyibao.history import HistoryError
    from openyibao.policy import FileError, PolicyNotFoundError
    from openyibao.service.settlements.law import law_of

    try:
        law_of(region, scheme).series.compile()
    except (FileError, PolicyNotFoundError, CatalogueNotFoundError, HistoryError) as error:
        return str(error)
    return ""


def warm() -> threading.Thread:
    """Compile in the background, so that the first request of this process does not wait for it."""

    def work() -> None:
        import contextlib

        from django.db import Error, connections

        with contextlib.suppress(NotReady, Error):
            check()
        connections.close_all()
        gc.collect()
        gc.freeze()  # the program and the compiled policies stay: nobody needs to look through them for garbage

    thread = threading.Thread(target=work, name="warm", daemon=True)
    thread.start()
    return thread
