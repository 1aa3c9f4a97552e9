"""Section 5 of the agreement once more, in plain code: what a month comes to on an evening."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from declarations.taxlaw.tax_month import next_month

MATCHED, WAITING, MISMATCHED = "matched", "waiting", "mismatched"
_DAYS_TO_SETTLE = timedelta(days=3)


def deadline_of(month: date) -> date:
    """Return the filing deadline: the 7th of the following month, from 2011-08 the 15th."""
    return next_month(month).replace(day=7 if month <= date(2011, 7, 1) else 15)


def is_small(month: date, amount: int) -> bool:
    """Tell whether so much tax, in fen, may stay unpaid: one yuan from 2012-08."""
    return amount <= 100 and month >= date(2012, 8, 1)


def relation_of(month: date, declared: int, paid: int) -> str:
    """Compare fen: one yuan or less with nothing paid is equal from 2012-08."""
    if declared == paid or (paid == 0 and is_small(month, declared)):
        return "equal"
    return "less" if declared < paid else "greater"


def result_of(
    month: date, relations: Mapping[str, str], filed_on: date | None, paid: int, watermark: date
) -> str | None:
    """Return a month's result, none for a month with neither declaration nor payment.

    `filed_on` is the latest filing day among the declarations in force, `paid` what all kinds were
    paid in fen.
    """
    if filed_on is None and not paid:
        return None
    unequal = {relation for relation in relations.values() if relation != "equal"}
    if not unequal:
        return MATCHED
    if filed_on is not None and "less" in unequal:
        return MISMATCHED
    settles_on = max(deadline_of(month), filed_on or date.min) + _DAYS_TO_SETTLE
    return MISMATCHED if watermark >= settles_on else WAITING
