"""The demonstration: a portal in which everything can be seen, whatever day it is."""

from __future__ import annotations

import json
import stat
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from declarations.models import Declaration
from portal.models import User, WithholdingAgent
from portal.services.enrolment import enrol
from reconciliation import selectors
from reconciliation.demonstration import cast, core_system, loading
from reconciliation.models import FeedFile, QuarantinedRow
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "inbox").mkdir()
    settings.PORTAL_HOME = tmp_path
    settings.INBOX = tmp_path / "inbox"
    settings.DEMONSTRATION = True
    return tmp_path / "inbox"


def seed() -> str:
    output = StringIO()
    call_command("seed_demo", stdout=output, stderr=StringIO())
    return output.getvalue()


def pay(*arguments: str) -> str:
    output = StringIO()
    call_command("demo_pays", *arguments, stdout=output, stderr=StringIO())
    return str(json.loads(output.getvalue())["file"])


def results(months_ago: int, today: date) -> dict[str, str]:
    month = f"{cast.tax_month(today, months_ago):%Y-%m}"
    return {
        entry["computer_code"]: entry["result"]
        for entry in selectors.export_months()
        if entry["tax_month"] == month
    }


@pytest.mark.parametrize(
    "today",
    [date(2027, 1, 1), date(2028, 3, 1), date(2026, 7, 31)],
)
def test_on_every_day_there_are_months_of_every_result(inbox: Path, today: date) -> None:
    loading.load(inbox, today)

    assert results(2, today) == {
        "DEMO0002": "mismatched",
        "DEMO0003": "mismatched",
        "DEMO0004": "matched",
        "DEMO0005": "matched",
        "DEMO0006": "mismatched",
        "DEMO0008": "mismatched",
    }
    assert results(1, today) == {
        "DEMO0002": "waiting",
        "DEMO0003": "waiting",
        "DEMO0005": "waiting",
    }
    import_feed(inbox)
    reconcile_all(changed_only=True)

    assert results(1, today) == {
        "DEMO0002": "waiting",
        "DEMO0003": "matched",
        "DEMO0005": "matched",
    }
    assert selectors.watermark() == today - core_system.ONE_DAY
    assert selectors.gaps() == []
    assert [row.code for row in QuarantinedRow.objects.filter(left_at=None)] == ["AGENT"]
    assert FeedFile.objects.get(state=FeedFile.State.REFUSED).refusal_code == "TOTAL"


def test_a_first_run_prints_what_lets_a_newcomer_in(inbox: Path) -> None:
    printed = seed()

    agent = User.objects.get(login="DEMO0002")
    accounts = loading.kept_accounts()
    assert [account.login for account in accounts] == [
        "DEMO0002",
        "demo.officer",
        "demo.operator",
        "demo.admin",
    ]
    for account in accounts:
        assert User.objects.get(login=account.login).check_password(account.password)
        for secret in (account.password, account.otpauth_uri, *account.recovery_codes):
            assert secret in printed
    assert not agent.password_is_initial
    assert stat.S_IMODE(loading.accounts_file().stat().st_mode) == 0o400


def test_the_newcomers_agent_enrols_with_what_is_printed(inbox: Path) -> None:
    printed = seed()
    newcomer = cast.NEWCOMER
    for word in (newcomer.computer_code, newcomer.name, newcomer.document_number):
        assert word in printed

    enrolled = enrol(
        newcomer.computer_code, newcomer.name, newcomer.document_number, address="192.0.2.1"
    )

    assert enrolled.login == newcomer.computer_code
    assert "已开户" in seed()


def test_a_second_run_keeps_what_was_there_and_hides_a_password_that_was_changed(
    inbox: Path,
) -> None:
    first = seed()
    counts = Declaration.objects.count(), FeedFile.objects.count(), User.objects.count()
    officer = User.objects.get(login="demo.officer")
    officer.set_password("another one, chosen since")
    officer.save()

    second = seed()

    assert counts == (
        Declaration.objects.count(),
        FeedFile.objects.count(),
        User.objects.count(),
    )
    agent, printed_officer = loading.kept_accounts()[:2]
    assert agent.password in second
    assert printed_officer.password in first
    assert printed_officer.password not in second


def test_a_portal_with_data_of_its_own_gets_no_demonstration(inbox: Path) -> None:
    core_system.deliver_registrations(inbox, date(2026, 7, 31))
    import_feed(inbox)

    assert seed() == ""

    assert WithholdingAgent.objects.count() == len(cast.AGENTS)
    assert User.objects.count() == 0


@pytest.mark.parametrize("command", [("seed_demo",), ("demo_pays", "DEMO0001", "2026-10", "1.00")])
def test_there_is_no_demonstration_in_production(
    inbox: Path, settings: Settings, command: tuple[str, ...]
) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError) as refused:
        call_command(*command)

    assert refused.value.returncode == 1
    assert not WithholdingAgent.objects.exists()


def test_the_demonstration_can_be_left_out(inbox: Path, settings: Settings) -> None:
    settings.DEMONSTRATION = False

    assert seed() == ""

    assert loading.is_empty()


def test_what_the_bank_takes_is_in_the_next_file_of_today(inbox: Path) -> None:
    seed()
    import_feed(inbox)
    today = timezone.localdate()
    month = cast.tax_month(today, 1)

    names = [pay("DEMO0001", f"{month:%Y-%m}", "100.00") for _ in range(2)]
    report = import_feed(inbox)

    assert names == [f"JKRK_{today:%Y%m%d}_{number:03}.txt" for number in (1, 2)]
    assert report.imported == names
    reconcile_all(changed_only=True)
    paid = [
        entry["paid"]
        for entry in selectors.export_months()
        if (entry["computer_code"], entry["kind"]) == ("DEMO0001", "regular")
    ]
    assert paid == ["200.00"]


def test_days_without_a_portal_are_complete_after_the_next_start(inbox: Path) -> None:
    today = date(2026, 7, 31)
    loading.load(inbox, today)
    month = cast.tax_month(today, 1)
    core_system.deliver_payment(inbox, today, "DEMO0001", month, cast.Paid(1, "1.00"))
    import_feed(inbox)
    assert selectors.watermark() == date(2026, 7, 30)

    core_system.deliver_missing(inbox, date(2026, 8, 10))
    import_feed(inbox)

    assert selectors.watermark() == date(2026, 8, 9)
    assert core_system.deliver_missing(inbox, date(2026, 8, 10)) == []


def test_a_day_has_only_so_many_files(inbox: Path) -> None:
    today = date(2026, 7, 31)
    loading.load(inbox, today)
    month, paid = cast.tax_month(today, 1), cast.Paid(1, "1.00")
    for _ in range(core_system.FILES_OF_A_PLAYED_DAY):
        core_system.deliver_payment(inbox, today, "DEMO0001", month, paid)

    with pytest.raises(core_system.NoMoreFiles):
        core_system.deliver_payment(inbox, today, "DEMO0001", month, paid)

    import_feed(inbox)
    assert selectors.watermark() == today


@pytest.mark.parametrize(
    "arguments",
    [
        ("DEMO1", "2026-10", "1.00"),
        ("DEMO0001", "2026-13", "1.00"),
        ("DEMO0001", "2026-10", "1"),
        ("DEMO0001", "2026-10", "-1.00"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_written(
    inbox: Path, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError):
        call_command("demo_pays", *arguments)

    assert list(inbox.iterdir()) == []
