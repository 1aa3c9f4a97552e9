"""Writes the empty workbook that a clerk fills in: headings, notes, lists of codes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, REQUIRED_AMOUNTS
from declarations.sheets import MAX_LINES
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.workbook import TEMPLATE_KIND, TEMPLATE_VERSION, form_of, headings_of

_CODE_SHEET = "代码"
_AMOUNT_COLUMNS = frozenset({*AMOUNTS, *AMOUNTS_FROM_2019})
_AMOUNT_NOTE = "单位:元,不小于0,最多两位小数。"
_MAY_BE_BLANK = "没有的可以不填。"
_NOTES = {
    "name": "必填。在中国境内无住所的,填写中文和英文两种姓名。",
    "document_type": "必填。填写代码或名称,或从列表中选择。",
    "document_number": "必填。本列为文本格式,请不要改为数字,否则号码的末几位会丢失。",
    "country": "必填。填写代码或名称,或从列表中选择。",
    "occupation": "必填。填写代码或名称,或从列表中选择。",
    "employed_here": "必填。填写“是”或“否”。",
    "income_item": "必填。一人有多项所得的,分行填写;填写代码或名称,或从列表中选择。",
    "resident": "填写“是”或“否”。国家与地区为中国的可以不填,不填为“是”。",
    "exempt_income": f"只适用于工资、薪金所得。{_AMOUNT_NOTE}",
    "deductible_charges": (
        f"只适用于劳务报酬、特许权使用费、财产租赁和财产转让所得。{_AMOUNT_NOTE}"
    ),
    "donation": f"一般不超过应纳税所得额的30%,超过的须在备注栏写明依据。{_AMOUNT_NOTE}",
    "tax_reduction": f"如有减免税额,须在备注栏写明事项。{_AMOUNT_NOTE}",
    "tax_withheld": f"必填。本期实际扣缴的税款。{_AMOUNT_NOTE}",
    "remark": "最多500字。",
}
_WIDTHS = {"name": 14, "document_number": 24, "occupation": 24, "income_item": 34, "remark": 30}


def write_template(tax_month: date) -> bytes:
    """Return an empty workbook for a tax month's form, as the bytes of an .xlsx file.

    Document numbers and codes are text columns; coded columns have drop-down lists that suggest and
    do not insist. Its properties `kind`, `form` and `version` say what it is.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = "明细"
    sheet.freeze_panes = "A2"
    lists = _write_codes(book)
    for number, (column, heading) in enumerate(headings_of(tax_month).items(), 1):
        letter = get_column_letter(number)
        cell = sheet.cell(row=1, column=number, value=heading)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E6EEF6")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.comment = Comment(_note(column, tax_month), "", width=260, height=90)
        dimension = sheet.column_dimensions[letter]
        dimension.width = _WIDTHS.get(column, 16)
        dimension.number_format = "0.00" if column in _AMOUNT_COLUMNS else "@"
        if column in lists:
            choice = DataValidation(
                type="list", formula1=lists[column], allow_blank=True, showErrorMessage=False
            )
            choice.add(f"{letter}2:{letter}{MAX_LINES + 1}")
            sheet.add_data_validation(choice)
    for name, value in (
        ("kind", TEMPLATE_KIND),
        ("form", form_of(tax_month)),
        ("version", TEMPLATE_VERSION),
    ):
        # The stubs do not know the property.
        book.custom_doc_props.append(  # type: ignore[attr-defined]
            StringProperty(name=name, value=value)
        )
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write_codes(book: Workbook) -> dict[str, str]:
    """Write the code lists on a sheet of their own; return where each column's list stands."""
    sheet = book.create_sheet(_CODE_SHEET)
    lists = {"employed_here": '"是,否"', "resident": '"是,否"'}
    tables: Iterable[tuple[str, str, list[str]]] = (
        ("document_type", "身份证照类型", [str(entry) for entry in DOCUMENT_TYPES]),
        ("country", "国家与地区", [str(entry) for entry in COUNTRIES]),
        ("occupation", "职业", [str(entry) for entry in OCCUPATIONS]),
        ("income_item", "所得项目", [str(entry) for entry in INCOME_ITEMS]),
    )
    for number, (column, heading, entries) in enumerate(tables, 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 36
        sheet.cell(row=1, column=number, value=heading).font = Font(bold=True)
        for row, entry in enumerate(entries, 2):
            sheet.cell(row=row, column=number, value=entry).number_format = "@"
        lists[column] = f"{_CODE_SHEET}!${letter}$2:${letter}${len(entries) + 1}"
    return lists


def _note(column: str, tax_month: date) -> str:
    note = _NOTES.get(column)
    if note is None:
        note = f"{'必填。' if column in REQUIRED_AMOUNTS else _MAY_BE_BLANK}{_AMOUNT_NOTE}"
    if column == "income_item" and tax_month >= CUMULATIVE_FROM:
        note += "2019年起没有“其他所得”。"
    if column.startswith("cum_"):
        note = f"填写本年度在本单位的累计数。{note}"
    return note
