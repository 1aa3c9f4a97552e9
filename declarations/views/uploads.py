"""导入: a workbook into a draft."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from declarations import selectors
from declarations.faults import FileCode, FileRefused
from declarations.forms import UploadForm
from declarations.models import Declaration
from declarations.refusals import WorkbookHasFaults
from declarations.services.imports import import_workbook
from declarations.sheet_reader import MAX_BYTES
from declarations.uploads import is_too_large, limited_upload
from declarations.wording import fault_sentence, file_sentence
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest

FAULTS_A_PAGE = 200


@limited_upload
@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Take in a workbook: all of its rows, or none and a report of all that is wrong."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    report = None
    if is_too_large(request):
        # Neither the file nor what stood behind it in the form has arrived.
        form.full_clean()
        form.errors.clear()
        form.add_error("file", file_sentence(FileRefused(FileCode.TOO_LARGE, max=str(MAX_BYTES))))
    elif form.is_valid():
        file = form.cleaned_data["file"]
        try:
            rows = import_workbook(
                draft,
                file.read(),
                kind="csv" if file.name.lower().endswith(".csv") else "xlsx",
                replace=form.cleaned_data["mode"] == "replace",
            )
        except WorkbookHasFaults as refusal:
            form.add_error("file", str(refusal))
            report = _report(draft, refusal)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(
                request,
                ngettext("已导入 %(count)d 行明细。", "已导入 %(count)d 行明细。", rows)
                % {"count": rows},
            )
            return redirect(draft)
    context = {"form": form, "declaration": draft, "report": report}
    return render(request, "declarations/upload.html", context)


def _report(draft: Declaration, refusal: WorkbookHasFaults) -> dict[str, object]:
    """Return the report: how often which heading is wrong, and the first faults in words."""
    month = draft.agent_month.tax_month
    return {
        "count": len(refusal.faults),
        "by_heading": Counter(entry.heading for entry in refusal.faults).most_common(),
        "shown": [
            {
                "row": entry.row,
                "name": entry.name,
                "heading": entry.heading,
                "sentence": fault_sentence(entry.fault, month),
                "code": entry.fault.code.value,
            }
            for entry in refusal.faults[:FAULTS_A_PAGE]
        ],
    }
