"""The portal's own system checks: what would break a promise quietly is refused at the start."""

import stat
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import redis
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from openpyxl import DEFUSEDXML

Apps = Sequence[AppConfig] | None
OLDEST_KOMBU = (5, 7, 0)


@register(Tags.security)
def spreadsheets_are_read_with_defused_xml(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse openpyxl without defusedxml: it would expand hostile XML."""
    if DEFUSEDXML:
        return []
    return [
        Error(
            "openpyxl does not use defusedxml.",
            hint="Install defusedxml, and unset OPENPYXL_DEFUSEDXML.",
            id="portal.E001",
        )
    ]


@register(Tags.compatibility)
def workers_survive_a_restart_of_redis(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse a kombu whose workers stay connected to nothing after a restart of Redis."""
    version = metadata.version("kombu")
    numbers = tuple(int(number) for number in version.split(".")[:3] if number.isdigit())
    if numbers >= OLDEST_KOMBU:
        return []
    return [Error(f"kombu {version} is older than 5.7.0.", id="portal.E002")]


@register(Tags.compatibility)
def no_task_outlives_its_message(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse time limits with which Redis would hand a running task to a second worker."""
    visible = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    if visible > 3 * settings.CELERY_TASK_TIME_LIMIT:
        return []
    return [
        Error(
            f"The broker's visibility_timeout ({visible} s) is not more than three times "
            f"CELERY_TASK_TIME_LIMIT ({settings.CELERY_TASK_TIME_LIMIT} s).",
            id="portal.E003",
        )
    ]


@register(Tags.security)
def production_has_servers_of_its_own(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse the embedded servers in production: they trust whoever reaches them."""
    if not settings.PRODUCTION:
        return []
    variables = {"postgresql": "DATABASE_URL", "valkey": "REDIS_URL"}
    return [
        Error(
            f"{variables[server]} is not set.",
            hint=f"Set {variables[server]} to the address of a real server; or set "
            "PORTAL_ENV=development, and the portal starts an embedded one.",
            id="portal.E004",
        )
        for server in sorted(settings.EMBEDDED_SERVERS)
    ]


@register(Tags.security)
def only_the_owner_reads_the_keys(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse a key file that is missing, or that others than its owner may read or change."""
    if not settings.SEALING_KEY_FILE:
        return []
    path = Path(settings.SEALING_KEY_FILE)
    try:
        status = path.stat()
    except OSError as error:
        return [
            Error(
                f"The key file {path} cannot be read: {error.strerror}.",
                hint="Set SEALING_KEY_FILE to the file with the keys.",
                id="portal.E005",
            )
        ]
    if stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o400:
        return []
    return [
        Error(
            f"The key file {path} has the mode {stat.S_IMODE(status.st_mode):04o}, not 0400.",
            hint=f"chmod 0400 {path}",
            id="portal.E006",
        )
    ]


@register(Tags.security, deploy=True)
def the_broker_evicts_nothing(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Warn of a broker that drops keys when it is full: with them go queues (REL-08).

    One that cannot be reached, or does not tell, is not judged here.
    """
    policy = ""
    if not settings.EMBEDDED_SERVERS:
        with suppress(redis.RedisError, OSError):
            broker = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
            )
            policy = broker.config_get("maxmemory-policy").get("maxmemory-policy") or ""
    if policy in ("", "noeviction"):
        return []
    return [
        Warning(
            f"The broker's maxmemory-policy is {policy}.",
            hint="Set it to noeviction.",
            id="portal.W001",
        )
    ]
