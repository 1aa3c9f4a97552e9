"""The cast of the portal's tests: agents with their clerks, and staff; and how they come in.

Alice's agent and Bob's are of one office; Charlie's is of another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.guards import PROVED_AT
from portal.hashers import Argon2Hasher
from portal.models import Office, User, WithholdingAgent

ZHANG = "11010519491231002X"
PASSWORD = "correct horse battery staple"


def an_office(code: str = "110105") -> Office:
    root = Office.objects.get(code=Office.ROOT_CODE)
    return Office.objects.get_or_create(
        code=code, defaults={"name": f"第{code}税务所", "parent": root}
    )[0]


def an_agent(code: str = "11010001", **fields: Any) -> WithholdingAgent:
    """Build an agent as the feed leaves it: without a user, without contact data."""
    values: dict[str, Any] = {
        "name": f"单位{code}",
        "document_type": "01",
        "document_number": ZHANG,
        "status": "01",
        "office": an_office(),
        "address": "某街1号",
        "postcode": "100000",
        "telephone": "010-60000001",
        "registered_at": datetime(2006, 3, 1, tzinfo=UTC),
        "registration_index": b"\0" * 32,
    }
    return WithholdingAgent.objects.create(computer_code=code, **(values | fields))


def a_clerk(agent: WithholdingAgent, *, password: str = PASSWORD, **fields: Any) -> User:
    """Build the user of an agent, who has given a password and the contact data."""
    agent.contact_name = "李明"
    agent.contact_telephone = "010-62466669"
    agent.contact_email = "liming@example.com"
    agent.save()
    return User.objects.create(
        login=agent.computer_code, password=_hashed(password), agent=agent, **fields
    )


def a_member_of_staff(
    login: str = "wang", role: User.Role = User.Role.OFFICER, office: Office | None = None
) -> User:
    user = User.objects.create(
        login=login,
        password=_hashed(PASSWORD),
        name="王芳",
        role=role,
        office=office or an_office(),
    )
    TOTPDevice.objects.create(user=user, name="TOTP")
    return user


_hashed = cache(make_password)  # each costs 20 ms, and a page test has a cast of nine


class Hashes:
    """Counts how many Argon2 hashes are computed from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for name in ("encode", "verify"):
            monkeypatch.setattr(Argon2Hasher, name, self._counting(getattr(Argon2Hasher, name)))

    def _counting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self.count += 1
            return original(*args)

        return counted


def sign_in(client: Client, user: User) -> Client:
    """Give a client the session that the user has right after logging in."""
    client.force_login(user)
    session = client.session
    session[PROVED_AT] = int(time.time())
    if user.is_staff_member:
        session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.get(user=user).persistent_id
    session.save()
    return client


def forget_the_password(client: Client) -> None:
    """Let the step-up of a client's session be too old."""
    session = client.session
    session[PROVED_AT] = 0
    session.save()
