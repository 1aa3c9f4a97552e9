"""Writes the list of a year's declarations as a workbook: a row for each, nothing of a person."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter

from portal.exports import safe_cell

Value = str | int | Decimal | None


def write_list(name: str, headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Return rows under headings as an .xlsx file; amounts are numbers of two decimals.

    None is a blank cell. Nothing of it reaches a disk.
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#E6EEF6", "align": "center"})
    amount = book.add_format({"num_format": "#,##0.00"})
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(headings) - 1, 18)
    for at, heading in enumerate(headings):
        sheet.write_string(0, at, heading, head)
    for number, row in enumerate(rows, 1):
        for at, value in enumerate(row):
            if isinstance(value, Decimal):
                sheet.write_number(number, at, value, amount)
            elif isinstance(value, int):
                sheet.write_number(number, at, value)
            elif value:
                sheet.write_string(number, at, safe_cell(value))
    book.close()
    return target.getvalue()
