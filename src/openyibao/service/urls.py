"""The addresses of the platform."""

from __future__ import annotations

from django.urls import re_path

from openyibao.service.gateway import views

urlpatterns = [
    re_path(r"^(?:.*/)?(?:fsi/api|csb|hgs)/.+$", views.call),
]
