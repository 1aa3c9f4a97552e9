"""明细申报初始密码获取: one account for an agent, and one answer to everything that fails."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from portal.models import AuditEntry, User, WithholdingAgent
from portal.selectors import agents_with_enrolment_failures
from portal.services.enrolment import EnrolmentFailed, enrol
from portal.services.passwords import ALPHABET
from tests.portal.people import (
    ZHANG,
    Hashes,
    a_clerk,
    a_member_of_staff,
    an_agent,
    an_office,
    sign_in,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2006, 3, 6, 4, tzinfo=UTC)
REFUSAL = "您填写的信息有误,或登记信息处于非正常、在途状态,请与主管税务所核对"
TYPED = {"code": "11010001", "name": "单位11010001", "document_number": ZHANG}


def try_to_enrol(client: Client, **changes: str) -> str:
    return client.post("/enrolment/", TYPED | changes).content.decode()


def shown_password(page: str) -> str:
    found = re.search(r'id="password">([^<]+)<', page)
    assert found, "no password is shown"
    return found[1]


def test_an_agent_is_shown_its_login_and_password_once(client: Client) -> None:
    agent = an_agent()

    page = try_to_enrol(client)

    password = shown_password(page)
    user = User.objects.get(agent=agent)
    assert user.login == "11010001" in page
    assert "请牢记登录密码,如丢失请与主管税务所联系" in page
    assert len(password) == 16
    assert set(password) <= set(ALPHABET)
    assert user.check_password(password)
    assert user.password_is_initial
    again = try_to_enrol(client)
    assert password not in again
    assert REFUSAL in again
    assert password not in client.get("/enrolment/").content.decode()


def test_the_page_with_the_password_is_not_stored(client: Client) -> None:
    an_agent()

    answer = client.post("/enrolment/", TYPED)

    assert 'id="password"' in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_initial_password_is_valid_for_72_hours(client: Client) -> None:
    agent = an_agent()
    with time_machine.travel(NOON, tick=False):
        page = try_to_enrol(client)

    user = User.objects.get(agent=agent)
    assert user.initial_password_expires_at == NOON + timedelta(hours=72)
    assert "2006-03-09 12:00" in page  # in Beijing


def test_look_alikes_are_in_no_password() -> None:
    assert not set("0O1lI") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 56


@pytest.mark.parametrize(
    "typed",
    [
        {"code": " 11010001 "},
        {"code": "１１０１０００１"},
        {"code": "zg001000"},
        {"name": " 单位 11010001"},
        {"document_number": "11010519491231002x"},
        {"document_number": "110105491231002"},
    ],
)
def test_the_same_thing_in_another_spelling_is_recognised(
    client: Client, typed: dict[str, str]
) -> None:
    an_agent(collection_code="ZG001000")

    assert 'id="password"' in try_to_enrol(client, **typed)


def test_brackets_may_be_typed_in_either_width(client: Client) -> None:
    an_agent(name="北京(集团)公司")

    assert 'id="password"' in try_to_enrol(client, name="北京（集团）公司")


FAILURES = {
    "unknown code": {"code": "99999999"},
    "wrong name": {"name": "别的单位"},
    "wrong number": {"document_number": "110105194912310038"},
    "abnormal": {"code": "11010002", "name": "单位11010002"},
    "in transit": {"code": "11010003", "name": "单位11010003"},
    "suspended": {"code": "11010004", "name": "单位11010004"},
    "deregistered": {"code": "11010005", "name": "单位11010005"},
    "enrolled": {"code": "11010006", "name": "单位11010006"},
    "tries used up": {"code": "11010007", "name": "单位11010007"},
}


@pytest.fixture
def register() -> None:
    an_agent()
    for number, status in enumerate(("02", "03", "04", "05"), start=2):
        an_agent(f"1101000{number}", status=status)
    a_clerk(an_agent("11010006"))
    an_agent("11010007")
    for _ in range(5):
        with pytest.raises(EnrolmentFailed):
            enrol("11010007", "", "", address="192.0.2.77")


@pytest.mark.usefixtures("register")
def test_every_failure_has_the_same_answer_to_the_byte(client: Client) -> None:
    client.get("/enrolment/")
    answers = {}
    for name, changes in FAILURES.items():
        typed = TYPED | changes
        answer = client.post("/enrolment/", typed)
        body = answer.content.decode()
        for value in typed.values():  # what was typed stands in its field again
            body = body.replace(f'value="{value}"', 'value=""')
        body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
        headers = {key: value for key, value in answer.headers.items() if key != "Content-Length"}
        answers[name] = (answer.status_code, headers, sorted(answer.cookies), body)

    assert REFUSAL in answers["unknown code"][-1]
    assert [name for name in answers if answers[name] != answers["unknown code"]] == []


@pytest.mark.usefixtures("register")
def test_every_failure_does_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = Hashes(monkeypatch)
    work = {}
    for name, changes in FAILURES.items():
        before = hashes.count
        with CaptureQueriesContext(connection) as queries, pytest.raises(EnrolmentFailed):
            enrol(**(TYPED | changes), address="192.0.2.1")
        statements = [re.sub(r"'[^']*'|\d+|NULL", "?", query["sql"]) for query in queries]
        work[name] = (hashes.count - before, statements)

    assert work["unknown code"][0] == 1
    assert [name for name in work if work[name] != work["unknown code"]] == []


def test_after_five_tries_by_either_code_the_right_data_are_refused(client: Client) -> None:
    an_agent(collection_code="ZG001000")
    for code in ("11010001", "ZG001000", "11010001", "ZG001000", "11010001"):
        assert REFUSAL in try_to_enrol(client, code=code, name="别的")

    assert REFUSAL in try_to_enrol(client)
    assert not User.objects.exists()


def test_a_forged_address_buys_no_more_tries(client: Client) -> None:
    an_agent()
    for number in range(21):
        client.post(
            "/enrolment/",
            TYPED | {"code": f"9999{number:04}"},
            headers={"x-forwarded-for": f"198.51.100.{number}"},
        )

    assert REFUSAL in try_to_enrol(client)
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("code", "请填写计算机代码或征收管理码"),
        ("name", "请填写单位名称"),
        ("document_number", "请填写证件号码"),
    ],
)
def test_an_empty_field_is_named(client: Client, field: str, words: str) -> None:
    page = try_to_enrol(client, **{field: " "})

    assert f'<a href="#id_{field}">' in page
    assert words in page
    assert REFUSAL not in page
    assert f'id="id_{field}_error"' in page
    assert re.search(rf'id="id_{field}"[^>]*', page)
    assert "<title>错误:" in page


@pytest.mark.parametrize("code", ["1101 0001", "1" * 41, "110\x000001"])
def test_an_ill_formed_code_is_named_and_counts_as_no_try(client: Client, code: str) -> None:
    page = try_to_enrol(client, code=code)

    assert 'id="id_code_error"' in page
    assert REFUSAL not in page
    assert not AuditEntry.objects.exists()


def test_a_login_that_is_taken_by_somebody_else_enrols_nobody(client: Client) -> None:
    an_agent()
    User.objects.create(login="11010001", role=User.Role.OFFICER, office=an_office())

    assert REFUSAL in try_to_enrol(client)


def test_both_ends_of_an_enrolment_are_audited(client: Client) -> None:
    agent = an_agent()

    try_to_enrol(client, name="别的")
    try_to_enrol(client)

    failed, done = AuditEntry.objects.order_by("pk")
    assert (failed.action, failed.outcome, failed.agent, failed.user) == (
        "enrolment",
        "failed",
        agent,
        None,
    )
    assert (done.outcome, done.agent, done.user) == ("done", agent, User.objects.get())
    assert ZHANG not in str(failed.detail) + str(done.detail)


def test_three_days_with_failures_alert_the_office(client: Client) -> None:
    agent = an_agent()
    officer = a_member_of_staff()
    stranger = a_member_of_staff("li", office=an_office("999"))
    for day in range(3):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            assert not agents_with_enrolment_failures(officer).exists()
            _backdated_failure(agent, NOON + timedelta(days=day))
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        assert list(agents_with_enrolment_failures(officer)) == [agent]
        assert not agents_with_enrolment_failures(stranger).exists()
        page = sign_in(client, officer).get("/staff/agents/").content.decode()
    assert "3 天以上获取初始密码失败" in page


def _backdated_failure(agent: WithholdingAgent, at: datetime) -> None:
    with pytest.raises(EnrolmentFailed):
        enrol(agent.computer_code, "别的", "", address="192.0.2.1")
    assert AuditEntry.objects.latest("pk").at == at


def test_the_initial_password_lasts_as_long_as_the_setting_says(settings: Settings) -> None:
    settings.INITIAL_PASSWORD_HOURS = 2
    an_agent()
    with time_machine.travel(NOON, tick=False):
        assert enrol(**TYPED, address="192.0.2.1").expires_at == NOON + timedelta(hours=2)
