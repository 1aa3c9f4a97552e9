"""Reads an uploaded workbook or CSV of detail lines, in the headings of either form.

Headings stand in any order; a column without one may hold nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from declarations.cells import Cell
from declarations.faults import Fault
from declarations.lines import REQUIRED_AMOUNTS, Line, check_line
from declarations.sandbox import SLOT_WAIT_SECONDS
from declarations.sheets import LINES_KIND, SheetForm, SheetRow, known_headings, read_sheet
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from portal.exports import unguarded

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
# The first two columns of our error workbooks.
ROW, ERRORS = "原表行号", "错误说明"
# Columns that these and many payrolls have, and that say nothing of a line.
IGNORED_HEADINGS = ("序号", ROW, ERRORS)
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
TEMPLATE_KIND = LINES_KIND
TEMPLATE_VERSION = "1"


@dataclass(frozen=True)
class Workbook:
    """What a file says: its headings by column of the form, in its own order, and its rows.

    `encoding` is the one that a CSV turned out to be in, empty for a workbook. `template` is the
    form (`2006`, `2019`) and the version that one of our files says it is, none for other files.
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

    `slots` is the sandbox's folder; `headings` are an agent's own, each with its column, or
    an empty text for one that says nothing; `form` has the headings of the month, in which missing
    ones are named. FileRefused for a file that is refused
    whole: all codes of FileCode. Texts are as before our export.
    """
    known = _KNOWN | known_headings(
        (column, heading) for heading, column in (headings or {}).items()
    )
    sheet = read_sheet(
        source,
        SheetForm(form, REQUIRED_COLUMNS, known, kind=TEMPLATE_KIND),
        slots=slots,
        kind=kind,
        wait=wait,
        seconds=seconds,
    )
    rows = tuple(
        SheetRow(row.number, {column: _plain(cell) for column, cell in row.cells.items()})
        for row in sheet.rows
    )
    return Workbook(sheet.headings, rows, sheet.encoding, _template(sheet.properties))


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


_KNOWN = known_headings([*HEADINGS_TO_2018.items(), *HEADINGS_FROM_2019.items()], IGNORED_HEADINGS)


def _template(properties: Mapping[str, str]) -> tuple[str, str] | None:
    if properties.get("kind") != TEMPLATE_KIND:
        return None
    return properties.get("form", ""), properties.get("version", "")


def _plain(cell: Cell) -> Cell:
    return unguarded(cell) if isinstance(cell, str) else cell
