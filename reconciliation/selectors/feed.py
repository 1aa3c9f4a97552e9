"""How far payment data are complete, and which days are missing."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Max

from declarations.models import PaymentWatermark
from reconciliation.models import FeedDay, FeedFile, FeedKind

ONE_DAY = timedelta(days=1)


def watermark() -> date | None:
    """Return the day up to which payment data are complete (缴款数据截至), or none yet."""
    return PaymentWatermark.objects.values_list("complete_to", flat=True).first()


def complete_days(first_day: date) -> set[date]:
    """Return the days from `first_day` on of which all COUNT payment files are imported."""
    numbers = (
        FeedFile.objects.filter(
            kind=FeedKind.JKRK, state=FeedFile.State.IMPORTED, business_date__gte=first_day
        )
        .values_list("business_date")
        .annotate(files=Count("number", distinct=True))
    )
    counts = dict(
        FeedDay.objects.filter(kind=FeedKind.JKRK, business_date__gte=first_day).values_list(
            "business_date", "count"
        )
    )
    return {day for day, files in numbers if files >= counts[day]}


def complete_to(watermark: PaymentWatermark) -> date | None:
    """Return the last day of the unbroken row of complete days that starts with the first day.

    What was complete stays so unless an operator raises a day's COUNT: counted from there on.
    """
    complete = complete_days(watermark.first_day)
    day = watermark.first_day
    while day in complete:
        day += ONE_DAY
    return day - ONE_DAY if day > watermark.first_day else None


def gaps() -> list[date]:
    """Return the days before the newest imported payment day that are not complete, ascending."""
    row = PaymentWatermark.objects.first()
    if row is None:
        return []
    newest = (
        FeedFile.objects.filter(kind=FeedKind.JKRK, state=FeedFile.State.IMPORTED)
        .aggregate(newest=Max("business_date"))
        .get("newest", row.first_day)
    )
    complete = complete_days(row.first_day)
    days = (row.first_day + timedelta(days=n) for n in range((newest - row.first_day).days))
    return [day for day in days if day not in complete]
