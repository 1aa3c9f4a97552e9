"""API tokens: an agent makes them, its programs come in with them, and nobody else does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.models import ApiToken, AuditEntry, User, WithholdingAgent
from portal.services.tokens import MOST, make_token, revoke_token, use_token
from tests.portal.people import a_clerk, an_agent, forget_the_password, sign_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
CODES = "/api/v1/codes/"
NEW = "/tokens/new/"


@pytest.fixture
def alice() -> User:
    return a_clerk(an_agent())


def ask(text: str, path: str = CODES, **headers: str) -> Any:
    return Client().get(path, headers={"authorization": f"Bearer {text}", **headers})


def shown(page: str) -> str:
    found = re.search(r'id="token">(iit_[0-9a-f]{32})<', page)
    assert found, page
    return found[1]


def test_an_agent_makes_a_token_that_is_shown_once(alice: User) -> None:
    client = sign_in(Client(), alice)

    text = shown(client.post(NEW, {"name": "金算盘"}).content.decode())

    listed = client.get("/tokens/").content.decode()
    assert "金算盘" in listed
    assert text not in listed
    assert ask(text).status_code == 200


def test_of_a_token_only_a_digest_is_kept(alice: User) -> None:
    token, text = make_token(alice, "payroll")

    token.refresh_from_db()
    assert len(text) == len("iit_") + 128 // 4
    assert text.encode() not in bytes(token.digest)
    assert bytes.fromhex(text[4:]) not in bytes(token.digest)
    assert [len(bytes(token.digest)), token.expires_at - token.created_at] == [
        32,
        timedelta(days=90),
    ]


def test_making_a_token_wants_the_password_again(alice: User) -> None:
    client = sign_in(Client(), alice)
    forget_the_password(client)

    answer = client.post(NEW, {"name": "payroll"})

    assert answer.headers["Location"].startswith("/password/confirm/")
    assert not ApiToken.objects.exists()


def test_a_token_has_a_purpose(alice: User) -> None:
    page = sign_in(Client(), alice).post(NEW, {"name": " "}).content.decode()

    assert "请填写用途" in page
    assert not ApiToken.objects.exists()


def test_so_many_tokens_and_no_more_until_one_is_revoked(alice: User) -> None:
    tokens = [make_token(alice, f"payroll {number}")[0] for number in range(MOST)]
    client = sign_in(Client(), alice)

    assert "请先撤销不再使用的" in client.post(NEW, {"name": "more"}).content.decode()

    revoke_token(tokens[0], by=alice)
    shown(client.post(NEW, {"name": "more"}).content.decode())


def test_making_and_revoking_are_audited_without_the_name(alice: User) -> None:
    token, _ = make_token(alice, "张三的电脑")
    revoke_token(token, by=alice)
    revoke_token(token, by=alice)

    entries = AuditEntry.objects.filter(action=AuditEntry.Action.TOKEN).order_by("pk")
    assert [(entry.outcome, entry.user, entry.agent) for entry in entries] == [
        ("made", alice, alice.agent),
        ("revoked", alice, alice.agent),
    ]
    assert {str(entry.detail) for entry in entries} == {str({"token": str(token.public_id)})}


def test_a_token_reads_its_own_agent_alone(alice: User) -> None:
    _token, text = make_token(alice, "payroll")
    bob = a_clerk(an_agent("11010002"))

    found = use_token(text)
    assert found is not None
    assert found[0] == alice
    assert found[0] != bob


def refused(text: str) -> tuple[int, dict[str, Any], str, str]:
    answer = ask(text)
    headers = answer.headers
    return answer.status_code, answer.json(), headers["WWW-Authenticate"], headers["Content-Type"]


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(alice: User) -> None:
    with time_machine.travel(NOW, tick=False):
        _token, expired = make_token(alice, "old")
    revoked_token, revoked = make_token(alice, "revoked")
    revoke_token(revoked_token, by=alice)
    disabled = make_token(a_clerk(an_agent("11010002")), "disabled")[1]
    User.objects.filter(login="11010002").update(is_active=False)
    initial = make_token(a_clerk(an_agent("11010003")), "initial")[1]
    User.objects.filter(login="11010003").update(
        password_is_initial=True, initial_password_expires_at=NOW
    )

    with time_machine.travel(NOW + timedelta(days=90), tick=False):
        answers = [
            refused(text)
            for text in (
                expired,
                revoked,
                disabled,
                initial,
                "iit_" + "0" * 32,
                revoked.upper(),
                "",
                "é \x00",
                "iit_" * 100_000,
            )
        ]

    assert answers == [answers[0]] * len(answers)
    status, problem, scheme, media_type = answers[0]
    assert (status, scheme, media_type) == (401, "Bearer", "application/problem+json")
    assert problem["code"] == "AUTHENTICATION_FAILED"


def test_disabling_a_user_bites_on_the_next_request(alice: User) -> None:
    _token, text = make_token(alice, "payroll")
    assert ask(text).status_code == 200

    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert ask(text).status_code == 401


def test_a_token_opens_no_page(alice: User) -> None:
    _token, text = make_token(alice, "payroll")

    answer = ask(text, "/declarations/")

    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "/login/?next=%2Fdeclarations%2F",
    )
    assert ask(text, "/tokens/").status_code == 302


def test_a_token_needs_no_csrf_token_and_a_session_does(alice: User) -> None:
    _token, text = make_token(alice, "payroll")
    body = {"tax_month": "2006-04", "income_item": "0101", "inputs": {"income": "5000"}}
    client = Client(enforce_csrf_checks=True)

    def compute(**headers: str) -> int:
        return client.post(
            "/api/v1/law/compute/", body, content_type="application/json", headers=headers
        ).status_code

    assert compute(authorization=f"Bearer {text}") == 200
    client.force_login(alice)
    assert compute() == 403


def test_the_last_use_is_noted_to_the_minute(alice: User) -> None:
    token, text = make_token(alice, "payroll")
    assert token.last_used_at is None

    # Midnight: the token was made with the clock of the test's own time.
    start = token.created_at + timedelta(hours=1)
    for seconds in (0, 30, 61):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            assert ask(text).status_code == 200
        token.refresh_from_db()
        noted = start if seconds < 60 else start + timedelta(seconds=61)
        assert token.last_used_at == noted


def test_each_token_asks_so_often_and_no_more(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.authentication.REQUESTS", 2)
    texts = [make_token(alice, name)[1] for name in ("one", "two")]

    statuses = [ask(texts[0]).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    problem = ask(texts[0])
    assert problem.json()["code"] == "THROTTLED"
    assert 0 < int(problem.headers["Retry-After"]) <= 61
    assert ask(texts[1]).status_code == 200


def test_revoking_asks_first_and_is_for_the_agents_own(alice: User) -> None:
    token, text = make_token(alice, "payroll")
    path = f"/tokens/{token.public_id}/revoke/"
    client = sign_in(Client(), alice)
    stranger = sign_in(Client(), a_clerk(an_agent("11010002")))

    assert stranger.post(path).status_code == 404
    assert "payroll" in client.get(path).content.decode()
    assert ask(text).status_code == 200

    assert client.post(path).headers["Location"] == "/tokens/"
    assert ask(text).status_code == 401
    assert "已撤销" in client.get("/tokens/").content.decode()


def test_an_expired_token_is_shown_as_such(alice: User) -> None:
    with time_machine.travel(NOW, tick=False):
        make_token(alice, "payroll")
    with time_machine.travel(NOW + timedelta(days=91), tick=False):
        assert "已过期" in sign_in(Client(), alice).get("/tokens/").content.decode()


def test_staff_have_no_tokens() -> None:
    agent: WithholdingAgent = an_agent()
    with pytest.raises(ValueError, match="Only an agent"):
        make_token(User(login="officer", role=User.Role.OFFICER, office=agent.office), "x")
