"""A detail line and a declaration's head: what is refused, what is read, what is counted."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from declarations.cells import Cell, Figure, Moment, NoValue
from declarations.declaration import (
    Declaration,
    Header,
    canonical,
    check_declaration,
    check_header,
    count_heads,
    digest,
    totals_by_item,
)
from declarations.lines import Line, check_json_line, check_line
from declarations.taxlaw.donation_ceiling import donation_limit

APRIL_2006 = date(2006, 4, 1)
DECEMBER_2018 = date(2018, 12, 1)
JANUARY_2019 = date(2019, 1, 1)
ZHANG = "11010519491231002X"


def typed(**changes: Any) -> dict[str, Any]:
    """Build the cells of a good line of 2006, as a clerk types them."""
    cells: dict[str, Any] = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001 中国",
        "occupation": "科研人员",
        "employed_here": "是",
        "income_item": "0101",
        "income": "5,000.00",
        "exempt_income": "300",
        "tax_withheld": "340",
    }
    cells.update(changes)
    return {key: value for key, value in cells.items() if value is not None}


def as_json(**changes: Any) -> dict[str, Any]:
    """Build a good line of 2006 as JSON; a value of `...` leaves the key out."""
    data: dict[str, Any] = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001",
        "occupation": "2010000",
        "employed_here": True,
        "income_item": "0101",
        "income": "5000.00",
        "tax_withheld": "340.00",
    }
    data.update(changes)
    return {key: value for key, value in data.items() if value is not ...}


def whole(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Build a declaration as JSON."""
    data: dict[str, Any] = {
        "computer_code": "11010001",
        "tax_month": "2006-04",
        "kind": "regular",
        "coverage": "full",
        "declarant": "北京第一公司",
        "phone": "010-60000001",
        "address": "北京市某街1号",
        "postcode": "100000",
        "lines": list(lines) or [as_json()],
    }
    data.update(changes)
    return {key: value for key, value in data.items() if value is not ...}


def line_of(cells: dict[str, Any], tax_month: date = APRIL_2006) -> Line:
    line = check_line(cells, tax_month)
    assert isinstance(line, Line), line
    return line


def faults_of(cells: dict[str, Any], tax_month: date = APRIL_2006) -> list[tuple[str, str]]:
    result = check_line(cells, tax_month, 7)
    assert isinstance(result, list), result
    assert all(fault.row == 7 for fault in result)
    return [(fault.field, str(fault.code)) for fault in result]


def json_faults(data: object, tax_month: date = APRIL_2006) -> list[tuple[str, str]]:
    result = check_json_line(data, tax_month, 0)
    assert isinstance(result, list), result
    return [(fault.field, str(fault.code)) for fault in result]


def test_a_good_line_is_read_into_codes_and_amounts() -> None:
    line = line_of(typed())

    assert (line.country, line.occupation, line.income_item) == ("001", "2010000", "0101")
    assert line.employed_here is True
    assert (str(line.income), str(line.exempt_income)) == ("5000.00", "300.00")
    assert (line.resident, line.pension, line.remark) == (None, None, "")


def test_page_and_json_make_the_same_line() -> None:
    line = check_json_line(as_json(exempt_income="300.00"), APRIL_2006)

    assert line == line_of(typed())


def test_all_faults_of_a_line_come_at_once() -> None:
    cells = typed(name=None, country="中华", employed_here="也许", income="12.345", colour="red")

    assert faults_of(cells) == [
        ("colour", "UNKNOWN_KEY"),
        ("name", "REQUIRED"),
        ("country", "CODE"),
        ("employed_here", "YES_NO"),
        ("income", "AMOUNT"),
    ]


def test_everything_but_remark_and_the_optional_amounts_is_required() -> None:
    required = {field for field, code in faults_of({}) if code == "REQUIRED"}

    assert required == {
        "name",
        "document_type",
        "document_number",
        "country",
        "occupation",
        "employed_here",
        "income_item",
        "income",
        "tax_withheld",
    }
    assert {field for field, _ in json_faults({})} == required


def test_an_unknown_code_names_the_nearest_three() -> None:
    result = check_line(typed(occupation="工程师人员"), APRIL_2006)

    assert isinstance(result, list)
    assert result[0].params["value"] == "工程师人员"
    assert len(result[0].params["nearest"].split("; ")) == 3


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.56", "1234.56"),
        ("\uff11\uff12\uff13", "123.00"),
        ("\uff11\uff0c\uff12\uff13\uff14\uff0e\uff15", "1234.50"),
        (" 1 234.5 ", "1234.50"),
        ("0", "0.00"),
        ("9999999999999.99", "9999999999999.99"),
        (Figure("385.00000000000006"), "385.00"),
        (Figure("5000.0"), "5000.00"),
        (Figure("0.1"), "0.10"),
        (Figure("1e3"), "1000.00"),
    ],
)
def test_amounts_are_read_as_people_write_them(text: Cell, amount: str) -> None:
    assert str(line_of(typed(income=text, exempt_income=None)).income) == amount


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "NaN",
        "-0",
        "-1",
        "+1",
        "1.234",
        "12,34",
        "1,2345",
        ".5",
        "5.",
        "1000000000000000",
        "10000000000000",
        "五千",
        "5000元",
        "5²",
        "٥",
        "0x10",
        True,
        Figure("0.001"),
        Figure("-1.0"),
        Figure("1e+400"),
        Figure("1e+16"),
        Figure("inf"),
        Figure("nan"),
        Moment("2006-04-01"),
    ],
)
def test_what_is_no_amount_is_refused_and_never_guessed(text: Cell) -> None:
    assert ("income", "AMOUNT") in faults_of(typed(income=text))


def test_a_blank_amount_is_required_and_not_a_wrong_number() -> None:
    assert faults_of(typed(income="  ")) == [("income", "REQUIRED")]


@pytest.mark.parametrize(
    "amount",
    ["5,000.00", "\uff15", " 5", "5 ", "1e3", "-1", "+1", "1.", ".5", "1.234", "12345678901234"]
    + ["", "5\n", "NaN", "٥"],
)
def test_json_amounts_are_to_the_letter(amount: str) -> None:
    assert json_faults(as_json(income=amount)) == [("income", "AMOUNT")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"income": 5000}, ("income", "TYPE")),
        ({"income": None}, ("income", "TYPE")),
        ({"donation": None}, ("donation", "TYPE")),
        ({"employed_here": "true"}, ("employed_here", "TYPE")),
        ({"employed_here": 1}, ("employed_here", "TYPE")),
        ({"name": 5}, ("name", "TYPE")),
        ({"name": ["张三"]}, ("name", "TYPE")),
        ({"remark": None}, ("remark", "TYPE")),
        ({"country": "中国"}, ("country", "CODE")),
        ({"country": "1"}, ("country", "CODE")),
        ({"country": "001 中国"}, ("country", "CODE")),
        ({"income_item": "101"}, ("income_item", "CODE")),
        ({"name": "  "}, ("name", "REQUIRED")),
        ({"colour": "red"}, ("colour", "UNKNOWN_KEY")),
        ({"facts": []}, ("facts", "TYPE")),
        ({"facts": {"years": {}}}, ("facts", "TYPE")),
        ({"facts": {"years": None}}, ("facts", "TYPE")),
        ({"facts": {"years": Decimal("1e400")}}, ("facts", "NUMBER")),
        ({"facts": {"kind": "k" * 101}}, ("facts", "TOO_LONG")),
        ({"facts": {"year": 3}}, ("facts", "UNKNOWN_KEY")),
        ({"facts": {"accrued": 100}}, ("facts", "TYPE")),
        ({"facts": {"accrued": {"2008-10-09..": {}}}}, ("facts", "TYPE")),
        ({"facts": {"accrued": {"2008-10-09": 100}}}, ("facts", "UNKNOWN_KEY")),
    ],
)
def test_json_is_of_the_formats_types(change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert json_faults(as_json(**change)) == [fault]


@pytest.mark.parametrize("data", [None, 5, "line", []])
def test_a_line_is_an_object(data: object) -> None:
    assert json_faults(data) == [("", "TYPE")]


def test_facts_are_kept_with_numbers_as_plain_texts() -> None:
    facts = {
        "kind": "savings_interest",
        "years": 12,
        "strike": Decimal("12.50"),
        "seafarer": True,
        "prepaid": 0,
        "accrued": {"2007-08-15..2008-10-08": 40, "2008-10-09..": Decimal("60.50")},
    }

    line = check_json_line(as_json(facts=facts), APRIL_2006)

    assert isinstance(line, Line)
    assert line.facts == {
        "kind": "savings_interest",
        "years": "12",
        "strike": "12.5",
        "seafarer": True,
        "prepaid": "0",
        "accrued": {"2007-08-15..2008-10-08": "40", "2008-10-09..": "60.5"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "张\x00三",
        "张\ud800三",
        "张\u202e三",
        "张\u2066三",
        "\u200f张三",
        "张\x1b三",
        "张\u200d三",
        "\ufeff张",
    ]
    + ["张\ufffd", "张\u200b三", "张\uffff", "a\U000e0041"],
)
def test_a_name_with_what_cannot_be_seen_or_stored_is_refused(text: str) -> None:
    assert faults_of(typed(name=text)) == [("name", "CHARACTERS")]
    assert json_faults(as_json(name=text)) == [("name", "CHARACTERS")]


@pytest.mark.parametrize("text", ["a\x00", "a\ud800", "a\u202eb", "a\u2069"])
def test_no_text_holds_nul_surrogates_or_bidi_controls(text: str) -> None:
    assert faults_of(typed(remark=text)) == [("remark", "CHARACTERS")]
    assert faults_of(typed(document_number=text)) == [("document_number", "CHARACTERS")]
    assert json_faults(as_json(remark=text)) == [("remark", "CHARACTERS")]


@pytest.mark.parametrize(
    "name",
    [
        "𠮷田",
        "㼆",
        "買買提·艾力",
        "葛\U000e0100城",
        "欧阳 O’Neill-Smith",
        "\U000323af",
        "\ue863",
        "🙂",
    ],
)
def test_rare_names_survive(name: str) -> None:
    assert line_of(typed(name=name)).name == name


def test_names_are_kept_in_one_form() -> None:
    decomposed = unicodedata.normalize("NFD", "José 何塞")

    assert line_of(typed(name=f" {decomposed}\t")).name == "José 何塞"
    assert line_of(typed(name="张三\nZhang San")).name == "张三 Zhang San"


@pytest.mark.parametrize(("column", "limit"), [("name", 100), ("remark", 500)])
def test_long_texts_are_refused(column: str, limit: int) -> None:
    assert len(getattr(line_of(typed(**{column: "𠮷" * limit})), column)) == limit
    assert faults_of(typed(**{column: "𠮷" * (limit + 1)})) == [(column, "TOO_LONG")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Figure("1.1010519491231e+17"), "PRECISION"),
        (Figure("12345678.0"), "PRECISION"),
        ("1.10105E+17", "PRECISION"),
        (Moment("1949-12-31"), "NOT_TEXT"),
        (NoValue(""), "NO_VALUE"),
        ("11010519491231\u200d002X", "CHARACTERS"),
        ("110105194912310021", "IDENTITY"),
        ("1" * 41, "TOO_LONG"),
    ],
)
def test_a_document_number_that_cannot_be_right_is_refused(value: Cell, code: str) -> None:
    assert faults_of(typed(document_number=value)) == [("document_number", code)]


@pytest.mark.parametrize(
    "value", [f"{ZHANG}\t", ZHANG.lower(), f"'{ZHANG}", "\uff11\uff11010519491231002\uff38"]
)
def test_a_document_number_is_read_however_it_is_typed(value: str) -> None:
    assert line_of(typed(document_number=value)).document_number == ZHANG


def test_only_a_bad_number_of_a_resident_card_is_refused() -> None:
    line = line_of(typed(document_type="07", document_number="h1234567"))

    assert line.document_number == "H1234567"


def test_no_fault_holds_a_document_number() -> None:
    wrong = "110105194912310021"

    for cells in (typed(document_number=wrong), typed(document_number=wrong * 3)):
        result = check_line(cells, APRIL_2006)
        assert isinstance(result, list)
        assert wrong not in repr(result)


def test_a_number_in_a_text_cell_is_not_made_a_text() -> None:
    assert faults_of(typed(name=Figure("5.0"))) == [("name", "NOT_TEXT")]
    assert line_of(typed(remark=Figure("2006.0"))).remark == "2006"


def test_a_code_that_is_a_number_finds_its_leading_zeros() -> None:
    line = line_of(
        typed(
            document_type=Figure("1.0"),
            country=Figure("1.0"),
            occupation=Figure("2010000.0"),
            income_item=Figure("101.0"),
        )
    )

    assert (line.document_type, line.country) == ("01", "001")
    assert (line.occupation, line.income_item) == ("2010000", "0101")


@pytest.mark.parametrize(
    ("value", "here"), [("是", True), ("否", False), ("非本单位", False), (True, True), ("Y", True)]
)
def test_yes_and_no_are_read(value: Cell, here: bool) -> None:
    assert line_of(typed(employed_here=value)).employed_here is here


@pytest.mark.parametrize(
    ("item", "exempt", "charges"),
    [
        ("0101", True, False),
        ("0111", True, False),
        ("02", False, True),
        ("03", False, False),
        ("04", False, True),
        ("05", False, False),
        ("0601", False, True),
        ("0702", False, True),
        ("08", False, False),
    ],
)
def test_columns_that_are_not_the_items_must_be_zero(
    item: str, exempt: bool, charges: bool
) -> None:
    zero = typed(income_item=item, exempt_income="0.00", deductible_charges="0")
    with_exempt = typed(income_item=item, exempt_income="1")
    with_charges = typed(income_item=item, exempt_income=None, deductible_charges="1")

    line_of(zero)
    if exempt:
        line_of(with_exempt)
    else:
        assert faults_of(with_exempt) == [("exempt_income", "NOT_APPLICABLE")]
    if charges:
        line_of(with_charges)
    else:
        assert faults_of(with_charges) == [("deductible_charges", "NOT_APPLICABLE")]


def test_a_reduction_needs_a_remark() -> None:
    assert faults_of(typed(tax_reduction="1")) == [("remark", "REMARK_REQUIRED")]
    assert faults_of(typed(tax_reduction="1", remark=" ")) == [("remark", "REMARK_REQUIRED")]
    line_of(typed(tax_reduction="1", remark="残疾人"))
    line_of(typed(tax_reduction="0"))


def test_other_income_ended_with_2018() -> None:
    cells = typed(income_item="09", exempt_income=None)

    line_of(cells, DECEMBER_2018)
    assert faults_of(cells, JANUARY_2019) == [("income_item", "NOT_IN_FORCE")]


@pytest.mark.parametrize("column", ["resident", "pension", "cum_private_pension"])
def test_columns_of_2019_are_refused_before_it(column: str) -> None:
    value: object = True if column == "resident" else "0.00"

    assert json_faults(as_json(**{column: value}), DECEMBER_2018) == [(column, "NOT_IN_FORCE")]
    assert isinstance(check_json_line(as_json(**{column: value}), JANUARY_2019), Line)


def test_a_blank_column_of_2019_does_no_harm_before_it() -> None:
    assert line_of(typed(pension="", resident=" "), DECEMBER_2018).pension is None


@pytest.mark.parametrize(
    ("country", "resident", "expected"),
    [
        ("001", ..., True),
        ("001", False, False),
        ("003", True, True),
        ("003", False, False),
        ("003", ..., "REQUIRED"),
        ("001", "true", "TYPE"),
        ("001", None, "TYPE"),
    ],
)
def test_residence_is_said_of_all_but_chinese(
    country: str, resident: object, expected: object
) -> None:
    data = as_json(country=country, resident=resident)

    if isinstance(expected, bool):
        line = check_json_line(data, JANUARY_2019)
        assert isinstance(line, Line)
        assert line.resident is expected
    else:
        assert json_faults(data, JANUARY_2019) == [("resident", expected)]


def test_columns_of_2019_are_for_residents_wages() -> None:
    line = line_of(typed(pension="400", cum_children="2,000"), JANUARY_2019)

    assert (line.pension, line.cum_children, line.cum_rent) == (
        Decimal(400),
        Decimal(2000),
        Decimal(0),
    )
    assert faults_of(typed(resident="否", pension="400"), JANUARY_2019) == [
        ("pension", "NOT_APPLICABLE")
    ]
    assert faults_of(typed(income_item="08", exempt_income=None, pension="400"), JANUARY_2019) == [
        ("pension", "NOT_APPLICABLE")
    ]


def test_a_donation_over_thirty_per_cent_needs_a_remark() -> None:
    # (5000 - 300 - 1600) x 30% = 930
    line_of(typed(donation="930"))
    assert faults_of(typed(donation="930.01")) == [("donation", "DONATION_LIMIT")]
    line_of(typed(donation="930.01", remark="农村义务教育,全额扣除"))


@pytest.mark.parametrize(
    ("month", "item", "country", "resident", "income", "charges", "limit"),
    [
        ("2006-04", "0101", "001", None, "5000", "0", "1020.00"),
        ("2006-04", "0101", "003", None, "5000", "0", "60.00"),
        ("2006-04", "0101", "001", None, "1000", "0", "0.00"),
        ("2008-03", "0101", "001", None, "5000", "0", "900.00"),
        ("2011-09", "0101", "001", None, "5000", "0", "450.00"),
        ("2018-10", "0101", "003", None, "6000", "0", "300.00"),
        ("2019-01", "0101", "001", True, "6000", "0", None),
        ("2019-01", "0101", "003", False, "6000", "0", "300.00"),
        ("2006-04", "0102", "001", None, "10000", "0", "3000.00"),
        ("2006-04", "0104", "001", None, "10000", "0", None),
        ("2006-04", "02", "001", None, "4000", "0", "960.00"),
        ("2006-04", "02", "001", None, "5000", "100", "1176.00"),
        ("2019-01", "02", "003", False, "3000", "0", "720.00"),
        ("2006-04", "03", "001", None, "800", "0", "0.00"),
        ("2006-04", "0601", "001", None, "3000", "200", "600.00"),
        ("2006-04", "0602", "001", None, "3000", "0", None),
        ("2006-04", "0701", "001", None, "3000", "1000", "600.00"),
        ("2006-04", "08", "001", None, "0.05", "0", "0.02"),
    ],
)
def test_the_limit_of_a_donation(
    month: str,
    item: str,
    country: str,
    resident: bool | None,
    income: str,
    charges: str,
    limit: str | None,
) -> None:
    result = donation_limit(
        tax_month=date.fromisoformat(f"{month}-01"),
        income_item=item,
        country=country,
        resident=resident,
        income=Decimal(income),
        exempt_income=Decimal(0),
        deductible_charges=Decimal(charges),
        facts={},
    )

    assert (None if result is None else str(result)) == limit


def test_a_line_with_a_method_is_left_to_the_law() -> None:
    data = as_json(income_item="02", donation="5000.00", facts={"method": "broker_cumulative"})

    assert isinstance(check_json_line(data, JANUARY_2019), Line)


def test_a_whole_declaration_is_read_and_counted() -> None:
    declaration = check_declaration(whole(filed_on="2006-05-04"))

    assert isinstance(declaration, Declaration)
    header = declaration.header
    assert (header.tax_month, header.filed_on) == (APRIL_2006, date(2006, 5, 4))
    assert (header.own_headcount, header.other_headcount) == (1, 0)
    assert header.total_income == Decimal("5000.00")


def test_persons_are_counted_once_and_rather_as_ones_own() -> None:
    lines = [
        line_of(typed(employed_here="否")),
        line_of(typed(document_number="110105491231002", income_foreign="1")),
        line_of(typed(document_type="03", employed_here="否")),
    ]

    assert count_heads(lines) == (1, 1, Decimal("15001.00"))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"declarant": ...}, ("declarant", "REQUIRED")),
        ({"phone": ""}, ("phone", "REQUIRED")),
        ({"address": " "}, ("address", "REQUIRED")),
        ({"postcode": ...}, ("postcode", "REQUIRED")),
        ({"declarant": "a\x00"}, ("declarant", "CHARACTERS")),
        ({"address": "x" * 201}, ("address", "TOO_LONG")),
        ({"computer_code": "1101000"}, ("computer_code", "COMPUTER_CODE")),
        ({"computer_code": "1101000a"}, ("computer_code", "COMPUTER_CODE")),
        ({"computer_code": ...}, ("computer_code", "REQUIRED")),
        ({"tax_month": "2006-4"}, ("tax_month", "MONTH")),
        ({"tax_month": " 2006-04"}, ("tax_month", "MONTH")),
        ({"computer_code": "11010001 "}, ("computer_code", "COMPUTER_CODE")),
        ({"kind": "regular "}, ("kind", "CODE")),
        ({"tax_month": "2005-12"}, ("tax_month", "NOT_IN_FORCE")),
        ({"tax_month": 200604}, ("tax_month", "TYPE")),
        ({"kind": "annual"}, ("kind", "CODE")),
        ({"coverage": "most"}, ("coverage", "CODE")),
        ({"filed_on": "2006-02-30"}, ("filed_on", "DAY")),
        ({"own_headcount": 3}, ("own_headcount", "NOT_APPLICABLE")),
        ({"colour": "red"}, ("colour", "UNKNOWN_KEY")),
        ({"lines": []}, ("lines", "REQUIRED")),
        ({"lines": ...}, ("lines", "REQUIRED")),
        ({"lines": {}}, ("lines", "TYPE")),
        ({"\ud800": 1}, ("\\u{D800}", "UNKNOWN_KEY")),
    ],
)
def test_a_faulty_head_is_refused(changes: dict[str, Any], fault: tuple[str, str]) -> None:
    result = check_declaration(whole(**changes))

    assert isinstance(result, list)
    assert [(found.field, str(found.code)) for found in result] == [fault]


def test_partial_coverage_wants_its_three_figures() -> None:
    figures = {"own_headcount": 3, "other_headcount": 0, "total_income": "9000.00"}

    missing = check_declaration(whole(coverage="partial", own_headcount=None))
    declaration = check_declaration(whole(coverage="partial", **figures))
    wrong = check_declaration(whole(coverage="partial", **figures | {"own_headcount": -1}))
    texts = check_declaration(whole(coverage="partial", **figures | {"own_headcount": "3"}))

    assert isinstance(missing, list)
    assert [fault.field for fault in missing] == list(figures)
    assert isinstance(declaration, Declaration)
    assert declaration.header.own_headcount == 3
    assert isinstance(wrong, list)
    assert wrong[0].code == "COUNT"
    assert isinstance(texts, list)
    assert texts[0].code == "TYPE"


def test_a_head_from_a_page_is_read_as_people_type() -> None:
    cells: dict[str, Cell] = {
        key: value for key, value in whole(coverage="partial").items() if key != "lines"
    }
    cells |= {"own_headcount": "\uff11\uff12", "other_headcount": "0", "total_income": "9,000"}

    header = check_header(cells)

    assert isinstance(header, Header)
    assert (header.own_headcount, header.total_income) == (12, Decimal(9000))
    assert isinstance(check_header(cells | {"filed_on": "2006-05-04"}), list)


def test_a_fault_points_into_the_declaration() -> None:
    result = check_declaration(whole(as_json(), as_json(income="x"), phone=...))

    assert isinstance(result, list)
    assert [fault.pointer for fault in result] == ["phone", "lines/1/income"]


def test_totals_are_by_item_and_in_order() -> None:
    lines = [
        line_of(typed(income_item="08", exempt_income=None)),
        line_of(typed(income_foreign="0.01")),
        line_of(typed(tax_reduction="2", remark="x")),
    ]

    assert totals_by_item(lines) == [
        ("0101", 2, Decimal("10000.01"), Decimal("2.00"), Decimal("680.00")),
        ("08", 1, Decimal("5000.00"), Decimal("0.00"), Decimal("340.00")),
    ]


def digest_of(data: dict[str, Any]) -> str:
    declaration = check_declaration(data)
    assert isinstance(declaration, Declaration)
    return digest(canonical(declaration.header, declaration.lines))


def test_identical_declarations_have_one_digest() -> None:
    plain = digest_of(whole())

    assert digest_of(whole(filed_on="2006-05-04")) == plain
    assert digest_of(whole(as_json(income="5000", remark="", donation="0.0"))) == plain
    assert digest_of(whole(as_json(name=" 张三 "))) == plain
    assert digest_of(json.loads(json.dumps(whole(), sort_keys=True))) == plain


@pytest.mark.parametrize(
    "change",
    [
        {"income": "5000.01"},
        {"name": "张四"},
        {"remark": "x"},
        {"employed_here": False},
        {"income_foreign": "0.01"},
        {"facts": {"kind": "x"}},
    ],
)
def test_any_change_of_a_line_changes_the_digest(change: dict[str, Any]) -> None:
    assert digest_of(whole(as_json(**change))) != digest_of(whole())


def test_the_digest_is_that_of_the_receipts_definition() -> None:
    declaration = check_declaration(whole())
    assert isinstance(declaration, Declaration)
    form = canonical(declaration.header, declaration.lines)

    assert form["lines"][0]["income"] == 500000
    assert "filed_on" not in form
    assert digest({"b": 1, "a": "中"}) == (
        "d8158d9a7acf211407d1309876015fc6e69f13b7dd8126a571e429ddce565911"
    )


def test_a_head_has_the_same_digest_before_it_is_counted() -> None:
    declaration = check_declaration(whole())
    assert isinstance(declaration, Declaration)
    uncounted = replace(
        declaration.header, own_headcount=None, other_headcount=None, total_income=None
    )

    assert canonical(uncounted, declaration.lines) == canonical(
        declaration.header, declaration.lines
    )
