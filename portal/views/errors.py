"""Answers to what went wrong. Our failure never reads like the user's mistake."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from portal.http import is_api
from portal.problems import bare_problem


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page has grown old, or that came from elsewhere."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read; nothing of it is used."""
    if is_api(request):
        return bare_problem(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", _("无法读取这个请求。"))
    return _bare("400.html", 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that is none, or that the user may not know of: with equal bytes."""
    if is_api(request):
        return bare_problem(HTTPStatus.NOT_FOUND, "NOT_FOUND", _("没有这个地址。"))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours. The page asks nothing of the database or the session."""
    if is_api(request):
        sentence = _("系统暂时无法处理这个请求,请稍后用同一 Idempotency-Key 重试。")
        return bare_problem(HTTPStatus.INTERNAL_SERVER_ERROR, "OUR_FAILURE", sentence)
    return _bare("500.html", 500)


def _bare(template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template, {"hotline": settings.HOTLINE}), status=status)
