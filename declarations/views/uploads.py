"""导入: a workbook into a draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from declarations import selectors
from declarations.faults import FileCode, FileRefused
from declarations.forms import UploadForm
from declarations.jobs import imported
from declarations.models import Declaration
from declarations.refusals import WorkbookHasFaults
from declarations.services.imports import fault_of, import_workbook, report_of
from declarations.sheet_reader import MAX_BYTES
from declarations.uploads import is_too_large, limited_upload
from declarations.wording import fault_sentence, file_sentence
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from portal.jobs import sentence_of
from portal.models import Job
from portal.selectors import access_job
from portal.services.jobs import JobIsUnderWay


@limited_upload
@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Take in a workbook: all of its rows, or none and a report of all that is wrong.

    A large one becomes a job; one that was refused comes back here with `?job=`.
    """
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
            outcome = import_workbook(
                draft,
                file.read(),
                kind="csv" if file.name.lower().endswith(".csv") else "xlsx",
                replace=form.cleaned_data["mode"] == "replace",
                by=request.user,
            )
        except JobIsUnderWay as refusal:
            messages.warning(request, str(refusal))
            return redirect(refusal.job)
        except WorkbookHasFaults as refusal:
            form.add_error("file", str(refusal))
            report = _worded(report_of(refusal), draft)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            if isinstance(outcome, Job):
                return redirect(outcome)
            messages.success(request, imported(outcome))
            return redirect(draft)
    elif request.method != "POST" and "job" in request.GET:
        job = _refused_import(request, draft)
        form = UploadForm({"mode": "replace" if job.parameters["replace"] else "append"})
        form.full_clean()
        form.errors.clear()
        form.add_error("file", sentence_of(job))
        if job.report is not None:
            report = _worded(job.report.reveal_json("show what is wrong with a workbook"), draft)
    context = {"form": form, "declaration": draft, "report": report}
    return render(request, "declarations/upload.html", context)


def _refused_import(request: AuthenticatedHttpRequest, draft: Declaration) -> Job:
    """Return the job that the address names, if it was a refused import into the draft."""
    try:
        public_id = UUID(request.GET["job"])
    except ValueError:
        raise Http404 from None
    job = access_job(request.user, public_id)
    if job.subject != draft.public_id or job.state != Job.State.REFUSED:
        raise Http404
    return job


def _worded(report: dict[str, Any] | None, draft: Declaration) -> dict[str, Any] | None:
    """Return a report with a sentence for each fault that it shows."""
    if report is None:
        return None
    month = draft.agent_month.tax_month
    shown = [
        {**entry, "sentence": fault_sentence(fault_of(entry), month)} for entry in report["shown"]
    ]
    return {**report, "shown": shown}
