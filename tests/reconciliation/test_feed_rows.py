"""Rows of the core system's files, field by field: good, not ours, or quarantined."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.feed import (
    FileRefusal,
    NotOurs,
    PaymentRow,
    QuarantinedLine,
    Reason,
    RefusalCode,
    Refused,
    RegistrationRow,
    RowCode,
    Share,
    Tally,
    parse_payment,
    parse_registration,
)
from reconciliation.feed.payments import parse_good_payment

# The same examples every time, and no clock.
steady = settings(derandomize=True, deadline=None, database=None)

PAYMENT = (
    "D|110200090000000050|1|11020009|10106|01|20060301|20060331|1|1688.75"
    "|20060402|20060403|1100|工商银行|11010300|I|20060402180000"
)
REGISTRATION = (
    "D|11020001|ZG001000|91110000600037341L|北京第1扣缴单位有限公司|01|110103190410288220|01"
    "|11010100|第1税务所|税管员1|北京市某街1号|100000|010-60000001|5000.00|20060301010000"
)


def with_fields(row, changes):
    """Return the row with fields, by the numbers of the agreement, replaced."""
    fields = row.split("|")
    for number, text in changes.items():
        fields[number - 1] = text
    return "|".join(fields)


def payment(changes):
    return parse_payment(7, with_fields(PAYMENT, changes))


def registration(changes):
    return parse_registration(7, with_fields(REGISTRATION, changes))


def quick(text):
    return parse_good_payment(7, text)


def test_a_payment_in_the_form_that_copy_takes():
    assert parse_payment(7, PAYMENT) == PaymentRow(
        line=7,
        voucher_number="110200090000000050",
        line_number=1,
        computer_code="11020009",
        item="01",
        tax_month="2006-03-01",
        period_from="2006-03-01",
        period_to="2006-03-31",
        kind="regular",
        amount="1688.75",
        paid_on="2006-04-02",
        in_treasury_on="2006-04-03",
        treasury="1100",
        bank="工商银行",
        office="11010300",
        is_void=False,
        operation="I",
        updated_at="2006-04-02 18:00:00+08:00",
        raw=PAYMENT,
    )


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        ("1", "regular"),
        ("2", "additional"),
        ("3", "refund"),
        ("4", "late_fee"),
        ("5", "fine"),
    ],
)
def test_the_kinds_of_payment(letter, kind):
    assert payment({9: letter}).kind == kind


@pytest.mark.parametrize(("letter", "is_void"), [("I", False), ("U", False), ("X", True)])
def test_the_operations(letter, is_void):
    assert payment({16: letter}).operation == letter
    assert payment({16: letter}).is_void is is_void


ACCEPTED_PAYMENT_FIELDS = [
    {2: "A"},
    {2: "0123456789ABCDEFGHIJ"},
    {3: "999"},
    {4: "ABCDEFGZ"},
    {6: "09"},
    {7: "20060331"},
    {8: "20060301"},
    {7: "20080229", 8: "20080229"},
    {7: "00010101", 8: "00010131"},
    {7: "99991201", 8: "99991231"},
    {10: "0.00"},
    {10: "00000000000001.00"},
    {10: "99999999999999.99"},
    {12: ""},
    {13: "", 14: "", 15: ""},
    {13: " ", 14: "中国工商银行｜北京", 15: "\r"},
    {17: "20060402000000"},
    {17: "20060402235959"},
    {17: "00010102000000"},
    {17: "99991231235959"},
]


@pytest.mark.parametrize("changes", ACCEPTED_PAYMENT_FIELDS)
def test_fields_that_a_payment_may_have(changes):
    row = payment(changes)

    assert isinstance(row, PaymentRow)
    # The quick way is the one that files go; it must agree to the last field.
    assert quick(row.raw) == (row, int(row.amount.replace(".", "")))


def test_a_payment_in_transit_has_no_day_in_the_treasury():
    assert payment({12: ""}).in_treasury_on is None


QUARANTINED_PAYMENT_FIELDS = [
    ({1: "d"}, RowCode.FORMAT),
    ({2: ""}, RowCode.FORMAT),
    ({2: "012345678901234567890"}, RowCode.FORMAT),
    ({2: "a1"}, RowCode.FORMAT),
    ({2: "１"}, RowCode.FORMAT),
    ({3: ""}, RowCode.FORMAT),
    ({3: "0"}, RowCode.FORMAT),
    ({3: "01"}, RowCode.FORMAT),
    ({3: "1000"}, RowCode.FORMAT),
    ({3: "１"}, RowCode.FORMAT),
    ({4: "1102000"}, RowCode.FORMAT),
    ({4: "110200090"}, RowCode.FORMAT),
    ({4: "1102000x"}, RowCode.FORMAT),
    ({4: "1102000９"}, RowCode.FORMAT),
    ({6: "00"}, RowCode.FORMAT),
    ({6: "10"}, RowCode.FORMAT),
    ({6: "1"}, RowCode.FORMAT),
    ({6: ""}, RowCode.FORMAT),
    ({7: "20060229"}, RowCode.FORMAT),
    ({7: "00000301"}, RowCode.FORMAT),
    ({7: "2006-3-1"}, RowCode.FORMAT),
    ({7: "2006030"}, RowCode.FORMAT),
    ({7: "200603011"}, RowCode.FORMAT),
    ({7: ""}, RowCode.FORMAT),
    ({8: "20060230"}, RowCode.FORMAT),
    ({8: "２００６０３３１"}, RowCode.FORMAT),
    ({8: "20061331"}, RowCode.FORMAT),
    ({9: "0"}, RowCode.FORMAT),
    ({9: "6"}, RowCode.FORMAT),
    ({9: "11"}, RowCode.FORMAT),
    ({9: "12"}, RowCode.FORMAT),
    ({9: ""}, RowCode.FORMAT),
    ({11: ""}, RowCode.FORMAT),
    ({11: "20060431"}, RowCode.FORMAT),
    ({12: "20060431"}, RowCode.FORMAT),
    ({12: " "}, RowCode.FORMAT),
    ({12: "0"}, RowCode.FORMAT),
    ({16: ""}, RowCode.FORMAT),
    ({16: "i"}, RowCode.FORMAT),
    ({16: "IU"}, RowCode.FORMAT),
    ({17: "20060402"}, RowCode.FORMAT),
    ({17: "20060402240000"}, RowCode.FORMAT),
    ({17: "20060402236000"}, RowCode.FORMAT),
    ({17: "20060402235960"}, RowCode.FORMAT),
    ({17: "20060431000000"}, RowCode.FORMAT),
    ({17: "200604021800000"}, RowCode.FORMAT),
    ({17: "2006040218000０"}, RowCode.FORMAT),
    ({17: "20060402180000\r"}, RowCode.FORMAT),
    ({17: "00010101235959"}, RowCode.FORMAT),
    ({7: "20060302", 8: "20060301"}, RowCode.PERIOD),
    ({7: "20060401", 8: "20060331"}, RowCode.PERIOD),
    ({8: "20060401"}, RowCode.SPAN),
    ({8: "20070301"}, RowCode.SPAN),
    # What stands first in the table counts.
    ({7: "20060401", 8: "20060331", 9: "0"}, RowCode.FORMAT),
    ({8: "20060401", 17: ""}, RowCode.FORMAT),
    # A void row obeys every rule, too.
    ({16: "X", 8: "20060401"}, RowCode.SPAN),
    ({16: "X", 11: ""}, RowCode.FORMAT),
]


@pytest.mark.parametrize(("changes", "code"), QUARANTINED_PAYMENT_FIELDS)
def test_a_payment_that_goes_to_quarantine(changes, code):
    text = with_fields(PAYMENT, changes)

    assert parse_payment(7, text) == QuarantinedLine(7, code, 168875, text)
    assert quick(text) is None


@pytest.mark.parametrize("text", [PAYMENT + "|", PAYMENT[: PAYMENT.rindex("|")], "D|", "D|||"])
def test_a_payment_with_another_number_of_fields_carries_no_amount(text):
    assert parse_payment(7, text) == QuarantinedLine(7, RowCode.FIELDS, 0, text)
    assert quick(text) is None


@pytest.mark.parametrize("tax", ["10101", "", "10106 ", "１0106", "010106"])
def test_a_row_of_another_tax_is_not_ours_whatever_its_other_fields_hold(tax):
    others = {number: "?" for number in range(2, 18) if number != 10}
    text = with_fields(PAYMENT, others | {5: tax})

    assert parse_payment(7, text) == NotOurs(7, 168875)
    assert quick(text) is None


UNREADABLE_AMOUNTS = [
    "",
    "1688",
    "1688.7",
    "1688.750",
    ".75",
    "1,688.75",
    "-1688.75",
    "+1688.75",
    " 1688.75",
    "1688.75 ",
    "1e3.00",
    "1688,75",
    "１688.75",
    "1688．75",
    "NaN",
    "123456789012345.00",
    "9" * 10_000,
]


@pytest.mark.parametrize("amount", UNREADABLE_AMOUNTS)
@pytest.mark.parametrize("tax", ["10106", "10101", ""])
def test_an_unreadable_amount_refuses_the_file_in_another_taxs_row_too(amount, tax):
    text = with_fields(PAYMENT, {5: tax, 10: amount})

    with pytest.raises(Refused) as caught:
        parse_payment(7, text)

    assert caught.value.refusal == FileRefusal(
        RefusalCode.AMOUNT, Reason.AMOUNT_UNREADABLE, 7, {"amount": amount[:40]}
    )
    assert quick(text) is None


@steady
@given(st.integers(1, 16), st.text(alphabet="0123456789DIUXA.|１ \r年", max_size=9))
def test_the_quick_way_and_the_careful_way_agree(number, text):
    row = with_fields(PAYMENT, {number + 1: text})
    try:
        careful = parse_payment(7, row)
    except Refused:
        careful = None

    found = quick(row)

    if isinstance(careful, PaymentRow):
        assert found == (careful, int(careful.amount.replace(".", "")))
    else:
        assert found is None


@pytest.mark.parametrize("character", ["\n", "\0"])
def test_a_corrected_row_holds_no_line_end_and_no_nul(character):
    assert payment({14: character}).code == RowCode.FORMAT
    assert registration({5: character}).code == RowCode.FORMAT


def test_a_registration():
    assert parse_registration(7, REGISTRATION) == RegistrationRow(
        line=7,
        computer_code="11020001",
        collection_code="ZG001000",
        credit_code="91110000600037341L",
        name="北京第1扣缴单位有限公司",
        document_type="01",
        document_number="110103190410288220",
        status="01",
        office_code="11010100",
        office_name="第1税务所",
        tax_administrator="税管员1",
        address="北京市某街1号",
        postcode="100000",
        telephone="010-60000001",
        tax_withheld_last_year="5000.00",
        updated_at="2006-03-01 01:00:00+08:00",
        raw=REGISTRATION,
    )


def test_empty_codes_of_a_registration_are_none_and_thus_not_alike():
    row = registration({3: "", 4: "", 15: ""})

    assert (row.collection_code, row.credit_code, row.tax_withheld_last_year) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "changes",
    [
        dict.fromkeys((3, 4, 7, 9, 10, 11, 12, 13, 14, 15), ""),
        {3: "任意"},
        {6: "06"},
        {6: "99"},
        {7: "?"},
        {8: "05"},
        {15: "0.00"},
        {15: "123456789012345678.00"},
        {16: "20060228235959"},
    ],
)
def test_fields_that_a_registration_may_have(changes):
    assert isinstance(registration(changes), RegistrationRow)


@pytest.mark.parametrize(
    "changes",
    [
        {2: "1102000"},
        {2: "1102000a"},
        {2: ""},
        {4: "91110000600037341M"},
        {4: "911100006000373"},
        {5: ""},
        {6: ""},
        {6: "07"},
        {6: "1"},
        {8: ""},
        {8: "00"},
        {8: "06"},
        {15: "5000"},
        {15: "5,000.00"},
        {15: "-1.00"},
        {15: "１.00"},
        {15: ".00"},
        {15: "1234567890123456789.00"},
        {16: ""},
        {16: "20060229000000"},
    ],
)
def test_a_registration_that_breaks_a_rule_goes_to_quarantine(changes):
    text = with_fields(REGISTRATION, changes)

    assert parse_registration(7, text) == QuarantinedLine(7, RowCode.FORMAT, 0, text)


@pytest.mark.parametrize("text", [REGISTRATION + "|", "D|11020001"])
def test_a_registration_with_another_number_of_fields(text):
    assert parse_registration(7, text) == QuarantinedLine(7, RowCode.FIELDS, 0, text)


def test_no_traceback_shows_a_registrations_text():
    row = parse_registration(7, REGISTRATION)
    quarantined = registration({8: ""})

    assert "110103190410288220" not in repr(row) + str(row)
    assert "110103190410288220" not in repr(quarantined) + str(quarantined)


def test_a_tally_adds_up():
    tally = Tally(good=Share(2, 300), not_ours=Share(1, 50))
    tally.quarantine(RowCode.FIELDS, 1, 0)
    other = Tally(good=Share(1, 1))
    other.quarantine(RowCode.SPAN, 1, 7)

    tally.include(other)
    tally.include(Tally())

    assert (tally.rows, tally.fen) == (6, 358)
    assert tally.quarantined == {RowCode.FIELDS: Share(1, 0), RowCode.SPAN: Share(1, 7)}
