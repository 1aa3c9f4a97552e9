"""What the operators' commands have in common."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal import embedded, schema


class OperatorCommand(BaseCommand):
    """A command that works at once in a fresh clone, beside a running portal and without one.

    The embedded database it brings up to date first. Another one is its operators' to migrate.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command on a database that has its tables."""
        if embedded.POSTGRESQL in settings.EMBEDDED_SERVERS and schema.is_behind():
            schema.bring_up_to_date()
        return super().execute(*args, **options)
