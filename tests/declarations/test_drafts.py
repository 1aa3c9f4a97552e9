"""Drafts: what is typed is kept, right or wrong; all of it can be undone until it is filed."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from declarations.models import AgentMonth, Declaration, DraftLine
from declarations.refusals import (
    DraftExists,
    MonthIsClosed,
    MonthIsNotDeclarable,
    NotADraft,
    TooManyLines,
)
from declarations.selectors import check_draft, lamps, months_of_year
from declarations.services import drafts
from declarations.services.drafts import (
    add_line,
    check,
    create_draft,
    delete_draft,
    delete_line,
    edit_header,
    edit_line,
    put_lines,
)
from declarations.services.filing import file_draft
from portal.models import User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    ZHANG,
    a_clerk,
    an_agent,
    filed,
    reconciled,
    typed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    return a_clerk(acme)


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


def positions(draft: Declaration) -> list[tuple[int, str]]:
    return [
        (line.position, line.cells.reveal_json("test")["tax_withheld"])
        for line in DraftLine.objects.filter(declaration=draft)
    ]


def test_a_new_draft_brings_the_agent_s_data_along(draft: Declaration) -> None:
    assert draft.status == "draft"
    assert draft.coverage == "full"
    assert draft.declarant == "单位11010001"
    assert draft.phone.reveal("test") == "13800138000"
    assert (draft.address, draft.postcode) == ("某街1号", "100000")
    assert draft.agent_month.changed == 0


def test_there_is_one_draft_of_a_month_and_kind(draft: Declaration) -> None:
    agent = draft.agent_month.agent

    with pytest.raises(DraftExists) as refusal:
        create_draft(agent, APRIL, "regular")

    assert refusal.value.declaration == draft
    create_draft(agent, APRIL, "refund")
    create_draft(agent, date(2006, 5, 1), "regular")


@pytest.mark.parametrize(
    ("tax_month", "allowed"),
    [
        (date(2005, 12, 1), False),
        (date(2006, 1, 1), True),
        (date(2006, 5, 1), True),
        (date(2006, 6, 1), False),
    ],
)
def test_months_from_2006_to_the_current_one_in_beijing_are_declared(
    acme: WithholdingAgent, tax_month: date, allowed: bool
) -> None:
    # In Beijing it is already May.
    with time_machine.travel(datetime(2006, 4, 30, 16, 30, tzinfo=UTC), tick=False):
        if allowed:
            create_draft(acme, tax_month, "regular")
        else:
            with pytest.raises(MonthIsNotDeclarable):
                create_draft(acme, tax_month, "regular")


def test_a_closed_month_takes_no_draft(acme: WithholdingAgent) -> None:
    reconciled(filed(acme).agent_month, "matched", closed_at=timezone.now())

    with pytest.raises(MonthIsClosed):
        create_draft(acme, APRIL, "additional")


def test_a_correction_starts_with_what_is_in_force(acme: WithholdingAgent, alice: User) -> None:
    first = filed(acme, "10.00", "20.00", declarant="赵六")

    draft = create_draft(acme, APRIL, "regular", source=first)

    assert draft.declarant == "赵六"
    assert positions(draft) == [(1, "10.00"), (2, "20.00")]
    assert check_draft(draft).digest == first.digest


def test_whatever_was_typed_is_kept_and_sealed(draft: Declaration) -> None:
    line = add_line(draft, {"name": "  李四 ", "income": "五千", "document_number": ZHANG})

    edit_line(line, {"name": "李四", "income": "5千", "document_number": ZHANG})

    stored = DraftLine.objects.get()
    assert stored.cells.reveal_json("test")["income"] == "5千"
    with connection.cursor() as cursor:
        cursor.execute("SELECT cells FROM declarations_draftline")
        assert ZHANG.encode() not in bytes(cursor.fetchone()[0])


def test_lines_stand_in_an_unbroken_row(draft: Declaration) -> None:
    lines = [add_line(draft, typed(tax_withheld=tax)) for tax in ("1", "2", "3")]

    delete_line(lines[1])
    assert positions(draft) == [(1, "1"), (2, "3")]
    delete_line(lines[1])
    assert positions(draft) == [(1, "1"), (2, "3")]


def test_many_lines_come_after_a_draft_s_own_or_in_their_place(draft: Declaration) -> None:
    add_line(draft, typed(tax_withheld="1"))

    assert put_lines(draft, [(5, typed(tax_withheld="2"))], replace=False) == 2
    assert positions(draft) == [(1, "1"), (2, "2")]
    assert put_lines(draft, [(5, typed(tax_withheld="3"))], replace=True) == 1
    assert positions(draft) == [(1, "3")]
    assert DraftLine.objects.get().source_row == 5


def test_a_draft_has_room_for_so_many_lines(
    draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFT_LINES", 2)
    add_line(draft, typed())

    with pytest.raises(TooManyLines):
        put_lines(draft, [(None, typed())] * 2, replace=False)
    assert len(positions(draft)) == 1
    put_lines(draft, [(None, typed())] * 2, replace=True)
    with pytest.raises(TooManyLines):
        add_line(draft, typed())


def test_a_check_names_every_fault_by_row_and_column_and_remembers_their_number(
    draft: Declaration,
) -> None:
    edit_header(draft, {"declarant": ""})
    add_line(draft, typed())
    line = add_line(draft, typed(name="", income="-1", tax_reduction="5"))

    outcome = check(draft)

    assert [(fault.row, fault.field, fault.code.value) for fault in outcome.faults] == [
        (None, "declarant", "REQUIRED"),
        (2, "name", "REQUIRED"),
        (2, "income", "AMOUNT"),
        (2, "remark", "REMARK_REQUIRED"),
    ]
    assert [total.income_item for total in outcome.totals] == ["0101"]
    draft.refresh_from_db()
    assert draft.fault_count == 4
    assert [lamp.state for lamp in lamps(draft, None, None)] == ["waiting", "fault", "waiting"]

    edit_line(line, typed())
    draft.refresh_from_db()
    assert draft.fault_count is None
    edit_header(draft, {"declarant": "王五"})
    assert check(draft).faults == []
    draft.refresh_from_db()
    assert [lamp.state for lamp in lamps(draft, None, None)] == ["waiting", "done", "waiting"]


def test_a_draft_without_lines_cannot_be_filed(draft: Declaration) -> None:
    assert [fault.field for fault in check(draft).faults] == ["lines"]


def test_under_partial_coverage_the_three_figures_are_typed_in(draft: Declaration) -> None:
    add_line(draft, typed())
    edit_header(draft, {"coverage": "partial", "own_headcount": 3})

    assert {fault.field for fault in check(draft).faults} == {"other_headcount", "total_income"}

    edit_header(draft, {"other_headcount": 0, "total_income": 9000})
    outcome = check(draft)
    assert outcome.faults == []
    assert outcome.header is not None
    assert outcome.header.own_headcount == 3


def test_deleting_a_draft_leaves_what_was_filed(acme: WithholdingAgent) -> None:
    first = filed(acme, "10.00", "20.00")
    draft = create_draft(acme, APRIL, "regular", source=first)

    delete_draft(draft)

    assert Declaration.objects.get() == first
    assert DraftLine.objects.count() == 0


def test_what_was_filed_is_no_draft_any_more(draft: Declaration, alice: User) -> None:
    line = add_line(draft, typed())
    file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=check_draft(draft).digest)

    for change in (
        lambda: edit_header(draft, {"declarant": "x"}),
        lambda: add_line(draft, typed()),
        lambda: edit_line(line, typed()),
        lambda: delete_line(line),
        lambda: put_lines(draft, [], replace=True),
        lambda: check(draft),
        lambda: delete_draft(draft),
    ):
        with pytest.raises(NotADraft):
            change()
    assert draft.lines.count() == 1


def test_checking_a_draft_takes_as_many_queries_for_one_line_as_for_five_hundred(
    draft: Declaration,
) -> None:
    draft.agent_month.agent  # noqa: B018  known to every page before it checks
    counts = []
    for rows in (1, 500):
        put_lines(draft, [(None, typed())] * rows, replace=True)
        with CaptureQueriesContext(connection) as queries:
            check_draft(draft)
        counts.append(len(queries))

    assert counts == [2, 2]


# --- The list ---


def test_a_year_lists_every_month_with_drafts_and_declarations_in_force(
    acme: WithholdingAgent,
) -> None:
    filed(acme, "10.00", tax_month=date(2006, 3, 1))
    filed(acme, "20.00", tax_month=date(2006, 3, 1))
    filed(acme, "5.00", tax_month=date(2006, 3, 1), kind="refund")
    filed(an_agent("11010002"), "99.00")
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed())

    with CaptureQueriesContext(connection) as queries:
        months = months_of_year(acme, 2006)

    assert len(queries) == 2
    assert [month.tax_month.month for month in months] == list(range(12, 0, -1))
    rows = {
        month.tax_month.month: [
            (row.declaration.kind, row.declaration.version, row.line_count, str(row.tax_withheld))
            for row in month.rows
        ]
        for month in months
        if month.rows
    }
    assert rows == {
        4: [("regular", None, 1, "None")],
        3: [("regular", 2, 1, "20.00"), ("refund", 1, 1, "5.00")],
    }


@pytest.mark.parametrize(
    ("result", "reconciled_too", "state", "reason"),
    [
        ("matched", True, "done", "matched"),
        ("mismatched", True, "fault", "mismatched"),
        ("waiting", True, "waiting", "waiting"),
        ("matched", False, "waiting", "checking"),
    ],
)
def test_the_third_lamp_shows_the_month_s_result(
    acme: WithholdingAgent, result: str, reconciled_too: bool, state: str, reason: str
) -> None:
    month = reconciled(filed(acme).agent_month, result, settles_on=date(2006, 5, 10))
    if not reconciled_too:
        AgentMonth.objects.filter(pk=month.pk).mark_changed()

    row = next(entry for entry in months_of_year(acme, 2006) if entry.rows).rows[0]

    assert [lamp.state for lamp in row.lamps] == ["done", "done", state]
    assert row.lamps[2].reason == reason
