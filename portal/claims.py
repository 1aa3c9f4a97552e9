"""Claims: I am doing this piece of work, and nobody else is.

A claim is a session advisory lock of PostgreSQL. It ends with the connection, so that the work of
a process that died is free at once. What a twin is working on is left out and counts no attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from time import sleep
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


_PAUSE = 0.1  # seconds


class Work(IntEnum):
    """The first key of the advisory locks: what kind of work an id belongs to."""

    IMPORT = 7101
    RECONCILE = 7102
    NIGHTLY = 7103
    MIGRATE = 7104
    JOB = 7105


@contextmanager
def claim(work: Work, ids: Iterable[int]) -> Iterator[list[int]]:
    """Claim what nobody else has claimed, and yield those ids; release them at the end.

    Ids are taken modulo 2^31, in ascending order: two that share a claim cost a turn, no more.
    """
    wanted = sorted(set(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::bigint[]) AS id"
            " WHERE pg_try_advisory_lock(%s, (id %% 2147483648)::int)",
            [wanted, work],
        )
        claimed = [row[0] for row in cursor.fetchall()]
        try:
            yield claimed
        finally:
            if _is_held(cursor):
                cursor.execute(
                    "SELECT pg_advisory_unlock(%s, (id %% 2147483648)::int)"
                    " FROM unnest(%s::bigint[]) AS id",
                    [work, claimed],
                )


@contextmanager
def wait_for(work: Work) -> Iterator[None]:
    """Claim a kind of work as a whole (id 0), waiting for whoever has it, however long."""
    with connection.cursor() as cursor:
        # Asked again and again: a statement that waits is a snapshot that CREATE INDEX CONCURRENTLY
        # waits for in its turn.
        while not _is_got(cursor, work):
            sleep(_PAUSE)
        try:
            yield
        finally:
            if _is_held(cursor):
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [work])


def _is_got(cursor: CursorWrapper, work: Work) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [work])
    (got,) = cursor.fetchone()
    return bool(got)


def _is_held(cursor: CursorWrapper) -> bool:
    """Tell whether the locks of a cursor's connection still stand, and can be given up now."""
    return not cursor.connection.closed and not connection.needs_rollback
