"""The tests' home, and the cast."""

import os
import tempfile
from pathlib import Path

# Before anything reads the settings: tests never touch the home of the portal in use. Each run
# has one of its own, so that two runs side by side do not share a database either.
os.environ["PORTAL_ENV"] = "test"
os.environ["PORTAL_HOME"] = tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp")
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

from django.conf import settings

from portal import embedded


def pytest_configure() -> None:
    """Start the servers; they are stopped, and the home is removed, when pytest ends."""
    embedded.ensure(Path(settings.PORTAL_HOME), settings.EMBEDDED_SERVERS, temporary=True)
