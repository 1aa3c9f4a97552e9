"""What the register of persons has done as jobs: their parts, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from declarations.services.imports import CHECK, READ, WRITE
from declarations.services.rosters import (
    READ_ROSTER,
    TAKE_IN_ROSTER,
    carry_out_reading,
    carry_out_taking_in,
)
from declarations.services.taxpayers import REGISTER_PERSONS, carry_out_registering
from portal.jobs import Kind, Phase, register
from portal.models import Job


def checked(job: Job) -> str:
    """Say that a list of persons was read, and what comes next."""
    sentence = gettext(
        "名单共 %(rows)s 行,有误 %(faulty)s 行。请查看将要新增和更新的人员,再确认导入。"
    )
    return sentence % {name: f"{job.result[name]:,}" for name in ("rows", "faulty")}


def taken_in(counts: Mapping[str, int]) -> str:
    """Say what a list of persons has changed."""
    sentence = gettext("名单已导入:新增 %(added)s 人,更新 %(changed)s 人,不变 %(unchanged)s 人。")
    return sentence % {name: f"{number:,}" for name, number in counts.items()}


def registered(added: int) -> str:
    """Say how many persons of a declaration came into the register."""
    if not added:
        return gettext("没有可以登记的人员。")
    return ngettext("已登记 %(count)s 人。", "已登记 %(count)s 人。", added) % {
        "count": f"{added:,}"
    }


def _page_after_reading(job: Job) -> str:
    """The list, to be looked at; after a refusal the upload page, to try again."""
    is_done = job.state == Job.State.DONE
    return reverse("taxpayers:roster" if is_done else "taxpayers:upload")


def register_kinds() -> None:
    register(
        Kind(
            READ_ROSTER,
            label=_("导入人员名单"),
            # Of 20,000 rows: 1.3, 0.8 and 1 seconds.
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
    register(
        Kind(
            TAKE_IN_ROSTER,
            label=_("导入人员名单"),
            # Of 20,000 persons: 5 seconds.
            phases=(Phase(WRITE, 1, _("正在写入"), _("正在写入 %(done)s / %(total)s 人")),),
            work=carry_out_taking_in,
            sentence=lambda job: taken_in(job.result),
            page=lambda job: reverse("taxpayers:taxpayers"),
        )
    )
    register(
        Kind(
            REGISTER_PERSONS,
            label=_("登记人员"),
            # Of 20,000 persons: 4 seconds.
            phases=(Phase(WRITE, 1, _("正在写入"), _("正在写入 %(done)s / %(total)s 人")),),
            work=carry_out_registering,
            sentence=lambda job: registered(job.result["added"]),
            page=lambda job: reverse("declarations:declaration", args=[job.subject]),
        )
    )
