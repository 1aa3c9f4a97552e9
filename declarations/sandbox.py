"""Runs the program that reads uploaded spreadsheets, where it can do no harm.

A workbook of 1.5 kB can make a parser ask for 512 GB and abort the whole interpreter, so no parser
runs in a server's process. The reader has a process group of its own, an empty environment (no key,
no address of a database), no descriptor but the file and its own output, an empty working
directory, and its own limits on memory, processor time and output; 25 seconds after its start its
group is killed. At most two run at once on a machine. What it leaves is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from declarations.faults import FileCode, FileRefused
from declarations.sheet_reader import MAX_BYTES

SLOTS = 2
WALL_SECONDS = 25.0
SLOT_WAIT_SECONDS = 30.0

_PROGRAM = Path(__file__).with_name("sheet_reader.py")


def read_cells(
    source: Path | bytes,
    kind: str,
    *,
    slots: Path,
    wait: float = SLOT_WAIT_SECONDS,
    seconds: float | None = None,
) -> Iterator[Any]:
    """Give out what sheet_reader.py writes about a file of a kind (`xlsx`, `csv`): the object about
    the sheet, then `[row, cells]`.

    `slots` is a folder for the locks and for what the reader leaves; every process that reads
    uploads must name the same. FileRefused with a code of the reader, TOO_LARGE, EMPTY, CRASHED,
    TIMEOUT (after so many `seconds`, or 25), or BUSY when no slot came free in `wait` seconds.
    """
    with slot(slots, wait) as folder:
        with _opened(source, folder) as file:
            output = folder / "output"
            _run(file, kind, output, seconds)
        with output.open(encoding="utf-8") as lines:
            yield from _whole_output(lines)


def _whole_output(lines: Iterator[str]) -> Iterator[Any]:
    for line in lines:
        try:
            part = json.loads(line)
        except ValueError:
            break
        if isinstance(part, dict) and "refused" in part:
            raise FileRefused(FileCode(part["refused"]))
        if isinstance(part, dict) and "rows" in part:
            return
        yield part
    raise FileRefused(FileCode.CRASHED)


@contextlib.contextmanager
def _opened(source: Path | bytes, folder: Path) -> Iterator[BinaryIO]:
    """Open a file of a size that may be read."""
    if isinstance(source, bytes):
        path = folder / "input"
        path.write_bytes(source[: MAX_BYTES + 1])
    else:
        path = source
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise FileRefused(FileCode.EMPTY)
        if size > MAX_BYTES:
            raise FileRefused(FileCode.TOO_LARGE, max=str(MAX_BYTES))
        yield file


def _run(file: BinaryIO, kind: str, output: Path, seconds: float | None) -> None:
    """Run the reader to its end, or end it."""
    folder = Path(tempfile.mkdtemp(dir=output.parent))
    with output.open("wb") as target:
        # -I: no environment, no user's packages, no current folder on the path.
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", str(_PROGRAM), kind],
            stdin=file,
            stdout=target,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            close_fds=True,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds or WALL_SECONDS)
        except subprocess.TimeoutExpired:
            raise FileRefused(FileCode.TIMEOUT) from None
        finally:
            # Whatever it may have started goes with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if status == -signal.SIGXCPU:
        raise FileRefused(FileCode.TIMEOUT)
    if status != 0:
        raise FileRefused(FileCode.CRASHED)


@contextlib.contextmanager
def slot(slots: Path, wait: float) -> Iterator[Path]:
    """Hold one of the two slots of a folder; give out its own, empty, and empty it again.

    FileRefused BUSY when none came free in `wait` seconds.
    """
    slots.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + wait
    while True:
        for number in range(SLOTS):
            with (slots / f"{number}.lock").open("ab") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                folder = slots / str(number)
                # A holder that was killed has left its own.
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(mode=0o700)
                try:
                    yield folder
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
                return
        if time.monotonic() >= deadline:
            raise FileRefused(FileCode.BUSY)
        time.sleep(0.05)
