"""What can be read about payments, months and the feed, by subject."""

from reconciliation.selectors.feed import complete_days, complete_to, gaps, watermark
from reconciliation.selectors.months import (
    BATCH,
    MOST_ATTEMPTS,
    Sums,
    batches_of_agents,
    entries_of_months,
    export_months,
    months_to_reconcile,
    months_with_a_result,
    stopped_months,
    sums_of_months,
)

__all__ = [
    "BATCH",
    "MOST_ATTEMPTS",
    "Sums",
    "batches_of_agents",
    "complete_days",
    "complete_to",
    "entries_of_months",
    "export_months",
    "gaps",
    "months_to_reconcile",
    "months_with_a_result",
    "stopped_months",
    "sums_of_months",
    "watermark",
]
