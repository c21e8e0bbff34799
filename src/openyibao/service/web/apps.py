"""The room as Django knows it."""

from django.apps import AppConfig


class Web(AppConfig):
    name = "openyibao.service.web"
    label = "web"
