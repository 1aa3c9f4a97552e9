"""A person's numbers of 15 and of 18 digits are one number."""

from __future__ import annotations

import pytest

from portal.identity_numbers import check_digit, mask_document_number, same_person_number


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
