"""Identity numbers: what is refused, what is one person, what others may see."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from declarations.taxlaw.areas import _first_and_last, _years_of_areas
from declarations.taxlaw.identity import (
    Doubt,
    check_document_number,
    doubt_document_number,
    mask_document_number,
    mask_name,
    normalise_document_number,
)
from portal.identity_numbers import check_digit

# The same examples every time, and no clock.
steady = settings(derandomize=True, deadline=None, database=None)


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


MAY_2020 = date(2020, 5, 1)


def resident_number(area: str, born: str = "19900101", sequence: str = "001") -> str:
    digits = area + born + sequence
    return digits + check_digit(digits)


def reasons(document_type: str, number: str, tax_month: date = MAY_2020) -> list[str]:
    return [
        doubt.reason for doubt in doubt_document_number(document_type, number, tax_month=tax_month)
    ]


@pytest.mark.parametrize(
    ("area", "born", "params"),
    [
        ("999999", "19900101", {}),  # no province
        ("119900", "19900101", {}),  # no city
        ("110199", "19900101", {}),  # no county of a city that there is
        ("169021", "19940101", {}),  # right under a province that there is not
        ("370620", "19950510", {"until": "1987"}),  # 威海, a county-level city no more
        ("110110", "20000101", {"until": "1986"}),
    ],
)
def test_an_area_that_never_was_or_was_no_more_is_doubted(
    area: str, born: str, params: dict[str, str]
) -> None:
    number = resident_number(area, born)

    assert check_document_number("01", number) is None
    assert doubt_document_number("01", number, tax_month=MAY_2020) == [Doubt("AREA", params)]


def test_an_area_that_began_long_after_the_tax_month_is_doubted() -> None:
    number = resident_number("110118")  # 密云区, from 2015

    (doubt,) = doubt_document_number("01", number, tax_month=date(2009, 12, 1))

    assert doubt == ("AREA", {"since": "2015"})
    assert reasons("01", number, date(2010, 1, 1)) == []


@pytest.mark.parametrize(
    "number",
    [
        "440524188001010014",  # the standard's example: the area is of 1983 to 1993
        "11010519491231002X",
        resident_number("110118", "19500101"),  # first registered at 65
        resident_number("500101", "19830101"),  # 重庆's codes are older than the city's rank
        resident_number("412723", "19810101"),  # ended in 2000
        resident_number("110103", "20150101"),  # five years after its end, used up
        resident_number("321119", "19731030"),  # the police's own district
        resident_number("139002", "19920101"),  # 霸州, when it was right under the province
        resident_number("339021", "19940101"),  # 余杭, as well
        resident_number("332522", "19950101"),  # 青田, which stdnum's table ends in 1982
        resident_number("632857", "19950101"),  # 大柴旦, which it does not have
        resident_number("110199", "20250101"),  # a newborn of an area that no table knows yet
        resident_number("710000"),
        resident_number("710121"),
        resident_number("810000"),
        resident_number("820000"),
        resident_number("830000"),
    ],
)
def test_an_area_of_which_a_number_may_be_is_not_doubted(number: str) -> None:
    assert check_document_number("01", number) is None
    assert reasons("01", number, date(2026, 11, 1)) == []


def test_who_was_born_before_the_area_is_refused_by_python_stdnum_alone() -> None:
    number = "440524188001010014"

    assert check_document_number("01", number) is None
    with pytest.raises(InvalidComponent):
        ric.validate(number)


def test_an_area_of_fifteen_digits_is_looked_at_as_well() -> None:
    assert reasons("01", "999999900101001", date(2012, 12, 1)) == ["AREA"]
    assert reasons("01", "999999900101001") == ["AREA", "OLD_NUMBER"]


@pytest.mark.parametrize("number", ["110105491231002", " \uff11\uff11\uff10105491231002 "])
def test_fifteen_digits_are_doubted_from_2013(number: str) -> None:
    assert reasons("01", number, date(2012, 12, 1)) == []

    (doubt,) = doubt_document_number("01", number, tax_month=date(2013, 1, 1))

    assert doubt == ("OLD_NUMBER", {"since": "2013-01"})


@pytest.mark.parametrize("number", ["", "1", "A" * 18, "\uff21" * 18, "110105491331002", "9" * 17])
def test_what_is_no_resident_number_has_its_fault_and_no_doubts(number: str) -> None:
    assert check_document_number("01", number) is not None
    assert reasons("01", number) == []


@pytest.mark.parametrize(
    ("document_type", "number", "expected"),
    [
        ("07", "810000199408230021", []),
        ("07", " 810000199408230021 ", []),
        ("07", resident_number("820000"), []),
        ("07", "820000199408230021", ["CHECK_DIGIT"]),
        ("07", resident_number("810000", "19900231"), ["BIRTH_DATE"]),
        ("07", "830000199408230021", ["FORM"]),
        ("07", "H12345678", ["FORM"]),
        ("08", resident_number("830000"), []),
        ("08", resident_number("830000").lower(), []),
        ("08", "810000199408230021", ["FORM"]),
        ("08", "81000019940823002", ["FORM"]),
    ],
)
def test_a_strange_residence_permit_is_doubted(
    document_type: str, number: str, expected: list[str]
) -> None:
    assert check_document_number(document_type, number) is None
    assert reasons(document_type, number) == expected


def test_residence_permits_are_valid_and_python_stdnum_refuses_them() -> None:
    assert reasons("08", resident_number("830000")) == []
    assert not ric.is_valid(resident_number("830000"))
    assert reasons("07", resident_number("810000", "19900101")) == []
    assert not ric.is_valid(resident_number("810000", "19900101"))


def test_residence_permits_are_doubted_before_there_were_any() -> None:
    number = resident_number("830000")

    (doubt,) = doubt_document_number("08", number, tax_month=date(2018, 8, 1))

    assert doubt == ("NOT_YET", {"since": "2018-09"})
    assert reasons("08", number, date(2018, 9, 1)) == []
    assert reasons("07", "H12345678", date(2018, 8, 1)) == ["NOT_YET", "FORM"]


NEW_CARD = resident_number("911033", "19850817")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("FRA110085081712", []),
        ("fra110085081712", []),
        (NEW_CARD, []),
        (NEW_CARD[:-1] + ("1" if NEW_CARD[-1] == "0" else "0"), ["CHECK_DIGIT"]),
        (resident_number("110105"), ["FORM"]),
        ("FRA11008508171", ["FORM"]),
        ("F1A110085081712", ["FORM"]),
        ("whatever", ["FORM"]),
    ],
)
def test_a_strange_permanent_residence_card_is_doubted(number: str, expected: list[str]) -> None:
    assert check_document_number("09", number) is None
    assert reasons("09", number, date(2023, 12, 1)) == expected


def test_the_newer_permanent_residence_card_is_doubted_before_there_was_any() -> None:
    (doubt,) = doubt_document_number("09", NEW_CARD, tax_month=date(2023, 11, 1))

    assert doubt == ("NOT_YET", {"since": "2023-12"})
    assert reasons("09", "FRA110085081712", date(2006, 1, 1)) == []


@pytest.mark.parametrize(
    ("document_type", "number", "is_strange"),
    [
        ("02", "whatever 户 1", False),
        ("03", "E12345678", False),
        ("03", "ea1234567", False),
        ("03", "12345", False),
        ("03", "1234", True),
        ("03", "\u62a4\u71671234567", True),
        ("03", "E-1234567", True),
        ("04", "\u519b\u5b57\u7b2c123\u53f7", False),
        ("05", "H12345678", False),
        ("05", "m1234567801", False),
        ("05", "H1234567", True),
        ("05", "A12345678", True),
        ("05", "H123456780", True),
        ("06", "12345678", False),
        ("06", "1234567890(B)", False),
        ("06", "1234567890\uff08B\uff09", False),
        ("06", "1234567890B", False),
        ("06", "T12345678", False),
        ("06", "123456", True),
        ("06", "A123456789012345", True),
        ("99", "", False),
        ("99", "?", False),
    ],
)
def test_other_documents_are_doubted_by_their_own_forms(
    document_type: str, number: str, is_strange: bool
) -> None:
    assert check_document_number(document_type, number) is None
    assert reasons(document_type, number) == (["FORM"] if is_strange else [])


@steady
@given(
    st.text(max_size=20), st.sampled_from(["01", "02", "03", "05", "06", "07", "08", "09", "99"])
)
def test_no_text_stops_the_doubting_and_no_doubt_repeats_it(
    number: str, document_type: str
) -> None:
    for doubt in doubt_document_number(document_type, number, tax_month=MAY_2020):
        assert doubt.reason in {
            "AREA",
            "OLD_NUMBER",
            "NOT_YET",
            "FORM",
            "BIRTH_DATE",
            "CHECK_DIGIT",
        }
        assert set(doubt.params) <= {"since", "until"}


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


@steady
@given(st.text("0123456789", min_size=17, max_size=17))
def test_check_digits_agree_with_python_stdnum(digits: str) -> None:
    assert check_digit(digits) == ric.calc_check_digit(digits + "0")


@steady
@given(
    st.dates(date(1900, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_whom_python_stdnum_accepts_passes_and_one_wrong_digit_never_does(
    born: date, sequence: int, place: int, step: int
) -> None:
    number = resident_number("360101", f"{born:%Y%m%d}", f"{sequence:03}")
    wrong = f"{number[:place]}{(int(number[place]) + step) % 10}{number[place + 1 :]}"

    assert check_document_number("01", number) is None
    if born.year >= 1983:  # since when stdnum knows the area
        assert ric.validate(number) == number
        assert reasons("01", number) == []
    assert not ric.is_valid(wrong)
    assert check_document_number("01", wrong) is not None


def test_the_areas_are_those_that_python_stdnum_looks_up() -> None:
    areas = _years_of_areas()

    assert len(areas) > 6_800
    for area in list(areas)[::97]:
        (_, _), (_, found) = numdb.get("cn/loc").info(area)
        assert areas[area] == _first_and_last(found["county"])
    assert areas["110105"] == (0, 9999)
    assert areas["110103"] == (0, 2010)
    assert areas["440524"] == (1983, 1993)
    assert areas["130321"] == (1983, 9999)  # two names, one after the other
