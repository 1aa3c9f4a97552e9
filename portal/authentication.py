"""Who asks by the API: an agent's program with a token, and how often it may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.throttling import BaseThrottle

from portal.limits import LoginIsClosed, reserve
from portal.models import ApiToken, User
from portal.services.tokens import use_token

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

REQUESTS: Final = 600
REQUESTS_WITHIN: Final = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer iit_…`: the agent's clerk, for the API and for no page.

    A token that does not stand for anybody gets the same answer, whatever is wrong with it.
    """

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != self.keyword.lower().encode():
            return None
        found = use_token(text.strip().decode("ascii", errors="replace"))
        if found is None:
            raise AuthenticationFailed(_("接口令牌无效、已过期或已撤销。"))
        return found

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class Turns(BaseThrottle):
    """Lets each token, and each user in a browser, ask so often and no more."""

    def __init__(self) -> None:
        self._wait: timedelta | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, ApiToken):
            subject = ("token", str(request.auth.public_id))
        elif isinstance(request.user, User):
            subject = ("user", request.user.login)
        else:
            return True  # what is open to everybody costs no more than a page
        turn = reserve("api", *subject, limit=REQUESTS, length=REQUESTS_WITHIN)
        if isinstance(turn, LoginIsClosed):
            self._wait = turn.retry_after
            return False
        return True

    def wait(self) -> float | None:
        return None if self._wait is None else self._wait.total_seconds()
