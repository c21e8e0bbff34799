"""The platform as a WSGI application, for granian."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
os.environ.setdefault("YIBAO_STATEMENT_TIMEOUT_S", "30")  # a slow database must not keep all threads for ever
django = get_wsgi_application()

from django.conf import settings  # noqa: E402

from openyibao.service import health, logs  # noqa: E402  (Django's parts want its settings first)
from openyibao.service.gateway.front import fronted  # noqa: E402
from openyibao.service.web import warm  # noqa: E402

application = fronted(django)
gc.set_threshold(5_000, 20, 50)  # a settlement makes no rings, a reversal some: few looks, and little lies about before
logs.configure(level=settings.LOG_LEVEL)
compiling = health.warm()
if warm.wanted(sandbox=settings.SANDBOX):
    warm.warm(compiling)
