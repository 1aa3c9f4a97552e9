"""申报及缴款信息查询: the agent's months, one of them, and 确认."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from reconciliation import selectors
from reconciliation.cause_words import in_words
from reconciliation.selectors.causes import causes_of_figures
from reconciliation.services import operations

MATCHED_MONTHS_A_PAGE = 24


@agent_required
@require_safe
def months(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the months that do not agree, that wait, that are being checked, and that agree."""
    matched = Paginator(selectors.matched_months(request.user), MATCHED_MONTHS_A_PAGE)
    return render(
        request,
        "reconciliation/months.html",
        {
            "lists": selectors.months_by_result(request.user),
            "page": matched.get_page(request.GET.get("page")),
        },
    )


@agent_required
@require_safe
def month(request: AuthenticatedHttpRequest, tax_month: date) -> HttpResponse:
    """Show a month: the summary, the three tables by item, and what was not counted."""
    agent = selectors.access_own_agent(request.user, tax_month)
    with selectors.one_snapshot():
        figures = selectors.figures_of_month(agent, tax_month)
        causes = in_words(causes_of_figures(figures), to_staff=False)
    context = {"figures": figures, "causes": causes}
    return render(request, "reconciliation/month.html", context)


@agent_required
@require_POST
def confirm(request: AuthenticatedHttpRequest, tax_month: date) -> HttpResponse:
    """Reconcile at once (确认), and come back with the result."""
    agent = selectors.access_own_agent(request.user, tax_month)
    operations.confirm_month(agent, tax_month, by=request.user)
    figures = selectors.figures_of_month(agent, tax_month)
    if figures.result == "checking":
        messages.info(request, _("正在核对,稍后请再次打开本页查看结果。"))
    elif figures.result is None:
        messages.info(request, _("该月没有申报,也没有已入库的缴款,无需核对。"))
    else:
        messages.success(request, _("已按最新的申报和缴款信息核对,结果见下表。"))
    return redirect("reconciliation:month", tax_month=tax_month)
