"""Hints: there is work. The work is a state in PostgreSQL; a hint that is lost costs time."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def hint(task_name: str, *ids: int) -> None:
    """After the commit, name a task that has work; the broker may be away.

    It goes by name, so that an app can hint at the work of one it does not import.
    """

    def send() -> None:
        try:
            current_app.send_task(task_name, ids, retry=False)
        except OperationalError:
            logger.warning("No hint for %s: the sweep will find its work.", task_name)

    transaction.on_commit(send)
