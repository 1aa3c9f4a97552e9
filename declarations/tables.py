"""Lines as rows of a page: in the columns of their month's form, codes with their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, COLUMNS
from declarations.models import DetailLine, DraftLine
from declarations.selectors import CheckedLine
from declarations.taxlaw.identity import mask_name
from declarations.wording import CODED_COLUMNS, code_label, fault_sentence, field_label
from declarations.workbook import headings_of
from portal.templatetags.amounts import yuan

_AMOUNT_COLUMNS = frozenset({*AMOUNTS, *AMOUNTS_FROM_2019})


@dataclass(frozen=True)
class Cell:
    text: str
    is_amount: bool = False
    is_faulty: bool = False
    is_long: bool = False


@dataclass(frozen=True)
class Row:
    """A line: its number, its cells in the table's order, and for a draft what is wrong."""

    number: int
    cells: list[Cell]
    faults: list[str]
    line: DetailLine | DraftLine


@dataclass(frozen=True)
class Table:
    headings: list[Cell]
    rows: list[Row]


def filed_table(lines: Sequence[DetailLine], tax_month: date, *, reason: str | None) -> Table:
    """Return filed lines; numbers and names are whole for a reason, masked without one.

    A column that the month's form on paper lacks is there when a line says something in it.
    """
    columns = list(headings_of(tax_month))
    columns += [
        column
        for column in COLUMNS
        if column not in columns and any(getattr(line, column) for line in lines)
    ]
    return Table(
        _headings(columns, tax_month),
        [
            Row(
                line.line_number,
                [_filed_cell(line, column, reason) for column in columns],
                [],
                line,
            )
            for line in lines
        ],
    )


def draft_table(lines: Sequence[CheckedLine], tax_month: date) -> Table:
    """Return lines of a draft as typed, each with its faults, named by column.

    A code that was typed alone has its name beside it.
    """
    columns = list(headings_of(tax_month))
    rows = []
    for checked in lines:
        faulty = {fault.field for fault in checked.faults}
        cells = [
            Cell(
                _typed(column, str(checked.cells.get(column, ""))),
                is_amount=column in _AMOUNT_COLUMNS,
                is_faulty=column in faulty,
                is_long=column == "remark",
            )
            for column in columns
        ]
        faults = [fault_sentence(fault, tax_month) for fault in checked.faults]
        rows.append(Row(checked.line.position, cells, faults, checked.line))
    return Table(_headings(columns, tax_month), rows)


def _typed(column: str, text: str) -> str:
    return code_label(CODED_COLUMNS[column], text) if column in CODED_COLUMNS else text


def _headings(columns: Sequence[str], tax_month: date) -> list[Cell]:
    return [Cell(field_label(column, tax_month), column in _AMOUNT_COLUMNS) for column in columns]


def _filed_cell(line: DetailLine, column: str, reason: str | None) -> Cell:
    value: Any = getattr(line, column)
    if column == "document_number":
        return Cell(line.document_number.reveal(reason) if reason else str(line.document_number))
    if column == "name":
        return Cell(line.name if reason else mask_name(line.name))
    if column in CODED_COLUMNS:
        return Cell(code_label(CODED_COLUMNS[column], value))
    if isinstance(value, bool):
        return Cell(_("是") if value else _("否"))
    if isinstance(value, Decimal):
        return Cell(yuan(value), is_amount=True)
    if isinstance(value, dict):
        return Cell("; ".join(f"{key}: {text}" for key, text in value.items()), is_long=True)
    return Cell(value or "", column in _AMOUNT_COLUMNS, is_long=column == "remark")
