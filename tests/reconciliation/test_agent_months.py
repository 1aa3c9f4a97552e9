"""The tax office's way to an agent's months that agree: from the agent's page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.models import User
from reconciliation.services.reconciling import reconcile_all
from tests.factories import agent, client_of, complete_to, filed, office, paid, staff

pytestmark = pytest.mark.django_db


def test_an_officer_finds_the_closed_months_of_an_agent_of_the_office() -> None:
    acme = agent("11010001", office("1101"))
    filed(acme, "2006-04", "50.00")
    paid(acme, "2006-04", "50.00")
    filed(acme, "2006-03", "70.00")
    complete_to("2006-05-20")
    reconcile_all(changed_only=True)
    officer = client_of(staff(User.Role.OFFICER, office("1101")))

    months = reverse("reconciliation:agent_months", args=[acme.public_id])
    agents_page = officer.get(reverse("staff_agent", args=[acme.public_id])).content.decode()
    page = officer.get(months).content.decode()

    assert months in agents_page
    assert page.index("2006年4月") < page.index("2006年3月")
    for word in ("核对成功", "已关闭", "核对不成功", "可以申报"):
        assert word in page
    closed, open_month = acme.months.order_by("-tax_month")
    for month in (closed, open_month):
        assert reverse("reconciliation:staff_month", args=[month.public_id]) in page


def test_the_months_of_another_offices_agent_are_not_there() -> None:
    foreign = agent("11010001", office("1102"))
    officer = client_of(staff(User.Role.OFFICER, office("1101")))

    answer = officer.get(reverse("reconciliation:agent_months", args=[foreign.public_id]))

    assert answer.status_code == 404


def test_an_agent_without_months_has_a_page_that_says_so() -> None:
    acme = agent("11010001", office("1101"))
    auditor = client_of(staff(User.Role.AUDITOR, office("1101")))

    answer = auditor.get(reverse("reconciliation:agent_months", args=[acme.public_id]))

    assert "该单位还没有申报或缴款" in answer.content.decode()
