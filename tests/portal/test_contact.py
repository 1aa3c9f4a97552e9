"""单位联系信息及密码修改: four things can be changed, the rest is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal.models import AuditEntry, User
from tests.portal.people import PASSWORD, ZHANG, a_clerk, an_agent, sign_in

pytestmark = pytest.mark.django_db

CHANGED = {"contact_name": "张三", "telephone": "13800138000", "email": "zhang@example.com"}


@pytest.fixture
def alice(client: Client) -> User:
    user = a_clerk(an_agent(collection_code="ZG001000", administrator="税务员1"))
    sign_in(client, user)
    return user


def test_the_four_things_can_be_changed(client: Client, alice: User) -> None:
    new = {"new_password": "a quite long phrase", "again": "a quite long phrase"}
    answer = client.post("/contact/", CHANGED | new)

    assert answer.headers["Location"] == "/contact/"
    alice.refresh_from_db()
    agent = alice.agent
    assert agent is not None
    assert agent.contact_name == "张三"
    assert agent.contact_telephone.reveal("a test") == "13800138000"
    assert agent.contact_email.reveal("a test") == "zhang@example.com"
    assert alice.check_password("a quite long phrase")


def test_an_empty_password_stays_as_it_is(client: Client, alice: User) -> None:
    client.post("/contact/", CHANGED)

    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_password_that_is_refused_changes_nothing_else_either(
    client: Client, alice: User
) -> None:
    short = {"new_password": "short", "again": "short"}
    same = {"new_password": PASSWORD, "again": PASSWORD}
    for new in (short, same):
        assert (
            'id="id_new_password_error"' in client.post("/contact/", CHANGED | new).content.decode()
        )

    assert alice.agent is not None
    alice.agent.refresh_from_db()
    assert alice.agent.contact_name == "李明"


@pytest.mark.usefixtures("alice")
def test_the_rest_is_shown_masked_and_cannot_be_edited(client: Client) -> None:
    client.post("/contact/", CHANGED | {"name": "别的单位", "address": "别处", "status": "05"})

    page = client.get("/contact/").content.decode()

    for shown in ("单位11010001", "ZG001000", "税务员1", "某街1号", "110***********002X"):
        assert shown in page
    assert "如需修改其他信息,请与主管税务所联系" in page
    assert ZHANG not in page
    assert page.count("<input") - page.count('type="hidden"') == 6  # 5 fields and the username


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact_name", ""),
        ("telephone", ""),
        ("telephone", "call me"),
        ("telephone", "123"),
        ("email", ""),
        ("email", "nobody"),
    ],
)
@pytest.mark.usefixtures("alice")
def test_what_cannot_be_is_named_at_its_field(client: Client, field: str, value: str) -> None:
    page = client.post("/contact/", CHANGED | {field: value}).content.decode()

    assert f'id="id_{field}_error"' in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize(
    "telephone", ["010-62466669", "+86 138 0013 8000", "010-62466669转12", "０１０－62466669"]
)
@pytest.mark.usefixtures("alice")
def test_telephones_are_written_in_many_ways(client: Client, telephone: str) -> None:
    assert client.post("/contact/", CHANGED | {"telephone": telephone}).status_code == 302


def test_contact_data_reach_the_database_sealed(client: Client, alice: User) -> None:
    with connection.execute_wrapper(_no_plain_text):
        client.post("/contact/", CHANGED)

    assert alice.agent is not None


def _no_plain_text(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert "13800138000" not in str(params)
    assert "zhang@example.com" not in str(params)
    return execute(sql, params, many, context)


def test_changes_and_reveals_are_audited_without_their_content(client: Client, alice: User) -> None:
    client.post("/contact/", CHANGED)
    client.get("/contact/")

    entries = AuditEntry.objects.filter(user=alice)
    assert entries.filter(action="contact", outcome="done", agent=alice.agent).count() == 1
    revealed = entries.filter(
        action="reveal", detail__column="portal_withholdingagent.contact_email"
    )
    assert revealed.exists()
    assert "example.com" not in str(list(entries.values_list("detail", flat=True)))
