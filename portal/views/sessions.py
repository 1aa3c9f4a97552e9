"""Coming in and going out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End this session, and no other."""
    logout(request)
    messages.success(request, _("您已退出。"))
    return redirect("home")
