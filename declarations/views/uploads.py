"""导入: a workbook into a draft, at once or after it was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from declarations import selectors
from declarations.faults import FileCode, FileRefused
from declarations.forms import UploadForm
from declarations.heading_forms import HeadingsForm
from declarations.jobs import imported
from declarations.models import Declaration, WaitingImport
from declarations.refusals import WorkbookHasFaults, WorkbookIsRefused
from declarations.selectors.waiting import (
    LineChange,
    digest_of_file,
    headings_of_agent,
    import_plan,
    imported_before,
    waiting_import_of,
    waiting_sheet,
)
from declarations.services.imports import (
    fault_of,
    import_workbook,
    placed_faults,
    report_of,
    report_of_faults,
)
from declarations.services.waiting import (
    WaitingImportIsGone,
    export_errors,
    give_waiting_up,
    preview_workbook,
    remember_headings,
    take_waiting_in,
)
from declarations.sheet_reader import MAX_BYTES, MAX_COLUMNS
from declarations.sheets import SheetRow
from declarations.tables import is_amount
from declarations.uploads import is_too_large, limited_upload
from declarations.views.workbooks import workbook_answer
from declarations.wording import (
    CODED_COLUMNS,
    code_label,
    fault_sentence,
    field_label,
    file_sentence,
)
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from portal.jobs import sentence_of
from portal.models import Job
from portal.selectors import access_job
from portal.services.jobs import JobIsUnderWay
from portal.templatetags.amounts import count as grouped

Mode = WaitingImport.Mode
SHOWN = 50
TELLING = ("name", "document_number", "income_item", "income", "tax_withheld")


@limited_upload
@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Take in a workbook: all of its rows, or none and a report of all that is wrong.

    With `preview` it waits to be looked at; so does an update, and a file that came in before. A
    large one becomes a job; one that was refused comes back here with `?job=`.
    """
    draft = selectors.access_own_declaration(request.user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    report = None
    strange: Sequence[str] = ()
    if is_too_large(request):
        # Neither the file nor what stood behind it in the form has arrived.
        form.full_clean()
        form.errors.clear()
        form.add_error("file", file_sentence(FileRefused(FileCode.TOO_LARGE, max=str(MAX_BYTES))))
    elif form.is_valid():
        try:
            outcome = _import(request, draft, form)
        except JobIsUnderWay as refusal:
            messages.warning(request, str(refusal))
            return redirect(refusal.job)
        except WorkbookHasFaults as refusal:
            form.add_error("file", str(refusal))
            report = _worded(report_of(refusal), draft)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
            strange = refusal.headings if isinstance(refusal, WorkbookIsRefused) else ()
        else:
            if not isinstance(outcome, int):
                return redirect(outcome)
            messages.success(request, imported(outcome))
            return redirect(draft)
    elif request.method != "POST" and "job" in request.GET:
        job = _refused_import(request, draft)
        form = UploadForm({"mode": _mode_of(job)})
        form.full_clean()
        form.errors.clear()
        form.add_error("file", sentence_of(job))
        if job.report is not None:
            found = job.report.reveal_json("show what is wrong with a workbook")
            strange = found.get("headings", [])
            report = None if strange else _worded(found, draft)
    context = {
        "form": form,
        "declaration": draft,
        "report": report,
        "headings": HeadingsForm(strange, month=draft.agent_month.tax_month) if strange else None,
    }
    return render(request, "declarations/upload.html", context)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def headings(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Say which columns stand under an agent's own headings; what is remembered can be changed."""
    draft = selectors.access_own_declaration(request.user, public_id)
    agent = draft.agent_month.agent
    known = headings_of_agent(agent)
    month = draft.agent_month.tax_month
    if request.method == "POST":
        named = request.POST.getlist("heading")[:MAX_COLUMNS]
        form = HeadingsForm(named, request.POST, month=month)
        if form.is_valid():
            remember_headings(agent, form.columns())
            messages.success(request, _("列标题已记住,请重新上传文件。"))
            return redirect("declarations:upload", draft.public_id)
    else:
        form = HeadingsForm(list(known), month=month, known=known)
    context = {"form": form, "declaration": draft}
    return render(request, "declarations/headings.html", context)


def _import(
    request: AuthenticatedHttpRequest, draft: Declaration, form: UploadForm
) -> int | Job | WaitingImport:
    """Return how many lines came in; what waits to be looked at instead; or the job for either."""
    file = form.cleaned_data["file"]
    content = file.read()
    kind = "csv" if file.name.lower().endswith(".csv") else "xlsx"
    mode = Mode(form.cleaned_data["mode"])
    is_known = imported_before(draft, digest_of_file(content)) is not None
    if "preview" in request.POST or mode == Mode.UPDATE or is_known:
        return preview_workbook(draft, content, kind=kind, mode=mode, by=request.user)
    replace = mode == Mode.REPLACE
    return import_workbook(draft, content, kind=kind, replace=replace, by=request.user)


def _mode_of(job: Job) -> str:
    """Return the mode in which a refused job was to import."""
    if "mode" in job.parameters:
        return str(job.parameters["mode"])
    return str(Mode.REPLACE if job.parameters["replace"] else Mode.APPEND)


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


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show what a workbook would do to a draft, and what is wrong with it; take it in or not."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    if request.method == "POST":
        return _decided(request, draft)
    found = waiting_import_of(draft)
    if found is None:
        messages.info(request, _("没有等待导入的工作簿,请先上传。"))
        return redirect("declarations:upload", draft.public_id)
    month = draft.agent_month.tax_month
    wanted = request.GET.get("mode", "")
    mode = Mode(wanted if wanted in Mode.values else found.mode)
    sheet = waiting_sheet(found)
    plan = import_plan(draft, sheet, mode)
    report = None
    if sheet.faults:
        rows = [SheetRow(row, texts) for row, texts in sheet.rows]
        faults = placed_faults(rows, sheet.headings, sheet.faults, month)
        report = _worded(report_of_faults(faults), draft)
    context = {
        "declaration": draft,
        "waiting": found,
        "mode": mode,
        "modes": Mode.choices,
        "plan": plan,
        "right_rows": plan.rows - plan.faulty_rows,
        "before": imported_before(draft, bytes(found.digest)),
        "twice": plan.twice[:SHOWN],
        "added": [(row, _cells(texts)) for row, texts in plan.added[:SHOWN]],
        "changed": [_change(each, month) for each in plan.changed[:SHOWN]],
        "report": report,
    }
    return render(request, "declarations/waiting_import.html", context)


@agent_required
@require_safe
def errors(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Give out the workbook that waits, with its errors marked, to be mended and uploaded again."""
    draft = selectors.access_own_declaration(request.user, public_id)
    found = waiting_import_of(draft)
    if found is None or draft.status != Declaration.Status.DRAFT:
        raise Http404
    month = draft.agent_month.tax_month
    return workbook_answer(
        export_errors(found, by=request.user), f"declaration-errors-{month:%Y%m}.xlsx"
    )


def _decided(request: AuthenticatedHttpRequest, draft: Declaration) -> HttpResponseBase:
    """Take what waits in, or throw it away, as the clerk decided."""
    if "give_up" in request.POST:
        give_waiting_up(draft)
        messages.info(request, _("已放弃这份工作簿,草稿没有变化。"))
        return redirect(draft)
    wanted = request.POST.get("mode", "")
    try:
        if wanted not in Mode.values:
            raise WaitingImportIsGone
        taken = take_waiting_in(
            draft,
            _seen(request),
            Mode(wanted),
            with_faults="with_faults" in request.POST,
            by=request.user,
        )
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("declarations:waiting_import", draft.public_id)
    words = _("工作簿已导入:新增 %(added)s 行,更新 %(changed)s 行,不变 %(unchanged)s 行。")
    counts = {name: grouped(number) for name, number in taken._asdict().items()}
    messages.success(request, words % counts)
    if waiting_import_of(draft) is not None:
        messages.info(request, _("有误的行还没有导入。请下载错误工作簿,修改后重新上传。"))
        return redirect("declarations:waiting_import", draft.public_id)
    return redirect(draft)


def _seen(request: AuthenticatedHttpRequest) -> UUID:
    """Return the public id of what was looked at; one that nothing has if none is told."""
    try:
        return UUID(request.POST.get("seen", ""))
    except ValueError:
        return UUID(int=0)


def _cells(texts: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Return the columns of a row that tell which one it is, each with whether it is an amount."""
    return [(_typed_words(column, texts.get(column, "")), is_amount(column)) for column in TELLING]


def _change(change: LineChange, month: date) -> dict[str, Any]:
    """Return a change as it is read: each column with what stood there and what will."""
    return {
        "row": change.row,
        "position": change.position,
        "name": change.before.get("name", ""),
        "columns": [
            (
                field_label(column, month),
                _typed_words(column, change.before.get(column, "")),
                _typed_words(column, change.after.get(column, "")),
            )
            for column in change.columns
        ],
    }


def _typed_words(column: str, value: Any) -> str:
    """Return what was typed as it is read: a code with its name."""
    return code_label(CODED_COLUMNS[column], str(value)) if column in CODED_COLUMNS else str(value)


def _worded(report: dict[str, Any] | None, draft: Declaration) -> dict[str, Any] | None:
    """Return a report with a sentence for each fault that it shows."""
    if report is None:
        return None
    month = draft.agent_month.tax_month
    shown = [
        {**entry, "sentence": fault_sentence(fault_of(entry), month)} for entry in report["shown"]
    ]
    return {**report, "shown": shown}
