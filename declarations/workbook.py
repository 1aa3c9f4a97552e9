"""Reads an uploaded workbook or CSV of detail lines, in the headings of either form.

The file itself is read by sandbox.py, in a process of its own; here its rows find their columns.
The first sheet to be seen counts. Headings stand in one of its first rows, in any order; a column
without one may hold nothing. Rows keep the sheet's own numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from declarations.cells import Cell, Figure, Moment, NoValue, excel_number, shown
from declarations.faults import Fault, FileCode, FileRefused
from declarations.lines import REQUIRED_AMOUNTS, Line, check_line
from declarations.sandbox import SLOT_WAIT_SECONDS, read_cells
from declarations.sheet_reader import MAX_COLUMNS, MAX_ROWS, MAX_TITLES
from declarations.taxlaw.tax_month import CUMULATIVE_FROM

MAX_LINES = MAX_ROWS - 1
# Over it a row of headings is what it says to be.
_HEADINGS_THAT_MAKE_A_ROW = 3

HEADINGS_TO_2018: Mapping[str, str] = {
    "name": "姓名",
    "document_type": "身份证照类型",
    "document_number": "身份证照号码",
    "country": "国家与地区",
    "occupation": "职业",
    "employed_here": "本单位人员",
    "income_item": "所得项目",
    "income": "收入额(人民币)",
    "income_foreign": "收入额(外币折合人民币)",
    "exempt_income": "免税收入额",
    "deductible_charges": "允许扣除的税费",
    "donation": "准予扣除的捐赠额",
    "tax_reduction": "减免税额",
    "tax_withheld": "已扣税额",
    "remark": "备注",
}
HEADINGS_FROM_2019: Mapping[str, str] = {
    **dict(list(HEADINGS_TO_2018.items())[:7]),
    "resident": "居民个人",
    "income": "本期收入",
    "exempt_income": "本期免税收入",
    "pension": "基本养老保险费",
    "medical": "基本医疗保险费",
    "unemployment": "失业保险费",
    "housing_fund": "住房公积金",
    "cum_children": "累计子女教育",
    "cum_education": "累计继续教育",
    "cum_mortgage": "累计住房贷款利息",
    "cum_rent": "累计住房租金",
    "cum_elderly": "累计赡养老人",
    "cum_infants": "累计3岁以下婴幼儿照护",
    "cum_private_pension": "累计个人养老金",
    "annuity": "企业(职业)年金",
    "health_insurance": "商业健康保险",
    "deferred_pension": "税延养老保险",
    "other_deductions": "其他扣除",
    "deductible_charges": "允许扣除的税费",
    "donation": "准予扣除的捐赠额",
    "tax_reduction": "减免税额",
    "tax_withheld": "已扣税额",
    "remark": "备注",
}
# Columns that our own error workbooks and many payrolls have, and that say nothing of a line.
IGNORED_HEADINGS = ("序号", "原表行号", "错误说明")
REQUIRED_COLUMNS = (
    "name",
    "document_type",
    "document_number",
    "country",
    "occupation",
    "employed_here",
    "income_item",
    *sorted(REQUIRED_AMOUNTS),
)

# What a template says of itself, in properties of these names.
TEMPLATE_KIND = "declaration-lines"
TEMPLATE_VERSION = "1"


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
class Workbook:
    """What a file says: its headings by column of the form, in its own order, and its rows.

    `encoding` is the one that a CSV turned out to be in, empty for a workbook. `template` is the
    form (`2006`, `2019`) and the version that our template says it is, none for other files.
    """

    headings: Mapping[str, str]
    rows: tuple[SheetRow, ...]
    encoding: str
    template: tuple[str, str] | None


def headings_of(tax_month: date) -> Mapping[str, str]:
    """Return the form's headings by column, in their order, for a tax month."""
    return HEADINGS_FROM_2019 if tax_month >= CUMULATIVE_FROM else HEADINGS_TO_2018


def form_of(tax_month: date) -> str:
    """Return the form of a tax month as a template names it: `2006` or `2019`."""
    return "2019" if tax_month >= CUMULATIVE_FROM else "2006"


def read_workbook(
    source: Path | bytes,
    *,
    slots: Path,
    kind: str = "xlsx",
    headings: Mapping[str, str] | None = None,
    form: Mapping[str, str] = HEADINGS_TO_2018,
    wait: float = SLOT_WAIT_SECONDS,
    seconds: float | None = None,
) -> Workbook:
    """Read a file of a kind (`xlsx`, `csv`: the end of its name) in the sandbox.

    `slots` is the sandbox's folder; `headings` are an agent's own, by column; `form` has the
    headings of the month, in which missing ones are named. FileRefused for a file that is refused
    whole: all codes of FileCode.
    """
    parts = iter(read_cells(source, kind, slots=slots, wait=wait, seconds=seconds))
    try:
        about = next(parts)
        rows = [(number, [_cell(cell) for cell in cells]) for number, cells in parts]
    except FileRefused as refused:
        raise _with_limit(refused) from None
    at = _heading_row(rows, headings or {}, form)
    columns = _columns(rows[at][1], headings or {}, form, rows[at + 1 :])
    found = tuple(
        SheetRow(number, {column: cells[at] for at, column in columns.items() if at < len(cells)})
        for number, cells in rows[at + 1 :]
    )
    lines = tuple(row for row in found if any(not _is_blank(cell) for cell in row.cells.values()))
    if not lines:
        raise FileRefused(FileCode.NO_LINES)
    if len(lines) > MAX_LINES:
        raise FileRefused(FileCode.TOO_MANY_ROWS, max=str(MAX_LINES))
    return Workbook(
        headings={column: str(rows[at][1][index]) for index, column in columns.items()},
        rows=lines,
        encoding=about["encoding"],
        template=_template(about["properties"]),
    )


def check_rows(
    rows: Iterable[SheetRow], tax_month: date, *, born_by: date | None = None
) -> tuple[list[tuple[int, Line]], list[Fault]]:
    """Return the right lines, each with its row's number, and all faults of all other rows."""
    lines: list[tuple[int, Line]] = []
    faults: list[Fault] = []
    for row in rows:
        result = check_line(row.cells, tax_month, row.number, born_by=born_by)
        if isinstance(result, Line):
            lines.append((row.number, result))
        else:
            faults.extend(result)
    return lines, faults


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


_COLUMNS_BY_HEADING = {
    _folded(heading): column
    for headings in (HEADINGS_TO_2018, HEADINGS_FROM_2019)
    for column, heading in headings.items()
}
_IGNORED = {_folded(heading) for heading in IGNORED_HEADINGS}


def _column_of(cell: Cell, own: Mapping[str, str]) -> str | None:
    """Return the form's column that a heading names; an empty text for one that says nothing."""
    if not isinstance(cell, str):
        return None
    heading = _folded(cell)
    if heading in _IGNORED:
        return ""
    by_own = {_folded(text): column for column, text in own.items()}
    return by_own.get(heading, _COLUMNS_BY_HEADING.get(heading))


def _heading_row(
    rows: Sequence[tuple[int, list[Cell]]], own: Mapping[str, str], form: Mapping[str, str]
) -> int:
    best, most = 0, 0
    for index, (_, cells) in enumerate(rows[: MAX_TITLES + 1]):
        known = sum(bool(_column_of(cell, own)) for cell in cells)
        if known > most:
            best, most = index, known
    if most < _HEADINGS_THAT_MAKE_A_ROW:
        if not rows:
            raise FileRefused(FileCode.NO_LINES)
        names = "; ".join(form[column] for column in REQUIRED_COLUMNS)
        raise FileRefused(FileCode.MISSING_HEADINGS, headings=names)
    return best


def _columns(
    cells: Sequence[Cell],
    own: Mapping[str, str],
    form: Mapping[str, str],
    below: Sequence[tuple[int, list[Cell]]],
) -> dict[int, str]:
    """Return the form's columns by their place in the sheet."""
    columns: dict[int, str] = {}
    twice: list[str] = []
    strange: list[str] = []
    width = max([len(cells), *(len(row) for _, row in below)])
    for at in range(width):
        cell = cells[at] if at < len(cells) else None
        column = _column_of(cell, own)
        if column:
            if column in columns.values():
                twice.append(shown(str(cell)))
            columns[at] = column
        elif column is None and any(at < len(row) and not _is_blank(row[at]) for _, row in below):
            strange.append(f"{_letters(at)} {'' if cell is None else shown(str(cell))}".strip())
    missing = [form[column] for column in REQUIRED_COLUMNS if column not in columns.values()]
    for code, headings in (
        (FileCode.DUPLICATE_HEADINGS, twice),
        (FileCode.UNKNOWN_HEADINGS, strange),
        (FileCode.MISSING_HEADINGS, missing),
    ):
        if headings:
            raise FileRefused(code, headings="; ".join(headings))
    return columns


def _letters(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _template(properties: Mapping[str, str]) -> tuple[str, str] | None:
    if properties.get("kind") != TEMPLATE_KIND:
        return None
    return properties.get("form", ""), properties.get("version", "")


def _with_limit(refused: FileRefused) -> FileRefused:
    limits = {FileCode.TOO_MANY_ROWS: MAX_LINES, FileCode.TOO_MANY_COLUMNS: MAX_COLUMNS}
    if refused.code in limits:
        return FileRefused(refused.code, max=str(limits[refused.code]))
    return refused
