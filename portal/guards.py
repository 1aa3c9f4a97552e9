"""Who may pass the door of a view. Each view has one of these decorators, outermost.

The object behind the door comes from an access function; these only look at who asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal.http import AuthenticatedHttpRequest
from portal.models import User

P = ParamSpec("P")
View = Callable[Concatenate[AuthenticatedHttpRequest, P], HttpResponseBase]
OpenView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# When the password was last typed in this session, in seconds since 1970.
PROVED_AT: Final = "proved_at"


def agent_required(view: View[P]) -> OpenView[P]:
    """Let withholding agents pass; a stranger logs in first; for staff there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request, "login")
        if user.agent_id is None:
            raise Http404
        return view(cast("AuthenticatedHttpRequest", request), *args, **kwargs)

    return guarded


def officer_required(*roles: User.Role) -> Callable[[View[P]], OpenView[P]]:
    """Let staff pass who have given their second factor and have one of the roles (none: any).

    For an agent there is no such page (404); another role is refused (403).
    """

    def guard(view: View[P]) -> OpenView[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user = request.user
            if isinstance(user, User) and user.agent_id is not None:
                raise Http404
            if not isinstance(user, User) or not has_second_factor(request):
                return redirect_to_login(request, "staff_login")
            if roles and user.role not in roles:
                raise PermissionDenied
            return view(cast("AuthenticatedHttpRequest", request), *args, **kwargs)

        return guarded

    return guard


def login_required(view: View[P]) -> OpenView[P]:
    """Let agents pass, and staff who have given their second factor."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request, "login")
        if user.agent_id is None and not has_second_factor(request):
            return redirect_to_login(request, "staff_login")
        return view(cast("AuthenticatedHttpRequest", request), *args, **kwargs)

    return guarded


def step_up_required(view: View[P]) -> View[P]:
    """Ask for the password again unless it was typed within the last five minutes.

    Stands inside `agent_required` or `officer_required`. A POST that comes too late is not carried
    out: its page is shown again after the password.
    """

    @wraps(view)
    def guarded(
        request: AuthenticatedHttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if not is_proved(request):
            return redirect(f"{reverse('step_up')}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return guarded


def polled(view: OpenView[P]) -> OpenView[P]:
    """Mark a view that a page asks for by itself: it does not keep the session alive."""
    view.is_polled = True  # type: ignore[attr-defined]
    return view


def has_second_factor(request: HttpRequest) -> bool:
    """Return whether the session of a member of staff has passed the second factor."""
    return getattr(request.user, "otp_device", None) is not None


def prove(request: HttpRequest) -> None:
    """Note that the password was typed just now."""
    request.session[PROVED_AT] = int(time.time())


def is_proved(request: HttpRequest) -> bool:
    age = time.time() - int(request.session.get(PROVED_AT, 0))
    return age <= int(settings.STEP_UP_MINUTES) * 60


def redirect_to_login(request: HttpRequest, url_name: str) -> HttpResponseBase:
    """Send somebody to log in, and back to the page afterwards; a POST is not repeated.

    After a POST it is the page whose form was sent, if the browser tells.
    """
    is_form = request.method not in ("GET", "HEAD")
    page = _page_before(request) if is_form else request.get_full_path()
    query = f"?{urlencode({'next': page})}" if page else ""
    return redirect(f"{reverse(url_name)}{query}")


def _page_before(request: HttpRequest) -> str:
    """Return the page of this site that a request came from, or an empty text."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        return ""
    parts = urlsplit(referer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
