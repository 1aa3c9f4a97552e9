"""The night's work: what arrived is imported, and every change reconciled."""

from __future__ import annotations

import logging
from pathlib import Path

from django.utils import timezone

from reconciliation.models import NightlyRun
from reconciliation.services import importing, reconciling

logger = logging.getLogger(__name__)


def run_once(inbox: Path) -> bool:
    """Run the nightly work unless it was finished today (Asia/Shanghai); tell whether it ran.

    A run that was cut off is taken up again by the next call: its parts are harmless twice.
    """
    run, _ = NightlyRun.objects.get_or_create(business_day=timezone.localdate())
    if run.finished_at:
        return False
    report = importing.import_feed(inbox)
    results = reconciling.reconcile_all(changed_only=True)
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    logger.info("Nightly run: %d files, %d months.", len(report.imported), results.total())
    return True
