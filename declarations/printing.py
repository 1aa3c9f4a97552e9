"""The printed form: 扣缴个人所得税报告表 with what the law makes of each line, for A4 landscape.

The columns stand in the order of the form on paper, the computed ones in their places. A form with
more columns than fit beside each other prints each line in two rows, under headings in two rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from declarations.capital_figures import LIMIT, in_capitals
from declarations.line_facts import facts_text
from declarations.models import DetailLine
from declarations.outcomes import COMPUTED, computed_labels
from declarations.review import Assessed
from declarations.selectors import CheckedLine
from declarations.tables import (
    Cell,
    columns_of,
    computed_cells,
    filed_cell,
    is_amount,
    typed_cell,
    typed_columns,
    value_cell,
)
from declarations.wording import fault_sentence, field_label

LINES_A_PART = 2_000
LINES_A_PART_EXPLAINED = 200

_TOTAL_INCOME = "total_income"
_WIDEST = 24
# After which column of the form the computed ones stand.
_AFTER = {
    "income": (_TOTAL_INCOME,),
    "deductible_charges": ("deduction",),
    "donation": ("taxable", "rate", "quick_deduction", "tax"),
}


@dataclass(frozen=True)
class PrintedRow:
    """A line: its number, its cells in one or two rows, each with its place, and notes below it."""

    number: int
    cells: list[list[tuple[int, Cell]]]
    notes: list[str]

    @cached_property
    def bands(self) -> list[SafeString]:
        """Return the rows of cells as HTML."""
        return _written(self.cells)


@dataclass(frozen=True)
class PrintedTable:
    """Lines as they are printed; `bands` are the rows of headings, each with its place."""

    bands: list[list[tuple[int, Cell]]]
    rows: list[PrintedRow]

    @property
    def width(self) -> int:
        return 1 + self.inner_width

    @property
    def inner_width(self) -> int:
        """Return how many columns there are beside the lines' numbers."""
        return max(len(band) for band in self.bands)


def printed_filed(
    lines: Sequence[DetailLine],
    tax_month: date,
    assessed: Mapping[int, Assessed] | None,
    *,
    reason: str | None,
) -> PrintedTable:
    """Return filed lines as they are printed; numbers and names are masked without a reason."""
    columns = printed_columns(columns_of(lines, tax_month), with_law=assessed is not None)
    rows = []
    for line in lines:
        figures = _figures(line.income + line.income_foreign, assessed, line.pk)
        cells = [figures.get(column) or filed_cell(line, column, reason) for column in columns]
        notes = [_facts_note(facts_text(line.facts))] if line.facts else []
        rows.append(PrintedRow(line.line_number, _banded(cells), notes))
    return PrintedTable(_headings(columns, tax_month), rows)


def printed_draft(
    lines: Sequence[CheckedLine], tax_month: date, assessed: Mapping[int, Assessed] | None
) -> PrintedTable:
    """Return a draft's lines as they are printed: faulty ones as typed, with what is wrong."""
    columns = printed_columns(typed_columns(lines, tax_month), with_law=assessed is not None)
    rows = []
    for checked in lines:
        sound = checked.sound
        total = sound.total_income if sound else None
        figures = _figures(total, assessed, checked.line.pk)
        cells = []
        for column in columns:
            if column in figures:
                cells.append(figures[column])
            elif sound:
                cells.append(value_cell(column, getattr(sound, column)))
            else:
                cells.append(typed_cell(checked, column))
        facts = checked.cells.get("facts")
        notes = [_facts_note(facts_text(facts))] if facts else []
        notes += [fault_sentence(fault, tax_month) for fault in checked.faults]
        rows.append(PrintedRow(checked.line.position, _banded(cells), notes))
    return PrintedTable(_headings(columns, tax_month), rows)


def printed_columns(columns: Sequence[str], *, with_law: bool) -> list[str]:
    """Return the columns of the form with the computed ones in their places; facts are notes."""
    after = dict(_AFTER)
    if "income_foreign" in columns:
        # Where it is no column of the form it stands last, and the sum of both beside the income.
        columns = [column for column in columns if column != "income_foreign"]
        after["income"] = ("income_foreign", _TOTAL_INCOME)
    printed = []
    for column in columns:
        if column == "facts":
            continue
        printed.append(column)
        printed += [each for each in after.get(column, ()) if with_law or each not in COMPUTED]
    return printed


def total_in_capitals(amount: Decimal) -> str:
    """Return a total in capital figures; empty for one that nobody writes in words."""
    return in_capitals(amount) if amount < LIMIT else ""


def _facts_note(text: str) -> str:
    return _("计税事实:%(facts)s") % {"facts": text}


def _figures(
    total_income: Decimal | None, assessed: Mapping[int, Assessed] | None, pk: int
) -> dict[str, Cell]:
    figures = {_TOTAL_INCOME: value_cell(_TOTAL_INCOME, total_income)}
    if assessed is not None:
        figures |= dict(zip(COMPUTED, computed_cells(assessed.get(pk)), strict=True))
    return figures


def _headings(columns: Sequence[str], tax_month: date) -> list[list[tuple[int, Cell]]]:
    computed = dict(zip(COMPUTED, computed_labels(), strict=True))
    computed[_TOTAL_INCOME] = _("收入额合计")
    return _banded(
        [
            Cell(
                computed.get(column) or field_label(column, tax_month),
                is_amount=column in computed or is_amount(column),
                is_computed=column in computed,
            )
            for column in columns
        ]
    )


def _banded(cells: Sequence[Cell]) -> list[list[tuple[int, Cell]]]:
    """Put the cells of a line, numbered, into one row, or into two of the same length."""
    numbered = list(enumerate(cells, 1))
    if len(numbered) <= _WIDEST:
        return [numbered]
    half = (len(numbered) + 1) // 2
    first, second = numbered[:half], numbered[half:]
    return [first, second] if len(second) == half else [first, [*second, (0, Cell(""))]]


def _written(bands: Sequence[Sequence[tuple[int, Cell]]]) -> list[SafeString]:
    """Write the cells of a line. A part has 72,000: the template alone would take three seconds."""
    return [
        format_html_join("", "<td{}>{}</td>", ((_attributes(*each), each[1].text) for each in band))
        for band in bands
    ]


def _attributes(heading: int, cell: Cell) -> SafeString:
    return _written_attributes(heading, cell.is_amount, cell.is_computed, cell.is_long)


@cache
def _written_attributes(
    heading: int, is_amount: bool, is_computed: bool, is_long: bool
) -> SafeString:
    """Return the attributes of a cell: the heading that it is under, and how it looks."""
    names = [
        *(["amount"] if is_amount else []),
        *(["computed"] if is_computed else []),
        *(["long"] if is_long else []),
    ]
    headers = format_html(' headers="h{}"', heading) if heading else ""
    return format_html('{} class="{}"', headers, " ".join(names)) if names else SafeString(headers)
