"""The printed form of a declaration, with or without the explanation of each line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from declarations import selectors
from declarations.models import Declaration, Kind
from declarations.outcomes import outcome_of
from declarations.printing import (
    LINES_A_PART,
    LINES_A_PART_EXPLAINED,
    PrintedTable,
    printed_draft,
    printed_filed,
    total_in_capitals,
)
from declarations.review import Assessed
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.identity import mask_name
from declarations.wording import code_label
from portal.guards import login_required
from portal.http import AuthenticatedHttpRequest

# What the audit says when an agent's clerk opens it; others see masks.
_PRINTED = "the printed form"


@login_required
@require_safe
def printed(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show 扣缴个人所得税报告表 for the printer, in parts if it is long."""
    declaration = selectors.access_declaration(request.user, public_id)
    is_own = request.user.agent_id == declaration.agent_month.agent_id
    reason = _PRINTED if is_own else None
    is_explained = request.GET.get("explained") == "1"
    size = LINES_A_PART_EXPLAINED if is_explained else LINES_A_PART
    is_draft = declaration.status == Declaration.Status.DRAFT
    lines: Any = selectors.draft_lines_of if is_draft else selectors.detail_lines_of
    page = Paginator(lines(declaration), size).get_page(request.GET.get("page"))
    # A draft is its agent's alone.
    part = _draft_part(declaration, page) if is_draft else _filed_part(declaration, page, reason)
    context = {
        "declaration": declaration,
        "is_draft": is_draft,
        "is_own": is_own,
        "is_explained": is_explained,
        "phone": declaration.phone.reveal(reason) if reason else str(declaration.phone),
        "page": page,
        "query": "?explained=1&" if is_explained else "?",
        "table": part.table,
        "explained": part.explained() if is_explained else [],
    }
    totals = _totals(declaration, is_draft=is_draft) if not page.has_next() else {}
    return render(request, "declarations/printed.html", context | totals)


@dataclass(frozen=True)
class _Part:
    """The lines of a part of the form, and what the law makes of them, by primary key."""

    table: PrintedTable
    assessed: Mapping[int, Assessed]
    names: Mapping[int, str]

    def explained(self) -> list[dict[str, Any]]:
        """Return the explanation of each line, with its number and name."""
        numbers = dict(zip(self.names, (row.number for row in self.table.rows), strict=True))
        return [
            {
                "number": numbers[pk],
                "name": self.names[pk],
                "item": code_label(INCOME_ITEMS, assessed.line.income_item),
                "outcome": outcome_of(assessed),
            }
            for pk, assessed in self.assessed.items()
        ]


def _filed_part(declaration: Declaration, page: Any, reason: str | None) -> _Part:
    rows = list(page)
    assessed = selectors.assessed_detail_lines(declaration, rows)
    shown = assessed if declaration.kind == Kind.REGULAR else None
    table = printed_filed(rows, declaration.agent_month.tax_month, shown, reason=reason)
    names = {row.pk: row.name if reason else mask_name(row.name) for row in rows}
    return _Part(table, assessed, names)


def _draft_part(draft: Declaration, page: Any) -> _Part:
    tax_month = draft.agent_month.tax_month
    checked = selectors.checked_lines(list(page), tax_month, _PRINTED)
    assessed = selectors.assessed_draft_lines(draft, checked)
    shown = assessed if draft.kind == Kind.REGULAR else None
    table = printed_draft(checked, tax_month, shown)
    return _Part(table, assessed, {each.line.pk: each.cells.get("name", "") for each in checked})


def _totals(declaration: Declaration, *, is_draft: bool) -> dict[str, Any]:
    """Return the sums of the whole declaration; of a draft, those of its sound lines."""
    totals: Any
    if is_draft:
        totals = selectors.check_draft(declaration).totals
    else:
        totals = selectors.totals_of(declaration)
    total = selectors.grand_total(totals)
    return {
        "totals": totals,
        "grand_total": total,
        "in_capitals": total_in_capitals(total.tax_withheld),
    }
