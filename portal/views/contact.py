"""单位联系信息及密码修改, and the two pages of the first login."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.forms import ContactFields, ContactForm, NewPasswordForm
from portal.guards import agent_required, login_required, officer_required, step_up_required
from portal.http import AuthenticatedHttpRequest
from portal.models import WithholdingAgent
from portal.navigation import home_of
from portal.services.contact import change_contact
from portal.services.passwords import SamePassword, change_password


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def new_password(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Replace the initial password, which is good for nothing else."""
    if not request.user.password_is_initial:
        return redirect(home_of(request.user))
    form = NewPasswordForm(request.POST or None, user=request.user)
    if form.is_valid() and _change_password(request, form):
        messages.success(request, _("新密码已生效。"))
        return redirect("first_contact" if request.user.agent_id else home_of(request.user))
    return render(request, "portal/new_password.html", {"form": form})


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def first_contact(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Ask for the contact data, which are the last thing before everything opens."""
    agent = _agent_of(request)
    form = ContactFields(request.POST or None, initial=_contact_of(agent))
    if form.is_valid():
        _change_contact(request, agent, form)
        messages.success(request, _("联系信息已保存,现在可以使用全部功能。"))
        return redirect(home_of(request.user))
    return render(request, "portal/first_contact.html", {"form": form, "agent": agent})


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@step_up_required
def contact(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Change the password and the contact data; show the registration, which the office changes."""
    agent = _agent_of(request)
    form = ContactForm(request.POST or None, initial=_contact_of(agent), user=request.user)
    if form.is_valid() and (
        not form.cleaned_data["new_password"] or _change_password(request, form)
    ):
        _change_contact(request, agent, form)
        messages.success(request, _("修改的信息已生效。"))
        return redirect("contact")
    return render(request, "portal/contact.html", {"form": form, "agent": agent})


@officer_required()
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@step_up_required
def staff_password(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Let a member of staff change the password."""
    form = NewPasswordForm(request.POST or None, user=request.user)
    if form.is_valid() and _change_password(request, form):
        messages.success(request, _("新密码已生效。"))
        return redirect("staff_home")
    return render(request, "portal/staff_password.html", {"form": form})


def _change_password(
    request: AuthenticatedHttpRequest, form: NewPasswordForm | ContactForm
) -> bool:
    try:
        change_password(request.user, form.cleaned_data["new_password"])
    except SamePassword as refusal:
        form.add_error("new_password", str(refusal))
        return False
    # All other sessions of the user have ended; this one goes on under a new id.
    update_session_auth_hash(request, request.user)
    return True


def _change_contact(
    request: AuthenticatedHttpRequest, agent: WithholdingAgent, form: ContactFields
) -> None:
    change_contact(
        agent,
        name=form.cleaned_data["contact_name"],
        telephone=form.cleaned_data["telephone"],
        email=form.cleaned_data["email"],
        by=request.user,
    )


def _agent_of(request: AuthenticatedHttpRequest) -> WithholdingAgent:
    agent = request.user.agent
    if agent is None:
        raise Http404
    return agent


def _contact_of(agent: WithholdingAgent) -> dict[str, Any]:
    reason = "the agent's own contact page"
    return {
        "contact_name": agent.contact_name,
        "telephone": agent.contact_telephone.reveal(reason),
        "email": agent.contact_email.reveal(reason),
    }
