"""What every page shows around its content: the name, the menu, the hotline, the office."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from portal.models import User
from portal.navigation import Function, functions_for, url_of


@dataclass
class Site:
    """The frame of a page; nothing is read from the database before a template asks."""

    request: HttpRequest

    @cached_property
    def user(self) -> User | None:
        user = getattr(self.request, "user", None)  # none yet when a middleware failed
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def who(self) -> str:
        """The agent's name, or the officer's."""
        if self.user is None:
            return ""
        return self.user.agent.name if self.user.agent else self.user.name or self.user.login

    @cached_property
    def office(self) -> str:
        if self.user is None:
            return ""
        office = self.user.agent.office if self.user.agent else self.user.office
        return office.name if office else ""

    @cached_property
    def functions(self) -> list[Function]:
        if self.user is None and self.request.path == reverse("home"):
            return []  # the page itself shows them
        return functions_for(self.request) if hasattr(self.request, "user") else []

    @property
    def here(self) -> str:
        """Where the language switch returns to."""
        return self.request.get_full_path()

    @property
    def hotline(self) -> str:
        return settings.HOTLINE

    @property
    def hotline_hours(self) -> str:
        return settings.HOTLINE_HOURS

    @property
    def consultation(self) -> str:
        return url_of("helpdesk:consultations")

    @property
    def calculator(self) -> str:
        return url_of("law:calculator")

    @property
    def demonstration(self) -> bool:
        return settings.DEMONSTRATION


def site(request: HttpRequest) -> dict[str, Site | Callable[[], Site]]:
    """Give templates `site`, the frame of the page."""
    return {"site": Site(request)}
