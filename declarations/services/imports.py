"""Workbooks: an uploaded file becomes lines of a draft, all of its rows or none."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.faults import FileRefused
from declarations.models import Declaration
from declarations.refusals import RowFault, WorkbookHasFaults, WorkbookIsRefused
from declarations.services.drafts import put_lines
from declarations.wording import field_label, file_sentence
from declarations.workbook import Workbook, check_rows, form_of, headings_of, read_workbook


def import_workbook(draft: Declaration, content: bytes, *, kind: str, replace: bool) -> int:
    """Put a workbook's rows into a draft, after its lines or in their place; return how many.

    `kind` is `xlsx` or `csv`. Nothing is changed when anything is wrong: WorkbookIsRefused for the
    file as a whole, WorkbookHasFaults with every fault of every row; NotADraft, TooManyLines.
    """
    tax_month = draft.agent_month.tax_month
    try:
        # In a process of its own, before any lock is held.
        workbook = read_workbook(
            content,
            slots=Path(settings.PORTAL_HOME) / "sandbox",
            kind=kind,
            form=headings_of(tax_month),
        )
    except FileRefused as refused:
        raise WorkbookIsRefused(refused.code.value, file_sentence(refused)) from refused
    if workbook.template is not None and workbook.template[0] != form_of(tax_month):
        raise WorkbookIsRefused(
            "TEMPLATE",
            _("这是另一时期的模板,不能用于 %(month)s。请下载本月的模板")
            % {"month": draft.agent_month},
        )
    _lines, faults = check_rows(workbook.rows, tax_month, born_by=timezone.localdate())
    if faults:
        names = {row.number: row.texts().get("name", "") for row in workbook.rows}
        raise WorkbookHasFaults(
            [
                RowFault(
                    fault.row or 0,
                    names.get(fault.row or 0, ""),
                    _heading(workbook, fault.field, draft),
                    fault,
                )
                for fault in faults
            ],
            rows=len(workbook.rows),
        )
    put_lines(draft, [(row.number, row.texts()) for row in workbook.rows], replace=replace)
    return len(workbook.rows)


def _heading(workbook: Workbook, field: str, draft: Declaration) -> str:
    return workbook.headings.get(field) or field_label(field, draft.agent_month.tax_month)
