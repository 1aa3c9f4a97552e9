"""What the import makes of the core system's files: section by section of the agreement."""

import os
import random
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from declarations.models import AgentMonth, PaymentWatermark
from portal.models import Office, WithholdingAgent
from reconciliation.models import (
    FeedFile,
    Payment,
    PaymentVersion,
    QuarantinedRow,
    RegistrationVersion,
    SupersededPayment,
)
from reconciliation.selectors import export_months, gaps, watermark
from reconciliation.services.importing import ImportReport, import_feed, set_day_count
from reconciliation.services.reconciling import reconcile_all, reconcile_months
from tests.declarations.builders import APRIL, an_agent
from tests.reconciliation.deliveries import deliver, paid, registered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def acme() -> WithholdingAgent:
    return an_agent()


class Core:
    """The core system: each delivery is a file of the next day, imported at once."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        self.days = count(1)

    def pays(self, *rows: str) -> ImportReport:
        deliver(self.inbox, f"JKRK_200605{next(self.days):02}_001", rows)
        return import_feed(self.inbox)

    def registers(self, *rows: str) -> ImportReport:
        deliver(self.inbox, f"SWDJ_200605{next(self.days):02}_001", rows)
        return import_feed(self.inbox)


@pytest.fixture
def core(tmp_path: Path) -> Core:
    return Core(tmp_path)


def outcomes(report: ImportReport) -> dict[str, int]:
    return {outcome: number for outcome, number in report.outcomes.items() if number}


def amounts() -> list[str]:
    return [f"{payment.amount}" for payment in Payment.objects.order_by("voucher_number")]


# --- A record is its newest row ---


def test_a_row_becomes_a_payment_with_its_file_line_and_month(core: Core) -> None:
    core.pays(paid("12.34"))

    payment = Payment.objects.get()
    assert payment.amount == Decimal("12.34")
    assert payment.agent_month.tax_month == APRIL
    assert payment.agent_month.agent.computer_code == "11010001"
    assert (payment.kind, payment.item, payment.is_void) == ("regular", "01", False)
    assert payment.in_treasury_on == date(2006, 5, 3)
    assert (payment.feed_line, payment.feed_file.name) == (2, "JKRK_20060501_001.txt")
    assert payment.agent_month.changed == 1


def test_the_latest_row_of_a_key_wins_and_the_earlier_one_is_kept(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"))
    report = core.pays(paid("20.00", operation="U", at="20060502000000"))

    assert outcomes(report) == {"imported": 1}
    assert amounts() == ["20.00"]
    versions = PaymentVersion.objects.order_by("row_updated_at").values_list("amount", "is_newest")
    assert list(versions) == [(Decimal("10.00"), False), (Decimal("20.00"), True)]


def test_a_row_that_comes_too_late_is_stale_and_kept(core: Core) -> None:
    core.pays(paid("20.00", at="20060502000000"))
    report = core.pays(paid("10.00", at="20060501000000"))

    assert outcomes(report) == {"stale": 1}
    assert amounts() == ["20.00"]
    assert SupersededPayment.objects.get().is_stale


def test_after_a_void_an_older_row_does_not_bring_the_record_back(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"))
    core.pays(paid("10.00", operation="X", at="20060503000000"))
    core.pays(paid("15.00", operation="U", at="20060502000000"))

    assert Payment.objects.get().is_void
    assert not Payment.objects.counted().exists()


def test_a_void_that_comes_first_is_a_tombstone(core: Core) -> None:
    core.pays(paid("10.00", operation="X", at="20060503000000"))
    core.pays(paid("10.00", at="20060501000000"))

    assert Payment.objects.get().is_void


def test_the_same_row_again_is_unchanged(core: Core) -> None:
    core.pays(paid("10.00"))
    report = core.pays(paid("10.00"))

    assert outcomes(report) == {"unchanged": 1}
    assert AgentMonth.objects.get().changed == 1


def test_an_earlier_version_sent_again_is_unchanged(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"), paid("20.00", at="20060502000000"))
    report = core.pays(paid("10.00", at="20060501000000"))

    assert outcomes(report) == {"unchanged": 1}
    assert SupersededPayment.objects.count() == 1


def test_insert_and_update_of_one_time_and_content_are_the_same_row(core: Core) -> None:
    core.pays(paid("10.00", operation="I"))
    report = core.pays(paid("10.00", operation="U"))

    assert outcomes(report) == {"unchanged": 1}


def test_the_same_time_with_other_content_is_a_conflict_and_the_stored_row_stays(
    core: Core,
) -> None:
    core.pays(paid("10.00"))
    report = core.pays(paid("11.00"))

    assert outcomes(report) == {"CONFLICT": 1}
    assert amounts() == ["10.00"]
    assert QuarantinedRow.objects.get().raw.reveal("test") == paid("11.00")


def test_identical_conflicts_are_quarantined_each_for_itself(core: Core) -> None:
    report = core.pays(paid("10.00"), paid("11.00"), paid("11.00"), paid("10.00"))

    assert outcomes(report) == {"imported": 1, "CONFLICT": 2, "unchanged": 1}


def test_a_conflict_that_a_newer_row_overtakes_leaves_as_stale(core: Core) -> None:
    core.pays(paid("10.00"), paid("11.00"))
    report = core.pays(paid("12.00", at="20060509000000"))

    assert outcomes(report) == {"imported": 1, "stale": 1}
    assert QuarantinedRow.objects.get().left_as == "stale"


def test_what_contradicts_an_overtaken_row_is_stale_however_often_it_comes(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"), paid("20.00", at="20060502000000"))
    contradiction = paid("11.00", at="20060501000000")

    assert outcomes(core.pays(contradiction, contradiction)) == {"stale": 2}
    assert outcomes(core.pays(contradiction)) == {"stale": 1}
    assert outcomes(core.pays(paid("10.00", at="20060501000000"))) == {"unchanged": 1}


def test_within_a_file_every_newer_row_is_a_version(core: Core) -> None:
    report = core.pays(
        paid("10.00", at="20060501000000"),
        paid("30.00", at="20060503000000"),
        paid("20.00", at="20060502000000"),
    )

    assert outcomes(report) == {"imported": 2, "stale": 1}
    assert amounts() == ["30.00"]
    assert SupersededPayment.objects.count() == 2


def test_lines_of_one_voucher_are_records_of_their_own(core: Core) -> None:
    core.pays(paid("10.00", line=1), paid("20.00", line=2))

    assert Payment.objects.count() == 2


def test_a_correction_that_moves_a_record_changes_both_months(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"))
    april = AgentMonth.objects.get()
    reconcile_months([april.agent_id])

    core.pays(paid("10.00", month="200603", operation="U", at="20060502000000"))

    changed = AgentMonth.objects.to_reconcile().values_list("tax_month", flat=True)
    assert set(changed) == {date(2006, 3, 1), APRIL}
    assert Payment.objects.get().agent_month.tax_month == date(2006, 3, 1)


def test_a_row_that_comes_too_late_changes_no_month(core: Core) -> None:
    core.pays(paid("10.00"))
    reconcile_months([AgentMonth.objects.get().agent_id])

    core.pays(paid("9.00", at="20060501000000"), paid("8.00", at="20060501000001", month="200603"))

    assert not AgentMonth.objects.to_reconcile().exists()
    assert AgentMonth.objects.count() == 2


def test_the_first_and_the_last_month_of_the_calendar_are_months(core: Core) -> None:
    core.pays(
        paid("10.00", voucher="V1", month="000101"), paid("20.00", voucher="V2", month="999912")
    )

    reconcile_all(changed_only=True)

    assert {entry["tax_month"] for entry in export_months()} == {"0001-01", "9999-12"}
    assert AgentMonth.objects.get(tax_month__year=9999).settles_on == date.max


def test_free_text_comes_through_as_it_is(core: Core) -> None:
    bank = "工\\商\t银 行\\N｜𠮷"
    row = paid("10.00").replace("|ICBC|", f"|{bank}|")
    core.pays(row)

    assert Payment.objects.get().bank == bank


@pytest.mark.parametrize("seed", range(int(os.environ.get("ORDERS", "12"))))
def test_the_order_of_arrival_means_nothing(core: Core, seed: int) -> None:
    an_agent("11010002")
    rows = [
        paid(
            f"{n + 1}{step}.00",
            voucher=f"V{n}",
            code=("11010001", "11010002")[(n + step) % 2],
            month=("200603", "200604")[step % 2],
            kind=1 + n % 3,
            operation="X" if (n, step) == (3, 2) else "IU"[step > 0],
            at=f"2006050{step + 1}000000",
        )
        for n in range(6)
        for step in range(3)
    ]
    rows += rows[:4]

    random.Random(seed).shuffle(rows)
    for start in range(0, len(rows), 3):
        core.pays(*rows[start : start + 3])

    state = [
        (p.voucher_number, str(p.amount), p.agent_month.agent.computer_code, p.is_void)
        for p in Payment.objects.order_by("voucher_number").select_related("agent_month__agent")
    ]
    assert state == [
        (f"V{n}", f"{n + 1}2.00", ("11010001", "11010002")[n % 2], n == 3) for n in range(6)
    ]
    assert PaymentVersion.objects.count() == 18


# --- Other taxes, and the quarantine ---


def test_another_tax_is_counted_and_skipped_whatever_else_its_row_holds(core: Core) -> None:
    report = core.pays(paid("10.00", tax="10101", month="209913"), paid("5.00", tax=""))

    assert outcomes(report) == {"not_ours": 2}
    assert not Payment.objects.exists()


def test_a_row_of_an_unknown_agent_waits_and_is_released_by_the_registration(core: Core) -> None:
    report = core.pays(paid("10.00", code="11010009"))
    assert outcomes(report) == {"AGENT": 1}

    report = core.registers(registered("11010009"))

    assert outcomes(report) == {"imported": 2}
    payment = Payment.objects.get()
    assert payment.agent_month.agent.computer_code == "11010009"
    assert (payment.feed_file.name, payment.feed_line) == ("JKRK_20060501_001.txt", 2)
    row = QuarantinedRow.objects.get()
    assert row.left_as == "imported"
    assert row.left_at is not None


def test_a_row_released_in_its_own_run_counts_once_as_what_it_became(
    core: Core, tmp_path: Path
) -> None:
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00", code="11010009")])
    deliver(tmp_path, "SWDJ_20060502_001", [registered("11010009")])

    assert outcomes(import_feed(tmp_path)) == {"imported": 2}


def test_identical_rows_of_an_unknown_agent_are_released_as_one_version(core: Core) -> None:
    report = core.pays(*[paid("10.00", code="11010009")] * 2)
    assert outcomes(report) == {"AGENT": 2}

    report = core.registers(registered("11010009"))

    assert outcomes(report) == {"imported": 2, "unchanged": 1}


def test_while_the_newer_row_is_in_quarantine_the_older_one_counts(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"))
    core.pays(paid("10.00", code="11010009", operation="U", at="20060502000000"))

    assert Payment.objects.counted().get().agent_month.agent.computer_code == "11010001"


def test_a_row_of_an_unknown_agent_that_is_overtaken_leaves_as_stale(core: Core) -> None:
    core.pays(paid("10.00", code="11010009", at="20060501000000"))
    report = core.pays(paid("10.00", at="20060502000000"))

    assert outcomes(report) == {"imported": 1, "stale": 1}
    assert QuarantinedRow.objects.get().left_as == "stale"


def test_a_row_that_is_overtaken_by_one_released_with_it_leaves_as_stale(core: Core) -> None:
    core.pays(
        paid("10.00", code="11010008", at="20060501000000"),
        paid("10.00", code="11010009", at="20060502000000"),
    )

    report = core.registers(registered("11010009"))

    assert outcomes(report) == {"imported": 2, "stale": 1}


def test_of_two_released_rows_of_one_time_the_first_to_arrive_stays(core: Core) -> None:
    next(core.days)
    core.pays(paid("10.00", code="11010009"))
    deliver(core.inbox, "JKRK_20060501_001", [paid("11.00", code="11010009")])

    report = core.registers(registered("11010009"))

    assert outcomes(report) == {"imported": 2, "CONFLICT": 1}
    assert amounts() == ["10.00"]


def test_a_bad_row_is_kept_as_it_came_and_the_rest_is_loaded(core: Core) -> None:
    bad = paid("5.00", item="17")
    report = core.pays(paid("10.00"), bad, "D|too|few")

    assert outcomes(report) == {"imported": 1, "FORMAT": 1, "FIELDS": 1}
    rows = QuarantinedRow.objects.order_by("line_number")
    assert [(row.code, row.line_number, row.raw.reveal("test")) for row in rows] == [
        ("FORMAT", 3, bad),
        ("FIELDS", 4, "D|too|few"),
    ]


def test_the_rows_of_a_file_add_up_or_it_is_no_import(core: Core) -> None:
    core.pays(paid("10.00"), paid("1.00", tax="10101"), paid("10.00"), paid("5.00", item="17"))
    file = FeedFile.objects.get()
    assert (file.rows, file.total) == (4, Decimal("26.00"))

    with pytest.raises(IntegrityError, match="feed_file_rows_add_up"), transaction.atomic():
        FeedFile.objects.filter(pk=file.pk).update(rows_stale=1)


# --- Whole or not at all ---


def test_nothing_of_a_refused_file_is_loaded_and_it_may_be_sent_again(tmp_path: Path) -> None:
    name = deliver(tmp_path, "JKRK_20060501_001", [paid("10.00"), paid("5.00", item="17")])
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content.replace(b"10.00", b"10.01"))

    report = import_feed(tmp_path)

    assert report.refused == {name: "MARKER"}
    assert not Payment.objects.exists()
    assert not QuarantinedRow.objects.exists()
    assert not AgentMonth.objects.exists()
    assert (tmp_path / "rejected" / name).exists()
    assert (tmp_path / "rejected" / f"{name}.ok").exists()

    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    assert import_feed(tmp_path).imported == [name]


def test_a_repeat_has_no_effect_and_no_rows(tmp_path: Path) -> None:
    for _ in range(2):
        name = deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
        report = import_feed(tmp_path)

    assert report.repeated == [name]
    assert outcomes(report) == {}
    kept = sorted(path.name for path in (tmp_path / "done").iterdir())
    assert kept == [name, f"{name}.1", f"{name}.1.ok", f"{name}.ok"]


def test_the_same_name_with_other_content_is_changed(tmp_path: Path) -> None:
    name = deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    import_feed(tmp_path)
    deliver(tmp_path, "JKRK_20060501_001", [paid("11.00")])

    assert import_feed(tmp_path).refused == {name: "CHANGED"}
    assert amounts() == ["10.00"]


def test_the_marker_of_a_repeat_is_checked_all_the_same(tmp_path: Path) -> None:
    name = deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    import_feed(tmp_path)
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    (tmp_path / f"{name}.ok").write_text("unreadable")

    assert import_feed(tmp_path).refused == {name: "MARKER"}


def test_a_changed_file_that_is_broken_too_is_refused_for_what_stands_first(
    tmp_path: Path,
) -> None:
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    import_feed(tmp_path)
    name = deliver(tmp_path, "JKRK_20060501_001", [paid("11.00")], count=2)

    assert import_feed(tmp_path).refused == {name: "HEADER"}


def test_files_without_marker_links_pipes_and_folders_stay_untouched(tmp_path: Path) -> None:
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")], marker=False)
    deliver(tmp_path, "JKRK_20060502_001", [paid("10.00")])
    for name in ("JKRK_20060503_001.txt", "JKRK_20060504_001.txt", "JKRK_20060505_001.txt"):
        (tmp_path / f"{name}.ok").write_text("0" * 64 + " 1\n")
    (tmp_path / "JKRK_20060503_001.txt").symlink_to(tmp_path / "JKRK_20060502_001.txt")
    (tmp_path / "JKRK_20060504_001.txt").mkdir()
    os.mkfifo(tmp_path / "JKRK_20060505_001.txt")
    (tmp_path / "alone.ok").write_text("a marker alone")

    report = import_feed(tmp_path)

    assert report.imported == ["JKRK_20060502_001.txt"]
    assert report.refused == {}
    assert len(list(tmp_path.glob("*.txt"))) == 4


def test_a_name_that_says_nothing_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "notes.txt.ok").write_text("0" * 64 + " 5\n")

    assert import_feed(tmp_path).refused == {"notes.txt": "NAME"}
    assert FeedFile.objects.get().business_date is None


# --- COUNT, watermark, gaps ---


def test_the_first_imported_file_of_a_day_sets_its_count_and_an_operator_can(
    tmp_path: Path,
) -> None:
    deliver(tmp_path, "JKRK_20060501_001", count=1)
    import_feed(tmp_path)
    name = deliver(tmp_path, "JKRK_20060501_002", count=2)
    assert import_feed(tmp_path).refused == {name: "HEADER"}
    assert watermark() == date(2006, 5, 1)

    set_day_count("JKRK", date(2006, 5, 1), 2)
    assert watermark() is None

    deliver(tmp_path, "JKRK_20060501_002", count=2)
    assert import_feed(tmp_path).imported == [name]
    assert watermark() == date(2006, 5, 1)


def test_the_watermark_waits_for_every_file_of_a_day(tmp_path: Path) -> None:
    deliver(tmp_path, "JKRK_20060501_002", count=2)
    import_feed(tmp_path)
    assert watermark() is None

    deliver(tmp_path, "JKRK_20060501_001", count=2)
    import_feed(tmp_path)
    assert watermark() == date(2006, 5, 1)


def test_a_gap_is_noticed_and_filled(tmp_path: Path) -> None:
    for day in (1, 2, 5, 6):
        deliver(tmp_path, f"JKRK_2006050{day}_001")
    import_feed(tmp_path)
    assert watermark() == date(2006, 5, 2)
    assert gaps() == [date(2006, 5, 3), date(2006, 5, 4)]

    for day in (4, 3):
        deliver(tmp_path, f"JKRK_2006050{day}_001")
        import_feed(tmp_path)
    assert watermark() == date(2006, 5, 6)
    assert gaps() == []


def test_the_newest_day_is_no_gap_while_it_is_incomplete(tmp_path: Path) -> None:
    deliver(tmp_path, "JKRK_20060501_001")
    deliver(tmp_path, "JKRK_20060502_001", count=2)
    import_feed(tmp_path)

    assert watermark() == date(2006, 5, 1)
    assert gaps() == []


def test_the_first_day_is_the_earliest_of_the_first_run_and_stays(tmp_path: Path) -> None:
    deliver(tmp_path, "JKRK_20060503_001", [paid("1.00")])
    deliver(tmp_path, "JKRK_20060502_001")
    import_feed(tmp_path)
    assert PaymentWatermark.objects.get().first_day == date(2006, 5, 2)

    deliver(tmp_path, "JKRK_20060430_001", [paid("5.00", voucher="V2")])
    import_feed(tmp_path)

    assert PaymentWatermark.objects.get().first_day == date(2006, 5, 2)
    assert watermark() == date(2006, 5, 3)
    assert gaps() == []
    assert Payment.objects.count() == 2


def test_a_refused_file_of_the_first_run_leaves_its_day_a_gap(tmp_path: Path) -> None:
    name = deliver(tmp_path, "JKRK_20060501_001")
    (tmp_path / f"{name}.ok").write_text("unreadable")
    deliver(tmp_path, "JKRK_20060502_001")

    import_feed(tmp_path)

    assert watermark() is None
    assert gaps() == [date(2006, 5, 1)]


def test_registrations_have_no_watermark(core: Core) -> None:
    core.registers(registered("11010002"))

    assert not PaymentWatermark.objects.exists()


# --- Registrations ---


def test_a_registration_makes_an_agent_under_an_office_below_the_root(core: Core) -> None:
    core.registers(registered("11010002", name="甲乙公司", office="110108"))

    agent = WithholdingAgent.objects.get(computer_code="11010002")
    assert (agent.name, agent.tax_withheld_last_year) == ("甲乙公司", Decimal("5000.00"))
    assert agent.document_number.reveal("test") == "11010519491231002X"
    assert agent.office is not None
    assert agent.office.parent == Office.objects.get(code=Office.ROOT_CODE)


def test_the_latest_registration_wins_whatever_the_order(core: Core) -> None:
    core.registers(registered("11010002", name="新名", at="20060302000000"))
    report = core.registers(registered("11010002", name="旧名", at="20060301000000"))

    assert outcomes(report) == {"stale": 1}
    assert WithholdingAgent.objects.get(computer_code="11010002").name == "新名"
    assert RegistrationVersion.objects.count() == 2


def test_a_registration_never_overwrites_what_the_agent_edits(core: Core) -> None:
    core.registers(registered("11010002", at="20060301000000"))
    agent = WithholdingAgent.objects.get(computer_code="11010002")
    agent.contact_name, agent.contact_telephone = "王五", "13900000000"
    agent.save()

    core.registers(registered("11010002", name="新名", at="20060302000000"))

    agent.refresh_from_db()
    assert (agent.name, agent.contact_name) == ("新名", "王五")
    assert agent.contact_telephone.reveal("test") == "13900000000"


def test_registrations_of_one_time_repeat_or_conflict(core: Core) -> None:
    core.registers(registered("11010002"))

    report = core.registers(registered("11010002"), registered("11010002", name="别名"))

    assert outcomes(report) == {"unchanged": 1, "CONFLICT": 1}


def test_a_registration_that_contradicts_an_overtaken_one_is_stale(core: Core) -> None:
    core.registers(registered("11010002"))
    core.registers(registered("11010002", name="别名"))

    report = core.registers(registered("11010002", name="新名", at="20060302000000"))
    assert outcomes(report) == {"imported": 1, "stale": 1}

    report = core.registers(registered("11010002", name="别名"), registered("11010002"))
    assert outcomes(report) == {"stale": 1, "unchanged": 1}


def test_a_registration_in_quarantine_that_is_overtaken_leaves_as_stale(core: Core) -> None:
    core.registers(registered("11010002", collection_code="ZG1"))
    refused = registered("11010003", collection_code="ZG1")
    core.registers(refused)

    report = core.registers(registered("11010003", at="20060302000000"), refused)

    assert outcomes(report) == {"imported": 1, "stale": 2}


def test_agents_may_exchange_their_collection_codes_in_one_file(core: Core) -> None:
    core.registers(
        registered("11010002", collection_code="ZG1"), registered("11010003", collection_code="ZG2")
    )

    report = core.registers(
        registered("11010002", at="20060302000000"),
        registered("11010003", collection_code="ZG1", at="20060302000000"),
        registered("11010002", collection_code="ZG2", at="20060303000000"),
    )

    assert outcomes(report) == {"imported": 3}
    holders = WithholdingAgent.objects.exclude(collection_code=None)
    assert dict(holders.values_list("computer_code", "collection_code")) == {
        "11010002": "ZG2",
        "11010003": "ZG1",
    }


def test_a_collection_code_that_another_agent_has_is_a_conflict_until_it_is_free(
    core: Core,
) -> None:
    core.registers(registered("11010002", collection_code="ZG1", at="20060301000000"))
    report = core.registers(registered("11010003", collection_code="ZG1", at="20060301000000"))
    assert outcomes(report) == {"CONFLICT": 1}
    assert not WithholdingAgent.objects.filter(computer_code="11010003").exists()

    report = core.registers(registered("11010002", collection_code="ZG2", at="20060302000000"))

    assert outcomes(report) == {"imported": 2}
    holder = WithholdingAgent.objects.get(collection_code="ZG1")
    assert holder.computer_code == "11010003"


def test_a_bad_registration_is_quarantined_and_its_text_is_sealed(core: Core) -> None:
    report = core.registers(registered("11010002", status="77"))

    assert outcomes(report) == {"FORMAT": 1}
    with connection.cursor() as cursor:
        cursor.execute("SELECT raw FROM reconciliation_quarantinedrow")
        stored = bytes(cursor.fetchone()[0])
    assert b"11010519491231002X" not in stored
    assert "110105" not in str(QuarantinedRow.objects.get().raw)


def test_many_registrations_take_a_bounded_number_of_queries(
    core: Core, django_assert_max_num_queries: object
) -> None:
    rows = [registered(f"2{n:07}") for n in range(500)]

    with django_assert_max_num_queries(60):  # type: ignore[operator]
        report = core.registers(*rows)

    assert outcomes(report) == {"imported": 500}


def test_what_is_evidence_cannot_be_changed_or_deleted(core: Core) -> None:
    core.pays(paid("10.00", at="20060501000000"), paid("20.00", at="20060502000000"))

    for table in ("reconciliation_supersededpayment", "reconciliation_feedfile"):
        with (
            pytest.raises(IntegrityError, match="evidence"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  ours
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        SupersededPayment.objects.update(amount=1)
    assert Counter(PaymentVersion.objects.values_list("is_newest", flat=True)) == {
        True: 1,
        False: 1,
    }
