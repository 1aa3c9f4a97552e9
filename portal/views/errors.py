"""Answers to what went wrong. Our failure never reads like the user's mistake."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page has grown old, or that came from elsewhere."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read; nothing of it is used."""
    return _bare("400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours. The page asks nothing of the database or the session."""
    return _bare("500.html", 500)


def _bare(template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template, {"hotline": settings.HOTLINE}), status=status)
