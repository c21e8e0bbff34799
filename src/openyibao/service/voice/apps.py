"""The room as Django knows it."""

from django.apps import AppConfig


class Voice(AppConfig):
    name = "openyibao.service.voice"
    label = "voice"
