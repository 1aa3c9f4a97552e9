"""The register of persons: one row a person, what it keeps, and what it refuses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from declarations.faults import FaultCode
from declarations.models import DetailLine, Taxpayer
from declarations.refusals import LeftBeforeJoining, PersonIsGone, PersonIsRegistered
from declarations.selectors import (
    checked_lines,
    digest_of,
    draft_lines_of,
    person_of,
    persons_not_in_register,
    taxpayer_of,
    taxpayers_matching,
    taxpayers_of,
)
from declarations.services.drafts import add_line, create_draft, put_lines
from declarations.services.taxpayers import (
    add_taxpayer,
    begin_draft_from_register,
    delete_taxpayer,
    edit_taxpayer,
    mark_back,
    mark_left,
    register_persons_of,
    taxpayer_row,
)
from portal.models import AuditEntry, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    an_agent,
    filed,
    typed,
)
from tests.declarations.register import ZHANG_OF_15, a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


def a_taxpayer(agent: WithholdingAgent, **fields: Any) -> Taxpayer:
    taxpayer = taxpayer_row(agent, a_person(**fields))
    taxpayer.save()
    return taxpayer


# --- What the database keeps ---


def test_a_person_with_15_and_18_digits_is_one(acme: WithholdingAgent) -> None:
    a_taxpayer(acme)

    with pytest.raises(IntegrityError, match="one_per_agent_and_document"), transaction.atomic():
        a_taxpayer(acme, document_number=ZHANG_OF_15)
    a_taxpayer(acme, document_type="03")
    a_taxpayer(an_agent("11010002"))


def test_nobody_leaves_before_joining(acme: WithholdingAgent) -> None:
    a_taxpayer(acme, joined_on=date(2006, 4, 1), left_on=date(2006, 4, 1))

    with pytest.raises(IntegrityError, match="did_not_leave_before_joining"):
        a_taxpayer(acme, document_type="03", joined_on=date(2006, 4, 1), left_on=date(2006, 3, 1))


def test_the_database_cannot_read_a_number(acme: WithholdingAgent) -> None:
    a_taxpayer(acme)

    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM declarations_taxpayer AS t")
        (text,) = cursor.fetchone()
    assert ZHANG not in text
    assert ZHANG.encode().hex() not in text


# --- Added, changed, left, back again, deleted ---


def test_a_person_is_added_changed_and_deleted(acme: WithholdingAgent) -> None:
    taxpayer = add_taxpayer(acme, a_person())

    edit_taxpayer(taxpayer, a_person(name="张叁", document_number=LI))
    taxpayer.refresh_from_db()
    assert (taxpayer.name, str(taxpayer.document_number)) == ("张叁", "110***********0038")
    assert taxpayer_of(acme, a_person(document_number=LI)) == taxpayer
    assert taxpayer_of(acme, a_person()) is None

    delete_taxpayer(taxpayer)
    delete_taxpayer(taxpayer)
    assert not Taxpayer.objects.exists()
    with pytest.raises(PersonIsGone):
        edit_taxpayer(taxpayer, a_person())


def test_the_register_has_a_person_once(acme: WithholdingAgent) -> None:
    add_taxpayer(acme, a_person())
    other = add_taxpayer(acme, a_person(name="李四", document_number=LI))

    with pytest.raises(PersonIsRegistered, match="姓名为“张三”"):
        add_taxpayer(acme, a_person(name="张叁", document_number=ZHANG_OF_15))
    with pytest.raises(PersonIsRegistered):
        edit_taxpayer(other, a_person())
    assert Taxpayer.objects.count() == 2


def test_a_twin_that_another_window_added_is_named(
    acme: WithholdingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_taxpayer(acme, a_person())
    answers = iter([None])
    real = taxpayer_of
    monkeypatch.setattr(
        "declarations.services.taxpayers.taxpayer_of",
        lambda *args: next(answers, real(*args)),
    )

    with pytest.raises(PersonIsRegistered):
        add_taxpayer(acme, a_person())


def test_who_left_can_come_back(acme: WithholdingAgent) -> None:
    taxpayer = add_taxpayer(acme, a_person(joined_on=date(2006, 4, 1)))

    with pytest.raises(LeftBeforeJoining, match="2006-04-01"):
        mark_left(taxpayer, date(2006, 3, 31))
    mark_left(taxpayer, date(2006, 5, 31))
    assert list(taxpayers_of(acme, "left")) == [taxpayer]
    assert list(taxpayers_of(acme, "there")) == []

    mark_back(taxpayer)
    assert list(taxpayers_of(acme, "there")) == [taxpayer]


@time_machine.travel("2006-05-31T08:00:00+08:00")
def test_who_leaves_on_a_later_day_is_there_until_then(acme: WithholdingAgent) -> None:
    taxpayer = add_taxpayer(acme, a_person(left_on=date(2006, 6, 1)))

    assert list(taxpayers_of(acme, "there")) == [taxpayer]
    mark_left(taxpayer, date(2006, 5, 31))
    assert list(taxpayers_of(acme, "left")) == [taxpayer]


def test_persons_are_found_by_name_or_whole_number(acme: WithholdingAgent) -> None:
    zhang = add_taxpayer(acme, a_person())
    li = add_taxpayer(acme, a_person(name="李四 Li Si", document_type="03", document_number="G1"))
    add_taxpayer(an_agent("11010002"), a_person())

    assert list(taxpayers_matching(acme, "张")) == [zhang]
    assert list(taxpayers_matching(acme, "li si")) == [li]
    assert list(taxpayers_matching(acme, ZHANG_OF_15)) == [zhang]
    assert list(taxpayers_matching(acme, ZHANG.lower())) == [zhang]
    assert list(taxpayers_matching(acme, "ｇ１")) == [li]
    assert list(taxpayers_matching(acme, ZHANG[:10])) == []
    assert list(taxpayers_matching(acme, "x" * 200)) == []


# --- Declarations and the register ---


def test_who_is_not_in_the_register_is_named_once(acme: WithholdingAgent) -> None:
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed())
    add_line(draft, typed(document_number=ZHANG_OF_15, income_item="0103"))
    add_line(draft, typed(name="李四", document_number=LI))
    add_line(draft, typed(name="无号", document_number=""))

    assert persons_not_in_register(draft).shown == [(1, "张三"), (3, "李四")]
    add_taxpayer(an_agent("11010002"), a_person())
    assert persons_not_in_register(draft).count == 2
    add_taxpayer(acme, a_person())
    assert persons_not_in_register(draft).shown == [(3, "李四")]


def test_the_first_ten_are_named_and_the_others_counted(
    acme: WithholdingAgent, django_assert_num_queries: Any
) -> None:
    draft = create_draft(acme, APRIL, "regular")
    rows = [(None, typed(document_type="03", document_number=f"G{n:07}")) for n in range(25)]
    put_lines(draft, rows, replace=False)

    with django_assert_num_queries(2):
        found = persons_not_in_register(draft)

    assert (found.count, len(found.shown), found.more) == (25, 10, 15)


def test_everybody_of_a_draft_is_registered_at_once(acme: WithholdingAgent) -> None:
    alice = a_clerk(acme)
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed(document_number=ZHANG_OF_15))
    add_line(draft, typed(name="错号", document_number="110105194912310021"))
    add_line(draft, typed(name="李四", document_number=LI, occupation=""))
    add_line(draft, typed(name="李四", document_number=LI, income="五千", employed_here="否"))

    with CaptureQueriesContext(connection) as queries:
        assert register_persons_of(draft, by=alice) == (2, 1)

    zhang, li = Taxpayer.objects.order_by("pk")
    assert zhang.document_number.reveal("test") == ZHANG_OF_15
    assert (li.name, li.employed_here, li.country, li.occupation) == (
        "李四", False, "001", "2010000",
    )  # fmt: skip
    inserts = [query for query in queries if 'INTO "declarations_taxpayer' in query["sql"]]
    assert len(inserts) == 1
    entry = AuditEntry.objects.get(action=AuditEntry.Action.IMPORT)
    assert (entry.outcome, entry.user, entry.detail) == ("registered", alice, {"persons": 2})
    # Again: nothing, but for the one with a bad number.
    assert register_persons_of(draft, by=alice) == (0, 1)
    assert persons_not_in_register(draft).shown == [(2, "错号")]


def test_everybody_of_a_filed_declaration_is_registered(acme: WithholdingAgent) -> None:
    declaration = filed(acme, "1.00", "2.00")
    assert persons_not_in_register(declaration).shown == [(1, "张三")]

    assert register_persons_of(declaration, by=a_clerk(acme)) == (1, 0)

    assert persons_not_in_register(declaration).count == 0
    taxpayer = Taxpayer.objects.get()
    assert person_of(taxpayer, "test") == a_person()


def test_who_is_in_the_register_stays_as_they_are_there(acme: WithholdingAgent) -> None:
    add_taxpayer(acme, a_person(name="张叁", remark="旧名"))
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed())

    assert register_persons_of(draft, by=a_clerk(acme)) == (0, 0)

    assert Taxpayer.objects.get().name == "张叁"


def test_a_draft_begins_with_those_who_were_there_in_its_month(acme: WithholdingAgent) -> None:
    may = date(2006, 5, 1)
    add_taxpayer(acme, a_person(name="甲", resident=True))
    for number, fields in enumerate(
        [
            {"name": "乙", "joined_on": date(2006, 5, 1)},
            {"name": "丙", "joined_on": date(2006, 4, 30), "employed_here": False},
            {"name": "丁", "left_on": date(2006, 3, 31)},
            {"name": "戊", "left_on": date(2006, 4, 1)},
        ]
    ):
        add_taxpayer(acme, a_person(document_type="03", document_number=f"G{number:07}", **fields))

    draft = begin_draft_from_register(acme, APRIL, "regular", coverage="full")

    lines = draft_lines_of(draft)
    checked = checked_lines(list(lines), APRIL, "test")
    assert {each.cells["name"]: each.cells.get("income_item") for each in checked} == {
        "丙": None,
        "戊": "0101",
        "甲": "0101",
    }
    wanted = {("income", FaultCode.REQUIRED), ("tax_withheld", FaultCode.REQUIRED)}
    assert {(fault.field, fault.code) for fault in checked[-1].faults} == wanted
    assert persons_not_in_register(draft).count == 0
    assert [row.position for row in lines] == [1, 2, 3]
    assert (
        len(draft_lines_of(begin_draft_from_register(acme, may, "regular", coverage="full"))) == 3
    )


def test_the_form_of_2019_is_told_who_is_a_resident(acme: WithholdingAgent) -> None:
    add_taxpayer(acme, a_person(country="003", resident=False))

    old = begin_draft_from_register(acme, APRIL, "regular", coverage="full")
    new = begin_draft_from_register(acme, date(2019, 1, 1), "regular", coverage="full")

    assert "resident" not in checked_lines(list(draft_lines_of(old)), APRIL, "test")[0].cells
    cells = checked_lines(list(draft_lines_of(new)), date(2019, 1, 1), "test")[0].cells
    assert cells["resident"] == "否"


def test_a_declaration_keeps_its_persons_without_the_register(acme: WithholdingAgent) -> None:
    declaration = filed(acme)
    register_persons_of(declaration, by=a_clerk(acme))

    delete_taxpayer(Taxpayer.objects.get())

    assert DetailLine.objects.get().name == "张三"
    assert digest_of(declaration) == declaration.digest
