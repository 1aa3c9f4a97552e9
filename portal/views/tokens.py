"""接口令牌: what an agent's payroll software comes in with."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal import selectors
from portal.errors import Refusal
from portal.forms import NewTokenForm
from portal.guards import agent_required, step_up_required
from portal.http import AuthenticatedHttpRequest
from portal.services.tokens import make_token, revoke_token


@agent_required
@require_safe
def tokens(request: AuthenticatedHttpRequest) -> HttpResponse:
    """List the agent's tokens, those that ended too."""
    context = {"tokens": selectors.tokens_of(request.user), "now": timezone.now()}
    return render(request, "portal/tokens.html", context)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def new_token(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Make a token, and show it: on this page and never again."""
    form = NewTokenForm(request.POST or None)
    if form.is_valid():
        try:
            token, text = make_token(request.user, form.cleaned_data["name"])
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "portal/token_made.html", {"token": token, "text": text})
    return render(request, "portal/new_token.html", {"form": form})


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """End a token, after a question: a program may depend on it."""
    token = selectors.access_token(request.user, public_id)
    if request.method == "POST":
        revoke_token(token, by=request.user)
        messages.success(request, _("接口令牌“%(name)s”已撤销。") % {"name": token})
        return redirect("tokens")
    return render(request, "portal/revoke_token.html", {"token": token})
