"""Workbooks that are given out: the lines of a declaration, and a year's list."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from declarations import selectors
from declarations.services.exports import export_lines
from declarations.services.list_exports import export_year
from declarations.views.reading import XLSX
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest


@agent_required
@require_safe
def lines(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Give out the lines of an agent's own declaration, to be worked on and uploaded again."""
    declaration = selectors.access_own_declaration(request.user, public_id)
    try:
        content = export_lines(declaration, by=request.user)
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect(declaration)
    month = declaration.agent_month.tax_month
    return workbook_answer(content, f"declaration-lines-{month:%Y%m}.xlsx")


@agent_required
@require_safe
def year(request: AuthenticatedHttpRequest, year: int) -> HttpResponseBase:
    """Give out the list of a year's declarations."""
    agent = selectors.access_own_agent(request.user)
    if not selectors.has_declarable_months(year) and year not in selectors.years_of(agent):
        raise Http404
    return workbook_answer(export_year(agent, year, by=request.user), f"declarations-{year}.xlsx")


def workbook_answer(content: bytes, name: str) -> HttpResponse:
    """Return a workbook as a file to be saved under a name."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
