"""Django's PostgreSQL backend, which starts the embedded server if the portal has no other.

Being asked for a connection is the one thing that the web server, the workers, the commands, the
tests and the benchmarks have in common: nothing else needs to know of the embedded servers.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from portal import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, after the embedded servers that the settings ask for are up."""
        if settings.EMBEDDED_SERVERS:
            embedded.ensure(settings.PORTAL_HOME, settings.EMBEDDED_SERVERS)
        return super().get_new_connection(conn_params)
