"""The list of a year's declarations as a workbook."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.list_workbook import Value, write_list
from declarations.selectors import Lamp, LampState, ListedDeclaration, ListedMonth, months_of_year
from declarations.taxlaw.tax_month import format_tax_month
from declarations.wording import LAMP_SUBJECTS, lamp_reason
from portal.models import AuditEntry, User, WithholdingAgent
from portal.services import audit


def export_year(agent: WithholdingAgent, year: int, *, by: User) -> bytes:
    """Return a year's list of declarations as an .xlsx file, as the page shows it; audited."""
    months = months_of_year(agent, year)
    headings = [
        _("税款所属月份"),
        _("申报类型"),
        _("申报方式"),
        _("状态"),
        _("版本"),
        _("申报时间"),
        _("回执编号"),
        _("人次"),
        _("收入额(元)"),
        _("已扣税额(元)"),
        *map(str, LAMP_SUBJECTS.values()),
    ]
    rows = [row for month in months for row in _rows(month)]
    audit.record(AuditEntry.Action.EXPORT, "list", user=by, agent=agent, year=year, rows=len(rows))
    return write_list(f"{agent.computer_code}-{year}", headings, rows)


def _rows(month: ListedMonth) -> list[list[Value]]:
    if not month.rows:
        return [[format_tax_month(month.tax_month), "", "", _("未申报")]]
    return [_row(row) for row in month.rows]


def _row(row: ListedDeclaration) -> list[Value]:
    declaration = row.declaration
    filed_at = declaration.filed_at
    return [
        format_tax_month(declaration.agent_month.tax_month),
        declaration.get_kind_display(),
        declaration.get_coverage_display(),
        declaration.get_status_display(),
        declaration.version,
        timezone.localtime(filed_at).strftime("%Y-%m-%d %H:%M:%S") if filed_at else "",
        declaration.receipt_number,
        row.line_count,
        row.income,
        row.tax_withheld,
        *map(_lamp, row.lamps),
    ]


def _lamp(lamp: Lamp) -> str:
    words = {
        LampState.PENDING: _("未处理"),
        LampState.ERROR: _("出错"),
        LampState.DONE: _("已成功"),
    }
    reason = lamp_reason(lamp)
    return f"{words[lamp.state]}:{reason}" if reason else words[lamp.state]
