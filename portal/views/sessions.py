"""Coming in and going out."""

from __future__ import annotations

import time
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login

from portal import limits
from portal.errors import Refusal
from portal.forms import LoginForm, StaffLoginForm, StepUpForm, TokenForm
from portal.guards import login_required, prove
from portal.http import AuthenticatedHttpRequest, client_address
from portal.middleware import BEGAN_AT, SEEN_AT
from portal.models import AuditEntry, User
from portal.navigation import home_of
from portal.selectors import user_awaiting_factor
from portal.services import audit
from portal.services.login import (
    TooManyTries,
    check_staff_password,
    log_agent_in,
    prove_password,
    verify_token,
)
from portal.services.passwords import TooBusy

# Who has given a password and not yet the second factor: the session is still nobody's.
AWAITING: Final = "awaiting_second_factor"
_AWAITING_SECONDS: Final = 5 * 60
_DEVICE_SECONDS: Final = 365 * 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def log_in(request: HttpRequest) -> HttpResponseBase:
    """Log a withholding agent in with either of its codes."""
    form = LoginForm(request.POST or None)
    if form.is_valid():
        try:
            user = log_agent_in(
                form.cleaned_data["code"],
                form.cleaned_data["password"],
                address=client_address(request),
                device=_device(request),
            )
        except (TooManyTries, TooBusy):
            raise
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _begin(request, user)
    return render(request, "portal/login.html", {"form": form, "next": _next(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def log_staff_in(request: HttpRequest) -> HttpResponseBase:
    """Verify the password of a member of staff, who is nobody until the second factor."""
    form = StaffLoginForm(request.POST or None)
    if form.is_valid():
        try:
            user = check_staff_password(
                form.cleaned_data["login"],
                form.cleaned_data["password"],
                address=client_address(request),
                device=_device(request),
            )
        except (TooManyTries, TooBusy):
            raise
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            request.session.flush()
            request.session[AWAITING] = {
                "user": user.pk,
                "hash": user.get_session_auth_hash(),
                "since": int(time.time()),
                "next": _next(request),
            }
            return redirect("second_factor")
    return render(request, "portal/staff_login.html", {"form": form, "next": _next(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Ask for the six digits, or a recovery code, and log the member of staff in."""
    awaiting = request.session.get(AWAITING)
    if awaiting is None or time.time() - awaiting["since"] > _AWAITING_SECONDS:
        return redirect("staff_login")
    user = user_awaiting_factor(awaiting["user"], awaiting["hash"])
    if user is None:
        return redirect("staff_login")
    form = TokenForm(request.POST or None)
    if form.is_valid():
        try:
            device = verify_token(user, form.cleaned_data["token"])
        except TooManyTries:
            raise
        except Refusal as refusal:
            form.add_error("token", str(refusal))
        else:
            del request.session[AWAITING]
            answer = _begin(request, user, towards=awaiting["next"])
            otp_login(request, device)
            return answer
    return render(request, "portal/second_factor.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def step_up(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Ask for the password again before something that it guards."""
    form = StepUpForm(request.POST or None)
    if form.is_valid():
        try:
            prove_password(
                request.user,
                form.cleaned_data["password"],
                address=client_address(request),
                device=_device(request),
            )
        except (TooManyTries, TooBusy):
            raise
        except Refusal as refusal:
            form.add_error("password", str(refusal))
        else:
            prove(request)
            return redirect(_next(request) or home_of(request.user))
    return render(request, "portal/step_up.html", {"form": form, "next": _next(request)})


@require_POST
def log_out(request: HttpRequest) -> HttpResponseBase:
    """End this session, and no other."""
    if isinstance(request.user, User):
        user = request.user
        audit.record(AuditEntry.Action.LOGOUT, "done", user=user, agent=user.agent)
    logout(request)
    messages.success(request, _("您已退出。"))
    return redirect("home")


def _begin(request: HttpRequest, user: User, towards: str = "") -> HttpResponse:
    """Begin a session under a new id, and remember the browser."""
    towards = towards or _next(request) or home_of(user)
    login(request, user)
    now = int(time.time())
    request.session[BEGAN_AT] = request.session[SEEN_AT] = now
    prove(request)
    device = _device(request) or limits.new_device()
    limits.remember_device(user, client_address(request), device)
    answer = redirect(towards)
    answer.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        device,
        max_age=_DEVICE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _device(request: HttpRequest) -> str | None:
    return request.COOKIES.get(settings.DEVICE_COOKIE_NAME)


def _next(request: HttpRequest) -> str:
    """Return where to go afterwards, if it is a page of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""
