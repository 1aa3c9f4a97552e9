"""What declarations do as jobs: for how long each part of them takes, and in which words."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from declarations.refusals import NotADraft
from declarations.services.imports import (
    CHECK,
    IMPORT_WORKBOOK,
    READ,
    WRITE,
    DraftIsGone,
    carry_out_import,
    report_of,
)
from declarations.services.programs import (
    FILE,
    FILE_DECLARATION,
    carry_out_filing,
    filed_by_job,
    report_of_filing,
)
from declarations.services.waiting import PREVIEW_WORKBOOK, carry_out_preview, report_of_preview
from portal.jobs import Kind, Phase, register
from portal.models import Job


def imported(rows: int) -> str:
    """Say that a workbook's rows have come in."""
    return ngettext("已导入 %(count)s 行明细。", "已导入 %(count)s 行明细。", rows) % {
        "count": f"{rows:,}"
    }


def _page_after_import(job: Job) -> str:
    """The draft; after a refusal its upload page, with what is wrong, if it is a draft still."""
    if job.error_code in (DraftIsGone.code, NotADraft.code):
        return ""
    if job.state != Job.State.REFUSED:
        return reverse("declarations:declaration", args=[job.subject])
    return f"{reverse('declarations:upload', args=[job.subject])}?job={job.public_id}"


def _page_after_preview(job: Job) -> str:
    """What waits to be taken in; after a refusal the upload page, to try again."""
    if job.error_code in (DraftIsGone.code, NotADraft.code):
        return ""
    if job.state == Job.State.DONE:
        return reverse("declarations:waiting_import", args=[job.subject])
    return f"{reverse('declarations:upload', args=[job.subject])}?job={job.public_id}"


def _previewed(job: Job) -> str:
    """Say that a workbook was read, and what comes next."""
    sentence = gettext("文件共 %(rows)s 行明细,有误 %(faulty)s 行。请查看将有的变化,再确认导入。")
    return sentence % {name: f"{job.result[name]:,}" for name in ("rows", "faulty")}


def _page_after_filing(job: Job) -> str:
    """The declaration; where there is none, the list of all."""
    filed = filed_by_job(job)
    return filed.get_absolute_url() if filed else reverse("declarations:declarations")


def register_kinds() -> None:
    register(
        Kind(
            IMPORT_WORKBOOK,
            label=_("导入工作簿"),
            # Of 20,000 rows: 1.2, 0.8 and 3 seconds.
            phases=(
                Phase(READ, 5, _("正在读取文件"), _("正在读取 %(done)s / %(total)s 行")),
                Phase(CHECK, 3, _("正在校验"), _("正在校验 %(done)s / %(total)s 行")),
                Phase(WRITE, 12, _("正在写入草稿"), _("正在写入草稿 %(done)s / %(total)s 行")),
            ),
            work=carry_out_import,
            sentence=lambda job: imported(job.result["rows"]),
            page=_page_after_import,
            report=report_of,
        )
    )
    register(
        Kind(
            PREVIEW_WORKBOOK,
            label=_("检查工作簿"),
            # Of 20,000 rows: 1.2, 0.8 and 1 seconds.
            phases=(
                Phase(READ, 5, _("正在读取文件"), _("正在读取 %(done)s / %(total)s 行")),
                Phase(CHECK, 3, _("正在校验"), _("正在校验 %(done)s / %(total)s 行")),
                Phase(WRITE, 4, _("正在比较"), _("正在比较 %(done)s / %(total)s 行")),
            ),
            work=carry_out_preview,
            sentence=_previewed,
            page=_page_after_preview,
            report=report_of_preview,
        )
    )
    register(
        Kind(
            FILE_DECLARATION,
            label=_("接口申报"),
            # Of 100,000 lines on a busy machine: 16 and 29 seconds.
            phases=(
                Phase(READ, 16, _("正在读取申报"), _("正在校验 %(done)s / %(total)s 行")),
                Phase(FILE, 29, _("正在申报"), _("正在申报")),
            ),
            work=carry_out_filing,
            sentence=lambda job: (
                ngettext(
                    "已申报 %(count)d 行明细。", "已申报 %(count)d 行明细。", job.result["lines"]
                )
                % {"count": job.result["lines"]}
            ),
            page=_page_after_filing,
            report=report_of_filing,
        )
    )
