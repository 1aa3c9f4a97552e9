"""Workbooks that are given out: the lines of a declaration."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from declarations import selectors
from declarations.services.exports import export_lines
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


def workbook_answer(content: bytes, name: str) -> HttpResponse:
    """Return a workbook as a file to be saved under a name."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
