"""Who reaches what, for every address of the site; and what holds for every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.models import User, WithholdingAgent
from tests.portal.doors import (
    AWAY,
    EVERYBODY,
    FORBIDDEN,
    LOGIN,
    MISSING,
    OK,
    STAFF_LOGIN,
    Door,
)
from tests.portal.people import a_clerk, a_member_of_staff, an_agent, an_office, sign_in

CANARY = "CANARY-7f3a"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
APPS = ("portal", "declarations", "reconciliation")

DOORS: list[Door] = [
    door
    for app in APPS
    if find_spec(f"tests.{app}.doors")
    for door in import_module(f"tests.{app}.doors").DOORS
]


def url_names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from url_names(pattern.url_patterns, inner)
        else:
            yield f"{namespace}{pattern.name}"


def test_every_address_stands_in_the_matrix_once() -> None:
    names = sorted(url_names(get_resolver().url_patterns))

    assert sorted(door.url_name for door in DOORS) == names


def test_every_row_says_what_everybody_gets() -> None:
    assert [door.url_name for door in DOORS if set(door.answers) != set(EVERYBODY)] == []


@pytest.fixture
def agent() -> WithholdingAgent:
    return an_agent(collection_code="CANARY1", address=CANARY)


@pytest.fixture
def clients(agent: WithholdingAgent) -> dict[str, Client]:
    """Return a browser for everybody, each with a session that has just begun."""
    users = {
        "alice": a_clerk(agent),
        "bob": a_clerk(an_agent("11010002", name=agent.name)),
        "officer": a_member_of_staff("officer"),
        "foreign officer": a_member_of_staff("foreign", office=an_office("999")),
        "operator": a_member_of_staff("operator", User.Role.OPERATOR),
        "account_admin": a_member_of_staff("admin", User.Role.ACCOUNT_ADMIN),
        "auditor": a_member_of_staff("auditor", User.Role.AUDITOR),
        "supervisor": a_member_of_staff("supervisor", User.Role.SUPERVISOR),
    }
    signed_in = {who: sign_in(Client(), user) for who, user in users.items()}
    return {"anonymous": Client()} | signed_in


def ask(client: Client, method: str, path: str) -> Any:
    return client.generic(method, path, content_type="application/x-www-form-urlencoded")


def told(answer: HttpResponse) -> str:
    """Return what an answer comes to, in the words of the matrix."""
    if answer.status_code == 302:
        location = answer.headers["Location"]
        if location.startswith(reverse("staff_login")):
            return STAFF_LOGIN
        if location.startswith(reverse("login")):
            return LOGIN
        assert location.startswith("/")
        return AWAY
    return {200: OK, 404: MISSING, 403: FORBIDDEN}.get(answer.status_code, str(answer.status_code))


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.url_name)
def test_everybody_gets_what_the_matrix_says(
    door: Door, agent: WithholdingAgent, clients: dict[str, Client]
) -> None:
    path = reverse(door.url_name, kwargs=door.arguments(agent))
    method = "GET" if "GET" in door.methods else "POST"

    answers = {who: ask(client, method, path) for who, client in clients.items()}

    assert {who: told(answer) for who, answer in answers.items()} == door.answers
    # Bob's agent has the name of Alice's, and nothing else of it.
    for who in ("anonymous", "bob", "foreign officer"):
        assert b"CANARY" not in answers[who].content


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.url_name)
def test_an_address_answers_its_methods_and_no_other(
    door: Door, agent: WithholdingAgent, clients: dict[str, Client]
) -> None:
    path = reverse(door.url_name, kwargs=door.arguments(agent))
    passing = [who for who, answer in door.answers.items() if answer in (OK, AWAY)]

    for who in passing[:2]:
        for method in METHODS:
            if method not in door.methods:
                assert ask(clients[who], method, path).status_code == 405, method


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.url_name)
def test_a_post_without_its_token_is_refused(
    door: Door, agent: WithholdingAgent, clients: dict[str, Client]
) -> None:
    path = reverse(door.url_name, kwargs=door.arguments(agent))
    passing = [who for who, answer in door.answers.items() if answer in (OK, AWAY)]
    if "POST" not in door.methods:
        return

    client = clients[passing[0] if passing else "alice"]
    client.handler.enforce_csrf_checks = True

    assert client.post(path).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.url_name)
def test_every_answer_has_the_headers_that_protect_it(
    door: Door, agent: WithholdingAgent, clients: dict[str, Client]
) -> None:
    path = reverse(door.url_name, kwargs=door.arguments(agent))

    for who in ("anonymous", "alice", "officer"):
        for method in ("GET", "POST", "DELETE"):
            headers = ask(clients[who], method, path).headers
            assert "no-store" in headers["Cache-Control"]
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.django_db
def test_what_is_foreign_has_the_bytes_of_what_does_not_exist(
    agent: WithholdingAgent, clients: dict[str, Client]
) -> None:
    there = reverse("staff_agent", kwargs={"public_id": agent.public_id})
    nowhere = reverse("staff_agent", kwargs={"public_id": "00000000-0000-4000-8000-000000000000"})

    def page(client: Client, path: str) -> str:
        body = client.get(path).content.decode().replace(path, "PATH")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)

    for who in ("alice", "bob", "foreign officer"):
        assert page(clients[who], there) == page(clients[who], nowhere)
