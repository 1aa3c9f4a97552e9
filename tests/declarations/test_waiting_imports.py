"""A workbook that waits: what it would change is looked at, and its errors come back marked."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from declarations.models import Declaration, DraftLine, ImportedFile, LastImport, WaitingImport
from declarations.selectors.grid import revision_of
from declarations.services import imports
from declarations.services.drafts import create_draft, put_lines
from declarations.services.filing import file
from declarations.services.undoing import take_import_back
from declarations.workbook import HEADINGS_TO_2018
from portal.models import AuditEntry, Job, WithholdingAgent
from portal.services.jobs import run_job
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    a_header,
    a_line,
    an_agent,
    typed,
)
from tests.declarations.spreadsheets import lines_sheet, workbook
from tests.declarations.test_pages import text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db

WANG = "110105194912310054"


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    """Zhang with a fact that no workbook tells, and Li."""
    draft = create_draft(acme, APRIL, "regular")
    zhang = {**typed(), "facts": {"wages_paid_in": "2"}}
    put_lines(draft, [(None, zhang), (None, typed(name="李四", document_number=LI))], replace=False)
    return draft


def sheet_of(*rows: dict[str, Any], columns: list[str] | None = None) -> bytes:
    """Build a workbook of rows as typed, in some of the form's columns or all."""
    columns = columns or list(HEADINGS_TO_2018)
    headings = [HEADINGS_TO_2018[column] for column in columns]
    lines = [[row.get(column) for column in columns] for row in rows]
    return workbook(lines_sheet(*lines, headings=headings))


def url(draft: Declaration, name: str = "waiting_import") -> str:
    return reverse(f"declarations:{name}", args=[draft.public_id])


def upload(client: Client, draft: Declaration, content: bytes, mode: str, **more: str) -> Any:
    form = {"file": SimpleUploadedFile("x.xlsx", content), "mode": mode, **more}
    return client.post(url(draft, "upload"), form)


def preview(client: Client, draft: Declaration, content: bytes, mode: str = "update") -> str:
    answer = upload(client, draft, content, mode, preview="1")
    assert answer["Location"] == url(draft), text_of(answer)
    return text_of(client.get(url(draft)))


def decide(client: Client, draft: Declaration, mode: str = "update", **more: str) -> Any:
    seen = WaitingImport.objects.get().public_id
    form = {"seen": str(seen), "mode": mode, **more}
    return client.post(url(draft), form, follow=True)


def cells_of(draft: Declaration) -> list[dict[str, Any]]:
    lines = DraftLine.objects.filter(declaration=draft).order_by("position")
    return [line.cells.reveal_json("test") for line in lines]


def names(draft: Declaration) -> list[str]:
    return [cells["name"] for cells in cells_of(draft)]


def errors_of(client: Client, draft: Declaration) -> bytes:
    answer = client.get(url(draft, "error_workbook"))
    assert answer.status_code == 200
    return bytes(answer.content)


# --- What changes ---


def test_an_update_is_counted_and_shown_before_it_is_carried_out(
    clerk: Client, draft: Declaration
) -> None:
    before = cells_of(draft)
    rows = [
        typed(income="6000", exempt_income="300.0"),
        typed(name="李四", document_number=LI, income_item="0101 工资、薪金所得-普通月工资"),
        typed(name="王五", document_number=WANG),
    ]

    page = preview(clerk, draft, sheet_of(*rows))

    assert "新增 1 行 更新 1 行 不变 1 行 有误 —" in page
    assert "收入额(人民币):5,000.00 → 6000" in page
    assert "免税收入额:" not in page
    assert cells_of(draft) == before

    page = text_of(decide(clerk, draft))

    assert "新增 1 行,更新 1 行,不变 1 行" in page
    assert names(draft) == ["张三", "李四", "王五"]
    zhang, li, _wang = cells_of(draft)
    assert (zhang["income"], zhang["facts"]) == ("6000", {"wages_paid_in": "2"})
    assert li == before[1]
    rows_of = list(DraftLine.objects.order_by("position").values_list("source_row", flat=True))
    assert rows_of == [2, None, 4]
    assert not WaitingImport.objects.exists()
    entry = AuditEntry.objects.get(action="import")
    assert {**entry.detail, "declaration": ""} == {
        "declaration": "",
        "mode": "update",
        "added": 1,
        "changed": 1,
        "unchanged": 1,
    }


def test_an_update_leaves_alone_what_its_file_does_not_name(
    clerk: Client, draft: Declaration
) -> None:
    put_lines(draft, [(None, typed(remark="旧"))], replace=True)
    columns = [each for each in HEADINGS_TO_2018 if each not in ("remark", "exempt_income")]

    preview(clerk, draft, sheet_of(typed(income="6000"), columns=columns))
    decide(clerk, draft)

    [cells] = cells_of(draft)
    assert (cells["income"], cells["remark"], cells["exempt_income"]) == ("6000", "旧", "300")


def test_a_blank_cell_of_an_update_empties_the_draft_s(clerk: Client, draft: Declaration) -> None:
    put_lines(draft, [(None, typed(remark="旧"))], replace=True)

    page = preview(clerk, draft, sheet_of(typed()))
    assert "备注:旧 → —" in page
    decide(clerk, draft)

    assert "remark" not in cells_of(draft)[0]


def test_the_fifteen_digits_of_a_card_find_the_line_of_the_eighteen(
    clerk: Client, draft: Declaration
) -> None:
    old = ZHANG[:6] + ZHANG[8:17]

    page = preview(clerk, draft, sheet_of(typed(document_number=old)))

    assert "新增 0 行 更新 0 行 不变 1 行" in page
    decide(clerk, draft)
    assert cells_of(draft)[0]["document_number"] == ZHANG
    assert not LastImport.objects.exists()  # nothing was written


@pytest.mark.parametrize("where", ["file", "draft"])
def test_an_update_is_refused_for_keys_that_stand_twice(
    clerk: Client, draft: Declaration, where: str
) -> None:
    if where == "draft":
        put_lines(draft, [(None, typed())], replace=False)
    rows = [typed(income="1")] * (2 if where == "file" else 1)
    before = cells_of(draft)

    page = preview(clerk, draft, sheet_of(*rows))

    assert f"第 {'2、3' if where == 'file' else '2'} 行。请改用追加或全部替换" in page
    assert "同一证照号码和所得项目在文件或草稿中有多行" in text_of(decide(clerk, draft))
    assert cells_of(draft) == before
    assert "新增" in text_of(decide(clerk, draft, "append"))
    assert len(cells_of(draft)) == len(before) + len(rows)


def test_another_income_item_of_the_same_person_is_another_line(
    clerk: Client, draft: Declaration
) -> None:
    other = typed(income_item="02", employed_here="否", exempt_income="", tax_withheld="640")

    page = preview(clerk, draft, sheet_of(other, typed()))

    assert "新增 1 行 更新 0 行 不变 1 行" in page


@pytest.mark.parametrize(
    ("mode", "said", "left"),
    [
        ("append", "新增 1 行", ["张三", "李四", "王五"]),
        ("replace", "删除 草稿中现有的 2 行", ["王五"]),
    ],
)
def test_the_other_modes_are_looked_at_too_and_all_can_be_taken_back(
    clerk: Client, draft: Declaration, mode: str, said: str, left: list[str]
) -> None:
    before = cells_of(draft)
    row = typed(name="王五", document_number=WANG)

    assert said in preview(clerk, draft, sheet_of(row), mode)
    assert names(draft) == ["张三", "李四"]
    decide(clerk, draft, mode)
    assert names(draft) == left

    take_import_back(draft, revision=revision_of(draft))
    assert cells_of(draft) == before


def test_an_update_can_be_taken_back(clerk: Client, draft: Declaration) -> None:
    before = cells_of(draft)
    preview(clerk, draft, sheet_of(typed(income="9"), typed(name="王五", document_number=WANG)))
    decide(clerk, draft)
    assert len(cells_of(draft)) == 3

    take_import_back(draft, revision=revision_of(draft))

    assert cells_of(draft) == before


def test_one_file_is_looked_at_in_every_mode(clerk: Client, draft: Declaration) -> None:
    preview(clerk, draft, sheet_of(typed()), "append")

    assert "删除 草稿中现有的 2 行" in text_of(clerk.get(url(draft) + "?mode=replace"))
    assert "新增 0 行" in text_of(clerk.get(url(draft) + "?mode=update"))
    assert "新增 1 行" in text_of(clerk.get(url(draft) + "?mode=nonsense"))


def test_an_update_is_never_carried_out_unseen(clerk: Client, draft: Declaration) -> None:
    before = cells_of(draft)

    answer = upload(clerk, draft, sheet_of(typed(income="9")), "update")

    assert answer["Location"] == url(draft)
    assert cells_of(draft) == before


# --- What is gone ---


def test_what_was_not_looked_at_does_not_come_in(clerk: Client, draft: Declaration) -> None:
    preview(clerk, draft, sheet_of(typed(income="1")))
    seen = str(WaitingImport.objects.get().public_id)
    preview(clerk, draft, sheet_of(typed(income="2")))

    for form in ({"seen": seen, "mode": "update"}, {"seen": "x", "mode": "append"}, {}):
        answer = clerk.post(url(draft), form, follow=True)
        assert "这份工作簿已导入、已放弃、已过期或已重新上传" in text_of(answer)
    assert cells_of(draft)[0]["income"] == "5,000.00"


def test_what_was_given_up_or_is_a_day_old_or_filed_is_gone(
    clerk: Client, draft: Declaration, acme: WithholdingAgent
) -> None:
    preview(clerk, draft, sheet_of(typed()))
    assert "已放弃这份工作簿" in text_of(decide(clerk, draft, give_up="1"))
    assert not WaitingImport.objects.exists()
    assert "没有等待导入的工作簿" in text_of(clerk.get(url(draft), follow=True))

    preview(clerk, draft, sheet_of(typed()))
    WaitingImport.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert "已过期" in text_of(decide(clerk, draft))
    assert clerk.get(url(draft, "error_workbook")).status_code == 404

    preview(clerk, draft, sheet_of(typed()))
    window = Declaration.Channel.WINDOW
    file(acme, a_header(acme), [a_line()], channel=window, filed_by=None, draft=draft)
    assert not WaitingImport.objects.exists()
    assert clerk.get(url(draft))["Location"] == draft.get_absolute_url()


# --- The same again ---


@pytest.mark.parametrize("first", [{}, {"preview": "1"}])
def test_the_same_bytes_again_are_asked_about(
    clerk: Client, draft: Declaration, first: dict[str, str]
) -> None:
    content = sheet_of(typed(name="王五", document_number=WANG))
    upload(clerk, draft, content, "append", **first)
    if first:
        decide(clerk, draft, "append")
    assert len(names(draft)) == 3
    when = timezone.localtime(ImportedFile.objects.get().imported_at)

    answer = upload(clerk, draft, content, "append")

    assert answer["Location"] == url(draft)
    assert f"此文件已于 {when:%Y-%m-%d %H:%M} 导入过这份草稿" in text_of(clerk.get(url(draft)))
    assert len(names(draft)) == 3
    decide(clerk, draft, "append")
    assert len(names(draft)) == 4


# --- What is wrong ---


WRONG = [
    typed(),
    typed(name="", income="五千"),
    typed(name="=1+1", document_number=int(LI[:-1])),  # type: ignore[arg-type]
    typed(name="王五", document_number=WANG),
]


def test_the_error_workbook_is_the_sheet_with_its_errors_marked(
    clerk: Client, draft: Declaration
) -> None:
    page = preview(clerk, draft, sheet_of(*WRONG), "append")
    assert "有误 2 行" in page
    assert "3 姓名 请填写姓名 REQUIRED" in page

    sheet = openpyxl.load_workbook(io.BytesIO(errors_of(clerk, draft)))["明细"]

    headings = [cell.value for cell in sheet[1]]
    assert headings == ["原表行号", "错误说明", *HEADINGS_TO_2018.values()]
    assert sheet.freeze_panes == "C2"
    assert [row[0].value for row in sheet.iter_rows(2)] == ["2", "3", "4", "5"]
    cells = [dict(zip(["row", "said", *HEADINGS_TO_2018], row, strict=True))
             for row in sheet.iter_rows(2)]  # fmt: skip
    assert cells[0]["said"].value is None
    assert str(cells[1]["said"].value).startswith("请填写姓名;收入额(人民币)应为不小于 0")
    coloured = [
        [column for column, cell in row.items() if cell.fill.fgColor.rgb == "FFFFC7CE"]
        for row in cells
    ]
    assert coloured == [[], ["name", "income"], ["document_number"], []]
    assert cells[2]["name"].value == "'=1+1"
    values = [cell.value for row in cells for cell in row.values() if cell.value is not None]
    assert all(isinstance(value, str) for value in values)
    assert AuditEntry.objects.get(action="export").outcome == "errors"


def test_the_error_workbook_uploads_when_it_is_mended(clerk: Client, draft: Declaration) -> None:
    preview(clerk, draft, sheet_of(*WRONG), "replace")
    content = errors_of(clerk, draft)
    page = preview(clerk, draft, content, "replace")
    assert "有误 2 行" in page  # as it is, with the same errors

    book = openpyxl.load_workbook(io.BytesIO(content))
    at = {column: number for number, column in enumerate(HEADINGS_TO_2018, 3)}
    book["明细"].cell(3, at["name"], "赵六")
    book["明细"].cell(3, at["income"], "5000")
    book["明细"].cell(4, at["document_number"], LI)
    mended = io.BytesIO()
    book.save(mended)
    upload(clerk, draft, mended.getvalue(), "replace")

    assert names(draft) == ["张三", "赵六", "=1+1", "王五"]


def test_the_right_rows_come_in_and_the_wrong_ones_wait(clerk: Client, draft: Declaration) -> None:
    assert "导入正确的 2 行" in preview(clerk, draft, sheet_of(*WRONG), "replace")

    page = text_of(decide(clerk, draft, "replace"))

    assert names(draft) == ["张三", "王五"]
    assert "有误的行还没有导入" in page
    assert "文件共 2 行明细" in page
    assert WaitingImport.objects.get().mode == "append"
    sheet = openpyxl.load_workbook(io.BytesIO(errors_of(clerk, draft)))["明细"]
    assert [row[0].value for row in sheet.iter_rows(2)] == ["3", "4"]


def test_all_rows_come_in_to_be_mended_in_the_draft(clerk: Client, draft: Declaration) -> None:
    preview(clerk, draft, sheet_of(*WRONG), "replace")

    decide(clerk, draft, "replace", with_faults="1")

    assert [cells.get("name", "") for cells in cells_of(draft)] == ["张三", "", "=1+1", "王五"]
    assert cells_of(draft)[1]["income"] == "五千"
    assert not WaitingImport.objects.exists()
    assert "请填写姓名" in text_of(clerk.get(draft.get_absolute_url()))


# --- Large ones ---


def test_a_large_workbook_is_looked_at_after_its_job(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SMALL_ROWS", 1)

    upload(clerk, draft, sheet_of(*WRONG), "append", preview="1")
    job = Job.objects.get()
    run_job(job.pk)

    landed = clerk.get(reverse("job", args=[job.public_id]), follow=True)
    assert landed.redirect_chain == [(url(draft), 302)]
    assert "文件共 4 行明细,有误 2 行。请查看将有的变化" in text_of(landed)
    assert len(names(draft)) == 2


def test_a_large_file_that_is_refused_leads_back_to_its_mode(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SMALL_BYTES", 1)
    upload(clerk, draft, b"PK\x03\x04", "update")
    job = Job.objects.get()
    run_job(job.pk)

    landed = clerk.get(reverse("job", args=[job.public_id]), follow=True)

    assert "无法读取" in text_of(landed)
    assert landed.context["form"]["mode"].value() == "update"


# --- Cost ---


def test_an_update_of_any_length_asks_for_a_few_queries(
    clerk: Client, draft: Declaration, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    preview(clerk, draft, sheet_of(*[typed(document_number=LI)] * 60), "append")

    with django_assert_max_num_queries(25):
        clerk.get(url(draft) + "?mode=update")
