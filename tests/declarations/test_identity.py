"""Identity numbers: what is refused, what is one person, what others may see."""

from __future__ import annotations

from datetime import date

import pytest
from stdnum.cn import ric

from declarations.taxlaw.identity import (
    check_document_number,
    doubt_document_number,
    mask_document_number,
    mask_name,
    normalise_document_number,
)


@pytest.mark.parametrize(
    "number",
    [
        "440524188001010014",
        "11010519491231002X",
        "11010519491231002x",
        " 11010519491231002X\t",
        "\uff11\uff11010519491231002\uff38",
        "110105491231002",
        # An area that no table knows, and a residence permit's.
        "999999199001010008",
        "810000199408230021",
    ],
)
def test_a_valid_resident_number_passes(number: str) -> None:
    assert check_document_number("01", number) is None


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("110105194912310021", "CHECK_DIGIT"),
        ("110105194902300021", "BIRTH_DATE"),
        ("110105491331002", "BIRTH_DATE"),
        ("1101051949123100", "LENGTH"),
        ("11010519491231002XX", "LENGTH"),
        ("1101051949123100AX", "DIGITS"),
        ("X1010519491231002X", "DIGITS"),
        ("", "LENGTH"),
    ],
)
def test_a_bad_resident_number_is_refused(number: str, reason: str) -> None:
    fault = check_document_number("01", number)

    assert fault is not None
    assert (fault.field, fault.code, fault.params["reason"]) == (
        "document_number",
        "IDENTITY",
        reason,
    )


def test_a_person_not_yet_born_is_refused() -> None:
    born_2050 = "11010520500101002"
    number = next(
        born_2050 + digit
        for digit in "0123456789X"
        if check_document_number("01", born_2050 + digit) is None
    )

    assert check_document_number("01", number, born_by=date(2026, 11, 21)) is not None


@pytest.mark.parametrize("document_type", ["02", "03", "04", "05", "06", "07", "08", "09", "99"])
def test_no_other_type_is_refused(document_type: str) -> None:
    assert check_document_number(document_type, "E1234567") is None


@pytest.mark.parametrize(
    ("document_type", "number", "reason"),
    [
        ("07", "810000199408230021", None),
        ("07", "820000199408230021", "CHECK_DIGIT"),
        ("07", "830000199408230021", "AREA"),
        ("08", "810000199408230021", "AREA"),
        ("08", "H1234567", "LENGTH"),
        ("09", "whatever", None),
    ],
)
def test_a_strange_residence_permit_is_doubted(
    document_type: str, number: str, reason: str | None
) -> None:
    fault = doubt_document_number(document_type, number)

    assert (fault.params["reason"] if fault else None) == reason


def test_fifteen_and_eighteen_digits_are_one_person() -> None:
    old = normalise_document_number("01", "110105491231002")
    new = normalise_document_number("01", " 11010519491231002x")

    assert old == new == "11010519491231002X"


def test_only_a_resident_card_is_lengthened() -> None:
    assert normalise_document_number("99", "110105491231002") == "110105491231002"
    assert normalise_document_number("03", " e1234567 ") == "E1234567"


def test_masks_show_no_more_than_they_may() -> None:
    assert mask_document_number("110105194912311234") == "110***********1234"
    assert mask_document_number("110105491231002") == "110********1002"
    assert mask_document_number("E1234567") == "E*****67"
    assert mask_document_number("12") == "**"
    assert mask_document_number("") == ""


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("欧阳娜娜", "欧***"),
        ("𠮷田", "𠮷*"),
        ("葛\U000e0100城", "葛\U000e0100*"),
        ("王五 Wang", "王* ****"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_a_name_is_masked_behind_its_first_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_check_digits_agree_with_python_stdnum() -> None:
    for sequence in range(200):
        digits = f"36042619910101{sequence:03}"
        number = digits + ric.calc_check_digit(digits + "0")

        assert check_document_number("01", number) is None
        assert ric.validate(number) == number
