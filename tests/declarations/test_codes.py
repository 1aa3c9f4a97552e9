"""The code tables of the manual, and tax months."""

from __future__ import annotations

from datetime import date

import pytest

from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from declarations.taxlaw.tax_month import next_month, parse_tax_month, previous_month


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
    "text", ["2006-4", "2006-13", "2006-00", "0000-01", "2006-04-01", "200604", "2006-04\n", ""]
)
def test_a_tax_month_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"YYYY-MM|month|year"):
        parse_tax_month(text)


def test_months_follow_each_other_over_the_year() -> None:
    assert next_month(date(2006, 12, 1)) == date(2007, 1, 1)
    assert previous_month(date(2007, 1, 1)) == date(2006, 12, 1)
    assert previous_month(next_month(date(2007, 5, 1))) == date(2007, 5, 1)
