"""Enrolment and login when many try at once; each test commits, in a database of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from uuid import UUID

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.limits import EnrolmentTry
from portal.models import User
from portal.services import passwords
from portal.services.enrolment import EnrolmentFailed, enrol
from portal.services.login import WrongToken, verify_token
from tests.portal.people import ZHANG, a_clerk, a_member_of_staff, an_agent
from tests.portal.test_login import token_of

pytestmark = pytest.mark.usefixtures("committed")


def test_of_200_parallel_tries_with_both_codes_five_are_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    an_agent(collection_code="ZG001000")
    verified: list[bool] = []
    resolve = EnrolmentTry.resolve

    def noting(self: EnrolmentTry, agent: UUID | None) -> bool:
        may = resolve(self, agent)
        verified.append(may)
        return may

    monkeypatch.setattr(EnrolmentTry, "resolve", noting)
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 60)

    def one(number: int) -> None:
        code = ("11010001", "ZG001000")[number % 2]
        try:
            with pytest.raises(EnrolmentFailed):
                enrol(code, "别的", "", address=f"192.0.2.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(one, range(200)))

    assert sum(verified) == 5
    assert len(verified) == 200


def test_of_parallel_successes_one_wins() -> None:
    agent = an_agent()

    def one(number: int) -> str | None:
        try:
            return enrol(
                agent.computer_code, agent.name, ZHANG, address=f"192.0.2.{number}"
            ).password
        except EnrolmentFailed:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        passwords = [password for password in pool.map(one, range(4)) if password]

    assert len(passwords) == 1
    assert check_password(passwords[0], User.objects.get(agent=agent).password)


def test_of_100_parallel_wrong_passwords_five_are_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    a_clerk(an_agent())
    verified: list[str] = []

    def verify(user: User | None, password: str) -> bool:
        verified.append(password)
        return False

    monkeypatch.setattr(passwords, "verify", verify)

    def one(_: int) -> int:
        try:
            answer = Client().post("/login/", {"code": "11010001", "password": "wrong"})
            return answer.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(100)))

    assert len(verified) == 5
    assert answers.count(429) == 95


def test_of_parallel_uses_of_a_token_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    user = a_member_of_staff()
    token = token_of(user)
    meeting = Barrier(2, timeout=0.5)
    verify = TOTPDevice.verify_token

    def verify_together(self: TOTPDevice, token: str) -> bool:
        # Two that have read the device alike would both find the token unused.
        with suppress(BrokenBarrierError):
            meeting.wait()
        return bool(verify(self, token))

    monkeypatch.setattr(TOTPDevice, "verify_token", verify_together)

    def one(_: int) -> bool:
        try:
            return bool(verify_token(user, token))
        except WrongToken:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
