"""作废: a declaration in force is withdrawn while nothing is paid. The payments decide."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from declarations.selectors import access_own_declaration, grand_total, totals_of
from declarations.services import withdrawing
from portal.errors import Refusal
from portal.guards import agent_required
from portal.hints import hint
from portal.http import AuthenticatedHttpRequest, client_address
from portal.services.login import TooManyTries, WrongPassword, prove_password
from portal.services.passwords import TooBusy
from reconciliation.forms import WithdrawalForm
from reconciliation.selectors import is_paid


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def withdraw(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Withdraw a declaration, for a reason and with the password; or say what stands against it."""
    declaration = access_own_declaration(request.user, public_id)
    form = WithdrawalForm(request.POST or None)
    if form.is_valid():
        try:
            prove_password(
                request.user,
                form.cleaned_data["password"],
                address=client_address(request),
                device=request.COOKIES.get(settings.DEVICE_COOKIE_NAME),
            )
            withdrawing.withdraw(
                declaration, by=request.user, reason=form.cleaned_data["reason"], is_paid=is_paid
            )
        except (TooManyTries, TooBusy):
            raise
        except WrongPassword as refusal:
            form.add_error("password", str(refusal))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            hint("reconciliation.reconcile", declaration.agent_month.agent_id)
            messages.success(
                request,
                _("%(declaration)s第 %(version)d 版已作废。")
                % {"declaration": declaration, "version": declaration.version},
            )
            return redirect(declaration)
    if not declaration.is_in_force:
        return redirect(declaration)
    totals = totals_of(declaration)
    context = {
        "declaration": declaration,
        "form": form,
        "refusal": withdrawing.why_not_withdraw(declaration, is_paid),
        "totals": totals,
        "grand_total": grand_total(totals),
    }
    return render(request, "reconciliation/withdraw.html", context)
