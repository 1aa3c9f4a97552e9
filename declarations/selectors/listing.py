"""What an agent has declared: years, months, versions, totals, lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from declarations.declaration import ItemTotal
from declarations.lines import ZERO
from declarations.models import (
    AgentMonth,
    Declaration,
    DeclarationQuerySet,
    DeclaredTotal,
    DetailLine,
    DraftLine,
    Kind,
)
from declarations.selectors.lamps import Lamp, lamps
from declarations.selectors.months import default_month, is_declarable, watermark
from portal.models import WithholdingAgent


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

    @property
    def is_draft(self) -> bool:
        return self.declaration.status == Declaration.Status.DRAFT


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
