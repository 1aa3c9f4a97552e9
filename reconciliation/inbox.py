"""The folder into which the core system drops its files, and the two folders beside them.

Nothing here knows what is in a file. Only regular files count; what is a link, a folder or a pipe
stays where it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

MARKER_SUFFIX = ".ok"
# A good marker has at most 86 bytes: a digest, a space, 19 digits, CRLF.
LONGEST_MARKER = 200
DONE = "done"
REJECTED = "rejected"


@dataclass(frozen=True)
class Delivery:
    """An opened file with its marker: these bytes are hashed, and the same are parsed."""

    stream: BinaryIO
    marker: bytes


def complete_files(folder: Path) -> list[str]:
    """Return the names of the files that have their marker, in no order of meaning."""
    regular = {
        entry.name
        for entry in os.scandir(folder)
        if entry.is_file(follow_symlinks=False) and _is_text(entry.name)
    }
    return sorted(
        name
        for name in regular
        if f"{name}{MARKER_SUFFIX}" in regular and not name.endswith(MARKER_SUFFIX)
    )


def _is_text(name: str) -> bool:
    """Tell whether a name can be stored: one of undecodable bytes cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


@contextmanager
def open_delivery(folder: Path, name: str) -> Iterator[Delivery]:
    """Open a file and read its marker. FileNotFoundError if either is gone or no regular file."""
    with (
        _open_regular(folder / f"{name}{MARKER_SUFFIX}") as marker,
        _open_regular(folder / name) as stream,
    ):
        yield Delivery(stream, marker.read(LONGEST_MARKER))


def _open_regular(path: Path) -> BufferedReader:
    # O_NONBLOCK: a pipe put in the file's place must not hold the import up.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FileNotFoundError(f"{path.name} is gone") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(f"{path.name} is no regular file")
    return os.fdopen(descriptor, "rb")


def digest_of(folder: Path, name: str) -> str | None:
    """Return the SHA-256 of a file of the inbox in hex, or none if it is not there."""
    try:
        with _open_regular(folder / name) as stream:
            return file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def move_away(folder: Path, name: str, destination: str) -> None:
    """Move a file and its marker to `done` or `rejected`. No name there is overwritten.

    The marker goes first: a file without one is not touched, should the move break off here. It is
    then finished beside the marker.
    """
    target = folder / destination
    target.mkdir(exist_ok=True)
    has_marker = os.path.lexists(folder / f"{name}{MARKER_SUFFIX}")
    free = _free_name(target, name, taken=(MARKER_SUFFIX, "") if has_marker else ("",))
    for suffix in (MARKER_SUFFIX, ""):
        source = folder / f"{name}{suffix}"
        if source.exists():
            source.rename(target / f"{free}{suffix}")


def _free_name(folder: Path, name: str, *, taken: tuple[str, ...]) -> str:
    candidate, number = name, 0
    while any(os.path.lexists(folder / f"{candidate}{suffix}") for suffix in taken):
        number += 1
        candidate = f"{name}.{number}"
    return candidate
