"""All settings. docs/settings.md lists the environment variables, and vuemantics/checks verifies the settings."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from uploads.analysis.model_servers.server_settings import ServerSettings
from vuemantics import environment as env
from vuemantics.connections import MAIL_PORTS, channel_layers, mail_server, message_broker, pooled_database
from vuemantics.localstack import local_urls
from vuemantics.s3_settings import S3Settings

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("VUEMANTICS_VAR") or BASE_DIR / "var").resolve()
_local_database, _local_redis = local_urls(VAR)

DEBUG = env.flag("VUEMANTICS_DEBUG")
HTTPS = env.flag("VUEMANTICS_HTTPS")
BEHIND_PROXY = env.flag("VUEMANTICS_BEHIND_PROXY")
SECRET_KEY = env.secret_key("SECRET_KEY", VAR)
_hosts = [host.strip() for host in env.text("VUEMANTICS_HOSTS").split(",") if host.strip()]
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
    "vuemantics.server.page_handler.PrivateResponses",
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
                "uploads.analysis.disclosure.analysis_disclosure",
            ],
            "libraries": {"batches": "batches.views.template_tags"},
            "builtins": ["uploads.templatetags.icons"],
        },
    },
]

# Worker processes on this host, their limits and intervals, and when unfinished imports and uploads expire.
_MIN_SECONDS = 0.001
WORKER_PROCESSES = env.integer("VUEMANTICS_WORKER_PROCESSES", 2, minimum=1)
WORKER_THREADS = env.integer("VUEMANTICS_WORKER_THREADS", 4, minimum=1)
TIME_SLICE_SECONDS = env.number("VUEMANTICS_TIME_SLICE_SECONDS", 1, minimum=_MIN_SECONDS)
LEASE_SECONDS = env.number("VUEMANTICS_LEASE_SECONDS", 30, minimum=_MIN_SECONDS)
STAGE_SECONDS = env.number("VUEMANTICS_STAGE_SECONDS", 600, minimum=_MIN_SECONDS)
STAGE_DEADLINES = env.numbers("VUEMANTICS_STAGE_DEADLINES")
BATCH_PARALLEL = env.integer("VUEMANTICS_BATCH_PARALLEL", 0, minimum=0)
RECONCILE_SECONDS = env.number("VUEMANTICS_RECONCILE_SECONDS", 2, minimum=_MIN_SECONDS)
EXPIRY_SECONDS = env.number("VUEMANTICS_EXPIRY_SECONDS", 24 * 3600, minimum=_MIN_SECONDS)
PARTIAL_SECONDS = env.number("VUEMANTICS_PARTIAL_SECONDS", 7 * 24 * 3600, minimum=_MIN_SECONDS)
# A database restart releases all workers' locks. Workers have this long to acquire them again.
GRACE_SECONDS = env.number("VUEMANTICS_GRACE_SECONDS", 5, minimum=0)
MAX_CRASHES = 3
# The function that processes a file. Tests and benchmarks override this setting.
PROCESSOR = "batches.intake.archives.process_item"
# dramatiq reads this variable on import. It prevents a worker from prefetching more messages than it has threads.
os.environ.setdefault("dramatiq_queue_prefetch", str(WORKER_THREADS))

_database = env.url("DATABASE_URL", _local_database, ["postgres", "postgresql"], "postgresql://user:password@host/name")
DATABASES = {"default": pooled_database(_database, WORKER_THREADS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", _local_redis, ["redis", "rediss", "unix"], "redis://host:6379/0")
CHANNEL_LAYERS = channel_layers(REDIS_URL)
DRAMATIQ_AUTODISCOVER_MODULES = ["worker.tasks"]
# Do not load these tasks: they clean a table that is not used here, and workers would poll two more queues.
DRAMATIQ_IGNORED_MODULES = ["django_dramatiq.tasks"]
DRAMATIQ_BROKER = message_broker(REDIS_URL)

# Unfinished uploads are stored below PARTIAL_ROOT; originals and previews below MEDIA_ROOT or in the bucket.
MEDIA_ROOT = Path(env.text("VUEMANTICS_MEDIA") or VAR / "media").resolve()
# nginx's internal location for MEDIA_ROOT. If it is empty, Django sends the files.
MEDIA_ACCEL = env.text("VUEMANTICS_MEDIA_ACCEL")
PARTIAL_ROOT = Path(env.text("VUEMANTICS_PARTIAL_DIR") or VAR / "parts").resolve()
S3 = S3Settings(
    bucket=env.text("VUEMANTICS_S3_BUCKET"),
    endpoint=env.origin("VUEMANTICS_S3_ENDPOINT"),
    region=env.text("VUEMANTICS_S3_REGION"),
    prefix=env.text("VUEMANTICS_S3_PREFIX"),
    url_seconds=int(env.number("VUEMANTICS_S3_URL_SECONDS", 300, minimum=30, maximum=86_400)),
    access_key=env.text("AWS_ACCESS_KEY_ID"),
    secret_key=env.text("AWS_SECRET_ACCESS_KEY"),
)
_disk = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": MEDIA_ROOT}}
STORAGES = {
    "default": S3.storage() if S3.bucket else _disk,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500  # must be more than MAX_PICTURES in uploads/button_requests.py
MAX_BODY_BYTES = int(env.number("VUEMANTICS_MAX_BODY_MIB", 16, minimum=9, maximum=10_240) * 2**20)
MAX_FILE_BYTES = int(env.number("VUEMANTICS_MAX_FILE_MIB", 4096, minimum=0.001) * 2**20)
MAX_ARCHIVE_BYTES = int(env.number("VUEMANTICS_MAX_ARCHIVE_GIB", 64, minimum=0.000001) * 2**30)
MAX_UNPACKED_BYTES = int(env.number("VUEMANTICS_MAX_UNPACKED_GIB", 256, minimum=0.000001) * 2**30)
MAX_ARCHIVE_FILES = env.integer("VUEMANTICS_MAX_ARCHIVE_FILES", 100_000, minimum=1)
ARCHIVE_DEPTH = env.integer("VUEMANTICS_ARCHIVE_DEPTH", 1, minimum=1)
MAX_BATCH_FILES = env.integer("VUEMANTICS_MAX_BATCH_FILES", 500_000, minimum=1)
OWNER_OPEN_BATCHES = env.integer("VUEMANTICS_OWNER_OPEN_BATCHES", 100, minimum=1)
OWNER_OPEN_FILES = env.integer("VUEMANTICS_OWNER_OPEN_FILES", 1_000_000, minimum=1)
OWNER_BATCHES_PER_HOUR = env.integer("VUEMANTICS_OWNER_BATCHES_PER_HOUR", 1000, minimum=1)
OWNER_FILES_PER_HOUR = env.integer("VUEMANTICS_OWNER_FILES_PER_HOUR", 1_000_000, minimum=1)
# Behind a proxy, all connections come from the proxy's address.
CONNECTIONS_PER_ADDRESS = env.integer("VUEMANTICS_CONNECTIONS_PER_ADDRESS", 0 if BEHIND_PROXY else 100, minimum=0)
# Storage limit per user, and free space to keep on the disk; 0 means no limit.
OWNER_BYTES = int(env.number("VUEMANTICS_OWNER_GIB", 0, minimum=0) * 2**30)
MIN_FREE_BYTES = int(env.number("VUEMANTICS_MIN_FREE_MIB", 512, minimum=0) * 2**20)
# How many bytes of stored originals workers verify per day (0: none), and during which hours (unset: at any time).
VERIFY_BYTES_PER_DAY = int(env.number("VUEMANTICS_VERIFY_GIB_PER_DAY", 20, minimum=0) * 2**30)
VERIFY_HOURS = env.hours("VUEMANTICS_VERIFY_HOURS")
# Days after which the cleanup deletes pictures in the trash.
TRASH_DAYS = env.integer("VUEMANTICS_TRASH_DAYS", 30, minimum=1)
MAX_PIXELS = int(env.number("VUEMANTICS_MAX_MEGAPIXELS", 100, minimum=0.001) * 1_000_000)
_analyzer = env.text("VUEMANTICS_ANALYZER", "local")
DESCRIBER = env.text("VUEMANTICS_DESCRIBER", _analyzer)
EMBEDDER = env.text("VUEMANTICS_EMBEDDER", _analyzer)
AUDIT_MINIMUM = env.integer("VUEMANTICS_AUDIT_MINIMUM", 40, minimum=0)
_HTTP = ["http", "https"]
_model_server = partial(
    ServerSettings,
    connect_seconds=env.number("VUEMANTICS_MODEL_CONNECT_SECONDS", 5, minimum=_MIN_SECONDS),
    read_seconds=env.number("VUEMANTICS_MODEL_READ_SECONDS", 120, minimum=_MIN_SECONDS),
    concurrency=env.integer("VUEMANTICS_MODEL_CONCURRENCY", 2, minimum=1),
)
OLLAMA = _model_server(
    url=env.url("VUEMANTICS_OLLAMA_URL", "http://127.0.0.1:11434", _HTTP, "http://gpu.local:11434"),
    model=env.text("VUEMANTICS_OLLAMA_MODEL", "qwen2.5vl"),
    embedding_model=env.text("VUEMANTICS_OLLAMA_EMBEDDING_MODEL", "bge-m3"),
    key=env.text("OLLAMA_API_KEY"),
)
OPENAI = _model_server(
    url=env.url("VUEMANTICS_OPENAI_URL", "http://127.0.0.1:8080/v1", _HTTP, "http://gpu.local:8080/v1"),
    model=env.text("VUEMANTICS_OPENAI_MODEL"),
    embedding_model=env.text("VUEMANTICS_OPENAI_EMBEDDING_MODEL"),
    key=env.text("OPENAI_API_KEY"),
)
CLIP_MODEL = Path(env.text("VUEMANTICS_CLIP_MODEL")) if env.text("VUEMANTICS_CLIP_MODEL") else None
PROMPT_FILE = Path(env.text("VUEMANTICS_PROMPT")) if env.text("VUEMANTICS_PROMPT") else None
DESCRIPTION_LANGUAGE = env.text("VUEMANTICS_DESCRIPTION_LANGUAGE", "en")
# With auto, text in pictures is read if the networks for this are installed (requirements-ocr.txt).
OCR = env.choice("VUEMANTICS_OCR", "auto", ("auto", "on", "off"))

# PostgreSQL's memory for building a vector index (uploads/search/vector_index.py).
INDEX_MEMORY_MIB = env.integer("VUEMANTICS_INDEX_MEMORY_MIB", 2048, minimum=64)

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Serve static files from their source directories, so that collectstatic is not needed.
WHITENOISE_USE_FINDERS = True

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = 10, 0.25  # failed attempts; hours until the next attempt
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "vuemantics.client_address.client_address"
LOGIN_URL, LOGIN_REDIRECT_URL = "login", "batch-list"

# With a mail server, workers send e-mails about completed batches and damaged files. Links need the public address.
PUBLIC_URL = env.origin("VUEMANTICS_URL")
EMAIL_URL = env.text("VUEMANTICS_EMAIL_URL") and env.url(
    "VUEMANTICS_EMAIL_URL", "", [*MAIL_PORTS], "smtp+tls://user:password@mail.example.org:587"
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("VUEMANTICS_EMAIL_FROM")
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = mail_server(EMAIL_URL)
EMAIL_TIMEOUT = 10

# Pages load everything from this site, but media may also come from the bucket.
_sources = ["'self'", *filter(None, [S3.origin])]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {f"{name}-src": ["'self'"] for name in ("script", "worker", "style", "font", "manifest")}
    | {"connect-src": _sources, "media-src": _sources, "img-src": [*_sources, "blob:"], "form-action": ["'self'"]}
    | {name: ["'none'"] for name in ("default-src", "base-uri", "frame-ancestors")}
}
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "vuemantics.accounts.sessions"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
_hsts_seconds = env.integer("VUEMANTICS_HSTS_SECONDS", 31_536_000, minimum=0)
SECURE_HSTS_SECONDS = _hsts_seconds if HTTPS else 0
# Do not extend HSTS to subdomains: one without HTTPS would be unreachable for a year. Django's
# warnings about this are silenced.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None

# LANGUAGE_CODE is for e-mails, and for pages if the browser requests none of LANGUAGES.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_CODE = env.choice("VUEMANTICS_LANGUAGE", "en", [code for code, _name in LANGUAGES])
LANGUAGE_COOKIE_AGE, LANGUAGE_COOKIE_HTTPONLY = 31_536_000, True
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.time_zone("VUEMANTICS_TIME_ZONE", "UTC")

# Messages of at least this level go to standard error.
_log_level = env.choice("VUEMANTICS_LOG_LEVEL", "INFO", env.LOG_LEVELS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"redis_outage": {"()": "batches.messaging.redis_outage.LogOutageOnce"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _log_level},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # At INFO, these log the URL of each request to a model server or model hub.
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        # The pool logs every failed attempt; the code that needs the connection logs the outage once.
        "psycopg.pool": {"level": "ERROR"},
        "channels_redis.pubsub": {"filters": ["redis_outage"]},
    },
}
