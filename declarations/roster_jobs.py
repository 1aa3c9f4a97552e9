"""The reading of a list of persons as a job: its parts, and the words for them."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from declarations.services.imports import CHECK, READ, WRITE
from declarations.services.rosters import READ_ROSTER, carry_out_reading
from portal.jobs import Kind, Phase, register
from portal.models import Job


def checked(job: Job) -> str:
    """Say that a list of persons was read, and what comes next."""
    sentence = gettext(
        "名单共 %(rows)s 行,有误 %(faulty)s 行。请查看将要新增和更新的人员,再确认导入。"
    )
    return sentence % {name: f"{job.result[name]:,}" for name in ("rows", "faulty")}


def _page_after_reading(job: Job) -> str:
    """The list, to be looked at; after a refusal the upload page, to try again."""
    is_done = job.state == Job.State.DONE
    return reverse("taxpayers:roster" if is_done else "taxpayers:upload")


def register_kind() -> None:
    register(
        Kind(
            READ_ROSTER,
            label=_("导入人员名单"),
            # Of 20,000 rows: 1.2, 0.8 and 1 seconds.
            phases=(
                Phase(READ, 5, _("正在读取文件"), _("正在读取 %(done)s / %(total)s 行")),
                Phase(CHECK, 3, _("正在校验"), _("正在校验 %(done)s / %(total)s 行")),
                Phase(WRITE, 4, _("正在比较"), _("正在比较 %(done)s / %(total)s 行")),
            ),
            work=carry_out_reading,
            sentence=checked,
            page=_page_after_reading,
        )
    )
