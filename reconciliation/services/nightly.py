"""The night's work: what arrived is imported, and the workers are told to reconcile it."""

from __future__ import annotations

import logging
from pathlib import Path

from django.utils import timezone

from portal.claims import Work, claim
from portal.hints import hint
from reconciliation.models import NightlyRun
from reconciliation.services import importing

logger = logging.getLogger(__name__)


def run_once(inbox: Path) -> bool:
    """Run the nightly work unless it was finished today (Asia/Shanghai); tell whether it ran.

    A run that was cut off is taken up again by the next call: its parts are harmless twice.
    """
    with claim(Work.NIGHTLY, [0]) as claimed:
        run, _ = NightlyRun.objects.get_or_create(business_day=timezone.localdate())
        if run.finished_at or not claimed:
            return False
        report = importing.import_feed(inbox)
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])
    # The sweep hands the months out to all workers, and counts their attempts.
    hint("reconciliation.sweep")
    logger.info("Nightly run: %d files imported.", len(report.imported))
    return True
