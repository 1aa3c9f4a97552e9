"""Two who file the same month at the same moment: one after the other, whoever is first."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection, transaction

from declarations.declaration import Parts
from declarations.models import AgentMonth, Declaration
from declarations.refusals import KeyIsUsed
from declarations.selectors import check_draft
from declarations.services.drafts import add_line, create_draft
from declarations.services.filing import file_draft
from declarations.services.months import lock_month
from declarations.services.programs import file_sent
from tests.declarations.builders import (
    APRIL,
    LI,
    a_clerk,
    a_header,
    a_line,
    an_agent,
    filed,
    typed,
)

pytestmark = pytest.mark.usefixtures("committed")
T = TypeVar("T")


def together(*works: Callable[[], T]) -> list[T]:
    """Do all at the same moment, each on a connection of its own."""
    barrier = Barrier(len(works))

    def one(work: Callable[[], T]) -> T:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_two_that_file_at_once_make_two_versions_one_of_them_in_force() -> None:
    acme = an_agent()

    for round_number in range(10):
        ten, twenty = f"{round_number}.10", f"{round_number}.20"
        together(lambda: filed(acme, ten), lambda: filed(acme, twenty))  # noqa: B023

        rows = Declaration.objects.order_by("version").values_list("version", "status")
        assert [version for version, _ in rows] == list(range(1, 2 * round_number + 3))
        assert Counter(status for _, status in rows)["filed"] == 1
        assert rows[len(rows) - 1][1] == "filed"
        assert AgentMonth.objects.get().changed == len(rows)


def test_the_same_content_filed_at_once_is_filed_once() -> None:
    acme = an_agent()

    for round_number in range(10):
        together(*[lambda: filed(acme, f"{round_number}.10")] * 4)  # noqa: B023

        assert Declaration.objects.count() == round_number + 1


def test_a_draft_submitted_eight_times_at_once_under_one_key_is_filed_once() -> None:
    acme = an_agent()
    alice = a_clerk(acme)
    draft = create_draft(acme, APRIL, "regular")
    Declaration.objects.filter(pk=draft.pk).update(declarant="王五")
    add_line(draft, typed())
    draft.refresh_from_db()
    key, seen = uuid.uuid4(), check_draft(draft).digest

    outcomes = together(*[lambda: file_draft(draft, filed_by=alice, key=key, seen=seen)] * 8)

    assert {outcome.declaration.pk for outcome in outcomes} == {draft.pk}
    assert sum(not outcome.is_repeat for outcome in outcomes) == 1
    assert Declaration.objects.get().version == 1


def test_a_month_is_made_once_however_many_want_it() -> None:
    acme = an_agent()

    def lock() -> int:
        with transaction.atomic():
            return lock_month(acme, APRIL).pk

    assert len(set(together(*[lock] * 8))) == 1


def test_the_same_key_sent_at_once_files_once() -> None:
    acme = an_agent()
    clerk = a_clerk(acme)

    for round_number in range(5):
        lines = [a_line(f"{round_number}.10"), a_line("0.00", document_number=LI)]
        parts = Parts(header=a_header(acme), tax_month=APRIL, lines=lines, count=2)
        key = uuid.uuid4()

        filings = together(
            *[lambda: file_sent(acme, parts, filed_by=clerk, key=key)] * 8  # noqa: B023
        )

        assert [each.is_repeat for each in filings].count(False) == 1
        assert len({each.declaration.receipt_number for each in filings}) == 1
        assert Declaration.objects.count() == round_number + 1


def test_one_key_for_two_months_at_once_files_one_of_them() -> None:
    acme = an_agent()
    clerk = a_clerk(acme)

    for year in range(2007, 2012):
        key = uuid.uuid4()
        months = [APRIL.replace(year=year), APRIL.replace(year=year, month=5)]

        def filing(month: date, key: uuid.UUID = key) -> str:
            header = a_header(acme, tax_month=month)
            parts = Parts(header=header, tax_month=month, lines=[a_line()], count=1)
            try:
                file_sent(acme, parts, filed_by=clerk, key=key)
            except KeyIsUsed:
                return "refused"
            return "filed"

        outcomes = together(*[partial(filing, month) for month in months])

        assert sorted(outcomes) == ["filed", "refused"]
        assert Declaration.objects.filter(agent_month__tax_month__year=year).count() == 1
