"""The printed form of a declaration: a page, with or without explanations, and a PDF."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from declarations import selectors
from declarations.archives import zipped
from declarations.form_pdf import count_parts, form_pdf, reason_of
from declarations.models import Declaration
from declarations.printed_parts import PRINTED, draft_part, filed_part, totals_printed
from declarations.printing import LINES_A_PART, LINES_A_PART_EXPLAINED
from declarations.services.printing import printed_for, start_printing
from portal.errors import Refusal
from portal.guards import login_required
from portal.http import AuthenticatedHttpRequest
from portal.models import AuditEntry
from portal.selectors import files_of
from portal.services import audit
from portal.services.jobs import JobIsUnderWay


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
    is_long = page.paginator.num_pages > 1 and not is_explained
    made = printed_for(declaration, request.user) if is_long else None
    context |= {"is_long": is_long, "made": made}
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
    suffix = f"-{part}" if parts > 1 else ""
    answer = HttpResponse(content, content_type="application/pdf")
    return _named(answer, f"{_name(declaration)}{suffix}.pdf")


@login_required
@require_POST
def make_form(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Begin to make the PDFs of all parts of a long form; a short one is given at once."""
    declaration = selectors.access_declaration(request.user, public_id)
    if count_parts(declaration) == 1:
        return redirect("declarations:form", public_id)
    try:
        return redirect(start_printing(declaration, by=request.user))
    except JobIsUnderWay as refusal:
        return redirect(refusal.job)


@login_required
@require_safe
def made_form(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Give the PDFs of all parts that were made last, in an archive."""
    declaration = selectors.access_declaration(request.user, public_id)
    job = printed_for(declaration, request.user)
    if job is None:
        raise Http404
    audit.record(
        AuditEntry.Action.EXPORT,
        "done",
        user=request.user,
        agent=declaration.agent_month.agent,
        kind="the printed form as PDFs",
        declaration=str(declaration.public_id),
    )
    name = _name(declaration)
    files = ((f"{name}-{number}.pdf", file) for number, file in enumerate(files_of(job), 1))
    answer = StreamingHttpResponse(zipped(files), content_type="application/zip")
    return _named(answer, f"{name}.zip")


def _name(declaration: Declaration) -> str:
    return f"form-{declaration.agent_month.tax_month:%Y-%m}"


def _named(answer: HttpResponseBase, name: str) -> HttpResponseBase:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
