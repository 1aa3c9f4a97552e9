"""Writes the register of persons as a workbook: full for an export, empty for a template.

Either can be filled in further and uploaded again.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import xlsxwriter

from declarations.persons import COLUMNS, Person, texts_of
from declarations.roster import HEADINGS, TEMPLATE_KIND, TEMPLATE_VERSION
from declarations.sheets import MAX_LINES
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, OCCUPATIONS, CodeTable
from portal.exports import safe_cell

_CODE_SHEET = "代码"
_CODES: dict[str, CodeTable] = {
    "document_type": DOCUMENT_TYPES,
    "country": COUNTRIES,
    "occupation": OCCUPATIONS,
}
_YES_NO = ("employed_here", "resident")
_NOTES = {
    "name": "必填。在中国境内无住所的,填写中文和英文两种姓名。",
    "document_type": "必填。填写代码或名称,或从列表中选择。",
    "document_number": "必填。本列为文本格式,请不要改为数字,否则号码的末几位会丢失。",
    "country": "必填。填写代码或名称,或从列表中选择。",
    "occupation": "必填。填写代码或名称,或从列表中选择。",
    "employed_here": "必填。填写“是”或“否”。",
    "resident": "填写“是”或“否”。2019年起的申报使用;国家与地区为中国的可以不填,不填为“是”。",
    "joined_on": "写作 2006-04-01 的样式,可以不填。",
    "left_on": "写作 2006-04-01 的样式;在职的不填。",
    "remark": "最多500字。",
}
_WIDTHS = {"name": 16, "document_type": 22, "document_number": 24, "occupation": 26, "remark": 30}


def write_roster(persons: Iterable[Person]) -> bytes:
    """Return persons as an .xlsx file, in the columns of the register, everything a text.

    Coded columns have drop-down lists that suggest and do not insist. Its properties `kind` and
    `version` say what it is. Nothing of it reaches a disk.
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet("人员")
    lists = _write_codes(book)
    head = book.add_format(
        {"bold": True, "bg_color": "#E6EEF6", "align": "center", "valign": "vcenter"}
    )
    text = book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 1)
    for at, column in enumerate(COLUMNS):
        sheet.set_column(at, at, _WIDTHS.get(column, 14), text)
        sheet.write_string(0, at, HEADINGS[column], head)
        sheet.write_comment(0, at, _NOTES[column], {"x_scale": 2})
        if column in lists:
            sheet.data_validation(
                1, at, MAX_LINES, at, {"validate": "list", "show_error": False, **lists[column]}
            )
    for row, person in enumerate(persons, 1):
        texts = texts_of(person)
        for at, column in enumerate(COLUMNS):
            if texts[column]:
                sheet.write_string(row, at, safe_cell(_shown(column, texts[column])), text)
    book.set_custom_property("kind", TEMPLATE_KIND, "text")
    book.set_custom_property("version", TEMPLATE_VERSION, "text")
    book.close()
    return target.getvalue()


def _shown(column: str, text: str) -> str:
    table = _CODES.get(column)
    return str(table[text]) if table is not None and text in table else text


def _write_codes(book: Any) -> dict[str, dict[str, Any]]:
    """Write the code tables on a sheet of their own; return the source of each column's list."""
    sheet = book.add_worksheet(_CODE_SHEET)
    lists: dict[str, dict[str, Any]] = {column: {"source": ["是", "否"]} for column in _YES_NO}
    for at, (column, table) in enumerate(_CODES.items()):
        sheet.set_column(at, at, 36)
        sheet.write_string(0, at, HEADINGS[column])
        for row, entry in enumerate(table, 1):
            sheet.write_string(row, at, str(entry))
        letter = "ABC"[at]
        lists[column] = {"source": f"={_CODE_SHEET}!${letter}$2:${letter}${len(table) + 1}"}
    return lists
