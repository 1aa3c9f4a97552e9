"""Reads an uploaded workbook or CSV of persons, in our headings or those of common payrolls.

Columns that the register does not have are left out, and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from declarations.cells import Cell
from declarations.persons import COLUMNS
from declarations.sandbox import SLOT_WAIT_SECONDS
from declarations.sheets import (
    PERSONS_KIND,
    Sheet,
    SheetForm,
    SheetRow,
    known_headings,
    read_sheet,
)
from portal.exports import unguarded

HEADINGS: Mapping[str, str] = {
    "name": "姓名",
    "document_type": "身份证照类型",
    "document_number": "身份证照号码",
    "country": "国家与地区",
    "occupation": "职业",
    "employed_here": "本单位人员",
    "resident": "居民个人",
    "joined_on": "入职日期",
    "left_on": "离职日期",
    "remark": "备注",
}
# What the same columns are called elsewhere.
_OTHER_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "document_type": ("证件类型", "证照类型", "身份证件类型"),
    "document_number": ("证件号码", "证照号码", "身份证件号码", "身份证号码", "身份证号"),
    "country": ("国籍(地区)", "国籍或地区", "国籍", "国家或地区"),
    "occupation": ("职业编码", "职业代码"),
    "joined_on": ("入职时间", "任职受雇从业日期", "任职日期"),
    "left_on": ("离职时间",),
}
REQUIRED_COLUMNS = COLUMNS[:6]
# What a template says of itself, in properties of these names.
TEMPLATE_KIND = PERSONS_KIND
TEMPLATE_VERSION = "1"
_FORM = SheetForm(
    HEADINGS,
    REQUIRED_COLUMNS,
    known_headings(
        [
            *HEADINGS.items(),
            *((column, name) for column, names in _OTHER_HEADINGS.items() for name in names),
        ],
        ("序号", "原表行号", "错误说明"),
    ),
    leaves_out=True,
    kind=PERSONS_KIND,
)


def read_roster(
    source: Path | bytes,
    *,
    slots: Path,
    kind: str = "xlsx",
    wait: float = SLOT_WAIT_SECONDS,
    seconds: float | None = None,
) -> Sheet:
    """Read a list of persons from a file of a kind (`xlsx`, `csv`) in the sandbox.

    The parameters and the refusals are those of `read_sheet`. Texts are as before our export.
    """
    sheet = read_sheet(source, _FORM, slots=slots, kind=kind, wait=wait, seconds=seconds)
    rows = (
        SheetRow(row.number, {column: _plain(cell) for column, cell in row.cells.items()})
        for row in sheet.rows
    )
    return replace(sheet, rows=tuple(rows))


def _plain(cell: Cell) -> Cell:
    return unguarded(cell) if isinstance(cell, str) else cell
