"""The night's work: once a business day of Beijing, and taken up again where it broke off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
import time_machine
from django.db import connection

from declarations.models import FilingKey
from declarations.services.imports import IMPORT_WORKBOOK as IMPORT
from portal.claims import Work, claim, wait_for
from portal.limits import reserve
from portal.models import Attempt, Job
from portal.services.jobs import cancel_job, start_job
from reconciliation.models import NightlyRun, Payment
from reconciliation.services import importing
from reconciliation.services.nightly import run_once
from tests.declarations.builders import a_clerk, an_agent, filed
from tests.reconciliation.deliveries import deliver, paid
from tests.reconciliation.test_collisions import at_once

NIGHT = datetime(2006, 5, 4, 17, 0, tzinfo=UTC)  # 01:00 of 5 May in Beijing
NEXT_NIGHT = datetime(2006, 5, 5, 17, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_the_nightly_work_imports_the_inbox_once_a_business_day(tmp_path: Path) -> None:
    an_agent()
    deliver(tmp_path, "JKRK_20060504_001", [paid("10.00")])
    with time_machine.travel(NIGHT, tick=False):
        assert run_once(tmp_path)
    assert Payment.objects.count() == 1

    deliver(tmp_path, "JKRK_20060505_001", [paid("20.00", voucher="V2")])
    with time_machine.travel(NIGHT, tick=False):
        assert not run_once(tmp_path)
    assert Payment.objects.count() == 1

    with time_machine.travel(NEXT_NIGHT, tick=False):
        assert run_once(tmp_path)
    assert Payment.objects.count() == 2
    assert [str(run) for run in NightlyRun.objects.order_by("business_day")] == [
        "2006-05-05",
        "2006-05-06",
    ]


@pytest.mark.django_db
def test_keys_of_filings_and_counts_of_tries_are_kept_for_thirty_days(tmp_path: Path) -> None:
    acme = an_agent()
    with time_machine.travel(NIGHT, tick=False) as clock:
        for days in (0, 1):
            clock.shift(timedelta(days=days))
            declaration = filed(acme, f"{days}.00")
            FilingKey.objects.create(agent=acme, key=uuid4(), declaration=declaration)
            reserve("test", f"{days}", limit=9, length=timedelta(days=1))
        clock.shift(timedelta(days=29, minutes=1))

        assert run_once(tmp_path)

    assert FilingKey.objects.get().declaration == declaration
    assert Attempt.objects.count() == 1


@pytest.mark.django_db
def test_jobs_that_ended_are_kept_for_thirty_days(tmp_path: Path) -> None:
    clerk = a_clerk(an_agent())
    with time_machine.travel(NIGHT, tick=False) as clock:
        jobs = []
        for _ in range(2):
            clock.shift(timedelta(days=1))
            jobs.append(start_job(IMPORT, user=clerk, subject=uuid4(), parameters={}, content=b""))
            cancel_job(jobs[-1])
        clock.shift(timedelta(days=29, minutes=1))

        assert run_once(tmp_path)

    assert list(Job.objects.all()) == jobs[1:]


@pytest.mark.django_db
def test_a_night_that_broke_off_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(folder: Path) -> None:
        raise ConnectionError("the database is gone")

    with monkeypatch.context() as broken:
        broken.setattr(importing, "import_feed", break_off)
        with pytest.raises(ConnectionError):
            run_once(tmp_path)
    assert NightlyRun.objects.get().finished_at is None

    assert run_once(tmp_path)
    assert NightlyRun.objects.get().finished_at is not None


@pytest.mark.usefixtures("committed")
def test_a_second_timetable_starts_no_second_night(tmp_path: Path) -> None:
    with claim(Work.NIGHTLY, [0]):
        at_once(lambda: run_once(tmp_path))

    assert NightlyRun.objects.get().finished_at is None


@pytest.mark.usefixtures("committed")
def test_an_import_waits_for_another_however_short_the_time_for_locks() -> None:
    got = Event()

    def impatient() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'; SET statement_timeout = '50ms'")
        with wait_for(Work.IMPORT):
            got.set()

    with ThreadPoolExecutor(1) as pool:
        with wait_for(Work.IMPORT):
            waiting = pool.submit(closing, impatient)
            assert not got.wait(timeout=1)
        waiting.result(timeout=30)

    assert got.is_set()


@pytest.mark.usefixtures("committed")
def test_who_waits_for_a_claim_does_not_hold_up_an_index_that_is_made_meanwhile() -> None:
    with ThreadPoolExecutor(1) as pool:
        with wait_for(Work.MIGRATE):
            waiting = pool.submit(closing, claimed_and_released)
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '20s'")
                cursor.execute("CREATE INDEX CONCURRENTLY made_meanwhile ON portal_office (name)")
                cursor.execute("DROP INDEX made_meanwhile; RESET statement_timeout")
        waiting.result(timeout=30)


def claimed_and_released() -> None:
    with wait_for(Work.MIGRATE):
        pass


def closing(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()
