"""撤销更正: ask, show what it means, and file the lines of the version before once more."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from declarations import selectors
from declarations.forms import PasswordForm
from declarations.services.withdrawing import take_back as take_correction_back
from portal.errors import Refusal
from portal.guards import agent_required
from portal.hints import hint
from portal.http import AuthenticatedHttpRequest, client_address
from portal.services.login import TooManyTries, WrongPassword, prove_password
from portal.services.passwords import TooBusy


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def take_back(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Take a correction back, after a look at both versions and the password."""
    correction = selectors.access_own_declaration(request.user, public_id)
    earlier = selectors.version_before(correction)
    if earlier is None:
        return redirect(correction)
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        try:
            prove_password(
                request.user,
                form.cleaned_data["password"],
                address=client_address(request),
                device=request.COOKIES.get(settings.DEVICE_COOKIE_NAME),
            )
            restored = take_correction_back(correction, by=request.user).declaration
        except (TooManyTries, TooBusy):
            raise
        except WrongPassword as refusal:
            form.add_error("password", str(refusal))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect(correction)
        else:
            hint("reconciliation.reconcile", correction.agent_month.agent_id)
            messages.success(
                request, _("更正已撤销,恢复的明细已作为第 %d 版受理。") % (restored.version or 0)
            )
            return redirect("declarations:receipt", restored.public_id)
    elif request.method != "POST" and not correction.is_in_force:
        return redirect(correction)
    context = {
        "declaration": correction,
        "earlier": earlier,
        "form": form,
        "changes": selectors.totals_side_by_side(
            selectors.totals_of(earlier), selectors.totals_of(correction)
        ),
    }
    return render(request, "declarations/take_back.html", context)
