"""From the query page to a 补税申报 or 退税申报: what was paid and is not declared, filled in."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from declarations.refusals import DraftExists
from declarations.services.missing import draft_what_is_missing
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from reconciliation import selectors


@agent_required
@require_POST
def draft_missing(
    request: AuthenticatedHttpRequest, tax_month: date, kind: str
) -> HttpResponseBase:
    """Begin a declaration of a kind with what is paid and not declared of each item."""
    agent = selectors.access_own_agent(request.user, tax_month)
    figures = selectors.figures_of_month(agent, tax_month)
    wanted = next((each for each in figures.supplements if each.kind == kind), None)
    if wanted is None:
        raise Http404
    if not wanted.missing:
        messages.info(request, _("该月这一类没有已入库而未申报的税款。"))
        return redirect("reconciliation:month", tax_month)
    try:
        draft = draft_what_is_missing(agent, tax_month, kind, wanted.missing)
    except DraftExists as refusal:
        messages.info(request, str(refusal))
        return redirect(refusal.declaration)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("reconciliation:month", tax_month)
    messages.success(
        request,
        _("已带入各品目相差的税额。请在每行填写人员和收入额,一个品目涉及多人的分行填写,然后提交。"),
    )
    return redirect(draft)
