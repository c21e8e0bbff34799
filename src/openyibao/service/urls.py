"""The addresses of the platform."""

from __future__ import annotations

from typing import Any

from django.urls import path

from openyibao.service import health, metrics

urlpatterns: list[Any] = [
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("metrics", metrics.page, name="metrics"),
]
