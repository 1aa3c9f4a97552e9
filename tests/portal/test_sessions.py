"""When a session ends, and what the first login opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from portal.guards import polled
from portal.middleware import SEEN_AT, SessionLimits
from portal.models import AuditEntry, User
from portal.services import passwords
from tests.portal.people import PASSWORD, a_clerk, a_member_of_staff, an_agent, sign_in

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 4, tzinfo=UTC)
NEW = "a quite long phrase"


@pytest.fixture
def alice() -> User:
    return a_clerk(an_agent())


def is_in(client: Client, path: str) -> bool:
    answer = client.get(path)
    assert answer.status_code in (200, 302)
    return answer.status_code == 200


@pytest.mark.parametrize(
    ("staff", "idle", "whole"),
    [
        (False, timedelta(minutes=30), timedelta(hours=12)),
        (True, timedelta(minutes=15), timedelta(hours=8)),
    ],
)
def test_a_session_ends_when_idle_and_at_the_latest_after_hours(
    client: Client, staff: bool, idle: timedelta, whole: timedelta
) -> None:
    user = a_member_of_staff() if staff else a_clerk(an_agent())
    path = "/staff/" if staff else "/password/confirm/"
    second = timedelta(seconds=1)
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        assert is_in(client, path)
        clock.shift(idle - second)
        assert is_in(client, path)
        clock.shift(idle)
        assert not is_in(client, path)

        clock.move_to(NOON)
        sign_in(client, user)
        turns = whole // (idle / 2)
        for _ in range(turns):
            assert is_in(client, path)
            clock.shift(idle / 2)
        assert not is_in(client, path)

    assert AuditEntry.objects.filter(action="logout", outcome="expired", user=user).count() == 2


def test_the_page_is_reached_again_after_a_session_has_ended(client: Client, alice: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, alice)
        client.get("/contact/")
        clock.shift(timedelta(minutes=30))

        answer = client.get("/contact/")

        assert answer.headers["Location"] == "/login/?next=%2Fcontact%2F"
        assert "请重新登录" in client.get("/login/").content.decode()


def test_polling_does_not_keep_a_session_alive(rf: RequestFactory, alice: User) -> None:
    @polled
    def progress(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    limits = SessionLimits(page)
    with time_machine.travel(NOON, tick=False) as clock:
        request = rf.get("/")
        request.user, request.session = alice, {}  # type: ignore[assignment]
        limits.process_view(request, page)
        clock.shift(timedelta(minutes=10))
        limits.process_view(request, progress)
        assert request.session[SEEN_AT] == int(NOON.timestamp())
        limits.process_view(request, page)
        assert request.session[SEEN_AT] == int(NOON.timestamp()) + 600


@pytest.mark.parametrize(
    ("referer", "location"),
    [
        ("http://testserver/home/?year=2006", "/login/?next=%2Fhome%2F%3Fyear%3D2006"),
        ("http://evil.example/home/", "/login/"),
        (None, "/login/"),
    ],
)
def test_after_a_form_that_came_too_late_one_is_back_at_its_page(
    client: Client, referer: str | None, location: str
) -> None:
    headers = {"Referer": referer} if referer else {}

    answer = client.post("/contact/", {"contact_name": "张三"}, headers=headers)

    assert answer.headers["Location"] == location


def test_disabling_a_user_bites_on_the_next_request(client: Client, alice: User) -> None:
    sign_in(client, alice)
    assert is_in(client, "/contact/")

    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert not is_in(client, "/contact/")


def test_disabling_staff_bites_on_the_next_request(client: Client) -> None:
    officer = a_member_of_staff()
    sign_in(client, officer)
    assert is_in(client, "/staff/")

    User.objects.filter(pk=officer.pk).update(is_active=False)

    assert not is_in(client, "/staff/")


def test_logging_out_ends_this_session_and_no_other(client: Client, alice: User) -> None:
    other = sign_in(Client(), alice)
    sign_in(client, alice)
    key = client.session.session_key

    client.post("/logout/")

    assert not is_in(client, "/contact/")
    assert not Session.objects.filter(session_key=key).exists()
    assert is_in(other, "/contact/")
    assert client.get("/logout/").status_code == 405


def test_changing_the_password_ends_the_other_sessions(client: Client, alice: User) -> None:
    other = sign_in(Client(), alice)
    sign_in(client, alice)
    before = client.session.session_key

    client.post(
        "/contact/",
        {
            "contact_name": "李明",
            "telephone": "010-62466669",
            "email": "liming@example.com",
            "new_password": NEW,
            "again": NEW,
        },
    )

    assert is_in(client, "/contact/")
    assert client.session.session_key != before
    assert not is_in(other, "/contact/")


def test_a_reset_at_the_office_ends_all_sessions(client: Client, alice: User) -> None:
    sign_in(client, alice)
    assert alice.agent is not None

    passwords.give_initial_password(alice.agent, by=a_member_of_staff())

    assert not is_in(client, "/contact/")


# The first login


@pytest.fixture
def newcomer(client: Client) -> User:
    """Give the test an agent's user with an initial password and without contact data."""
    user = User.objects.create_user(
        "11010002",
        PASSWORD,
        agent=an_agent("11010002"),
        password_is_initial=True,
        initial_password_expires_at=timezone.now() + timedelta(hours=72),
    )
    sign_in(client, user)
    return user


def choose(client: Client, password: str, again: str | None = None) -> Any:
    again = password if again is None else again
    return client.post("/password/new/", {"new_password": password, "again": again})


@pytest.mark.parametrize("path", ["/", "/contact/", "/contact/first/", "/password/confirm/"])
@pytest.mark.usefixtures("newcomer")
def test_with_an_initial_password_only_a_new_one_can_be_set(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"] == "/password/new/"


@pytest.mark.usefixtures("newcomer")
def test_after_the_password_come_the_contact_data_then_everything_opens(client: Client) -> None:
    assert choose(client, NEW).headers["Location"] == "/contact/first/"
    assert client.get("/contact/").headers["Location"] == "/contact/first/"

    client.post(
        "/contact/first/",
        {"contact_name": "李明", "telephone": "010-62466669", "email": "liming@example.com"},
    )

    assert is_in(client, "/contact/")
    assert client.get("/password/new/").status_code == 302


@pytest.mark.usefixtures("newcomer")
def test_the_initial_password_is_void_after_the_new_one(client: Client) -> None:
    choose(client, NEW)

    user = User.objects.get(login="11010002")
    assert user.check_password(NEW)
    assert not user.password_is_initial
    assert user.initial_password_expires_at is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "请填写密码"),
        ("elevenchars", "密码太短,应至少 12 个字符。"),
        ("correct horse battery staple", "新密码不能与现在的密码相同。"),
        ("qwertyuiop12", None),
        ("my11010002secret", "密码中不能含有登录账号、单位的代码或名称。"),
        ("我们是单位11010002的人员啊啊", "密码中不能含有登录账号、单位的代码或名称。"),
        ("1999200020012002", "密码除年份外太短或太常见,请换一个。"),
        ("password2006", "密码除年份外太短或太常见,请换一个。"),
    ],
)
@pytest.mark.usefixtures("newcomer")
def test_a_password_that_would_be_guessed_is_refused_at_the_field(
    client: Client, password: str, words: str | None
) -> None:
    page = choose(client, password).content.decode()

    assert 'id="id_new_password_error"' in page
    assert words is None or words in page
    assert User.objects.get(login="11010002").password_is_initial


@pytest.mark.parametrize(
    "password",
    ["twelve chars", "春眠不觉晓处处闻啼鸟夜来风雨声", "x" * 40 + "y" * 60, " a b c d e f g "],
)
@pytest.mark.usefixtures("newcomer")
def test_any_long_password_is_accepted_whole(client: Client, password: str) -> None:
    assert choose(client, password).status_code == 302

    user = User.objects.get(login="11010002")
    assert user.check_password(password)
    assert not user.check_password(password[:-1])


@pytest.mark.usefixtures("newcomer")
def test_a_password_typed_differently_the_second_time_is_refused(client: Client) -> None:
    page = choose(client, NEW, "something else here").content.decode()

    assert 'id="id_again_error"' in page
    assert NEW not in page
