"""Django's settings, read from the environment. `.env.example` lists and explains the variables.

PORTAL_ENV chooses between *development* (the default: runs without any setting), *test* and
*production* (refuses to start without its secrets). The law is not a setting.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import django_stubs_ext
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from portal import embedded, environment, home, keys

# Django names its generic classes (ModelForm[Declaration]) only to the type checker.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

PORTAL_ENV = environment.choice(
    "PORTAL_ENV", "development", among=("development", "test", "production")
)
PRODUCTION = PORTAL_ENV == "production"
DEBUG = environment.switch("DEBUG", default=False)
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("DEBUG must be 0 in production: its pages show personal data.")


# --- The home: inbox, keys, embedded servers ---

PORTAL_HOME = Path(
    environment.text("PORTAL_HOME")
    or home.default_home(suffix="-test" if PORTAL_ENV == "test" else "")
)
try:
    home.prepare_home(PORTAL_HOME)
except (home.HomeRefused, OSError) as refusal:
    raise ImproperlyConfigured(f"PORTAL_HOME: {refusal}") from refusal

INBOX = Path(environment.text("INBOX") or PORTAL_HOME / "inbox")


# --- Keys. Outside production they are made at the first start ---

if PRODUCTION:
    SECRET_KEY = environment.required("SECRET_KEY", "it signs cookies and links. Keep it secret.")
else:
    SECRET_KEY = (
        environment.text("SECRET_KEY") or home.key_file(PORTAL_HOME, "secret_key").read_text()
    )

# The keys that seal personal data (portal/keys.py). The file comes before the variable.
SEALING_KEY = environment.text("SEALING_KEY")
SEALING_KEY_FILE = environment.text("SEALING_KEY_FILE")
if not SEALING_KEY and not SEALING_KEY_FILE:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SEALING_KEY_FILE (or SEALING_KEY) must be set: personal data are sealed with it."
        )
    SEALING_KEY_FILE = str(PORTAL_HOME / "keys" / "sealing_key")
    if not Path(SEALING_KEY_FILE).exists():
        with suppress(FileExistsError):  # another first start was first
            keys.generate_key_file(Path(SEALING_KEY_FILE))
SEALING_CIPHER = environment.choice("SEALING_CIPHER", "sm4", among=("sm4", "aes"))


# --- Databases ---


def _database(url: str) -> dict[str, Any]:
    """Return the DATABASES entry of a URL, `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not name:
        # The value itself may hold a password.
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user@host/name.")
    return {
        "ENGINE": "portal.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def _broker(url: str) -> str:
    """Return what Celery calls the Redis of a URL as redis-py takes it."""
    parts = urlsplit(url)
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        return url
    if parts.scheme == "unix" and parts.path:
        number = parse_qs(parts.query).get("db", ["0"])[-1]
        return f"redis+socket://{parts.path}?virtual_host={number}"
    raise ImproperlyConfigured("REDIS_URL must look like redis://host:port/0 or unix:///path.")


DATABASE_URL = environment.text("DATABASE_URL")
REDIS_URL = environment.text("REDIS_URL")
# Which servers the portal starts itself. In production a system check refuses them.
EMBEDDED_SERVERS = frozenset(
    ([] if DATABASE_URL else [embedded.POSTGRESQL]) + ([] if REDIS_URL else [embedded.VALKEY])
)
DATABASE_URL = DATABASE_URL or embedded.database_url(PORTAL_HOME)
REDIS_URL = REDIS_URL or embedded.redis_url(PORTAL_HOME)

# A page answers in seconds; a worker's statement may compare a province. The web server and the
# workers say which they are (Procfile); commands count as workers.
STATEMENT_TIMEOUT_SECONDS = environment.whole_number(
    "STATEMENT_TIMEOUT_SECONDS", 600, at_least=1, at_most=86400
)
LOCK_TIMEOUT_SECONDS = environment.whole_number(
    "LOCK_TIMEOUT_SECONDS", 60, at_least=1, at_most=3600
)

DATABASES = {"default": _database(DATABASE_URL)}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
}
DATABASES["default"]["OPTIONS"] |= {
    "connect_timeout": 5,
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s"
    f" -c lock_timeout={LOCK_TIMEOUT_SECONDS}s"
    " -c idle_in_transaction_session_timeout="
    f"{'30s' if STATEMENT_TIMEOUT_SECONDS <= 30 else '600s'}",
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# --- What the site is made of ---

INSTALLED_APPS = [
    "portal",
    "declarations",
    "reconciliation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "csp",
]

MIDDLEWARE = [
    "portal.middleware.headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.middleware.SessionLimits",
    "portal.middleware.FirstLogin",
    "portal.middleware.audited",
    "portal.middleware.Shedding",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")  # its templates, which FORM_RENDERER needs

STATIC_URL = "static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT") or PORTAL_HOME / "static")
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PORTAL_HOME / "media"},
    },
    "staticfiles": {
        # Names carry a digest, but not in tests, which do not collect the files.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if PORTAL_ENV == "test"
        else "portal.staticfiles.DigestedStorage",
    },
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.staticfiles.VendoredFinder",
]
WHITENOISE_USE_FINDERS = PORTAL_ENV == "test"
WHITENOISE_AUTOREFRESH = False


# --- Languages and time ---

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
# zh_Hans groups by four and without a sign, and would make the year 2006 "2,006" in English.
USE_THOUSAND_SEPARATOR = False


# The language switch; it is no secret, and scripts have no use for it.
LANGUAGE_COOKIE_NAME = "__Host-language" if PRODUCTION else "language"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60


# --- What every page says about the bureau ---

# Whose local rules of tax hold: a folder of declarations/taxlaw/parameters/local.
BUREAU = environment.text("BUREAU", "beijing")
HOTLINE = environment.text("HOTLINE", "12366")
HOTLINE_HOURS = environment.text("HOTLINE_HOURS", "8:30–12:00, 14:30–18:00")  # on working days
DEMONSTRATION = environment.switch("DEMONSTRATION", default=not PRODUCTION)


# --- Who may come in ---

AUTH_USER_MODEL = "portal.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["portal.hashers.Argon2Hasher"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "portal.validators.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "portal.validators.NotAboutTheUser"},
]
OTP_TOTP_ISSUER = "IIT Portal"
OTP_TOTP_THROTTLE_FACTOR = 0  # portal.services.login counts, and says when the next try is
INITIAL_PASSWORD_HOURS = environment.whole_number(
    "INITIAL_PASSWORD_HOURS", 72, at_least=1, at_most=720
)

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"
# Minutes without a request, and hours in all, after which a session ends: agents, staff.
SESSION_IDLE_MINUTES = 30, 15
SESSION_HOURS = 12, 8
STEP_UP_MINUTES = 5
# A random number that says "this browser has logged in before"; portal/limits.py has its use.
DEVICE_COOKIE_NAME = "__Host-device" if PRODUCTION else "device"
# A browser refuses a __Host- cookie that did not come over https.
SESSION_COOKIE_NAME = "__Host-sid" if PRODUCTION else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"


# --- What comes from outside ---

ALLOWED_HOSTS = environment.listed(
    "ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver"
)
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must be set: the names under which the site runs.")
CSRF_TRUSTED_ORIGINS = environment.listed("CSRF_TRUSTED_ORIGINS")

# How many proxies of ours stand before the web server. Only these are believed about the client.
TRUSTED_PROXY_COUNT = environment.whole_number("TRUSTED_PROXY_COUNT", 0, at_most=9)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^livez$"]  # asked from inside the container, without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" breaks Django's CSRF check
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

# A form of the grid: 20,000 lines go up as a workbook, a page of them as fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_PERMISSIONS = 0o600

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    # Programs come with a token; the session is for whoever tries the API in a browser.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["portal.authentication.Turns"],
    "DEFAULT_METADATA_CLASS": None,  # the schema says what OPTIONS would
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.problems.problem",
    "COERCE_DECIMAL_TO_STRING": True,
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "VERSION": "1.0.0",
    "AUTHENTICATION_WHITELIST": ["portal.authentication.TokenAuthentication"],
    "PATH_CONVERTER_OVERRIDES": {
        "tax_month": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
    },
    "POSTPROCESSING_HOOKS": ["portal.openapi.complete"],
}


# --- Celery. Messages are hints; the truth about work is in PostgreSQL ---

CELERY_BROKER_URL = _broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # With the broker away, send_task would block for six seconds, even with retry=False.
    "max_retries": 0,
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 600
CELERY_TASK_TIME_LIMIT = 900
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# The broker's restart must not cost a task in work one of its attempts; claims keep twins apart.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# Somebody waits for what is interactive; a night's file or a province never stands before it.
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_ROUTES = {
    "reconciliation.look_into_inbox": {"queue": "import"},
    "reconciliation.import_*": {"queue": "import"},
    "portal.run_job": {"queue": "import"},
    "reconciliation.nightly": {"queue": "bulk"},
    "*.bulk_*": {"queue": "bulk"},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(PORTAL_HOME / "beat" / "schedule")
# A tick that nobody took expires: after an hour without workers there is one sweep, not 120.
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "reconciliation.sweep",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "sweep jobs": {
        "task": "portal.sweep_jobs",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "look into the inbox": {
        "task": "reconciliation.look_into_inbox",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "nightly": {
        "task": "reconciliation.nightly",
        "schedule": crontab(hour="1", minute="0"),
        "options": {"expires": 6 * 60 * 60},
    },
}


# --- Logs: to standard error, in English, without statements or personal data ---

LOG_LEVEL = environment.choice("LOG_LEVEL", "INFO", among=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Replaces Django's own handlers, which mail tracebacks and print only with DEBUG.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # At DEBUG it would log every statement with its values.
        "django.db.backends": {"level": "INFO"},
        "celery.beat": {"level": "WARNING"},
    },
}
