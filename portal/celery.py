"""Celery's application. Its settings are the ones that begin with CELERY_ in portal/settings.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init
from django.conf import settings

from portal import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def start_embedded_servers(**_: Any) -> None:
    """Have the broker up before the worker or the timetable asks for it."""
    if settings.EMBEDDED_SERVERS:
        embedded.ensure(settings.PORTAL_HOME, settings.EMBEDDED_SERVERS)
