"""The printed form as a PDF: the figures of the print page, as values for the typesetter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from declarations import selectors
from declarations.models import Declaration
from declarations.printed_parts import draft_part, filed_part, totals_printed
from declarations.printing import LINES_A_PART, PrintedTable
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.typesetting import typeset
from declarations.wording import code_label
from portal.models import User
from portal.templatetags.amounts import count, month, yuan

# What the audit says when an agent's clerk has it made; others get masks.
PDF = "the printed form as a PDF"

# In ems: a character that is not Chinese, a column's margins; and of a column that breaks anywhere.
_NARROW, _MARGIN = 0.6, 0.6
_LEAST, _MOST_BROKEN = 1.8, 4.5
_WORD = re.compile(r"[!-~]+")
# Points: the width between the margins, and the largest and the smallest letters.
_WIDTH = 796.0
_LARGEST, _SMALLEST = 6.5, 3.0


def reason_of(user: User, declaration: Declaration) -> str | None:
    """Return why a user gets names and numbers whole; none for those who get masks."""
    return PDF if user.agent_id == declaration.agent_month.agent_id else None


def count_parts(declaration: Declaration) -> int:
    """Return how many parts the form has; at least one. One query."""
    lines: int = _lines(declaration).count()
    return max(1, -(-lines // LINES_A_PART))


def form_pdf(
    declaration: Declaration,
    reason: str | None,
    part: int = 1,
    parts: int = 1,
    *,
    wait: float | None = None,
) -> bytes:
    """Return a part of the form, of so many, as a PDF. TypesetterIsBusy, TypesetterFailed."""
    return typeset(form_values(declaration, reason, part=part, parts=parts), wait=wait)


def form_values(
    declaration: Declaration, reason: str | None, *, part: int, parts: int
) -> dict[str, Any]:
    """Return what `form.typ` prints of a part: texts, in the reader's language."""
    is_draft = declaration.status == Declaration.Status.DRAFT
    start = (part - 1) * LINES_A_PART
    rows: Any = list(_lines(declaration)[start : start + LINES_A_PART])
    made = draft_part(declaration, rows) if is_draft else filed_part(declaration, rows, reason)
    widths = _widths(made.table)
    title = f"{_('扣缴个人所得税报告表')} {declaration}"
    is_english = (get_language() or "").startswith("en")
    return {
        "lang": "en" if is_english else "zh",
        "region": "us" if is_english else "cn",
        "title": title,
        "heading": _("扣缴个人所得税报告表") + (f" ({_('草稿')})" if is_draft else ""),
        "draft": _("草稿") if is_draft else "",
        "masked": "" if reason else _("姓名和证照号码已隐去一部分。"),
        "head": _head(declaration, reason),
        "digest": "" if is_draft else declaration.digest,
        "running": _running(declaration, part, parts),
        "page": _("第 %(number)s 页 共 %(pages)s 页") % {"number": "{page}", "pages": "{pages}"},
        "size": max(_SMALLEST, min(_LARGEST, _WIDTH / sum(widths))),
        "widths": widths,
        "number": _("行号"),
        "bands": [
            [
                {"text": cell.text, "amount": cell.is_amount, "computed": cell.is_computed}
                for _place, cell in band
            ]
            for band in made.table.bands
        ],
        "rows": [
            {
                "number": str(row.number),
                "cells": [[cell.text for _place, cell in band] for band in row.cells],
                "notes": row.notes,
            }
            for row in made.table.rows
        ],
        "empty": _("还没有明细。"),
        "totals": _totals(declaration) if part == parts else None,
    }


def _lines(declaration: Declaration) -> Any:
    is_draft = declaration.status == Declaration.Status.DRAFT
    lines: Any = selectors.draft_lines_of if is_draft else selectors.detail_lines_of
    return lines(declaration)


def _head(declaration: Declaration, reason: str | None) -> list[tuple[str, str]]:
    agent_month = declaration.agent_month
    is_draft = declaration.status == Declaration.Status.DRAFT
    phone = declaration.phone.reveal(reason) if reason else str(declaration.phone)
    filed_on = f"{declaration.filed_on:%Y-%m-%d}" if declaration.filed_on else ""
    head = [
        (_("计算机代码"), agent_month.agent.computer_code),
        (_("扣缴义务人名称"), str(agent_month.agent)),
        (_("所得期间"), month(agent_month.tax_month)),
        (_("填表日期"), _("草稿,尚未申报") if is_draft else filed_on),
        (
            _("申报类型"),
            f"{declaration.get_kind_display()},{declaration.get_coverage_display()}",
        ),
        (_("声明人"), declaration.declarant or "—"),
        (_("有效联系电话"), phone or "—"),
        (_("有效联系地址"), declaration.address or "—"),
        (_("邮政编码"), declaration.postcode or "—"),
    ]
    if is_draft or declaration.filed_at is None:
        return head
    version = _("第 %(version)s 版") % {"version": declaration.version}
    return [
        *head,
        (_("本期本单位总人数"), count(declaration.own_headcount)),
        (_("本期非本单位总人数"), count(declaration.other_headcount)),
        (_("全部人员收入总额(元)"), yuan(declaration.total_income)),
        (_("回执编号"), declaration.receipt_number or ""),
        (_("版本"), f"{version} · {declaration.get_status_display()}"),
        (_("申报时间"), f"{timezone.localtime(declaration.filed_at):%Y-%m-%d %H:%M:%S}"),
    ]


def _running(declaration: Declaration, part: int, parts: int) -> str:
    """Return what stands at the foot of every page: whose form it is, and which part."""
    agent_month = declaration.agent_month
    said = [
        f"{agent_month.agent.computer_code} {agent_month.agent}",
        f"{month(agent_month.tax_month)} {declaration.get_kind_display()}",
        declaration.receipt_number or _("草稿"),
    ]
    if parts > 1:
        said.append(
            _("第 %(number)s 部分,共 %(pages)s 部分")
            % {"number": count(part), "pages": count(parts)}
        )
    return " · ".join([*said, _("金额单位:元")])


def _totals(declaration: Declaration) -> dict[str, Any]:
    is_draft = declaration.status == Declaration.Status.DRAFT
    printed: Mapping[str, Any] = totals_printed(declaration, is_draft=is_draft)
    return {
        "heading": _("按所得项目合计"),
        "note": _("不含有误的明细。") if is_draft else "",
        "columns": [
            _("所得项目"),
            _("人次"),
            _("收入额(元)"),
            _("减免税额(元)"),
            _("已扣税额(元)"),
        ],
        "rows": [
            [code_label(INCOME_ITEMS, total.income_item), *_sums(total)]
            for total in printed["totals"]
        ],
        "sum": [_("合计"), *_sums(printed["grand_total"])],
        "capitals": {
            "label": _("已扣税额合计(人民币大写):"),
            "value": printed["in_capitals"] or "—",
        },
        "signatures": [
            [
                _(
                    "我声明:此扣缴申报是根据国家税收法律、法规的规定填报的,我确信它是真实的、"
                    "可靠的、完整的。"
                ),
                _("声明人签字:"),
                _("日期:"),
            ],
            [_("扣缴单位(公章)"), _("负责人签字:"), _("经办人签字:")],
            [_("主管税务机关(受理专用章)"), _("受理人签字:"), _("受理日期:")],
        ],
    }


def _sums(total: Any) -> list[str]:
    return [
        count(total.line_count),
        yuan(total.income),
        yuan(total.tax_reduction),
        yuan(total.tax_withheld),
    ]


def _widths(table: PrintedTable) -> list[float]:
    """Return how wide each column is, in ems: no number and no word goes beyond its own."""
    numbers = [str(row.number) for row in table.rows]
    columns = [_width(numbers)]
    for place in range(table.inner_width):
        texts = [band[place][1].text for band in table.bands]
        texts += [band[place][1].text for row in table.rows for band in row.cells]
        columns.append(_width(texts))
    return columns


def _width(texts: Sequence[str]) -> float:
    """Return the width of the longest word, or of some Chinese characters, which break anywhere."""
    widest = _LEAST
    for text in set(texts):
        words = _WORD.findall(text)
        chinese = len(text) - sum(map(len, words))
        longest = max(map(len, words), default=0) * _NARROW
        widest = max(widest, longest, min(chinese, _MOST_BROKEN))
    return widest + _MARGIN
