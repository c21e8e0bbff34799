"""The settings of the platform: every one comes from the environment; `docs/operations.md` lists them.

No secret stands here. What is missing and has no safe default stops the start with a clear error.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def asked(name: str, default: str | None = None, why: str = "") -> str:
    """A setting of the environment. Raises ImproperlyConfigured where it is needed and missing."""
    value = os.environ.get(name, default)
    if not value and default is None:
        raise ImproperlyConfigured(f"{name} is not set. {why}")
    return value or ""


def flag(name: str) -> bool:
    """Whether a setting says yes. Anything but 1, true, yes, 0, false, no or nothing is an error."""
    value = os.environ.get(name, "").strip().lower()
    if value not in ("", "0", "false", "no", "1", "true", "yes"):
        raise ImproperlyConfigured(f"{name} is {value!r}; expected 1 or 0")
    return value in ("1", "true", "yes")


def choice(name: str, *values: str) -> str:
    """A setting that is one of some values; the first where it is not set."""
    value = os.environ.get(name) or values[0]
    if value not in values:
        raise ImproperlyConfigured(f"{name} is {value!r}; expected one of {', '.join(values)}")
    return value


def seconds(name: str, default: int) -> int:
    """A setting of whole seconds, at least one."""
    return whole(name, default, 1)


def whole(name: str, default: int, least: int) -> int:
    """A setting that is a whole number, at least so much."""
    value = os.environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        raise ImproperlyConfigured(f"{name} is {value!r}; expected a whole number, at least {least}")
    return int(value)


def statement_limit() -> dict[str, str]:
    """What the database is told of how long a statement may take: nothing, unless YIBAO_STATEMENT_TIMEOUT_S says it."""
    value = os.environ.get("YIBAO_STATEMENT_TIMEOUT_S", "") or "0"
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"YIBAO_STATEMENT_TIMEOUT_S is {value!r}; expected whole seconds, 0 for no limit")
    return {"options": f"-c statement_timeout={value}s"} if int(value) else {}


def database(url: str) -> dict[str, Any]:
    """`postgresql://user:password@host:port/name?host=/folder/of/sockets` as Django takes it."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(f"DATABASE_URL begins with {parts.scheme!r}; expected postgresql://...")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "yibao", "connect_timeout": "5", **statement_limit(), **options},
    }


SANDBOX = flag("YIBAO_SANDBOX")
SECRET_KEY = asked(
    "YIBAO_SECRET_KEY", "for the sandbox only" if SANDBOX else None, "Set it to a long random text that stays secret."
)
SECRET_KEY_FALLBACKS = asked("YIBAO_SECRET_KEYS_BEFORE", "").split()
"""Earlier secret keys: sessions signed with one of them stay valid while the new key signs."""
DEBUG = False
ALLOWED_HOSTS = asked("YIBAO_HOSTS", "127.0.0.1 localhost").split()
DATABASES = {
    "default": database(
        asked("DATABASE_URL", None, "Set it to postgresql://user:password@host/name, or use --sandbox.")
    )
}

CLOCK = asked("YIBAO_CLOCK", "")
"""When the platform's clock starts, or by how many seconds it differs (`-86400`); for the sandbox and tests only."""
if CLOCK and not SANDBOX:
    raise ImproperlyConfigured(
        "YIBAO_CLOCK is set, but this is no sandbox: the platform's clock is that of the machine"
    )
LOG_LEVEL = choice("YIBAO_LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR")
"""From which level on the log has lines."""
SANDBOX_POLICY = asked("YIBAO_SANDBOX_POLICY", "")
"""The policy by which the sandbox's county settles; empty: that of Willow County."""
PRIVATE_LINE = flag("YIBAO_PRIVATE_LINE")
"""Whether institutions may call without any authentication, as on a line that reaches nobody else."""
PROXY = flag("YIBAO_PROXY")
"""Whether all requests come through a proxy of ours, whose X-Forwarded-For then says from where."""
REPLY_LANGUAGE = choice("YIBAO_REPLY_LANGUAGE", "zh", "en")
"""The language of err_msg in replies of the national interface: zh, unless set to en."""
SIGNATURE_WINDOW_S = seconds("YIBAO_SIGNATURE_WINDOW_S", 300)
"""How far the time of a signed request (x-tif, SM2) may be from ours."""
API_WINDOW_S = seconds("YIBAO_API_WINDOW_S", 1800)
"""The same for requests with _api headers; public client programs speak of 30 minutes."""
SEAL_FILE = asked("YIBAO_SEAL_FILE", "")
"""Where the head of the ledger's seals is written outside the database; empty: nowhere."""
RATES = asked("YIBAO_RATES", "none" if SANDBOX else "")
"""A file that says how much one institution may ask; empty: `gateway/rates.toml`; `none`: no limit, as in a sandbox."""
REGION_KEY = asked("YIBAO_REGION_KEY", "")
"""`identifier:private SM2 key in hex`, with which the platform signs what it tells other regions; empty: none."""
REGION_TIMEOUT_S = seconds("YIBAO_REGION_TIMEOUT_S", 15)
"""For how long another region's platform is waited for before its answer counts as lost."""
RENEW_S = seconds("YIBAO_RENEW_S", 30)
"""How long a new process of the web server has for its start before the old one is ended, when all are renewed."""
LEAST_RATINGS = whole("YIBAO_LEAST_RATINGS", 5, 3)
"""How many ratings of an institution are shown together; fewer are not shown."""
PERMISSIONS = asked("YIBAO_PERMISSIONS", "")
"""A file that says which role may do what; empty: `organisation/permissions.toml`."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "openyibao.service.organisation",
    "openyibao.service.people",
    "openyibao.service.institutions",
    "openyibao.service.settlements",
    "openyibao.service.reimbursements",
    "openyibao.service.ledger",
    "openyibao.service.gateway",
    "openyibao.service.portability",
    "openyibao.service.clearing",
    "openyibao.service.web",
    "openyibao.service.reconciliation",
    "openyibao.service.voice",
]
MIDDLEWARE = [
    "openyibao.service.observe.Observe",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
if SANDBOX:
    INSTALLED_APPS.append("openyibao.service.sandbox")
    MIDDLEWARE.insert(1, "openyibao.service.sandbox.failures.OnDemand")
ROOT_URLCONF = "openyibao.service.urls"
WSGI_APPLICATION = "openyibao.service.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("YIBAO_HTTPS")
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "openyibao.service.staff.serve.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
LOGGING_CONFIG = None
