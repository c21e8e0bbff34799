"""The addresses of the platform."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path, re_path

from openyibao.service import health, metrics
from openyibao.service.gateway import views
from openyibao.service.portability import views as portability
from openyibao.service.staff import urls as staff
from openyibao.service.web import urls as web

urlpatterns = [
    re_path(views.ADDRESS, views.call, name="interface"),
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("metrics", metrics.page, name="metrics"),
    *staff.urlpatterns,
    path("region/v1/<slug:what>", portability.ask, name="region"),
]
if settings.SANDBOX:
    from openyibao.service.sandbox import page

    urlpatterns.append(path("sandbox/", page.show, name="sandbox"))
urlpatterns.append(path("", include(web.patterns)))
