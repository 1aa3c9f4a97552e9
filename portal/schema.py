"""The database's schema: behind the code, or up to date with it."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.claims import Work, wait_for


def is_behind() -> bool:
    """Tell whether a migration has not been applied yet."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def bring_up_to_date() -> None:
    """Apply the migrations that are missing; who comes second waits for who came first."""
    with wait_for(Work.MIGRATE):
        with connection.cursor() as cursor:
            # A migration that waits for a lock makes all behind it wait: better to fail and repeat.
            cursor.execute("SET lock_timeout = '2s'")
        call_command("migrate", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
