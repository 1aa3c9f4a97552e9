"""Donations: deducted up to 30% of the taxable income before them, some in full.

IIT Law (2007), article 6; IIT Law (2018), article 6; IIT regulations (2018), article 19; the manual
of 2006, section 5, G(j). Caishui 2019 No. 99 for wages from 2019: 30% of the cumulative taxable.
"""

from __future__ import annotations

from decimal import Decimal

from declarations.taxlaw.case import Case
from declarations.taxlaw.working import Working, at_most, minus, of, times


def less_donation(case: Case, working: Working, before: Decimal) -> Decimal:
    """Return the taxable income after the donations, never below 0, in yuan, unrounded.

    The ceiling is taken of what is taxable before any donation, also before one in full.
    """
    donation, in_full = case.amount("donation"), case.amount("donation_full")
    if not donation and not in_full:
        return before
    share = working.value("donation_share")
    by = working.cited("donation_share")
    limit = working.step(
        "donation_limit",
        before * share,
        of("taxable_before_donation", before),
        times("donation_share", share),
        by=by,
    )
    allowed = working.step(
        "donation_allowed",
        min(donation, limit),
        of("donation", donation),
        at_most("donation_limit", limit),
        by=by,
    )
    return working.step(
        "taxable",
        before - allowed - in_full,
        of("taxable_before_donation", before),
        minus("donation_allowed", allowed),
        minus("donation_full", in_full),
        by=by,
        floor=True,
    )
