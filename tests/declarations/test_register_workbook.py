"""The register as a workbook: the template, the export, and what is read of other people's."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from declarations.faults import FileCode, FileRefused
from declarations.persons import Person, check_persons
from declarations.roster import HEADINGS, read_roster
from declarations.roster_workbook import write_roster
from declarations.sheets import Sheet
from tests.declarations.builders import LI, ZHANG
from tests.declarations.register import a_person
from tests.declarations.spreadsheets import sheet, workbook


def read(content: bytes, tmp_path: Path, kind: str = "xlsx") -> Sheet:
    return read_roster(content, slots=tmp_path, kind=kind)


def persons_in(found: Sheet) -> list[Person]:
    persons, faults = check_persons({row.number: row.cells for row in found.rows})
    assert faults == []
    return list(persons.values())


def test_what_is_exported_comes_back_as_it_was(tmp_path: Path) -> None:
    persons = [
        a_person(),
        a_person(
            name="=1+1",
            document_type="99",
            document_number="-0012",
            country="003",
            employed_here=False,
            resident=False,
            joined_on=date(2006, 4, 1),
            left_on=date(2008, 3, 31),
            remark="'@某",
        ),
        a_person(name="𠮷㼆", document_type="03", document_number="000000123456789012"),
    ]

    found = read(write_roster(persons), tmp_path)

    assert persons_in(found) == persons
    assert list(found.headings.values()) == list(HEADINGS.values())
    assert found.properties == {"kind": "persons", "version": "1"}
    assert [row.number for row in found.rows] == [2, 3, 4]


def test_no_cell_of_an_export_is_a_number_or_a_formula() -> None:
    content = write_roster([a_person(name="=HYPERLINK(1)", document_number=ZHANG)])

    cells = openpyxl.load_workbook(io.BytesIO(content))["人员"][2]
    assert {cell.data_type for cell in cells} <= {"s", "n"}  # an empty cell is an n
    assert all(isinstance(cell.value, str) for cell in cells if cell.value is not None)
    assert cells[0].value == "'=HYPERLINK(1)"
    assert (cells[2].value, cells[2].number_format) == (ZHANG, "@")


def test_the_template_suggests_codes_and_insists_on_nothing() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_roster([])))

    validations = book["人员"].data_validations.dataValidation
    assert [str(each.sqref) for each in validations] == [
        f"{letter}2:{letter}20001" for letter in "BDEFG"
    ]
    assert not any(each.showErrorMessage for each in validations)
    assert book["代码"]["A2"].value == "01 居民身份证"
    assert book["人员"].max_row == 1


def test_columns_stand_in_any_order_under_other_names(tmp_path: Path) -> None:
    rows: dict[int, list[object]] = {
        1: ["某公司员工花名册"],
        3: ["工号", "*证件号码", "*姓名", "证件类型", "国籍(地区)", "职业代码", "本单位人员",
            "手机号码", "任职受雇从业日期"],
        5: ["A01", LI, "李四", "居民身份证", "中国", 2010000, True, "13800138000", "2006/4/1"],
    }  # fmt: skip

    found = read(workbook(sheet(rows)), tmp_path)

    assert persons_in(found) == [
        a_person(name="李四", document_number=LI, joined_on=date(2006, 4, 1))
    ]
    assert [row.number for row in found.rows] == [5]
    assert found.left_out == ("A 工号", "H 手机号码")


def test_a_csv_of_any_encoding_is_read(tmp_path: Path) -> None:
    headings = ",".join(list(HEADINGS.values())[:6])
    text = f"{headings}\n张三,01,{ZHANG},001,2010000,是\n"

    for encoding in ("utf-8-sig", "gb18030"):
        found = read(text.encode(encoding), tmp_path, "csv")
        assert persons_in(found) == [a_person()]


def test_a_number_in_a_number_cell_is_refused(tmp_path: Path) -> None:
    headings: list[object] = [*HEADINGS.values()]
    rows: dict[int, list[object]] = {
        1: headings[:6],
        2: ["张三", "01", 110105194912310021, "001", "2010000", "是"],
    }

    found = read(workbook(sheet(rows)), tmp_path)

    _, faults = check_persons({row.number: row.cells for row in found.rows})
    assert [(fault.row, fault.field, fault.code) for fault in faults] == [
        (2, "document_number", "PRECISION")
    ]


def test_a_missing_column_refuses_the_file(tmp_path: Path) -> None:
    rows = {1: ["姓名", "证件类型", "证件号码"], 2: ["张三", "01", ZHANG]}

    with pytest.raises(FileRefused) as refused:
        read(workbook(sheet(rows)), tmp_path)

    assert refused.value.code == FileCode.MISSING_HEADINGS
    assert refused.value.params == {"headings": "国家与地区; 职业; 本单位人员"}
