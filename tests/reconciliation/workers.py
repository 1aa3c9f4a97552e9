"""The portal's own processes, and their broker, for tests that kill, empty and poison them.

Run as a module it is one of these processes with poison in it (see `poison`):
`python -m tests.reconciliation.workers import_feed FOLDER`, or `worker --queues …`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from inspect import getsource
from pathlib import Path
from typing import Any

import django
from celery.signals import worker_process_init
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from kombu import Connection
from redis import Redis

from portal import embedded
from portal.celery import app
from portal.home import prepare_home

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = int(os.environ.get("FAULT_PATIENCE", "40"))
"""Seconds after which a test gives up waiting: a limit of liveness, not a duration."""

POISONED_FILE = "POISONED_FILE"
POISONED_MONTH = "POISONED_MONTH"
QUEUES = ("interactive", "import", "bulk")


def until(
    condition: Callable[[], object], *, meanwhile: Callable[[], object] | None = None
) -> None:
    """Look again and again until the condition holds, doing something else meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {getsource(condition)}"
        if meanwhile:
            meanwhile()
        time.sleep(0.03)


class Broker:
    """A Valkey of the test's own, that can be away and be emptied."""

    def __init__(self) -> None:
        # /tmp may be too long a path for a socket.
        made = tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp")
        self.home = prepare_home(Path(made))
        self.url = embedded.redis_url(self.home)
        self.start()

    def start(self) -> None:
        embedded.ensure(self.home, {embedded.VALKEY})

    def stop(self) -> None:
        embedded.release(self.home)

    def remove(self) -> None:
        self.stop()
        embedded.remove(self.home)

    def empty(self) -> int:
        """Lose all that it holds; return how many messages that were."""
        with Redis.from_url(self.url) as server:
            lost = sum(int(server.llen(queue)) for queue in QUEUES)
            server.flushall()
        return lost

    def in_work(self) -> int:
        """Count the messages that were taken and are not yet done with; -1 if others wait."""
        with Redis.from_url(self.url) as server:
            return -1 if server.exists(*QUEUES) else int(server.hlen("unacked"))

    def send(self, task: str, *arguments: int, **options: Any) -> None:
        """Publish a message."""
        address = f"redis+socket://{embedded.valkey_socket(self.home)}"
        with Connection(address, transport_options=app.conf.broker_transport_options) as broker:
            app.send_task(task, arguments, connection=broker, retry=False, **options)

    def tick(self, entry: str) -> None:
        """Publish one entry of the timetable, as beat would."""
        timetable: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE[entry]
        self.send(timetable["task"], **timetable["options"])

    def beat(self, entry: str, *, every: float = 1) -> Callable[[], None]:
        """Return what publishes an entry when called, but not more often than so many seconds."""
        due = 0.0

        def tick() -> None:
            nonlocal due
            if time.monotonic() >= due:
                due = time.monotonic() + every
                self.tick(entry)

        return tick


class Process:
    """A process of the portal and its children, on the test's database and broker."""

    started = 0

    def __init__(
        self, arguments: list[str], *, broker: Broker, inbox: Path, **environment: str
    ) -> None:
        Process.started += 1
        # Its name at the database, by which its connections are found.
        self.name = f"process-{Process.started}"
        database = connection.settings_dict
        self.output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by end()
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ
            | {
                "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}"
                f"?host={database['HOST']}&application_name={self.name}",
                "REDIS_URL": broker.url,
                "INBOX": str(inbox),
                "LOG_LEVEL": "WARNING",
            }
            | environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def runs(self) -> bool:
        return self.process.poll() is None

    def words(self) -> str:
        self.output.seek(0)
        return self.output.read()

    def succeeds(self) -> str:
        """Wait for its end, which must be a good one; return what it printed."""
        try:
            status = self.process.wait(PATIENCE)
            assert status == 0, self.words()
            return self.words()
        finally:
            self.kill()

    def ends(self) -> int:
        """Wait for its end, good or not; return its status."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill it and its children, and wait until the database knows."""
        if self.output.closed:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        print(self.words())  # noqa: T201  shown when the test fails
        self.output.close()
        until(lambda: not self.sessions())

    def sessions(self, also: str = "true") -> int:
        """Count its connections at the database: all, or those of which a condition holds."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND {also}",  # noqa: S608
                [self.name],
            )
            return int(cursor.fetchone()[0])

    def waits_for_a_lock(self) -> bool:
        return self.sessions("wait_event_type = 'Lock'") > 0

    def asks_for_a_claim(self) -> bool:
        """Tell whether it was refused a claim, and asks again in a moment."""
        asked = "query LIKE 'SELECT pg_try_advisory_lock%%' AND state LIKE 'idle%%'"
        return self.sessions(asked) > 0


def importer(folder: Path, *, broker: Broker) -> Process:
    """Start `manage.py import_feed FOLDER`."""
    return Process(["manage.py", "import_feed", str(folder)], broker=broker, inbox=folder)


def worker(inbox: Path, *, broker: Broker) -> Process:
    """Start a worker with two pool processes that takes from every queue."""
    words = ["-m", "celery", "--quiet", "--app", "portal.celery", *_worker_words()]
    return Process(words, broker=broker, inbox=inbox)


def poisoned_importer(folder: Path, *, broker: Broker, file: str) -> Process:
    """Start an import that dies as soon as it loads one file."""
    words = ["-m", "tests.reconciliation.workers", "import_feed", str(folder)]
    return Process(words, broker=broker, inbox=folder, **{POISONED_FILE: file})


def poisoned_worker(
    inbox: Path, *, broker: Broker, file: str = "", month: int | None = None
) -> Process:
    """Start a worker whose processes die of one file, and fail at one month."""
    return Process(
        ["-m", "tests.reconciliation.workers", *_worker_words()],
        broker=broker,
        inbox=inbox,
        **{POISONED_FILE: file, POISONED_MONTH: str(month or "")},
    )


def _worker_words() -> list[str]:
    queues = ["--queues", ",".join(QUEUES), "--concurrency", "2"]
    return ["worker", "--loglevel", "WARNING", *queues, "--without-gossip", "--without-mingle"]


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the tests are gone, however they ended."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def poison(**_: object) -> None:
    """Make one file deadly for who loads it, and one month (its primary key) a failure."""
    from reconciliation.services import importing, reconciling

    load, reconcile = importing._load, reconciling._reconcile

    def deadly_load(file: Any, *arguments: Any) -> Any:
        if file.name == os.environ.get(POISONED_FILE):
            os.kill(os.getpid(), signal.SIGKILL)
        return load(file, *arguments)

    def failing_reconcile(months: list[int]) -> None:
        with transaction.atomic():
            reconcile(months)
            if os.environ.get(POISONED_MONTH, "") in map(str, months):
                raise ValueError("this month cannot be concluded")

    vars(importing)["_load"] = deadly_load
    vars(reconciling)["_reconcile"] = failing_reconcile


def main(words: list[str]) -> None:
    """Be a worker or a command, with poison."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    if words[0] == "worker":
        worker_process_init.connect(poison)
        app.worker_main(["--quiet", *words])
    else:
        poison()
        call_command(*words)


if __name__ == "__main__":
    main(sys.argv[1:])
