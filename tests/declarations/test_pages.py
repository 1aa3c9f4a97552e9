"""The pages of declarations: the clerk's journey without scripts, and who reaches what."""

from __future__ import annotations

import io
import re
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from declarations import uploads
from declarations.models import AgentMonth, Declaration, DraftLine
from declarations.services.drafts import add_line, create_draft, put_lines
from declarations.sheet_reader import MAX_BYTES
from declarations.taxlaw.tax_month import previous_month
from declarations.workbook import headings_of
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    an_agent,
    an_office,
    filed,
    reconciled,
    typed,
)
from tests.factories import client_of, staff

pytestmark = pytest.mark.django_db
PASSWORD = "合口令的一句长话 2006"


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    user = a_clerk(acme)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def clerk(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed())
    return draft


def url(name: str, *args: Any) -> str:
    return reverse(f"declarations:{name}", args=args)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def hidden(response: Any) -> dict[str, str]:
    """Return the hidden fields of the filing form on a check page."""
    content = response.content.decode()
    return {
        name: re.search(rf'name="{name}" value="([^"]*)"', content).group(1)  # type: ignore[union-attr]
        for name in ("key", "seen")
    }


def workbook(*rows: dict[str, Any], heading: str = "") -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    sheet = book["Sheet"]
    columns = headings_of(APRIL)
    headings = list(columns.values())
    sheet.append([heading or headings[0], *headings[1:]])
    for row in rows:
        sheet.append([row.get(column) for column in columns])
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile("lines.xlsx", content.getvalue())


# --- The journey ---


def test_a_clerk_declares_from_the_list_to_the_receipt(
    clerk: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    hints: list[tuple[Any, ...]] = []
    monkeypatch.setattr("declarations.views.filing.hint", lambda *args: hints.append(args))

    answer = clerk.post(
        url("new"),
        {"month": "2006-04", "kind": "regular", "coverage": "full", "start": "blank"},
    )
    draft = Declaration.objects.get()
    assert answer["Location"] == url("declaration", draft.public_id)

    answer = clerk.post(url("add_line", draft.public_id), typed(income="五千"))
    line = DraftLine.objects.get()
    assert answer["Location"] == url("line", draft.public_id, line.public_id)
    page = text_of(clerk.get(answer["Location"]))
    assert "收入额(人民币)应为不小于 0、最多两位小数的数字,现为“五千”" in page
    page = text_of(clerk.get(url("check", draft.public_id)))
    assert "有 1 处需修改" in page
    assert "向地税机关提交" not in page

    answer = clerk.post(url("line", draft.public_id, line.public_id), typed())
    assert answer["Location"] == url("declaration", draft.public_id)
    check = clerk.get(url("check", draft.public_id))
    assert "格式检查通过" in text_of(check)
    assert "0101 工资、薪金所得-普通月工资 1 5,000.00 0.00 340.00" in text_of(check)

    answer = clerk.post(
        url("file", draft.public_id),
        {**hidden(check), "truth": "on", "password": PASSWORD},
    )
    assert answer["Location"] == url("receipt", draft.public_id)
    receipt = clerk.get(answer["Location"])
    draft.refresh_from_db()
    for said in ("11010001-200604-1-001", draft.digest, "第 1 版", "340.00"):
        assert said in text_of(receipt)
    assert hints == [("reconciliation.reconcile", draft.agent_month.agent_id)]


def test_the_file_button_twice_files_once_and_shows_the_same_receipt(
    clerk: Client, draft: Declaration
) -> None:
    form = {
        **hidden(clerk.get(url("check", draft.public_id))),
        "truth": "on",
        "password": PASSWORD,
    }

    answers = [clerk.post(url("file", draft.public_id), form) for _ in range(2)]

    assert {answer["Location"] for answer in answers} == {url("receipt", draft.public_id)}
    assert Declaration.objects.get().version == 1


def test_a_repeat_of_what_is_in_force_leads_to_its_receipt_however_often(
    clerk: Client, acme: WithholdingAgent
) -> None:
    first = filed(acme, "385.00")
    clerk.post(url("correct", first.public_id))
    draft = Declaration.objects.get(status="draft")
    form = {
        **hidden(clerk.get(url("check", draft.public_id))),
        "truth": "on",
        "password": PASSWORD,
    }

    for _ in range(2):
        answer = clerk.post(url("file", draft.public_id), form)
        assert answer["Location"] == url("receipt", first.public_id)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "不是这个口令的另一句"}, "密码不正确"),
        ({"password": ""}, "请填写密码"),
        ({"truth": ""}, "请阅读并确认声明"),
        ({"seen": "0" * 64}, "请重新检查后再提交"),
    ],
)
def test_nothing_is_filed_without_password_truth_and_sight(
    clerk: Client, draft: Declaration, changes: dict[str, str], said: str
) -> None:
    form = {
        **hidden(clerk.get(url("check", draft.public_id))),
        "truth": "on",
        "password": PASSWORD,
    }

    answer = clerk.post(
        url("file", draft.public_id), {k: v for k, v in (form | changes).items() if v}
    )

    assert said in text_of(answer)
    assert "错误:" in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"
    # What the page shows now can be filed.
    again = {**hidden(answer), "truth": "on", "password": PASSWORD}
    assert clerk.post(url("file", draft.public_id), again).status_code == 302


def test_a_key_that_filed_something_else_is_refused_with_409(
    clerk: Client, draft: Declaration
) -> None:
    form = {
        **hidden(clerk.get(url("check", draft.public_id))),
        "truth": "on",
        "password": PASSWORD,
    }
    clerk.post(url("file", draft.public_id), form)
    other = create_draft(draft.agent_month.agent, date(2006, 5, 1), "regular")
    add_line(other, typed())
    theirs = hidden(clerk.get(url("check", other.public_id)))

    answer = clerk.post(url("file", other.public_id), {**form, "seen": theirs["seen"]})

    assert answer.status_code == 409
    assert hidden(answer)["key"] != form["key"]
    other.refresh_from_db()
    assert other.status == "draft"


def test_submitting_names_the_earlier_months_that_do_not_agree(
    clerk: Client, acme: WithholdingAgent, draft: Declaration
) -> None:
    for month in (date(2006, 2, 1), date(2006, 3, 1), date(2006, 5, 1)):
        row = filed(acme, tax_month=month).agent_month
        reconciled(row, "matched" if month.month == 2 else "mismatched")

    page = clerk.get(url("check", draft.public_id)).content.decode()

    assert reverse("reconciliation:month", args=[date(2006, 3, 1)]) in page
    assert reverse("reconciliation:month", args=[date(2006, 2, 1)]) not in page
    assert reverse("reconciliation:month", args=[date(2006, 5, 1)]) not in page


def test_the_check_page_names_row_and_column_of_every_fault(
    clerk: Client, draft: Declaration
) -> None:
    put_lines(draft, [(None, typed())] * 60, replace=False)
    add_line(draft, typed(name="", document_number=ZHANG[:-1] + "1"))

    page = clerk.get(url("check", draft.public_id))

    assert "62 姓名 请填写姓名" in text_of(page)
    assert "62 身份证照号码 身份证号第 18 位应为 X,现为 1" in text_of(page)
    assert f"{url('declaration', draft.public_id)}?page=2" in page.content.decode()


# --- The list and the months ---


def test_the_list_shows_missing_months_lamps_and_what_to_do(
    clerk: Client, acme: WithholdingAgent
) -> None:
    filed(acme, "10.00", tax_month=date(2006, 3, 1))
    reconciled(
        filed(acme, "10.00", tax_month=date(2006, 2, 1)).agent_month,
        "matched",
        closed_at=timezone.now(),
    )

    page = text_of(clerk.get(url("declarations"), {"year": "2006"}))

    assert "2006年1月 未申报 新增明细表" in page
    assert re.search(r"2006年3月 申报 全员全额 1 5,000.00 10.00 第 1 版 .* 更正", page)
    assert "已成功" in page
    assert "如果修改,请联系税务所" in page


@pytest.mark.parametrize("year", ["1999", "2100", "x", "２００６", "-1", "9" * 5000])
def test_a_year_that_is_none_shows_the_newest(
    clerk: Client, acme: WithholdingAgent, year: str
) -> None:
    filed(acme)

    assert "2006年4月" in text_of(clerk.get(url("declarations"), {"year": year}))


def test_the_list_takes_as_many_queries_for_one_declaration_as_for_twelve(
    clerk: Client, acme: WithholdingAgent
) -> None:
    clerk.get(url("declarations"))
    counts = []
    for months in (range(1, 2), range(2, 13)):
        for month in months:
            filed(acme, tax_month=date(2006, month, 1))
        with CaptureQueriesContext(connection) as queries:
            clerk.get(url("declarations"), {"year": "2006"})
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("month", "said"),
    [
        ("2005-12", "只能申报 2006-01 至"),
        ("2999-01", "只能申报 2006-01 至"),
        ("2006-13", "应写作 2006-04 的样式"),
        ("0001-01", "只能申报 2006-01 至"),
        ("", "请填写税款所属月份"),
    ],
)
def test_a_month_that_cannot_be_declared_is_named_at_its_field(
    clerk: Client, month: str, said: str
) -> None:
    answer = clerk.post(
        url("new"), {"month": month, "kind": "regular", "coverage": "full", "start": "previous"}
    )

    assert said in text_of(answer)
    assert Declaration.objects.count() == 0


def test_a_second_new_draft_leads_to_the_first(clerk: Client, draft: Declaration) -> None:
    answer = clerk.post(
        url("new"), {"month": "2006-04", "kind": "regular", "coverage": "full", "start": "blank"}
    )

    assert answer["Location"] == url("declaration", draft.public_id)
    assert Declaration.objects.count() == 1


@pytest.mark.parametrize(("start", "month"), [("in_force", "2006-04"), ("previous", "2006-05")])
def test_a_new_draft_copies_what_is_asked_for(
    clerk: Client, acme: WithholdingAgent, start: str, month: str
) -> None:
    filed(acme, "10.00", "20.00")

    clerk.post(url("new"), {"month": month, "kind": "regular", "coverage": "full", "start": start})

    assert DraftLine.objects.count() == 2


# --- The draft ---


def test_the_head_is_kept_and_partial_coverage_opens_three_figures(
    clerk: Client, draft: Declaration
) -> None:
    fields = {
        "coverage": "partial",
        "declarant": "",
        "phone": "010-1",
        "address": "新街2号",
        "postcode": "100001",
        "own_headcount": "3",
        "other_headcount": "0",
        "total_income": "9000.00",
    }

    clerk.post(url("header", draft.public_id), fields)

    draft.refresh_from_db()
    assert (draft.declarant, draft.own_headcount) == ("", 3)
    assert draft.phone.reveal("test") == "010-1"
    clerk.post(url("header", draft.public_id), fields | {"coverage": "full"})
    draft.refresh_from_db()
    assert draft.own_headcount is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("own_headcount", "-1", "本期本单位总人数应为不小于 0 的整数,现为“-1”"),
        ("total_income", "-5", "应为不小于 0、最多两位小数的数字,现为“-5”"),
        ("total_income", "1.234", "应为不小于 0、最多两位小数的数字,现为“1.234”"),
    ],
)
def test_a_head_that_cannot_be_kept_is_shown_again_as_typed(
    clerk: Client, draft: Declaration, field: str, value: str, words: str
) -> None:
    answer = clerk.post(
        url("header", draft.public_id), {"coverage": "partial", "declarant": "新名", field: value}
    )

    assert answer.status_code == 200
    assert f'value="{value}"' in answer.content.decode()
    assert words in text_of(answer)
    draft.refresh_from_db()
    assert draft.declarant != "新名"


def test_the_figures_of_the_head_are_read_in_any_width(clerk: Client, draft: Declaration) -> None:
    figures = {"own_headcount": "１，０２０", "total_income": "１２，３００．５"}

    clerk.post(url("header", draft.public_id), {"coverage": "partial"} | figures)

    draft.refresh_from_db()
    assert draft.own_headcount == 1020
    assert draft.total_income == Decimal("12300.50")


def test_what_the_line_page_does_not_show_stays(clerk: Client, draft: Declaration) -> None:
    line = add_line(draft, typed() | {"facts": {"use": "dwelling"}})

    clerk.post(url("line", draft.public_id, line.public_id), typed(remark="新备注"))

    line.refresh_from_db()
    cells = line.cells.reveal_json("test")
    assert cells["facts"] == {"use": "dwelling"}
    assert cells["remark"] == "新备注"


def test_the_form_from_2019_has_its_own_columns(clerk: Client, acme: WithholdingAgent) -> None:
    draft = create_draft(acme, date(2019, 1, 1), "regular")

    page = clerk.get(url("add_line", draft.public_id)).content.decode()

    assert "累计3岁以下婴幼儿照护" in page
    assert "本期收入" in page
    assert 'name="income_foreign"' not in page


@pytest.mark.parametrize("errand", ["delete", "delete_line"])
def test_what_cannot_be_undone_is_asked_first(
    clerk: Client, draft: Declaration, errand: str
) -> None:
    line = DraftLine.objects.get()
    ids = [draft.public_id] if errand == "delete" else [draft.public_id, line.public_id]
    address = url(errand, *ids)

    assert "不能恢复" in text_of(clerk.get(address))
    assert DraftLine.objects.count() == 1
    clerk.post(address)
    assert DraftLine.objects.count() == 0


def test_lines_come_in_pages_of_fifty_in_the_same_number_of_queries(
    clerk: Client, draft: Declaration
) -> None:
    address = url("declaration", draft.public_id)
    clerk.get(address)
    counts = []
    for rows in (50, 60):
        put_lines(draft, [(None, typed())] * rows, replace=True)
        with CaptureQueriesContext(connection) as queries:
            answer = clerk.get(address)
        counts.append(len(queries))

    assert "第 1 页,共 2 页" in text_of(answer)
    assert answer.content.decode().count("</tr>") == 51
    assert counts[0] == counts[1]


# --- Workbooks ---


def test_a_workbook_comes_in_whole(clerk: Client, draft: Declaration) -> None:
    rows = [typed(tax_withheld="1"), typed(tax_withheld="2")]

    answer = clerk.post(url("upload", draft.public_id), {"file": workbook(*rows), "mode": "append"})
    assert answer["Location"] == url("declaration", draft.public_id)
    assert DraftLine.objects.count() == 3
    clerk.post(url("upload", draft.public_id), {"file": workbook(rows[0]), "mode": "replace"})

    line = DraftLine.objects.get()
    assert (line.source_row, line.cells.reveal_json("test")["tax_withheld"]) == (2, "1")


def test_a_workbook_with_faults_changes_nothing_and_all_of_them_are_named(
    clerk: Client, draft: Declaration
) -> None:
    rows = [typed(), typed(name="", income="x"), {}, typed(document_number=int(LI[:-1]))]  # type: ignore[arg-type]

    answer = clerk.post(
        url("upload", draft.public_id),
        {"file": workbook(*rows, heading=" 姓 名"), "mode": "replace"},
    )

    page = text_of(answer)
    assert "其中 2 行有误,共 3 处" in page
    assert "3 姓 名 请填写姓名 REQUIRED" in page
    assert "3 收入额(人民币) 收入额(人民币)应为不小于 0、最多两位小数的数字,现为“x” AMOUNT" in page
    assert "5 张三 身份证照号码 身份证照号码在 Excel 中存成了数字" in page
    assert DraftLine.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "文件是空的"), (b"<html>", "这不是 .xlsx"), (b"PK\x03\x04", "无法读取")],
)
def test_a_file_that_is_no_workbook_is_refused_with_the_cure(
    clerk: Client, draft: Declaration, content: bytes, said: str
) -> None:
    file = SimpleUploadedFile("lines.xlsx", content)

    answer = clerk.post(url("upload", draft.public_id), {"file": file, "mode": "append"})

    assert said in text_of(answer)
    assert DraftLine.objects.count() == 1


def test_a_file_over_the_limit_is_not_kept_and_not_read(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = url("upload", draft.public_id)
    file = SimpleUploadedFile("lines.xlsx", b"x" * (MAX_BYTES + 1))
    monkeypatch.delattr("declarations.views.uploads.import_workbook")

    assert "文件超过 5 MB" in text_of(clerk.post(address, {"file": file, "mode": "append"}))

    monkeypatch.setattr(uploads, "_NEVER_READ", 1000)
    file.seek(0)
    assert clerk.post(address, {"file": file, "mode": "append"}).status_code == 413


def test_an_upload_needs_its_csrf_token(alice: User, draft: Declaration) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    answer = strict.post(
        url("upload", draft.public_id), {"file": workbook(typed()), "mode": "append"}
    )

    assert answer.status_code == 403
    assert DraftLine.objects.count() == 1


def test_the_template_of_a_month_has_its_form(clerk: Client) -> None:
    for month, columns in ((date(2006, 4, 1), 15), (date(2019, 1, 1), 30)):
        answer = clerk.get(url("template", month))
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["明细"]
        assert [cell.value for cell in sheet[1]] == list(headings_of(month).values())
        assert sheet.max_column == columns
    assert clerk.get("/declarations/template/2005-12/").status_code == 404
    assert clerk.get("/declarations/template/2006-13/").status_code == 404


def test_a_template_of_the_other_form_is_named(clerk: Client, draft: Declaration) -> None:
    other = clerk.get(url("template", date(2019, 1, 1))).content
    book = openpyxl.load_workbook(io.BytesIO(other))
    book["明细"].append(["张三"])
    content = io.BytesIO()
    book.save(content)

    answer = clerk.post(
        url("upload", draft.public_id),
        {"file": SimpleUploadedFile("t.xlsx", content.getvalue()), "mode": "append"},
    )

    assert "另一时期的模板" in text_of(answer)


# --- Evidence ---


def test_superseded_versions_are_readable_and_linked(clerk: Client, acme: WithholdingAgent) -> None:
    first = filed(acme, "10.00")
    second = filed(acme, "20.00")

    page = clerk.get(url("declaration", second.public_id)).content.decode()
    assert url("declaration", first.public_id) in page
    old = text_of(clerk.get(url("declaration", first.public_id)))
    assert "这一版已被更正,不再有效" in old
    assert "10.00" in old
    assert "更正申报" not in old
    assert "这一版已被更正" in text_of(clerk.get(url("receipt", first.public_id)))


def test_own_clerks_see_numbers_in_full_and_it_is_audited_others_see_masks(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = filed(acme)

    assert ZHANG in text_of(clerk.get(url("declaration", declaration.public_id)))
    entries = AuditEntry.objects.filter(action="reveal", agent=acme)
    columns = {entry.detail["column"] for entry in entries}
    assert "declarations_detailline.document_number" in columns

    officer = staff(User.Role.OFFICER, an_office())
    page = text_of(client_of(officer).get(url("declaration", declaration.public_id)))
    assert ZHANG not in page
    assert "110***********002X" in page
    assert "张*" in page
    assert "张三" not in page
    assert "010-60000001" not in page
    assert not AuditEntry.objects.filter(action="reveal", user=officer).exists()


def test_a_closed_month_offers_no_correction_and_takes_none(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = filed(acme)
    reconciled(declaration.agent_month, "matched", closed_at=timezone.now())

    page = text_of(clerk.get(url("declaration", declaration.public_id)))
    assert "如果修改,请联系税务所" in page
    assert "更正申报" not in page
    answer = clerk.post(url("correct", declaration.public_id), follow=True)
    assert "核心系统缴款入库信息一致,如果修改,请联系税务所" in text_of(answer)
    assert Declaration.objects.count() == 1


# --- Who reaches what ---

OWN_PAGES = ["declaration", "header", "add_line", "upload", "check", "delete"]


@pytest.mark.parametrize("errand", OWN_PAGES)
def test_a_draft_is_its_agent_s_alone(draft: Declaration, alice: User, errand: str) -> None:
    address = url(errand, draft.public_id)
    bob = a_clerk(an_agent("11010002"))
    officer = staff(User.Role.OFFICER, an_office())

    assert client_of(alice).get(address).status_code == 200
    for stranger in (bob, officer):
        assert client_of(stranger).get(address).status_code == 404
        assert client_of(stranger).post(address, typed()).status_code in (404, 405)
    assert Client().get(address).status_code == 302
    assert DraftLine.objects.count() == 1


@pytest.mark.parametrize("errand", ["line", "delete_line"])
def test_a_line_is_its_agent_s_alone(draft: Declaration, alice: User, errand: str) -> None:
    line = DraftLine.objects.get()
    address = url(errand, draft.public_id, line.public_id)
    bob = a_clerk(an_agent("11010002"))
    theirs = create_draft(WithholdingAgent.objects.get(user=bob), APRIL, "regular")

    other = create_draft(draft.agent_month.agent, APRIL, "refund")
    assert client_of(alice).get(address).status_code == 200
    assert client_of(alice).get(url(errand, other.public_id, line.public_id)).status_code == 404
    for stranger in (bob, staff(User.Role.OFFICER, an_office())):
        assert client_of(stranger).get(address).status_code == 404
        assert client_of(stranger).post(address, typed(name="x")).status_code == 404
        # Nor by way of a draft of one's own.
        detour = url(errand, theirs.public_id, line.public_id)
        assert client_of(stranger).get(detour).status_code == 404
    assert DraftLine.objects.get().cells.reveal_json("test")["name"] == "张三"


@pytest.mark.parametrize("errand", ["declaration", "receipt"])
def test_filed_declarations_are_read_by_the_agent_and_its_office(
    acme: WithholdingAgent, alice: User, errand: str
) -> None:
    address = url(errand, filed(acme).public_id)
    answers = {
        "alice": client_of(alice),
        "bob": client_of(a_clerk(an_agent("11010002"))),
        "officer": client_of(staff(User.Role.OFFICER, an_office())),
        "auditor": client_of(staff(User.Role.AUDITOR, an_office())),
        "officer elsewhere": client_of(staff(User.Role.OFFICER, an_office("110106"))),
        "operator": client_of(staff(User.Role.OPERATOR, an_office())),
        "account admin": client_of(staff(User.Role.ACCOUNT_ADMIN, an_office())),
        "nobody": Client(),
    }

    assert {who: client.get(address).status_code for who, client in answers.items()} == {
        "alice": 200,
        "bob": 404,
        "officer": 200,
        "auditor": 200,
        "officer elsewhere": 404,
        "operator": 404,
        "account admin": 404,
        "nobody": 302,
    }


@pytest.mark.parametrize("errand", ["file", "correct"])
def test_nobody_files_or_corrects_for_another(
    acme: WithholdingAgent, draft: Declaration, errand: str
) -> None:
    target = draft if errand == "file" else filed(acme, kind="refund")
    form = {"key": str(uuid.uuid4()), "seen": "0" * 64, "truth": "on", "password": PASSWORD}
    bob = a_clerk(an_agent("11010002"))
    bob.set_password(PASSWORD)
    bob.save()
    before = Declaration.objects.count()

    for stranger in (bob, staff(User.Role.OFFICER, an_office())):
        answer = client_of(stranger).post(url(errand, target.public_id), form)
        assert answer.status_code == 404
    expected = 404 if errand == "file" else 405
    assert client_of(bob).get(url(errand, target.public_id)).status_code == expected
    assert Declaration.objects.count() == before
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_address_of_a_refused_filing_leads_back_to_the_check(
    clerk: Client, draft: Declaration
) -> None:
    answer = clerk.get(url("file", draft.public_id))

    assert answer.headers["Location"] == url("check", draft.public_id)


def test_an_address_of_a_form_that_is_opened_by_hand_says_so(
    clerk: Client, acme: WithholdingAgent
) -> None:
    answer = clerk.get(url("correct", filed(acme).public_id))

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "这个地址不能直接打开" in text_of(answer)


def test_codes_that_are_near_have_their_names_in_the_language_of_the_page(
    clerk: Client, draft: Declaration
) -> None:
    add_line(draft, typed(country="中华"))
    clerk.cookies["language"] = "en"

    assert "nearest: 001 China;" in text_of(clerk.get(url("check", draft.public_id)))


def test_a_line_without_anything_in_it_is_not_kept(clerk: Client, draft: Declaration) -> None:
    answer = clerk.post(url("add_line", draft.public_id), {"name": " ", "another": "1"})

    assert "这一行还是空的,请至少填写一栏。" in text_of(answer)
    assert draft.draft_lines.count() == 1


def test_a_fault_leads_to_its_line(clerk: Client, draft: Declaration) -> None:
    add_line(draft, typed(country="中华"))

    assert "?page=1#line-2" in clerk.get(url("check", draft.public_id)).content.decode()
    assert 'id="line-2"' in clerk.get(url("declaration", draft.public_id)).content.decode()


def test_codes_alone_have_their_names_in_the_editor(clerk: Client, draft: Declaration) -> None:
    add_line(draft, typed(occupation="2060300"))

    assert "2060300 财会人员" in text_of(clerk.get(url("declaration", draft.public_id)))


def test_a_filed_declaration_leads_to_the_comparison_with_the_payments(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = filed(acme)
    officer = client_of(staff(User.Role.OFFICER, an_office()))
    of_agent = reverse("reconciliation:month", args=[APRIL])
    of_office = reverse("reconciliation:staff_month", args=[declaration.agent_month.public_id])

    for page in ("declaration", "receipt"):
        address = url(page, declaration.public_id)
        assert f'href="{of_agent}"' in clerk.get(address).content.decode()
        assert f'href="{of_office}"' in officer.get(address).content.decode()


def test_staff_have_no_list_and_no_new_declaration() -> None:
    officer = client_of(staff(User.Role.OFFICER, an_office()))

    assert officer.get(url("declarations")).status_code == 404
    assert officer.get(url("new")).status_code == 404
    assert officer.get(url("codes")).status_code == 200


def test_no_page_has_inline_scripts_or_styles(
    clerk: Client, acme: WithholdingAgent, draft: Declaration
) -> None:
    line = add_line(draft, typed(name=""))
    declaration = filed(acme, kind="refund")
    pages = [url(name) for name in ("declarations", "new", "codes")]
    pages += [url(name, draft.public_id) for name in OWN_PAGES]
    pages += [url(name, draft.public_id, line.public_id) for name in ("line", "delete_line")]
    pages += [url(name, declaration.public_id) for name in ("declaration", "receipt")]

    for address in pages:
        content = clerk.get(address).content.decode()
        assert "style=" not in content
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style", content)


def test_every_page_has_its_english(clerk: Client, draft: Declaration) -> None:
    """The default month stands in the address bar's form, and nothing fails in English."""
    clerk.cookies["django_language"] = "en"

    for name in ("declarations", "new"):
        assert clerk.get(url(name)).status_code == 200
    assert clerk.get(url("check", draft.public_id)).status_code == 200


def test_the_default_month_is_the_last_one(clerk: Client) -> None:
    last = previous_month(timezone.localdate().replace(day=1))

    assert f'value="{last:%Y-%m}"' in clerk.get(url("new")).content.decode()
    assert isinstance(datetime.now(tz=timezone.get_current_timezone()), datetime)
    assert AgentMonth.objects.count() == 0
