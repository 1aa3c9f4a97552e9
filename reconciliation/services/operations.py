"""What people set going by hand, each with an entry in the audit."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from declarations.models import AgentMonth
from declarations.taxlaw.tax_month import format_tax_month
from portal.claims import Work, claim
from portal.hints import hint
from portal.models import AuditEntry, User, WithholdingAgent
from portal.services.audit import record
from reconciliation.models import FeedFile, QuarantineCorrection, QuarantinedRow
from reconciliation.refusals import FileIsNotStopped, ImportIsUnderWay, RowHasLeft
from reconciliation.services import importing, quarantine, reconciling

Action = AuditEntry.Action


def confirm_month(agent: WithholdingAgent, tax_month: date, *, by: User) -> None:
    """Reconcile an agent's changed months at once (确认)."""
    reconciling.reconcile_at_once([agent.pk])
    record(Action.MONTH, "confirmed", user=by, agent=agent, tax_month=format_tax_month(tax_month))


@transaction.atomic
def try_month_again(month: AgentMonth, *, by: User) -> None:
    """Let a month that failed too often be reconciled again, its count of attempts at zero."""
    AgentMonth.objects.filter(pk=month.pk).update(attempts=0)
    record(
        Action.MONTH,
        "try again",
        user=by,
        agent=month.agent,
        tax_month=format_tax_month(month.tax_month),
    )
    hint("reconciliation.reconcile", month.agent_id)


@transaction.atomic
def try_file_again(file: FeedFile, *, by: User) -> None:
    """Let a stopped file be imported by the next run. FileIsNotStopped."""
    file = FeedFile.objects.select_for_update().get(pk=file.pk)
    if file.state != FeedFile.State.STOPPED:
        raise FileIsNotStopped(file)
    importing.try_again(file)
    record(Action.IMPORT, "try again", user=by, file=file.name)


@transaction.atomic
def set_day_count(kind: str, business_date: date, count: int, *, by: User, reason: str) -> None:
    """Say how many files a business date has, where the core system's COUNT was wrong."""
    importing.set_day_count(kind, business_date, count)
    record(
        Action.SETTING,
        "day count",
        user=by,
        kind=kind,
        business_date=business_date.isoformat(),
        count=count,
        reason=reason,
    )


@transaction.atomic
def dismiss_row(row: QuarantinedRow, *, by: User, reason: str) -> None:
    """Put a row in quarantine aside for good. RowHasLeft."""
    quarantine.dismiss(_still_in_quarantine(row), by=by, reason=reason)


@transaction.atomic
def reveal_row(row: QuarantinedRow, *, by: User, reason: str) -> list[str]:
    """Return a row's whole text, and that of each correction, to correct it by. RowHasLeft."""
    return quarantine.reveal(_still_in_quarantine(row), by=by, reason=reason)


def correct_row(row: QuarantinedRow, text: str, *, by: User, reason: str) -> QuarantineCorrection:
    """Give a row in quarantine another text, and try it at once.

    ImportIsUnderWay, which nobody waits for at a browser. RowHasLeft, RowIsStillFaulty,
    RowIsOfAnotherTax, AmountIsUnreadable. Nothing has changed then.
    """
    with claim(Work.IMPORT, [0]) as claimed:
        if not claimed:
            raise ImportIsUnderWay
        with transaction.atomic():
            hint("reconciliation.sweep")
            return quarantine.correct(_still_in_quarantine(row), text, by=by, reason=reason)


def _still_in_quarantine(row: QuarantinedRow) -> QuarantinedRow:
    """Lock a row and read it anew. RowHasLeft."""
    rows = QuarantinedRow.objects.select_related("feed_file").select_for_update(of=["self"])
    row = rows.get(pk=row.pk)
    if row.left_at is not None:
        raise RowHasLeft(row)
    return row
