"""The operators' pages: files, days, and months that stopped."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.errors import Refusal
from portal.guards import officer_required
from portal.http import AuthenticatedHttpRequest
from portal.models import User
from reconciliation import selectors, wording
from reconciliation.forms import DayCountForm, FileFilterForm
from reconciliation.models import FeedFile
from reconciliation.services import operations

ROWS_A_PAGE = 50


@officer_required(User.Role.OPERATOR)
@require_safe
def feed(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show how far payment data are complete, what is in the way, and the last files."""
    form = FileFilterForm(request.GET or None)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = Paginator(selectors.files(state), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reconciliation/feed.html",
        {
            "form": form,
            "page": page,
            "query": f"?{urlencode({'state': state})}&" if state else "?",
            "state": selectors.feed_state(),
            "refused": [
                {"file": file, "reason": wording.refusal_sentence(file)}
                for file in selectors.refused_files()[:ROWS_A_PAGE]
            ],
            "stopped_files": selectors.files(FeedFile.State.STOPPED)[:ROWS_A_PAGE],
            "stopped_months": selectors.months_that_stopped()[:ROWS_A_PAGE],
            "quarantined": sum(selectors.quarantine_counts().values()),
        },
    )


@officer_required(User.Role.OPERATOR)
@require_safe
def feed_file(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Show one delivery of a file and what became of it."""
    file = selectors.access_file(public_id)
    refused = file.state == FeedFile.State.REFUSED
    return render(
        request,
        "reconciliation/feed_file.html",
        {
            "file": file,
            "reason": wording.refusal_sentence(file) if refused else "",
            "in_quarantine": selectors.quarantine(file=file).count(),
            "others": selectors.deliveries_of_that_name(file)[:ROWS_A_PAGE],
        },
    )


@officer_required(User.Role.OPERATOR)
@require_POST
def try_file_again(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Let a stopped file be imported by the next run (再试一次)."""
    file = selectors.access_file(public_id)
    try:
        operations.try_file_again(file, by=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("下一次导入时将再试文件 %(file)s。") % {"file": file})
    return redirect("reconciliation:feed_file", public_id=public_id)


@officer_required(User.Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def day_count(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Ask for a business date and how many files it has, and set it."""
    if request.method == "POST":
        form = DayCountForm(request.POST)
        if form.is_valid():
            operations.set_day_count(**form.cleaned_data, by=request.user)
            messages.success(
                request,
                _("%(kind)s %(day)s 的文件数已设为 %(count)d。")
                % {
                    "kind": form.cleaned_data["kind"],
                    "day": form.cleaned_data["business_date"].isoformat(),
                    "count": form.cleaned_data["count"],
                },
            )
            return redirect("reconciliation:feed")
    else:
        form = DayCountForm(
            initial={name: request.GET.get(name, "") for name in ("kind", "business_date")}
        )
    return render(request, "reconciliation/day_count.html", {"form": form})


@officer_required(User.Role.OPERATOR)
@require_POST
def try_month_again(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Let a month that failed too often be reconciled again (再试一次)."""
    month = selectors.access_stopped_month(public_id)
    operations.try_month_again(month, by=request.user)
    messages.success(
        request,
        _("将再次核对 %(code)s 的%(month)s。")
        % {"code": month.agent.computer_code, "month": month},
    )
    return redirect("reconciliation:feed")
