"""Filing: what was declared becomes evidence, in a new version, and supersedes the one in force."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from django.db import transaction
from django.utils import timezone

from declarations.declaration import Header, canonical, counted, digest, totals_by_item
from declarations.findings import Finding, FindingCode, Severity
from declarations.lines import Line
from declarations.models import (
    AgentMonth,
    Declaration,
    DeclaredTotal,
    DraftLine,
    FilingKey,
    Kind,
    LastImport,
    WaitingImport,
)
from declarations.refusals import (
    DraftHasChanged,
    DraftHasFaults,
    FindingsAreNotConfirmed,
    FindingsHaveChanged,
    KeyIsUsed,
    MonthIsClosed,
    NotADraft,
)
from declarations.selectors import check_draft, findings_of
from declarations.services.detail_lines import write_findings, write_lines
from declarations.services.months import lock_month
from declarations.taxlaw.tax_month import format_tax_month
from portal.models import AuditEntry, User, WithholdingAgent
from portal.services import audit


@dataclass(frozen=True)
class Filed:
    """What filing came to: the declaration in force, and whether it already was."""

    declaration: Declaration
    is_repeat: bool


@transaction.atomic
def file(
    agent: WithholdingAgent,
    header: Header,
    lines: Sequence[Line],
    *,
    channel: Declaration.Channel,
    filed_by: User | None,
    filed_on: date | None = None,
    closed_as_of: datetime | None = None,
    draft: Declaration | None = None,
    findings: Sequence[Finding] | None = None,
    findings_remark: str = "",
) -> Filed:
    """File a declaration of a month and kind; it supersedes the one in force, if any.

    What is identical to the one in force is a repeat: that one is returned and nothing is written,
    in a closed month too, and an opening by the tax office goes on. MonthIsClosed; with
    `closed_as_of` only if it was closed by then (a file judges *closed* as of its start).
    `filed_on` is the day it was handed in, else today in Beijing.
    A `draft` becomes the declaration, or goes if it was a repeat; its `findings` have been
    confirmed by `filed_by`, who says in `findings_remark` why. Without them the lines are looked
    at here, and what is found is kept and refuses nothing. The caller hints at reconciling.
    """
    month = lock_month(agent, header.tax_month)
    # The lock may have waited: only what is read from here on is true.
    header = counted(header, lines)
    content = digest(canonical(header, lines))
    versions = Declaration.objects.filter(agent_month=month, kind=header.kind)
    in_force = versions.in_force().first()
    if in_force is not None and in_force.digest == content:
        if draft is not None:
            draft.delete()
        _audit(in_force, "repeated", filed_by)
        return Filed(in_force, is_repeat=True)
    if month.closed_at is not None and (closed_as_of is None or month.closed_at <= closed_as_of):
        raise MonthIsClosed(month)

    is_confirmed = findings is not None
    if findings is None:
        findings = findings_of(agent, header.kind, header.tax_month, lines)
    warnings = Counter(each.code for each in findings if each.severity == Severity.WARNING)
    versions.in_force().update(status=Declaration.Status.SUPERSEDED)
    newest = versions.exclude(version=None).order_by("-version").first()
    declaration = draft or Declaration(agent_month=month)
    _fill(declaration, header)
    declaration.status = Declaration.Status.FILED
    declaration.version = (newest.version or 0) + 1 if newest else 1
    declaration.channel = channel
    declaration.filed_at = timezone.now()
    declaration.filed_on = filed_on or timezone.localdate(declaration.filed_at)
    declaration.filed_by = filed_by
    declaration.receipt_number = _receipt_number(agent, header, declaration.version)
    declaration.digest = content
    declaration.line_count = len(lines)
    declaration.fault_count = 0
    declaration.warning_count = warnings.total()
    declaration.findings_remark = findings_remark
    declaration.save()
    if draft is not None:
        DraftLine.objects.filter(declaration=declaration).delete()
        LastImport.objects.filter(declaration=declaration).delete()
        WaitingImport.objects.filter(declaration=declaration).delete()
    write_lines(declaration, lines)
    write_findings(declaration, findings)
    DeclaredTotal.objects.bulk_create(
        DeclaredTotal(declaration=declaration, **total._asdict()) for total in totals_by_item(lines)
    )
    # An opening by the tax office lasts until here. What was closed after `closed_as_of` agreed
    # without this declaration: it has to be reconciled with it.
    months = AgentMonth.objects.filter(pk=month.pk)
    months.update(reopened_at=None, closed_at=None)
    months.mark_changed()
    _audit(declaration, "filed", filed_by, warnings if is_confirmed else {})
    return Filed(declaration, is_repeat=False)


@transaction.atomic
def file_draft(
    draft: Declaration,
    *,
    filed_by: User,
    key: uuid.UUID,
    seen: str,
    noted: str = "",
    confirmed: Collection[str] = (),
    findings_remark: str = "",
) -> Filed:
    """File a draft as it was seen: `seen` and `noted` are the digests that the check page showed.

    `noted` is that of the warnings, `confirmed` are the codes that the clerk ticked and
    `findings_remark` says why the figures are kept. The same key with the same digest again gives
    the same receipt, and files nothing. KeyIsUsed for another digest; DraftHasChanged when the
    draft is no longer what was seen, FindingsHaveChanged when the warnings are not;
    FindingsAreNotConfirmed, DraftHasFaults, NotADraft, MonthIsClosed.
    """
    agent = draft.agent_month.agent
    lock_month(agent, draft.agent_month.tax_month)
    earlier = filed_under(agent, key, seen)
    if earlier is not None:
        return Filed(earlier, is_repeat=True)
    # Editing locks the draft alone; the month is always locked before it.
    locked = Declaration.objects.select_for_update().filter(pk=draft.pk).first()
    if locked is None or locked.status != Declaration.Status.DRAFT:
        raise NotADraft(draft)
    locked.agent_month = draft.agent_month
    check = check_draft(locked)
    if check.faults or check.header is None:
        raise DraftHasFaults(check.faults)
    if check.digest != seen:
        raise DraftHasChanged
    if check.noted != noted:
        raise FindingsHaveChanged
    if check.unexplained - set(confirmed):
        raise FindingsAreNotConfirmed
    filed = file(
        agent,
        check.header,
        check.lines,
        channel=Declaration.Channel.WEB,
        filed_by=filed_by,
        draft=locked,
        findings=check.findings,
        findings_remark=findings_remark,
    )
    _, is_new = FilingKey.objects.get_or_create(
        agent=agent,
        key=key,
        defaults={"request_digest": seen, "declaration": filed.declaration},
    )
    if not is_new:
        # Used meanwhile for another month, whose lock is another.
        raise KeyIsUsed
    return filed


def filed_under(agent: WithholdingAgent, key: uuid.UUID, request_digest: str) -> Declaration | None:
    """Return what an agent filed under a key, or none yet; KeyIsUsed if it was something else."""
    earlier = (
        FilingKey.objects.filter(agent=agent, key=key)
        .select_related("declaration__agent_month__agent")
        .first()
    )
    if earlier is None:
        return None
    if earlier.request_digest != request_digest:
        raise KeyIsUsed
    return earlier.declaration


def forget_keys(*, before: datetime) -> int:
    """Delete the keys under which was filed before a time; return how many there were.

    Who sends such a request once more gets what a second filing gets.
    """
    return FilingKey.objects.filter(created_at__lt=before).delete()[0]


def _fill(declaration: Declaration, header: Header) -> None:
    declaration.kind = header.kind
    declaration.coverage = header.coverage
    declaration.declarant = header.declarant
    declaration.phone = header.phone
    declaration.address = header.address
    declaration.postcode = header.postcode
    declaration.own_headcount = header.own_headcount
    declaration.other_headcount = header.other_headcount
    declaration.total_income = header.total_income


def _receipt_number(agent: WithholdingAgent, header: Header, version: int) -> str:
    """Return a number that one can read: agent, month, kind as in the feed (1, 2, 3), version."""
    kind = Kind.values.index(header.kind) + 1
    return f"{agent.computer_code}-{header.tax_month:%Y%m}-{kind}-{version:03}"


def _audit(
    declaration: Declaration,
    outcome: str,
    filed_by: User | None,
    kept: Mapping[FindingCode, int] = MappingProxyType({}),
) -> None:
    audit.record(
        AuditEntry.Action.FILING,
        outcome,
        user=filed_by,
        agent=declaration.agent_month.agent,
        declaration=str(declaration.public_id),
        tax_month=format_tax_month(declaration.agent_month.tax_month),
        kind=declaration.kind,
        version=declaration.version or 0,
        channel=declaration.channel,
        # The warnings that the clerk confirmed, by code.
        **{f"kept_{code.value}": count for code, count in sorted(kept.items())},
    )
