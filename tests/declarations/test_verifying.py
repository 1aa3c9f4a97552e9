"""Verifying a receipt: one word to anybody, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations.models import Declaration
from declarations.selectors import is_genuine_receipt
from declarations.views import verifying
from tests.declarations.builders import LI, a_clerk, a_line, an_agent, file_lines, filed
from tests.declarations.test_pages import text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db


def tamper(statement: str) -> None:
    """Change evidence, as somebody could who owns the database."""
    table = re.search(r"declarations_\w+", statement).group()  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def declaration() -> Declaration:
    return file_lines(an_agent(), a_line(), a_line("10.00", document_number=LI))


def ask(number: str | None, digest: str, client: Client | None = None) -> Any:
    form = {"receipt_number": number, "digest": digest}
    return (client or Client()).post(reverse("receipts:verify"), form)


@pytest.mark.parametrize("shape", ["{}", "  {} ", "{}\n"])
def test_a_receipt_agrees_and_nothing_of_the_declaration_is_shown(
    declaration: Declaration, shape: str
) -> None:
    spaced = " ".join([declaration.digest[:32].upper(), declaration.digest[32:]])

    answer = ask(shape.format(declaration.receipt_number), shape.format(spaced))

    page = text_of(answer)
    assert answer.status_code == 200
    assert "一致 填写回执上的编号" in page
    assert "不一致 填写" not in page
    for secret in ("张三", "340", "5,000", "单位11010001", "2006年4月", LI):
        assert secret not in page


@pytest.mark.parametrize("wrong", ["number", "digest", "both"])
def test_a_wrong_number_and_a_wrong_digest_have_the_same_answer(
    declaration: Declaration, wrong: str
) -> None:
    number = declaration.receipt_number if wrong == "digest" else "11010001-200604-1-009"
    digest = declaration.digest if wrong == "number" else "0" * 64

    assert "不一致 填写回执上的编号" in text_of(ask(number, digest))


def test_the_receipt_of_a_superseded_version_stays_genuine() -> None:
    first = filed(an_agent(), "10.00")
    filed(first.agent_month.agent, "20.00")

    assert is_genuine_receipt(first.receipt_number or "", first.digest)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE declarations_detailline SET tax_withheld = 341 WHERE line_number = 1",
        "UPDATE declarations_detailline SET name = '张五' WHERE line_number = 1",
        "DELETE FROM declarations_detailline WHERE line_number = 2",
        "UPDATE declarations_detailline SET line_number = 13 - line_number",
        "UPDATE declarations_declaration SET declarant = '别人'",
        "UPDATE declarations_declaration SET declarant = ''",
        r"UPDATE declarations_detailline SET document_number = set_byte(document_number, 20, 7)",
    ],
)
def test_what_was_changed_in_the_database_no_longer_agrees(
    declaration: Declaration, statement: str
) -> None:
    number = declaration.receipt_number or ""
    assert is_genuine_receipt(number, declaration.digest)

    tamper(statement)

    assert not is_genuine_receipt(number, declaration.digest)


def test_what_is_not_filled_in_is_named_at_its_field(declaration: Declaration) -> None:
    page = text_of(ask("", "abc"))

    assert "请填写回执编号" in page
    assert "摘要应为 64 位数字和字母 a 至 f" in page
    assert "一致 填写" not in page


def test_a_wrong_digest_costs_one_query_and_a_right_one_two(declaration: Declaration) -> None:
    number = declaration.receipt_number or ""
    for digest, queries in (("0" * 64, 1), (declaration.digest, 2)):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            is_genuine_receipt(number, digest)
        assert len(captured) == queries


def test_an_address_asks_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "VERIFICATIONS", 2)

    answers = [ask("11010001-200604-1-001", "0" * 64) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert "验证的次数过多" in text_of(answers[2])


def test_the_receipt_leads_to_where_it_is_verified(declaration: Declaration) -> None:
    clerk = client_of(a_clerk(declaration.agent_month.agent))

    page = clerk.get(reverse("declarations:receipt", args=[declaration.public_id]))

    assert f'href="{reverse("receipts:verify")}"' in page.content.decode()
