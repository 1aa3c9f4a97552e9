"""Runs the portal: prepares it, then keeps the Procfile's processes together.

`python -m portal.serve` is what `make run` calls. All processes live and die as one: TERM or INT
stops them in good order, and when one ends by itself the others are stopped and the exit status
is 1. With `--prepare` only the database is prepared, with the name of a process that one alone
is run: the services of docker-compose.yml.
"""

import argparse
import ctypes
import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

import django
from django.conf import settings
from django.core.management import call_command, get_commands

from portal import schema
from portal.catalogues import compile_catalogues

BASE_DIR = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000
START_SECONDS = 60
# A worker finishes the task it is at (REL-15); whoever takes longer is killed, and the sweep
# picks the task up after the next start.
STOP_SECONDS = 90


class CannotServe(Exception):
    """The portal cannot be run; the message says why and what to do."""


def main() -> int:
    """Run the portal, or only prepare it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m portal.serve", description=__doc__)
    commands = read_procfile()
    parser.add_argument("--prepare", action="store_true", help="prepare the database, and end")
    parser.add_argument("process", nargs="?", choices=commands, help="run this process alone")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        if options.process:
            shell = ["/bin/sh", "-c", f"exec {commands[options.process]}"]
            os.execve(shell[0], shell, _environment())  # noqa: S606 - it is a shell
        if options.prepare:
            sys.stdout.write(prepare_database())
            return 0
        host = os.environ.get("HOST") or "127.0.0.1"
        port = free_port(host)
        prepare_files()
        return _serve(host, port, prepare_database(), started)
    except CannotServe as error:
        _say(str(error))
        return 1


def prepare_files() -> None:
    """Compile the catalogues, and lay the static files where the web server finds them."""
    compile_catalogues()
    _set_up_django()
    call_command("collectstatic", interactive=False, verbosity=0)


def prepare_database() -> str:
    """Bring the database up to date; return what seed_demo says (nothing in production)."""
    _set_up_django()
    _say("Bringing the database up to date …")
    schema.bring_up_to_date()
    demonstration = io.StringIO()
    if not settings.PRODUCTION and "seed_demo" in get_commands():
        _say("Loading the demonstration …")
        call_command("seed_demo", stdout=demonstration)
    return demonstration.getvalue()


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()


def free_port(host: str) -> int:
    """Return the port to listen on: PORT, or the first free one from 8000.

    CannotServe when PORT is taken: who named it counts on it.
    """
    wanted = os.environ.get("PORT", "").strip()
    if wanted and not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 65536):
        raise CannotServe(f"PORT must be a number from 1 to 65535, not {wanted!r}.")
    first = int(wanted or DEFAULT_PORT)
    for port in range(first, first + 1 if wanted else min(first + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                _say(f"Port {port} of {host} cannot be used: {error.strerror}.")
            else:
                return port
    raise CannotServe("Name a free port, for example: PORT=8100 make run")


def read_procfile(path: Path = BASE_DIR / "Procfile") -> dict[str, str]:
    """Return the commands of the Procfile by their processes' names, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, command in pairs}


class Processes:
    """The portal's processes, which live and die together."""

    def __init__(self, commands: dict[str, str], environment: dict[str, str]) -> None:
        self.signals = 0
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._signalled)
        self.running = {
            name: subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                # Ctrl-C is for this process, which then stops the others in good order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
            for name, command in commands.items()
        }

    def ended(self) -> str | None:
        """Return the name of a process that has ended, or None."""
        return next((name for name, one in self.running.items() if one.poll() is not None), None)

    def wait(self) -> int:
        """Wait for a signal or the first process that ends; stop all; return the exit status."""
        while not self.signals:
            if (name := self.ended()) is not None:
                status = self.running[name].returncode
                _say(f"The process {name} ended with the status {status}; stopping the others.")
                self.stop()
                return 1
            time.sleep(0.2)
        _say("Stopping …")
        self.stop()
        return 0

    def stop(self) -> None:
        """Stop what runs: TERM, and KILL after a while or at the second Ctrl-C."""
        patience = self.signals + 1
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(process.poll() is None for process in self.running.values()):
            if time.monotonic() > deadline or self.signals > patience:
                break
            time.sleep(0.05)
        for process in self.running.values():
            # The group: what a killed leader left behind goes with it.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
            process.wait()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1


def _die_with_parent() -> None:
    """Ask Linux for a TERM when the parent is gone, so that `kill -9` leaves no orphans."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _serve(host: str, port: int, demonstration: str, started: float) -> int:
    environment = _environment() | {"HOST": host, "PORT": str(port)}
    processes = Processes(read_procfile(), environment)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    url = f"http://{shown}:{port}/"
    deadline = time.monotonic() + START_SECONDS
    while not processes.signals and processes.ended() is None and not _answers(f"{url}livez"):
        if time.monotonic() > deadline:
            _say(f"The web server did not answer within {START_SECONDS} seconds.")
            processes.stop()
            return 1
        time.sleep(0.1)
    if not processes.signals and processes.ended() is None:
        seconds = time.monotonic() - started
        sys.stdout.write(
            f"\n{demonstration.rstrip()}\n\n"
            f"The portal runs (started in {seconds:.0f} s): {url}\n"
            f"Its home, with the database, the inbox and the keys: {settings.PORTAL_HOME}\n"
            f"Files of the core system go into: {settings.INBOX}\n"
            "Ctrl-C stops it; nothing is lost. `make run` goes on where it was.\n"
        )
        sys.stdout.flush()
    return processes.wait()


def _environment() -> dict[str, str]:
    """Return the environment of the Procfile's commands: they find those of this Python."""
    folder = str(Path(sys.executable).parent)
    return os.environ | {"PATH": f"{folder}:{os.environ.get('PATH', '')}", "PYTHONUNBUFFERED": "1"}


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5)  # noqa: S310 - an address of our own
    except urllib.error.HTTPError:
        return True  # an answer, if not a good one
    except OSError:
        return False
    return True


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
