"""撤销更正: the lines of the version before are filed once more, in a version of their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from declarations.models import Declaration
from declarations.refusals import MonthIsClosed, NothingToTakeBack, NotInForce
from declarations.selectors import detail_lines_of, digest_of, read_line
from declarations.services.withdrawing import take_back
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import (
    LI,
    a_clerk,
    a_line,
    an_agent,
    file_lines,
    filed,
    reconciled,
)
from tests.declarations.test_pages import PASSWORD, text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    user = a_clerk(acme)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def clerk(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def first(acme: WithholdingAgent) -> Declaration:
    return file_lines(acme, a_line("340.00", remark="原"), a_line("10.00", document_number=LI))


@pytest.fixture
def correction(acme: WithholdingAgent, first: Declaration) -> Declaration:
    return filed(acme, "99.00")


def address(declaration: Declaration) -> str:
    return reverse("declarations:take_back", args=[declaration.public_id])


def post(client: Client, declaration: Declaration, password: str = PASSWORD) -> Any:
    return client.post(address(declaration), {"password": password}, follow=True)


def lines_of(declaration: Declaration) -> list[Any]:
    return [read_line(row, "test") for row in detail_lines_of(declaration)]


def test_the_lines_before_are_filed_in_a_new_version(
    first: Declaration, correction: Declaration, alice: User
) -> None:
    restored = take_back(correction, by=alice).declaration

    correction.refresh_from_db()
    month = restored.agent_month
    month.refresh_from_db()
    assert (restored.version, restored.status, restored.channel) == (3, "filed", "web")
    assert correction.status == "superseded"
    assert lines_of(restored) == lines_of(first)
    assert restored.digest == first.digest == digest_of(restored)
    assert month.changed == 3
    entry = AuditEntry.objects.get(outcome="taken back")
    assert (entry.user, entry.detail["version"], entry.detail["restored"]) == (alice, 2, 1)


def test_twice_it_files_once(correction: Declaration, alice: User) -> None:
    restored = take_back(correction, by=alice)
    again = take_back(correction, by=alice)

    assert (again.declaration, again.is_repeat) == (restored.declaration, True)
    assert Declaration.objects.count() == 3
    assert AuditEntry.objects.filter(outcome="taken back").count() == 1


def test_what_was_taken_back_can_be_taken_back(correction: Declaration, alice: User) -> None:
    restored = take_back(correction, by=alice).declaration

    assert take_back(restored, by=alice).declaration.digest == correction.digest


def test_what_is_no_correction_is_refused(
    first: Declaration, acme: WithholdingAgent, alice: User
) -> None:
    with pytest.raises(NothingToTakeBack):
        take_back(first, by=alice)
    # Nor does what came after a withdrawal correct it.
    Declaration.objects.filter(pk=first.pk).update(status="withdrawn")
    with pytest.raises(NothingToTakeBack):
        take_back(filed(acme, "1.00"), by=alice)


def test_a_correction_that_was_corrected_is_refused(
    correction: Declaration, acme: WithholdingAgent, alice: User
) -> None:
    filed(acme, "100.00")

    with pytest.raises(NotInForce):
        take_back(correction, by=alice)
    assert Declaration.objects.count() == 3


def test_a_closed_month_refuses(correction: Declaration, alice: User, clerk: Client) -> None:
    reconciled(correction.agent_month, "matched", closed_at=timezone.now())

    with pytest.raises(MonthIsClosed):
        take_back(correction, by=alice)
    assert "如果修改,请联系税务所" in text_of(post(clerk, correction))
    assert Declaration.objects.count() == 2


def test_a_clerk_takes_a_correction_back(
    correction: Declaration,
    clerk: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hints: list[Any] = []
    monkeypatch.setattr("declarations.views.taking_back.hint", lambda *args: hints.append(args))
    page = clerk.get(reverse("declarations:declaration", args=[correction.public_id]))
    assert address(correction) in page.content.decode()
    asked = text_of(clerk.get(address(correction)))
    assert "将以第 1 版的全部明细申报一个新的版本,取代现行的第 2 版" in asked
    assert "第 1 版(恢复) 第 2 版(现行)" in asked
    assert "2 10,000.00 350.00 1 5,000.00 99.00 -251.00" in asked
    assert "第 1 版申报时有 2 条校验提醒;撤销即表示您确认按原明细申报" in asked

    done = text_of(post(clerk, correction))

    assert "更正已撤销,恢复的明细已作为第 3 版受理" in done
    assert "申报回执" in done
    assert hints == [("reconciliation.reconcile", correction.agent_month.agent_id)]


def test_without_the_password_nothing_is_filed(correction: Declaration, clerk: Client) -> None:
    assert "密码不正确" in text_of(post(clerk, correction, "错误的口令"))
    assert "请填写密码" in text_of(post(clerk, correction, ""))
    assert Declaration.objects.count() == 2


def test_a_first_version_has_no_such_page(first: Declaration, clerk: Client) -> None:
    page = clerk.get(reverse("declarations:declaration", args=[first.public_id]))

    assert address(first) not in page.content.decode()
    assert clerk.get(address(first)).headers["Location"] == first.get_absolute_url()


def test_it_takes_as_many_queries_for_many_lines_as_for_few(
    acme: WithholdingAgent, alice: User
) -> None:
    counts = []
    for month_lines in (2, 60):
        file_lines(acme, *(a_line("1.00") for _ in range(month_lines)))
        correction = filed(acme, "2.00")
        with CaptureQueriesContext(connection) as captured:
            take_back(correction, by=alice)
        counts.append(len(captured))
    assert counts[0] == counts[1]
