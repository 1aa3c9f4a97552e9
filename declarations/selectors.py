"""Everything that reads what agents file, and the one way from a user to a declaration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from declarations.declaration import (
    HeadCount,
    Header,
    ItemTotal,
    canonical,
    check_header,
    count_heads,
    digest,
    totals_by_item,
)
from declarations.faults import Fault, FaultCode
from declarations.lines import COLUMNS, ZERO, Line, check_line
from declarations.models import (
    AgentMonth,
    AgentMonthQuerySet,
    Declaration,
    DeclarationQuerySet,
    DeclaredTotal,
    DetailLine,
    DraftLine,
    Kind,
    PaymentWatermark,
)
from declarations.taxlaw.tax_month import EARLIEST, format_tax_month, previous_month
from portal.models import User, WithholdingAgent
from portal.sealing import open_sealed

_DRAFT_LINES = DraftLine._meta.db_table

# --- The one way from a user to a declaration ---


def access_declaration(user: User | AnonymousUser, public_id: UUID) -> Declaration:
    """Return what the user may read, with its month and agent; else Http404.

    An agent reads its own, staff what was filed by the agents of their office. One query.
    """
    visible = Declaration.objects.visible_to(user).select_related("agent_month__agent")
    return get_object_or_404(visible, public_id=public_id)


def access_own_declaration(user: User | AnonymousUser, public_id: UUID) -> Declaration:
    """Return what the user may edit, file or correct; else Http404. An officer only reads."""
    own = Declaration.objects.owned_by(user).select_related("agent_month__agent")
    return get_object_or_404(own, public_id=public_id)


def access_own_line(user: User | AnonymousUser, public_id: UUID, line_id: UUID) -> DraftLine:
    """Return a line of a draft that the user may edit; else Http404."""
    own = DraftLine.objects.filter(
        declaration__in=Declaration.objects.owned_by(user).filter(public_id=public_id),
        declaration__status=Declaration.Status.DRAFT,
    )
    lines = own.select_related("declaration__agent_month__agent")
    return get_object_or_404(lines, public_id=line_id)


def access_own_agent(user: User | AnonymousUser) -> WithholdingAgent:
    """Return the agent that the user files for; Http404 for staff, who file for nobody."""
    if not isinstance(user, User) or not user.is_active or user.agent is None:
        raise Http404
    return user.agent


# --- Months ---


def watermark() -> date | None:
    """Return the day up to which payment data are complete (缴款数据截至), or none yet."""
    return PaymentWatermark.objects.values_list("complete_to", flat=True).first()


def latest_declarable_month() -> date:
    """Return the current month in Beijing: what was paid in it can be declared at once."""
    return timezone.localdate().replace(day=1)


def default_month() -> date:
    """Return the month that is declared now: the last one."""
    return previous_month(latest_declarable_month())


def is_declarable(tax_month: date) -> bool:
    """Tell whether a page offers a month: from 2006-01 to the current one, no future one."""
    return EARLIEST <= tax_month <= latest_declarable_month()


def has_declarable_months(year: int) -> bool:
    """Tell whether a page offers a month of a year."""
    return EARLIEST.year <= year <= latest_declarable_month().year


def months_that_do_not_agree(agent: WithholdingAgent) -> AgentMonthQuerySet:
    """Return an agent's months that are mismatched today, newest first."""
    months: Any = AgentMonth.objects.filter(agent=agent).with_current_result(watermark())
    mismatched: AgentMonthQuerySet = months.filter(current_result="mismatched")
    return mismatched.order_by("-tax_month")


def earlier_months_that_do_not_agree(declaration: Declaration) -> AgentMonthQuerySet:
    """Return the months before a declaration's (往期核对不成功的月份), newest first."""
    month = declaration.agent_month
    return months_that_do_not_agree(month.agent).filter(tax_month__lt=month.tax_month)


# --- Lamps ---


class LampState(StrEnum):
    """未处理, 出错 and 已成功, in the words of the lamp's picture."""

    PENDING = "waiting"
    ERROR = "fault"
    DONE = "done"


class Lamp(NamedTuple):
    """One of the three lamps: what it is about, how it stands, and why, in stable words.

    `reason` is one of draft, unchecked, faults, filed, superseded, matched, waiting, mismatched,
    checking, none; `params` are what its sentence needs.
    """

    subject: str
    state: LampState
    reason: str
    params: dict[str, Any]


def lamps(
    declaration: Declaration, current_result: str | None, complete_to: date | None
) -> list[Lamp]:
    """Return 数据上传, 检查格式 and 缴款金额核对 of a declaration: views of stored states."""
    status = declaration.status
    if status == Declaration.Status.DRAFT:
        count = declaration.fault_count
        if count is None:
            checked = Lamp("format", LampState.PENDING, "unchecked", {})
        elif count:
            checked = Lamp("format", LampState.ERROR, "faults", {"count": count})
        else:
            checked = Lamp("format", LampState.DONE, "checked", {})
        return [
            Lamp("upload", LampState.PENDING, "draft", {}),
            checked,
            Lamp("payment", LampState.PENDING, "draft", {}),
        ]
    if status != Declaration.Status.FILED:
        payment = Lamp("payment", LampState.PENDING, "superseded", {})
    elif current_result == "matched":
        payment = Lamp("payment", LampState.DONE, "matched", {})
    elif current_result == "mismatched":
        payment = Lamp("payment", LampState.ERROR, "mismatched", {})
    elif current_result == "waiting":
        params = {"complete_to": complete_to, "settles_on": declaration.agent_month.settles_on}
        payment = Lamp("payment", LampState.PENDING, "waiting", params)
    else:
        payment = Lamp("payment", LampState.PENDING, "checking", {})
    return [
        Lamp("upload", LampState.DONE, "filed", {}),
        Lamp("format", LampState.DONE, "checked", {}),
        payment,
    ]


def current_result(month: AgentMonth, complete_to: date | None) -> str | None:
    """Return what a month's stored result means today. One query."""
    months: Any = AgentMonth.objects.filter(pk=month.pk).with_current_result(complete_to)
    result: str | None = months.values_list("current_result", flat=True).get()
    return result


# --- Lists ---


@dataclass(frozen=True)
class ListedDeclaration:
    """A row of 明细申报数据管理. Amounts are yuan; none for a draft."""

    declaration: Declaration
    line_count: int
    income: Decimal | None
    tax_withheld: Decimal | None
    lamps: list[Lamp]
    is_closed: bool
    has_draft: bool


@dataclass(frozen=True)
class ListedMonth:
    """A tax month and what there is of it; nothing of it: not declared (未申报)."""

    tax_month: date
    rows: list[ListedDeclaration] = dataclass_field(default_factory=list)


def years_of(agent: WithholdingAgent) -> list[int]:
    """Return the years with something declared or drafted, and that of last month, newest first."""
    declared = Declaration.objects.filter(agent_month__agent=agent)
    years = declared.values_list("agent_month__tax_month__year", flat=True).distinct()
    return sorted({*years, default_month().year}, reverse=True)


def newest_year_of(agent: WithholdingAgent) -> int:
    """Return the year of the newest month with something in it, else that of last month."""
    declared = Declaration.objects.filter(agent_month__agent=agent)
    newest = declared.order_by("-agent_month__tax_month").values_list(
        "agent_month__tax_month", flat=True
    )
    return (newest.first() or default_month()).year


def months_of_year(agent: WithholdingAgent, year: int) -> list[ListedMonth]:
    """Return a year's months, newest first, with drafts and declarations in force. Two queries."""
    complete_to = watermark()
    drafted = (
        DraftLine.objects.filter(declaration=OuterRef("pk"))
        .order_by()
        .values("declaration")
        .annotate(count=Count("pk"))
        .values("count")
    )
    month_now: Any = AgentMonth.objects.filter(pk=OuterRef("agent_month"))
    declarations: QuerySet[Any] = (
        Declaration.objects.filter(
            agent_month__agent=agent,
            agent_month__tax_month__year=year,
            status__in=[Declaration.Status.DRAFT, Declaration.Status.FILED],
        )
        .select_related("agent_month")
        .annotate(
            income=Sum("totals__income"),
            tax_withheld=Sum("totals__tax_withheld"),
            lines_typed=Coalesce(Subquery(drafted), 0),
            current_result=Subquery(
                month_now.with_current_result(complete_to).values("current_result")
            ),
        )
        .order_by("-agent_month__tax_month", "kind", F("version").desc(nulls_first=True))
    )
    rows = list(declarations)
    drafts = {(row.agent_month_id, row.kind) for row in rows if row.status == row.Status.DRAFT}
    months = {month: ListedMonth(month) for month in _declarable_months(year)}
    for row in sorted(rows, key=lambda row: Kind.values.index(row.kind)):
        is_draft = row.status == row.Status.DRAFT
        listed = ListedDeclaration(
            declaration=row,
            line_count=row.lines_typed if is_draft else row.line_count,
            income=None if is_draft else row.income or ZERO,
            tax_withheld=None if is_draft else row.tax_withheld or ZERO,
            lamps=lamps(row, row.current_result, complete_to),
            is_closed=row.agent_month.closed_at is not None,
            has_draft=not is_draft and (row.agent_month_id, row.kind) in drafts,
        )
        month = row.agent_month.tax_month
        months.setdefault(month, ListedMonth(month)).rows.append(listed)
    return [months[month] for month in sorted(months, reverse=True)]


def _declarable_months(year: int) -> list[date]:
    months = [date(year, month, 1) for month in range(1, 13)]
    return [month for month in months if is_declarable(month)]


def totals_of(declaration: Declaration) -> list[DeclaredTotal]:
    """Return a filed declaration's sums by income item, ordered by item."""
    return list(DeclaredTotal.objects.filter(declaration=declaration).order_by("income_item"))


class GrandTotal(NamedTuple):
    """The sum of totals by item, yuan."""

    line_count: int
    income: Decimal
    tax_reduction: Decimal
    tax_withheld: Decimal


def grand_total(totals: Iterable[DeclaredTotal | ItemTotal]) -> GrandTotal:
    """Add up totals by item."""
    totals = list(totals)
    return GrandTotal(
        sum(total.line_count for total in totals),
        sum((total.income for total in totals), ZERO),
        sum((total.tax_reduction for total in totals), ZERO),
        sum((total.tax_withheld for total in totals), ZERO),
    )


def versions_of(declaration: Declaration) -> DeclarationQuerySet:
    """Return every filed version of a declaration's month and kind, newest first."""
    return (
        Declaration.objects.filter(
            agent_month=declaration.agent_month_id, kind=declaration.kind, version__isnull=False
        )
        .select_related("agent_month")
        .order_by("-version")
    )


def in_force(agent: WithholdingAgent, tax_month: date, kind: str) -> Declaration | None:
    """Return an agent's declaration in force of a month and kind, if there is one."""
    declarations = Declaration.objects.filter(
        agent_month__agent=agent, agent_month__tax_month=tax_month, kind=kind
    )
    return declarations.in_force().select_related("agent_month__agent").first()


def draft_beside(declaration: Declaration) -> Declaration | None:
    """Return the draft of a declaration's month and kind, if there is one."""
    return Declaration.objects.filter(
        agent_month=declaration.agent_month_id,
        kind=declaration.kind,
        status=Declaration.Status.DRAFT,
    ).first()


def detail_lines_of(declaration: Declaration) -> QuerySet[DetailLine]:
    """Return a filed declaration's lines in their order."""
    return DetailLine.objects.filter(declaration=declaration).order_by("line_number")


def draft_lines_of(declaration: Declaration) -> QuerySet[DraftLine]:
    """Return a draft's lines in their order."""
    return DraftLine.objects.filter(declaration=declaration).order_by("position")


# --- Values ---


def read_line(row: DetailLine, reason: str) -> Line:
    """Return a filed line as the value that was filed; its number is revealed for a reason."""
    values = {column: getattr(row, column) for column in COLUMNS}
    values["document_number"] = row.document_number.reveal(reason)
    values["facts"] = row.facts or {}
    return Line(**values)


def header_of(declaration: Declaration, reason: str) -> Header | list[Fault]:
    """Return a declaration's head as a value, or all its faults; the telephone is revealed."""
    month = declaration.agent_month
    texts: dict[str, str] = {
        "computer_code": month.agent.computer_code,
        "tax_month": format_tax_month(month.tax_month),
        "kind": declaration.kind,
        "coverage": declaration.coverage,
        "declarant": declaration.declarant,
        "phone": declaration.phone.reveal(reason),
        "address": declaration.address,
        "postcode": declaration.postcode,
    }
    if declaration.coverage == Declaration.Coverage.PARTIAL:
        for field in ("own_headcount", "other_headcount", "total_income"):
            value = getattr(declaration, field)
            texts[field] = "" if value is None else str(value)
    return check_header(texts)


@dataclass(frozen=True)
class CheckedLine:
    """A line of a draft: what was typed, and what is wrong with it."""

    line: DraftLine
    cells: dict[str, Any]
    faults: list[Fault]


def checked_lines(rows: Sequence[DraftLine], tax_month: date, reason: str) -> list[CheckedLine]:
    """Check some lines of a draft, each by itself; the faults' row is the line's position."""
    today = timezone.localdate()
    checked = []
    for row in rows:
        cells = row.cells.reveal_json(reason)
        outcome = check_line(cells, tax_month, row.position, born_by=today)
        faults = [] if isinstance(outcome, Line) else outcome
        checked.append(CheckedLine(row, cells, faults))
    return checked


@dataclass(frozen=True)
class DraftCheck:
    """What a draft comes to. Without faults it has a head and a digest, and can be filed."""

    header: Header | None
    lines: list[Line]
    faults: list[Fault]
    totals: list[ItemTotal]
    heads: HeadCount
    digest: str


def check_draft(declaration: Declaration) -> DraftCheck:
    """Check a draft as it stands: head and all lines. Two queries; 20,000 lines take a second.

    The faults' row is the line's position; the totals are of the lines without faults.
    """
    head = header_of(declaration, "check a draft")
    faults = [] if isinstance(head, Header) else list(head)
    tax_month = declaration.agent_month.tax_month
    today = timezone.localdate()
    lines: list[Line] = []
    count = 0
    stored: Any = draft_lines_of(declaration).values_list("public_id", "position", "cells")
    for public_id, position, sealed in stored.iterator(chunk_size=2000):
        count += 1
        # Computed with, and not shown: the audit counts what is shown.
        text = open_sealed(sealed, table=_DRAFT_LINES, column="cells", row=public_id)
        outcome = check_line(json.loads(text), tax_month, position, born_by=today)
        if isinstance(outcome, Line):
            lines.append(outcome)
        else:
            faults.extend(outcome)
    if not count:
        faults.append(Fault("lines", FaultCode.REQUIRED))
    content = ""
    header = head if isinstance(head, Header) else None
    if header is not None and not faults:
        content = digest(canonical(header, lines))
    return DraftCheck(header, lines, faults, totals_by_item(lines), count_heads(lines), content)


def digest_of(declaration: Declaration) -> str:
    """Compute a filed declaration's digest anew from what is stored; its receipt names the same."""
    header = header_of(declaration, "verify a digest")
    if not isinstance(header, Header):
        raise ValueError("A filed declaration's head has faults.")
    rows = detail_lines_of(declaration).iterator(chunk_size=2000)
    return digest(canonical(header, [read_line(row, "verify a digest") for row in rows]))
