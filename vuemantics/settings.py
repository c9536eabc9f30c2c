"""All settings, from the environment only: README.md lists every variable, `checks.py` refuses impossible ones."""

import os
from pathlib import Path
from typing import Any

from vuemantics.connections import channel_layers, message_broker, pooled_database
from vuemantics.environment import flag, language, log_level, number, numbers, origin, secret_key, time_zone, url, whole
from vuemantics.localstack import local_urls
from vuemantics.log_config import log_lines
from vuemantics.mail import SCHEMES, mail_server
from vuemantics.s3 import S3Settings
from vuemantics.security_policy import content_security_policy

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VUEMANTICS_VAR") or BASE_DIR / "var").resolve()
_local_database, _local_redis = local_urls(VAR)

DEBUG = flag("VUEMANTICS_DEBUG")
HTTPS = flag("VUEMANTICS_HTTPS")
BEHIND_PROXY = flag("VUEMANTICS_BEHIND_PROXY")
SECRET_KEY = secret_key("SECRET_KEY", VAR)
_hosts = [host.strip() for host in os.environ.get("VUEMANTICS_HOSTS", "").split(",") if host.strip()]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *_hosts]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in _hosts if HTTPS and not host.startswith(("*", "."))]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "csp",
    "django_dramatiq",
    "django_htmx",
    "uploads",
    "batches",
    "vuemantics",
    "vuemantics.accounts",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "vuemantics.urls"
ASGI_APPLICATION = "vuemantics.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "batches.live.owner_summary.owner_summary",
            ],
            "libraries": {"batches": "batches.views.template_tags"},
        },
    },
]

# The workers: processes x threads on this host, and how they share the work (docs/architecture.md).
_SHORTEST = 0.001
WORKER_PROCESSES = whole("VUEMANTICS_WORKER_PROCESSES", 2, least=1)
WORKER_THREADS = whole("VUEMANTICS_WORKER_THREADS", 4, least=1)
TIME_SLICE_SECONDS = number("VUEMANTICS_TIME_SLICE_SECONDS", 1, least=_SHORTEST)
LEASE_SECONDS = number("VUEMANTICS_LEASE_SECONDS", 30, least=_SHORTEST)
STAGE_SECONDS = number("VUEMANTICS_STAGE_SECONDS", 600, least=_SHORTEST)
STAGE_DEADLINES = numbers("VUEMANTICS_STAGE_DEADLINES")
BATCH_PARALLEL = whole("VUEMANTICS_BATCH_PARALLEL", 0, least=0)
RECONCILE_SECONDS = number("VUEMANTICS_RECONCILE_SECONDS", 2, least=_SHORTEST)
EXPIRY_SECONDS = number("VUEMANTICS_EXPIRY_SECONDS", 24 * 3600, least=_SHORTEST)
PARTIAL_SECONDS = number("VUEMANTICS_PARTIAL_SECONDS", 7 * 24 * 3600, least=_SHORTEST)
# After a start of the database every worker's lock is gone: living workers get this long to take theirs again.
GRACE_SECONDS = number("VUEMANTICS_GRACE_SECONDS", 5, least=0)
MAX_CRASHES = 3
# What a worker does with a file; tests and benches have settings of their own that name another function.
PROCESSOR = "batches.engine.runner.process_upload"
# dramatiq reads it when it is imported: a worker takes no more bells than it has threads.
os.environ.setdefault("dramatiq_queue_prefetch", str(WORKER_THREADS))

_database_url = url("DATABASE_URL", _local_database, ["postgres", "postgresql"], "postgresql://user:password@host/name")
DATABASES = {"default": pooled_database(_database_url, WORKER_THREADS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = url("REDIS_URL", _local_redis, ["redis", "rediss", "unix"], "redis://host:6379/0")
CHANNEL_LAYERS = channel_layers(REDIS_URL)
DRAMATIQ_AUTODISCOVER_MODULES = ["worker.tasks"]
# It cleans a table that is not used here, and its two queues would be asked for work all day.
DRAMATIQ_IGNORED_MODULES = ["django_dramatiq.tasks"]
DRAMATIQ_BROKER = message_broker(REDIS_URL)

# Files: unfinished uploads under PARTIAL_ROOT, originals and previews by opaque names under MEDIA_ROOT (same disk) ...
MEDIA_ROOT = Path(os.environ.get("VUEMANTICS_MEDIA") or VAR / "media").resolve()
# Behind nginx: an internal location over MEDIA_ROOT, such as /protected/; empty: this process sends the bytes.
MEDIA_ACCEL = os.environ.get("VUEMANTICS_MEDIA_ACCEL", "")
PARTIAL_ROOT = Path(os.environ.get("VUEMANTICS_PARTIAL_DIR") or VAR / "parts").resolve()
# ... or, with a bucket, there.
S3 = S3Settings(
    bucket=os.environ.get("VUEMANTICS_S3_BUCKET", ""),
    endpoint=origin("VUEMANTICS_S3_ENDPOINT"),
    region=os.environ.get("VUEMANTICS_S3_REGION", ""),
    prefix=os.environ.get("VUEMANTICS_S3_PREFIX", ""),
    url_seconds=int(number("VUEMANTICS_S3_URL_SECONDS", 300, least=30, most=86_400)),
    access_key=os.environ.get("AWS_ACCESS_KEY_ID", ""),
    secret_key=os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
)
_disk = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": MEDIA_ROOT}}
STORAGES = {
    "default": S3.storage() if S3.bucket else _disk,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
MAX_BODY_BYTES = int(number("VUEMANTICS_MAX_BODY_MIB", 16, least=9, most=10_240) * 2**20)
MAX_FILE_BYTES = int(number("VUEMANTICS_MAX_FILE_MIB", 4096, least=0.001) * 2**20)
MAX_BATCH_FILES = whole("VUEMANTICS_MAX_BATCH_FILES", 500_000, least=1)
# Limits of people and of the disk; 0: none.
OWNER_BYTES = int(number("VUEMANTICS_OWNER_GIB", 0, least=0) * 2**30)
MIN_FREE_BYTES = int(number("VUEMANTICS_MIN_FREE_MIB", 512, least=0) * 2**20)
MAX_PIXELS = int(number("VUEMANTICS_MAX_MEGAPIXELS", 100, least=0.001) * 1_000_000)
ANALYZER = os.environ.get("VUEMANTICS_ANALYZER") or "local"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Small files straight from the source folders: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "vuemantics.accounts.client_address.client_address"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "batch-list"

# Mails when a batch is done, off without a server. Links in them need the address by which people come.
PUBLIC_URL = origin("VUEMANTICS_URL")
EMAIL_URL = os.environ.get("VUEMANTICS_EMAIL_URL", "").strip() and url(
    "VUEMANTICS_EMAIL_URL", "", [*SCHEMES], "smtp+tls://user:password@mail.example.org:587"
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("VUEMANTICS_EMAIL_FROM", "").strip()
_mail = mail_server(EMAIL_URL)
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starts_tls, _mail.is_tls
EMAIL_TIMEOUT = 10

CONTENT_SECURITY_POLICY = content_security_policy(S3.origin if S3.bucket else "")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
_hsts_seconds = whole("VUEMANTICS_HSTS_SECONDS", 31_536_000, least=0)
SECURE_HSTS_SECONDS = _hsts_seconds if HTTPS else 0
# Of this host alone: other sites below it may have no HTTPS, and browsers would not reach them for a year. Django asks
# for both, of subdomains and of the browsers' own lists, whoever else is there.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None

# Of mails, and of pages for browsers that ask for none of these; each person may choose another.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_CODE = language("VUEMANTICS_LANGUAGE", "en", [code for code, _name in LANGUAGES])
LANGUAGE_COOKIE_AGE, LANGUAGE_COOKIE_HTTPONLY = 31_536_000, True
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = time_zone("VUEMANTICS_TIME_ZONE", "UTC")
USE_TZ = True

LOGGING = log_lines(log_level("VUEMANTICS_LOG_LEVEL", "INFO"))
