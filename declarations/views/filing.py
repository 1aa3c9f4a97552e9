"""校验 and 向地税机关提交: what will be filed, the declaration of truth, the password."""

from __future__ import annotations

import uuid
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from declarations import selectors
from declarations.forms import FilingForm
from declarations.models import Declaration
from declarations.refusals import KeyIsUsed
from declarations.services import drafts
from declarations.services.filing import file_draft, filed_under
from declarations.views.reading import LINES_A_PAGE
from declarations.wording import fault_sentence, field_label
from portal.errors import Refusal
from portal.guards import agent_required
from portal.hints import hint
from portal.http import AuthenticatedHttpRequest, client_address
from portal.services.login import TooManyTries, prove_password
from portal.services.passwords import TooBusy

FAULTS_A_PAGE = 200


@agent_required
@require_safe
def check(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Check a draft, and show what filing it means."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    return _check_page(request, draft, None)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def file(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """File a draft as the check page showed it; the same key again gives the same receipt.

    A refusal is shown at this address: whoever opens it again (the language, a reload, a login)
    comes back to the check.
    """
    if request.method != "POST":
        draft = selectors.access_own_declaration(request.user, public_id)
        return redirect("declarations:check", draft.public_id)
    agent = selectors.access_own_agent(request.user)
    form = FilingForm(request.POST)
    if not form.is_valid():
        draft = selectors.access_own_declaration(request.user, public_id)
        if draft.status != Declaration.Status.DRAFT:
            return redirect(draft)
        return _check_page(request, draft, form)
    key, seen = form.cleaned_data["key"], form.cleaned_data["seen"]
    try:
        prove_password(
            request.user,
            form.cleaned_data["password"],
            address=client_address(request),
            device=request.COOKIES.get(settings.DEVICE_COOKIE_NAME),
        )
        declaration = filed_under(agent, key, seen)
        if declaration is None:
            draft = selectors.access_own_declaration(request.user, public_id)
            declaration = file_draft(draft, filed_by=request.user, key=key, seen=seen).declaration
            hint("reconciliation.reconcile", agent.pk)
    except (TooManyTries, TooBusy):
        raise
    except Refusal as refusal:
        draft = selectors.access_own_declaration(request.user, public_id)
        if draft.status != Declaration.Status.DRAFT:
            messages.error(request, str(refusal))
            return redirect(draft)
        return _check_page(request, draft, form, refusal)
    messages.success(request, _("%(declaration)s已受理。") % {"declaration": declaration})
    return redirect("declarations:receipt", declaration.public_id)


def _check_page(
    request: AuthenticatedHttpRequest,
    draft: Declaration,
    form: FilingForm | None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    outcome = drafts.check(draft)
    if form is None:
        form = FilingForm(initial={"key": uuid.uuid4(), "seen": outcome.digest})
    else:
        # What is shown now is what the next try files, under the same key unless that is used up.
        data = dict(form.data.items())
        data["seen"] = outcome.digest
        if isinstance(refusal, KeyIsUsed) or "key" in form.errors:
            data["key"] = str(uuid.uuid4())
        form = FilingForm(data)
        form.full_clean()
        form.errors.pop("seen", None)
    if refusal is not None:
        form.add_error("password" if refusal.code == "PASSWORD" else None, str(refusal))
    tax_month = draft.agent_month.tax_month
    context = {
        "declaration": draft,
        "form": form,
        "check": outcome,
        "faults": [
            {
                "row": fault.row,
                "page": (fault.row - 1) // LINES_A_PAGE + 1 if fault.row else None,
                "field": field_label(fault.field, tax_month),
                "sentence": fault_sentence(fault, tax_month),
            }
            for fault in outcome.faults[:FAULTS_A_PAGE]
        ],
        "header": outcome.header,
        "heads": outcome.heads,
        "totals": outcome.totals,
        "grand_total": selectors.grand_total(outcome.totals),
        "in_force": selectors.versions_of(draft).in_force().first(),
        "earlier_months": selectors.earlier_months_that_do_not_agree(draft),
    }
    status = 409 if isinstance(refusal, KeyIsUsed) else 200
    return render(request, "declarations/check.html", context, status=status)
