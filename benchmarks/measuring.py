"""What all measurements share: a clock, peak memory, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from django.db import connection


@dataclass
class Measurement:
    """Seconds by the wall; the peak memory of this process so far, and of the database's meanwhile.

    The database's is the private memory of all its backends together, if they are on this machine.
    """

    seconds: float = 0.0
    process_mib: float = 0.0
    database_mib: float = 0.0


@contextmanager
def measured() -> Iterator[Measurement]:
    """Measure what is done meanwhile."""
    measurement = Measurement()
    is_over = Event()
    watch = Thread(target=_watch_the_database, args=(measurement, is_over))
    watch.start()
    start = time.perf_counter()
    yield measurement
    measurement.seconds = time.perf_counter() - start
    measurement.process_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    is_over.set()
    watch.join()


def _watch_the_database(measurement: Measurement, is_over: Event) -> None:
    with closing(connection), connection.cursor() as cursor:
        while not is_over.wait(0.05):
            cursor.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            private = sum(_private_kib(pid) for (pid,) in cursor.fetchall())
            measurement.database_mib = max(measurement.database_mib, private / 1024)


def _private_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended, or is on another machine
        return 0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


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
