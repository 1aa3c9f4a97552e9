"""Filing: versions, evidence, closed months, keys; two at once; a hundred thousand lines."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from declarations.models import AgentMonth, Declaration, DeclaredTotal, DetailLine, DraftLine
from declarations.refusals import (
    DraftHasChanged,
    DraftHasFaults,
    KeyIsUsed,
    MonthIsClosed,
    MonthIsNotClosed,
    MonthIsNotReopened,
    NotADraft,
    ReasonIsMissing,
)
from declarations.selectors import check_draft, digest_of, read_line
from declarations.services.drafts import add_line, create_draft, delete_line
from declarations.services.filing import Filed, file, file_draft
from declarations.services.months import close_month, reopen_month
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    a_clerk,
    a_header,
    a_line,
    an_agent,
    an_officer,
    filed,
    reconciled,
    typed,
)

pytestmark = pytest.mark.django_db
WINDOW = Declaration.Channel.WINDOW


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    return a_clerk(acme)


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    draft = create_draft(acme, APRIL, "regular")
    Declaration.objects.filter(pk=draft.pk).update(declarant="王五")
    add_line(draft, typed())
    draft.refresh_from_db()
    return draft


def test_a_filed_declaration_keeps_its_lines_totals_and_digest(acme: WithholdingAgent) -> None:
    lines = [
        a_line("340.00", income_foreign=Decimal("1.50"), remark="制表\t换行\n反斜\\N线"),
        a_line("10.00", document_number=LI, employed_here=False),
        a_line("7.00", income_item="08", tax_reduction=Decimal("2.00"), facts={"use": "住宅"}),
    ]

    declaration = file(acme, a_header(acme), lines, channel=WINDOW, filed_by=None).declaration

    declaration.refresh_from_db()
    rows = DetailLine.objects.filter(declaration=declaration).order_by("line_number")
    assert [read_line(row, "test") for row in rows] == lines
    assert rows[2].facts == {"use": "住宅"}
    assert digest_of(declaration) == declaration.digest
    assert (declaration.own_headcount, declaration.other_headcount) == (1, 1)
    assert declaration.total_income == Decimal("15001.50")
    totals = DeclaredTotal.objects.filter(declaration=declaration).order_by("income_item")
    assert list(
        totals.values_list("income_item", "line_count", "income", "tax_reduction", "tax_withheld")
    ) == [
        ("0101", 2, Decimal("10001.50"), Decimal("0.00"), Decimal("350.00")),
        ("08", 1, Decimal("5000.00"), Decimal("2.00"), Decimal("7.00")),
    ]


def test_document_numbers_are_sealed_and_can_be_found(acme: WithholdingAgent) -> None:
    declaration = filed(acme)

    row = declaration.lines.get()
    twin = DetailLine(document_type="01", document_number=row.document_number.reveal("test"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT document_number FROM declarations_detailline")
        stored = bytes(cursor.fetchone()[0])

    assert b"11010519491231002X" not in stored
    assert str(row.document_number) == "110***********002X"
    index = DetailLine._meta.get_field("document_index").pre_save(twin, add=True)
    assert DetailLine.objects.get(document_index=index) == row


def test_filing_supersedes_the_declaration_in_force(acme: WithholdingAgent) -> None:
    first = filed(acme, "10.00")
    second = filed(acme, "20.00")

    first.refresh_from_db()
    assert (first.status, first.version) == ("superseded", 1)
    assert (second.status, second.version) == ("filed", 2)
    assert first.lines.count() == 1
    assert first.receipt_number == "11010001-200604-1-001"
    assert second.receipt_number == "11010001-200604-1-002"


def test_kinds_and_months_have_versions_of_their_own(acme: WithholdingAgent) -> None:
    filed(acme, "10.00")

    assert filed(acme, "10.00", kind="refund").version == 1
    assert filed(acme, "10.00", tax_month=date(2006, 5, 1)).version == 1
    assert filed(an_agent("11010002"), "10.00").version == 1


def test_filing_raises_changed_and_ends_an_opening_by_the_office(acme: WithholdingAgent) -> None:
    month = filed(acme, "10.00").agent_month
    reconciled(month, "matched", closed_at=timezone.now())
    reopen_month(month, by=an_officer(), reason="单位申请")

    filed(acme, "20.00")

    month.refresh_from_db()
    assert (month.changed, month.reconciled, month.attempts) == (2, 1, 0)
    assert month.reopened_at is None
    assert month.closed_at is None


def test_what_is_identical_is_a_repeat_in_a_closed_month_too(acme: WithholdingAgent) -> None:
    first = filed(acme, "10.00", filed_on=date(2006, 5, 3))
    month = reconciled(first.agent_month, "matched", closed_at=timezone.now())

    again = file(
        acme,
        a_header(acme),
        [a_line("10.00")],
        channel=WINDOW,
        filed_by=None,
        filed_on=date(2006, 5, 9),
    )

    assert (again.declaration, again.is_repeat) == (first, True)
    assert Declaration.objects.count() == 1
    month.refresh_from_db()
    assert month.changed == 1
    assert month.closed_at is not None


def test_an_older_version_filed_again_is_a_new_one(acme: WithholdingAgent) -> None:
    filed(acme, "10.00")
    filed(acme, "20.00")

    assert filed(acme, "10.00").version == 3


def test_a_closed_month_refuses_other_declarations_of_every_kind(acme: WithholdingAgent) -> None:
    month = reconciled(filed(acme).agent_month, "matched", closed_at=timezone.now())

    with pytest.raises(MonthIsClosed, match=r"2006年4月.*如果修改,请联系税务所"):
        filed(acme, "20.00")
    with pytest.raises(MonthIsClosed):
        filed(acme, kind="additional")

    month.refresh_from_db()
    assert month.changed == 1
    assert Declaration.objects.get().status == "filed"


def test_closed_is_judged_as_of_a_given_instant(acme: WithholdingAgent) -> None:
    started = timezone.now()
    first = filed(acme, "10.00")
    month = reconciled(first.agent_month, "matched", closed_at=started + timedelta(seconds=1))

    def file_again(closed_as_of: datetime) -> Filed:
        return file(
            acme,
            a_header(acme),
            [a_line("20.00")],
            channel=WINDOW,
            filed_by=None,
            closed_as_of=closed_as_of,
        )

    with pytest.raises(MonthIsClosed):
        file_again(started + timedelta(seconds=1))
    second = file_again(started).declaration

    month.refresh_from_db()
    assert second.version == 2
    assert month.closed_at is None


def test_the_day_of_filing_is_beijing_s_unless_it_is_told(acme: WithholdingAgent) -> None:
    with time_machine.travel(datetime(2006, 5, 7, 16, 30, tzinfo=UTC), tick=False):
        today = filed(acme, "10.00")
        told = file(
            acme,
            a_header(acme),
            [a_line("20.00")],
            channel=WINDOW,
            filed_by=None,
            filed_on=date(2006, 5, 3),
        ).declaration

    assert today.filed_on == date(2006, 5, 8)
    assert told.filed_on == date(2006, 5, 3)
    assert told.filed_at == datetime(2006, 5, 7, 16, 30, tzinfo=UTC)


def test_filing_is_audited_without_personal_data(acme: WithholdingAgent) -> None:
    filed(acme)
    filed(acme)

    entries = AuditEntry.objects.filter(action="filing").order_by("pk")
    assert [entry.outcome for entry in entries] == ["filed", "repeated"]
    assert entries[0].agent == acme
    assert set(entries[0].detail) == {"declaration", "tax_month", "kind", "version", "channel"}


def test_a_filing_takes_the_same_few_queries_for_one_line_and_for_a_thousand(
    acme: WithholdingAgent,
) -> None:
    filed(acme, tax_month=date(2006, 1, 1))  # a month that the check looks at
    counts = []
    for month, lines in ((2, 1), (3, 1000)):
        header = a_header(acme, tax_month=date(2006, month, 1))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            file(acme, header, [a_line()] * lines, channel=WINDOW, filed_by=None)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 20


# --- Drafts become declarations ---


def test_a_draft_becomes_the_declaration(draft: Declaration, alice: User) -> None:
    seen = check_draft(draft).digest

    outcome = file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=seen)

    declaration = outcome.declaration
    assert (declaration.pk, declaration.public_id) == (draft.pk, draft.public_id)
    assert (declaration.status, declaration.channel) == ("filed", "web")
    assert declaration.filed_by == alice
    assert declaration.digest == seen == digest_of(declaration)
    assert DraftLine.objects.count() == 0
    assert declaration.lines.get().exempt_income == Decimal("300.00")


def test_the_same_key_and_body_gives_the_same_receipt(draft: Declaration, alice: User) -> None:
    key, seen = uuid.uuid4(), check_draft(draft).digest
    first = file_draft(draft, filed_by=alice, key=key, seen=seen)

    again = file_draft(draft, filed_by=alice, key=key, seen=seen)

    assert (again.declaration, again.is_repeat) == (first.declaration, True)
    assert Declaration.objects.count() == 1
    with pytest.raises(KeyIsUsed):
        file_draft(draft, filed_by=alice, key=key, seen="0" * 64)


def test_a_key_of_one_month_does_not_file_another(draft: Declaration, alice: User) -> None:
    key = uuid.uuid4()
    file_draft(draft, filed_by=alice, key=key, seen=check_draft(draft).digest)
    other = create_draft(draft.agent_month.agent, date(2006, 5, 1), "regular", source=draft)

    with pytest.raises(KeyIsUsed):
        file_draft(other, filed_by=alice, key=key, seen=check_draft(other).digest)

    other.refresh_from_db()
    assert other.status == "draft"


def test_another_agent_s_key_says_nothing(draft: Declaration, alice: User) -> None:
    key = uuid.uuid4()
    file_draft(draft, filed_by=alice, key=key, seen=check_draft(draft).digest)
    rival = an_agent("11010002")
    theirs = create_draft(rival, APRIL, "regular")
    Declaration.objects.filter(pk=theirs.pk).update(declarant="王五")
    add_line(theirs, typed())
    theirs.refresh_from_db()

    outcome = file_draft(theirs, filed_by=a_clerk(rival), key=key, seen=check_draft(theirs).digest)

    assert not outcome.is_repeat


def test_what_was_not_seen_is_not_filed(draft: Declaration, alice: User) -> None:
    seen = check_draft(draft).digest
    add_line(draft, typed(tax_withheld="1"))

    with pytest.raises(DraftHasChanged):
        file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=seen)

    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_draft_with_faults_is_not_filed(draft: Declaration, alice: User) -> None:
    line = add_line(draft, typed(income="五千", name=""))

    with pytest.raises(DraftHasFaults) as refusal:
        file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen="")

    assert {(fault.row, fault.field) for fault in refusal.value.faults} == {
        (2, "income"),
        (2, "name"),
    }
    delete_line(line)
    file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=check_draft(draft).digest)


def test_a_filed_draft_is_not_filed_under_another_key(draft: Declaration, alice: User) -> None:
    seen = check_draft(draft).digest
    file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=seen)

    with pytest.raises(NotADraft):
        file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=seen)


def test_a_draft_equal_to_the_declaration_in_force_is_a_repeat_and_goes(
    draft: Declaration, alice: User
) -> None:
    first = file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=check_draft(draft).digest)
    copy = create_draft(draft.agent_month.agent, APRIL, "regular", source=first.declaration)
    key, seen = uuid.uuid4(), check_draft(copy).digest

    outcome = file_draft(copy, filed_by=alice, key=key, seen=seen)

    assert (outcome.declaration, outcome.is_repeat) == (first.declaration, True)
    assert Declaration.objects.count() == 1
    assert file_draft(copy, filed_by=alice, key=key, seen=seen).declaration == first.declaration


# --- The office's two keys ---


def test_the_office_opens_a_matched_month_and_closes_it_again(acme: WithholdingAgent) -> None:
    officer = an_officer()
    month = reconciled(filed(acme).agent_month, "matched", closed_at=timezone.now())

    opened = reopen_month(month, by=officer, reason="单位申请更正")
    assert (opened.closed_at, opened.reopened_at is None) == (None, False)
    with pytest.raises(MonthIsNotClosed):
        reopen_month(month, by=officer, reason="再来")

    closed = close_month(month, by=officer)
    assert closed.reopened_at is None
    assert closed.closed_at is not None
    with pytest.raises(MonthIsNotReopened):
        close_month(month, by=officer)

    entries = AuditEntry.objects.filter(action="month").order_by("pk")
    assert [(entry.outcome, entry.user) for entry in entries] == [
        ("reopened", officer),
        ("closed", officer),
    ]
    assert entries[0].detail == {"tax_month": "2006-04", "reason": "单位申请更正"}


def test_only_a_closed_month_is_opened_and_only_with_a_reason(acme: WithholdingAgent) -> None:
    month = filed(acme).agent_month
    with pytest.raises(MonthIsNotClosed):
        reopen_month(month, by=an_officer(), reason="原因")

    reconciled(month, "matched", closed_at=timezone.now())
    with pytest.raises(ReasonIsMissing):
        reopen_month(month, by=an_officer("second"), reason="  ")


def test_closing_waits_for_a_change_that_is_not_yet_reconciled(acme: WithholdingAgent) -> None:
    officer = an_officer()
    month = reconciled(filed(acme).agent_month, "matched", closed_at=timezone.now())
    reopen_month(month, by=officer, reason="原因")
    AgentMonth.objects.filter(pk=month.pk).mark_changed()

    closed = close_month(month, by=officer)

    assert closed.closed_at is None
    assert closed.reopened_at is None
