"""A person's numbers of 15 and of 18 digits are one number; check digits of organisations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from portal.identity_numbers import (
    check_digit,
    is_credit_code,
    is_organisation_code,
    is_strange_credit_code,
    mask_document_number,
    same_person_number,
)

# The same examples every time, and no clock.
steady = settings(derandomize=True, deadline=None, database=None)

CREDIT_CODES = ["91350100M000100Y43", "91440300MA5G9YMM2B", "91110000600037341L"]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("110105491231002", "11010519491231002X"),
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        (" １１０１０５４９１２３１００２　", "11010519491231002X"),
        ("110105491331002", "110105491331002"),  # no 13th month: some other 15 digits
        ("110105000229002", "110105000229002"),  # 1900 was no leap year
        ("G12345678", "G12345678"),
        ("g12345678", "G12345678"),
        ("11010549123100²", "11010519491231002X"),  # NFKC makes it a digit
        ("", ""),
    ],
)
def test_one_person_has_one_number(typed: str, number: str) -> None:
    assert same_person_number(typed) == number


def test_making_numbers_the_same_twice_changes_nothing() -> None:
    once = same_person_number("110105491231002")

    assert same_person_number(once) == once


def test_the_check_digit_is_that_of_the_standards_example() -> None:
    assert check_digit("44052418800101001") == "4"
    assert check_digit("11010519491231002") == "X"


@pytest.mark.parametrize(
    ("code", "is_right"),
    [
        ("91110000600037341L", True),
        ("91350100M000100Y43", True),
        # Registering authorities with a letter; one more in the first place, one less in the last.
        ("A1110000600037341K", True),
        ("A1110000600037341L", False),
        ("N11100006000373417", True),
        ("N1110000600037341", False),
        ("91110000600037341l", False),
        ("91110000600037341I", False),
        (" 91110000600037341L", False),
        ("9111000060003734１L", False),
        ("19110000600037341L", False),
    ],
)
def test_the_check_digit_of_a_credit_code(code: str, is_right: bool) -> None:
    assert is_credit_code(code) is is_right


def test_exactly_one_check_digit_fits_and_a_swapped_pair_never_does() -> None:
    body = "91350100M000100Y4"
    fitting = [digit for digit in ALPHABET if is_credit_code(body + digit)]

    assert fitting == ["3"]
    for at in range(17):
        swapped = body[:at] + (body + "3")[at : at + 2][::-1] + (body + "3")[at + 2 :]
        assert is_credit_code(swapped) is (swapped == body + "3")


@steady
@given(st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9))
def test_the_check_digit_of_a_credit_code_is_python_stdnums(area: str, organisation: str) -> None:
    code = area + organisation + uscc.calc_check_digit(area + organisation)

    assert uscc.is_valid(code)
    assert is_credit_code(code)


@steady
@given(st.sampled_from(CREDIT_CODES), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_spoils_a_credit_code(code: str, place: int, character: str) -> None:
    wrong = code[:place] + character + code[place + 1 :]

    assert is_credit_code(wrong) is (wrong == code)
    if wrong[:8].isdigit():
        assert uscc.is_valid(wrong) is is_credit_code(wrong)


@pytest.mark.parametrize(
    ("code", "is_valid_there", "is_right"),
    [
        ("A1110000600037341K", False, True),  # a registering authority with a letter
        ("91110000600037341l", True, False),
        ("9111 0000 6000 3734 1L", True, False),
    ],
)
def test_where_python_stdnum_differs_the_standard_holds(
    code: str, is_valid_there: bool, is_right: bool
) -> None:
    assert uscc.is_valid(code) is is_valid_there
    assert is_credit_code(code) is is_right


@pytest.mark.parametrize("code", CREDIT_CODES)
def test_a_credit_code_has_an_organisation_code_in_it(code: str) -> None:
    assert is_credit_code(code)
    assert is_organisation_code(code[8:17])
    assert not is_strange_credit_code(code)


@pytest.mark.parametrize(
    ("code", "is_strange"),
    [
        ("", False),
        ("91110000600037342P", True),  # its own check digit is right, the one inside it is not
        ("91110000600037341M", True),
        ("6", True),
    ],
)
def test_a_credit_code_with_no_organisation_code_in_it_is_strange(
    code: str, is_strange: bool
) -> None:
    assert is_strange_credit_code(code) is is_strange


@pytest.mark.parametrize(
    ("code", "is_right"),
    [
        ("600037341", True),
        ("600037342", False),
        ("D2143569X", True),  # the check digit 10
        ("000000010", False),
        ("000000019", True),
        ("000000000", True),  # the check digit 11
        ("d2143569X", False),
        ("D2143569-X", False),
        ("D2143569", False),
        ("", False),
        ("６00037341", False),
    ],
)
def test_the_check_digit_of_an_organisation_code(code: str, is_right: bool) -> None:
    assert is_organisation_code(code) is is_right


@steady
@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8))
def test_exactly_one_check_digit_fits_an_organisation_code(body: str) -> None:
    weighted = sum(int(c, 36) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = 11 - weighted % 11
    expected = {10: "X", 11: "0"}.get(check, str(check))

    assert [digit for digit in "0123456789X" if is_organisation_code(body + digit)] == [expected]


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("110105194912310021", "110***********0021"),
        ("110105491231002", "11**********002"),
        ("G12345678", "G******78"),
        ("G1234", "****4"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_a_mask_shows_little_of_a_number(number: str, masked: str) -> None:
    assert mask_document_number(number) == masked


@pytest.mark.parametrize("length", range(18))
def test_of_a_short_number_a_third_at_most_is_shown(length: int) -> None:
    masked = mask_document_number("7" * length)

    assert len(masked) == length
    assert masked.count("7") <= length / 3
