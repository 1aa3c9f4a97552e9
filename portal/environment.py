"""Reads settings from environment variables, and refuses nonsense by the variable's name.

Every function takes the variable's name first. An empty variable counts as unset.
"""

import os
from collections.abc import Collection

from django.core.exceptions import ImproperlyConfigured

SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def text(name: str, default: str = "") -> str:
    """Return the variable as it stands, without surrounding white space."""
    return os.environ.get(name, "").strip() or default


def required(name: str, why: str) -> str:
    """Return the variable; raise ImproperlyConfigured with its name when it is unset."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} must be set: {why}")
    return value


def whole_number(name: str, default: int, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int:
    """Return the variable as a whole number within the limits."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not at_least <= int(value) <= at_most:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {at_least} to {at_most}, not {value!r}."
        )
    return int(value)


def switch(name: str, default: bool) -> bool:
    """Return whether the variable says yes."""
    value = text(name, "1" if default else "0").lower()
    if value not in SWITCHES:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(SWITCHES)}, not {value!r}.")
    return SWITCHES[value]


def choice(name: str, default: str, among: Collection[str]) -> str:
    """Return the variable, which must be one of the words given."""
    value = text(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(among)}, not {value!r}.")
    return value


def listed(name: str, default: str = "") -> list[str]:
    """Return the variable's words, which commas divide."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
