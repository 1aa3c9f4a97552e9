"""窗口受理: an officer takes in a disk or a workbook for the office's agents alone."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from declarations.models import AgentMonth, Declaration
from declarations.sheet_reader import MAX_BYTES
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import an_agent, an_office, filed, typed
from tests.declarations.test_pages import text_of, workbook
from tests.declarations.test_window import a_declaration
from tests.factories import client_of, paid, staff

pytestmark = pytest.mark.django_db
PAGE = "reconciliation:window"


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def officer() -> User:
    return staff(User.Role.OFFICER, an_office())


@pytest.fixture
def desk(officer: User) -> Client:
    return client_of(officer)


def disk(*declarations: dict[str, Any] | str, name: str = "disk.jsonl") -> SimpleUploadedFile:
    lines = [each if isinstance(each, str) else json.dumps(each) for each in declarations]
    return SimpleUploadedFile(name, "\n".join(lines).encode())


def take_in(client: Client, file: SimpleUploadedFile, **form: str) -> Any:
    return client.post(reverse(PAGE), {"file": file, **form})


def take_in_workbook(client: Client, *rows: dict[str, Any], **form: str) -> Any:
    form = {"code": "11010001", "month": "2006-04", "kind": "regular"} | form
    return take_in(client, workbook(*rows), **form)


def test_a_disk_is_filed_at_the_window_with_a_receipt_for_each(
    acme: WithholdingAgent, desk: Client, officer: User
) -> None:
    answer = take_in(
        desk,
        disk(
            a_declaration("10.00", filed_on="2006-05-03"),
            a_declaration("20.00", tax_month="2006-05"),
        ),
    )

    page = text_of(answer)
    assert "受理 2 份申报" in page
    assert "1 单位11010001(11010001) 2006年4月 申报 1 11010001-200604-1-001" in page
    first, second = Declaration.objects.order_by("agent_month__tax_month")
    for declaration in (first, second):
        assert (declaration.channel, declaration.filed_by) == ("window", officer)
        receipt = reverse("declarations:receipt", args=[declaration.public_id])
        assert f'href="{receipt}"' in answer.content.decode()
        assert desk.get(receipt).status_code == 200
    assert first.filed_on == date(2006, 5, 3)
    entries = AuditEntry.objects.filter(action="filing", outcome="filed", user=officer)
    assert entries.count() == 2
    # For who stands there, it is reconciled at once.
    assert not AgentMonth.objects.to_reconcile().exists()


def test_what_is_wrong_with_one_says_nothing_about_the_next(
    acme: WithholdingAgent, desk: Client
) -> None:
    page = text_of(
        take_in(desk, disk("{", a_declaration("20.00"), a_declaration("1.00", kind="other")))
    )

    assert "受理 1 份申报" in page
    assert "有申报被拒绝" in page
    assert "11010001-200604-1-001" in page
    assert "3 kind " in page


def test_an_agent_of_another_office_is_one_that_is_not_registered(
    acme: WithholdingAgent, desk: Client
) -> None:
    an_agent("11010002", office=an_office("110106"))

    pages = [
        text_of(take_in(desk, disk(a_declaration("1.00", computer_code=code))))
        for code in ("11010002", "11019999")
    ]

    assert pages[0].replace("11010002", "x") == pages[1].replace("11019999", "x")
    assert "没有登记信息" in pages[0]
    assert not Declaration.objects.exists()
    assert "没有登记信息" in text_of(take_in_workbook(desk, typed(), code="11010002"))
    assert not Declaration.objects.exists()


def test_a_repeat_files_nothing_and_a_closed_month_refuses(
    acme: WithholdingAgent, desk: Client
) -> None:
    filed(acme, "340.00")
    paid(acme, "2006-04", "340.00")

    # The payment is reconciled first: it closes the month.
    page = text_of(take_in(desk, disk(a_declaration("340.00"), a_declaration("1.00"))))

    assert "与现行申报相同,未重复受理" in page
    assert "如果修改,请联系税务所" in page
    assert Declaration.objects.count() == 1


def test_a_workbook_is_one_declaration(acme: WithholdingAgent, desk: Client, officer: User) -> None:
    page = text_of(take_in_workbook(desk, typed(), typed(tax_withheld="1.00"), kind="additional"))

    declaration = Declaration.objects.get()
    assert "受理 1 份申报" in page
    assert (declaration.channel, declaration.filed_by) == ("window", officer)
    assert (declaration.kind, declaration.line_count) == ("additional", 2)
    assert declaration.declarant == acme.name
    assert declaration.coverage == "full"


def test_a_workbook_with_faults_files_nothing_and_names_them(
    acme: WithholdingAgent, desk: Client
) -> None:
    page = text_of(take_in_workbook(desk, typed(), typed(name="")))

    assert "3 姓名 请填写姓名" in page
    assert not Declaration.objects.exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"code": ""}, "工作簿须填写计算机代码"),
        ({"month": ""}, "工作簿须填写税款所属月份"),
        ({"month": "2006-13"}, "税款所属月份应"),
        ({"month": "2005-12"}, "只能申报"),
        ({"kind": ""}, "工作簿须选择申报类型"),
    ],
)
def test_a_workbook_needs_to_be_told_whose_it_is(
    acme: WithholdingAgent, desk: Client, form: dict[str, str], said: str
) -> None:
    assert said in text_of(take_in_workbook(desk, typed(), **form))
    assert not Declaration.objects.exists()


def test_a_registration_without_an_address_makes_no_head(desk: Client) -> None:
    an_agent(address="")

    page = text_of(take_in_workbook(desk, typed()))

    assert "该单位的登记信息中没有有效联系地址" in page
    assert not Declaration.objects.exists()


def test_other_files_and_large_ones_are_refused(acme: WithholdingAgent, desk: Client) -> None:
    assert "请选择 .jsonl、.xlsx 或 .csv 文件" in text_of(take_in(desk, disk("{}", name="a.pdf")))
    large = SimpleUploadedFile("disk.jsonl", b"x" * (MAX_BYTES + 1))
    assert "文件超过 5 MB" in text_of(take_in(desk, large))
    assert not Declaration.objects.exists()


@pytest.mark.parametrize("role", [role for role in User.Role if role != User.Role.OFFICER])
def test_other_staff_take_nothing_in(acme: WithholdingAgent, role: User.Role) -> None:
    client = client_of(staff(role, an_office()))

    assert take_in(client, disk(a_declaration("1.00"))).status_code == 403
    assert not Declaration.objects.exists()


def test_the_officer_s_menu_leads_there(desk: Client) -> None:
    assert f'href="{reverse(PAGE)}"' in desk.get(reverse("staff_home")).content.decode()
