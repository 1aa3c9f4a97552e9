"""The tax office's pages about agents: search, registration, a new initial password."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from portal.errors import Refusal
from portal.forms import AgentSearchForm, IdentityCheckForm
from portal.guards import officer_required, step_up_required
from portal.http import AuthenticatedHttpRequest
from portal.identity_numbers import is_strange_credit_code
from portal.models import User
from portal.navigation import functions_for
from portal.selectors import access_agent, agents_matching, agents_with_enrolment_failures
from portal.services.passwords import (
    TooBusy,
    give_initial_password,
    initial_password_lifetime,
)

SHOWN = 50
READERS = (User.Role.OFFICER, User.Role.AUDITOR, User.Role.SUPERVISOR)


@officer_required()
@require_safe
def staff_home(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show what a member of staff may do."""
    functions = [function for function in functions_for(request) if function.about]
    return render(request, "portal/staff_home.html", {"entrances": functions})


@officer_required(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def agents(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Search the office's agents. A name goes into no address: the search is a POST."""
    form = AgentSearchForm(request.POST or None)
    found = None
    if form.is_valid():
        found = list(agents_matching(request.user, form.cleaned_data["text"])[: SHOWN + 1])
    context = {
        "form": form,
        "found": found[:SHOWN] if found is not None else None,
        "are_more": found is not None and len(found) > SHOWN,
        "shown": SHOWN,
        "alerts": agents_with_enrolment_failures(request.user),
    }
    return render(request, "portal/staff_agents.html", context)


@officer_required(*READERS)
@require_safe
def agent(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show an agent's registration, contact data (masked) and account."""
    found = access_agent(request.user, public_id)
    return render(
        request,
        "portal/staff_agent.html",
        {
            "agent": found,
            "credit_code_is_strange": is_strange_credit_code(found.credit_code),
            "may_give_password": request.user.role == User.Role.OFFICER,
        },
    )


@officer_required(User.Role.OFFICER)
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def agent_password(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Give an agent an initial password after the identity check, on a slip to print, once."""
    found = access_agent(request.user, public_id)
    form = IdentityCheckForm(request.POST or None)
    if form.is_valid():
        try:
            password = give_initial_password(found, by=request.user)
        except TooBusy:
            raise
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            context = {
                "agent": found,
                "password": password,
                "hours": int(initial_password_lifetime().total_seconds() // 3600),
            }
            return render(request, "portal/staff_slip.html", context)
    return render(request, "portal/staff_agent_password.html", {"agent": found, "form": form})
