"""The printed form as a PDF: what the print page says, tagged, with every character of a name."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from declarations import typesetting
from declarations.models import Declaration
from declarations.services.drafts import add_line, create_draft
from portal.models import AuditEntry, Job, JobFile, User, WithholdingAgent
from portal.services.jobs import forget_files, run_job
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
from tests.declarations.test_printed_form import text_of, url
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
def parts_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("declarations.views.printing.LINES_A_PART", 2)
    monkeypatch.setattr("declarations.form_pdf.LINES_A_PART", 2)


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


def pdf_of(client: Client, declaration: Declaration) -> PdfReader:
    answer = client.get(url("form", declaration.public_id))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.content))


def words(reader: PdfReader) -> str:
    """Return the text of a PDF; where its lines break says nothing."""
    return "".join(re.sub(r"\s+", "", page.extract_text()) for page in reader.pages)


def figures(text: str) -> list[str]:
    return sorted(re.findall(r"[\d,]+\.\d\d|\d+%", text))


def test_the_pdf_has_the_figures_of_the_print_page(clerk: Client, acme: WithholdingAgent) -> None:
    declaration = file_lines(
        acme,
        a_line("340.00", exempt_income=Decimal(300), income_foreign=Decimal("12.5")),
        a_line("1000.00", income_item="05", facts={"kind": "unlisted_dividend"}),
    )

    reader = pdf_of(clerk, declaration)

    page = text_of(clerk.get(url("printed", declaration.public_id)))
    apart = " ".join(each.extract_text() for each in reader.pages)
    assert figures(apart) == figures(page)
    assert len(figures(page)) > 30
    said = words(reader)
    for text in (
        *("扣缴个人所得税报告表", "所得期间2006年4月", "声明人王五", "第1页共1页", ZHANG),
        *(declaration.receipt_number or "", declaration.digest, "壹仟叁佰肆拾元整"),
        *("计税事实:所得种类:非上市公司股息、红利", "0101工资、薪金所得-普通月工资"),
        *("声明人签字:", "扣缴单位(公章)", "主管税务机关(受理专用章)"),
    ):
        assert text in said
    assert "草稿" not in said


def test_every_column_from_2019_stands_in_the_pdf(clerk: Client, acme: WithholdingAgent) -> None:
    declaration = file_lines(
        acme,
        a_line_of_2025("615.00", income=Decimal("30000.01"), cum_infants=Decimal("2000.17")),
        month=date(2025, 1, 1),
    )

    reader = pdf_of(clerk, declaration)

    address = url("printed", declaration.public_id)
    apart = " ".join(each.extract_text() for each in reader.pages)
    assert figures(apart) == figures(text_of(clerk.get(address)))
    content = clerk.get(address).content.decode()
    headings = re.findall(r'<th scope="col" id="h\d+"[^>]*>([^<]+)</th>', content)
    assert len(headings) == 36
    for heading in headings:
        assert heading in words(reader)


def test_the_pdf_is_tagged_and_says_what_it_is(clerk: Client, acme: WithholdingAgent) -> None:
    reader = pdf_of(clerk, file_lines(acme, a_line()))

    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "zh-CN"
    assert "pdfuaid:part>1<" in root["/Metadata"].get_data().decode().replace("pdfuaid:part>\n", "")
    assert reader.metadata is not None
    assert "扣缴个人所得税报告表" in (reader.metadata.title or "")
    kinds = {str(each.get("/S")) for each in structure(root["/StructTreeRoot"])}
    assert {"/H1", "/Table", "/THead", "/TH", "/TD"} <= kinds
    page = reader.pages[0].mediabox
    assert (round(page.width), round(page.height)) == (842, 595)


def structure(node: Any) -> list[Any]:
    """Return the elements of a PDF's structure."""
    below = node.get("/K", [])
    found = []
    for each in below if isinstance(below, list) else [below]:
        element = each.get_object()
        if hasattr(element, "get") and "/S" in element:
            found += [element, *structure(element)]
    return found


def test_headings_and_page_numbers_stand_on_every_page(
    clerk: Client, acme: WithholdingAgent
) -> None:
    reader = pdf_of(clerk, file_lines(acme, *[a_line(remark=f"第{n}人") for n in range(80)]))

    pages = [re.sub(r"\s+", "", page.extract_text()) for page in reader.pages]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"第{number}页共{len(pages)}页" in page
        assert "金额单位:元" in page
    assert all("身份证照号码" in page for page in pages[:-1])
    assert "人民币大写" in pages[-1]


def test_rare_characters_survive_in_the_pdf(clerk: Client, acme: WithholdingAgent) -> None:
    names = ("𠮷㼆", "阿卜杜拉·买买提", "Şahin Ayşe", "#strong[a] $x$ \\ *b*")
    declaration = file_lines(acme, *[a_line(name=name) for name in names])

    said = words(pdf_of(clerk, declaration))
    for name in names:
        assert name.replace(" ", "") in said


def test_a_character_that_no_font_has_stands_there_as_its_number(
    clerk: Client, acme: WithholdingAgent
) -> None:
    said = words(pdf_of(clerk, file_lines(acme, a_line(name="张😀三"))))

    assert "张[U+1F600]三" in said


def test_the_pdf_of_a_draft_says_so(clerk: Client, officer: Client, draft: Declaration) -> None:
    add_line(draft, typed())
    add_line(draft, typed(income="五千", document_number=LI))

    said = words(pdf_of(clerk, draft))

    for text in ("草稿,尚未申报", "五千", "收入额(人民币)应为不小于0", "不含有误的明细"):
        assert text in said
    assert officer.get(url("form", draft.public_id)).status_code == 404


def test_the_pdf_is_audited_and_an_officer_s_is_masked(
    clerk: Client, officer: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(acme, a_line(), a_line("1", document_number=LI, name="李四"))

    answer = clerk.get(url("form", declaration.public_id))

    reasons = {
        entry.detail["column"]: entry.detail["times"]
        for entry in AuditEntry.objects.filter(action="reveal", agent=acme)
        if entry.detail["reason"] == "the printed form as a PDF"
    }
    assert reasons["declarations_detailline.document_number"] == 2
    assert answer.headers["Content-Disposition"] == 'attachment; filename="form-2006-04.pdf"'
    assert "no-store" in answer.headers["Cache-Control"]
    said = words(pdf_of(officer, declaration))
    for hidden in (ZHANG, "张三", "010-60000001"):
        assert hidden not in said
    assert "张*" in said
    assert not AuditEntry.objects.filter(action="reveal").exclude(agent=acme).exists()


def test_the_pdf_is_read_in_english_too(clerk: Client, acme: WithholdingAgent) -> None:
    clerk.cookies["language"] = "en"

    reader = pdf_of(clerk, file_lines(acme, a_line()))

    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert "April2006" in words(reader)


def test_when_two_forms_are_being_made_the_next_waits_a_while(
    clerk: Client, acme: WithholdingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "SLOT_WAIT_SECONDS", 0)
    monkeypatch.setattr("declarations.sandbox.SLOTS", 0)
    declaration = file_lines(acme, a_line())

    answer = clerk.get(url("form", declaration.public_id), follow=True)

    assert "现在制作 PDF 的人较多" in text_of(answer)


@pytest.mark.usefixtures("parts_of_two")
def test_a_long_form_has_a_pdf_for_each_part_with_the_totals_on_the_last(
    clerk: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(acme, *[a_line(remark=f"第{n}人") for n in range(1, 4)])
    address = url("form", declaration.public_id)

    parts = [clerk.get(f"{address}?page={number}") for number in (1, 2)]

    first, last = (words(PdfReader(io.BytesIO(part.content))) for part in parts)
    assert "第1部分,共2部分" in first
    assert "第2人" in first
    assert "按所得项目合计" not in first
    assert "第2部分,共2部分" in last
    assert "第3人" in last
    assert "合计315,000.00" in last
    assert parts[1].headers["Content-Disposition"] == ('attachment; filename="form-2006-04-2.pdf"')
    page = clerk.get(f"{url('printed', declaration.public_id)}?page=2").content.decode()
    assert f'href="{address}?page=2"' in page


def made(client: Client, declaration: Declaration) -> Job:
    """Let all PDFs of a form be made."""
    answer = client.post(url("make_form", declaration.public_id))
    job = Job.objects.latest("pk")
    assert answer.headers["Location"] == job.get_absolute_url()
    run_job(job.pk)
    job.refresh_from_db()
    return job


def files_in(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.usefixtures("parts_of_two")
class TestAllPartsAtOnce:
    @pytest.fixture
    def long(self, acme: WithholdingAgent) -> Declaration:
        return file_lines(acme, *[a_line(remark=f"第{n}人") for n in range(1, 4)])

    def test_all_pdfs_of_a_long_form_are_made_as_a_job(
        self, clerk: Client, long: Declaration
    ) -> None:
        job = made(clerk, long)

        assert (job.state, job.result) == ("done", {"parts": 2})
        page = clerk.get(job.get_absolute_url(), follow=True)
        assert page.redirect_chain[-1][0] == url("printed", long.public_id)
        assert "PDF 已做好,共 2 部分" in text_of(page)
        assert f'href="{url("made_form", long.public_id)}"' in page.content.decode()
        answer = clerk.get(url("made_form", long.public_id))
        assert answer.headers["Content-Disposition"] == 'attachment; filename="form-2006-04.zip"'
        assert "no-store" in answer.headers["Cache-Control"]
        files = files_in(answer)
        assert list(files) == ["form-2006-04-1.pdf", "form-2006-04-2.pdf"]
        first, last = (words(PdfReader(io.BytesIO(file))) for file in files.values())
        assert "第2人" in first
        assert "第3人" in last
        assert "合计315,000.00" in last

    def test_what_is_made_is_sealed_audited_and_deleted_after_some_days(
        self, clerk: Client, acme: WithholdingAgent, long: Declaration
    ) -> None:
        job = made(clerk, long)

        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM portal_jobfile")
            for (stored,) in cursor.fetchall():
                assert b"PDF" not in bytes(stored)
                assert b"eJ" not in bytes(stored)[:64]  # as zlib's bytes begin in base64
        shown = AuditEntry.objects.filter(action="reveal", agent=acme, user=job.user)
        assert {
            "column": "declarations_detailline.document_number",
            "reason": "the printed form as a PDF",
            "times": 3,
        } in [entry.detail for entry in shown]
        clerk.get(url("made_form", long.public_id))
        assert AuditEntry.objects.filter(action="export", outcome="done", agent=acme).count() == 1

        forget_files(before=timezone.now() - timedelta(days=7))
        assert JobFile.objects.count() == 2
        forget_files(before=timezone.now() + timedelta(days=7))
        assert not JobFile.objects.exists()
        assert clerk.get(url("made_form", long.public_id)).status_code == 404
        assert Job.objects.filter(pk=job.pk).exists()

    def test_an_officer_gets_masked_ones_and_nobody_another_s(
        self, clerk: Client, officer: Client, long: Declaration
    ) -> None:
        stranger = client_of(a_clerk(an_agent("11010009")))
        address = url("made_form", long.public_id)
        made(clerk, long)

        assert stranger.get(address).status_code == 404
        assert stranger.post(url("make_form", long.public_id)).status_code == 404
        assert officer.get(address).status_code == 404
        assert made(officer, long).state == "done"
        for file in files_in(officer.get(address)).values():
            assert ZHANG not in words(PdfReader(io.BytesIO(file)))
        whole = files_in(clerk.get(address))["form-2006-04-1.pdf"]
        assert ZHANG in words(PdfReader(io.BytesIO(whole)))

    def test_asking_twice_begins_one_job_and_a_deleted_draft_is_refused(
        self, clerk: Client, draft: Declaration
    ) -> None:
        for _line in range(3):
            add_line(draft, typed())
        address = url("make_form", draft.public_id)

        assert clerk.post(address).headers["Location"] == clerk.post(address).headers["Location"]
        clerk.post(url("delete", draft.public_id))
        run_job(Job.objects.get().pk)

        assert Job.objects.get().error_code == "FORM_GONE"

    def test_a_short_form_needs_no_job(self, clerk: Client, draft: Declaration) -> None:
        add_line(draft, typed())

        answer = clerk.post(url("make_form", draft.public_id))

        assert answer.headers["Location"] == url("form", draft.public_id)
        assert not Job.objects.exists()
