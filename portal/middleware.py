"""What holds for every request: headers, language, the ends of sessions, first login, audit.

The order in the settings is the order in which these are needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
)
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.guards import has_second_factor, redirect_to_login
from portal.http import client_address, is_api
from portal.models import AuditEntry, User
from portal.navigation import errand_of
from portal.sealing import reveals
from portal.services import audit
from portal.services.login import TooManyTries
from portal.services.passwords import TooBusy

Answer = Callable[[HttpRequest], HttpResponseBase]

BEGAN_AT: Final = "began_at"
SEEN_AT: Final = "seen_at"
# Written at most once a minute, not with every picture of a page.
_SEEN_EVERY: Final = 60


def headers(get_response: Answer) -> Answer:
    """Let no answer be stored that does not say otherwise itself, as static files do."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return answer


def language(get_response: Answer) -> Answer:
    """Choose the language: the cookie of the switch for pages, Accept-Language for the API.

    A page is in Chinese until somebody asks for English; the browser's own language says little
    about the clerk before it.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if is_api(request):
            chosen = translation.get_language_from_request(request)
        else:
            cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
            known = {code for code, _name in settings.LANGUAGES}
            chosen = cookie if cookie in known else settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response

    return answer


class SessionLimits:
    """Ends sessions: 30 minutes without a request (staff 15), 12 hours in all (staff 8).

    A session of staff that has no second factor is ended too, wherever it came from.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: object
    ) -> HttpResponseBase | None:
        user = request.user
        if not isinstance(user, User):
            return None
        is_staff = user.is_staff_member
        if is_staff and not has_second_factor(request):
            logout(request)
            return redirect_to_login(request, "staff_login")
        now, session = int(time.time()), request.session
        began, seen = session.setdefault(BEGAN_AT, now), session.setdefault(SEEN_AT, now)
        idle = settings.SESSION_IDLE_MINUTES[is_staff] * 60
        whole = settings.SESSION_HOURS[is_staff] * 60 * 60
        if now - seen >= idle or now - began >= whole:
            return self._end(request, user)
        if now - seen >= _SEEN_EVERY and not getattr(view, "is_polled", False):
            session[SEEN_AT] = now
        return None

    @staticmethod
    def _end(request: HttpRequest, user: User) -> HttpResponseBase:
        with audit.whence(lambda: client_address(request)):
            audit.record(AuditEntry.Action.LOGOUT, "expired", user=user, agent=user.agent)
        logout(request)
        messages.info(request, _("您已有一段时间没有操作,或登录时间已满,请重新登录。"))
        return redirect_to_login(request, "staff_login" if user.is_staff_member else "login")


class FirstLogin:
    """Opens nothing but the new password, then the contact data, until both are given."""

    ALWAYS_OPEN: Final = frozenset({"logout", "set_language"})

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: object
    ) -> HttpResponseBase | None:
        user = request.user
        match = request.resolver_match
        if not isinstance(user, User) or match is None or match.view_name in self.ALWAYS_OPEN:
            return None
        errand = errand_of(user)
        if not errand or match.view_name == errand:
            return None
        return redirect(errand)


def audited(get_response: Answer) -> Answer:
    """Give the audit the address, and what was revealed while the answer was made."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with audit.whence(lambda: client_address(request)), reveals() as revealed:
            response = get_response(request)
            user = request.user if isinstance(request.user, User) else None
            for (column, reason), times in sorted(revealed.items()):
                audit.record(
                    AuditEntry.Action.REVEAL,
                    "shown",
                    user=user,
                    agent=user.agent if user else None,
                    column=column,
                    reason=reason,
                    times=times,
                )
        return response

    return answer


class Shedding:
    """Answers for what must not go on now: 429 for too many tries, 503 for too much work.

    And 405 with a page: an address of a form may be opened by hand, or by the language switch.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not is_api(request):
            response.content = render_to_string("405.html", request=request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooManyTries):
            next_try = timezone.now() + error.retry_after
            context = {"refusal": error, "next_try": next_try}
            response = render(request, "429.html", context, status=429)
        elif isinstance(error, TooBusy):
            response = render(request, "503.html", {"refusal": error}, status=503)
        else:
            return None
        # Rounded up: a browser that obeys to the second is not refused again.
        response["Retry-After"] = str(int(error.retry_after.total_seconds()) + 1)
        return response
