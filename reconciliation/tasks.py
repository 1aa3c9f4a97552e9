"""What the workers do. A message is a hint with ids; the work and its state are in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from django.conf import settings

from portal.hints import hint
from reconciliation import selectors
from reconciliation.services import importing, nightly, reconciling


@shared_task(name="reconciliation.look_into_inbox")
def look_into_inbox() -> None:
    """Import what lies complete in the inbox."""
    importing.import_feed_unless_busy(Path(settings.INBOX))


@shared_task(name="reconciliation.reconcile")
def reconcile(*agent_ids: int) -> None:
    """Bring these agents' changed months up to date."""
    reconciling.reconcile_months(agent_ids)


@shared_task(name="reconciliation.sweep")
def sweep() -> None:
    """Hint again at all that is unfinished; beat runs it every 30 seconds."""
    for agent_ids in selectors.batches_of_agents(selectors.months_to_reconcile()):
        hint("reconciliation.reconcile", *agent_ids)


@shared_task(name="reconciliation.nightly")
def nightly_run() -> None:
    """Do the night's work, once a business day."""
    nightly.run_once(Path(settings.INBOX))
