"""All settings, from the environment. ``docs/configuration.md`` describes each."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from celery.schedules import crontab

from analytics.alerts.rules import NAMES as ALERT_NAMES
from documents import crypto
from ragsite import env, settings_api

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(BASE_DIR / ".env")

VERSION = "0.1.0"

# --- where things are -------------------------------------------------------------

DATA_DIR = Path(env.text("DATA_DIR", "var")).expanduser()
if not DATA_DIR.is_absolute():
    DATA_DIR = BASE_DIR / DATA_DIR
TEMP_DIR = DATA_DIR / "tmp"
ORIGINALS_DIR = DATA_DIR / "originals"
PAGES_DIR = DATA_DIR / "pages"
BROKER_DIR = DATA_DIR / "broker"
for _folder in (DATA_DIR, TEMP_DIR, ORIGINALS_DIR, PAGES_DIR, BROKER_DIR):
    try:
        _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise env.ConfigurationError(
            f"DATA_DIR must be a folder to write in: {error.strerror}"
        ) from None

BACKUP_DIR = Path(env.text("BACKUP_DIR") or DATA_DIR / "backups").expanduser()
if not BACKUP_DIR.is_absolute():
    BACKUP_DIR = BASE_DIR / BACKUP_DIR
BACKUP_KEEP = env.integer("BACKUP_KEEP", 7, low=0, high=1000)

# --- secrets ----------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", default=False)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 5000, low=1, high=65535)
if DEBUG and HOST not in {"127.0.0.1", "localhost", "::1"}:
    raise env.ConfigurationError(
        "DEBUG must be false where HOST is reachable from other machines: it shows settings."
    )

SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 50 or SECRET_KEY.startswith("django-insecure-") or len(set(SECRET_KEY)) < 5:
    raise env.ConfigurationError(
        "SECRET_KEY must be at least 50 random characters. script/server makes one; by hand: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )
SECRET_KEY_FALLBACKS = env.listing("SECRET_KEY_FALLBACKS")

_database_key = env.text("DATABASE_KEY")
if len(_database_key) < 16:
    raise env.ConfigurationError(
        "DATABASE_KEY must be 64 hexadecimal digits, or a passphrase of at least 16 characters. "
        "script/server makes one; by hand: python3 -c 'import secrets; print(secrets.token_hex())'"
    )
_master = crypto.master_key(_database_key)
FILE_KEY = crypto.derive(_master, "files")
BACKUP_KEY = crypto.derive(_master, "backups")

# --- what is served ---------------------------------------------------------------

ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", 2, low=1, high=64)
WORKER_CONCURRENCY = env.integer("WORKER_CONCURRENCY", 2, low=1, high=64)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ragsite.accounts",
    "ragsite.audit",
    "ragsite.quotas",
    "ragsite.idempotency",
    "ragsite.ops",
    "documents",
    "chat",
    "analytics",
]

MIDDLEWARE = [
    "ragsite.middleware.RequestIdMiddleware",
    "analytics.middleware.RequestLogMiddleware",
    "ragsite.audit.context.AuditMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ragsite.middleware.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "ragsite.middleware.StaticFilesMiddleware",
    "ragsite.transfer.TransferMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ragsite.limits.RateLimitMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ragsite.accounts.middleware.TwoStepMiddleware",
    "ragsite.idempotency.middleware.IdempotencyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ragsite.middleware.PrivateResponseMiddleware",
]

ROOT_URLCONF = "ragsite.urls"
ASGI_APPLICATION = "ragsite.asgi.application"
APPEND_SLASH = True
CSRF_FAILURE_VIEW = "ragsite.errors.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database ---------------------------------------------------------------------

_database_url = env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'ragsite.db'}")
if not _database_url.startswith("sqlite:///"):
    raise env.ConfigurationError("DATABASE_URL must have the form sqlite:///path/to/file.db.")
DATABASE_PATH = BASE_DIR / _database_url.removeprefix("sqlite:///")
DATABASES = {
    "default": {
        "ENGINE": "ragsite.db",
        "NAME": str(DATABASE_PATH),
        "OPTIONS": {
            "key": crypto.derive(_master, "database").hex(),
            "timeout": 20,
            # Under ASGI each request has a thread of its own: what is kept, is kept by process.
            "pool": 4,
            # A deferred transaction that reads and then writes fails at once when
            # another writer was faster; an immediate one waits for its turn.
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode = WAL;"
                "PRAGMA synchronous = FULL;"  # what was acknowledged survives a power cut
                "PRAGMA temp_store = MEMORY;"  # temporary tables must not reach the disk in clear
                "PRAGMA cache_size = -65536;"  # decrypted pages are worth keeping: 64 MB
                "PRAGMA journal_size_limit = 67108864;"
                "PRAGMA secure_delete = ON"
            ),
        },
        "ATOMIC_REQUESTS": False,  # with immediate transactions every read would lock
        "CONN_MAX_AGE": 0,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people -----------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
HTTPS_ONLY = env.boolean("HTTPS_ONLY", default=False)
#: Whose sign-in must take a second step: nobody's, that of staff, or everybody's.
TWO_STEP_REQUIRED = env.choice("TWO_STEP_REQUIRED", "off", ("off", "staff", "all"))
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "ragsite.accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
if HTTPS_ONLY:  # a browser takes such a cookie from this host alone, over HTTPS alone
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, low=0, high=10)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^api/health"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "img-src": ["'self'"],
    }
}

# --- requests ---------------------------------------------------------------------

MAX_FILE_SIZE = env.integer("MAX_FILE_SIZE", 10_485_760, low=1024, high=2**31)
#: Room for several files in one request; each is bounded by MAX_FILE_SIZE on its own.
MAX_UPLOAD_SIZE = 10 * MAX_FILE_SIZE + 1_048_576
MAX_BODY_SIZE = 1_048_576
KNOWN_EXTENSIONS = (
    *("pdf", "txt", "docx", "md", "html", "pptx", "xlsx", "csv", "odt", "ods", "odp", "rtf"),
    *("epub", "eml"),
)
ALLOWED_EXTENSIONS = env.listing(
    "ALLOWED_EXTENSIONS",
    "pdf,txt,docx,md,html,pptx,xlsx,csv,odt,ods,odp,rtf,epub,eml",
    known=KNOWN_EXTENSIONS,
)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_SIZE
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_TEMP_DIR = str(TEMP_DIR)
FILE_UPLOAD_PERMISSIONS = 0o600

#: Days that requests and numbers about them are kept; 0 keeps no requests at all.
REQUEST_LOG_DAYS = env.integer("REQUEST_LOG_DAYS", 30, low=0, high=3650)
METRICS_DAYS = env.integer("METRICS_DAYS", 365, low=0, high=3650)
#: What a million tokens of a model cost, read and written, in a currency of your own.
TOKEN_PRICES = env.prices("TOKEN_PRICES")
#: Whether administrators see what is asked; without it, numbers alone.
ANALYTICS_QUESTIONS = env.boolean("ANALYTICS_QUESTIONS", default=True)
#: Tests write what was noted themselves.
RECORD_IN_BACKGROUND = True

#: Requests admitted for each kind and time; by user, or by address before signing in.
RATE_LIMITS = {
    "requests": env.rate("RATE_LIMIT_REQUESTS", "6000/m"),
    "anonymous": env.rate("RATE_LIMIT_ANONYMOUS", "300/m"),
    "login": env.rate("RATE_LIMIT_LOGIN", "20/m"),
    "account": env.rate("RATE_LIMIT_ACCOUNT", "50/10m"),
    "guess": env.rate("RATE_LIMIT_GUESS", "10/10m"),
    "ask": env.rate("RATE_LIMIT_ASK", "60/m"),
    "search": env.rate("RATE_LIMIT_SEARCH", "600/m"),
    "upload": env.rate("RATE_LIMIT_UPLOAD", "600/m"),
}

#: What a user may have stored and may use in a day, in UTC; 0 is no limit.
QUOTAS = {
    "stored_files": env.integer("QUOTA_STORED_FILES", 0),
    "stored_bytes": env.integer("QUOTA_STORED_BYTES", 0),
    "files_a_day": env.integer("QUOTA_FILES_A_DAY", 0),
    "bytes_a_day": env.integer("QUOTA_BYTES_A_DAY", 0),
    "questions_a_day": env.integer("QUOTA_QUESTIONS_A_DAY", 0),
    "tokens_a_day": env.integer("QUOTA_TOKENS_A_DAY", 0),
}
#: Answers that are written at the same time, for one user and for all.
MAX_ANSWERS_PER_USER = env.integer("MAX_ANSWERS_PER_USER", 8, low=1, high=10_000)
MAX_ANSWERS = env.integer("MAX_ANSWERS", 64, low=1, high=10_000)
#: Seconds after which an answer is cut, whatever it waits for.
ANSWER_SECONDS = env.integer("ANSWER_SECONDS", 120, low=5, high=3600)
#: Tokens of the largest prompt that a language model is sent, estimated.
MAX_PROMPT_TOKENS = env.integer("MAX_PROMPT_TOKENS", 32_000, low=1000, high=10_000_000)
AUDIT_DAYS = env.integer("AUDIT_DAYS", 365, low=0, high=3650)

# --- reading, searching, answering ------------------------------------------------

CHUNK_SIZE = env.integer("CHUNK_SIZE", 1000, low=100, high=20_000)
CHUNK_OVERLAP = env.integer("CHUNK_OVERLAP", 200, low=0, high=10_000)
if CHUNK_OVERLAP * 2 > CHUNK_SIZE:
    raise env.ConfigurationError("CHUNK_OVERLAP must be at most half of CHUNK_SIZE.")
MAX_CHUNKS = env.integer("MAX_CHUNKS", 5, low=1, high=50)
SIMILARITY_THRESHOLD = env.number("SIMILARITY_THRESHOLD", 0.25)
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL")
EMBEDDING_MODEL = env.text("EMBEDDING_MODEL", "auto")
EMBEDDING_DIMENSIONS = env.integer("EMBEDDING_DIMENSIONS", 0, low=0, high=8192)
CHAT_MODEL = env.text("CHAT_MODEL", "auto")
SECOND_OPINION = env.boolean("SECOND_OPINION", default=False)
RERANK_URL = env.url("RERANK_URL")
RERANK_MODEL = env.text("RERANK_MODEL")
RERANK_API_KEY = env.text("RERANK_API_KEY")
RERANK_TIMEOUT = env.number("RERANK_TIMEOUT", 2.0, low=0.1, high=30.0)

# --- pages ------------------------------------------------------------------------

#: Bytes of pictures of pages that are kept; the oldest go first.
PAGE_CACHE_SIZE = env.integer("PAGE_CACHE_SIZE", 536_870_912, low=0, high=2**40)

#: Whether pages without text are recognised from their pictures, where tesseract is there.
RECOGNITION = env.choice("RECOGNITION", "auto", ("auto", "off"))
RECOGNITION_LANGUAGES = env.text("RECOGNITION_LANGUAGES", "eng")
if not re.fullmatch(r"[A-Za-z0-9_]+(\+[A-Za-z0-9_]+)*", RECOGNITION_LANGUAGES):
    raise env.ConfigurationError(
        "RECOGNITION_LANGUAGES must be tesseract's codes with + between them, as eng+deu."
    )
RECOGNITION_MAX_PAGES = env.integer("RECOGNITION_MAX_PAGES", 200, low=1, high=5000)

# --- cache ------------------------------------------------------------------------

REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss"))
CACHES = {
    "default": {
        "BACKEND": "ragsite.redis_cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ragsite",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 2,
            # Whoever can write to Redis must not be able to make this program run code.
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        },
    }
    if REDIS_URL
    else {
        "BACKEND": "ragsite.cache.SqliteCache",
        "LOCATION": str(DATA_DIR / "cache.db"),
        "OPTIONS": {"key": crypto.derive(_master, "cache").hex(), "MAX_ENTRIES": 50_000},
    }
}

#: Seconds that searches and vectors of questions, and whole answers, are kept; 0 keeps none.
SEARCH_CACHE_SECONDS = env.integer("SEARCH_CACHE_SECONDS", 3600, low=0, high=86_400)
ANSWER_CACHE_SECONDS = env.integer("ANSWER_CACHE_SECONDS", 86_400, low=0, high=2_592_000)

# --- news -------------------------------------------------------------------------

WATCH_DELAY = env.integer("WATCH_DELAY", 60, low=0, high=86_400)
EMAIL_URL = env.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "ragsite@localhost")
EMAIL_TIMEOUT = 20
if EMAIL_URL:
    globals().update(env.mail("EMAIL_URL"))
PUBLIC_URL = env.url("PUBLIC_URL")

# --- alerts -----------------------------------------------------------------------

ALERT_EMAILS = env.listing("ALERT_EMAILS")
if ALERT_EMAILS and not EMAIL_URL:
    raise env.ConfigurationError("ALERT_EMAILS needs a mail server in EMAIL_URL.")
ALERT_WEBHOOK = env.url("ALERT_WEBHOOK", trim=False)
ALERT_WEBHOOK_SECRET = env.text("ALERT_WEBHOOK_SECRET")
#: Minutes until a notice is repeated while its alert still fires.
ALERT_COOLDOWN = env.integer("ALERT_COOLDOWN", 240, low=1, high=10_080)
ALERT_THRESHOLDS = env.thresholds("ALERT_THRESHOLDS", ALERT_NAMES)
TLS_CERTIFICATE = env.text("TLS_CERTIFICATE")
SENTRY_DSN = env.url("SENTRY_DSN")

# --- background work --------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
# Longer than any task may run: with less, Redis would hand a running task to a second worker.
_task_limit = 900
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 4 * _task_limit,
        # Who rings does not wait for a bell that is away; the sweep rings again.
        "socket_connect_timeout": 1,
        "max_retries": 1,
        "interval_start": 0,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "store_processed": False,
        # Seconds between two looks, and so for each message; kombu's 1.0 makes a burst wait.
        "polling_interval": 0.2,
    }
)
if not REDIS_URL:
    for _name in ("queue", "control", "processed"):
        (BROKER_DIR / _name).mkdir(mode=0o700, exist_ok=True)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = _task_limit
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "documents.tasks.sweep", "schedule": 60.0, "options": {"expires": 55}},
    "keep": {"task": "ragsite.ops.tasks.keep", "schedule": 600.0, "options": {"expires": 590}},
    "chat-sweep": {"task": "chat.tasks.sweep", "schedule": 15.0, "options": {"expires": 14}},
}
# A worker that is busy reading takes a look up late; one a minute would be lost to a shorter time.
CELERY_BEAT_SCHEDULE["alerts"] = {
    "task": "ragsite.ops.tasks.alerts",
    "schedule": 60.0,
    "options": {"expires": 290},
}
if BACKUP_KEEP:
    CELERY_BEAT_SCHEDULE["backup"] = {
        "task": "ragsite.ops.tasks.backup",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 6 * 3600},
    }

# --- the API ----------------------------------------------------------------------

REST_FRAMEWORK = settings_api.REST_FRAMEWORK
SPECTACULAR_SETTINGS = settings_api.SPECTACULAR_SETTINGS | {"VERSION": VERSION}

# --- the rest ---------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
with suppress(OSError):  # whitenoise wants the folder; a read-only place need not have it
    STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "documents.storage.EncryptedStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "ragsite.logs.TextFormatter"},
        "json": {"()": "ragsite.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
        "errors": {"class": "analytics.error_log.ErrorHandler", "level": "ERROR"},
    },
    "root": {"handlers": ["console", "errors"], "level": "WARNING"},
    "loggers": {
        name: {"level": LOG_LEVEL}
        for name in ("ragsite", "documents", "chat", "analytics", "django")
    }
    # These would write questions, keys or whole requests at DEBUG; Celery its own machinery.
    | {
        name: {"level": "WARNING"}
        for name in ("openai", "httpx2", "httpcore2", "django.db", "celery")
    }
    # A traceback for every scanner that makes up a host name; the answer is 400 anyway.
    | {"django.security.DisallowedHost": {"level": "CRITICAL"}},
}
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
