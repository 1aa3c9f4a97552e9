"""The window: the lines of one declaration as a workbook, its head taken from the registration."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.declaration import Header, check_header
from declarations.faults import FileRefused
from declarations.models import Declaration
from declarations.refusals import RowFault, WorkbookHasFaults, WorkbookIsRefused
from declarations.services.filing import Filed, file
from declarations.taxlaw.tax_month import format_tax_month
from declarations.wording import field_label, file_sentence
from declarations.workbook import check_rows, headings_of, read_workbook
from portal.errors import Refusal
from portal.models import User, WithholdingAgent

_HEAD = "the head of a declaration at the window"


class RegistrationIsIncomplete(Refusal):
    code = "REGISTRATION"


def file_workbook(
    agent: WithholdingAgent,
    tax_month: date,
    kind: str,
    content: bytes,
    *,
    file_kind: str,
    filed_by: User,
) -> Filed:
    """File a workbook's rows as an agent's declaration of everyone (全员全额), at the window.

    `file_kind` is `xlsx` or `csv`. WorkbookIsRefused, WorkbookHasFaults with every fault of every
    row, RegistrationIsIncomplete when the head lacks something; MonthIsClosed.
    """
    header = check_header(
        {
            "computer_code": agent.computer_code,
            "tax_month": format_tax_month(tax_month),
            "kind": kind,
            "coverage": "full",
            "declarant": agent.name[:200],
            "phone": (agent.contact_telephone or agent.telephone).reveal(_HEAD),
            "address": agent.address[:200],
            "postcode": agent.postcode[:20],
        }
    )
    if not isinstance(header, Header):
        labels = "、".join(field_label(fault.field) for fault in header)
        raise RegistrationIsIncomplete(
            _("该单位的登记信息中没有%(labels)s,不能由工作簿申报;请用 JSON Lines 文件。")
            % {"labels": labels}
        )
    try:
        workbook = read_workbook(
            content,
            slots=Path(settings.PORTAL_HOME) / "sandbox",
            kind=file_kind,
            form=headings_of(tax_month),
        )
    except FileRefused as refused:
        raise WorkbookIsRefused(refused.code.value, file_sentence(refused)) from refused
    lines, faults = check_rows(workbook.rows, tax_month, born_by=timezone.localdate())
    if faults:
        names = {row.number: row.texts().get("name", "") for row in workbook.rows}
        row_faults = [
            RowFault(
                fault.row or 0,
                names.get(fault.row or 0, ""),
                workbook.headings.get(fault.field) or field_label(fault.field, tax_month),
                fault,
            )
            for fault in faults
        ]
        raise WorkbookHasFaults(row_faults, rows=len(workbook.rows))
    return file(
        agent,
        header,
        [line for _row, line in lines],
        channel=Declaration.Channel.WINDOW,
        filed_by=filed_by,
    )
