"""Lists of persons: uploaded, looked at, taken in; the template, and the export."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from declarations import selectors
from declarations.faults import FileCode, FileRefused
from declarations.roster_jobs import taken_in
from declarations.roster_workbook import write_roster
from declarations.selectors import Change
from declarations.services.imports import fault_of
from declarations.services.rosters import (
    export_register,
    give_up,
    take_in_or_leave_to_job,
    upload_roster,
)
from declarations.sheet_reader import MAX_BYTES
from declarations.taxpayer_forms import RosterForm
from declarations.uploads import is_too_large, limited_upload
from declarations.views.reading import XLSX
from declarations.views.taxpayers import METHODS, wanted_state
from declarations.wording import fault_sentence, field_label, file_sentence, person_words
from portal.errors import Refusal
from portal.guards import agent_required, step_up_required
from portal.http import AuthenticatedHttpRequest
from portal.models import Job
from portal.services.jobs import JobIsUnderWay

SHOWN = 50


@limited_upload
@agent_required
@require_http_methods(METHODS)
def upload(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Take in a file of persons, to be looked at; a large one becomes a job."""
    agent = selectors.access_own_agent(request.user)
    form = RosterForm(request.POST, request.FILES) if request.method == "POST" else RosterForm()
    if is_too_large(request):
        # Neither the file nor what stood behind it in the form has arrived.
        form.full_clean()
        form.errors.clear()
        form.add_error("file", file_sentence(FileRefused(FileCode.TOO_LARGE, max=str(MAX_BYTES))))
    elif form.is_valid():
        file = form.cleaned_data["file"]
        kind = "csv" if file.name.lower().endswith(".csv") else "xlsx"
        try:
            outcome = upload_roster(agent, file.read(), kind=kind, by=request.user)
        except JobIsUnderWay as refusal:
            messages.warning(request, str(refusal))
            return redirect(refusal.job)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect(outcome if isinstance(outcome, Job) else "taxpayers:roster")
    return render(request, "declarations/roster_upload.html", {"form": form})


@agent_required
@require_http_methods(METHODS)
def roster(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show what a list would do to the register; take it in, or throw it away."""
    agent = selectors.access_own_agent(request.user)
    if request.method == "POST":
        if "give_up" in request.POST:
            give_up(agent)
            messages.info(request, _("已放弃这份名单,个人基础信息没有变化。"))
            return redirect("taxpayers:taxpayers")
        try:
            taken = take_in_or_leave_to_job(agent, _seen(request), by=request.user)
        except JobIsUnderWay as refusal:
            messages.warning(request, str(refusal))
            return redirect(refusal.job)
        except Refusal as refusal:
            messages.warning(request, str(refusal))
        else:
            if isinstance(taken, Job):
                return redirect(taken)
            messages.success(request, taken_in(taken._asdict()))
        return redirect("taxpayers:taxpayers")
    waiting = selectors.roster_of(agent)
    if waiting is None:
        messages.info(request, _("没有等待导入的名单,请先上传。"))
        return redirect("taxpayers:upload")
    plan = selectors.plan_of(waiting)
    context = {
        "roster": waiting,
        "plan": plan,
        "to_write": len(plan.added) + len(plan.changed),
        "added": [(row, person_words(person)) for row, person in plan.added[:SHOWN]],
        "changed": [_worded(change) for change in plan.changed[:SHOWN]],
        "report": _report(plan.report),
    }
    return render(request, "declarations/roster.html", context)


@agent_required
@require_safe
def template(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Give out the empty workbook of the register."""
    return _workbook(write_roster([]), "persons.xlsx")


@agent_required
@require_safe
@step_up_required
def export(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Give out the register, or those of it whom the list shows, with whole numbers."""
    agent = selectors.access_own_agent(request.user)
    content = export_register(agent, wanted_state(request), by=request.user)
    return _workbook(content, f"persons-{timezone.localdate():%Y%m%d}.xlsx")


def _seen(request: AuthenticatedHttpRequest) -> UUID:
    """Return the public id of the list that was looked at; one that no list has if none is told."""
    try:
        return UUID(request.POST.get("seen", ""))
    except ValueError:
        return UUID(int=0)


def _worded(change: Change) -> dict[str, Any]:
    """Return a change as it is read: each column with what stood there and what will."""
    before, after = person_words(change.before), person_words(change.after)
    return {
        "row": change.row,
        "name": change.before.name,
        "columns": [
            (field_label(column), before[column], after[column]) for column in change.columns
        ],
    }


def _report(report: Any) -> dict[str, Any] | None:
    """Return what is wrong with the other rows, with a sentence for each fault that is shown."""
    if report is None:
        return None
    shown = [{**entry, "sentence": fault_sentence(fault_of(entry))} for entry in report["shown"]]
    return {**report, "shown": shown}


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
