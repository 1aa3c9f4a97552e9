"""One month, at the same moment filed, paid and reconciled; looked at after every collision.

A test that looks only at the end sees nothing: the next round mends what this one broke.
"""

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection

from declarations.models import AgentMonth
from declarations.refusals import MonthIsClosed
from portal.claims import Work, claim
from portal.models import WithholdingAgent
from reconciliation.models import Comparison
from reconciliation.selectors import watermark, with_current_result
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_at_once, reconcile_months
from tests.declarations.builders import APRIL, an_agent, filed
from tests.reconciliation.deliveries import deliver, paid
from tests.reconciliation.plain import Outcome, outcome_of

ROUNDS = int(os.environ.get("COLLISIONS", "200"))


def at_once(*works: Callable[[], object]) -> None:
    """Do all at the same moment, each on a connection of its own; what fails, fails the test."""
    barrier = Barrier(len(works))

    def one(work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(one, work) for work in works]:
            future.result()


def file_if_open(agent: WithholdingAgent, tax: str, tax_month: date) -> None:
    """File, unless payment and an earlier declaration have agreed a moment before."""
    with suppress(MonthIsClosed):
        filed(agent, tax, tax_month=tax_month)


def stored_of(month: AgentMonth) -> Outcome:
    stored = with_current_result(AgentMonth.objects.filter(pk=month.pk)).get()
    sums = {
        comparison.kind: (comparison.declared, comparison.paid)
        for comparison in Comparison.objects.filter(agent_month=month)
    }
    return stored.current_result, sums


def check(agent: WithholdingAgent, tax_month: date) -> None:
    """What is stored must be true, or say that it is being checked; then reconcile, and be true."""
    month = AgentMonth.objects.get(agent=agent, tax_month=tax_month)
    stored = stored_of(month)
    if stored[0] != "checking":
        assert stored == outcome_of(month, watermark())
    reconcile_months([agent.pk])
    assert stored_of(month) == outcome_of(month, watermark())


@pytest.mark.usefixtures("committed")
def test_a_month_that_is_filed_paid_and_reconciled_at_once_is_never_wrong(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}")  # noqa: T201  shown when the test fails
    chance = random.Random(seed)
    acme = an_agent()
    day = date(2006, 5, 1)

    for round_number in range(ROUNDS):
        # A voucher is corrected round after round: the month is matched, or not, by chance.
        declared, amount = (f"{chance.choice([10, 20, 30])}.00" for _ in range(2))
        # A closed month refuses filing: a new one begins when this one has agreed.
        tax_month = (APRIL.replace(day=1) + timedelta(days=31 * round_number)).replace(day=1)
        at = f"{day:%Y%m%d}120000"
        deliver(
            tmp_path,
            f"JKRK_{day:%Y%m%d}_001",
            [paid(amount, voucher=f"V{round_number // 2}", month=f"{tax_month:%Y%m}", at=at)],
        )
        filed(acme, "1.00", tax_month=tax_month)
        day += timedelta(days=1)

        at_once(
            lambda: file_if_open(acme, declared, tax_month),  # noqa: B023
            lambda: import_feed(tmp_path),
            lambda: reconcile_months([acme.pk]),
            lambda: reconcile_months([acme.pk]),
        )

        check(acme, tax_month)


@pytest.mark.usefixtures("committed")
def test_corrections_that_move_payments_between_months_leave_both_right(tmp_path: Path) -> None:
    acme, bell = an_agent("11010001"), an_agent("11010002")
    day = date(2006, 5, 1)
    for agent in (acme, bell):
        filed(agent, "10.00")

    for round_number in range(ROUNDS // 4):
        agent = (acme, bell)[round_number % 2]
        deliver(
            tmp_path,
            f"JKRK_{day:%Y%m%d}_001",
            [paid("10.00", code=agent.computer_code, at=f"{day:%Y%m%d}120000")],
        )
        day += timedelta(days=1)

        at_once(
            lambda: import_feed(tmp_path),
            lambda: reconcile_months([acme.pk, bell.pk]),
            lambda: reconcile_months([bell.pk, acme.pk]),
        )

        check(acme, APRIL)
        check(bell, APRIL)


@pytest.mark.usefixtures("committed")
def test_who_waits_for_a_month_gets_it_though_a_worker_has_claimed_its_agent() -> None:
    acme = an_agent()
    filed(acme, "10.00")

    with claim(Work.RECONCILE, [acme.pk]):
        # A second connection stands for the one who waits.
        at_once(lambda: reconcile_months([acme.pk]))
        assert AgentMonth.objects.to_reconcile().exists()
        at_once(lambda: reconcile_at_once([acme.pk]))

    assert not AgentMonth.objects.to_reconcile().exists()
