"""The pages of the register: listed, searched, changed, imported and exported without scripts."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from declarations.models import Roster, Taxpayer
from declarations.persons import texts_of
from declarations.roster import HEADINGS
from declarations.roster_workbook import write_roster
from declarations.selectors import person_of
from declarations.services import imports
from declarations.services.drafts import add_line, create_draft
from declarations.services.taxpayers import add_taxpayer
from declarations.sheet_reader import MAX_BYTES
from portal.guards import PROVED_AT
from portal.models import AuditEntry, Job, User, WithholdingAgent
from tests.declarations.builders import APRIL, LI, ZHANG, a_clerk, an_agent, filed, typed
from tests.declarations.register import ZHANG_OF_15, a_person
from tests.declarations.spreadsheets import sheet, workbook
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    return a_clerk(acme)


@pytest.fixture
def clerk(alice: User) -> Client:
    return client_of(alice)


def url(name: str, *args: Any) -> str:
    return reverse(f"taxpayers:{name}", args=args)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def file_of(*persons: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("persons.xlsx", write_roster(persons))


def seen(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', response.content.decode())
    assert found is not None
    return found[1]


# --- One person ---


def test_a_clerk_adds_a_person_and_sees_the_whole_number(clerk: Client) -> None:
    answer = clerk.post(url("add"), texts_of(a_person(remark="返聘")), follow=True)

    page = text_of(answer)
    assert "已添加张三。" in page
    assert ZHANG in page
    entry = AuditEntry.objects.get(action=AuditEntry.Action.REVEAL)
    assert entry.detail == {
        "column": "declarations_taxpayer.document_number",
        "reason": "the register of persons",
        "times": 1,
    }


def test_what_is_wrong_stands_at_its_field_and_is_not_kept(
    clerk: Client, acme: WithholdingAgent
) -> None:
    add_taxpayer(acme, a_person())
    typed_wrong = texts_of(a_person()) | {
        "document_number": "110105194912310021",
        "occupation": "会计师爷",
        "left_on": "2006-02-30",
        "name": "",
    }

    page = clerk.post(url("add"), typed_wrong)

    words = text_of(page)
    for said in (
        "姓名:请填写姓名",
        "身份证照号码:身份证号第 18 位应为 X,现为 1",
        "离职日期应写作 2006-05-07 的样式,现为“2006-02-30”",
        "职业“会计师爷”不在代码表中",
    ):
        assert said in words
    assert page.content.decode().count('aria-invalid="true"') == 4
    words = text_of(clerk.post(url("add"), texts_of(a_person(document_number=ZHANG_OF_15))))
    assert "此证照号码已登记,姓名为“张三”" in words
    assert Taxpayer.objects.count() == 1


def test_a_person_is_changed_as_shown(clerk: Client, acme: WithholdingAgent) -> None:
    taxpayer = add_taxpayer(acme, a_person(joined_on=date(2006, 4, 1), resident=True))

    page = clerk.get(taxpayer.get_absolute_url()).content.decode()
    shown = dict(re.findall(r'<input [^>]*?name="(\w+)" value="([^"]*)"', page))
    for name in ("country", "employed_here", "joined_on"):
        assert shown[name] == {"country": "001 中国", "employed_here": "是"}.get(name, "2006-04-01")
    shown.pop("csrfmiddlewaretoken")
    clerk.post(taxpayer.get_absolute_url(), shown | {"name": "张叁"})

    taxpayer.refresh_from_db()
    assert person_of(taxpayer, "test") == a_person(
        name="张叁", joined_on=date(2006, 4, 1), resident=True
    )


@time_machine.travel("2006-05-31T08:00:00+08:00")
def test_a_person_leaves_and_comes_back(clerk: Client, acme: WithholdingAgent) -> None:
    taxpayer = add_taxpayer(acme, a_person())

    page = clerk.post(url("leave", taxpayer.public_id), follow=True)
    assert "张三已离职,离职日期 2006-05-31" in text_of(page)
    assert "还没有人员" in text_of(page)
    assert "恢复在职" in text_of(clerk.get(url("taxpayers") + "?state=left"))

    page = clerk.post(url("return", taxpayer.public_id), follow=True)
    assert "张三已恢复在职" in text_of(page)
    assert "办理离职" in text_of(page)


def test_a_person_is_deleted_after_a_question(clerk: Client, acme: WithholdingAgent) -> None:
    taxpayer = add_taxpayer(acme, a_person())
    add_taxpayer(acme, a_person(name="李四", document_number=LI))

    assert "将从个人基础信息中删除张三" in text_of(clerk.get(url("delete", taxpayer.public_id)))
    page = clerk.post(url("delete", taxpayer.public_id), follow=True)

    assert "已从个人基础信息中删除张三" in text_of(page)
    assert [each.name for each in Taxpayer.objects.all()] == ["李四"]


# --- The list ---


def test_a_search_stands_in_no_address(clerk: Client, acme: WithholdingAgent) -> None:
    for number in range(60):
        add_taxpayer(
            acme, a_person(name=f"张{number}", document_type="03", document_number=f"G{number:07}")
        )
    add_taxpayer(acme, a_person(name="李四"))

    page = clerk.post(url("taxpayers"), {"text": "张"})
    assert "共 60 人" in text_of(page)
    assert "第 1 页,共 2 页" in text_of(page)
    assert "?text" not in page.content.decode()
    page = clerk.post(url("taxpayers"), {"text": "张", "page": "2"})
    assert "第 2 页,共 2 页" in text_of(page)
    assert "李四" not in text_of(page)
    assert "李四" in text_of(clerk.post(url("taxpayers"), {"text": ZHANG_OF_15}))
    assert "没有找到" in text_of(clerk.post(url("taxpayers"), {"text": "王"}))
    assert "请填写要查找的内容" in text_of(clerk.post(url("taxpayers"), {"text": " "}))


def test_filters_and_order_stand_in_the_address(clerk: Client, acme: WithholdingAgent) -> None:
    def add(name: str, number: str, **fields: Any) -> None:
        add_taxpayer(
            acme, a_person(name=name, document_type="03", document_number=number, **fields)
        )

    add("甲", "G0000001", joined_on=date(2006, 1, 1))
    add("乙", "G0000002", joined_on=date(2007, 1, 1), left_on=date(2008, 1, 1))
    add("丙", "G0000003")

    def names(query: str) -> list[str]:
        page = clerk.get(url("taxpayers") + query).content.decode()
        return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', page)

    assert names("") == ["丙", "甲"]
    assert names("?state=left") == ["乙"]
    assert names("?state=all&order=joined_on") == ["乙", "甲", "丙"]
    assert names("?state=name__contains&order=document_number") == ["丙", "甲"]
    page = text_of(clerk.get(url("taxpayers")))
    assert "在职 2 离职 1 全部 3" in page


def test_a_page_of_the_list_costs_the_same_for_any_number(
    clerk: Client, acme: WithholdingAgent, django_assert_max_num_queries: Any
) -> None:
    for number in range(55):
        person = a_person(document_type="03", document_number=f"G{number:07}")
        add_taxpayer(acme, person)
    clerk.get(url("taxpayers"))

    with django_assert_max_num_queries(14):
        clerk.get(url("taxpayers"))


# --- A list of persons ---


def test_a_clerk_looks_at_a_list_and_takes_it_in(clerk: Client, acme: WithholdingAgent) -> None:
    add_taxpayer(acme, a_person())
    persons = [
        a_person(name="张叁"),
        a_person(name="李四", document_number=LI, employed_here=False),
    ]

    page = clerk.post(url("upload"), {"file": file_of(*persons)}, follow=True)
    words = text_of(page)
    assert "新增 1 人 更新 1 人 不变 0 人 有误 —" in words
    assert "姓名:张三 → 张叁" in words
    assert LI in words
    assert Taxpayer.objects.get().name == "张三"

    page = clerk.post(url("roster"), {"seen": seen(page)}, follow=True)
    assert "名单已导入:新增 1 人,更新 1 人,不变 0 人。" in text_of(page)
    assert Taxpayer.objects.count() == 2
    page = clerk.post(url("roster"), {"seen": ""}, follow=True)
    assert "这份名单已导入、已放弃或已过期" in text_of(page)
    assert "没有等待导入的名单" in text_of(clerk.get(url("roster"), follow=True))


def test_a_list_with_faults_names_them_all_and_can_be_given_up(clerk: Client) -> None:
    rows = {
        1: [*list(HEADINGS.values())[:6], "部门"],
        2: ["张三", "01", ZHANG, "001", "2010000", "是", "销售"],
        3: ["李四", "01", LI, "001", "", "不知道", "销售"],
        4: ["张三", "01", ZHANG, "001", "2010000", "是", "销售"],
    }
    file = SimpleUploadedFile("persons.xlsx", workbook(sheet(rows)))

    page = clerk.post(url("upload"), {"file": file}, follow=True)

    words = text_of(page)
    assert "有误 2 行,不会导入" in words
    assert "G 部门" in words
    assert "3 李四 职业 请填写职业 REQUIRED" in words
    assert "本单位人员应为“是”或“否”,现为“不知道”" in words
    assert "与第 2 行是同一人" in words
    assert "导入 1 人" in words
    assert "有一份名单已经检查" in text_of(clerk.get(url("taxpayers")))
    page = clerk.post(url("roster"), {"give_up": "1"}, follow=True)
    assert "已放弃这份名单" in text_of(page)
    assert not Taxpayer.objects.exists()
    assert not Roster.objects.exists()


def test_a_file_that_cannot_be_read_says_why(clerk: Client) -> None:
    for content, said in (
        (b"", "文件是空的"),
        (b"x" * (MAX_BYTES + 1), "文件超过 5 MB"),
        (workbook(sheet({1: ["姓名", "证件类型", "证件号码"], 2: ["张三"]})), "缺少:国家与地区"),
    ):
        file = SimpleUploadedFile("persons.xlsx", content)
        assert said in text_of(clerk.post(url("upload"), {"file": file}))
    assert "请选择文件" in text_of(clerk.post(url("upload"), {"file": ""}))


def test_a_large_list_goes_to_a_job(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "SMALL_ROWS", 0)

    answer = clerk.post(url("upload"), {"file": file_of(a_person())})

    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    page = text_of(clerk.get(answer["Location"]))
    assert "导入人员名单" in page
    again = clerk.post(url("upload"), {"file": file_of(a_person())})
    assert again["Location"] == job.get_absolute_url()


def test_the_register_is_exported_after_the_password_and_audited(
    clerk: Client, alice: User, acme: WithholdingAgent
) -> None:
    add_taxpayer(acme, a_person())
    add_taxpayer(acme, a_person(name="李四", document_number=LI, left_on=date(2006, 4, 1)))

    answer = clerk.get(url("export") + "?state=left")
    assert answer["Location"].startswith(reverse("step_up"))
    proved = client_of(alice, **{PROVED_AT: 2**40})
    answer = proved.get(url("export") + "?state=left")

    assert re.search(r'filename="persons-\d{8}\.xlsx"', answer["Content-Disposition"])
    rows = openpyxl.load_workbook(io.BytesIO(answer.content))["人员"].iter_rows(values_only=True)
    assert [row[:3] for row in rows][1:] == [("李四", "01 居民身份证", LI)]
    entry = AuditEntry.objects.get(action=AuditEntry.Action.EXPORT)
    assert (entry.user, entry.outcome, entry.detail) == (alice, "register", {"persons": 1})


def test_the_template_is_given_out(clerk: Client) -> None:
    answer = clerk.get(url("template"))

    names = openpyxl.load_workbook(io.BytesIO(answer.content))["人员"][1]
    assert [cell.value for cell in names] == list(HEADINGS.values())


# --- From a declaration ---


def test_everybody_of_a_draft_is_registered_in_one_click(
    clerk: Client, acme: WithholdingAgent
) -> None:
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed())
    add_line(draft, typed(name="错号", document_number="110105194912310021"))

    answer = clerk.post(url("register_persons", draft.public_id))

    assert answer["Location"] == reverse("declarations:check", args=[draft.public_id])
    page = text_of(clerk.get(answer["Location"]))
    assert "已登记 1 人。" in page
    assert "1 人的明细有误,未登记" in page
    assert Taxpayer.objects.get().name == "张三"


def test_everybody_of_a_filed_declaration_is_registered_from_its_receipt(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = filed(acme)

    answer = clerk.post(url("register_persons", declaration.public_id))

    assert answer["Location"] == reverse("declarations:receipt", args=[declaration.public_id])
    clerk.get(answer["Location"])
    page = text_of(clerk.post(url("register_persons", declaration.public_id), follow=True))
    assert "明细中的人员均已登记。" in page


def test_a_new_declaration_begins_with_the_register(clerk: Client, acme: WithholdingAgent) -> None:
    add_taxpayer(acme, a_person())
    add_taxpayer(acme, a_person(name="李四", document_number=LI, left_on=date(2006, 3, 31)))
    new = {"kind": "regular", "coverage": "full", "start": "register"}

    page = clerk.post(reverse("declarations:new"), new | {"month": "2006-04"}, follow=True)
    words = text_of(page)
    assert "已新增2006年4月 申报的草稿。" in words
    assert "共 1 行" in words
    assert "张三" in words
    assert "请填写收入额(人民币)" in words

    Taxpayer.objects.all().delete()
    page = clerk.post(reverse("declarations:new"), new | {"month": "2006-05"}, follow=True)
    assert "个人基础信息中没有当月在职的人员,已新增空白表。" in text_of(page)


def test_the_check_names_who_is_not_registered_and_files_all_the_same(
    clerk: Client, alice: User, acme: WithholdingAgent
) -> None:
    alice.set_password("合口令的一句长话 2006")
    alice.save()
    clerk.force_login(alice)
    draft = create_draft(acme, APRIL, "regular")
    for number in range(12):
        cells = {"name": f"人{number}", "document_type": "03", "document_number": f"G{number:07}"}
        add_line(draft, typed(**cells))

    check = clerk.get(reverse("declarations:check", args=[draft.public_id]))
    words = text_of(check)
    assert "未登记人员 12 人" in words
    assert "人0 人1 人2" in words
    assert "另有 2 人" in words
    content = check.content.decode()
    fields = {
        name: re.search(rf'name="{name}" value="([^"]*)"', content)[1]  # type: ignore[index]
        for name in ("key", "seen")
    }
    answer = clerk.post(
        reverse("declarations:file", args=[draft.public_id]),
        {**fields, "truth": "on", "password": "合口令的一句长话 2006"},
    )

    assert answer["Location"] == reverse("declarations:receipt", args=[draft.public_id])
    assert "未登记人员 12 人" in text_of(clerk.get(answer["Location"]))
    clerk.post(url("register_persons", draft.public_id))
    assert "未登记人员" not in text_of(clerk.get(answer["Location"]))
    assert Taxpayer.objects.filter(agent=acme).count() == 12
