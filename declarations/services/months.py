"""The month lock, and the tax office's two keys to a month: to open it again and to close it."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from declarations.models import AgentMonth
from declarations.refusals import MonthIsNotClosed, MonthIsNotReopened, ReasonIsMissing
from declarations.taxlaw.tax_month import format_tax_month
from portal.models import AuditEntry, User, WithholdingAgent
from portal.services import audit


def lock_month(agent: WithholdingAgent, tax_month: date) -> AgentMonth:
    """Return an agent's month, made if need be, locked until the transaction ends.

    Two statements: what another session made meanwhile is seen by the second. Several months are
    locked in (agent, month) order.
    """
    assert connection.in_atomic_block, "A lock lasts as long as its transaction."  # noqa: S101
    AgentMonth.objects.bulk_create(
        [AgentMonth(agent=agent, tax_month=tax_month)], ignore_conflicts=True
    )
    return AgentMonth.objects.select_for_update().get(agent=agent, tax_month=tax_month)


@transaction.atomic
def reopen_month(month: AgentMonth, *, by: User, reason: str) -> AgentMonth:
    """Open a matched month again; it stays open until the next filing or until it is closed.

    MonthIsNotClosed, ReasonIsMissing.
    """
    if not reason.strip():
        raise ReasonIsMissing
    month = AgentMonth.objects.select_for_update().get(pk=month.pk)
    if month.closed_at is None:
        raise MonthIsNotClosed(month)
    month.closed_at = None
    month.reopened_at = timezone.now()
    month.save(update_fields=["closed_at", "reopened_at"])
    _audit(month, "reopened", by=by, reason=reason)
    return month


@transaction.atomic
def close_month(month: AgentMonth, *, by: User, reason: str = "") -> AgentMonth:
    """End an opening of the tax office. A month that agrees is closed at once, else once it does.

    MonthIsNotReopened.
    """
    month = AgentMonth.objects.select_for_update().get(pk=month.pk)
    if month.reopened_at is None:
        raise MonthIsNotReopened(month)
    month.reopened_at = None
    # With a change that is not yet reconciled, the reconciler closes the month if it agrees.
    if month.result == AgentMonth.Result.MATCHED and month.changed == month.reconciled:
        month.closed_at = timezone.now()
    month.save(update_fields=["closed_at", "reopened_at"])
    _audit(month, "closed", by=by, reason=reason)
    return month


def _audit(month: AgentMonth, outcome: str, *, by: User, reason: str) -> None:
    audit.record(
        AuditEntry.Action.MONTH,
        outcome,
        user=by,
        agent=month.agent,
        tax_month=format_tax_month(month.tax_month),
        reason=reason.strip(),
    )
