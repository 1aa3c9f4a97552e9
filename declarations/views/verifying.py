"""回执验证: anybody who holds a receipt may ask whether it is genuine."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from declarations.forms import VerificationForm
from declarations.selectors import is_genuine_receipt
from portal.http import client_address, network
from portal.limits import LoginIsClosed, reserve

VERIFICATIONS: Final = 30
VERIFICATIONS_WITHIN: Final = timedelta(minutes=10)


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Say 一致 or 不一致 of a receipt number and a digest, and nothing else."""
    form = VerificationForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "declarations/verify.html", {"form": form})
    place = network(client_address(request))
    turn = reserve("receipt", place, limit=VERIFICATIONS, length=VERIFICATIONS_WITHIN)
    if isinstance(turn, LoginIsClosed):
        form.add_error(None, _("验证的次数过多,请过十分钟再试。填写的内容仍在"))
        response = render(request, "declarations/verify.html", {"form": form}, status=429)
        response["Retry-After"] = str(int(turn.retry_after.total_seconds()) + 1)
        return response
    agrees = is_genuine_receipt(form.cleaned_data["receipt_number"], form.cleaned_data["digest"])
    return render(request, "declarations/verify.html", {"form": form, "answer": agrees})
