"""A draft: begun, its head, its end. Its lines are in `lines`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from declarations import selectors
from declarations.forms import HeaderForm, NewDeclarationForm
from declarations.models import Declaration, Kind
from declarations.refusals import DraftExists
from declarations.services import drafts
from declarations.services.taxpayers import begin_draft_from_register
from declarations.taxlaw.tax_month import format_tax_month, previous_month
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest

METHODS = ["GET", "HEAD", "POST"]
_EDITOR = "the editor of a draft"


@agent_required
@require_http_methods(METHODS)
def new(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """新增明细表: begin a draft."""
    form = NewDeclarationForm(request.POST or None, initial=_wanted(request))
    if form.is_valid():
        try:
            draft = _begin(request, form)
        except DraftExists as refusal:
            messages.info(request, str(refusal))
            return redirect(refusal.declaration)
        except Refusal as refusal:
            form.add_error("month", str(refusal))
        else:
            messages.success(request, _("已新增%(declaration)s的草稿。") % {"declaration": draft})
            return redirect(draft)
    return render(request, "declarations/new.html", {"form": form})


def _wanted(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    """Return what a link to the page asks for; what it should not say, it does not."""
    month = request.GET.get("month", "")
    wanted: dict[str, Any] = {"month": month[:7]}
    if not month:
        wanted["month"] = format_tax_month(selectors.default_month())
    if request.GET.get("kind") in Kind.values:
        wanted["kind"] = request.GET["kind"]
    return wanted


def _begin(request: AuthenticatedHttpRequest, form: NewDeclarationForm) -> Declaration:
    agent = selectors.access_own_agent(request.user)
    wanted = form.cleaned_data
    month, kind, coverage = wanted["month"], wanted["kind"], wanted["coverage"]
    if wanted["start"] != "register":
        source = _source(request, form)
        return drafts.create_draft(agent, month, kind, coverage=coverage, source=source)
    draft = begin_draft_from_register(agent, month, kind, coverage=coverage)
    if not selectors.draft_lines_of(draft).exists():
        messages.warning(request, _("个人基础信息中没有当月在职的人员,已新增空白表。"))
    return draft


def _source(request: AuthenticatedHttpRequest, form: NewDeclarationForm) -> Declaration | None:
    start, month = form.cleaned_data["start"], form.cleaned_data["month"]
    if start == "blank" or not selectors.is_declarable(month):
        return None
    agent = selectors.access_own_agent(request.user)
    tax_month = month if start == "in_force" else previous_month(month)
    source = selectors.in_force(agent, tax_month, form.cleaned_data["kind"])
    if source is None:
        messages.warning(request, _("没有可以复制的申报,已新增空白表。"))
    return source


@agent_required
@require_POST
def correct(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """更正: begin a draft with what a filed declaration says."""
    declaration = selectors.access_own_declaration(request.user, public_id)
    month = declaration.agent_month
    try:
        draft = drafts.create_draft(
            month.agent,
            month.tax_month,
            declaration.kind,
            coverage=declaration.coverage,
            source=declaration,
        )
    except DraftExists as refusal:
        messages.info(request, str(refusal))
        return redirect(refusal.declaration)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(declaration)
    messages.success(request, _("已复制全部明细。请修改后提交;提交前,原申报继续有效。"))
    return redirect(draft)


@agent_required
@require_http_methods(METHODS)
def header(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """单位基础信息 of a draft."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if request.method != "POST" and draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    known = {field: getattr(draft, field) for field in drafts.HEADER_FIELDS}
    form = HeaderForm(request.POST or None, initial=known | {"phone": draft.phone.reveal(_EDITOR)})
    if form.is_valid():
        try:
            drafts.edit_header(draft, form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("单位基础信息已保存。"))
        return redirect(draft)
    return render(request, "declarations/header.html", {"form": form, "declaration": draft})


@agent_required
@require_http_methods(METHODS)
def delete(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Ask, then delete a draft."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    if request.method == "POST":
        try:
            drafts.delete_draft(draft)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已删除%(declaration)s的草稿。") % {"declaration": draft})
        return redirect("declarations:declarations")
    context = {"declaration": draft, "lines": selectors.draft_lines_of(draft).count()}
    return render(request, "declarations/delete.html", context)
