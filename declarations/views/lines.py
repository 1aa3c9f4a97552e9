"""A line: typed into a draft, with what the law makes of it; read in a filed declaration."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from declarations import selectors
from declarations.finding_words import worded
from declarations.line_forms import LineForm, line_form
from declarations.models import Declaration, DetailLine, DraftLine, Kind
from declarations.outcomes import outcome_of
from declarations.selectors import CheckedLine
from declarations.services import drafts
from declarations.tables import filed_fields
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from declarations.views.reading import LINES_A_PAGE
from portal.errors import Refusal
from portal.guards import agent_required, login_required
from portal.http import AuthenticatedHttpRequest

METHODS = ["GET", "HEAD", "POST"]
_EDITOR = "the editor of a draft"
_EVIDENCE = "the agent's own declaration"


@agent_required
@require_http_methods(METHODS)
def add_line(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """添加: one more line, kept as it was typed."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if request.method != "POST" and draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    form = LineForm(request.POST or None, tax_month=draft.agent_month.tax_month)
    if form.can_be_kept():
        cells = form.cells()
        if cells:
            try:
                line = drafts.add_line(draft, cells)
            except Refusal as refusal:
                messages.error(request, str(refusal))
                return redirect(draft)
            return _after_saving(request, line, form)
        form.add_error(None, _("这一行还是空的,请至少填写一栏。"))
    return _line_page(request, draft, form, None)


@login_required
@require_http_methods(METHODS)
def line(request: AuthenticatedHttpRequest, public_id: UUID, line_id: UUID) -> HttpResponseBase:
    """Edit a line of a draft, or show one of a filed declaration."""
    declaration = selectors.access_declaration(request.user, public_id)
    if declaration.status == Declaration.Status.DRAFT:
        return _edit(request, selectors.access_own_line(request.user, public_id, line_id))
    row = get_object_or_404(selectors.detail_lines_of(declaration), public_id=line_id)
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return _evidence(request, declaration, row)


def _edit(request: AuthenticatedHttpRequest, line: DraftLine) -> HttpResponseBase:
    """Show a line as it was typed; what is wrong with it stands at its fields."""
    draft = line.declaration
    tax_month = draft.agent_month.tax_month
    checked = selectors.checked_lines([line], tax_month, _EDITOR)[0]
    if request.method != "POST":
        form = line_form(tax_month, checked.cells, checked.faults)
        return _line_page(request, draft, form, checked)
    form = LineForm(
        request.POST,
        tax_month=tax_month,
        stored=checked.cells.get("facts"),
        item=checked.cells.get("income_item"),
    )
    if form.can_be_kept():
        # What the page does not show (foreign income from 2019) stays as it was.
        shown = {*form.fields, "facts"}
        unseen = {key: cell for key, cell in checked.cells.items() if key not in shown}
        try:
            line = drafts.edit_line(line, unseen | form.cells())
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect(draft)
        return _after_saving(request, line, form)
    return _line_page(request, draft, form, checked)


def _evidence(
    request: AuthenticatedHttpRequest, declaration: Declaration, row: DetailLine
) -> HttpResponse:
    month = declaration.agent_month
    is_own = request.user.agent_id == month.agent_id
    reason = _EVIDENCE if is_own else None
    assessed = selectors.assessed_detail_lines(declaration, [row]).get(row.pk)
    found = selectors.findings_in(declaration).filter(line_number=row.line_number)
    context = {
        "declaration": declaration,
        "is_own": is_own,
        "line": row,
        "findings": worded(map(selectors.read_finding, found), month.tax_month),
        "fields": filed_fields(row, month.tax_month, reason=reason),
        "outcome": outcome_of(assessed) if assessed else None,
        "is_regular": declaration.kind == Kind.REGULAR,
        "page_number": (row.line_number - 1) // LINES_A_PAGE + 1,
    }
    return render(request, "declarations/filed_line.html", context)


@agent_required
@require_http_methods(METHODS)
def delete_line(
    request: AuthenticatedHttpRequest, public_id: UUID, line_id: UUID
) -> HttpResponseBase:
    """Ask, then delete a line."""
    line = selectors.access_own_line(request.user, public_id, line_id)
    draft = line.declaration
    if request.method == "POST":
        try:
            drafts.delete_line(line)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已删除第 %(number)d 行明细。") % {"number": line.position})
        return redirect(draft)
    cells = selectors.checked_lines([line], draft.agent_month.tax_month, _EDITOR)[0].cells
    context = {"declaration": draft, "line": line, "name": cells.get("name", "")}
    return render(request, "declarations/delete_line.html", context)


def _after_saving(
    request: AuthenticatedHttpRequest, line: DraftLine, form: LineForm
) -> HttpResponse:
    draft = line.declaration
    tax_month = draft.agent_month.tax_month
    checked = selectors.checked_lines([line], tax_month, _EDITOR)[0]
    number = {"number": line.position}
    if checked.faults or form.errors:
        messages.warning(request, _("第 %(number)d 行已保存,但有需要修改的地方。") % number)
        return redirect("declarations:line", draft.public_id, line.public_id)
    messages.success(request, _("第 %(number)d 行已保存。") % number)
    if "another" in request.POST:
        return redirect("declarations:add_line", draft.public_id)
    return redirect(draft)


def _line_page(
    request: AuthenticatedHttpRequest,
    draft: Declaration,
    form: LineForm,
    checked: CheckedLine | None,
) -> HttpResponse:
    assessed = selectors.assessed_draft_lines(draft, [checked]) if checked else {}
    outcome = next((outcome_of(each) for each in assessed.values()), None)
    groups = form.groups()
    context: dict[str, Any] = {
        "declaration": draft,
        "form": form,
        "groups": groups,
        "has_facts": any(group.is_told for group in groups),
        "line": checked.line if checked else None,
        "outcome": outcome,
        "is_regular": draft.kind == Kind.REGULAR,
        "code_lists": {
            "document_type": DOCUMENT_TYPES,
            "country": COUNTRIES,
            "occupation": OCCUPATIONS,
            "income_item": INCOME_ITEMS,
        },
    }
    return render(request, "declarations/line.html", context)
