"""批量提交 and 批量删除: several drafts that were ticked on the list, each with its outcome."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from declarations import selectors
from declarations.models import Declaration
from declarations.services import drafts
from declarations.services.several import can_be_filed, delete_drafts, file_drafts
from declarations.several_forms import SeveralFilingForm
from portal.errors import Refusal
from portal.guards import agent_required
from portal.hints import hint
from portal.http import AuthenticatedHttpRequest, client_address
from portal.services.login import TooManyTries, prove_password
from portal.services.passwords import TooBusy

METHODS = ["GET", "HEAD", "POST"]


@agent_required
@require_http_methods(METHODS)
def delete(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Ask, then delete the drafts that were ticked."""
    chosen = _chosen(request)
    if not chosen:
        return _nothing_chosen(request)
    if request.method != "POST":
        context = {"drafts": chosen, "lines": selectors.number_of_lines(chosen)}
        return render(request, "declarations/delete_several.html", context)
    outcomes = delete_drafts(chosen)
    deleted = [outcome for outcome in outcomes if outcome.refusal is None]
    if deleted:
        words = ngettext("已删除 %(count)d 份草稿。", "已删除 %(count)d 份草稿。", len(deleted))
        messages.success(request, words % {"count": len(deleted)})
    for outcome in outcomes:
        if outcome.refusal is not None:
            messages.error(request, str(outcome.refusal))
    return redirect("declarations:declarations")


@agent_required
@require_http_methods(METHODS)
@sensitive_post_parameters("password")
def file(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """File the drafts that were ticked: one check page, one password, an outcome for each."""
    agent = selectors.access_own_agent(request.user)
    if request.method != "POST":
        chosen = _chosen(request)
        return _check_page(request, chosen, None) if chosen else _nothing_chosen(request)
    form = SeveralFilingForm(request.POST)
    requests = form.requests()
    if not requests:
        return _nothing_chosen(request)
    chosen = selectors.own_drafts(request.user, [each.public_id for each in requests])
    if not form.is_valid():
        return _check_page(request, chosen, form) if chosen else _nothing_chosen(request)
    try:
        prove_password(
            request.user,
            form.cleaned_data["password"],
            address=client_address(request),
            device=request.COOKIES.get(settings.DEVICE_COOKIE_NAME),
        )
    except (TooManyTries, TooBusy):
        raise
    except Refusal as refusal:
        form.add_error("password", str(refusal))
        return _check_page(request, chosen, form)
    outcomes = file_drafts(agent, requests, chosen, filed_by=request.user)
    hint("reconciliation.reconcile", agent.pk)
    return render(request, "declarations/several_filed.html", {"outcomes": outcomes})


def _chosen(request: AuthenticatedHttpRequest) -> list[Declaration]:
    named = request.POST if request.method == "POST" else request.GET
    public_ids = []
    for text in named.getlist("draft"):
        try:
            public_ids.append(uuid.UUID(text))
        except ValueError:
            continue
    return selectors.own_drafts(request.user, public_ids)


def _nothing_chosen(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    messages.info(request, _("请先在列表中勾选草稿。"))
    return redirect("declarations:declarations")


def _check_page(
    request: AuthenticatedHttpRequest, chosen: list[Declaration], form: SeveralFilingForm | None
) -> HttpResponse:
    """Check every draft, and show what filing those that can be filed means."""
    rows: list[dict[str, Any]] = []
    lines = 0
    entries = []
    # The same keys again, for the next try.
    keys = {each.public_id: each.key for each in form.requests()} if form else {}
    for draft in chosen:
        lines += selectors.number_of_lines([draft])
        if lines > selectors.MOST_LINES:
            rows.append({"draft": draft, "is_too_long": True})
            continue
        check = drafts.check(draft)
        total = selectors.grand_total(check.totals)
        is_ready = can_be_filed(check)
        rows.append({"draft": draft, "check": check, "total": total, "is_ready": is_ready})
        if is_ready:
            key = keys.get(draft.public_id) or uuid.uuid4()
            entries.append(f"{draft.public_id}:{key}:{check.digest}:{check.noted}")
    ready = [row["total"] for row in rows if row.get("is_ready")]
    context = {
        "form": form or SeveralFilingForm(),
        "rows": rows,
        "entries": entries,
        "ready": len(ready),
        "line_count": sum(total.line_count for total in ready),
        "income": sum(total.income for total in ready),
        "tax_withheld": sum(total.tax_withheld for total in ready),
        "months": selectors.months_that_do_not_agree(selectors.access_own_agent(request.user)),
    }
    return render(request, "declarations/file_several.html", context)
