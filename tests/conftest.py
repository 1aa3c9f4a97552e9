"""The tests' home, and the cast."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Before anything reads the settings: tests never touch the home of the portal in use. Each run
# has one of its own, so that two runs side by side do not share a database either.
os.environ["PORTAL_ENV"] = "test"
os.environ["PORTAL_HOME"] = tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp")
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from portal import embedded
from portal.catalogues import compile_catalogues


def pytest_configure() -> None:
    """Compile the texts and start the servers; they stop, and their home goes, at the end."""
    compile_catalogues()
    embedded.ensure(Path(settings.PORTAL_HOME), settings.EMBEDDED_SERVERS, temporary=True)
    # Tests collect no static files; WhiteNoise warns of a folder that is not there.
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last: its event loop stays, and beside it Django refuses to query."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


@contextmanager
def beside_a_browser() -> Iterator[None]:
    """Let this thread use the database although the browser's event loop stays in it.

    Django would refuse to query, and look for its connection in another place.
    """
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Make the test database, whether or not a test says that it wants one by a mark."""
    with beside_a_browser(), django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with beside_a_browser(), django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give the test a copy of the test database, in which it commits: for threads, for instance.

    Not `django_db(transaction=True)`: that truncates every table afterwards, which evidence
    refuses, and which takes the rows of the migrations away. A thread closes its connection.
    """
    with django_db_blocker.unblock():
        with beside_a_browser():
            connection.close()
            name = connection.settings_dict["NAME"]
            copy = f"{name}_committed"
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
            connection.settings_dict["NAME"] = copy
        try:
            yield
        finally:
            with beside_a_browser():
                connection.close()
                connection.settings_dict["NAME"] = name
                with connection._nodb_cursor() as cursor:
                    cursor.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')
