"""The lines of a declaration as a workbook: it comes back as it went, and begins no formula."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from declarations.lines import Line
from declarations.models import Declaration, DraftLine
from declarations.selectors import checked_lines
from declarations.services import exports
from declarations.services.drafts import create_draft, put_lines
from declarations.workbook import HEADINGS_TO_2018, headings_of
from portal.models import AuditEntry, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    a_line,
    a_line_of_2025,
    an_agent,
    file_lines,
    typed,
)
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


def download(client: Client, declaration: Declaration) -> bytes:
    answer = client.get(reverse("declarations:workbook", args=[declaration.public_id]))
    assert answer.status_code == 200
    return bytes(answer.content)


def upload(client: Client, draft: Declaration, content: bytes, mode: str = "replace") -> Any:
    address = reverse("declarations:upload", args=[draft.public_id])
    return client.post(address, {"file": SimpleUploadedFile("x.xlsx", content), "mode": mode})


def refiled(client: Client, draft: Declaration) -> list[Line]:
    """Return the lines that a draft comes to."""
    rows = list(DraftLine.objects.filter(declaration=draft).order_by("position"))
    checked = checked_lines(rows, draft.agent_month.tax_month, "test")
    assert [each.faults for each in checked] == [[]] * len(checked)
    return [each.sound for each in checked if each.sound is not None]


ODD = {
    "name": "=1+1",
    "document_type": "99",
    "document_number": "-0012",
    "country": "003",
    "remark": "'@某",
    "income": Decimal("9999999999999.99"),
    "income_foreign": Decimal("0.10"),
}


def test_last_months_lines_come_into_this_months_draft_unchanged(
    clerk: Client, acme: WithholdingAgent
) -> None:
    lines = [a_line(), a_line(document_number=LI, name="𠮷㼆", tax_reduction=Decimal("1.10"),
                              remark="减免"), a_line("0.00", **ODD)]  # fmt: skip
    last = file_lines(acme, *lines, month=APRIL.replace(month=3))
    draft = create_draft(acme, APRIL, "regular")

    answer = upload(clerk, draft, download(clerk, last))

    assert answer["Location"] == draft.get_absolute_url()
    assert refiled(clerk, draft) == lines


def test_lines_of_the_form_of_2019_come_back_with_their_own_columns(
    clerk: Client, acme: WithholdingAgent
) -> None:
    lines = [
        a_line_of_2025("10.00", cum_rent=Decimal("1500.00"), pension=Decimal("400.00")),
        a_line_of_2025("11.00", document_number=LI, income_foreign=Decimal("7.00")),
    ]
    month = APRIL.replace(year=2025)
    last = file_lines(acme, *lines, month=month)
    draft = create_draft(acme, month.replace(month=5), "regular")

    content = download(clerk, last)
    upload(clerk, draft, content)

    headings = [cell.value for cell in openpyxl.load_workbook(io.BytesIO(content))["明细"][1]]
    assert headings == [*headings_of(month).values(), HEADINGS_TO_2018["income_foreign"]]
    assert refiled(clerk, draft) == lines


def test_a_draft_is_given_out_as_typed_with_what_is_wrong_in_it(
    clerk: Client, acme: WithholdingAgent
) -> None:
    draft = create_draft(acme, APRIL, "regular")
    wrong = typed(income="五千", document_number="1.10105E+17", country="某国", name="+49")
    put_lines(draft, [(None, wrong), (None, typed())], replace=False)

    content = download(clerk, draft)

    sheet = openpyxl.load_workbook(io.BytesIO(content))["明细"]
    first = dict(zip(HEADINGS_TO_2018, (cell.value for cell in sheet[2]), strict=True))
    assert (first["name"], first["income"], first["document_number"], first["country"]) == (
        "'+49",
        "五千",
        "1.10105E+17",
        "某国",
    )
    answer = upload(clerk, draft, content)
    assert "共 2 行明细,其中 1 行有误,共 3 处" in answer.content.decode()


def test_amounts_are_numbers_and_all_else_is_text(clerk: Client, acme: WithholdingAgent) -> None:
    content = download(clerk, file_lines(acme, a_line("340.25"), a_line("0.10", name="=1")))

    book: Any = openpyxl.load_workbook(io.BytesIO(content))
    rows = [dict(zip(HEADINGS_TO_2018, row, strict=True)) for row in book["明细"].iter_rows(2)]
    assert sum(float(str(row["tax_withheld"].value)) for row in rows) == pytest.approx(340.35)
    for row in rows:
        number = row["document_number"]
        assert (number.value, number.data_type, number.number_format) == (ZHANG, "s", "@")
        assert str(row["income_item"].value).startswith("0101 ")
        assert {cell.data_type for cell in row.values()} <= {"s", "n", "inlineStr"}
    assert rows[1]["name"].value == "'=1"
    said = {each.name: each.value for each in book.custom_doc_props.props}
    assert said == {"kind": "declaration-lines", "form": "2006", "version": "1"}


def test_a_download_is_audited_with_the_numbers_that_it_holds(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(acme, a_line(), a_line(document_number=LI))

    download(clerk, declaration)

    entry = AuditEntry.objects.get(action="export")
    assert (entry.outcome, entry.agent, entry.detail) == (
        "lines",
        acme,
        {"declaration": str(declaration.public_id), "lines": 2},
    )
    assert AuditEntry.objects.filter(action="reveal").exists()
    assert list(exports.workbook_folder().iterdir()) == []


def test_more_lines_than_a_workbook_takes_are_refused_in_words(
    clerk: Client, acme: WithholdingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    declaration = file_lines(acme, a_line(), a_line(document_number=LI))
    monkeypatch.setattr(exports, "MAX_LINES", 1)

    answer = clerk.get(reverse("declarations:workbook", args=[declaration.public_id]), follow=True)

    assert "工作簿最多 1 行明细" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "persons"}, "这是个人基础信息的工作簿,不能用于申报表"),
        ({"form": "2019"}, "这是另一时期的模板"),
        ({"version": "0"}, "这是第 0 版模板,现用第 1 版"),
        ({"kind": "of somebody else"}, ""),
    ],
)
def test_a_workbook_that_says_it_is_something_else_is_named(
    clerk: Client, acme: WithholdingAgent, changes: dict[str, str], said: str
) -> None:
    content = download(clerk, file_lines(acme, a_line(), month=APRIL.replace(month=3)))
    book: Any = openpyxl.load_workbook(io.BytesIO(content))
    for prop in book.custom_doc_props.props:
        prop.value = changes.get(prop.name, prop.value)
    other = io.BytesIO()
    book.save(other)
    draft = create_draft(acme, APRIL, "regular")

    answer = upload(clerk, draft, other.getvalue())

    if said:
        assert said in answer.content.decode()
    assert DraftLine.objects.count() == (0 if said else 1)


def test_a_workbook_of_lines_is_no_list_of_persons(clerk: Client, acme: WithholdingAgent) -> None:
    content = download(clerk, file_lines(acme, a_line()))

    answer = clerk.post(
        reverse("taxpayers:upload"), {"file": SimpleUploadedFile("x.xlsx", content)}
    )

    assert "这是申报表明细的工作簿,不能用于个人基础信息" in answer.content.decode()
