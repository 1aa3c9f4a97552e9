"""The embedded servers: side by side, stopped by their last user, gone after a crash."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from portal import embedded, home

USER = """
import sys
from pathlib import Path
from portal import embedded
embedded.ensure(Path(sys.argv[1]), temporary="temporary" in sys.argv)
print("ready", flush=True)
sys.stdin.read()
"""

BeUser = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def somewhere() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp"))
    yield home.prepare_home(folder)
    embedded.stop(folder)
    embedded.remove(folder)


@pytest.fixture
def be_user() -> Iterator[BeUser]:
    """Start processes that use a home's servers until their standard input is closed."""
    users = []

    def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
        user = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        users.append(user)
        assert user.stdout is not None
        assert user.stdout.readline() == "ready\n"
        return user

    yield start
    for user in users:
        user.kill()
        user.communicate()


def leave(user: "subprocess.Popen[str]") -> None:
    user.communicate("")
    assert user.returncode == 0


def are_running(folder: Path) -> tuple[bool, bool]:
    return (
        embedded._answers(embedded.postgresql_socket(folder)),
        embedded._answers(embedded.valkey_socket(folder)),
    )


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(embedded.database_url(folder))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_the_last_user_stops_the_servers(somewhere: Path, be_user: BeUser) -> None:
    first, second = be_user(somewhere), be_user(somewhere)

    leave(first)
    between = are_running(somewhere)
    leave(second)

    assert between == (True, True)
    assert are_running(somewhere) == (False, False)


def test_data_survive_the_servers(somewhere: Path, be_user: BeUser) -> None:
    first = be_user(somewhere)
    rows(somewhere, "CREATE TABLE kept AS SELECT 1 AS n")
    with closing(redis.Redis.from_url(embedded.redis_url(somewhere))) as broker:
        broker.set("kept", "2")
    leave(first)

    be_user(somewhere)

    assert rows(somewhere, "SELECT n FROM kept") == [(1,)]
    with closing(redis.Redis.from_url(embedded.redis_url(somewhere))) as broker:
        assert broker.get("kept") == b"2"
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_after_the_crash_of_the_last_user_the_guard_stops_the_servers(
    somewhere: Path, be_user: BeUser
) -> None:
    user = be_user(somewhere)

    user.kill()

    assert eventually(lambda: are_running(somewhere) == (False, False))


def test_a_new_user_adopts_what_a_crashed_one_left(somewhere: Path, be_user: BeUser) -> None:
    be_user(somewhere).kill()

    last = be_user(somewhere)

    assert are_running(somewhere) == (True, True)
    leave(last)
    assert are_running(somewhere) == (False, False)


def test_a_crash_leaves_nothing_of_a_temporary_home(be_user: BeUser) -> None:
    folder = Path(tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp"))
    home.prepare_home(folder)
    user = be_user(folder, "temporary")

    user.kill()

    assert eventually(lambda: not folder.exists())


def test_two_homes_run_side_by_side(somewhere: Path, be_user: BeUser) -> None:
    other = home.prepare_home(Path(tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp")))
    here, there = be_user(somewhere), be_user(other, "temporary")
    rows(other, "CREATE TABLE only_there (n int)")

    assert rows(somewhere, "SELECT to_regclass('only_there')") == [(None,)]
    leave(here)
    assert are_running(other) == (True, True)
    leave(there)
    assert not other.exists()


def test_the_role_is_no_superuser_and_owns_its_database(somewhere: Path, be_user: BeUser) -> None:
    be_user(somewhere)

    assert rows(
        somewhere,
        "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        " FROM pg_roles JOIN pg_database ON datdba = pg_roles.oid WHERE datname = 'portal'",
    ) == [("portal", False, True, False, False, False)]


def test_the_database_sorts_by_code_and_logs_no_values(somewhere: Path, be_user: BeUser) -> None:
    be_user(somewhere)
    names = (
        "log_statement",
        "log_min_duration_statement",
        "log_min_error_statement",
        "log_error_verbosity",
        "synchronous_commit",
        "listen_addresses",
    )

    settings = {name: rows(somewhere, f"SHOW {name}")[0][0] for name in names}
    locale = rows(
        somewhere,
        "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()",
    )

    assert settings == {
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "synchronous_commit": "on",
        "listen_addresses": "",
    }
    assert locale == [("b", "C.UTF-8")]


def test_a_path_too_long_for_a_socket_is_refused_with_the_cure(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)

    with pytest.raises(embedded.EmbeddedServersRefused, match=r"bytes too long.*PORTAL_HOME"):
        embedded.ensure(folder)


def test_a_home_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")

    with pytest.raises(home.HomeRefused, match="is a link"):
        home.prepare_home(tmp_path / "link")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_home_that_is_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)

    with pytest.raises(home.HomeRefused, match="belongs to another user"):
        home.prepare_home(tmp_path / "theirs")


def test_an_open_home_is_closed_but_not_if_it_holds_other_things(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty").chmod(0o755)
    (tmp_path / "full").mkdir()
    (tmp_path / "full").chmod(0o755)
    (tmp_path / "full" / "letters").touch()

    home.prepare_home(tmp_path / "empty")

    assert (tmp_path / "empty").stat().st_mode & 0o777 == home.home_mode()
    with pytest.raises(home.HomeRefused, match="holds other things"):
        home.prepare_home(tmp_path / "full")
    assert (tmp_path / "full").stat().st_mode & 0o777 == 0o755


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = home.prepare_home(tmp_path / "home")

    first = home.key_file(folder, "secret_key").read_text()

    assert home.key_file(folder, "secret_key").read_text() == first
    assert len(bytes.fromhex(first)) == 32
    assert (folder / "keys" / "secret_key").stat().st_mode & 0o777 == 0o400


@pytest.mark.skipif(os.getuid() != 0, reason="as anybody else the servers run as their user")
def test_as_root_the_servers_run_as_nobody_even_beneath_a_private_folder(
    be_user: BeUser,
) -> None:
    private = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder = home.prepare_home(private / "home")
    try:
        user = be_user(folder, "temporary")
        data = embedded.socket_folder(folder).resolve()
        process = embedded._listener(embedded.postgresql_socket(folder))

        assert rows(folder, "SELECT 1") == [(1,)]
        assert Path(f"/proc/{process}").stat().st_uid == 65534
        assert data.stat().st_mode & 0o777 == 0o700
        assert private.stat().st_mode & 0o777 == 0o700
        leave(user)
        assert not data.exists()
    finally:
        shutil.rmtree(private, ignore_errors=True)
