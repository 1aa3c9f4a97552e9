"""The making of a long form's PDFs as a job: its one phase, and the words for it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from declarations.services.printing import PRINT_FORM, SET, FormIsGone, carry_out_printing
from portal.jobs import Kind, Phase, register
from portal.models import Job


def made(job: Job) -> str:
    """Say that the PDFs are there."""
    return gettext("PDF 已做好,共 %(parts)s 部分,可以下载。") % {
        "parts": f"{job.result['parts']:,}"
    }


def _page_after_making(job: Job) -> str:
    """The print page, with the link to what was made."""
    if job.error_code == FormIsGone.code:
        return ""
    return reverse("declarations:printed", args=[job.parameters["declaration"]])


def register_kind() -> None:
    register(
        Kind(
            PRINT_FORM,
            label=_("制作申报表 PDF"),
            phases=(Phase(SET, 1, _("正在排版"), _("正在排版第 %(done)s / %(total)s 部分")),),
            work=carry_out_printing,
            sentence=made,
            page=_page_after_making,
        )
    )
