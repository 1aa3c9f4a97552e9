"""Reconciling: what was declared against what reached the treasury, month by month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from itertools import product
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from declarations.models import AgentMonth, AgentMonthQuerySet
from declarations.taxlaw.tax_month import filing_deadline, small_tax
from portal.attempts import given_back_if_cut_off
from portal.claims import Work, claim
from reconciliation import selectors
from reconciliation.agreement import DAYS_TO_SETTLE, Relation, month_result
from reconciliation.statements import array_of, statement

# A province is brought up to date in so few statements that each may read whole tables, and no
# month is locked for more than a second or two.
AGENTS_AT_ONCE = 9_000
CONNECTIONS = 2


def reconcile_months(agent_ids: Collection[int]) -> int:
    """Bring these agents' changed months up to date; return how many. Again, it changes nothing.

    What another worker is at is left out, and counts no attempt.
    """
    due = selectors.months_to_reconcile().filter(agent__in=agent_ids)
    reconciled = 0
    with claim(Work.RECONCILE, due.values_list("agent", flat=True)) as claimed:
        for months in _batches(due.filter(agent__in=claimed)):
            # Committed before the work, so that a crash counts as an attempt.
            attempt = AgentMonth.objects.filter(pk__in=months)
            attempt.update(attempts=F("attempts") + 1)
            with given_back_if_cut_off(attempt):
                _reconcile(months)
            reconciled += len(months)
    return reconciled


def _batches(due: AgentMonthQuerySet) -> list[list[int]]:
    """Return months to be reconciled together: all, but each agent alone whose month has failed.

    The sweep sees to that too; but hints may have piled up that name a whole batch, and one month
    that fails would use up the attempts of all.
    """
    months = list(due.order_by("agent").values_list("agent", "pk", "attempts"))
    failed = {agent for agent, _, attempts in months if attempts}
    batches: dict[int | None, list[int]] = defaultdict(list)
    for agent, month, _ in months:
        batches[agent if agent in failed else None].append(month)
    return list(batches.values())


def reconcile_at_once(agent_ids: Collection[int]) -> None:
    """Bring these agents' changed months up to date for somebody who waits for it.

    It waits for a worker that is at them, and counts no attempt: what fails is seen at once.
    """
    changed = AgentMonth.objects.to_reconcile().filter(agent__in=agent_ids)
    _reconcile(list(changed.values_list("pk", flat=True)))


def reconcile_all(*, changed_only: bool) -> Counter[str]:
    """Reconcile the months that changed, or all; return how many came to which result today.

    In batches of agents, each a transaction of its own, two at a time. A month without a result is
    under `none`.
    """
    months = AgentMonth.objects.to_reconcile() if changed_only else AgentMonth.objects.all()
    batches = list(selectors.batches_of_agents(months, size=AGENTS_AT_ONCE))

    def one(agent_ids: list[int]) -> Counter[str]:
        batch = list(months.filter(agent__in=agent_ids).values_list("pk", flat=True))
        _reconcile(batch)
        return Counter(selectors.number_of_results(batch))

    def beside_others(agent_ids: list[int]) -> Counter[str]:
        with closing(connection):
            return one(agent_ids)

    # Who has changes that are not committed yet is alone in seeing them.
    if len(batches) < 2 or connection.in_atomic_block:
        return sum(map(one, batches), Counter())
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(beside_others, batches), Counter())


@transaction.atomic
def _reconcile(months: list[int]) -> None:
    """Lock months in (agent, month) order, compare both sides anew, conclude."""
    ids = array_of(months)
    with connection.cursor() as cursor:
        cursor.execute(statement("lock_months"), {"months": ids})
        tax_months = [row[0] for row in cursor.fetchall()]
        # The locks may have waited: only what is read from here on is true.
        cursor.execute(statement("forget_comparisons"), {"months": ids})
        cursor.execute(
            statement("reconcile_months", sums_of_months=statement("sums_of_months")),
            {
                "months": ids,
                "tax_months": tax_months,
                "deadlines": [filing_deadline(tax_month) for tax_month in tax_months],
                "small_taxes": [small_tax(tax_month) for tax_month in tax_months],
                "days_to_settle": DAYS_TO_SETTLE.days,
                **_agreement(),
                "now": timezone.now(),
            },
        )


def _agreement() -> dict[str, list[Any]]:
    """Return what the agreement makes of every case, as columns of a table for the statement.

    The watermark is looked at when a result is read: a month that would wait for it is `waiting`.
    """
    cases = list(product([False, True], repeat=4))
    has_less, has_greater, has_declaration, something_paid = map(list, zip(*cases, strict=True))
    return {
        "has_less": has_less,
        "has_greater": has_greater,
        "has_declaration": has_declaration,
        "something_paid": something_paid,
        "results": [_result(*case) for case in cases],
    }


def _result(
    has_less: bool, has_greater: bool, has_declaration: bool, something_paid: bool
) -> str | None:
    relations = [Relation.LESS] * has_less + [Relation.GREATER] * has_greater
    return month_result(
        relations,
        has_declaration=has_declaration,
        something_paid=something_paid,
        settles_on=date.max,
        watermark=None,
    )
