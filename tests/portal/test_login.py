"""Login: reserve, then verify; the second factor of staff; the step-up."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from portal import hashers
from portal.models import AuditEntry, KnownDevice, RecoveryCode, User
from portal.services import passwords
from portal.services.login import WrongLogin, WrongToken, log_agent_in, verify_token
from portal.services.staff import StaffAccount, create_staff
from tests.portal.people import (
    PASSWORD,
    Hashes,
    a_clerk,
    a_member_of_staff,
    an_agent,
    an_office,
    forget_the_password,
    sign_in,
)

pytestmark = pytest.mark.django_db

WRONG = "账号或密码不正确。"


@pytest.fixture
def alice() -> User:
    return a_clerk(an_agent(collection_code="ZG001000"))


def log_in(client: Client, code: str = "11010001", password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/login/", {"code": code, "password": password, **more})


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("code", ["11010001", "ZG001000", " zg001000", "１１０１０００１"])
@pytest.mark.usefixtures("alice")
def test_either_code_leads_in(client: Client, code: str) -> None:
    answer = log_in(client, code)

    assert answer.status_code == 302
    assert is_logged_in(client)


@pytest.mark.parametrize(
    ("code", "password"),
    [("11010001", "wrong"), ("99999999", PASSWORD), ("11010001", PASSWORD + " ")],
)
@pytest.mark.usefixtures("alice")
def test_whatever_is_wrong_the_answer_is_the_same(client: Client, code: str, password: str) -> None:
    page = log_in(client, code, password).content.decode()

    assert WRONG in page
    assert password not in page
    assert not is_logged_in(client)


def test_a_disabled_user_is_answered_like_a_wrong_password(client: Client, alice: User) -> None:
    alice.is_active = False
    alice.save()

    assert WRONG in log_in(client).content.decode()


@pytest.mark.parametrize("code", ["11010001", "99999999", "11010002"])
@pytest.mark.usefixtures("alice")
def test_a_login_costs_one_hash_whoever_it_is(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    an_agent("11010002")  # not enrolled
    hashes = Hashes(monkeypatch)

    with pytest.raises(WrongLogin):
        log_agent_in(code, "wrong", address="192.0.2.1", device=None)

    assert hashes.count == 1


def test_a_hash_of_an_older_profile_is_renewed_at_login(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashers.Argon2Hasher, "time_cost", 1)
    alice.set_password(PASSWORD)
    alice.save()
    monkeypatch.undo()

    log_in(client)

    alice.refresh_from_db()
    assert "m=19456,t=2,p=1" in alice.password


def test_five_failures_close_the_pair_and_say_until_when(client: Client, alice: User) -> None:
    with time_machine.travel(datetime(2006, 3, 6, 4, tzinfo=UTC), tick=False):
        for _ in range(5):
            log_in(client, password="wrong")

        answer = log_in(client)

        assert answer.status_code == 429
        assert "12:15:00" in answer.content.decode()
        assert answer.headers["Retry-After"] == "901"
        assert not is_logged_in(client)
    assert AuditEntry.objects.filter(action="login", outcome="closed", agent=alice.agent).exists()


def test_either_code_counts_for_the_same_agent(client: Client, alice: User) -> None:
    for code in ("11010001", "ZG001000", "11010001", "ZG001000", "11010001"):
        log_in(client, code, "wrong")

    assert log_in(client, "ZG001000").status_code == 429
    assert alice.login == "11010001"


@pytest.mark.usefixtures("alice")
def test_a_forged_address_opens_no_closed_pair(client: Client) -> None:
    for number in range(5):
        client.post(
            "/login/",
            {"code": "11010001", "password": "wrong"},
            headers={"x-forwarded-for": f"198.51.100.{number}"},
        )

    assert log_in(client).status_code == 429


@pytest.mark.usefixtures("alice")
def test_beyond_four_hashes_at_once_the_answer_is_503_and_counts_as_no_try(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.01)
    places = [passwords.hashing() for _ in range(4)]
    for place in places:
        place.__enter__()
    try:
        for _ in range(6):
            answer = log_in(client)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "3"
    finally:
        for place in places:
            place.__exit__(None, None, None)

    assert log_in(client).status_code == 302


def test_a_login_begins_a_new_session_id(client: Client, alice: User) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    before = client.session.session_key

    log_in(client)

    assert is_logged_in(client)
    assert client.session.session_key != before
    assert alice.agent is not None


def test_the_browser_is_remembered_by_a_cookie_that_scripts_cannot_read(
    client: Client, alice: User
) -> None:
    answer = log_in(client)

    cookie = answer.cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert KnownDevice.objects.filter(user=alice).count() == 2


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/contact/", "/contact/"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("javascript:alert(1)", None),
    ],
)
@pytest.mark.usefixtures("alice")
def test_after_login_only_a_page_of_this_site_is_reached(
    client: Client, wanted: str, reached: str | None
) -> None:
    location = log_in(client, next=wanted).headers["Location"]

    assert location.startswith("/")
    assert not location.startswith("//")
    if reached:
        assert location == reached


def test_an_expired_initial_password_sends_to_the_office(client: Client, alice: User) -> None:
    alice.password_is_initial = True
    alice.initial_password_expires_at = timezone.now() - timedelta(seconds=1)
    alice.save()

    page = log_in(client).content.decode()

    assert "到主管税务所重新领取" in page
    assert not is_logged_in(client)


def test_a_login_is_audited_with_its_end(client: Client, alice: User) -> None:
    log_in(client, password="wrong")
    log_in(client)

    entries = AuditEntry.objects.filter(action="login").order_by("pk")
    assert [(entry.outcome, entry.user, entry.address) for entry in entries] == [
        ("wrong", alice, "127.0.0.1"),
        ("password", alice, "127.0.0.1"),
    ]


# Staff


@pytest.fixture
def wang() -> StaffAccount:
    return create_staff(
        "wang",
        role=User.Role.OFFICER,
        office_code=an_office().code,
        name="王芳",
        password_is_initial=False,
    )


def give_password(client: Client, account: StaffAccount, **more: str) -> Any:
    return client.post("/staff/login/", {"login": "wang", "password": account.password, **more})


def token_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    return f"{totp.token():06}"


def test_staff_come_in_with_password_and_token(client: Client, wang: StaffAccount) -> None:
    assert give_password(client, wang).headers["Location"] == "/staff/login/token/"
    before = client.session.session_key

    answer = client.post("/staff/login/token/", {"token": token_of(wang.user)})

    assert answer.headers["Location"] == "/staff/"
    assert client.get("/staff/").status_code == 200
    assert client.session.session_key != before


def test_with_the_password_alone_a_member_of_staff_is_nobody(
    client: Client, wang: StaffAccount
) -> None:
    give_password(client, wang)

    for path in ("/staff/", "/staff/agents/", "/staff/password/", "/password/confirm/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/login/" in answer.headers["Location"]
    assert not is_logged_in(client)


def test_a_session_of_staff_without_the_factor_is_ended_wherever_it_came_from(
    client: Client, wang: StaffAccount
) -> None:
    client.force_login(wang.user)

    assert client.get("/").headers["Location"].startswith("/staff/login/")
    assert not is_logged_in(client)


def test_the_second_factor_without_the_password_leads_to_the_password(client: Client) -> None:
    assert client.get("/staff/login/token/").headers["Location"] == "/staff/login/"


def test_the_second_factor_must_be_given_within_five_minutes(
    client: Client, wang: StaffAccount
) -> None:
    with time_machine.travel(datetime(2026, 3, 6, 4, tzinfo=UTC), tick=False) as clock:
        give_password(client, wang)
        clock.shift(301)

        answer = client.post("/staff/login/token/", {"token": token_of(wang.user)})

    assert answer.headers["Location"] == "/staff/login/"
    assert not is_logged_in(client)


def test_a_password_that_was_changed_meanwhile_leads_no_further(
    client: Client, wang: StaffAccount
) -> None:
    give_password(client, wang)
    passwords.change_password(wang.user, "another good long phrase")

    answer = client.post("/staff/login/token/", {"token": token_of(wang.user)})

    assert answer.headers["Location"] == "/staff/login/"


def test_a_token_is_good_once(wang: StaffAccount) -> None:
    token = token_of(wang.user)
    verify_token(wang.user, token)

    with pytest.raises(WrongToken):
        verify_token(wang.user, token)


def test_after_five_wrong_tokens_the_right_one_waits(client: Client, wang: StaffAccount) -> None:
    with time_machine.travel(datetime(2026, 3, 6, 4, tzinfo=UTC), tick=False):
        give_password(client, wang)
        for _ in range(5):
            client.post("/staff/login/token/", {"token": "000000"})

        answer = client.post("/staff/login/token/", {"token": token_of(wang.user)})

    assert answer.status_code == 429
    assert not is_logged_in(client)


def test_a_recovery_code_is_good_once_and_stored_as_a_digest(
    client: Client, wang: StaffAccount
) -> None:
    code = wang.recovery_codes[0]
    assert len(wang.recovery_codes) == len(set(wang.recovery_codes)) == 10
    stored = b"".join(RecoveryCode.objects.values_list("digest", flat=True))
    assert code.encode() not in stored
    assert code.replace("-", "").encode() not in stored

    give_password(client, wang)
    assert client.post("/staff/login/token/", {"token": code.lower()}).status_code == 302
    assert is_logged_in(client)

    other = Client()
    give_password(other, wang)
    page = other.post("/staff/login/token/", {"token": code}).content.decode()
    assert "验证码不正确,或已经使用过" in page


def test_a_recovery_code_of_somebody_else_is_wrong(wang: StaffAccount) -> None:
    with pytest.raises(WrongToken):
        verify_token(a_member_of_staff("li"), wang.recovery_codes[0])


@pytest.mark.parametrize("token", ["", "１２３４５６", "-1", "1e5", "x" * 41, "\0"])
def test_a_token_that_is_none_is_refused(client: Client, wang: StaffAccount, token: str) -> None:
    give_password(client, wang)

    answer = client.post("/staff/login/token/", {"token": token})

    assert answer.status_code == 200
    assert not is_logged_in(client)


def test_agents_and_staff_do_not_come_in_by_each_others_door(
    client: Client, wang: StaffAccount
) -> None:
    a_clerk(an_agent())

    assert WRONG in log_in(client, "wang", wang.password).content.decode()
    answer = client.post("/staff/login/", {"login": "11010001", "password": PASSWORD})
    assert WRONG in answer.content.decode()


# The step-up


def test_what_needs_a_fresh_password_asks_for_it_and_comes_back(
    client: Client, alice: User
) -> None:
    sign_in(client, alice)
    forget_the_password(client)

    assert client.get("/contact/").headers["Location"] == "/password/confirm/?next=%2Fcontact%2F"
    wrong = client.post("/password/confirm/", {"password": "wrong", "next": "/contact/"})
    assert "密码不正确。" in wrong.content.decode()
    right = client.post("/password/confirm/", {"password": PASSWORD, "next": "/contact/"})
    assert right.headers["Location"] == "/contact/"
    assert client.get("/contact/").status_code == 200


def test_a_post_without_a_fresh_password_changes_nothing(client: Client, alice: User) -> None:
    sign_in(client, alice)
    forget_the_password(client)

    answer = client.post(
        "/contact/", {"contact_name": "别人", "telephone": "010-1234567", "email": "a@b.cn"}
    )

    assert answer.status_code == 302
    assert alice.agent is not None
    alice.agent.refresh_from_db()
    assert alice.agent.contact_name == "李明"


def test_a_fresh_password_is_five_minutes_old_at_most(client: Client, alice: User) -> None:
    with time_machine.travel(datetime(2026, 3, 6, 4, tzinfo=UTC), tick=False) as clock:
        sign_in(client, alice)
        clock.shift(300)
        assert client.get("/contact/").status_code == 200
        clock.shift(1)
        assert client.get("/contact/").status_code == 302


def test_the_step_up_is_limited_like_a_login(client: Client, alice: User) -> None:
    sign_in(client, alice)
    for _ in range(5):
        client.post("/password/confirm/", {"password": "wrong"})

    assert client.post("/password/confirm/", {"password": PASSWORD}).status_code == 429


def test_the_step_up_leads_to_no_other_site(client: Client, alice: User) -> None:
    sign_in(client, alice)

    answer = client.post(
        "/password/confirm/", {"password": PASSWORD, "next": "https://evil.example/"}
    )

    assert re.match(r"/(?!/)", answer.headers["Location"])


def test_cookies_are_of_the_host_alone_in_production(settings: Settings) -> None:
    source = (settings.BASE_DIR / "portal" / "settings.py").read_text()

    for name in ("sid", "csrf", "device", "language"):
        assert f'"__Host-{name}" if PRODUCTION' in source
