"""作废: only in force, in an open month, while nothing is paid and no later month is declared."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from declarations.models import AgentMonth, Declaration, PaymentWatermark
from declarations.refusals import (
    LaterMonthIsDeclared,
    MonthIsClosed,
    MonthIsPaid,
    NotInForce,
    ReasonIsMissing,
)
from declarations.services.withdrawing import withdraw
from portal.errors import Refusal
from portal.models import AuditEntry, User, WithholdingAgent
from reconciliation.selectors import is_paid
from reconciliation.services.reconciling import reconcile_months
from tests.declarations.builders import a_clerk, an_agent, filed, reconciled
from tests.declarations.test_pages import PASSWORD, text_of
from tests.factories import client_of, paid

pytestmark = pytest.mark.django_db
MAY = date(2006, 5, 1)


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
def declaration(acme: WithholdingAgent) -> Declaration:
    return filed(acme)


def address(declaration: Declaration) -> str:
    return reverse("reconciliation:withdraw", args=[declaration.public_id])


def post(client: Client, declaration: Declaration, **form: str) -> Any:
    form = {"reason": "重复申报", "password": PASSWORD} | form
    return client.post(address(declaration), form, follow=True)


def test_a_withdrawn_declaration_stays_and_counts_no_more(
    declaration: Declaration, acme: WithholdingAgent, alice: User
) -> None:
    withdraw(declaration, by=alice, reason=" 重复申报 ", is_paid=is_paid)

    declaration.refresh_from_db()
    assert declaration.status == "withdrawn"
    assert declaration.lines.count() == 1
    entry = AuditEntry.objects.get(outcome="withdrawn")
    assert (entry.user, entry.agent, entry.detail["reason"]) == (alice, acme, "重复申报")
    assert AgentMonth.objects.get().changed == 2
    reconcile_months([acme.pk])
    assert AgentMonth.objects.get().result is None
    assert filed(acme).version == 2


def test_twice_it_withdraws_once(declaration: Declaration, alice: User) -> None:
    for _ in range(2):
        withdraw(declaration, by=alice, reason="重复申报", is_paid=is_paid)

    assert AuditEntry.objects.filter(outcome="withdrawn").count() == 1
    assert AgentMonth.objects.get().changed == 2


def _superseded(acme: WithholdingAgent, declaration: Declaration) -> None:
    filed(acme, "1.00")


def _closed(acme: WithholdingAgent, declaration: Declaration) -> None:
    reconciled(declaration.agent_month, "matched", closed_at=timezone.now())


def _paid(acme: WithholdingAgent, declaration: Declaration) -> None:
    paid(acme, "2006-04", "0.01")


def _in_transit(acme: WithholdingAgent, declaration: Declaration) -> None:
    paid(acme, "2006-04", "340.00", in_treasury_on=None)


def _later(acme: WithholdingAgent, declaration: Declaration) -> None:
    filed(acme, "1.00", tax_month=MAY, kind="additional")


@pytest.mark.parametrize(
    ("happened", "refusal"),
    [
        (_superseded, NotInForce),
        (_closed, MonthIsClosed),
        (_paid, MonthIsPaid),
        (_in_transit, MonthIsPaid),
        (_later, LaterMonthIsDeclared),
    ],
)
def test_it_is_refused_and_nothing_changes(
    acme: WithholdingAgent,
    declaration: Declaration,
    alice: User,
    happened: Any,
    refusal: type[Refusal],
) -> None:
    happened(acme, declaration)
    before = declaration.agent_month
    before.refresh_from_db()

    with pytest.raises(refusal):
        withdraw(declaration, by=alice, reason="重复申报", is_paid=is_paid)

    assert not Declaration.objects.filter(status="withdrawn").exists()
    assert AgentMonth.objects.get(pk=before.pk).changed == before.changed


def test_what_stands_beside_it_does_not_matter(
    acme: WithholdingAgent, declaration: Declaration, alice: User
) -> None:
    other = an_agent("11010002")
    paid(acme, "2006-04", "5.00", kind="refund")
    paid(acme, "2006-04", "5.00", is_void=True)
    paid(acme, "2006-04", "0.00")
    paid(acme, "2006-03", "5.00")
    paid(other, "2006-04", "5.00")
    filed(other, "1.00", tax_month=MAY)
    filed(acme, "1.00", tax_month=date(2006, 3, 1))
    withdraw(filed(acme, "1.00", tax_month=MAY), by=alice, reason="错", is_paid=is_paid)

    assert withdraw(declaration, by=alice, reason="错", is_paid=is_paid).status == "withdrawn"


def test_it_needs_a_reason(declaration: Declaration, alice: User) -> None:
    with pytest.raises(ReasonIsMissing):
        withdraw(declaration, by=alice, reason="  ", is_paid=is_paid)


def test_a_clerk_withdraws(
    declaration: Declaration, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[Any] = []
    monkeypatch.setattr("reconciliation.views.withdrawing.hint", lambda *args: hints.append(args))
    clerk = client_of(alice)
    assert address(declaration) in clerk.get(declaration.get_absolute_url()).content.decode()
    assert "作废后,第 1 版不再有效" in text_of(clerk.get(address(declaration)))

    done = text_of(post(clerk, declaration))

    assert "2006年4月 申报第 1 版已作废" in done
    assert "这一版已作废,不再有效" in done
    assert "已作废,不再核对" in done
    assert hints == [("reconciliation.reconcile", declaration.agent_month.agent_id)]
    receipt = reverse("declarations:receipt", args=[declaration.public_id])
    assert "这一版已作废,不再有效" in text_of(clerk.get(receipt))
    assert "未申报" in text_of(clerk.get(f"{reverse('declarations:declarations')}?year=2006"))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"password": "错误的口令"}, "密码不正确"),
        ({"password": ""}, "请填写密码"),
        ({"reason": " "}, "请填写原因"),
    ],
)
def test_without_reason_and_password_it_stands(
    declaration: Declaration, alice: User, form: dict[str, str], said: str
) -> None:
    assert said in text_of(post(client_of(alice), declaration, **form))
    declaration.refresh_from_db()
    assert declaration.status == "filed"


def test_the_page_says_what_stands_against_it(
    acme: WithholdingAgent, declaration: Declaration, alice: User
) -> None:
    paid(acme, "2006-04", "340.00")
    clerk = client_of(alice)

    page = clerk.get(address(declaration))

    assert "已有缴款记录,不能作废" in text_of(page)
    assert 'name="password"' not in page.content.decode()
    assert "已有缴款记录,不能作废" in text_of(post(clerk, declaration))
    declaration.refresh_from_db()
    assert declaration.status == "filed"
    assert PaymentWatermark.objects.count() == 0
