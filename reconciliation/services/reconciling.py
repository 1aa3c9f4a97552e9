"""Reconciling: what was declared against what reached the treasury, month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from declarations.models import AgentMonth
from declarations.taxlaw.tax_month import filing_deadline, small_tax
from portal.claims import Work, claim
from reconciliation import selectors
from reconciliation.agreement import Relation, month_result, settling_day
from reconciliation.models import Comparison
from reconciliation.statements import statement


def reconcile_months(agent_ids: Collection[int]) -> int:
    """Bring these agents' changed months up to date; return how many. Again, it changes nothing.

    What another worker is at is left out, and counts no attempt.
    """
    due = selectors.months_to_reconcile().filter(agent__in=agent_ids)
    with claim(Work.RECONCILE, due.values_list("agent", flat=True)) as claimed:
        months = list(due.filter(agent__in=claimed).values_list("pk", flat=True))
        # Committed before the work, so that a crash counts as an attempt.
        AgentMonth.objects.filter(pk__in=months).update(attempts=F("attempts") + 1)
        _reconcile(months)
    return len(months)


def reconcile_all(*, changed_only: bool) -> Counter[str]:
    """Reconcile the months that changed, or all; return how many came to which result today.

    In batches of agents, each a transaction of its own. A month without a result is under `none`.
    """
    results: Counter[str] = Counter()
    months = AgentMonth.objects.to_reconcile() if changed_only else AgentMonth.objects.all()
    for agent_ids in selectors.batches_of_agents(months):
        batch = list(months.filter(agent__in=agent_ids).values_list("pk", flat=True))
        _reconcile(batch)
        results.update(
            AgentMonth.objects.filter(pk__in=batch)
            .with_current_result(selectors.watermark())
            .values_list("current_result", flat=True)  # type: ignore[misc]  # an annotation
        )
    return results


@transaction.atomic
def _reconcile(months: list[int]) -> None:
    """Lock months in (agent, month) order, compare both sides anew, conclude."""
    locked = list(
        AgentMonth.objects.filter(pk__in=months)
        .order_by("agent", "tax_month")
        .select_for_update()
        .values_list("pk", "tax_month")
    )
    # The locks may have waited: only what is read from here on is true.
    Comparison.objects.filter(agent_month__in=months).delete()
    law = {tax_month: law_of_settling(tax_month) for tax_month in {month for _, month in locked}}
    with connection.cursor() as cursor:
        cursor.execute(
            statement("compare_months", sums_of_months=statement("sums_of_months")),
            {
                "months": months,
                "tax_months": list(law),
                "small_taxes": [small_tax for _, small_tax in law.values()],
            },
        )
        concluded = [_conclude(law, *row) for row in cursor]
        if not concluded:
            return
        ids, results, settles_on, sums = zip(*concluded, strict=True)
        parameters: dict[str, Any] = {
            "months": list(ids),
            "results": list(results),
            "settles_on": list(settles_on),
            "sums": list(sums),
            "now": timezone.now(),
        }
        cursor.execute(statement("keep_results"), parameters)
        cursor.execute(statement("conclude_months"), parameters)


def law_of_settling(tax_month: date) -> tuple[date, Decimal]:
    """Return a month's filing deadline, and the tax in yuan that the law lets go unpaid."""
    return filing_deadline(tax_month), small_tax(tax_month)


def _conclude(
    law: dict[date, tuple[date, Decimal]],
    month: int,
    tax_month: date,
    relations: list[str | None],
    filed_on: date | None,
    something_paid: bool,
    sums: str,
) -> tuple[int, str | None, date | None, str]:
    """Return what is written to a month. The watermark is looked at when it is read."""
    settles_on = settling_day(law[tax_month][0], filed_on)
    result = month_result(
        [Relation(relation) for relation in relations if relation],
        has_declaration=filed_on is not None,
        something_paid=something_paid,
        settles_on=settles_on,
        watermark=None,
    )
    return month, result, settles_on if result else None, sums
