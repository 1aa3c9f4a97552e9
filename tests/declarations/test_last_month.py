"""The check page beside last month's declaration: sums, who is new, who is gone, what jumped."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations.models import Declaration
from declarations.selectors import check_draft, last_month_beside
from declarations.services.drafts import add_line, create_draft, put_lines
from portal.models import WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    a_clerk,
    a_line,
    an_agent,
    file_lines,
    filed,
    typed,
)
from tests.declarations.test_pages import text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db
MARCH = date(2006, 3, 1)
WANG = "110105197503150011"


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    """April: Zhang earns 5,000, Wang comes in."""
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed())
    add_line(draft, typed(name="王二", document_number="X123", document_type="04"))
    return draft


def page_of(draft: Declaration) -> str:
    clerk = client_of(a_clerk(draft.agent_month.agent))
    return text_of(clerk.get(reverse("declarations:check", args=[draft.public_id])))


def test_persons_are_new_and_gone_by_their_documents(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    # The same person, with fifteen digits and another name.
    file_lines(
        acme,
        a_line("1.00", name="张三丰", document_number="110105491231002"),
        a_line("2.00", name="李四", document_number=LI),
        month=MARCH,
    )

    found = last_month_beside(draft, check_draft(draft))

    assert found is not None
    assert (found.new.count, found.new.names) == (1, ["王二"])
    assert (found.gone.count, found.gone.names) == (1, ["李四"])
    assert found.jumps == []
    page = page_of(draft)
    assert "本月新增人员 1 人 王二" in page
    assert "上月有、本月没有的人员 1 人 李四" in page


def test_sums_stand_side_by_side_by_item(acme: WithholdingAgent, draft: Declaration) -> None:
    file_lines(acme, a_line("1.00"), a_line("2.00", income_item="0601"), month=MARCH)

    found = last_month_beside(draft, check_draft(draft))

    assert found is not None
    assert [
        (each.income_item, each.before.line_count, each.after.line_count, each.tax_difference)
        for each in [*found.changes.items, found.changes.total]
    ] == [
        ("0101", 1, 2, Decimal("679.00")),
        ("0601", 1, 0, Decimal("-2.00")),
        ("", 2, 2, Decimal("677.00")),
    ]
    assert "2 10,000.00 3.00 2 10,000.00 680.00 677.00" in page_of(draft)


@pytest.mark.parametrize(
    ("before", "jumps"),
    [("10000.00", 0), ("10000.02", 1), ("3333.33", 1), ("3333.34", 0), ("0.00", 0)],
)
def test_an_income_jumps_when_it_changes_by_more_than_half(
    acme: WithholdingAgent, draft: Declaration, before: str, jumps: int
) -> None:
    file_lines(acme, a_line("1.00", income=Decimal(before)), month=MARCH)

    found = last_month_beside(draft, check_draft(draft))

    assert found is not None
    assert len(found.jumps) == found.jump_count == jumps
    assert ("相差超过 50% 的人员 1 人" in page_of(draft)) == bool(jumps)


def test_the_incomes_of_a_person_are_added_up(acme: WithholdingAgent, draft: Declaration) -> None:
    half = Decimal("2500.00")
    file_lines(acme, a_line("1.00", income=half), a_line("1.00", income_foreign=half, income=0))
    month = file_lines(
        acme,
        a_line("1.00", income=half),
        a_line("1.00", income=Decimal(0), income_foreign=half, income_item="0601"),
        month=MARCH,
    )

    found = last_month_beside(draft, check_draft(draft))

    assert found is not None
    assert found.declaration == month
    assert found.jumps == []


def test_only_the_declaration_in_force_of_last_month_and_that_kind_counts(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    filed(acme, tax_month=date(2006, 2, 1))
    filed(acme, tax_month=MARCH, kind="additional")
    filed(an_agent("11010002"), tax_month=MARCH)
    assert last_month_beside(draft, check_draft(draft)) is None
    assert "与上月申报比较" not in page_of(draft)

    filed(acme, "1.00", tax_month=MARCH)
    newest = filed(acme, "2.00", tax_month=MARCH)

    found = last_month_beside(draft, check_draft(draft))
    assert found is not None
    assert found.declaration == newest


def test_a_hundred_lines_take_as_many_queries_as_two(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    file_lines(acme, *(a_line(document_number=LI) for _ in range(100)), month=MARCH)
    put_lines(draft, [(None, typed()) for _ in range(100)], replace=False)
    check = check_draft(draft)

    with CaptureQueriesContext(connection) as captured:
        last_month_beside(draft, check)

    assert len(captured) == 4


def test_so_many_names_are_shown_and_the_rest_is_counted(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    filed(acme, tax_month=MARCH)
    put_lines(
        draft,
        [
            (None, typed(name=f"人{n:02}", document_type="04", document_number=f"P{n}"))
            for n in range(60)
        ],
        replace=True,
    )

    page = page_of(draft)

    assert "本月新增人员 60 人 人00、人01" in page
    assert "人49等 60 人" in page
    assert "人50" not in page
