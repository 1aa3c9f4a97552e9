"""Writes detail lines as a workbook, and an uploaded sheet with its errors marked.

Both can be uploaded again, as they are or mended. A row is on its way to the file as soon as the
next one is begun: 20,000 rows need a few megabytes.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from declarations.cells import LENIENT, Wrong
from declarations.faults import Fault
from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from declarations.workbook import (
    ERRORS,
    HEADINGS_FROM_2019,
    HEADINGS_TO_2018,
    ROW,
    TEMPLATE_KIND,
    TEMPLATE_VERSION,
    form_of,
    headings_of,
)
from portal.exports import safe_cell

_AMOUNTS = frozenset({*AMOUNTS, *AMOUNTS_FROM_2019})
_CODES = {
    "document_type": DOCUMENT_TYPES,
    "country": COUNTRIES,
    "occupation": OCCUPATIONS,
    "income_item": INCOME_ITEMS,
}
_WIDTHS = {"name": 14, "document_number": 24, "occupation": 24, "income_item": 34, "remark": 30}
_WIDTH = 16
_EXACT = 10**13  # a figure of 15 digits is kept to the fen


def write_lines(lines: Sequence[Mapping[str, Any]], tax_month: date, *, folder: Path) -> bytes:
    """Return lines, as texts by column, in an .xlsx file of a tax month's form.

    What is an amount (yuan) is a number, all else a text, as typed; a code has its name beside it.
    A column that the form lacks stands after the others when a line says something in it; what is
    told as facts is left out. `folder` is for what is on its way, and is empty again after it.
    """
    headings = dict(headings_of(tax_month))
    for column, heading in {**HEADINGS_FROM_2019, **HEADINGS_TO_2018}.items():
        if column not in headings and any(line.get(column) for line in lines):
            headings[column] = heading
    with _book(tax_month, folder) as (book, target):
        sheet = book.add_worksheet("明细")
        text = book.add_format({"num_format": "@"})
        money = book.add_format({"num_format": "0.00"})
        sheet.freeze_panes(1, 1)
        _write_head(book, sheet, headings)
        for row, line in enumerate(lines, 1):
            for at, column in enumerate(headings):
                value = str(line.get(column) or "")
                amount = _amount(value) if column in _AMOUNTS else None
                if amount is not None:
                    sheet.write_number(row, at, amount, money)
                elif value:
                    sheet.write_string(row, at, safe_cell(_coded(column, value)), text)
    return target.getvalue()


def write_errors(
    rows: Sequence[tuple[int, Mapping[str, str]]],
    headings: Mapping[str, str],
    faults: Mapping[int, Sequence[Fault]],
    tax_month: date,
    *,
    sentence: Callable[[Fault], str],
    folder: Path,
) -> bytes:
    """Return an uploaded sheet as an .xlsx file with its errors marked.

    First stand the row's number in that sheet and the sentences about it, then the columns in the
    sheet's order, under its headings, everything a text; wrong cells are coloured. `rows` have
    their numbers and texts, `faults` are by row.
    """
    with _book(tax_month, folder) as (book, target):
        sheet = book.add_worksheet("明细")
        text = book.add_format({"num_format": "@"})
        wrong = book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "border": 1})
        said = book.add_format({"num_format": "@", "font_color": "#9C0006"})
        sheet.freeze_panes(1, 2)
        _write_head(book, sheet, {ROW: ROW, ERRORS: ERRORS, **headings}, {ROW: 11, ERRORS: 60})
        for at, (number, texts) in enumerate(rows, 1):
            found = faults.get(number, ())
            sheet.write_string(at, 0, str(number), text)
            if found:
                words = ";".join(sentence(fault) for fault in found)
                sheet.write_string(at, 1, safe_cell(words), said)
            fields = {fault.field for fault in found}
            for place, column in enumerate(headings, 2):
                value = texts.get(column, "")
                if column in fields:
                    # A blank one is coloured, too.
                    sheet.write(at, place, safe_cell(value) or None, wrong)
                elif value:
                    sheet.write_string(at, place, safe_cell(value), text)
        sheet.autofilter(0, 0, len(rows), len(headings) + 1)
    return target.getvalue()


@contextmanager
def _book(tax_month: date, folder: Path) -> Iterator[tuple[Any, io.BytesIO]]:
    """Give out a workbook that says what it is, and where its bytes stand afterwards."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = io.BytesIO()
    with tempfile.TemporaryDirectory(dir=folder) as passing:
        book = xlsxwriter.Workbook(
            target,
            {
                "constant_memory": True,
                "tmpdir": passing,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        for name, value in (
            ("kind", TEMPLATE_KIND),
            ("form", form_of(tax_month)),
            ("version", TEMPLATE_VERSION),
        ):
            book.set_custom_property(name, value, "text")
        yield book, target
        book.close()


def _write_head(
    book: Any, sheet: Any, headings: Mapping[str, str], widths: Mapping[str, int] | None = None
) -> None:
    head = book.add_format(
        {
            "bold": True,
            "bg_color": "#E6EEF6",
            "align": "center",
            "valign": "vcenter",
            "text_wrap": True,
        }
    )
    text = book.add_format({"num_format": "@"})
    for at, (column, heading) in enumerate(headings.items()):
        width = (widths or {}).get(column) or _WIDTHS.get(column, _WIDTH)
        sheet.set_column(at, at, width, None if column in _AMOUNTS else text)
        sheet.write_string(0, at, heading.strip(), head)


def _amount(text: str) -> float | None:
    try:
        amount = LENIENT.amount(text)
    except Wrong:
        return None
    return float(amount) if amount < _EXACT else None


def _coded(column: str, text: str) -> str:
    table = _CODES.get(column)
    return str(table[text]) if table is not None and text in table else text
