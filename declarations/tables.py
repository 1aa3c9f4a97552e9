"""Lines as rows of a page: in the columns of their month's form, codes with their names.

After what was declared stand what the law makes of it, and the difference: computed and locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from declarations.line_facts import facts_text
from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, COLUMNS
from declarations.models import DetailLine, DraftLine
from declarations.outcomes import (
    computed_labels,
    computed_texts,
    difference_label,
    mark_of,
)
from declarations.review import Assessed
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
    is_computed: bool = False
    # What is said of a figure, and whether it is off from the law's.
    word: str = ""
    is_off: bool = False


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


def filed_table(
    lines: Sequence[DetailLine],
    tax_month: date,
    *,
    reason: str | None,
    assessed: Mapping[int, Assessed] | None = None,
) -> Table:
    """Return filed lines; numbers and names are whole for a reason, masked without one.

    A column that the month's form on paper lacks is there when a line says something in it. The
    computed columns are there for lines that were `assessed` (by primary key).
    """
    columns = columns_of(lines, tax_month)
    return Table(
        _headings(columns, tax_month) + _computed_headings(assessed),
        [
            Row(
                line.line_number,
                [filed_cell(line, column, reason) for column in columns]
                + _computed_cells(assessed, line.pk),
                [],
                line,
            )
            for line in lines
        ],
    )


def columns_of(lines: Sequence[DetailLine], tax_month: date) -> list[str]:
    """Return the columns of the month's form, and others in which a line says something."""
    columns = list(headings_of(tax_month))
    columns += [
        column
        for column in COLUMNS
        if column not in columns and any(getattr(line, column) for line in lines)
    ]
    return columns


def filed_fields(
    line: DetailLine, tax_month: date, *, reason: str | None
) -> list[tuple[str, Cell]]:
    """Return the headings and the values of one filed line, masked without a reason."""
    return [
        (field_label(column, tax_month), filed_cell(line, column, reason))
        for column in columns_of([line], tax_month)
    ]


def draft_table(
    lines: Sequence[CheckedLine],
    tax_month: date,
    *,
    assessed: Mapping[int, Assessed] | None = None,
) -> Table:
    """Return lines of a draft as typed, each with its faults, named by column.

    A code that was typed alone has its name beside it. The computed columns are there for lines
    that were `assessed` (by primary key); lines with faults cannot be.
    """
    columns = typed_columns(lines, tax_month)
    rows = []
    for checked in lines:
        faulty = {fault.field for fault in checked.faults}
        cells = [typed_cell(checked, column, is_faulty=column in faulty) for column in columns]
        cells += _computed_cells(assessed, checked.line.pk)
        faults = [fault_sentence(fault, tax_month) for fault in checked.faults]
        rows.append(Row(checked.line.position, cells, faults, checked.line))
    return Table(_headings(columns, tax_month) + _computed_headings(assessed), rows)


def typed_columns(lines: Sequence[CheckedLine], tax_month: date) -> list[str]:
    """Return the columns of the month's form, and that of the facts if a line tells some."""
    columns = list(headings_of(tax_month))
    return [*columns, "facts"] if any(line.cells.get("facts") for line in lines) else columns


def typed_cell(checked: CheckedLine, column: str, *, is_faulty: bool = False) -> Cell:
    """Return a column of a draft's line as it was typed."""
    if column == "facts":
        return Cell(facts_text(checked.cells.get("facts") or {}), is_long=True)
    return Cell(
        _typed(column, str(checked.cells.get(column, ""))),
        is_amount=column in _AMOUNT_COLUMNS,
        is_faulty=is_faulty,
        is_long=column == "remark",
    )


def computed_cells(assessed: Assessed | None) -> list[Cell]:
    """Return the figures of COMPUTED, blank where the law has no answer."""
    return [Cell(text, is_amount=True, is_computed=True) for text in computed_texts(assessed)]


def is_amount(column: str) -> bool:
    """Tell whether a column of the form holds amounts."""
    return column in _AMOUNT_COLUMNS


def _computed_headings(assessed: Mapping[int, Assessed] | None) -> list[Cell]:
    if assessed is None:
        return []
    labels = [*computed_labels(), difference_label()]
    return [Cell(label, is_amount=True, is_computed=True) for label in labels]


def _computed_cells(assessed: Mapping[int, Assessed] | None, pk: int) -> list[Cell]:
    if assessed is None:
        return []
    line = assessed.get(pk)
    word, is_off = mark_of(line) if line else ("", False)
    difference = Cell(
        yuan(line.difference if line else None),
        is_amount=True,
        is_computed=True,
        word=word,
        is_off=is_off,
    )
    return [*computed_cells(line), difference]


def _typed(column: str, text: str) -> str:
    return code_label(CODED_COLUMNS[column], text) if column in CODED_COLUMNS else text


def _headings(columns: Sequence[str], tax_month: date) -> list[Cell]:
    return [Cell(field_label(column, tax_month), column in _AMOUNT_COLUMNS) for column in columns]


def filed_cell(line: DetailLine, column: str, reason: str | None) -> Cell:
    """Return a column of a filed line; its number and name are whole for a reason."""
    if column == "document_number":
        return Cell(line.document_number.reveal(reason) if reason else str(line.document_number))
    if column == "name":
        return Cell(line.name if reason else mask_name(line.name))
    return value_cell(column, getattr(line, column))


def value_cell(column: str, value: Any) -> Cell:
    """Return a value of a line as it is read."""
    if column in CODED_COLUMNS:
        return Cell(code_label(CODED_COLUMNS[column], value))
    if isinstance(value, bool):
        return Cell(_("是") if value else _("否"))
    if isinstance(value, Decimal):
        return Cell(yuan(value), is_amount=True)
    if isinstance(value, dict):
        return Cell(facts_text(value), is_long=True)
    return Cell(value or "", column in _AMOUNT_COLUMNS, is_long=column == "remark")
