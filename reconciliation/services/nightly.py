"""The night's work: what arrived is imported, the workers are told to reconcile it; a clean-up."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from declarations.services.filing import forget_keys
from declarations.services.rosters import forget_rosters
from portal.claims import Work, claim
from portal.hints import hint
from portal.limits import sweep_attempts
from portal.services.jobs import forget_files, forget_jobs
from reconciliation.models import NightlyRun
from reconciliation.services import importing

logger = logging.getLogger(__name__)

# How long the keys of filings, the counts of tries and jobs that ended are kept.
KEPT = timedelta(days=30)
# How long the files are kept that jobs made: they name persons.
FILES_KEPT = timedelta(days=7)


def run_once(inbox: Path) -> bool:
    """Run the nightly work unless it was finished today (Asia/Shanghai); tell whether it ran.

    A run that was cut off is taken up again by the next call: its parts are harmless twice.
    """
    with claim(Work.NIGHTLY, [0]) as claimed:
        run, _ = NightlyRun.objects.get_or_create(business_day=timezone.localdate())
        if run.finished_at or not claimed:
            return False
        report = importing.import_feed(inbox)
        forget_keys(before=timezone.now() - KEPT)
        sweep_attempts(before=timezone.now() - KEPT)
        forget_files(before=timezone.now() - FILES_KEPT)
        forget_jobs(before=timezone.now() - KEPT)
        forget_rosters()
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])
    # The sweep hands the months out to all workers, and counts their attempts.
    hint("reconciliation.sweep")
    logger.info("Nightly run: %d files imported.", len(report.imported))
    return True
