"""The printed form of a declaration: a page, with or without explanations, and a PDF."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from declarations import selectors
from declarations.form_pdf import count_parts, form_pdf, reason_of
from declarations.models import Declaration
from declarations.printed_parts import PRINTED, draft_part, filed_part, totals_printed
from declarations.printing import LINES_A_PART, LINES_A_PART_EXPLAINED
from portal.errors import Refusal
from portal.guards import login_required
from portal.http import AuthenticatedHttpRequest


@login_required
@require_safe
def printed(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show 扣缴个人所得税报告表 for the printer, in parts if it is long."""
    declaration = selectors.access_declaration(request.user, public_id)
    is_own = request.user.agent_id == declaration.agent_month.agent_id
    reason = PRINTED if is_own else None
    is_explained = request.GET.get("explained") == "1"
    size = LINES_A_PART_EXPLAINED if is_explained else LINES_A_PART
    is_draft = declaration.status == Declaration.Status.DRAFT
    lines: Any = selectors.draft_lines_of if is_draft else selectors.detail_lines_of
    page = Paginator(lines(declaration), size).get_page(request.GET.get("page"))
    rows: Any = list(page)
    # A draft is its agent's alone.
    part = draft_part(declaration, rows) if is_draft else filed_part(declaration, rows, reason)
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
    totals = totals_printed(declaration, is_draft=is_draft) if not page.has_next() else {}
    return render(request, "declarations/printed.html", context | totals)


@login_required
@require_safe
def form(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Give the printed form as a PDF; of a long one a part, the same as the print page's."""
    declaration = selectors.access_declaration(request.user, public_id)
    parts = count_parts(declaration)
    part = Paginator(range(parts), 1).get_page(request.GET.get("page")).number
    try:
        content = form_pdf(declaration, reason_of(request.user, declaration), part, parts)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("declarations:printed", public_id)
    name = f"form-{declaration.agent_month.tax_month:%Y-%m}{f'-{part}' if parts > 1 else ''}.pdf"
    answer = HttpResponse(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
