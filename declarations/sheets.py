"""Finds the columns of an uploaded sheet by its headings.

The file itself is read by sandbox.py, in a process of its own. The first sheet to be seen counts.
Headings stand in one of its first rows, in any order. Rows keep the sheet's own numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from declarations.cells import Cell, Figure, Moment, NoValue, excel_number, shown
from declarations.faults import FileCode, FileRefused
from declarations.sandbox import SLOT_WAIT_SECONDS, read_cells
from declarations.sheet_reader import MAX_COLUMNS, MAX_ROWS, MAX_TITLES

MAX_LINES = MAX_ROWS - 1
# What workbooks of ours say that they are, in a property of this name.
LINES_KIND, PERSONS_KIND = KINDS = ("declaration-lines", "persons")
# Over it a row of headings is what it says to be.
_HEADINGS_THAT_MAKE_A_ROW = 3


@dataclass(frozen=True)
class SheetForm:
    """The columns that a sheet may have, and must have.

    `headings` has the heading by which a missing column is named; `known` the column that a folded
    heading stands for, an empty text for one that says nothing. A column with any other heading
    refuses the file, unless it `leaves_out` such columns. `kind` is what a file of ours says that
    it is, when it has this form.
    """

    headings: Mapping[str, str]
    required: Sequence[str]
    known: Mapping[str, str]
    leaves_out: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with something in it: the sheet's own number, and its cells by column of the form."""

    number: int
    cells: Mapping[str, Cell]

    def texts(self) -> dict[str, str]:
        """Return the cells as texts, to be kept in a draft; check_line finds the same faults.

        A document number that was stored as a number keeps an exponent, to be known by.
        """
        return {
            column: _as_text(column, cell)
            for column, cell in self.cells.items()
            if cell is not None
        }


@dataclass(frozen=True)
class Sheet:
    """What a file says: its headings by column of the form, in its own order, and its rows.

    `encoding` is the one that a CSV turned out to be in, empty for a workbook; `properties` are
    those of the document, by which our templates tell what they are; `left_out` the headings of
    the columns that were not read.
    """

    headings: Mapping[str, str]
    rows: tuple[SheetRow, ...]
    encoding: str
    properties: Mapping[str, str]
    left_out: tuple[str, ...]


def known_headings(
    headings: Iterable[tuple[str, str]], ignored: Iterable[str] = ()
) -> dict[str, str]:
    """Return what SheetForm knows: pairs of a column and a heading, and headings without meaning.

    A later pair of the same heading counts.
    """
    known = {_folded(heading): "" for heading in ignored}
    return known | {_folded(heading): column for column, heading in headings}


def read_sheet(
    source: Path | bytes,
    form: SheetForm,
    *,
    slots: Path,
    kind: str = "xlsx",
    wait: float = SLOT_WAIT_SECONDS,
    seconds: float | None = None,
) -> Sheet:
    """Read a file of a kind (`xlsx`, `csv`: the end of its name) in the sandbox.

    `slots` is the sandbox's folder; `wait` and `seconds` are as it has them. FileRefused for a file
    that is refused whole: all codes of FileCode.
    """
    parts = iter(read_cells(source, kind, slots=slots, wait=wait, seconds=seconds))
    try:
        about = next(parts)
        rows = [(number, [_cell(cell) for cell in cells]) for number, cells in parts]
    except FileRefused as refused:
        raise _with_limit(refused) from None
    kind = about["properties"].get("kind", "")
    if kind in KINDS and kind != form.kind:
        raise FileRefused(FileCode.TEMPLATE, kind=kind)
    at = _heading_row(rows, form)
    columns, left_out = _columns(rows[at][1], form, rows[at + 1 :])
    found = tuple(
        SheetRow(number, {column: cells[at] for at, column in columns.items() if at < len(cells)})
        for number, cells in rows[at + 1 :]
    )
    lines = tuple(row for row in found if any(not _is_blank(cell) for cell in row.cells.values()))
    if not lines:
        raise FileRefused(FileCode.NO_LINES)
    if len(lines) > MAX_LINES:
        raise FileRefused(FileCode.TOO_MANY_ROWS, max=str(MAX_LINES))
    return Sheet(
        headings={column: str(rows[at][1][index]) for index, column in columns.items()},
        rows=lines,
        encoding=about["encoding"],
        properties=about["properties"],
        left_out=tuple(left_out),
    )


def _cell(raw: Any) -> Cell:
    if isinstance(raw, dict):
        if "n" in raw:
            return Figure(str(raw["n"]))
        return Moment(str(raw["d"])) if "d" in raw else NoValue(str(raw["e"]))
    return raw if isinstance(raw, bool) or raw is None else str(raw)


def _as_text(column: str, cell: Cell) -> str:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, Figure):
        if column == "document_number":
            return f"{Decimal(cell.text).normalize():E}"
        return excel_number(cell)
    if isinstance(cell, (Moment, NoValue)):
        return cell.text
    return cell or ""


def _is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _folded(heading: str) -> str:
    """Return a heading in one width and with one kind of brackets, without space and marks."""
    text = re.sub(r"[\s*]+", "", unicodedata.normalize("NFKC", heading)).casefold()
    return text.translate(str.maketrans("【[〔{〖〈<】]〕}〗〉>", "(((((((" + ")))))))"))


def _column_of(cell: Cell, form: SheetForm) -> str | None:
    """Return the form's column that a heading names; an empty text for one that says nothing."""
    return form.known.get(_folded(cell)) if isinstance(cell, str) else None


def _heading_row(rows: Sequence[tuple[int, list[Cell]]], form: SheetForm) -> int:
    best, most = 0, 0
    for index, (_, cells) in enumerate(rows[: MAX_TITLES + 1]):
        known = sum(bool(_column_of(cell, form)) for cell in cells)
        if known > most:
            best, most = index, known
    if most < _HEADINGS_THAT_MAKE_A_ROW:
        if not rows:
            raise FileRefused(FileCode.NO_LINES)
        names = "; ".join(form.headings[column] for column in form.required)
        raise FileRefused(FileCode.MISSING_HEADINGS, headings=names)
    return best


def _columns(
    cells: Sequence[Cell], form: SheetForm, below: Sequence[tuple[int, list[Cell]]]
) -> tuple[dict[int, str], list[str]]:
    """Return the form's columns by their place in the sheet, and the headings of the others."""
    columns: dict[int, str] = {}
    twice: list[str] = []
    strange: list[str] = []
    width = max([len(cells), *(len(row) for _, row in below)])
    for at in range(width):
        cell = cells[at] if at < len(cells) else None
        column = _column_of(cell, form)
        if column:
            if column in columns.values():
                twice.append(shown(str(cell)))
            columns[at] = column
        elif column is None and any(at < len(row) and not _is_blank(row[at]) for _, row in below):
            strange.append(f"{_letters(at)} {'' if cell is None else shown(str(cell))}".strip())
    missing = [form.headings[column] for column in form.required if column not in columns.values()]
    for code, headings in (
        (FileCode.DUPLICATE_HEADINGS, twice),
        (FileCode.UNKNOWN_HEADINGS, [] if form.leaves_out else strange),
        (FileCode.MISSING_HEADINGS, missing),
    ):
        if headings:
            raise FileRefused(code, headings="; ".join(headings))
    return columns, strange


def _letters(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _with_limit(refused: FileRefused) -> FileRefused:
    limits = {FileCode.TOO_MANY_ROWS: MAX_LINES, FileCode.TOO_MANY_COLUMNS: MAX_COLUMNS}
    if refused.code in limits:
        return FileRefused(refused.code, max=str(limits[refused.code]))
    return refused
