"""明细申报初始密码获取."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.forms import EnrolmentForm
from portal.http import client_address
from portal.services.enrolment import EnrolmentFailed, enrol


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def enrolment(request: HttpRequest) -> HttpResponse:
    """Show an agent its login and initial password, once: a reload finds it enrolled."""
    form = EnrolmentForm(request.POST or None)
    if form.is_valid():
        try:
            enrolled = enrol(**form.cleaned_data, address=client_address(request))
        except EnrolmentFailed as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "portal/enrolled.html", {"enrolled": enrolled})
    return render(request, "portal/enrolment.html", {"form": form})
