"""The tax office's desk: months that do not agree, one of them, and its two keys."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from declarations.services.months import close_month as close_month_again
from declarations.services.months import reopen_month as open_month_again
from portal.errors import Refusal
from portal.guards import officer_required, step_up_required
from portal.http import AuthenticatedHttpRequest
from portal.models import User
from portal.selectors import access_agent
from reconciliation import selectors, wording
from reconciliation.cause_words import in_words
from reconciliation.forms import DeskFilterForm, ReasonForm
from reconciliation.selectors.causes import causes_of_figures

ROWS_A_PAGE = 50
READERS = (User.Role.OFFICER, User.Role.AUDITOR, User.Role.SUPERVISOR)


@officer_required(*READERS)
@require_safe
def desk(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the months of the office's agents that do not agree, the largest difference first."""
    form = DeskFilterForm(request.GET or None, offices=selectors.offices_of(request.user))
    chosen = form.cleaned_data if form.is_valid() else {}
    months = selectors.mismatched_months(
        request.user, tax_month=chosen.get("month"), office=chosen.get("office")
    )
    with selectors.one_snapshot():
        page = Paginator(months, ROWS_A_PAGE).get_page(request.GET.get("page"))
        rows = selectors.disagreements(page.object_list)
    query = urlencode({name: request.GET[name] for name in form.fields if request.GET.get(name)})
    return render(
        request,
        "reconciliation/desk.html",
        {
            "form": form,
            "page": page,
            "rows": rows,
            "watermark": selectors.watermark(),
            "query": f"?{query}&" if query else "?",
        },
    )


@officer_required(*READERS)
@require_safe
def agent_months(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Show all months of an agent, those that agree and are closed as well."""
    agent = access_agent(request.user, public_id)
    months = selectors.months_of_agent(request.user, agent)
    page = Paginator(months, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"agent": agent, "page": page, "watermark": selectors.watermark()}
    return render(request, "reconciliation/agent_months.html", context)


@officer_required(*READERS)
@require_safe
def staff_month(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Show a month as its agent sees it, with its history and whether it is closed."""
    month = selectors.access_month(request.user, public_id)
    with selectors.one_snapshot():
        figures = selectors.figures_of_month(month.agent, month.tax_month)
        causes = in_words(causes_of_figures(figures), to_staff=True)
    return render(
        request,
        "reconciliation/staff_month.html",
        {
            "month": month,
            "figures": figures,
            "causes": causes,
            "may_open": request.user.role == User.Role.OFFICER,
        },
    )


@officer_required(User.Role.OFFICER)
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def reopen_month(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the reason, and open a month that agrees again."""
    month = selectors.access_month(request.user, public_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            open_month_again(
                month,
                by=request.user,
                reason=form.cleaned_data["reason"],
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已打开%(month)s,单位可以重新申报。") % {"month": month})
        return redirect("reconciliation:staff_month", public_id=month.public_id)
    return render(request, "reconciliation/reopen_month.html", {"month": month, "form": form})


@officer_required(User.Role.OFFICER)
@require_POST
def close_month(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """End an opening: the month closes at once if it agrees, else as soon as it does."""
    month = selectors.access_month(request.user, public_id)
    try:
        month = close_month_again(month, by=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        if month.closed_at:
            messages.success(request, _("已关闭%(month)s。") % {"month": month})
        else:
            messages.success(request, _("%(month)s核对成功后将自动关闭。") % {"month": month})
    return redirect("reconciliation:staff_month", public_id=public_id)


@officer_required(*READERS)
@require_safe
def held_rows(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show payment rows in quarantine that name the office's agents, and the refused files."""
    page = Paginator(selectors.quarantined_payments(request.user), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "reconciliation/held_rows.html",
        {
            "page": page,
            "rows": [
                {
                    "row": row,
                    "text": selectors.row_as_shown(row),
                    "reason": wording.quarantine_sentence(row.code),
                }
                for row in page.object_list
            ],
            "refused": [
                {"file": file, "reason": wording.refusal_sentence(file)}
                for file in selectors.refused_files()[:ROWS_A_PAGE]
            ],
            "state": selectors.feed_state(),
        },
    )
