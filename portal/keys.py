"""The keys that personal data are sealed with: where they come from, and what is derived.

Keys are kept outside the database, the repository and every dump: in a file that only its owner
may read (`SEALING_KEY_FILE`, mode 0400), or in the environment (`SEALING_KEY`). Both hold lines

    1:<64 hexadecimal digits>
    2:<64 hexadecimal digits>
    index:<64 hexadecimal digits>

(in the environment commas may stand for line ends; digits without a name are key 1). The highest
number seals, every number opens, so a key is changed by adding a line and restarting. The `index`
key makes the blind indexes and must never change: equal numbers would no longer be found equal.
With one numbered key and no `index` line, the indexes are made with that key; with several, the
line is required, because nobody could tell which of them had made the indexes.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
HIGHEST_KEY_ID = 255
_LINE = re.compile(rf"(?:(index|[1-9][0-9]{{0,2}}):)?([0-9a-fA-F]{{{2 * KEY_BYTES}}})")


class SealingError(Exception):
    """A sealed value cannot be opened. The text never holds any of its content."""


class KeyIsMissing(SealingError):
    """A value was sealed with a key that this process does not have."""

    def __init__(self, key_id: int, known: Mapping[int, bytes]) -> None:
        have = ", ".join(str(number) for number in sorted(known))
        super().__init__(
            f"The sealing key with the id {key_id} is missing (there are: {have}). Add its line"
            f" `{key_id}:…` to SEALING_KEY_FILE or SEALING_KEY again, from the keys' own backup,"
            " and restart."
        )
        self.key_id = key_id


@dataclass(frozen=True, eq=False)
class Keyring:
    """The keys of one portal; compared and hashed by identity, shown without its content."""

    newest: int
    sealing: Mapping[int, bytes] = field(repr=False)
    index: bytes = field(repr=False)

    def sealing_key(self, key_id: int, purpose: str, length: int) -> bytes:
        """Return the key derived from a numbered one for a purpose; KeyIsMissing if unknown."""
        try:
            master = self.sealing[key_id]
        except KeyError:
            raise KeyIsMissing(key_id, self.sealing) from None
        return _derived(master, f"seal {purpose}", length)

    def index_key(self, kind: str) -> bytes:
        """Return the key of the blind index of one kind of identifier."""
        return _derived(self.index, f"index {kind}", KEY_BYTES)


def keyring() -> Keyring:
    """Return the keys of the settings; read once for a process, so a new key needs a restart.

    The environment comes before the file, whose path has a default. ImproperlyConfigured, with the
    cure, when there are no keys, when the file is open to others, or when a line cannot be read.
    """
    return _keyring(
        getattr(settings, "SEALING_KEY_FILE", None), getattr(settings, "SEALING_KEY", None)
    )


def generate_key_file(path: Path) -> None:
    """Create a file with new keys, mode 0400, whole or not at all.

    FileExistsError when the path exists: keys are never overwritten, the data would be lost.
    """
    lines = f"1:{secrets.token_hex(KEY_BYTES)}\nindex:{secrets.token_hex(KEY_BYTES)}\n"
    # A temporary file is created with mode 0600 and an unpredictable name.
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(lines)
            os.fchmod(file.fileno(), 0o400)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link fails when somebody else was first.
        os.link(unfinished, path)
    finally:
        os.unlink(unfinished)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@lru_cache(maxsize=8)
def _keyring(path: str | Path | None, text: str | None) -> Keyring:
    if text:
        return _parse(text.replace(",", "\n"), "SEALING_KEY")
    if path:
        return _parse(_read(Path(path)), f"SEALING_KEY_FILE ({path})")
    raise ImproperlyConfigured(
        "There is no key to seal personal data with. Set SEALING_KEY_FILE to a file made by"
        " portal.keys.generate_key_file, or SEALING_KEY to its content."
    )


def _read(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            # Asked of the open file: a path could be exchanged between two looks.
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ImproperlyConfigured(f"SEALING_KEY_FILE ({path}) is not a regular file.")
            if stat.S_IMODE(mode) != 0o400:
                raise ImproperlyConfigured(
                    f"SEALING_KEY_FILE ({path}) has the mode {stat.S_IMODE(mode):04o} and must be"
                    f" readable by its owner alone: chmod 0400 {path}"
                )
            return file.read()
    except OSError as error:
        raise ImproperlyConfigured(
            f"SEALING_KEY_FILE ({path}) cannot be read: {error.strerror}. It must exist and belong"
            " to the user that the portal runs as."
        ) from error


def _parse(text: str, source: str) -> Keyring:
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        match = _LINE.fullmatch(content)
        if match is None:  # the line itself is not shown: it may hold a key
            raise ImproperlyConfigured(
                f"{source}, line {number}: not `<number>:<{2 * KEY_BYTES} hexadecimal digits>` or"
                f" `index:<{2 * KEY_BYTES} hexadecimal digits>`."
            )
        name, digits = match.group(1) or "1", match.group(2)
        if name in keys:
            raise ImproperlyConfigured(f"{source}, line {number}: the key {name} stands twice.")
        keys[name] = bytes.fromhex(digits)
    index = keys.pop("index", None)
    sealing = {int(name): key for name, key in keys.items()}
    if not sealing or max(sealing) > HIGHEST_KEY_ID:
        raise ImproperlyConfigured(
            f"{source}: there must be a key, and its number be from 1 to {HIGHEST_KEY_ID}."
        )
    if index is None and len(sealing) > 1:
        raise ImproperlyConfigured(
            f"{source}: several keys and no `index` line. Add one with the key that made the blind"
            " indexes: the key that was there alone before."
        )
    newest = max(sealing)
    return Keyring(newest=newest, sealing=sealing, index=index or sealing[newest])


def _derived(master: bytes, purpose: str, length: int) -> bytes:
    info = f"portal {purpose}".encode("ascii")
    return HKDF(algorithm=hashes.SM3(), length=length, salt=None, info=info).derive(master)
