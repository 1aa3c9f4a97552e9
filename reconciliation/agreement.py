"""From payments to a month's result: section 5 of the agreement with the core system.

The law is told: what the filing deadline of the month is, and how much tax it lets go unpaid.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

# Between the deadline, or the latest filing, and the day that payment data must have reached
# before tax declared and not seen as paid counts against the agent.
DAYS_TO_SETTLE = timedelta(days=3)


class Relation(StrEnum):
    """Declared tax against paid tax, of one kind in one month."""

    LESS = "less"
    EQUAL = "equal"
    GREATER = "greater"


class Result(StrEnum):
    """What a month has come to: 核对成功, 未处理, 核对不成功."""

    MATCHED = "matched"
    WAITING = "waiting"
    MISMATCHED = "mismatched"


def relation(declared: Decimal, paid: Decimal, small_tax: Decimal) -> Relation:
    """Compare declared with paid, in yuan.

    `small_tax` is what the law of the tax month lets go unpaid: 1 yuan from 2012-08 (STA
    Announcement 2012 No. 25), 0 before. It excuses what was not paid at all, never a part.
    """
    if declared == paid or (paid == 0 and declared <= small_tax):
        return Relation.EQUAL
    return Relation.LESS if declared < paid else Relation.GREATER


def month_result(
    relations: Iterable[Relation],
    *,
    has_declaration: bool,
    something_paid: bool,
    settles_on: date,
    watermark: date | None,
) -> Result | None:
    """Conclude from the relations of the kinds regular, additional and refund.

    A kind left out has neither declared nor paid anything: it is equal. `has_declaration`: one
    of any kind is in force, be it of zero tax. `something_paid`: counted payments of more than
    0.00. Without a watermark every settling day is still to come. None: there is no result.
    """
    if not has_declaration and not something_paid:
        return None
    kinds = set(relations)
    if kinds <= {Relation.EQUAL}:
        return Result.MATCHED
    # Paid above what was declared: no payment still under way can mend that.
    if has_declaration and Relation.LESS in kinds:
        return Result.MISMATCHED
    if watermark is None or watermark < settles_on:
        return Result.WAITING
    return Result.MISMATCHED
