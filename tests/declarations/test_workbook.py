"""Workbooks and CSV files of detail lines, as clerks bring them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from declarations.cells import Figure
from declarations.faults import FileRefused
from declarations.lines import check_line
from declarations.workbook import (
    HEADINGS_FROM_2019,
    HEADINGS_TO_2018,
    Workbook,
    check_rows,
    read_workbook,
)
from declarations.workbook_template import write_template
from tests.declarations.spreadsheets import (
    HEADINGS,
    LINE,
    OFFICE,
    PACKAGE,
    ZHANG,
    lines_sheet,
    sheet,
    workbook,
)

APRIL_2006 = date(2006, 4, 1)
JANUARY_2019 = date(2019, 1, 1)

Reader = Callable[..., Workbook]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    def read_in_the_sandbox(
        data: bytes, kind: str = "xlsx", headings: Mapping[str, str] | None = None
    ) -> Workbook:
        return read_workbook(data, kind=kind, headings=headings, slots=tmp_path / "slots")

    return read_in_the_sandbox


def changed(**cells: object) -> list[object]:
    """Build a good row of the form of 2006 with other cells."""
    row = dict(zip(HEADINGS_TO_2018, LINE, strict=True)) | cells
    return list(row.values())


def codes(book: Workbook, tax_month: date = APRIL_2006) -> list[tuple[int | None, str, str]]:
    return [
        (fault.row, fault.field, str(fault.code)) for fault in check_rows(book.rows, tax_month)[1]
    ]


def refusal(read: Reader, data: bytes, kind: str = "xlsx") -> tuple[str, str]:
    with pytest.raises(FileRefused) as caught:
        read(data, kind)
    return str(caught.value.code), caught.value.params.get("headings", "")


def test_a_good_workbook_gives_its_lines(read: Reader) -> None:
    book = read(workbook(lines_sheet(LINE, changed(name="李四", income=1234.5))))

    lines, faults = check_rows(book.rows, APRIL_2006)

    assert faults == []
    assert [(number, line.name, str(line.income)) for number, line in lines] == [
        (2, "张三", "5000.00"),
        (3, "李四", "1234.50"),
    ]
    assert list(book.headings.values()) == list(HEADINGS)


def test_row_numbers_are_the_sheets_own(read: Reader) -> None:
    rows: dict[int, Sequence[object]] = {
        2: ["扣缴个人所得税明细"],
        5: HEADINGS,
        8: changed(income="x"),
        9: ["", " "],
        20: changed(income="y"),
    }

    book = read(workbook(sheet(rows)))

    assert codes(book) == [(8, "income", "AMOUNT"), (20, "income", "AMOUNT")]


def test_headings_are_known_wherever_they_stand_and_however_typed(read: Reader) -> None:
    reversed_headings = [
        {"收入额(人民币)": " 收入额\uff08人民币\uff09* ", "姓名": "姓 名"}.get(text, text)
        for text in reversed(HEADINGS)
    ]

    book = read(workbook(lines_sheet(list(reversed(LINE)), headings=reversed_headings)))

    assert codes(book) == []
    assert book.rows[0].cells["document_number"] == ZHANG
    assert book.headings["name"] == "姓 名"


@pytest.mark.parametrize(
    "heading", ["企业(职业)年金", "企业\uff08职业\uff09年金", "企业〔职业〕年金"]
)
def test_the_form_of_2019_is_known_by_its_headings(read: Reader, heading: str) -> None:
    headings = [
        heading if column == "annuity" else text for column, text in HEADINGS_FROM_2019.items()
    ]
    row: list[object] = [
        {
            "name": "张三",
            "document_type": "居民身份证",
            "document_number": ZHANG,
            "country": "中国",
            "occupation": "科研人员",
            "employed_here": "是",
            "income_item": "普通月工资",
            "income": 9000,
            "annuity": 100,
            "cum_rent": 1500,
            "tax_withheld": 0,
        }.get(column, "")
        for column in HEADINGS_FROM_2019
    ]

    book = read(workbook(lines_sheet(row, headings=headings)))

    [(_, line)], faults = check_rows(book.rows, JANUARY_2019)
    assert faults == []
    assert (line.resident, str(line.annuity), str(line.cum_rent)) == (True, "100.00", "1500.00")
    assert {field for _, field, _ in codes(book, date(2018, 12, 1))} == {"annuity", "cum_rent"}


def test_a_document_number_stored_as_a_number_is_refused_with_its_reason(read: Reader) -> None:
    book = read(workbook(lines_sheet(changed(document_number=110105194912310020))))

    assert codes(book) == [(2, "document_number", "PRECISION")]


@pytest.mark.parametrize("number", [110105194912310020, 12345678, 12345678.0])
def test_a_draft_remembers_that_it_was_a_number(read: Reader, number: float) -> None:
    book = read(workbook(lines_sheet(changed(document_type="03", document_number=number))))

    result = check_line(book.rows[0].texts(), APRIL_2006)

    assert isinstance(result, list)
    assert [str(fault.code) for fault in result] == ["PRECISION"]


def test_a_draft_of_texts_is_the_same_line(read: Reader) -> None:
    row = changed(income=385.00000000000006, employed_here=True, country=1, income_item=101)
    book = read(workbook(lines_sheet(row)))

    from_cells = check_line(book.rows[0].cells, APRIL_2006)

    assert not isinstance(from_cells, list)
    assert check_line(book.rows[0].texts(), APRIL_2006) == from_cells


def test_more_than_two_decimals_are_a_fault_and_not_rounded(read: Reader) -> None:
    book = read(workbook(lines_sheet(changed(income=5000.005, tax_withheld=0.1 + 0.2))))

    assert codes(book) == [(2, "income", "AMOUNT")]


def test_a_formula_counts_by_its_value(read: Reader) -> None:
    formula = '<c r="REF"><f>1+1</f><v>5000</v></c>'

    book = read(workbook(lines_sheet(changed(income=formula))))

    assert book.rows[0].cells["income"] == Figure("5000.0")


@pytest.mark.parametrize(
    "formula",
    [
        '<c r="REF"><f>1+1</f></c>',
        '<c r="REF"><f>1+1</f><v></v></c>',
        '<c r="REF"><f>1+1</f><v /></c>',
        '<c r="REF" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c r="REF" t="e"><v>#REF!</v></c>',
    ],
)
def test_a_formula_without_value_and_an_error_are_named(read: Reader, formula: str) -> None:
    book = read(workbook(lines_sheet(changed(income=formula, exempt_income=""))))

    assert codes(book) == [(2, "income", "NO_VALUE")]


def test_a_formula_whose_value_is_an_empty_text_is_blank(read: Reader) -> None:
    formula = '<c r="REF" t="str"><f>IF(1,"")</f><v></v></c>'

    book = read(workbook(lines_sheet(changed(remark=formula))))

    assert codes(book) == []


@pytest.mark.parametrize("epoch", ["", '<workbookPr date1904="1"/>'])
def test_a_date_is_neither_amount_nor_name(tmp_path: Path, epoch: str) -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(list(HEADINGS))
    page.append(changed(name=date(1900, 1, 1), income=date(2006, 4, 1)))
    if epoch:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904  # type: ignore[attr-defined]
    target = io.BytesIO()
    book.save(target)

    result = read_workbook(target.getvalue(), slots=tmp_path)

    assert codes(result) == [(2, "name", "NOT_TEXT"), (2, "income", "AMOUNT")]


def test_the_first_sheet_to_be_seen_counts(read: Reader) -> None:
    other = sheet({1: ["nothing"]})

    book = read(workbook(other, lines_sheet(LINE), other, states=["hidden"]))

    assert [row.number for row in book.rows] == [2]


@pytest.mark.parametrize("dimension", ["", "A1", "A1:XFD1048576", "A1:B2"])
def test_the_sheets_own_word_on_its_size_is_not_believed(read: Reader, dimension: str) -> None:
    before = f'<dimension ref="{dimension}"/>' if dimension else ""

    book = read(workbook(lines_sheet(LINE, LINE, before=before)))

    assert len(book.rows) == 2


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (HEADINGS[1:], ("UNKNOWN_HEADINGS", "O")),
        ([*HEADINGS, "姓名"], ("DUPLICATE_HEADINGS", "姓名")),
        ([*HEADINGS[:-2], "本期收入", "备注"], ("DUPLICATE_HEADINGS", "本期收入")),
        (["奖金", *HEADINGS[1:]], ("UNKNOWN_HEADINGS", "A 奖金")),
        (["a", "b", "c"], ("MISSING_HEADINGS", None)),
    ],
)
def test_wrong_headings_refuse_the_file(
    read: Reader, headings: Sequence[object], expected: tuple[str, str | None]
) -> None:
    code, named = refusal(read, workbook(lines_sheet(changed(remark="x"), headings=headings)))

    assert code == expected[0]
    assert expected[1] is None or named == expected[1]


def test_a_missing_column_is_named(read: Reader) -> None:
    row = list(LINE[:3] + LINE[4:])
    headings = HEADINGS[:3] + HEADINGS[4:]

    assert refusal(read, workbook(lines_sheet(row, headings=headings))) == (
        "MISSING_HEADINGS",
        "国家与地区",
    )


def test_a_missing_column_is_named_as_on_the_form_of_the_month(tmp_path: Path) -> None:
    row = list(LINE[:7] + LINE[8:])
    data = workbook(lines_sheet(row, headings=HEADINGS[:7] + HEADINGS[8:]))

    with pytest.raises(FileRefused) as refused:
        read_workbook(data, slots=tmp_path, form=HEADINGS_FROM_2019)

    assert refused.value.params["headings"] == "本期收入"


def test_an_unknown_column_without_data_does_no_harm(read: Reader) -> None:
    book = read(workbook(lines_sheet(LINE, headings=[*HEADINGS, "奖金"])))

    assert codes(book) == []


def test_the_columns_of_an_error_workbook_are_ignored(read: Reader) -> None:
    headings = ["原表行号", "错误说明", *HEADINGS, "序号"]

    book = read(workbook(lines_sheet([7, "x", *LINE, 1], headings=headings)))

    assert codes(book) == []


def test_an_agents_own_headings_are_known(read: Reader) -> None:
    data = workbook(lines_sheet(LINE, headings=["员工姓名", *HEADINGS[1:]]))

    assert refusal(read, data)[0] == "UNKNOWN_HEADINGS"
    assert codes(read(data, headings={"员工姓名": "name"})) == []


def test_merged_headings_over_two_rows_are_refused(read: Reader) -> None:
    merged = [*HEADINGS[:7], "收入额", "", *HEADINGS[9:]]

    assert refusal(read, workbook(lines_sheet(LINE, headings=merged)))[0] == "UNKNOWN_HEADINGS"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (sheet({}), "NO_LINES"),
        (sheet({1: HEADINGS}), "NO_LINES"),
        (sheet({1: HEADINGS, 2: ["", "  "], 3: []}), "NO_LINES"),
    ],
)
def test_a_sheet_without_lines_is_refused(read: Reader, content: str, code: str) -> None:
    assert refusal(read, workbook(content))[0] == code


def test_twenty_thousand_lines_are_read_and_one_more_is_not(read: Reader) -> None:
    whole = sheet({1: HEADINGS} | dict.fromkeys(range(2, 20_002), LINE))
    started = time.monotonic()

    book = read(workbook(whole))
    lines, faults = check_rows(book.rows, APRIL_2006)

    assert (len(lines), faults) == (20_000, [])
    assert time.monotonic() - started < 20
    one_more = '<row r="20002"><c r="A20002"><v>1</v></c></row></sheetData>'
    over = workbook(whole.replace("</sheetData>", one_more))
    assert refusal(read, over)[0] == "TOO_MANY_ROWS"


def test_sixty_four_columns_are_read_and_one_more_is_not(read: Reader) -> None:
    blank = [""] * (64 - len(HEADINGS) - 1)

    book = read(workbook(lines_sheet(LINE, headings=[*HEADINGS, *blank, "序号"])))

    assert len(book.rows) == 1
    wide = workbook(lines_sheet(LINE, headings=[*HEADINGS, *blank, "", "序号"]))
    assert refusal(read, wide)[0] == "TOO_MANY_COLUMNS"


def test_cells_without_anything_in_them_do_not_count(read: Reader) -> None:
    formatted = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    data = lines_sheet(LINE).replace("</sheetData>", f"{formatted}</sheetData>")

    assert len(read(workbook(data)).rows) == 1


def test_a_hyperlink_in_a_cell_is_only_words(read: Reader) -> None:
    relations = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/hyperlink"'
        ' Target="mailto:a@example.com" TargetMode="External"/></Relationships>'
    )

    book = read(workbook(lines_sheet(LINE), xl__worksheets___rels__sheet1_x_xml_x_rels=relations))

    assert len(book.rows) == 1


@pytest.mark.parametrize("tax_month", [APRIL_2006, JANUARY_2019])
def test_a_filled_in_template_is_read(read: Reader, tax_month: date) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_template(tax_month)))
    page = book.worksheets[0]
    filled = dict(zip(HEADINGS_TO_2018, LINE, strict=True)) | {"country": "001 中国"}
    del filled["income_foreign"]
    headings = HEADINGS_FROM_2019 if tax_month == JANUARY_2019 else HEADINGS_TO_2018
    for at, column in enumerate(headings, 1):
        assert page.cell(1, at).value == headings[column]
        assert page.cell(1, at).comment is not None
        page.cell(2, at).value = filled.get(column)  # type: ignore[assignment]
    target = io.BytesIO()
    book.save(target)

    result = read(target.getvalue())

    assert codes(result, tax_month) == []
    assert result.template == ("2019" if tax_month == JANUARY_2019 else "2006", "1")


def test_the_template_keeps_numbers_as_texts_and_suggests_codes() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_template(APRIL_2006)))
    page = book.worksheets[0]

    validations = {str(item.sqref): item.formula1 for item in page.data_validations.dataValidation}

    assert page.column_dimensions["C"].number_format == "@"
    assert page.column_dimensions["H"].number_format == "0.00"
    assert validations["D2:D20001"] == "代码!$B$2:$B$13"
    assert [cell.value for cell in book["代码"]["B"]][:2] == ["国家与地区", "001 中国"]
    assert len(validations) == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_csv_is_read(read: Reader, encoding: str, delimiter: str, line_end: str) -> None:
    rows = [
        HEADINGS,
        changed(name="𠮷田", income='"5,000.00"'),
        changed(document_number=f'="{ZHANG}"'),
    ]
    text = line_end.join(delimiter.join(map(str, row)) for row in rows)

    book = read(text.encode(encoding), "csv")

    assert codes(book) == []
    assert book.rows[0].cells["name"] == "𠮷田"
    assert book.encoding == ("gb18030" if encoding == "gb18030" else "utf-8")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("姓名,国家".encode("utf-16"), "ENCODING"),
        (b"a,b\x00c", "ENCODING"),
        (b"\xff\xff\xff\xff", "ENCODING"),
        (b"<html><table></table></html>", "NOT_A_WORKBOOK"),
        (b'a,"b\nc', "UNREADABLE"),
        (b"a,b\n", "MISSING_HEADINGS"),
        (b"\n\n", "NO_LINES"),
        (b"", "EMPTY"),
        (("a" * 140_000).encode(), "UNREADABLE"),
        ((",".join(HEADINGS) + "\n" + "a\n" * 30_000).encode(), "TOO_MANY_ROWS"),
        ((",".join(HEADINGS) + "\n" + "a," * 64 + "a\n").encode(), "TOO_MANY_COLUMNS"),
    ],
)
def test_a_csv_that_is_none_is_refused(read: Reader, data: bytes, code: str) -> None:
    assert refusal(read, data, "csv")[0] == code


def test_a_document_number_that_a_csv_lost_is_refused_with_its_reason(read: Reader) -> None:
    rows = [HEADINGS, changed(document_number="1.10105E+17")]

    book = read("\n".join(",".join(map(str, row)) for row in rows).encode(), "csv")

    assert codes(book) == [(2, "document_number", "PRECISION")]
