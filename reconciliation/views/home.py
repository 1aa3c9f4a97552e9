"""The agent's home: what is to be done first."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from declarations.taxlaw.tax_month import EARLIEST, previous_month
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from reconciliation import selectors


@agent_required
@require_safe
def home(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show 我的待办, the usual functions, and a year of months with their lamps."""
    today = timezone.localdate()
    newest = previous_month(today.replace(day=1)).year
    year = _year(request.GET.get("year", ""), newest, today.year)
    lists = selectors.months_by_result(request.user)
    return render(
        request,
        "reconciliation/home.html",
        {
            "lists": lists,
            "drafts": selectors.drafts(request.user),
            "unfiled": selectors.unfiled_month(request.user),
            "year": year,
            "earlier_year": year - 1 if year > EARLIEST.year else None,
            "later_year": year + 1 if year < today.year else None,
            "calendar": selectors.calendar(request.user, year),
        },
    )


def _year(text: str, default: int, newest: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) != 4:
        raise Http404
    if not EARLIEST.year <= int(text) <= newest:
        raise Http404
    return int(text)
