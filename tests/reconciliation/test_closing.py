"""A month that agrees closes; one that the tax office opened stays open until the next filing."""

from pathlib import Path

import pytest

from declarations.models import AgentMonth
from declarations.services.months import reopen_month
from portal.models import WithholdingAgent
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_all
from tests.declarations.builders import an_agent, an_officer, filed
from tests.reconciliation.deliveries import deliver, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(tmp_path: Path) -> WithholdingAgent:
    agent = an_agent()
    filed(agent, "10.00")
    deliver(tmp_path, "JKRK_20060503_001", [paid("10.00")])
    import_feed(tmp_path)
    reconcile_all(changed_only=True)
    return agent


def reconciled() -> AgentMonth:
    reconcile_all(changed_only=False)
    return AgentMonth.objects.get()


@pytest.mark.usefixtures("acme")
def test_a_month_that_agrees_closes_and_stays_closed_since_then() -> None:
    closed_at = AgentMonth.objects.get().closed_at

    assert closed_at is not None
    assert reconciled().closed_at == closed_at


@pytest.mark.usefixtures("acme")
def test_later_payments_that_undo_the_match_open_the_month(tmp_path: Path) -> None:
    deliver(tmp_path, "JKRK_20060504_001", [paid("1.00", voucher="V2")])
    import_feed(tmp_path)

    month = reconciled()

    assert (month.result, month.closed_at) == ("mismatched", None)


def test_a_month_that_the_office_opened_closes_only_after_the_next_filing(
    acme: WithholdingAgent,
) -> None:
    reopen_month(AgentMonth.objects.get(), by=an_officer(), reason="更正姓名")
    month = reconciled()
    assert (month.result, month.closed_at) == ("matched", None)

    filed(acme, "4.00", "6.00")

    assert reconciled().closed_at is not None
