"""校验 and 向地税机关提交: what will be filed, the declaration of truth, the password."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from declarations import selectors
from declarations.finding_words import finding_heading, worded
from declarations.findings import Finding, FindingCode, Severity
from declarations.forms import FilingForm
from declarations.models import Declaration
from declarations.refusals import (
    DraftHasChanged,
    FindingsAreNotConfirmed,
    FindingsHaveChanged,
    KeyIsUsed,
)
from declarations.selectors import DraftCheck
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
FINDINGS_A_GROUP = 20


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
            declaration = file_draft(
                draft,
                filed_by=request.user,
                key=key,
                seen=seen,
                noted=form.cleaned_data["noted"],
                confirmed=form.confirmed(),
                findings_remark=form.cleaned_data["findings_remark"],
            ).declaration
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
        initial = {"key": uuid.uuid4(), "seen": outcome.digest, "noted": outcome.noted}
        form = FilingForm(initial=initial)
    else:
        form = _form_again(form, outcome, refusal)
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
        "warnings": _groups(outcome, outcome.warnings, form, tax_month),
        "information": _groups(outcome, outcome.information, form, tax_month),
        "header": outcome.header,
        "heads": outcome.heads,
        "totals": outcome.totals,
        "grand_total": selectors.grand_total(outcome.totals),
        "in_force": selectors.versions_of(draft).in_force().first(),
        "last_month": selectors.last_month_beside(draft, outcome),
        "earlier_months": selectors.earlier_months_that_do_not_agree(draft),
        "unregistered": selectors.persons_not_in_register(draft),
    }
    status = 409 if isinstance(refusal, KeyIsUsed) else 200
    return render(request, "declarations/check.html", context, status=status)


def _form_again(form: FilingForm, outcome: DraftCheck, refusal: Refusal | None) -> FilingForm:
    """Return the form with what is shown now, for the next try, and with what was wrong."""
    data = dict(form.data.items())
    data["seen"], data["noted"] = outcome.digest, outcome.noted
    # The same key again, unless that is used up.
    if isinstance(refusal, KeyIsUsed) or "key" in form.errors:
        data["key"] = str(uuid.uuid4())
    has_changed = isinstance(refusal, (DraftHasChanged, FindingsHaveChanged))
    if has_changed:
        # What was ticked was something else.
        data = {name: text for name, text in data.items() if not name.startswith("confirmed_")}
    form = FilingForm(data)
    form.full_clean()
    form.errors.pop("seen", None)
    is_shown = not (has_changed or outcome.faults)
    for code in sorted(outcome.unexplained - form.confirmed()) if is_shown else ():
        heading = {"heading": finding_heading(code)}
        form.add_error(form.tick(code), _("请核实并确认:%(heading)s") % heading)
    if refusal is not None and not isinstance(refusal, FindingsAreNotConfirmed):
        form.add_error("password" if refusal.code == "PASSWORD" else None, str(refusal))
    return form


def _groups(
    outcome: DraftCheck, findings: Sequence[Finding], form: FilingForm, tax_month: date
) -> list[dict[str, Any]]:
    """Return findings by code, the first of each in words, with the tick that they want."""
    lines = dict(zip(outcome.rows, outcome.lines, strict=True))
    by_code: dict[FindingCode, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    return [
        {
            "code": code.value,
            "heading": finding_heading(code),
            "count": len(found),
            "rows": [
                {
                    "finding": finding,
                    "page": (finding.row - 1) // LINES_A_PAGE + 1,
                    "line": lines[finding.row],
                }
                for finding in worded(found[:FINDINGS_A_GROUP], tax_month)
            ],
            "tick": form[form.tick(code)] if _wants_tick(found, outcome) else None,
        }
        for code, found in sorted(by_code.items())
    ]


def _wants_tick(found: Sequence[Finding], outcome: DraftCheck) -> bool:
    return found[0].severity == Severity.WARNING and found[0].code in outcome.unexplained
