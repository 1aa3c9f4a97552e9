"""The code tables of the manual, and the law's dated values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from declarations.taxlaw.parameters import NotInForce, parameter, read_parameter
from declarations.taxlaw.tax_month import (
    filing_deadline,
    next_month,
    parse_tax_month,
    previous_month,
    small_tax,
)


def test_the_tables_have_the_manuals_numbers_of_entries() -> None:
    assert (len(OCCUPATIONS), len(INCOME_ITEMS), len(COUNTRIES)) == (39, 21, 12)


def test_occupations_keep_the_manuals_order_and_pairs() -> None:
    codes = [entry.code for entry in OCCUPATIONS]

    assert codes[:4] == ["1000000", "1050000", "2000000", "2010000"]
    assert codes[-4:] == ["5000000", "6000000", "6010000", "3010000"]
    assert {code: OCCUPATIONS[code].name for code in ("4070100", "2100200", "4050300")} == {
        "4070100": "社会中介服务人员",
        "2100200": "导演",
        "4050300": "航空运输服务人员",
    }


def test_ten_income_items_are_checked_by_the_tax_logic() -> None:
    checked = [entry.code for entry in INCOME_ITEMS if entry.checked]

    assert checked == ["0101", "0102", "02", "03", "04", "05", "0601", "0701", "08", "09"]
    assert all(entry.explanation and entry.english for entry in INCOME_ITEMS)


def test_document_types_are_the_feeds_and_the_three_permits() -> None:
    codes = [entry.code for entry in DOCUMENT_TYPES]

    assert codes == ["01", "02", "03", "04", "05", "06", "07", "08", "09", "99"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("001", "001"),
        ("中国", "001"),
        ("001 中国", "001"),
        ("001中国", "001"),
        ("001-中国", "001"),
        ("001 (中国)", "001"),
        ("001\uff08中国\uff09", "001"),
        ("\uff10\uff10\uff11", "001"),
        (" 中 国 ", "001"),
        ("1", "001"),
        ("200", "200"),
        ("China", "001"),
        ("001 日本", None),
        ("012", None),
        ("中华", None),
        ("", None),
    ],
)
def test_a_country_is_found_by_code_name_or_both(typed: str, code: str | None) -> None:
    entry = COUNTRIES.find(typed)

    assert (entry and entry.code) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("工资、薪金所得-普通月工资", "0101"),
        ("工资、薪金所得—普通月工资", "0101"),
        ("普通月工资", "0101"),
        ("0101 工资、薪金所得-普通月工资", "0101"),
        ("101", "0101"),
        ("2", "02"),
        ("财产租赁所得", "0601"),
        ("财产租赁所得-其他", "0602"),
        ("其他所得", "09"),
        ("其他", None),
        ("0101 劳务报酬", None),
    ],
)
def test_an_income_item_is_found_only_if_one_is_meant(typed: str, code: str | None) -> None:
    entry = INCOME_ITEMS.find(typed)

    assert (entry and entry.code) == code


def test_every_entry_is_found_by_its_code_its_name_and_both() -> None:
    for table in (OCCUPATIONS, INCOME_ITEMS, COUNTRIES, DOCUMENT_TYPES):
        for entry in table:
            for typed in (entry.code, entry.name, str(entry)):
                assert table.find(typed) == entry


def test_the_nearest_names_come_first() -> None:
    assert COUNTRIES.nearest("中國")[0].name == "中国"
    assert len(OCCUPATIONS.nearest("工程师")) == 3
    assert [entry.code for entry in INCOME_ITEMS.nearest("工资")] == ["0101", "0102", "0103"]
    assert OCCUPATIONS.nearest("财会")[0].name == "财会人员"


@pytest.mark.parametrize(
    ("month", "deadline"),
    [
        ("2006-01", date(2006, 2, 7)),
        ("2011-07", date(2011, 8, 7)),
        ("2011-08", date(2011, 9, 15)),
        ("2025-12", date(2026, 1, 15)),
        ("9999-12", date.max),
    ],
)
def test_the_filing_deadline_changed_with_2011_08(month: str, deadline: date) -> None:
    assert filing_deadline(parse_tax_month(month)) == deadline


@pytest.mark.parametrize(
    ("month", "amount"), [("2006-01", "0"), ("2012-07", "0"), ("2012-08", "1"), ("2026-11", "1")]
)
def test_a_yuan_goes_unpaid_from_2012_08(month: str, amount: str) -> None:
    assert small_tax(parse_tax_month(month)) == Decimal(amount)


def test_payments_of_months_before_2006_have_a_deadline_too() -> None:
    assert filing_deadline(date(2005, 12, 1)) == date(2006, 1, 7)
    assert small_tax(date(1999, 12, 1)) == 0


def test_before_2006_no_basic_deduction_is_known() -> None:
    with pytest.raises(NotInForce):
        parameter("basic_deduction").at(date(2005, 12, 1))


@pytest.mark.parametrize(
    "text", ["2006-4", "2006-13", "2006-00", "0000-01", "2006-04-01", "200604", "2006-04\n", ""]
)
def test_a_tax_month_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"YYYY-MM|month|year"):
        parse_tax_month(text)


def test_months_follow_each_other_over_the_year() -> None:
    assert next_month(date(2006, 12, 1)) == date(2007, 1, 1)
    assert previous_month(date(2007, 1, 1)) == date(2006, 12, 1)
    assert previous_month(next_month(date(2007, 5, 1))) == date(2007, 5, 1)


def test_every_number_of_the_law_is_a_decimal() -> None:
    values = parameter("basic_deduction").at(date(2007, 1, 1))

    assert values == {"china": Decimal(1600), "elsewhere": Decimal(4800)}
    assert all(type(value) is Decimal for value in values.values())


def test_a_value_that_ended_is_no_longer_in_force(tmp_path: Path) -> None:
    path = tmp_path / "relief.yaml"
    path.write_text(
        "values:\n"
        "  2019-01-01: {value: 0.03, reference: a}\n"
        "  2028-01-01: {value: null, reference: b}\n"
    )

    relief = read_parameter(path)

    assert relief.at(date(2027, 12, 31)) == Decimal("0.03")
    with pytest.raises(NotInForce):
        relief.at(date(2028, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        "values:\n  2019-01-01: {value: 1}\n",
        "values:\n  2019-01: {value: 1, reference: a}\n",
        "values:\n  2019-01-01: {value: 1, reference: a}\n  2019-01-01: {value: 2, reference: b}\n",
    ],
)
def test_a_parameter_without_source_or_date_or_with_two_values_is_refused(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"no reference|not a date|stands twice"):
        read_parameter(path)
