"""Tax months: dates of first days, and what the law says by them.

The month of payment to the person selects the law (所得期间: 支付所得的时间).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from declarations.taxlaw.parameters import parameter

EARLIEST = date(2006, 1, 1)
LAST = date(9999, 12, 1)
# From here on wages of residents are withheld cumulatively, and the form has other columns.
CUMULATIVE_FROM = date(2019, 1, 1)


def parse_tax_month(text: str) -> date:
    """Return the first day of the month that `YYYY-MM` names; ValueError for anything else.

    A month before the earliest (2006-01) is a month all the same: the caller asks `is_covered`.
    """
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        raise ValueError("a tax month is written YYYY-MM")
    return date.fromisoformat(f"{text}-01")


def format_tax_month(tax_month: date) -> str:
    """Return `YYYY-MM`."""
    # Not strftime: it leaves out the leading zeros of early years.
    return tax_month.isoformat()[:7]


def is_covered(tax_month: date) -> bool:
    """Tell whether the law of a month is known here: from 2006-01."""
    return tax_month >= EARLIEST


def next_month(tax_month: date) -> date:
    """Return the first day of the month after."""
    if tax_month.month == 12:
        return date(tax_month.year + 1, 1, 1)
    return date(tax_month.year, tax_month.month + 1, 1)


def previous_month(tax_month: date) -> date:
    """Return the first day of the month before."""
    if tax_month.month == 1:
        return date(tax_month.year - 1, 12, 1)
    return date(tax_month.year, tax_month.month - 1, 1)


def filing_deadline(tax_month: date) -> date:
    """Return the last day to file and pay for a month: the 7th of the next, from 2011-08 the 15th.

    Holidays are not looked at (levy rules article 109 moves the day). The last month that a
    payment can be for, 9999-12, has none after it: its deadline is the last day there is.
    IIT Law (2007), article 9; IIT Law (2018), article 14.
    """
    day: Decimal = parameter("filing_deadline").at(tax_month)
    if tax_month == LAST:
        return date.max
    return next_month(tax_month).replace(day=int(day))


def small_tax(tax_month: date) -> Decimal:
    """Return up to how many yuan of tax go unpaid without fault: 0.00, from 2012-08 1.00.

    STA Announcement 2012 No. 25.
    """
    amount: Decimal = parameter("small_tax").at(tax_month)
    return amount.quantize(Decimal("0.01"))
