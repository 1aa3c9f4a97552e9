"""The likely causes of a difference: each code by a month made by hand, and what must not fire."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciliation.causes import Books, Cause, Code, HeldRow, Line, Payment, explain
from reconciliation.causes.digits import slip
from reconciliation.causes.held import codes_one_off, read_held_row

MARCH, APRIL, MAY, JUNE = (date(2006, month, 1) for month in (3, 4, 5, 6))
IN_TIME, LATE = date(2006, 5, 4), date(2006, 5, 27)


def declared(
    *taxes: str,
    month: date = APRIL,
    kind: str = "regular",
    first: int = 1,
    item: str = "0101",
) -> list[Line]:
    """Lines of as many persons; `first` is the number of the first person."""
    return [
        Line(month, kind, number, f"person {number + first - 1}".encode(), item, Decimal(tax))
        for number, tax in enumerate(taxes, start=1)
    ]


def paid(
    amount: str,
    voucher: str = "V1",
    *,
    month: date = APRIL,
    kind: str = "regular",
    on: date = IN_TIME,
    line: int = 1,
    item: str = "01",
    in_treasury: bool = True,
) -> Payment:
    return Payment(month, kind, voucher, line, item, Decimal(amount), on, in_treasury)


def held(amount: str, *months: date, voucher: str = "H1", kind: str = "regular") -> HeldRow:
    return HeldRow("JKRK_20060504_001.txt", 7, "PERIOD", voucher, 1, months, kind, Decimal(amount))


def causes_of(
    lines: list[Line],
    payments: list[Payment],
    *,
    rows: list[HeldRow] | None = None,
    others: list[Books] | None = None,
    month: date = APRIL,
) -> list[Cause]:
    books = Books("11010001", lines, payments, rows or [], others or [])
    [explanation] = explain(books, [month])
    return explanation.causes


def told(causes: list[Cause]) -> list[tuple[str, str, str]]:
    return [(cause.code.value, cause.kind, f"{cause.amount:.2f}") for cause in causes]


def evidence(causes: list[Cause]) -> dict[str, Any]:
    [cause] = causes
    [entry] = cause.evidence
    return entry


def test_a_month_that_agrees_has_no_cause() -> None:
    assert causes_of(declared("60.00", "40.00"), [paid("100.00")]) == []


# --- Facts ---


def test_nothing_paid_is_named_as_a_fact() -> None:
    assert told(causes_of(declared("60.00"), [])) == [("NOT_PAID", "regular", "60.00")]


def test_nothing_declared_is_named_with_the_vouchers() -> None:
    causes = causes_of([], [paid("60.00")])

    assert told(causes) == [("NOT_DECLARED", "regular", "-60.00")]
    assert evidence(causes) == {"voucher_number": "V1", "line_number": 1}


def test_a_part_paid_is_named_as_a_fact() -> None:
    causes = causes_of(declared("60.00", "41.17"), [paid("50.00")])

    assert told(causes) == [("PARTLY_PAID", "regular", "51.17")]


def test_too_much_paid_for_no_reason_says_so_and_names_what_is_nearest() -> None:
    lines = [*declared("60.00"), *declared("60.00", "33.50", month=MAY)]

    causes = causes_of(lines, [paid("60.00"), paid("31.24", "V2")])

    assert told(causes) == [("UNEXPLAINED", "regular", "-31.24")]
    assert evidence(causes)["nearest"] == "LINE_MISSING"
    assert evidence(causes)["amount"] == "-33.50"
    assert evidence(causes)["failed"] == "AMOUNT"


# --- Lines ---


def test_a_line_that_stands_twice() -> None:
    lines = [
        *declared("60.00", "40.00"),
        Line(APRIL, "regular", 3, b"person 2", "0101", Decimal(40)),
    ]

    causes = causes_of(lines, [paid("100.00")])

    assert told(causes) == [("LINE_DOUBLED", "regular", "40.00")]
    assert evidence(causes)["declared_line"] == 3
    assert evidence(causes)["repeats_line"] == 2


def test_two_persons_with_the_same_tax_are_no_line_doubled() -> None:
    causes = causes_of(declared("40.00", "40.00"), [paid("40.00")])

    assert told(causes) == [("PARTLY_PAID", "regular", "40.00")]


def test_a_line_that_is_missing_is_told_by_the_usual_tax_of_other_months() -> None:
    lines = [
        *declared("60.00"),
        *declared("60.00", "40.17", month=MARCH),
        *declared("60.00", "40.17", month=MAY),
    ]

    causes = causes_of(lines, [paid("100.17")])

    assert told(causes) == [("LINE_MISSING", "regular", "-40.17")]
    assert evidence(causes)["usual_in"] == ["2006-03", "2006-05"]
    assert evidence(causes)["like_line"] == {"tax_month": "2006-05", "declared_line": 2}


def test_a_person_who_is_declared_is_not_missing() -> None:
    lines = [*declared("60.00", "20.00"), *declared("60.00", "40.17", month=MAY)]

    causes = causes_of(lines, [paid("120.17")])

    assert told(causes) == [("UNEXPLAINED", "regular", "-40.17")]


def test_two_persons_who_explain_it_equally_well_are_not_guessed_between_codes() -> None:
    """A line missing, or a voucher paid twice: both to the fen."""
    lines = [*declared("40.17"), *declared("40.17", "40.17", month=MAY)]
    lines += declared("40.17", "40.17", month=MARCH)

    causes = causes_of(lines, [paid("40.17"), paid("40.17", "V2")])

    assert told(causes) == [("UNEXPLAINED", "regular", "-40.17")]
    nearest = {(near["nearest"], near["failed"]) for near in causes[0].evidence}
    assert nearest == {("LINE_MISSING", "AMBIGUOUS"), ("PAID_TWICE", "AMBIGUOUS")}


def test_one_of_two_persons_left_out_is_told_as_such() -> None:
    lines = [*declared("60.00"), *declared("60.00", "40.17", "40.17", month=MAY)]

    [cause] = causes_of(lines, [paid("100.17")])

    assert (cause.code, cause.amount) == (Code.LINE_MISSING, Decimal("-40.17"))
    assert [entry["one_of"] for entry in cause.evidence] == [2, 2]


def test_one_of_many_is_a_guess_and_not_told() -> None:
    lines = [*declared("60.00"), *declared("60.00", *["40.17"] * 4, month=MAY)]

    causes = causes_of(lines, [paid("100.17")])

    assert told(causes) == [("UNEXPLAINED", "regular", "-40.17")]


# --- Payments ---


def test_a_voucher_paid_twice() -> None:
    again = paid("100.00", "V2", on=date(2006, 5, 9))

    causes = causes_of(declared("60.00", "40.00"), [paid("100.00"), again])

    assert told(causes) == [("PAID_TWICE", "regular", "-100.00")]
    assert evidence(causes) == {"voucher_number": "V2", "line_number": 1, "repeats": "V1"}


def test_two_honest_halves_are_not_paid_twice() -> None:
    causes = causes_of(declared("60.00", "53.13"), [paid("50.00"), paid("50.00", "V2")])

    assert told(causes) == [("PARTLY_PAID", "regular", "13.13")]


def test_what_the_bank_took_and_the_treasury_has_not() -> None:
    causes = causes_of(declared("60.00"), [paid("60.00", in_treasury=False)])

    assert told(causes) == [("IN_TRANSIT", "regular", "60.00")]


def test_what_is_in_transit_is_told_beside_the_fact_that_more_is_lacking() -> None:
    causes = causes_of(declared("60.00", "23.45"), [paid("60.00", in_treasury=False)])

    assert told(causes) == [("IN_TRANSIT", "regular", "60.00"), ("NOT_PAID", "regular", "23.45")]


def test_a_row_in_quarantine() -> None:
    causes = causes_of(declared("60.00"), [], rows=[held("60.00", APRIL)])

    assert told(causes) == [("IN_QUARANTINE", "regular", "60.00")]
    assert evidence(causes)["quarantine"] == "PERIOD"
    assert evidence(causes)["file_line"] == 7


def test_a_row_whose_period_lies_in_two_months_is_told_where_it_fits() -> None:
    lines = [*declared("60.00"), *declared("17.00", month=MAY)]
    rows = [held("60.00", APRIL, MAY)]

    assert told(causes_of(lines, [], rows=rows)) == [("IN_QUARANTINE", "regular", "60.00")]
    assert told(causes_of(lines, [], rows=rows, month=MAY)) == [("NOT_PAID", "regular", "17.00")]


def test_a_row_in_quarantine_explains_nothing_where_nothing_is_declared() -> None:
    causes = causes_of([], [paid("5.00")], rows=[held("60.00", APRIL)])

    assert told(causes) == [("NOT_DECLARED", "regular", "-5.00")]


def test_a_late_fee_that_was_paid_as_tax() -> None:
    """20 days late at 0.05% a day: 1.00 on 100.00."""
    payments = [paid("100.00", on=LATE), paid("1.00", "V2", on=LATE)]

    causes = causes_of(declared("60.00", "40.00"), payments)

    assert told(causes) == [("LATE_FEE_AS_TAX", "regular", "-1.00")]
    assert evidence(causes)["late_fee_of"] == ["V1"]
    assert evidence(causes)["days_late"] == 20


@pytest.mark.parametrize(("fee", "on"), [("1.01", LATE), ("1.00", IN_TIME)])
def test_what_is_no_late_fee_to_the_fen_or_was_not_late_is_none(fee: str, on: date) -> None:
    causes = causes_of(declared("100.00"), [paid("100.00", on=on), paid(fee, "V2", on=on)])

    assert causes[0].code == Code.UNEXPLAINED


def test_a_late_fee_of_all_that_was_paid_on_the_day() -> None:
    payments = [paid("60.00", on=LATE), paid("40.00", "V2", on=LATE), paid("1.00", "V3", on=LATE)]

    causes = causes_of(declared("60.00", "40.00"), payments)

    assert told(causes) == [("LATE_FEE_AS_TAX", "regular", "-1.00")]
    assert evidence(causes)["late_fee_of"] == ["V1", "V2"]


# --- Posted elsewhere ---


def test_a_payment_posted_to_the_neighbouring_month_is_told_at_both_ends() -> None:
    lines = [*declared("60.00"), *declared("70.00", month=MAY)]
    payments = [paid("70.00", "V2", month=MAY), paid("60.00", month=MAY)]

    april, may = causes_of(lines, payments), causes_of(lines, payments, month=MAY)

    assert told(april) == [("NEIGHBOUR_MONTH", "regular", "60.00")]
    assert evidence(april)["posted_to_month"] == "2006-05"
    assert told(may) == [("NEIGHBOUR_MONTH", "regular", "-60.00")]
    assert evidence(may)["belongs_to_month"] == "2006-04"


def test_the_neighbour_keeps_a_voucher_that_it_needs_itself() -> None:
    """May was paid in full; that its tax is April's too makes the voucher no misposted one."""
    lines = [*declared("60.00"), *declared("60.00", month=MAY)]

    causes = causes_of(lines, [paid("60.00", month=MAY)])

    assert told(causes) == [("NOT_PAID", "regular", "60.00")]


def test_a_month_two_away_is_no_neighbour() -> None:
    lines = [*declared("60.00"), *declared("70.00", month=JUNE)]

    causes = causes_of(lines, [paid("70.00", "V2", month=JUNE), paid("60.00", month=JUNE)])

    assert told(causes) == [("NOT_PAID", "regular", "60.00")]


def test_a_payment_of_the_month_itself_that_was_not_declared_belongs_to_no_neighbour() -> None:
    """Paid in May, when April's tax is paid: what May lacks is not what April has too much."""
    lines = declared("60.00", month=MAY)

    causes = causes_of(lines, [paid("60.00")])

    assert told(causes) == [("NOT_DECLARED", "regular", "-60.00")]


def test_the_day_of_payment_tells_of_a_payment_posted_a_month_late() -> None:
    """Paid in May and posted to May, while April lacks even more."""
    lines = [*declared("60.00", "23.45"), *declared("70.00", month=MAY)]
    payments = [paid("70.00", "V2", month=MAY, on=date(2006, 6, 5)), paid("60.00", month=MAY)]

    april, may = causes_of(lines, payments), causes_of(lines, payments, month=MAY)

    assert told(april) == [
        ("NEIGHBOUR_MONTH", "regular", "60.00"),
        ("NOT_PAID", "regular", "23.45"),
    ]
    assert told(may) == [("NEIGHBOUR_MONTH", "regular", "-60.00")]


def test_a_row_that_misses_the_code_explains_only_what_it_fits() -> None:
    row = held("60.00", APRIL)._replace(names_the_agent=False)

    assert told(causes_of(declared("60.00"), [], rows=[row]))[0][0] == "IN_QUARANTINE"
    assert told(causes_of(declared("61.00"), [], rows=[row]))[0][0] == "NOT_PAID"


def test_a_payment_posted_under_another_kind_is_told_at_both_ends() -> None:
    causes = causes_of(declared("60.00"), [paid("60.00", kind="additional")])

    assert told(causes) == [
        ("OTHER_KIND", "regular", "60.00"),
        ("OTHER_KIND", "additional", "-60.00"),
    ]


def test_tax_posted_as_a_late_fee_where_nothing_was_late() -> None:
    causes = causes_of(declared("60.00"), [paid("60.00", kind="late_fee")])

    assert told(causes) == [("OTHER_KIND", "regular", "60.00")]
    assert evidence(causes)["posted_to_kind"] == "late_fee"


def test_a_true_late_fee_is_no_tax() -> None:
    payments = [paid("40.00", on=LATE), paid("0.40", "V2", kind="late_fee", on=LATE)]

    causes = causes_of(declared("40.40"), payments)

    assert told(causes) == [("PARTLY_PAID", "regular", "0.40")]


def neighbour(lines: list[Line], payments: list[Payment]) -> Books:
    return Books("11010002", lines, payments)


def test_a_payment_posted_to_the_agent_next_door_is_told_at_both_ends() -> None:
    theirs = (declared("70.00", first=9), [paid("70.00", "V8"), paid("60.00", "V9")])

    causes = causes_of(declared("60.00"), [], others=[neighbour(*theirs)])
    from_there = causes_of(*theirs, others=[neighbour(declared("60.00"), [])])

    assert told(causes) == [("OTHER_AGENT", "regular", "60.00")]
    assert evidence(causes)["posted_to_agent"] == "11010002"
    assert told(from_there) == [("OTHER_AGENT", "regular", "-60.00")]
    assert evidence(from_there)["belongs_to_agent"] == "11010002"


def test_an_agent_next_door_with_too_much_of_another_amount_explains_nothing() -> None:
    other = neighbour(declared("70.00"), [paid("70.00", "V8"), paid("60.01", "V9")])

    causes = causes_of(declared("60.00"), [], others=[other])

    assert told(causes) == [("NOT_PAID", "regular", "60.00")]


# --- Digits ---


@pytest.mark.parametrize(
    ("typed", "right", "code"),
    [
        ("639.16", "631.96", Code.DIGITS_TRANSPOSED),
        ("100.90", "100.09", Code.DIGITS_TRANSPOSED),
        ("120.00", "12.00", Code.DIGITS_SHIFTED),
        ("12.00", "120.00", Code.DIGITS_SHIFTED),
        ("100.00", "100.00", None),
        ("639.16", "619.36", None),
        ("639.16", "693.61", None),
        ("639.16", "630.16", None),
        ("12.00", "1200.00", None),
        ("10.00", "01.00", Code.DIGITS_SHIFTED),
        ("0.00", "0.00", None),
    ],
)
def test_a_slip_of_digits(typed: str, right: str, code: Code | None) -> None:
    assert slip(Decimal(typed), Decimal(right)) == code


def test_transposed_digits_in_a_payment() -> None:
    causes = causes_of(declared("631.96"), [paid("639.16")])

    assert told(causes) == [("DIGITS_TRANSPOSED", "regular", "-7.20")]


def test_transposed_digits_in_the_line_that_is_otherwise_in_other_months() -> None:
    lines = [*declared("60.00", "639.16"), *declared("60.00", "631.96", month=MAY)]

    causes = causes_of(lines, [paid("691.96")])

    assert told(causes) == [("DIGITS_TRANSPOSED", "regular", "7.20")]
    assert evidence(causes)["declared_line"] == 2
    assert evidence(causes)["right_amount"] == "631.96"


def test_a_shifted_point_beside_a_payment_posted_elsewhere() -> None:
    lines = [*declared("93.43", "96.44")]
    payments = [paid("934.30"), paid("96.44", "V2", kind="additional")]

    causes = causes_of(lines, payments)

    assert sorted(told(causes)) == [
        ("DIGITS_SHIFTED", "regular", "-840.87"),
        ("OTHER_KIND", "additional", "-96.44"),
        ("OTHER_KIND", "regular", "96.44"),
    ]


def test_a_line_unlike_the_usual_by_the_difference_is_no_part_unpaid() -> None:
    lines = [*declared("250.00"), *declared("98.13", month=MARCH), *declared("98.13", month=MAY)]

    causes = causes_of(lines, [paid("98.13")])

    assert told(causes) == [("UNEXPLAINED", "regular", "151.87")]
    assert evidence(causes)["failed"] == "DIGITS"


# --- Together ---


def test_several_that_sum_exactly() -> None:
    lines = [
        *declared("60.00"),
        *declared("60.00", "40.17", month=MARCH),
        *declared("60.00", "40.17", month=MAY),
    ]
    payments = [
        paid("100.17", on=LATE),
        paid("1.00", "V2", on=LATE),  # 20 days on 100.17, to the fen
    ]

    causes = causes_of(lines, payments)

    assert sorted(told(causes)) == [
        ("LATE_FEE_AS_TAX", "regular", "-1.00"),
        ("LINE_MISSING", "regular", "-40.17"),
    ]


@pytest.mark.parametrize("payments", [[], [paid("31.00")], [paid("900.00"), paid("1.01", "V2")]])
def test_the_causes_of_a_kind_add_up_to_its_difference(payments: list[Payment]) -> None:
    lines = [*declared("60.00", "60.00"), *declared("60.00", "40.17", month=MAY, first=2)]
    lines.append(Line(APRIL, "regular", 3, b"person 1", "0101", Decimal(60)))

    causes = causes_of(lines, payments)

    difference = Decimal(180) - sum(payment.amount for payment in payments)
    assert sum(cause.amount for cause in causes) == difference


# --- Rows in quarantine ---

ROW = (
    "D|V1|1|11010001|10106|01|20060401|20060430|1|60.00|20060504|20060504|1100|ICBC|110105|I"
    "|20060504120000"
)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        (ROW, (APRIL,)),
        (ROW.replace("20060430", "20060531"), (APRIL, MAY)),
        (ROW.replace("20060401|20060430", "20060430|20060401"), (APRIL,)),
        (ROW.replace("|ICBC", ""), (APRIL,)),
        (ROW.replace("|01|", "|11|"), (APRIL,)),
    ],
)
def test_a_row_in_quarantine_is_read_as_far_as_it_goes(text: str, months: tuple[date, ...]) -> None:
    read = read_held_row("F", 7, "FORMAT", text)

    assert read is not None
    code, row = read
    assert (code, row.months, row.amount) == ("11010001", months, Decimal("60.00"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "D|V1",
        ROW.replace("10106", "10101"),
        ROW.replace("60.00", "60"),
        ROW.replace("|I|", "|X|"),
        ROW.replace("20060401|20060430", "20061301|20061301"),
        ROW.replace("|1|60.00", "|4|60.00"),
    ],
)
def test_a_row_that_says_too_little_or_is_no_tax_of_ours_is_none(text: str) -> None:
    assert read_held_row("F", 7, "FORMAT", text) is None


def test_codes_one_character_off() -> None:
    codes = codes_one_off("11010001")

    assert len(codes) == len(set(codes)) == 8 * 35
    assert "11010002" in codes
    assert "1101000I" in codes
    assert "11010001" not in codes
    assert "11010012" not in codes
