"""What can be read about payments, months and the feed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from django.db import connection
from django.db.models import Count

from declarations.models import AgentMonth, AgentMonthQuerySet, Kind, PaymentWatermark
from declarations.taxlaw.tax_month import format_tax_month, small_tax
from reconciliation.agreement import relation
from reconciliation.models import FeedDay, FeedFile, FeedKind
from reconciliation.statements import statement

ZERO = Decimal("0.00")
ONE_DAY = timedelta(days=1)
MOST_ATTEMPTS = 3
BATCH = 500


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
        .order_by("-business_date")
        .values_list("business_date", flat=True)[0]
    )
    complete = complete_days(row.first_day)
    days = (row.first_day + timedelta(days=n) for n in range((newest - row.first_day).days))
    return [day for day in days if day not in complete]


def months_to_reconcile() -> AgentMonthQuerySet:
    """Return the months with unseen changes that may still be tried."""
    return AgentMonth.objects.to_reconcile().filter(attempts__lt=MOST_ATTEMPTS)


def stopped_months() -> AgentMonthQuerySet:
    """Return the months that failed too often: a person has to look."""
    return AgentMonth.objects.to_reconcile().filter(attempts__gte=MOST_ATTEMPTS)


def batches_of_agents(months: AgentMonthQuerySet) -> Iterator[list[int]]:
    """Yield the agents of months in batches. One whose month has failed comes alone."""
    failed = months.filter(attempts__gt=0).order_by("agent").values_list("agent", flat=True)
    alone = list(failed.distinct())
    yield from ([agent] for agent in alone)
    last = 0
    while True:
        agents = list(
            months.filter(agent__gt=last)
            .exclude(agent__in=alone)
            .order_by("agent")
            .values_list("agent", flat=True)
            .distinct()[:BATCH]
        )
        if not agents:
            return
        yield agents
        last = agents[-1]


@dataclass(frozen=True)
class Sums:
    """What was declared and what was paid of one kind, yuan to the fen."""

    declared: Decimal = ZERO
    paid: Decimal = ZERO


def export_months() -> Iterator[dict[str, str]]:
    """Yield three entries, one a kind, for every month that has a result (design.md).

    A month with a change that is not yet reconciled is `checking`, its sums those of this moment.
    """
    months = (
        AgentMonth.objects.with_current_result(watermark())
        .exclude(current_result=None)
        .order_by("agent__computer_code", "tax_month")
        .values_list("pk", "agent__computer_code", "tax_month", "current_result")
    )
    rows = months.iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        sums = sums_of_months([pk for pk, *_ in batch])
        for pk, code, tax_month, result in batch:
            kinds = sums[pk]
            if result == "checking" and not kinds:
                continue
            for kind in Kind:
                of_kind = kinds.get(kind, Sums())
                yield {
                    "computer_code": code,
                    "tax_month": format_tax_month(tax_month),
                    "kind": kind.value,
                    "declared": f"{of_kind.declared:.2f}",
                    "paid": f"{of_kind.paid:.2f}",
                    "relation": relation(
                        of_kind.declared, of_kind.paid, small_tax(tax_month)
                    ).value,
                    "result": result,
                }


def sums_of_months(months: Collection[int]) -> dict[int, dict[str, Sums]]:
    """Return declared and paid by month and kind as of now; kinds with neither are left out."""
    sums: dict[int, dict[str, Sums]] = {month: {} for month in months}
    with connection.cursor() as cursor:
        cursor.execute(statement("sums_of_months"), {"months": list(months)})
        for month, kind, declared, paid, _filed_on in cursor:
            sums[month][kind] = Sums(declared, paid)
    return sums
