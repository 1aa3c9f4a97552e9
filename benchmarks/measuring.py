"""What all measurements share: a clock, peak memory, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection


@dataclass
class Measurement:
    """Seconds by the wall, and the highest memory so far of this process and its database's."""

    seconds: float = 0.0
    process_mib: float = 0.0
    database_mib: float = 0.0


@contextmanager
def measured() -> Iterator[Measurement]:
    """Measure what is done meanwhile. The database's figure needs its processes on this machine."""
    measurement = Measurement()
    start = time.perf_counter()
    yield measurement
    measurement.seconds = time.perf_counter() - start
    measurement.process_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measurement.database_mib = _database_peak()


def _database_peak() -> float:
    """Return the private memory's peak of the backend that serves this connection, in MiB."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        status = Path(f"/proc/{cursor.fetchone()[0]}/status")
    if not status.exists():
        return 0.0
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    peak, shared = (int(fields[name].split()[0]) for name in ("VmHWM", "RssShmem"))
    return (peak - shared) / 1024


def machine() -> str:
    """Return a line that says on what was measured."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0]
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {gib:.0f} GiB, Python {platform.python_version()},"
        f" PostgreSQL {postgresql}"
    )
