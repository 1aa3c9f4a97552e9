"""The printed form: 扣缴个人所得税报告表, with and without the explanation of each line."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations import printing
from declarations.capital_figures import in_capitals
from declarations.models import Declaration
from declarations.services.drafts import add_line, create_draft
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    a_line,
    a_line_of_2025,
    an_agent,
    an_office,
    file_lines,
    typed,
)
from tests.factories import client_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def officer() -> Client:
    return client_of(staff(User.Role.OFFICER, an_office()))


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


def url(name: str, *args: Any) -> str:
    return reverse(f"declarations:{name}", args=args)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_the_printed_form_has_head_lines_figures_totals_and_places_to_sign(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(
        acme,
        a_line("340.00", exempt_income=Decimal(300), income_foreign=Decimal("12.5")),
        a_line("1000.00", income_item="05", facts={"kind": "unlisted_dividend"}),
    )

    answer = clerk.get(url("printed", declaration.public_id))

    page = text_of(answer)
    for said in (
        *("扣缴个人所得税报告表", "所得期间 2006年4月", "填表日期", "声明人 王五", "金额单位:元"),
        *(declaration.receipt_number or "", declaration.digest, ZHANG),
        "5,000.00 12.50 5,012.50 300.00 0.00 1,600.00 0.00 3,112.50 15% 125.00 341.88 0.00 340.00",
        *("计税事实:所得种类: 非上市公司股息、红利", "按所得项目合计"),
        *("合计 2 10,012.50 0.00 1,340.00", "壹仟叁佰肆拾元整"),
        *("声明人签字:", "扣缴单位(公章)", "主管税务机关(受理专用章)"),
    ):
        assert said in page
    assert "草稿" not in page
    assert "计算说明" not in page.replace("附计算说明", "")
    assert "<thead>" in answer.content.decode()


def test_the_printed_form_from_2019_has_every_column_in_two_rows(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(
        acme, a_line_of_2025("615.00", cum_infants=Decimal(2000)), month=date(2025, 1, 1)
    )

    content = clerk.get(url("printed", declaration.public_id)).content.decode()

    headings = re.findall(r'<th scope="col" id="h(\d+)"[^>]*>([^<]+)</th>', content)
    assert [int(place) for place, _ in headings] == list(range(1, 37))
    assert [text for _, text in headings[-7:]] == [
        *("应纳税所得额", "税率", "速算扣除数", "应扣税额", "减免税额", "已扣税额", "备注")
    ]
    cells = dict(re.findall(r'<td headers="h(\d+)"[^>]*>([^<]*)</td>', content))
    values = {text: cells[place] for place, text in headings}
    assert values["累计3岁以下婴幼儿照护"] == "2,000.00"
    assert values["收入额合计"] == "30,000.00"
    assert values["应扣税额"] == "555.00"


def test_a_draft_is_printed_as_a_draft_with_its_faulty_lines_as_typed(
    clerk: Client, officer: Client, draft: Declaration
) -> None:
    add_line(draft, typed())
    add_line(draft, typed(income="五千", document_number=LI))

    page = text_of(clerk.get(url("printed", draft.public_id)))

    assert "草稿,尚未申报" in page
    assert "五千" in page
    assert "收入额(人民币)应为不小于 0" in page
    assert "不含有误的明细" in page
    assert "合计 1 5,000.00" in page
    assert officer.get(url("printed", draft.public_id)).status_code == 404


def test_the_explanations_stand_under_the_table_if_they_are_wanted(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(acme, a_line("365.00"), a_line("1000", income_item="05"))
    address = url("printed", declaration.public_id)

    assert f'href="{address}?explained=1"' in clerk.get(address).content.decode()
    page = text_of(clerk.get(f"{address}?explained=1"))
    assert "第 1 行明细 · 张三 · 0101 工资、薪金所得-普通月工资" in page
    assert "收入额 5,000.00 - 费用扣除标准 1,600.00 = 3,400.00" in page
    assert "第 2 行明细 · 张三 · 05 股息、利息、红利所得" in page


def test_a_long_form_comes_in_parts_with_the_totals_on_the_last(
    clerk: Client, acme: WithholdingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.views.printing.LINES_A_PART", 2)
    monkeypatch.setattr("declarations.views.printing.LINES_A_PART_EXPLAINED", 1)
    declaration = file_lines(acme, *[a_line()] * 3)
    address = url("printed", declaration.public_id)

    first, last = text_of(clerk.get(address)), text_of(clerk.get(f"{address}?page=2"))
    assert "第 1 部分,共 2 部分" in first
    assert "合计和签章栏在最后一部分" in first
    assert "按所得项目合计" not in first
    assert "合计 3 15,000.00" in last
    explained = clerk.get(f"{address}?explained=1").content.decode()
    assert "第 1 部分,共 3 部分" in explained
    assert 'href="?explained=1&amp;page=2"' in explained


def test_opening_the_printed_form_is_audited_and_an_officer_s_is_masked(
    clerk: Client, officer: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(acme, a_line(), a_line("1", document_number=LI, name="李四"))
    address = url("printed", declaration.public_id)

    clerk.get(address)
    entries = AuditEntry.objects.filter(action="reveal", agent=acme)
    details = [entry.detail for entry in entries if entry.detail["reason"] == "the printed form"]
    assert {
        "column": "declarations_detailline.document_number",
        "reason": "the printed form",
        "times": 2,
    } in details

    page = text_of(officer.get(f"{address}?explained=1"))
    assert ZHANG not in page
    assert "张三" not in page
    assert "010-60000001" not in page
    assert "张*" in page
    assert not AuditEntry.objects.filter(action="reveal").exclude(agent=acme).exists()


def test_names_are_escaped_on_the_printed_form(clerk: Client, acme: WithholdingAgent) -> None:
    declaration = file_lines(acme, a_line(name="<b>张三</b>"))

    content = clerk.get(url("printed", declaration.public_id)).content.decode()
    assert "<b>张三" not in content
    assert "&lt;b&gt;张三" in content


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万零柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("100000000", "壹亿元整"),
        ("1000100000000", "壹万零壹亿元整"),
    ],
)
def test_the_total_is_written_in_capital_figures(amount: str, words: str) -> None:
    assert in_capitals(Decimal(amount)) == words


def test_no_amount_in_capital_figures_is_below_zero_or_too_large() -> None:
    for amount in ("-0.01", "1e16"):
        with pytest.raises(ValueError, match="capital figures"):
            in_capitals(Decimal(amount))
    assert printing.total_in_capitals(Decimal("1e16")) == ""


def test_a_long_form_asks_no_more_of_the_database_than_a_short_one(
    clerk: Client, acme: WithholdingAgent
) -> None:
    few = file_lines(acme, a_line(), month=date(2006, 2, 1))
    many = file_lines(
        acme,
        *(a_line(document_type="03", document_number=f"E{n:08}") for n in range(60)),
        month=date(2006, 3, 1),
    )
    queries = []
    for declaration in (few, many):
        with CaptureQueriesContext(connection) as captured:
            address = url("printed", declaration.public_id)
            assert clerk.get(f"{address}?explained=1").status_code == 200
        queries.append(len(captured))
    assert queries[1] <= queries[0]


def test_the_form_is_read_in_english_too_and_has_no_inline_scripts_or_styles(
    clerk: Client, acme: WithholdingAgent, draft: Declaration
) -> None:
    add_line(draft, typed())
    declaration = file_lines(acme, a_line(), month=date(2006, 3, 1))
    clerk.cookies["language"] = "en"

    for owner in (draft, declaration):
        address = url("printed", owner.public_id)
        content = clerk.get(f"{address}?explained=1").content.decode()
        assert '<html lang="en">' in content
        assert "style=" not in content
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style", content)
