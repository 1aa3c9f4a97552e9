"""Attempts at a piece of work: counted before it, and given back when it was not to blame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import F, QuerySet


@contextmanager
def given_back_if_cut_off(work: QuerySet[Any]) -> Iterator[None]:
    """Take one off the `attempts` of these rows if the database goes away or somebody stops us.

    Only a process that lives to see it can: what kills its process keeps its attempt. Whatever
    was raised comes out.
    """
    used = connection.connection
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        _give_back(work)
        raise
    except (OperationalError, InterfaceError):
        # Django may have opened another one meanwhile.
        if used is None or used.closed:
            _give_back(work)
        raise


def _give_back(work: QuerySet[Any]) -> None:
    # Over a connection of its own: the one in use is lost, or in the middle of something.
    connection.close()
    with suppress(DatabaseError):
        work.filter(attempts__gt=0).update(attempts=F("attempts") - 1)
    connection.close()
