"""The public home page: the four sections of the manual."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.navigation import public_functions


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show whom the portal serves, and the functions of withholding agents."""
    context = {"functions": public_functions(), "staff_login": reverse("staff_login")}
    return render(request, "portal/home.html", context)
