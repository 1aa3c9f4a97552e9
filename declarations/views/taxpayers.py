"""个人基础信息: the register of persons, a person of it, and those of a declaration not in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from declarations import selectors
from declarations.models import Declaration, Taxpayer
from declarations.persons import Person, check_person
from declarations.refusals import PersonIsRegistered
from declarations.roster_jobs import registered
from declarations.services import taxpayers as register
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, OCCUPATIONS
from declarations.taxpayer_forms import TaxpayerForm, TaxpayerSearchForm
from declarations.wording import code_name
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from portal.models import Job
from portal.services.jobs import JobIsUnderWay
from portal.templatetags.amounts import count as grouped

METHODS = ["GET", "HEAD", "POST"]
PERSONS_A_PAGE = 50
_REGISTER = "the register of persons"


@agent_required
@require_http_methods(METHODS)
def taxpayers(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """List the persons of the register; search them by POST: no name goes into an address."""
    agent = selectors.access_own_agent(request.user)
    state, order = wanted_state(request), _order(request)
    labels: tuple[tuple[selectors.State, str], ...] = (
        ("there", _("在职")),
        ("left", _("离职")),
        ("all", _("全部")),
    )
    form = TaxpayerSearchForm(request.POST or None)
    if form.is_valid():
        text = form.cleaned_data["text"]
        found = selectors.taxpayers_matching(agent, text)
        number: Any = form.cleaned_data["page"]
    else:
        found = selectors.taxpayers_of(agent, state, order)
        number = request.GET.get("page")
    page = Paginator(found, PERSONS_A_PAGE).get_page(number)
    context = {
        "form": form,
        "is_search": form.is_bound and form.is_valid(),
        "state": state,
        "order": order,
        "states": [
            (each, label, selectors.taxpayers_of(agent, each).count()) for each, label in labels
        ],
        "orders": [
            ("name", _("姓名")),
            ("joined_on", _("入职日期")),
            ("left_on", _("离职日期")),
        ],
        "page": page,
        "rows": _rows(page),
        "roster": selectors.roster_of(agent),
    }
    return render(request, "declarations/taxpayers.html", context)


@agent_required
@require_http_methods(METHODS)
def add_taxpayer(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """添加人员."""
    agent = selectors.access_own_agent(request.user)
    form = TaxpayerForm(request.POST or None)
    person = _person(form)
    if person is not None:
        try:
            added = register.add_taxpayer(agent, person)
        except PersonIsRegistered as refusal:
            form.add_error("document_number", str(refusal))
        else:
            messages.success(request, _("已添加%(name)s。") % {"name": added.name})
            return redirect("taxpayers:add" if "another" in request.POST else "taxpayers:taxpayers")
    return _form_page(request, form, None)


@agent_required
@require_http_methods(METHODS)
def taxpayer(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Change a person; what is wrong stands at the fields, and nothing wrong is kept."""
    found = selectors.access_own_taxpayer(request.user, public_id)
    if request.method == "POST":
        form = TaxpayerForm(request.POST)
    else:
        form = TaxpayerForm(initial=TaxpayerForm.typed(selectors.person_of(found, _REGISTER)))
    person = _person(form)
    if person is not None:
        try:
            changed = register.edit_taxpayer(found, person)
        except PersonIsRegistered as refusal:
            form.add_error("document_number", str(refusal))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("taxpayers:taxpayers")
        else:
            messages.success(request, _("%(name)s的信息已保存。") % {"name": changed.name})
            return redirect("taxpayers:taxpayers")
    return _form_page(request, form, found)


@agent_required
@require_POST
def leave(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """离职, today; another day is for the person's page."""
    found = selectors.access_own_taxpayer(request.user, public_id)
    try:
        left = register.mark_left(found, timezone.localdate())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        words = _("%(name)s已离职,离职日期 %(day)s;日期不对的,请在“修改”中更正。")
        messages.success(request, words % {"name": left.name, "day": left.left_on})
    return redirect("taxpayers:taxpayers")


@agent_required
@require_POST
def come_back(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """恢复在职."""
    found = selectors.access_own_taxpayer(request.user, public_id)
    try:
        back = register.mark_back(found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s已恢复在职。") % {"name": back.name})
    return redirect("taxpayers:taxpayers")


@agent_required
@require_http_methods(METHODS)
def delete(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Ask, then delete a person from the register; no declaration changes."""
    found = selectors.access_own_taxpayer(request.user, public_id)
    if request.method == "POST":
        register.delete_taxpayer(found)
        words = _("已从个人基础信息中删除%(name)s。")
        messages.success(request, words % {"name": found.name})
        return redirect("taxpayers:taxpayers")
    return render(request, "declarations/delete_taxpayer.html", {"taxpayer": found})


@agent_required
@require_POST
def register_persons(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """全部登记: add everybody of a declaration, and come back to it."""
    declaration = selectors.access_own_declaration(request.user, public_id)
    try:
        outcome = register.register_or_leave_to_job(declaration, by=request.user)
    except JobIsUnderWay as refusal:
        messages.warning(request, str(refusal))
        return redirect(refusal.job)
    if isinstance(outcome, Job):
        return redirect(outcome)
    added, left_out = outcome
    if added:
        messages.success(request, registered(added))
    if left_out:
        words = ngettext(
            "%(count)s 人的明细有误,未登记;请改正后再登记。",
            "%(count)s 人的明细有误,未登记;请改正后再登记。",
            left_out,
        )
        messages.warning(request, words % {"count": grouped(left_out)})
    if not added and not left_out:
        messages.info(request, _("明细中的人员均已登记。"))
    is_draft = declaration.status == Declaration.Status.DRAFT
    page = "declarations:check" if is_draft else "declarations:receipt"
    return redirect(page, declaration.public_id)


def wanted_state(request: AuthenticatedHttpRequest) -> selectors.State:
    """Return whom the list shows, as the address says: without a word, those who are there."""
    wanted = request.GET.get("state")
    return next((each for each in selectors.STATES if each == wanted), "there")


def _order(request: AuthenticatedHttpRequest) -> str:
    wanted = request.GET.get("order", "")
    return wanted if wanted in selectors.ORDERS else "name"


def _rows(page: Page[Taxpayer]) -> list[dict[str, Any]]:
    """Return a page of persons as they are read: the agent's own clerks see whole numbers."""
    today = timezone.localdate()
    return [
        {
            "taxpayer": row,
            "document_type": code_name(DOCUMENT_TYPES, row.document_type),
            "number": row.document_number.reveal(_REGISTER),
            "country": code_name(COUNTRIES, row.country),
            "occupation": code_name(OCCUPATIONS, row.occupation),
            "has_left": row.left_on is not None and row.left_on <= today,
        }
        for row in page
    ]


def _person(form: TaxpayerForm) -> Person | None:
    """Return the person that was typed; none while there is something wrong, named in the form."""
    if not form.is_valid():
        return None
    outcome = check_person(form.cells(), born_by=timezone.localdate())
    if isinstance(outcome, Person):
        return outcome
    form.add_faults(outcome)
    return None


def _form_page(
    request: AuthenticatedHttpRequest, form: TaxpayerForm, found: Taxpayer | None
) -> HttpResponse:
    context = {
        "form": form,
        "taxpayer": found,
        "code_lists": {
            "document_type": DOCUMENT_TYPES,
            "country": COUNTRIES,
            "occupation": OCCUPATIONS,
        },
    }
    return render(request, "declarations/taxpayer.html", context)
