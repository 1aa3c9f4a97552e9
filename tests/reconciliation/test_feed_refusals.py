"""Why a file of the core system is refused, and which refusal counts."""

import pytest

from reconciliation.feed import FileRefusal, Marker, Reason, RefusalCode
from tests.reconciliation.feed_files import (
    HEADER,
    REGISTRATIONS,
    fault_of,
    file_of,
    marker_of,
    payment,
    refusal_of,
    registration,
)


def test_a_file_that_is_not_the_markers():
    content = file_of(HEADER, payment(), "T|1|10.00")
    other = content.replace(b"V1", b"V2")

    by_size = refusal_of(content, marker=Marker(marker_of(content).sha256, len(content) + 1))
    by_digest = refusal_of(content, marker=marker_of(other))

    assert (by_size.code, by_size.reason) == (RefusalCode.MARKER, Reason.SIZE_DIFFERS)
    assert by_size.parameters == {"stated": len(content) + 1, "found": len(content)}
    assert (by_digest.code, by_digest.reason) == (
        RefusalCode.MARKER,
        Reason.DIGEST_DIFFERS,
    )
    assert by_digest.parameters["found"] == marker_of(content).sha256


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (b"\xff", Reason.NOT_GB18030, 1),
        (b"\x80\n", Reason.NOT_GB18030, 1),
        (HEADER.encode() + b"\nD|\x81\n|\nT|1|0.00\n", Reason.NOT_GB18030, 2),
        (HEADER.encode() + b"\n\n\n\xe3\x32\x9a\x36\n", Reason.NOT_GB18030, 4),
        (HEADER.encode() + b"\nD|\0|\nT|1|0.00\n", Reason.NUL, 2),
        (b"\0", Reason.NUL, 1),
        (b"\0\n\xff", Reason.NUL, 1),
        (b"\xff\n\0", Reason.NOT_GB18030, 1),
        (HEADER.encode("utf-16"), Reason.NOT_GB18030, 1),
        (file_of(HEADER, payment()) + b"\xb9", Reason.NOT_GB18030, 3),
        (file_of(HEADER, payment()) + b"\x81\x30", Reason.NOT_GB18030, 3),
        (file_of(HEADER, payment()) + b"\x81\x30\x81", Reason.NOT_GB18030, 3),
        (file_of(HEADER, payment()) + b"\x81\r", Reason.NOT_GB18030, 3),
    ],
)
def test_bytes_that_are_not_gb18030(content, reason, line):
    assert fault_of(content) == (RefusalCode.ENCODING, reason, line)


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "H",
        "h|JKRK|1.0|20060402|001|1",
        "\ufeff" + HEADER,
        " " + HEADER,
        HEADER + "|",
        HEADER + " ",
        HEADER + "\r\r",
        "H|JKRK|1.0|20060402|001",
        "H|JKRK|9.9|20060402|001|1",
        "H|JKRK|1.00|20060402|001|1",
        "H|ABCD|1.0|20060402|001|1",
        "H|JKRK|1.0|2006-04-02|001|1",
        "H|JKRK|1.0|20060402|1|1",
        "H|JKRK|1.0|20060402|００1|1",
        "H|JKRK|1.0|20060402|001|0",
        "H|JKRK|1.0|20060402|001|01",
        "H|JKRK|1.0|20060402|001|1000",
        "H|JKRK|1.0|20060402|001|１",
        "H|JKRK|1.0|20060402|001|",
        "D|" + HEADER,
    ],
)
def test_an_unreadable_header(header):
    expected = (RefusalCode.HEADER, Reason.HEADER_UNREADABLE, 1)

    assert fault_of(file_of(header, "T|0|0.00")) == expected


@pytest.mark.parametrize("content", [b"", b"\r"])
def test_an_empty_file(content):
    assert fault_of(content) == (RefusalCode.HEADER, Reason.FILE_EMPTY, None)


@pytest.mark.parametrize("content", [b"\n", b"\r\n", b"\n\n", b"T|0|0.00\n", b"T|0|0.00"])
def test_a_file_without_a_header(content):
    assert fault_of(content) == (RefusalCode.HEADER, Reason.HEADER_UNREADABLE, 1)


def test_old_line_ends_make_a_file_one_line():
    content = file_of(HEADER, payment(), "T|1|10.00", end="\r")

    assert fault_of(content) == (RefusalCode.HEADER, Reason.HEADER_UNREADABLE, 1)


@pytest.mark.parametrize(
    "header",
    [
        "H|SWDJ|1.0|20060402|001|1",
        "H|JKRK|1.0|20060403|001|1",
        "H|JKRK|1.0|20060402|002|2",
        "H|JKRK|1.0|20060402|000|1",
    ],
)
def test_a_header_that_says_something_other_than_the_name(header):
    expected = (RefusalCode.HEADER, Reason.HEADER_OF_ANOTHER_FILE, 1)

    assert fault_of(file_of(header, "T|0|0.00")) == expected


def test_a_number_above_the_days_count():
    second = "JKRK_20060402_002.txt"

    fine = refusal_of(file_of("H|JKRK|1.0|20060402|002|2", "T|0|0.00"), second)
    above = refusal_of(file_of("H|JKRK|1.0|20060402|002|1", "T|0|0.00"), second)

    assert fine is None
    assert above == FileRefusal(
        RefusalCode.HEADER, Reason.NUMBER_ABOVE_COUNT, 1, {"number": 2, "count": 1}
    )


def test_a_count_other_than_the_days():
    content = file_of("H|JKRK|1.0|20060402|001|12", "T|0|0.00")

    assert refusal_of(content, expected_count=None) is None
    assert refusal_of(content, expected_count=12) is None
    assert refusal_of(content, expected_count=2) == FileRefusal(
        RefusalCode.HEADER, Reason.COUNT_DIFFERS, 1, {"stated": 12, "expected": 2}
    )


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([HEADER], 1),
        ([HEADER, payment()], 2),
        ([HEADER, "T|1|10.00", payment()], 3),
        ([HEADER, payment(), "T|1|10.00", ""], 4),
        ([HEADER, payment(), "T|1|10.00", "\r"], 4),
        ([HEADER, payment(), "T|1|10.00", "end"], 4),
        ([HEADER, payment(), "T"], 3),
        ([HEADER, payment(), "t|1|10.00"], 3),
        ([HEADER, payment(), " T|1|10.00"], 3),
        ([HEADER, HEADER], 2),
    ],
)
def test_a_last_line_that_is_no_trailer(lines, line):
    assert fault_of(file_of(*lines)) == (
        RefusalCode.TRAILER,
        Reason.TRAILER_MISSING,
        line,
    )


UNREADABLE_TRAILER = (RefusalCode.TRAILER, Reason.TRAILER_UNREADABLE, 3)


@pytest.mark.parametrize(
    "trailer",
    [
        "T|",
        "T|1",
        "T|1|",
        "T||10.00",
        "T|1|10",
        "T|1|10.0",
        "T|1|10.000",
        "T|1|.00",
        "T|1|-10.00",
        "T|1|+10.00",
        "T|1|1e1.00",
        "T|1|1,000.00",
        "T|1|１0.00",
        "T|１|10.00",
        "T|-1|10.00",
        "T|1.0|10.00",
        "T| 1|10.00",
        "T|1|10.00|",
        "T|1|10.00 ",
        "T|1|10.00\r\r",
        "T|1|1000000000000000000.00",
    ],
)
def test_an_unreadable_trailer(trailer):
    assert fault_of(file_of(HEADER, payment(), trailer)) == UNREADABLE_TRAILER


@pytest.mark.parametrize("trailer", ["T|1|0.00", "T|1", "T|1||", "T|1| "])
def test_a_trailer_of_registrations_has_an_empty_total(trailer):
    header = "H|SWDJ|1.0|20060402|001|1"

    assert refusal_of(file_of(header, registration(), "T|1|"), REGISTRATIONS) is None
    assert fault_of(file_of(header, registration(), trailer), REGISTRATIONS) == UNREADABLE_TRAILER


@pytest.mark.parametrize("end", ["\r\r", "\r\r\n", "\n\r\r", "\n\r\n"])
def test_no_more_than_one_cr_is_dropped_at_the_end(end):
    content = file_of(HEADER, payment()) + b"T|1|10.00" + end.encode()

    assert refusal_of(content).code == RefusalCode.TRAILER


def test_a_total_may_have_18_digits_before_the_point():
    rows = [payment("99999999999999.99")] * 11
    leading_zeros = file_of(HEADER, *rows, "T|11|001099999999999999.89")
    too_much = file_of(HEADER, *rows, "T|11|999999999999999999.99")

    assert refusal_of(leading_zeros) is None
    assert refusal_of(too_much).code == RefusalCode.TOTAL


def test_a_file_cut_at_any_line_has_no_trailer():
    lines = [HEADER, payment(), payment(), "T|2|20.00"]

    for kept in range(1, len(lines)):
        assert refusal_of(file_of(*lines[:kept])).code == RefusalCode.TRAILER


@pytest.mark.parametrize("rows", ["0", "2", "11", "9" * 10_000, "1" + "0" * 10_000])
@pytest.mark.parametrize("kind", ["JKRK", "SWDJ"])
def test_a_number_of_rows_that_is_not_the_trailers(rows, kind):
    row, total = (payment(), "10.00") if kind == "JKRK" else (registration(), "")
    content = file_of(f"H|{kind}|1.0|20060402|001|1", row, f"T|{rows}|{total}")

    refusal = refusal_of(content, f"{kind}_20060402_001.txt")

    assert refusal == FileRefusal(
        RefusalCode.ROWS, Reason.ROWS_DIFFER, 3, {"stated": rows[:40], "found": 1}
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "\r",
        "D",
        "d|",
        "DD|",
        " " + payment(),
        "D｜",
        "#",
        HEADER,
        "T|1|10.00",
        "\ufeff" + payment(),
    ],
)
@pytest.mark.parametrize("kind", ["JKRK", "SWDJ"])
def test_anything_but_rows_between_header_and_trailer(line, kind):
    row, total = (payment(), "10.00") if kind == "JKRK" else (registration(), "")
    header = f"H|{kind}|1.0|20060402|001|1"
    content = file_of(header, row, line + "\r", f"T|1|{total}")

    fault = fault_of(content, f"{kind}_20060402_001.txt")

    assert fault == (RefusalCode.ROWS, Reason.LINE_UNREADABLE, 3)


def test_a_second_trailer_at_the_end():
    content = file_of(HEADER, payment(), "T|1|10.00", "T|1|10.00")

    assert fault_of(content) == (RefusalCode.ROWS, Reason.LINE_UNREADABLE, 3)


def test_rows_of_every_fate_are_counted():
    spans = payment(period="20060301|20060401")
    lines = [payment(), "D|", "D|x|y", payment(tax=""), spans]

    assert refusal_of(file_of(HEADER, *lines, "T|5|30.00")) is None
    assert refusal_of(file_of(HEADER, *lines, "T|3|30.00")).code == RefusalCode.ROWS


@pytest.mark.parametrize("tax", ["10106", "10101", ""])
def test_an_amount_that_cannot_be_read(tax):
    content = file_of(HEADER, payment(), payment("1,00", tax=tax), payment("x"), "T|3|10.00")

    assert refusal_of(content) == FileRefusal(
        RefusalCode.AMOUNT, Reason.AMOUNT_UNREADABLE, 3, {"amount": "1,00"}
    )


@pytest.mark.parametrize("stated", ["25.00", "24.99", "25.02", "0.00", "10.00"])
def test_a_total_that_is_not_the_sum_to_the_fen(stated):
    rows = [
        payment(),
        payment("5.01", tax="10101"),
        payment(period="20060301|20060401"),
    ]

    assert refusal_of(file_of(HEADER, *rows, "T|3|25.01")) is None
    assert refusal_of(file_of(HEADER, *rows, f"T|3|{stated}")) == FileRefusal(
        RefusalCode.TOTAL, Reason.TOTAL_DIFFERS, 5, {"stated": stated, "found": "25.01"}
    )


# Refusals, several at a time

ORDER = [code for code in RefusalCode if code not in ("NAME", "CHANGED")]


def faulty(*codes):
    """Return a file and its marker with just the faults named."""
    header = HEADER.replace("1.0", "9.9") if "HEADER" in codes else HEADER
    rows = [
        payment("10" if "AMOUNT" in codes else "10.00"),
        *([""] if "ROWS" in codes else []),
        payment(bank="#" if "ENCODING" in codes else "工"),
    ]
    total = "20.01" if "TOTAL" in codes else "20.00"
    trailer = f"T|2|{total}|" if "TRAILER" in codes else f"T|2|{total}"
    content = file_of(header, *rows, trailer).replace(b"#", b"\xff")
    marker = marker_of(content + b"x") if "MARKER" in codes else marker_of(content)
    return content, marker


@pytest.mark.parametrize("first", ORDER)
@pytest.mark.parametrize("second", ORDER)
def test_of_two_faults_the_first_in_the_table_counts(first, second):
    content, marker = faulty(first, second)

    assert refusal_of(content, marker=marker).code == min(first, second, key=ORDER.index)


@pytest.mark.parametrize("at", range(len(ORDER)))
def test_of_all_faults_the_first_in_the_table_counts(at):
    content, marker = faulty(*ORDER[at:])

    assert refusal_of(content, marker=marker).code == ORDER[at]


def test_a_number_of_rows_outranks_an_amount_that_cannot_be_read():
    lines = [HEADER, payment("x"), payment()]

    assert refusal_of(file_of(*lines, "T|2|10.00")).code == RefusalCode.AMOUNT
    assert refusal_of(file_of(*lines, "T|3|10.00")).code == RefusalCode.ROWS
    assert refusal_of(file_of(*lines, "T|1|10.00")).code == RefusalCode.ROWS


def test_of_several_faults_of_one_code_the_first_line_is_named():
    content = file_of(HEADER, payment("x"), "", payment("y"), "", "T|9|0.00")

    assert fault_of(content) == (RefusalCode.ROWS, Reason.LINE_UNREADABLE, 3)
