"""撤销更正 and 作废: what was filed is never deleted; it gives way, and the audit says to whom."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from declarations.declaration import Header
from declarations.models import AgentMonth, Declaration
from declarations.refusals import (
    LaterMonthIsDeclared,
    MonthIsClosed,
    MonthIsPaid,
    NothingToTakeBack,
    NotInForce,
    ReasonIsMissing,
)
from declarations.selectors import (
    detail_lines_of,
    first_later_month_declared,
    header_of,
    read_line,
    version_before,
    versions_of,
)
from declarations.services.filing import Filed, file
from declarations.services.months import lock_month
from declarations.taxlaw.tax_month import format_tax_month
from portal.errors import Refusal
from portal.models import AuditEntry, User
from portal.services import audit

IsPaid = Callable[[AgentMonth, str], bool]
"""Tells whether there is a payment of a month and kind. Who knows the payments says it."""

_RESTORE = "take a correction back"


@transaction.atomic
def take_back(correction: Declaration, *, by: User) -> Filed:
    """Take a correction back (撤销更正): file a new version with the lines of the one before.

    Again, it returns what it filed the first time. NothingToTakeBack for what is no correction,
    NotInForce, MonthIsClosed. The caller hints at reconciling.
    """
    month = correction.agent_month
    lock_month(month.agent, month.tax_month)
    correction.refresh_from_db(fields=["status"])
    earlier = version_before(correction)
    if earlier is None:
        raise NothingToTakeBack(correction)
    if correction.status != Declaration.Status.FILED:
        later = versions_of(correction).filter(version=(correction.version or 0) + 1).first()
        if later is not None and later.digest == earlier.digest:
            return Filed(later, is_repeat=True)
        raise NotInForce(correction)
    header = header_of(earlier, _RESTORE)
    if not isinstance(header, Header):
        raise ValueError("A filed declaration's head has faults.")
    rows = detail_lines_of(earlier).iterator(chunk_size=2000)
    filed = file(
        month.agent,
        header,
        [read_line(row, _RESTORE) for row in rows],
        channel=Declaration.Channel.WEB,
        filed_by=by,
        findings_remark=earlier.findings_remark,
    )
    _audit(correction, "taken back", by, restored=earlier.version or 0)
    return filed


def why_not_withdraw(declaration: Declaration, is_paid: IsPaid) -> Refusal | None:
    """Return what stands against withdrawing a declaration (作废), or none.

    It has to be in force, its month open, nothing of its month and kind paid, and no later month
    declared.
    """
    month = declaration.agent_month
    if declaration.status != Declaration.Status.FILED:
        return NotInForce(declaration)
    if month.closed_at is not None:
        return MonthIsClosed(month)
    if is_paid(month, declaration.kind):
        return MonthIsPaid(declaration)
    later = first_later_month_declared(month)
    return LaterMonthIsDeclared(later) if later else None


@transaction.atomic
def withdraw(declaration: Declaration, *, by: User, reason: str, is_paid: IsPaid) -> Declaration:
    """Withdraw a declaration in force (作废); it stays readable. What is withdrawn stays so.

    `is_paid` is asked under the month's lock, which importing payments takes, too. ReasonIsMissing,
    and what `why_not_withdraw` returns. The caller hints at reconciling.
    """
    month = declaration.agent_month
    declaration.agent_month = lock_month(month.agent, month.tax_month)
    declaration.refresh_from_db(fields=["status"])
    if declaration.status == Declaration.Status.WITHDRAWN:
        return declaration
    if not reason.strip():
        raise ReasonIsMissing
    refusal = why_not_withdraw(declaration, is_paid)
    if refusal is not None:
        raise refusal
    declaration.status = Declaration.Status.WITHDRAWN
    declaration.save(update_fields=["status"])
    AgentMonth.objects.filter(pk=month.pk).mark_changed()
    _audit(declaration, "withdrawn", by, reason=reason.strip())
    return declaration


def _audit(declaration: Declaration, outcome: str, by: User, **detail: str | int) -> None:
    audit.record(
        AuditEntry.Action.FILING,
        outcome,
        user=by,
        agent=declaration.agent_month.agent,
        declaration=str(declaration.public_id),
        tax_month=format_tax_month(declaration.agent_month.tax_month),
        kind=declaration.kind,
        version=declaration.version or 0,
        **detail,
    )
