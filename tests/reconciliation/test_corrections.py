"""Rows in quarantine that an operator types anew: what becomes of them, and what is kept."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import psycopg2
import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from declarations.models import AgentMonth
from portal.claims import Work
from portal.guards import PROVED_AT
from portal.models import AuditEntry, User, WithholdingAgent
from reconciliation.models import (
    Payment,
    QuarantineCorrection,
    QuarantinedRow,
    RegistrationVersion,
    SupersededPayment,
)
from reconciliation.refusals import (
    AmountIsUnreadable,
    CorrectionIsRefused,
    ImportIsUnderWay,
    RowHasLeft,
    RowIsOfAnotherTax,
    RowIsStillFaulty,
)
from reconciliation.services.importing import ImportReport, import_feed
from reconciliation.services.operations import correct_row, dismiss_row, reveal_row
from reconciliation.services.reconciling import reconcile_months
from reconciliation.wording import quarantine_sentence
from tests.declarations.builders import an_agent
from tests.factories import agent, clerk, client_of, office, staff
from tests.reconciliation.deliveries import deliver, paid, registered

Role = User.Role
QUARANTINE = "/staff/feed/quarantine/"
NUMBER = "11010519491231002X"
LATER = "20060503180000"


class Core:
    """The core system: each delivery is a file of the next day, imported at once."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        self.days = count(1)

    def sends(self, kind: str, *rows: str) -> ImportReport:
        deliver(self.inbox, f"{kind}_200605{next(self.days):02}_001", rows)
        return import_feed(self.inbox)

    def leaves(self, kind: str, *rows: str) -> QuarantinedRow:
        """Send rows of which the last goes to quarantine, and return that."""
        self.sends(kind, *rows)
        return QuarantinedRow.objects.latest("pk")


@pytest.fixture
def core(db: None, tmp_path: Path) -> Core:
    an_agent()
    return Core(tmp_path)


@pytest.fixture
def olga(db: None) -> User:
    """An operator."""
    return staff(Role.OPERATOR, office("1101"))


@pytest.fixture
def operator(olga: User) -> Client:
    """Her browser; she has typed her password just now."""
    return client_of(olga, **{PROVED_AT: int(time.time())})


def raw_of(row: QuarantinedRow) -> str:
    return QuarantinedRow.objects.get(pk=row.pk).raw.reveal("test")


def place_of(row: QuarantinedRow) -> tuple[str, str]:
    row = QuarantinedRow.objects.get(pk=row.pk)
    return row.code, row.left_as


def url_of(row: QuarantinedRow, then: str = "") -> str:
    return f"{QUARANTINE}{row.public_id}/{then}"


# --- What becomes of a payment ---


def test_a_corrected_payment_is_imported_in_the_place_of_its_row(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))

    correction = correct_row(row, paid("7.00"), by=olga, reason="品目有误")

    payment = Payment.objects.get()
    assert (payment.amount, payment.feed_file, payment.feed_line) == (
        Decimal("7.00"),
        row.feed_file,
        row.line_number,
    )
    assert place_of(row) == ("FORMAT", "imported")
    assert correction.outcome == "imported"
    assert AgentMonth.objects.to_reconcile().get() == payment.agent_month


def test_a_correction_is_counted_by_the_reconciler(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))

    correct_row(row, paid("5.00"), by=olga, reason="x")
    acme = WithholdingAgent.objects.get()
    reconcile_months([acme.pk])

    month = AgentMonth.objects.get()
    assert [str(each.paid) for each in month.comparisons.all()] == ["5.00"]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (paid("10.00"), "unchanged"),
        (paid("9.00", at="20060501000000"), "stale"),
        (paid("9.00"), "CONFLICT"),
        (paid("10.00", code="11010009", at=LATER), "AGENT"),
        (paid("9.00", code="11010009", at="20060501000000"), "stale"),
        (paid("9.00", at=LATER), "imported"),
    ],
)
def test_a_correction_meets_what_is_stored_as_any_row_does(
    core: Core, olga: User, text: str, outcome: str
) -> None:
    row = core.leaves("JKRK", paid("10.00"), paid("9.00", item="17"))

    correction = correct_row(row, text, by=olga, reason="x")

    stays = outcome in {"AGENT", "CONFLICT"}
    assert correction.outcome == outcome
    code, left_as = place_of(row)
    assert left_as == ("" if stays else outcome)
    assert not stays or code == outcome
    assert Payment.objects.get().amount == Decimal("9.00" if outcome == "imported" else "10.00")


@pytest.mark.parametrize("bad", [paid("9.00", item="17"), "D|too|few"])
def test_what_is_looked_up_follows_the_newest_correction(core: Core, olga: User, bad: str) -> None:
    row = core.leaves("JKRK", bad)

    correct_row(row, paid("7.00", code="11010009", voucher="V8", line=3), by=olga, reason="x")

    row.refresh_from_db()
    assert (row.computer_code, row.voucher_number, row.voucher_line, row.amount) == (
        "11010009",
        "V8",
        3,
        Decimal("7.00"),
    )
    assert row.row_updated_at == datetime(2006, 5, 2, 10, tzinfo=UTC)


def test_a_correction_asks_for_a_sweep(
    core: Core, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[str] = []
    monkeypatch.setattr("reconciliation.services.operations.hint", hints.append)
    row = core.leaves("JKRK", paid("5.00", item="17"))

    correct_row(row, paid("5.00"), by=olga, reason="x")

    assert hints == ["reconciliation.sweep"]


def test_a_correction_that_cannot_be_kept_imports_nothing(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))

    with pytest.raises(DataError):
        correct_row(row, paid("5.00"), by=olga, reason="x" * 201)

    assert not Payment.objects.exists()
    assert place_of(row) == ("FORMAT", "")


# --- Later runs ---


def test_a_correction_to_an_unknown_agent_waits_for_its_registration(
    core: Core, olga: User
) -> None:
    row = core.leaves("JKRK", paid("5.00", code="11010001", item="17"))
    correct_row(row, paid("7.00", code="11010009"), by=olga, reason="x")
    core.sends("JKRK")
    assert not Payment.objects.exists()

    report = core.sends("SWDJ", registered("11010009"))

    assert Counter(report.outcomes) == Counter(imported=2)
    payment = Payment.objects.get()
    assert payment.agent_month.agent.computer_code == "11010009"
    assert payment.amount == Decimal("7.00")
    assert place_of(row) == ("AGENT", "imported")


def test_a_later_run_tries_the_newest_correction(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", code="11010007"))
    for code, amount in (("11010008", "6.00"), ("11010009", "7.00")):
        correct_row(row, paid(amount, code=code), by=olga, reason="x")

    # Neither the row as it came nor the first correction waits for anybody any more.
    core.sends("SWDJ", registered("11010007"), registered("11010008"))
    assert not Payment.objects.exists()
    core.sends("SWDJ", registered("11010009"))

    assert Payment.objects.get().amount == Decimal("7.00")


def test_a_newer_row_overtakes_a_correction_that_waits_by_its_own_key(
    core: Core, olga: User
) -> None:
    row = core.leaves("JKRK", paid("5.00", voucher="V1", item="17"))
    correct_row(row, paid("5.00", voucher="V2", code="11010009"), by=olga, reason="x")

    core.sends("JKRK", paid("8.00", voucher="V1", at=LATER))
    assert place_of(row) == ("AGENT", "")
    core.sends("JKRK", paid("8.00", voucher="V2", at=LATER))

    assert place_of(row) == ("AGENT", "stale")


# --- Registrations ---


def test_a_corrected_registration_is_imported_and_releases_what_waits_for_it(
    core: Core, olga: User
) -> None:
    core.sends("JKRK", paid("5.00", code="11010002"))
    row = core.leaves("SWDJ", registered("11010002", status="77"))

    correction = correct_row(row, registered("11010002"), by=olga, reason="状态有误")
    core.sends("JKRK")

    assert correction.outcome == "imported"
    assert RegistrationVersion.objects.get(feed_file=row.feed_file).feed_line == row.line_number
    assert Payment.objects.get().agent_month.agent.computer_code == "11010002"
    row.refresh_from_db()
    assert (row.left_as, row.computer_code, row.amount) == ("imported", "11010002", None)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (registered("11010002"), "unchanged"),
        (registered("11010002", at="20060201000000"), "stale"),
        (registered("11010002", name="别名"), "CONFLICT"),
    ],
)
def test_a_corrected_registration_meets_what_is_known_as_any_does(
    core: Core, olga: User, text: str, outcome: str
) -> None:
    row = core.leaves("SWDJ", registered("11010002"), registered("11010002", status="77"))

    assert correct_row(row, text, by=olga, reason="x").outcome == outcome

    code, left_as = place_of(row)
    assert (code, left_as) == (("CONFLICT", "") if outcome == "CONFLICT" else ("FORMAT", outcome))


def test_a_later_run_tries_the_correction_of_a_registration(core: Core, olga: User) -> None:
    core.sends("SWDJ", registered("11010002", collection_code="ZG1"))
    row = core.leaves("SWDJ", registered("11010003", status="77"))
    correct_row(row, registered("11010003", collection_code="ZG1"), by=olga, reason="x")
    assert place_of(row) == ("CONFLICT", "")

    core.sends("SWDJ", registered("11010002", collection_code="ZG2", at=LATER))

    assert place_of(row) == ("CONFLICT", "imported")
    assert WithholdingAgent.objects.get(computer_code="11010003").collection_code == "ZG1"


# --- What is refused ---


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("D|too|few", RowIsStillFaulty),
        (paid("5.00", item="18"), RowIsStillFaulty),
        (paid("5.00").replace("20060428", "20060331"), RowIsStillFaulty),
        (paid("5.00").replace("20060428", "20060531"), RowIsStillFaulty),
        (f"{paid('5.00')}\n{paid('6.00')}", RowIsStillFaulty),
        (paid("5.00").replace("ICBC", "IC\nBC"), RowIsStillFaulty),
        (paid("5,00"), AmountIsUnreadable),
        (paid("5.00", tax="10101"), RowIsOfAnotherTax),
    ],
)
def test_a_correction_that_is_no_row_is_refused_and_nothing_changes(
    core: Core, olga: User, text: str, refusal: type[CorrectionIsRefused]
) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    before = QuarantinedRow.objects.values().get()

    with pytest.raises(refusal):
        correct_row(row, text, by=olga, reason="x")

    assert QuarantinedRow.objects.values().get() == before
    assert not Payment.objects.exists()
    assert not QuarantineCorrection.objects.exists()
    assert not AuditEntry.objects.filter(action="correction").exists()


def test_a_registration_that_is_still_faulty_is_refused(core: Core, olga: User) -> None:
    row = core.leaves("SWDJ", registered("11010002", status="77"))

    with pytest.raises(RowIsStillFaulty) as refused:
        correct_row(row, registered("11010002", status="78"), by=olga, reason="x")

    assert quarantine_sentence("FORMAT") in str(refused.value)
    assert not WithholdingAgent.objects.filter(computer_code="11010002").exists()


def test_a_row_that_has_left_is_neither_corrected_nor_revealed(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    dismiss_row(row, by=olga, reason="x")

    with pytest.raises(RowHasLeft):
        correct_row(row, paid("5.00"), by=olga, reason="x")
    with pytest.raises(RowHasLeft):
        reveal_row(row, by=olga, reason="x")

    assert not Payment.objects.exists()
    assert not AuditEntry.objects.filter(action="reveal").exists()


def test_while_an_import_is_under_way_nothing_is_corrected(
    core: Core, operator: Client, olga: User
) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    given = {"text": paid("7.00"), "reason": "x"}
    importing = psycopg2.connect(**connection.get_connection_params())
    try:
        with importing.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, 0)", [int(Work.IMPORT)])

        with pytest.raises(ImportIsUnderWay):
            correct_row(row, paid("7.00"), by=olga, reason="x")
        page = operator.post(url_of(row, "correct/"), given).content.decode()
    finally:
        importing.close()
    assert "正在导入核心系统的文件" in page
    assert f"{paid('7.00')}</textarea>" in page
    assert place_of(row) == ("FORMAT", "")
    assert not Payment.objects.exists()

    correct_row(row, paid("7.00"), by=olga, reason="x")
    assert Payment.objects.exists()


def test_after_a_correction_the_import_goes_on(core: Core, olga: User) -> None:
    """The claim is given back, whether the correction was taken or refused."""
    row = core.leaves("JKRK", paid("5.00", item="17"))
    with pytest.raises(RowIsStillFaulty):
        correct_row(row, "D|too|few", by=olga, reason="x")
    correct_row(row, paid("5.00"), by=olga, reason="x")

    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [int(Work.IMPORT)])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


# --- What is kept ---


def test_the_row_as_it_came_is_kept_and_so_is_each_correction(core: Core, olga: User) -> None:
    bad = paid("5.00", item="17")
    row = core.leaves("JKRK", bad)
    texts = [paid("5.00", code="11010009"), paid("5.00", code="11010008")]

    for text in texts:
        correct_row(row, text, by=olga, reason="x")

    assert raw_of(row) == bad
    kept = QuarantineCorrection.objects.all()
    assert [each.text.reveal("test") for each in kept] == texts
    assert [(each.by, each.reason, each.outcome) for each in kept] == [(olga, "x", "AGENT")] * 2


def test_neither_can_be_changed_or_deleted(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    correct_row(row, paid("5.00"), by=olga, reason="x")
    table = "reconciliation_quarantinecorrection"

    for change in (
        f"UPDATE {table} SET reason = 'y'",  # noqa: S608  ours
        f"DELETE FROM {table}",  # noqa: S608  ours
        "UPDATE reconciliation_quarantinedrow SET raw = raw || 'x'",
    ):
        with (
            pytest.raises(IntegrityError, match="evidence"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


@pytest.mark.django_db
def test_corrections_are_not_truncated() -> None:
    with (
        pytest.raises(IntegrityError, match="evidence"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE reconciliation_quarantinecorrection")


def test_the_text_of_a_correction_is_sealed(core: Core, olga: User) -> None:
    row = core.leaves("SWDJ", registered("11010002", status="77"))
    correct_row(row, registered("11010002"), by=olga, reason="x")

    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM reconciliation_quarantinecorrection")
        stored = bytes(cursor.fetchone()[0])
    assert NUMBER.encode() not in stored


def test_a_correction_is_audited_without_the_text(core: Core, olga: User) -> None:
    row = core.leaves("SWDJ", registered("11010002", status="77"))

    correct_row(row, registered("11010002"), by=olga, reason="状态有误")

    entry = AuditEntry.objects.get(action=AuditEntry.Action.CORRECTION)
    assert (entry.user, entry.outcome) == (olga, "corrected")
    assert entry.agent == WithholdingAgent.objects.get(computer_code="11010002")
    assert entry.detail == {
        "file": row.feed_file.name,
        "line": row.line_number,
        "code": "FORMAT",
        "became": "imported",
        "reason": "状态有误",
    }


def test_an_imported_correction_is_overtaken_like_any_row(core: Core, olga: User) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    correct_row(row, paid("5.00"), by=olga, reason="x")

    core.sends("JKRK", paid("6.00", at=LATER))

    assert Payment.objects.get().amount == Decimal("6.00")
    assert SupersededPayment.objects.get().feed_file == row.feed_file


# --- The pages ---


def test_a_payment_is_corrected_on_its_page(core: Core, operator: Client, olga: User) -> None:
    bad, good = paid("5.00", item="17"), paid("5.00", item="02")
    row = core.leaves("JKRK", bad)
    assert url_of(row, "correct/") in operator.get(url_of(row)).content.decode()
    page = operator.get(url_of(row, "correct/")).content.decode()
    assert re.search(rf"<textarea[^>]*>\s*{re.escape(bad)}</textarea>", page)

    answer = operator.post(
        url_of(row, "correct/"), {"text": good, "reason": "品目有误"}, follow=True
    )

    shown = answer.content.decode()
    assert "已更正,离开隔离区:已导入。" in shown
    for word in (bad, good, "品目有误", olga.login):
        assert word in shown
    assert Payment.objects.get().item == "02"


def test_a_correction_that_stays_says_why(core: Core, operator: Client) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    text = paid("5.00", code="11010009")

    answer = operator.post(url_of(row, "correct/"), {"text": text, "reason": "x"}, follow=True)

    shown = answer.content.decode()
    assert "该行仍在隔离区" in shown
    assert quarantine_sentence("AGENT") in shown
    for page in (url_of(row, "correct/"), QUARANTINE):
        assert text in operator.get(page).content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (paid("5.00", item="18"), quarantine_sentence("FORMAT")),
        ("D|too|few", quarantine_sentence("FIELDS")),
        (paid("5,00"), "实缴金额“5,00”无法读取"),
        (paid("5.00", tax="10101"), "不是个人所得税(10106)"),
        ("", "请录入更正后的整行记录。"),
    ],
)
def test_a_refused_correction_is_said_at_the_field(
    core: Core, operator: Client, text: str, sentence: str
) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))

    answer = operator.post(url_of(row, "correct/"), {"text": text, "reason": "x"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in page
    assert re.search(r'<textarea[^>]*name="text"[^>]*aria-invalid="true"', page)
    assert f"{text}</textarea>" in page
    assert place_of(row) == ("FORMAT", "")


@pytest.mark.parametrize("then", ["correct/", "reveal/"])
def test_a_reason_is_required(core: Core, operator: Client, then: str) -> None:
    row = core.leaves("SWDJ", registered("11010002", status="77"))

    answer = operator.post(url_of(row, then), {"text": registered("11010002"), "reason": " "})

    page = answer.content.decode()
    assert "请填写原因。" in page
    assert place_of(row) == ("FORMAT", "")
    assert "whole row" not in AuditEntry.objects.values_list("outcome", flat=True)
    assert then == "correct/" or NUMBER not in page


def test_a_registration_is_shown_whole_only_for_a_reason_that_is_audited(
    core: Core, operator: Client, olga: User
) -> None:
    bad = registered("11010002", status="77")
    row = core.leaves("SWDJ", bad)
    for page in (QUARANTINE, url_of(row), url_of(row, "reveal/"), url_of(row, "correct/")):
        assert NUMBER not in operator.get(page).content.decode()
    assert url_of(row, "reveal/") in operator.get(url_of(row)).content.decode()
    assert not AuditEntry.objects.filter(outcome="whole row").exists()

    page = operator.post(url_of(row, "reveal/"), {"reason": "核对状态"}).content.decode()

    assert re.search(rf"<textarea[^>]*>\s*{re.escape(bad)}</textarea>", page)
    assert f'action="{url_of(row, "correct/")}"' in page
    entry = AuditEntry.objects.get(action=AuditEntry.Action.REVEAL, outcome="whole row")
    assert entry.user == olga
    assert entry.detail == {
        "file": row.feed_file.name,
        "line": row.line_number,
        "reason": "核对状态",
    }

    answer = operator.post(
        url_of(row, "correct/"), {"text": registered("11010002"), "reason": "x"}, follow=True
    )
    assert "已导入" in answer.content.decode()
    assert NUMBER not in answer.content.decode()


def test_what_was_corrected_is_revealed_with_the_row(core: Core, operator: Client) -> None:
    core.sends("SWDJ", registered("11010002"))
    bad, text = registered("11010002", status="77"), registered("11010002", name="别名")
    row = core.leaves("SWDJ", bad)
    operator.post(url_of(row, "correct/"), {"text": text, "reason": "x"})

    assert NUMBER not in operator.get(url_of(row)).content.decode()
    page = operator.post(url_of(row, "reveal/"), {"reason": "x"}).content.decode()

    assert f"<code>{bad}</code>" in page
    assert re.search(rf"<textarea[^>]*>\s*{re.escape(text)}</textarea>", page)


def test_a_row_that_has_left_leads_back_to_its_page(core: Core, operator: Client) -> None:
    row = core.leaves("JKRK", paid("5.00", item="17"))
    given = {"text": paid("5.00"), "reason": "x"}
    operator.post(url_of(row, "correct/"), given)

    for then in ("correct/", "reveal/"):
        answer = operator.post(url_of(row, then), given, follow=True)
        assert "已离开隔离区:已导入。" in answer.content.decode()
    assert "更正该行" not in operator.get(url_of(row)).content.decode()
    assert QuarantineCorrection.objects.count() == 1


# --- Who may ---


@pytest.mark.parametrize("then", ["correct/", "reveal/"])
def test_the_password_is_asked_for_again(core: Core, olga: User, then: str) -> None:
    row = core.leaves("SWDJ", registered("11010002", status="77"))
    operator = client_of(olga)
    given = {"text": registered("11010002"), "reason": "x"}

    for answer in (operator.get(url_of(row, then)), operator.post(url_of(row, then), given)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{reverse('step_up')}?")

    assert place_of(row) == ("FORMAT", "")
    assert not AuditEntry.objects.filter(outcome="whole row").exists()


@pytest.mark.parametrize("then", ["correct/", "reveal/"])
def test_only_operators_correct_and_reveal(core: Core, then: str) -> None:
    row = core.leaves("SWDJ", registered("11010002", status="77"))
    given = {"text": registered("11010002"), "reason": "x"}
    now = {PROVED_AT: int(time.time())}

    for role in Role:
        if role != Role.OPERATOR:
            client = client_of(staff(role, office("1101")), **now)
            assert client.get(url_of(row, then)).status_code == 403
            assert client.post(url_of(row, then), given).status_code == 403
    bob = client_of(clerk(agent("ACME0001")), **now)
    assert bob.post(url_of(row, then), given).status_code == 404
    assert Client().post(url_of(row, then), given).status_code == 302

    assert place_of(row) == ("FORMAT", "")
    assert not AuditEntry.objects.filter(outcome="whole row").exists()


def test_the_tax_office_sees_a_payment_by_its_correction(core: Core, olga: User) -> None:
    an_agent("11010005")
    core.sends("JKRK", paid("10.00"))
    row = core.leaves("JKRK", paid("6.00"))
    text = paid("6.00", code="11010005")

    correct_row(row, text, by=olga, reason="x")

    assert place_of(row) == ("CONFLICT", "")
    officer = staff(Role.OFFICER, office("110105"))
    page = client_of(officer).get("/staff/held-rows/").content.decode()
    assert text in page
    assert paid("6.00") not in page
