"""更正前后对照: lines added, removed and changed between two versions, and who may see them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations.models import Declaration
from declarations.selectors import changes_between
from declarations.services.drafts import create_draft
from portal.models import User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    a_line,
    an_agent,
    an_office,
    file_lines,
    filed,
)
from tests.declarations.test_pages import text_of
from tests.factories import client_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def versions(acme: WithholdingAgent) -> tuple[Declaration, Declaration]:
    """Zhang's tax and remark change, Li goes, a third person comes; Zhang's prize stays."""
    prize = a_line("7.00", income_item="0901")
    first = file_lines(
        acme, a_line("340.00"), a_line("10.00", name="李四", document_number=LI), prize
    )
    second = file_lines(
        acme,
        prize,
        a_line("340.00", name="王二", document_type="04", document_number="P1"),
        a_line("345.00", document_number="110105491231002", remark="补扣"),
    )
    return first, second


def address(declaration: Declaration, query: str = "") -> str:
    return reverse("declarations:changes", args=[declaration.public_id]) + query


def test_lines_are_matched_by_person_and_item(versions: tuple[Declaration, Declaration]) -> None:
    found = changes_between(*versions)

    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    (changed,) = (each for each in found.lines if each.columns)
    assert changed.columns == ("tax_withheld", "remark")


def test_the_same_lines_in_another_order_are_no_change(acme: WithholdingAgent) -> None:
    lines = [a_line("1.00"), a_line("1.00"), a_line("2.00"), a_line("3.00", document_number=LI)]
    first = file_lines(acme, *lines)

    assert changes_between(first, file_lines(acme, *reversed(lines))).lines == []


def test_of_twins_only_the_surplus_is_a_change(acme: WithholdingAgent) -> None:
    first = file_lines(acme, a_line("1.00"), a_line("1.00"), a_line("2.00"))
    found = changes_between(first, file_lines(acme, a_line("1.00"), a_line("2.50")))

    assert (found.added, found.removed, found.changed) == (0, 1, 1)


def test_the_page_shows_both_versions(
    versions: tuple[Declaration, Declaration], clerk: Client
) -> None:
    first, second = versions
    linked = clerk.get(second.get_absolute_url()).content.decode()
    assert f'href="{address(second)}?with=1"' in linked

    page = text_of(clerk.get(address(second)))

    assert "增加 1 行,删除 1 行,修改 1 行" in page
    assert "修改 1 → 3 张三 110105491231002" in page
    assert "已扣税额 340.00 345.00" in page
    assert "备注 — 补扣" in page
    assert f"删除 2 李四 {LI}" in page
    assert "增加 2 王二 P1" in page
    assert "3 15,000.00 357.00 3 15,000.00 692.00 335.00" in page
    # From the other side it is the same page.
    assert "已扣税额 340.00 345.00" in text_of(clerk.get(address(first, "?with=2")))


def test_the_head_s_changes_are_named(acme: WithholdingAgent, clerk: Client) -> None:
    filed(acme, phone="010-60000001", declarant="王五")
    second = filed(acme, phone="010-60000002", declarant="赵六")

    page = text_of(clerk.get(address(second)))

    assert "有效联系电话 010-60000001 010-60000002" in page
    assert "声明人 王五 赵六" in page
    assert "邮政编码" not in page
    assert "增加 0 行,删除 0 行,修改 0 行" in page


def test_any_two_versions_can_be_compared(acme: WithholdingAgent, clerk: Client) -> None:
    for tax in ("1.00", "2.00", "3.00"):
        newest = filed(acme, tax)

    assert "已扣税额 2.00 3.00" in text_of(clerk.get(address(newest)))
    assert "已扣税额 1.00 3.00" in text_of(clerk.get(address(newest, "?with=1")))
    for strange in ("?with=9", "?with=3", "?with=x", "?with=" + "9" * 400):
        assert clerk.get(address(newest, strange)).status_code == 200


def test_what_has_one_version_or_none_has_no_such_page(
    acme: WithholdingAgent, clerk: Client
) -> None:
    first = filed(acme)
    draft = create_draft(acme, APRIL, "refund")

    for each in (first, draft):
        assert clerk.get(address(each)).headers["Location"] == each.get_absolute_url()
    assert address(first) not in clerk.get(first.get_absolute_url()).content.decode()


def test_staff_see_masks(versions: tuple[Declaration, Declaration]) -> None:
    officer = client_of(staff(User.Role.OFFICER, an_office()))

    page = text_of(officer.get(address(versions[1])))

    assert "李*" in page
    for secret in (ZHANG, LI, "李四", "王二", "110105491231002"):
        assert secret not in page


def test_a_hundred_changes_take_as_many_queries_as_three(
    acme: WithholdingAgent, versions: tuple[Declaration, Declaration], clerk: Client
) -> None:
    many = [a_line("1.00", document_number=LI, income=Decimal(n)) for n in range(100)]
    newest = file_lines(acme, *many)
    counts = []
    for address_ in (address(versions[1]), address(newest)):
        clerk.get(address_)
        with CaptureQueriesContext(connection) as captured:
            assert clerk.get(address_).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert "第 1 页,共 3 页" in text_of(clerk.get(address(newest)))
