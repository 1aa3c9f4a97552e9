"""The portal's home: the folder with the embedded servers' data, the inbox and the keys.

It is the lock on all three: whoever can enter it can read them. Hence the checks of its owner
and mode. Nothing here knows Django, because the guard of the embedded servers runs without it.
"""

import os
import secrets
import stat
from pathlib import Path

PROJECT = "iit-portal"

# What the portal itself puts into its home. A folder that holds anything else is somebody's.
ENTRIES = {
    "beat",
    "gate.lock",
    "guard.lock",
    "inbox",
    "keys",
    "media",
    "servers",
    "static",
    "users.lock",
}


class HomeRefused(Exception):
    """The folder cannot be the portal's home; the message says why and what to do."""


def default_home(*, suffix: str = "") -> Path:
    """Return the home of the user who runs the portal, when PORTAL_HOME does not name one."""
    return Path(f"/var/tmp/{PROJECT}-{os.getuid()}{suffix}")  # noqa: S108 - checked by prepare_home


def home_mode() -> int:
    """Return the mode of a home: its owner's alone.

    As root the servers run as *nobody*, who must be able to pass through, but not to look.
    """
    return 0o711 if os.getuid() == 0 else 0o700


def prepare_home(home: Path) -> Path:
    """Make the home if it is missing, and refuse one that others could read or replace."""
    if not home.is_absolute():
        raise HomeRefused(f"PORTAL_HOME must be an absolute path, not {home}.")
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        home.mkdir(mode=home_mode())
    except FileExistsError:
        _check_existing(home)
    _tighten(home)
    for name in ("inbox", "keys", "beat"):
        (home / name).mkdir(mode=0o700, exist_ok=True)
    return home


def key_file(home: Path, name: str) -> Path:
    """Return the file of a key of 32 random bytes, in hex; make it at the first call.

    For development and tests. In production the keys come from the operator.
    """
    path = home / "keys" / name
    if not path.exists():
        # Written whole under another name, then linked: two first starts agree on one key.
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path


def _check_existing(home: Path) -> None:
    status = home.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise HomeRefused(f"{home} is a link. Name a folder of your own in PORTAL_HOME.")
    if not stat.S_ISDIR(status.st_mode):
        raise HomeRefused(f"{home} is not a folder. Name another in PORTAL_HOME.")
    if status.st_uid != os.getuid():
        raise HomeRefused(f"{home} belongs to another user. Name another in PORTAL_HOME.")


def _tighten(home: Path) -> None:
    mode = stat.S_IMODE(home.lstat().st_mode)
    if mode == home_mode():
        return
    strangers = sorted({entry.name for entry in home.iterdir()} - ENTRIES)
    if strangers:
        raise HomeRefused(
            f"{home} has the mode {mode:04o} and holds other things ({strangers[0]}). "
            f"Name an empty folder in PORTAL_HOME, or chmod {home_mode():o} this one."
        )
    home.chmod(home_mode())
