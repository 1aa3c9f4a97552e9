"""窗口受理: an officer takes in declarations that somebody brought on a disk."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from declarations.faults import FileCode, FileRefused
from declarations.refusals import WorkbookHasFaults
from declarations.sheet_reader import MAX_BYTES
from declarations.uploads import is_too_large, limited_upload
from declarations.wording import fault_sentence, file_sentence
from portal.errors import Refusal
from portal.guards import officer_required
from portal.http import AuthenticatedHttpRequest
from portal.models import User
from portal.selectors import agents_of
from reconciliation.forms import WindowForm
from reconciliation.services import window as services

REFUSED_SHOWN = 200


@limited_upload
@officer_required(User.Role.OFFICER)
@require_http_methods(["GET", "HEAD", "POST"])
def window(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Take in a disk of JSON Lines, or the workbook of one declaration; a receipt for each."""
    agents = agents_of(request.user)
    form = (
        WindowForm(request.POST, request.FILES, agents=agents)
        if request.method == "POST"
        else WindowForm(agents=agents)
    )
    context: dict[str, Any] = {"form": form}
    if is_too_large(request):
        form.full_clean()
        form.errors.clear()
        form.add_error("file", file_sentence(FileRefused(FileCode.TOO_LARGE, max=str(MAX_BYTES))))
    elif form.is_valid():
        given = form.cleaned_data
        content = given["file"].read()
        try:
            if form.is_workbook:
                receipts = services.take_in_workbook(
                    given["agent"],
                    given["month"],
                    given["kind"],
                    content,
                    file_kind=form.file_kind,
                    by=request.user,
                )
                refused: list[dict[str, Any]] = []
            else:
                report = services.take_in_disk(BytesIO(content), by=request.user)
                receipts = report.receipts
                refused = [
                    {"number": number, **fault}
                    for number, faults in report.refused.items()
                    for fault in faults
                ]
        except WorkbookHasFaults as refusal:
            form.add_error("file", str(refusal))
            context["refused"] = [
                {
                    "number": each.row,
                    "field": each.heading,
                    "message": fault_sentence(each.fault, given["month"]),
                }
                for each in refusal.faults[:REFUSED_SHOWN]
            ]
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            context |= {
                "is_done": True,
                "receipts": receipts,
                "refused": refused[:REFUSED_SHOWN],
                "more_refused": len(refused) > REFUSED_SHOWN,
            }
    return render(request, "reconciliation/window.html", context)
