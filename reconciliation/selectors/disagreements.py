"""Months that do not agree: by how much, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Abs
from django.utils import timezone

from declarations.models import AgentMonth, Kind
from reconciliation.models import Comparison, MonthResult, Relation


@dataclass(frozen=True)
class Disagreement:
    """A month that does not agree. `difference` is the sum of its kinds', in yuan.

    `since` is the settling day, or the day on which later data undid a match; today for a month
    that cannot agree any more before its settling day.
    """

    month: AgentMonth
    difference: Decimal
    since: date
    comparisons: list[Comparison]

    @property
    def days(self) -> int:
        """Return for how many days the month has not agreed."""
        return (timezone.localdate() - self.since).days


def with_difference(months: QuerySet[AgentMonth]) -> QuerySet[Any]:
    """Annotate `difference` (yuan), and `drifted_at`: when later data undid the last match."""
    unequal = Comparison.objects.filter(agent_month=OuterRef("pk")).exclude(relation=Relation.EQUAL)
    difference = (
        unequal.order_by()
        .values("agent_month")
        .annotate(sum=Sum(Abs(F("declared") - F("paid"))))
        .values("sum")
    )
    history = MonthResult.objects.filter(agent_month=OuterRef("pk"))
    last_match = (
        MonthResult.objects.filter(
            agent_month=OuterRef("agent_month"), result=AgentMonth.Result.MATCHED
        )
        .order_by()
        .values("agent_month")
        .annotate(last=Max("pk"))
        .values("last")
    )
    drift = history.filter(pk__gt=Subquery(last_match)).order_by("pk")
    return months.annotate(
        difference=Subquery(difference),
        drifted_at=Subquery(drift.values("concluded_at")[:1]),
    )


UNEQUAL = Prefetch(
    "comparisons",
    queryset=Comparison.objects.exclude(relation=Relation.EQUAL),
    to_attr="unequal",
)
"""The comparisons that make up the difference."""


def disagreements(months: Iterable[Any]) -> list[Disagreement]:
    """Turn months `with_difference`, and UNEQUAL prefetched, into what the lists show."""
    today = timezone.localdate()
    listed = []
    for month in months:
        since = month.settles_on or today
        if month.drifted_at:
            since = max(since, timezone.localdate(month.drifted_at))
        listed.append(
            Disagreement(
                month,
                month.difference or Decimal("0.00"),
                min(since, today),
                sorted(month.unequal, key=lambda row: Kind.values.index(row.kind)),
            )
        )
    return listed
