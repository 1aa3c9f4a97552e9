"""身份证校验: a resident number that fails keeps its line from being saved and from being filed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from declarations.models import Declaration, DraftLine
from declarations.services.drafts import add_line, create_draft
from portal.models import WithholdingAgent
from tests.declarations.builders import APRIL, ZHANG, a_clerk, an_agent, typed
from tests.factories import client_of

pytestmark = pytest.mark.django_db
BLOCKED = "身份证检验不合格,无法保存和向地税机关提交。"


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (ZHANG[:-1] + "1", "第 18 位应为 X,现为 1"),
        ("110105491231", "现为 12 位"),
        ("11010519490231002X", "19490231"),
        ("110105490231002", "490231"),
    ],
)
@pytest.mark.parametrize("document_type", ["01", "居民身份证", "01 居民身份证"])
def test_a_failing_resident_number_is_not_saved_and_what_was_typed_is_still_there(
    clerk: Client, draft: Declaration, number: str, reason: str, document_type: str
) -> None:
    page = clerk.post(
        reverse("declarations:add_line", args=[draft.public_id]),
        typed(document_type=document_type, document_number=number, remark="二月新来"),
    )

    text = page.content.decode()
    assert not DraftLine.objects.exists()
    assert BLOCKED in text
    assert reason in text
    assert f'value="{number}"' in text
    assert 'value="二月新来"' in text or ">二月新来<" in text


def test_a_saved_line_keeps_its_number_when_the_new_one_fails(
    clerk: Client, draft: Declaration
) -> None:
    line = add_line(draft, typed())
    address = reverse("declarations:line", args=[draft.public_id, line.public_id])

    page = clerk.post(address, typed(document_number=ZHANG[:-1] + "1"))

    line.refresh_from_db()
    assert BLOCKED in page.content.decode()
    assert line.cells.reveal_json("test")["document_number"] == ZHANG


@pytest.mark.parametrize(
    ("document_type", "number"),
    [
        ("01", ZHANG),
        ("01", "110105491231002"),
        ("01", ""),
        ("03", "E12345678"),
        ("07", "810000199408230021"),
        ("", "1234"),
        ("没有这种", "1234"),
    ],
)
def test_other_numbers_are_saved_and_named_where_they_are_wrong(
    clerk: Client, draft: Declaration, document_type: str, number: str
) -> None:
    clerk.post(
        reverse("declarations:add_line", args=[draft.public_id]),
        typed(document_type=document_type, document_number=number),
    )

    assert DraftLine.objects.count() == 1


def test_a_failing_number_that_came_with_a_workbook_is_kept_marked_and_never_filed(
    clerk: Client, draft: Declaration
) -> None:
    add_line(draft, typed(document_number=ZHANG[:-1] + "1"))

    page = clerk.get(reverse("declarations:check", args=[draft.public_id])).content.decode()

    assert "身份证号第 18 位应为 X,现为 1" in page
    assert 'name="password"' not in page
