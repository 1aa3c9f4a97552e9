"""How amounts, counts and tax months are written on a page, in both languages alike.

Django's own grouping is of no use here: in Chinese it has no sign, in English it would make the
year 2006 "2,006".
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from django import template
from django.utils.dateformat import format as format_date
from django.utils.translation import pgettext

register = template.Library()

# What stands where there is no value; a zero would be a statement.
NOTHING: Final = "—"


@register.filter
def yuan(amount: Decimal | int | None) -> str:
    """Write an amount in yuan with two decimals and commas by thousands: 1,234,567.80."""
    if amount is None:
        return NOTHING
    if isinstance(amount, float):
        raise TypeError("Money is a Decimal, not a float.")
    return f"{Decimal(amount):,.2f}"


@register.filter
def count(number: int | None) -> str:
    """Write a whole number with commas by thousands: 2,109,600."""
    if number is None:
        return NOTHING
    return f"{number:,}"


@register.filter
def month(first_day: date | None) -> str:
    """Write a tax month: 2006年4月, in English April 2006."""
    if first_day is None:
        return NOTHING
    return format_date(first_day, pgettext("税款所属月份", "Y年n月"))
