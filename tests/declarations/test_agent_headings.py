"""The headings of an agent's own workbooks: told once, remembered, and changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from declarations.models import AgentHeading, Declaration, DraftLine
from declarations.services import imports
from declarations.services.drafts import create_draft
from declarations.workbook import HEADINGS_TO_2018
from portal.models import Job, WithholdingAgent
from portal.services.jobs import run_job
from tests.declarations.builders import APRIL, a_clerk, an_agent, typed
from tests.declarations.spreadsheets import lines_sheet, workbook
from tests.declarations.test_pages import text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


def payroll() -> bytes:
    """Build a payroll with a department, and with the tax under a heading of its own."""
    own = {**HEADINGS_TO_2018, "tax_withheld": "代扣个税"}
    row = [typed().get(column) for column in own]
    return workbook(lines_sheet([*row, "财务部"], headings=[*own.values(), "部门"]))


def upload(client: Client, draft: Declaration, **more: str) -> Any:
    form = {"file": SimpleUploadedFile("x.xlsx", payroll()), "mode": "append", **more}
    return client.post(reverse("declarations:upload", args=[draft.public_id]), form)


def tell(client: Client, draft: Declaration, **columns: str) -> Any:
    form = {f"column_{at}": column for at, column in enumerate(columns.values())}
    address = reverse("declarations:headings", args=[draft.public_id])
    return client.post(address, {"heading": list(columns), **form}, follow=True)


@pytest.mark.parametrize("preview", [{}, {"preview": "1"}])
def test_unknown_headings_are_told_once_and_remembered(
    clerk: Client, draft: Declaration, preview: dict[str, str]
) -> None:
    page = upload(clerk, draft, **preview)
    assert "不认识这些列的标题:N 代扣个税; P 部门" in text_of(page)
    assert page.context["headings"].headings == ["代扣个税", "部门"]

    answer = tell(clerk, draft, 代扣个税="tax_withheld", 部门="")

    assert "列标题已记住,请重新上传文件" in text_of(answer)
    assert upload(clerk, draft)["Location"] == draft.get_absolute_url()
    assert DraftLine.objects.get().cells.reveal_json("test")["tax_withheld"] == "340"


def test_a_large_file_with_unknown_headings_leads_to_the_same_question(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SMALL_BYTES", 1)
    upload(clerk, draft, preview="1")
    job = Job.objects.get()
    run_job(job.pk)

    landed = clerk.get(reverse("job", args=[job.public_id]), follow=True)

    assert landed.context["headings"].headings == ["代扣个税", "部门"]
    assert landed.context["report"] is None


def test_what_is_remembered_is_changed_and_forgotten(clerk: Client, draft: Declaration) -> None:
    tell(clerk, draft, 代扣个税="tax_withheld", 部门="")
    address = reverse("declarations:headings", args=[draft.public_id])
    chosen = clerk.get(address).context["form"]
    assert [chosen[name].initial for name in chosen.fields] == ["tax_withheld", ""]

    tell(clerk, draft, 部门="-")

    assert AgentHeading.objects.get().heading == "代扣个税"
    assert "P 部门" in text_of(upload(clerk, draft))


def test_another_agent_s_headings_say_nothing(clerk: Client, draft: Declaration) -> None:
    tell(clerk, draft, 代扣个税="tax_withheld", 部门="")
    other = an_agent("11010002")
    theirs = create_draft(other, APRIL, "regular")
    bob = client_of(a_clerk(other))

    assert "不认识这些列的标题" in text_of(upload(bob, theirs))
    address = reverse("declarations:headings", args=[theirs.public_id])
    assert "还没有记住的列标题" in text_of(bob.get(address))


@pytest.mark.parametrize("heading", ["部\0门", "x" * 101, ""])
def test_a_heading_that_no_sheet_has_is_not_kept(
    clerk: Client, draft: Declaration, heading: str
) -> None:
    tell(clerk, draft, **{heading: ""})

    assert not AgentHeading.objects.exists()


def test_a_column_that_the_form_lacks_is_no_answer(clerk: Client, draft: Declaration) -> None:
    answer = tell(clerk, draft, 部门="pension")

    assert answer.context["form"].errors
    assert not AgentHeading.objects.exists()
