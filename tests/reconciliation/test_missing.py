"""补税 and 退税 begun from the query page, with what is paid and not declared filled in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from declarations.models import Declaration, DraftLine
from portal.models import WithholdingAgent
from reconciliation.services.reconciling import reconcile_months
from tests.declarations.builders import APRIL, a_clerk, an_agent, filed, reconciled
from tests.declarations.test_pages import text_of
from tests.factories import client_of, month_of, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


def month_page(client: Client) -> Any:
    return client.get(reverse("reconciliation:month", args=[APRIL]))


def address(kind: str, month: date = APRIL) -> str:
    return reverse("reconciliation:draft_missing", args=[month, kind])


def cells() -> list[dict[str, Any]]:
    return [line.cells.reveal_json("test") for line in DraftLine.objects.order_by("position")]


@pytest.mark.parametrize("kind", ["additional", "refund"])
def test_what_is_paid_and_not_declared_stands_in_the_draft_by_item(
    acme: WithholdingAgent, clerk: Client, kind: str
) -> None:
    filed(acme, "340.00")
    paid(acme, "2006-04", "340.00")
    paid(acme, "2006-04", "20.00", kind=kind, item="01")
    paid(acme, "2006-04", "5.50", kind=kind, item="01")
    paid(acme, "2006-04", "7.00", kind=kind, item="08")
    reconcile_months([acme.pk])
    page = month_page(clerk)
    assert f'action="{address(kind)}"' in page.content.decode()
    assert "32.50" in text_of(page)

    answer = clerk.post(address(kind), follow=True)

    draft = Declaration.objects.get(status="draft")
    assert draft.kind == kind
    assert [(each["income_item"][:2], each["tax_withheld"]) for each in cells()] == [
        ("01", "25.50"),
        ("08", "7.00"),
    ]
    assert not any("name" in each for each in cells())
    assert "已带入各品目相差的税额" in text_of(answer)


def test_what_is_declared_already_comes_first_and_only_the_rest_is_added(
    acme: WithholdingAgent, clerk: Client
) -> None:
    filed(acme, "20.00", kind="additional")
    paid(acme, "2006-04", "50.00", kind="additional")
    paid(acme, "2006-04", "3.00", kind="additional", in_treasury_on=None)

    clerk.post(address("additional"))

    assert [each["tax_withheld"] for each in cells()] == ["20.00", "30.00"]
    assert cells()[0]["name"] == "张三"


def test_declared_too_much_or_a_regular_difference_offers_no_such_draft(
    acme: WithholdingAgent, clerk: Client
) -> None:
    filed(acme, "20.00", kind="additional")
    paid(acme, "2006-04", "340.00")
    reconcile_months([acme.pk])

    assert "/draft/" not in month_page(clerk).content.decode()
    answer = clerk.post(address("additional"), follow=True)
    assert "没有已入库而未申报的税款" in text_of(answer)
    assert clerk.post(address("regular")).status_code == 404
    assert clerk.post(address("other")).status_code == 404
    assert not Declaration.objects.filter(status="draft").exists()


def test_a_draft_there_is_already_is_opened_and_stays_as_it_is(
    acme: WithholdingAgent, clerk: Client
) -> None:
    paid(acme, "2006-04", "50.00", kind="refund")
    clerk.post(address("refund"))
    paid(acme, "2006-04", "8.00", kind="refund")

    answer = clerk.post(address("refund"))

    draft = Declaration.objects.get(status="draft")
    assert answer.headers["Location"] == draft.get_absolute_url()
    assert [each["tax_withheld"] for each in cells()] == ["50.00"]


def test_a_closed_month_refuses(acme: WithholdingAgent, clerk: Client) -> None:
    paid(acme, "2006-04", "50.00", kind="refund")
    reconciled(month_of(acme, "2006-04"), "matched", closed_at=timezone.now())

    assert "/draft/" not in month_page(clerk).content.decode()
    assert "如果修改,请联系税务所" in text_of(clerk.post(address("refund"), follow=True))
    assert not Declaration.objects.exists()


def test_it_is_one_s_own_month_that_is_looked_at(acme: WithholdingAgent) -> None:
    paid(acme, "2006-04", "50.00", kind="refund")
    bob = client_of(a_clerk(an_agent("11010002")))

    assert "没有已入库而未申报的税款" in text_of(bob.post(address("refund"), follow=True))
    assert not Declaration.objects.exists()
