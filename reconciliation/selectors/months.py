"""Months: what is to be reconciled, and what every month has come to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from declarations.models import AgentMonth, AgentMonthQuerySet, Kind
from declarations.taxlaw.tax_month import format_tax_month, small_tax
from reconciliation.agreement import relation
from reconciliation.selectors.feed import watermark
from reconciliation.statements import array_of, statement

ZERO = Decimal("0.00")
MOST_ATTEMPTS = 3
BATCH = 500


def months_to_reconcile() -> AgentMonthQuerySet:
    """Return the months with unseen changes that may still be tried."""
    return AgentMonth.objects.to_reconcile().filter(attempts__lt=MOST_ATTEMPTS)


def stopped_months() -> AgentMonthQuerySet:
    """Return the months that failed too often: a person has to look."""
    return AgentMonth.objects.to_reconcile().filter(attempts__gte=MOST_ATTEMPTS)


def batches_of_agents(months: AgentMonthQuerySet, *, size: int = BATCH) -> Iterator[list[int]]:
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
            .distinct()[:size]
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


Row = tuple[int, str, date, str]
"""A month's primary key, computer code, tax month and current result."""


def export_months() -> Iterator[dict[str, str]]:
    """Yield three entries, one a kind, for every month that has a result (design.md)."""
    rows = months_with_a_result(AgentMonth.objects.all()).iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield from entries_of_months(batch)


def with_current_result(months: AgentMonthQuerySet) -> QuerySet[Any]:
    """Annotate `current_result`, what a month's stored result means today. One more query."""
    return months.with_current_result(watermark())


def months_with_a_result(months: AgentMonthQuerySet) -> QuerySet[AgentMonth, Row]:
    """Return what `entries_of_months` reads, by computer code and tax month."""
    return (
        with_current_result(months)
        .exclude(current_result=None)
        .order_by("agent__computer_code", "tax_month")
        .values_list("pk", "agent__computer_code", "tax_month", "current_result")
    )


def entries_of_months(rows: Sequence[Row]) -> Iterator[dict[str, str]]:
    """Yield three entries, one a kind, for each month, from one query.

    A month with a change that is not yet reconciled is `checking`, its sums those of this moment;
    one that is checking and has neither declared nor paid tax is left out.
    """
    sums = sums_of_months([pk for pk, *_ in rows])
    for pk, code, tax_month, result in rows:
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
                "relation": relation(of_kind.declared, of_kind.paid, small_tax(tax_month)).value,
                "result": result,
            }


def sums_of_months(months: Collection[int]) -> dict[int, dict[str, Sums]]:
    """Return declared and paid by month and kind as of now; kinds with neither are left out."""
    sums: dict[int, dict[str, Sums]] = {month: {} for month in months}
    with connection.cursor() as cursor:
        cursor.execute(statement("sums_of_months"), {"months": array_of(months)})
        for month, kind, declared, paid, _filed_on in cursor:
            sums[month][kind] = Sums(declared, paid)
    return sums


def number_of_results(months: Collection[int]) -> dict[str, int]:
    """Return how many of some months have which result today; `none` if there is none."""
    chosen = RawSQL("SELECT unnest(%s::bigint[])", [array_of(months)])
    counted = (
        with_current_result(AgentMonth.objects.filter(pk__in=chosen))
        .values_list("current_result")
        .annotate(months=Count("pk"))
    )
    return {result or "none": number for result, number in counted}
