"""`make run`: all processes live and die as one, and a second run keeps what was there."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from portal import embedded, serve

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp"))
    yield made
    embedded.stop(made)
    embedded.remove(made)
    shutil.rmtree(made, ignore_errors=True)


class Portal:
    """A running portal: `python -m portal.serve` on a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PORTAL_", "DJANGO_")) and name not in ("DATABASE_URL",)
        }
        self.home = folder
        self.output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by end()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.serve"],
            cwd=ROOT,
            env=variables | {"PORTAL_HOME": str(folder), "PORT": str(self.port)},
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def wait_until_it_runs(self) -> None:
        deadline = time.monotonic() + 90
        while "The portal runs" not in self.words():
            assert self.process.poll() is None, self.words()
            assert time.monotonic() < deadline, self.words()
            time.sleep(0.1)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.output.close()

    def words(self) -> str:
        self.output.seek(0)
        return self.output.read()

    def processes(self) -> dict[int, str]:
        """Return the command lines of its processes, which all have its home in common."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"PORTAL_HOME={self.home}\0".encode() in (folder / "environ").read_bytes():
                    words = (folder / "cmdline").read_text().replace("\0", " ")
                    if "embedded.py" not in words:  # the guard
                        found[int(folder.name)] = words
        return found

    def is_gone(self) -> bool:
        deadline = time.monotonic() + 30
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.processes()


@pytest.fixture
def portal(folder: Path) -> Iterator[Portal]:
    running = Portal(folder)
    try:
        running.wait_until_it_runs()
        yield running
    finally:
        running.end()


def test_a_running_portal_answers_says_where_and_stops_in_good_order(
    portal: Portal, folder: Path
) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{portal.port}/livez", timeout=5) as answer:
        assert answer.read() == b"ok\n"
    assert f"http://127.0.0.1:{portal.port}/" in portal.words()

    portal.process.send_signal(signal.SIGTERM)

    assert portal.process.wait(30) == 0
    assert portal.is_gone()
    assert not embedded._answers(embedded.postgresql_socket(folder))
    assert not embedded._answers(embedded.valkey_socket(folder))


def test_when_one_process_ends_all_do_and_the_status_says_so(portal: Portal, folder: Path) -> None:
    beat = next(number for number, words in portal.processes().items() if " beat" in words)

    os.kill(beat, signal.SIGKILL)

    assert portal.process.wait(30) == 1
    assert "The process beat ended" in portal.words()
    assert portal.is_gone()
    assert not embedded._answers(embedded.postgresql_socket(folder))


def test_a_portal_that_is_killed_leaves_no_process(portal: Portal, folder: Path) -> None:
    portal.process.kill()
    portal.process.wait()

    assert portal.is_gone()
    deadline = time.monotonic() + 20
    while embedded._answers(embedded.postgresql_socket(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not embedded._answers(embedded.postgresql_socket(folder))


def test_a_port_that_was_asked_for_and_is_taken_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))

        with pytest.raises(serve.CannotServe, match="PORT="):
            serve.free_port("127.0.0.1")

    assert "cannot be used" in capsys.readouterr().err


def test_without_a_wish_the_next_free_port_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.delenv("PORT", raising=False)
        monkeypatch.setattr(serve, "DEFAULT_PORT", taken)

        assert taken < serve.free_port("127.0.0.1") < taken + 100

    assert f"Port {taken}" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["http", "0", "70000", "-1", "８０００"])
def test_a_port_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("PORT", word)

    with pytest.raises(serve.CannotServe, match="PORT must be"):
        serve.free_port("127.0.0.1")
