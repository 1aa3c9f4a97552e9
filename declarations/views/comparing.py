"""更正 with both versions side by side: sums, the head, and the lines that differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from declarations import selectors
from declarations.models import Declaration, DetailLine
from declarations.selectors import LineChange
from declarations.tables import filed_cell, value_cell
from declarations.views.reading import LINES_A_PAGE
from declarations.wording import field_label
from portal.guards import login_required
from portal.http import AuthenticatedHttpRequest

_OWN = "the agent's own declaration"
_HEAD = (
    "declarant",
    "address",
    "postcode",
    "own_headcount",
    "other_headcount",
    "total_income",
)


@login_required
@require_safe
def changes(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show what changed between a version and another, `?with=` its number; else the one before."""
    declaration = selectors.access_declaration(request.user, public_id)
    if declaration.status == Declaration.Status.DRAFT:
        return redirect(declaration)
    others = [
        each for each in selectors.versions_of(declaration) if each.version != declaration.version
    ]
    other = _chosen(request, declaration, others)
    if other is None:
        return redirect(declaration)
    before, after = sorted((declaration, other), key=lambda each: each.version or 0)
    is_own = request.user.agent_id == declaration.agent_month.agent_id
    reason = _OWN if is_own else None
    found = selectors.changes_between(before, after)
    page = Paginator(found.lines, LINES_A_PAGE).get_page(request.GET.get("page"))
    lines = selectors.lines_of_changes(list(page))
    context = {
        "declaration": declaration,
        "before": before,
        "after": after,
        "others": others,
        "other": other,
        "is_own": is_own,
        "totals": selectors.totals_side_by_side(
            selectors.totals_of(before), selectors.totals_of(after)
        ),
        "head": _head(before, after, reason),
        "changes": found,
        "page": page,
        "query": f"?with={other.version}&",
        "rows": [_row(change, lines, after, reason) for change in page],
    }
    return render(request, "declarations/changes.html", context)


def _chosen(
    request: AuthenticatedHttpRequest, declaration: Declaration, others: Sequence[Declaration]
) -> Declaration | None:
    typed = request.GET.get("with", "")
    wanted = int(typed) if re.fullmatch(r"[0-9]{1,6}", typed) else (declaration.version or 0) - 1
    return next((each for each in others if each.version == wanted), next(iter(others), None))


def _head(before: Declaration, after: Declaration, reason: str | None) -> list[dict[str, Any]]:
    """Return the fields of the head that differ, each as it was and as it is."""
    sides = [before, after]
    texts = {"coverage": [str(each.get_coverage_display()) for each in sides]}
    texts["phone"] = [each.phone.reveal(reason) if reason else str(each.phone) for each in sides]
    for field in _HEAD:
        texts[field] = [str(value_cell(field, getattr(each, field)).text) for each in sides]
    return [
        {"label": field_label(field), "before": was, "after": became}
        for field, (was, became) in texts.items()
        if was != became
    ]


def _row(
    change: LineChange, lines: dict[int, DetailLine], after: Declaration, reason: str | None
) -> dict[str, Any]:
    was = lines.get(change.before) if change.before else None
    became = lines.get(change.after) if change.after else None
    line = became or was
    assert line is not None, "A change is about a line."  # noqa: S101
    tax_month = after.agent_month.tax_month
    columns = change.columns or ("income", "tax_withheld")
    return {
        "was": was,
        "became": became,
        "name": filed_cell(line, "name", reason).text,
        "document_number": filed_cell(line, "document_number", reason).text,
        "income_item": line.income_item,
        "cells": [
            {
                "label": field_label(column, tax_month),
                "before": filed_cell(was, column, reason) if was else None,
                "after": filed_cell(became, column, reason) if became else None,
            }
            for column in columns
        ],
    }
