"""The tax office's pages about agents, and the accounts of staff."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.http import Http404
from django.test import Client

from portal.models import AuditEntry, Office, RecoveryCode, User
from portal.selectors import access_agent
from portal.services.passwords import MayNotEnrol, give_initial_password
from portal.services.staff import LoginIsTaken, LoginLooksLikeACode, NoSuchOffice, create_staff
from tests.portal.people import (
    ZHANG,
    a_clerk,
    a_member_of_staff,
    an_agent,
    an_office,
    forget_the_password,
    sign_in,
)

pytestmark = pytest.mark.django_db

CHECKED = {"applicant_checked": "on", "registration_checked": "on", "authority_checked": "on"}


@pytest.fixture
def officer(client: Client) -> User:
    user = a_member_of_staff()
    sign_in(client, user)
    return user


@pytest.mark.parametrize("text", ["11010001", "1101", "ZG0010", "单位1101", "１１０１"])
@pytest.mark.usefixtures("officer")
def test_agents_are_found_by_code_and_name(client: Client, text: str) -> None:
    an_agent(collection_code="ZG001000")
    an_agent("99999999", name="外地单位", office=an_office("999"), collection_code="ZG001001")

    page = client.post("/staff/agents/", {"text": text}).content.decode()

    assert "单位11010001" in page
    assert "外地单位" not in page


@pytest.mark.usefixtures("officer")
def test_a_search_that_finds_nothing_says_what_to_do(client: Client) -> None:
    page = client.post("/staff/agents/", {"text": "没有"}).content.decode()

    assert "本机关没有符合条件的单位。" in page


@pytest.mark.usefixtures("officer")
def test_the_agent_page_masks_personal_data(client: Client) -> None:
    agent = an_agent()
    a_clerk(agent)

    page = client.get(f"/staff/agents/{agent.public_id}/").content.decode()

    assert "110***********002X" in page
    assert "l***@" in page or "***@example.com" in page
    assert ZHANG not in page
    assert "62466669" not in page


@pytest.mark.parametrize(
    ("credit_code", "is_strange"),
    [
        ("91110000600037341L", False),
        ("91110000600037342P", True),  # its own check digit is right, the one inside it is not
        ("", False),
    ],
)
@pytest.mark.usefixtures("officer")
def test_the_agent_page_doubts_a_strange_credit_code(
    client: Client, credit_code: str, is_strange: bool
) -> None:
    agent = an_agent(credit_code=credit_code)

    page = client.get(f"/staff/agents/{agent.public_id}/").content.decode()

    assert credit_code in page
    assert ("组织机构代码校验位不符" in page) is is_strange


def test_an_officer_gives_out_a_new_password_once_on_a_slip(client: Client, officer: User) -> None:
    agent = an_agent()
    clerk = a_clerk(agent)
    path = f"/staff/agents/{agent.public_id}/password/"

    page = client.post(path, CHECKED).content.decode()

    found = re.search(r'id="password">([^<]+)<', page)
    assert found
    clerk.refresh_from_db()
    assert clerk.check_password(found[1])
    assert clerk.password_is_initial
    assert "72 小时" in page
    assert found[1] not in client.get(path).content.decode()
    entry = AuditEntry.objects.get(action="password_reset")
    assert (entry.user, entry.agent, entry.outcome) == (officer, agent, "reset")


@pytest.mark.usefixtures("officer")
@pytest.mark.parametrize("left_out", CHECKED)
def test_without_the_identity_check_there_is_no_password(client: Client, left_out: str) -> None:
    agent = an_agent()
    checked = {name: value for name, value in CHECKED.items() if name != left_out}

    page = client.post(f"/staff/agents/{agent.public_id}/password/", checked).content.decode()

    assert 'id="password"' not in page
    assert not User.objects.filter(agent=agent).exists()


@pytest.mark.usefixtures("officer")
def test_a_reset_needs_a_fresh_password(client: Client) -> None:
    agent = an_agent()
    path = f"/staff/agents/{agent.public_id}/password/"
    forget_the_password(client)

    for answer in (client.get(path), client.post(path, CHECKED)):
        assert answer.headers["Location"].startswith("/password/confirm/")
    assert not User.objects.filter(agent=agent).exists()


def test_enrolling_at_the_counter_is_the_same_page(client: Client, officer: User) -> None:
    agent = an_agent()

    client.post(f"/staff/agents/{agent.public_id}/password/", CHECKED)

    user = User.objects.get(agent=agent)
    assert (user.login, user.password_is_initial) == ("11010001", True)
    assert AuditEntry.objects.get(action="password_reset", user=officer).outcome == "enrolled"


def test_only_an_agent_of_normal_status_is_enrolled_at_the_counter(client: Client) -> None:
    officer = a_member_of_staff()
    agent = an_agent(status="05")

    with pytest.raises(MayNotEnrol, match="注销"):
        give_initial_password(agent, by=officer)

    page = sign_in(client, officer).post(f"/staff/agents/{agent.public_id}/password/", CHECKED)
    assert "注销" in page.content.decode()
    a_clerk(agent)
    assert give_initial_password(agent, by=officer)  # status decides who may enrol, nothing else


def test_an_office_sees_its_own_agents_and_those_below_it() -> None:
    root = Office.objects.get(code=Office.ROOT_CODE)
    district = an_office("1101")
    ward = Office.objects.create(code="110105", name="第110105税务所", parent=district)
    agent = an_agent(office=ward)

    for office in (ward, district, root):
        user = a_member_of_staff(f"of.{office.code}", office=office)
        assert access_agent(user, agent.public_id) == agent
    for role in (User.Role.OPERATOR, User.Role.ACCOUNT_ADMIN):
        user = a_member_of_staff(f"of.{role}", role=role, office=ward)
        with pytest.raises(Http404):
            access_agent(user, agent.public_id)
    with pytest.raises(Http404):
        access_agent(a_member_of_staff("li", office=an_office("999")), agent.public_id)


def test_a_password_is_given_by_nobody_but_the_agents_own_office() -> None:
    agent = an_agent()

    with pytest.raises(Http404):
        give_initial_password(agent, by=a_member_of_staff(office=an_office("999")))


def test_moving_an_agent_to_another_office_bites_on_the_next_request(
    client: Client, officer: User
) -> None:
    agent = an_agent()
    path = f"/staff/agents/{agent.public_id}/"
    assert client.get(path).status_code == 200

    agent.office = an_office("999")
    agent.save()

    assert client.get(path).status_code == 404
    assert officer.office is not None


# Accounts of staff


def test_the_command_prints_what_a_member_of_staff_needs() -> None:
    an_office()
    printed = StringIO()

    call_command(
        "create_staff", "wang.fang", role="officer", office="110105", name="王芳", stdout=printed
    )

    account = json.loads(printed.getvalue())
    user = User.objects.get(login="wang.fang")
    assert user.check_password(account["password"])
    assert user.password_is_initial
    assert account["otpauth_uri"].startswith("otpauth://totp/")
    assert len(account["recovery_codes"]) == RecoveryCode.objects.filter(user=user).count() == 10
    assert AuditEntry.objects.get(action="role").detail["login"] == "wang.fang"


def test_the_command_exits_1_when_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("create_staff", "wang", role="officer", office="no such", name="王芳")

    assert end.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no such" in printed.err


def test_a_login_is_given_once_and_cannot_look_like_an_agents() -> None:
    an_office()

    def create(login: str, office: str = "110105") -> None:
        create_staff(login, role=User.Role.OFFICER, office_code=office, name="")

    create("wang")
    with pytest.raises(LoginIsTaken):
        create("wang")
    for login in ("11010001", "ABCD1234", "Wang", "", "wang fang", "王"):
        with pytest.raises(LoginLooksLikeACode):
            create(login)
    with pytest.raises(NoSuchOffice):
        create("li", "no such")
